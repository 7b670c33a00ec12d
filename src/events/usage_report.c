/* events/usage_report.c - see usage_report.h.
 *
 *   line --> connection: cleaned user agent, cleaned wrapper, platform --> relayMetrics
 *      '---> client: user agent, platform, instance, tags --------------> relayUsage
 */
#include "events/usage_report.h"

#include "base/json_writer.h"
#include "base/list.h"
#include "base/map.h"

#include <inttypes.h>

static const char *const platforms[] = {
    [USAGE_SERVER] = "server", [USAGE_MOBILE] = "mobile", [USAGE_BROWSER] = "browser"};

/* A row of relayMetrics. */
struct connection {
    struct list node;
    enum usage_platform platform;
    char *user_agent;
    char *wrapper;
    int64_t open;
    int64_t polls;
};

/* A relayUsage. */
struct client {
    struct list node;
    struct usage_line sum;
};

struct usage_report {
    struct list connections; /* in order of appearance */
    struct list clients;
    struct map connection_by_key;
    struct map client_by_key;
    struct str key;
    struct str user_agent;
    struct str wrapper;
};

struct usage_report *usage_report_new(void)
{
    struct usage_report *r = mem_zalloc(sizeof *r);
    list_init(&r->connections);
    list_init(&r->clients);
    return r;
}

void usage_report_free(struct usage_report *r)
{
    if (r == NULL)
        return;
    LIST_EACH_SAFE (node, &r->connections) {
        struct connection *c = CONTAINER_OF(node, struct connection, node);
        mem_free(c->user_agent);
        mem_free(c->wrapper);
        mem_free(c);
    }
    LIST_EACH_SAFE (node, &r->clients) {
        struct client *c = CONTAINER_OF(node, struct client, node);
        buf_unref(c->sum.client);
        mem_free(c);
    }
    map_free(&r->connection_by_key);
    map_free(&r->client_by_key);
    str_free(&r->key);
    str_free(&r->user_agent);
    str_free(&r->wrapper);
    mem_free(r);
}

/* ---- adding up ------------------------------------------------------------------------------- */

void usage_name_clean(struct view name, struct str *out)
{
    str_clear(out);
    if (view_trim(name).len == 0) {
        str_append_char(out, '_');
        return;
    }
    str_append(out, name);
    for (size_t i = 0; i < out->len; i++)
        if (out->data[i] == '/')
            out->data[i] = '_';
}

static struct connection *connection_new(struct usage_report *r, enum usage_platform platform)
{
    struct connection *c = mem_zalloc(sizeof *c);
    c->platform = platform;
    c->user_agent = mem_copy_text(r->user_agent.data, r->user_agent.len);
    c->wrapper = mem_copy_text(r->wrapper.data, r->wrapper.len);
    list_append(&r->connections, &c->node);
    (void)map_set(&r->connection_by_key, str_view(&r->key), c);
    return c;
}

static void connection_add(struct usage_report *r, const struct usage_client *who,
                           const struct usage_line *line)
{
    if (line->open == 0 && line->polls == 0)
        return;
    usage_name_clean(who->user_agent, &r->user_agent);
    usage_name_clean(who->wrapper, &r->wrapper);
    const struct view fields[] = {str_view(&r->user_agent), str_view(&r->wrapper)};
    struct connection *c = map_get(
        &r->connection_by_key, usage_key_pack(who->platform, fields, ARRAY_LEN(fields), &r->key));
    if (c == NULL)
        c = connection_new(r, who->platform);
    c->open += line->open;
    c->polls += line->polls;
}

static void client_add(struct usage_report *r, const struct usage_client *who,
                       const struct usage_line *line)
{
    const struct view fields[] = {who->user_agent, who->instance_id, who->tags};
    struct view key = usage_key_pack(who->platform, fields, ARRAY_LEN(fields), &r->key);
    struct client *c = map_get(&r->client_by_key, key);
    if (c == NULL) {
        c = mem_zalloc(sizeof *c);
        c->sum = *line;
        c->sum.client = buf_ref(line->client);
        list_append(&r->clients, &c->node);
        (void)map_set(&r->client_by_key, key, c);
        return;
    }
    c->sum.first_ms = line->first_ms < c->sum.first_ms ? line->first_ms : c->sum.first_ms;
    c->sum.last_ms = line->last_ms > c->sum.last_ms ? line->last_ms : c->sum.last_ms;
    c->sum.stream_ms += line->stream_ms;
}

void usage_report_add(struct usage_report *r, const struct usage_line *line)
{
    struct usage_client who;
    usage_client_unpack(buf_view(line->client), &who);
    connection_add(r, &who, line);
    client_add(r, &who, line);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* {"kind":KIND,"relayId":ID; the rest is the caller's. */
static void event_begin(struct str *out, bool *first, const char *kind, const char *relay_id)
{
    if (out->len != 0 && out->data[out->len - 1] != '[')
        str_append_char(out, ',');
    str_append_char(out, '{');
    *first = true;
    json_write_member_text(out, first, "kind", view_of(kind));
    json_write_member_text(out, first, "relayId", view_of(relay_id));
}

static int64_t open_of(const struct connection *c)
{
    return c->open;
}

static int64_t polls_of(const struct connection *c)
{
    return c->polls;
}

/* An array of the rows whose number is not 0; nothing when there are none. */
static void rows_write(const struct usage_report *r, struct str *out, bool *first, const char *name,
                       int64_t (*number_of)(const struct connection *c), const char *number_name)
{
    bool none = true;
    LIST_EACH (node, &r->connections) {
        const struct connection *c = CONTAINER_OF(node, struct connection, node);
        bool first_field = true;
        if (number_of(c) == 0)
            continue;
        if (none)
            json_write_name(out, first, name);
        str_append_text(out, none ? "[{" : ",{");
        none = false;
        json_write_member_text(out, &first_field, "userAgent", view_of(c->user_agent));
        json_write_member_text(out, &first_field, "sdkWrapper", view_of(c->wrapper));
        json_write_member_text(out, &first_field, "platformCategory",
                               view_of(platforms[c->platform]));
        json_write_member_int(out, &first_field, number_name, number_of(c));
        str_append_char(out, '}');
    }
    if (!none)
        str_append_char(out, ']');
}

static void metrics_write(const struct usage_report *r, const struct usage_span *span,
                          struct str *out)
{
    bool first;
    event_begin(out, &first, "relayMetrics", span->relay_id);
    json_write_member_int(out, &first, "startDate", span->start_ms);
    json_write_member_int(out, &first, "endDate", span->end_ms);
    rows_write(r, out, &first, "connections", open_of, "current");
    rows_write(r, out, &first, "pollingCounts", polls_of, "count");
    str_append_char(out, '}');
}

static void client_write(const struct client *c, const struct usage_span *span, struct str *out)
{
    struct usage_client who;
    bool first;
    usage_client_unpack(buf_view(c->sum.client), &who);
    event_begin(out, &first, "relayUsage", span->relay_id);
    json_write_member_text(out, &first, "userAgent", who.user_agent);
    json_write_member_text(out, &first, "platformCategory", view_of(platforms[who.platform]));
    if (who.instance_id.len != 0)
        json_write_member_text(out, &first, "instanceId", who.instance_id);
    if (who.tags.len != 0)
        json_write_member_text(out, &first, "tagsHeader", who.tags);
    json_write_member_int(out, &first, "firstActive", c->sum.first_ms);
    json_write_member_int(out, &first, "lastActive", c->sum.last_ms);
    json_write_member_int(out, &first, "totalStreamMs", c->sum.stream_ms);
    str_append_char(out, '}');
}

bool usage_report_write(const struct usage_report *r, const struct usage_span *span,
                        struct str *out)
{
    if (list_empty(&r->clients))
        return false;
    str_append_char(out, '[');
    if (!list_empty(&r->connections))
        metrics_write(r, span, out);
    LIST_EACH (node, &r->clients)
        client_write(CONTAINER_OF(node, struct client, node), span, out);
    str_append_char(out, ']');
    return true;
}
