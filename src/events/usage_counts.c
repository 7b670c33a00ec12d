/* events/usage_counts.c - clients as one serving thread sees them (11.2).
 *
 *   counter: first ... requests, streams ... last      since the last part
 *   stream_ms = open * (now - first) + adjust          an opened stream takes (t - first) off,
 *                                                      one that ends adds it again
 */
#include "events/usage.h"

#include "base/list.h"
#include "base/map.h"

/* Of a header's value; a longer name is cut, a longer identity is left out. */
#define NAME_MAX_BYTES 256
#define TAGS_MAX_BYTES 512

struct usage_counter {
    struct list node; /* of env->counters */
    struct buf *client;
    int64_t open;
    int64_t polls;
    int64_t first_ms; /* monotonic, like the others */
    int64_t last_ms;
    int64_t adjust_ms;
};

struct counts_env {
    struct env_facts *facts;
    struct map by_client;
    struct list counters; /* in order of appearance */
    size_t bytes;
};

struct usage_counts {
    const struct clock *clock;
    struct counts_env **envs; /* by slot; NULL: no clients */
    size_t env_count;
    struct str key; /* of the client that is looked for */
};

struct usage_counts *usage_counts_new(const struct clock *clock)
{
    struct usage_counts *u = mem_zalloc(sizeof *u);
    u->clock = clock;
    return u;
}

/* ---- environments ---------------------------------------------------------------------------- */

static struct counts_env *env_at(struct usage_counts *u, unsigned slot, struct env_facts *facts)
{
    u->envs = mem_extend(u->envs, &u->env_count, slot + 1, sizeof(struct counts_env *));
    struct counts_env *env = u->envs[slot];
    if (env == NULL) {
        env = u->envs[slot] = mem_zalloc(sizeof *env);
        list_init(&env->counters);
    }
    if (env->facts != facts) {
        env_facts_unref(env->facts);
        env->facts = env_facts_ref(facts);
    }
    return env;
}

static size_t cost_of(const struct buf *client)
{
    return sizeof(struct usage_counter) + 2 * (sizeof(struct buf) + client->len);
}

static void counter_free(struct counts_env *env, struct usage_counter *c)
{
    (void)map_remove(&env->by_client, buf_view(c->client));
    env->bytes -= cost_of(c->client);
    list_remove(&c->node);
    buf_unref(c->client);
    mem_free(c);
}

static void env_free(struct counts_env *env)
{
    LIST_EACH_SAFE (node, &env->counters)
        counter_free(env, CONTAINER_OF(node, struct usage_counter, node));
    map_free(&env->by_client);
    env_facts_unref(env->facts);
    mem_free(env);
}

void usage_counts_free(struct usage_counts *u)
{
    if (u == NULL)
        return;
    for (size_t i = 0; i < u->env_count; i++)
        if (u->envs[i] != NULL)
            env_free(u->envs[i]);
    str_free(&u->key);
    mem_free(u->envs);
    mem_free(u);
}

/* ---- clients --------------------------------------------------------------------------------- */

struct view usage_key_pack(enum usage_platform platform, const struct view *fields, size_t count,
                           struct str *out)
{
    str_clear(out);
    str_append_char(out, (char)('0' + platform));
    for (size_t i = 0; i < count; i++) {
        str_append(out, fields[i]);
        str_append_char(out, '\0');
    }
    return str_view(out);
}

static struct view field_take(struct view *rest)
{
    const char *end = rest->len != 0 ? memchr(rest->data, '\0', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct view field = view_make(rest->data, len);
    *rest = view_from(*rest, len + 1);
    return field;
}

void usage_client_unpack(struct view packed, struct usage_client *out)
{
    struct view rest = view_from(packed, 1);
    out->platform = (enum usage_platform)(packed.data[0] - '0');
    out->user_agent = field_take(&rest);
    out->wrapper = field_take(&rest);
    out->instance_id = field_take(&rest);
    out->tags = field_take(&rest);
}

static struct view cut(struct view text)
{
    return view_make(text.data, text.len < NAME_MAX_BYTES ? text.len : NAME_MAX_BYTES);
}

static struct view or_none(struct view text, size_t max)
{
    return text.len <= max ? text : view_make(NULL, 0);
}

static bool is_full(const struct counts_env *env, size_t counters, size_t bytes)
{
    return env->by_client.count >= counters || env->bytes >= bytes;
}

/* The counter of a client; NULL: there is none yet, and u->key says which it would be. */
static struct usage_counter *counter_find(struct usage_counts *u, const struct counts_env *env,
                                          const struct usage_client *c)
{
    const struct view fields[] = {c->user_agent, c->wrapper, c->instance_id, c->tags};
    return map_get(&env->by_client,
                   usage_key_pack(c->platform, fields, ARRAY_LEN(fields), &u->key));
}

static struct usage_counter *counter_new(struct usage_counts *u, struct counts_env *env)
{
    struct usage_counter *c = mem_zalloc(sizeof *c);
    c->client = str_to_buf(&u->key);
    c->first_ms = clock_now_ms(u->clock);
    env->bytes += cost_of(c->client);
    list_append(&env->counters, &c->node);
    (void)map_set(&env->by_client, str_view(&u->key), c);
    return c;
}

/* Found or made; where there are too many, one that stands for several. */
static struct usage_counter *counter_at(struct usage_counts *u, unsigned slot,
                                        struct env_facts *facts, const struct usage_client *client)
{
    struct counts_env *env = env_at(u, slot, facts);
    struct usage_client c = {.platform = client->platform,
                             .user_agent = cut(client->user_agent),
                             .wrapper = cut(client->wrapper),
                             .instance_id = or_none(client->instance_id, NAME_MAX_BYTES),
                             .tags = or_none(client->tags, TAGS_MAX_BYTES)};
    struct usage_counter *counter = counter_find(u, env, &c);
    if (counter == NULL && is_full(env, USAGE_MAX_CLIENTS, USAGE_MAX_BYTES)) {
        c.instance_id = c.tags = view_make(NULL, 0);
        counter = counter_find(u, env, &c);
    }
    if (counter == NULL && is_full(env, USAGE_MAX_CLIENTS + USAGE_SPARE_CLIENTS,
                                   USAGE_MAX_BYTES + USAGE_SPARE_BYTES)) {
        c.user_agent = VIEW_LITERAL("_overflow");
        c.instance_id = c.tags = c.wrapper = view_make(NULL, 0);
        counter = counter_find(u, env, &c);
    }
    return counter != NULL ? counter : counter_new(u, env);
}

/* ---- counting -------------------------------------------------------------------------------- */

void usage_count_request(struct usage_counts *u, unsigned slot, struct env_facts *facts,
                         const struct usage_client *client, bool polls)
{
    struct usage_counter *c = counter_at(u, slot, facts, client);
    c->polls += polls;
    c->last_ms = clock_now_ms(u->clock);
}

struct usage_counter *usage_count_stream(struct usage_counts *u, unsigned slot,
                                         struct env_facts *facts, const struct usage_client *client)
{
    struct usage_counter *c = counter_at(u, slot, facts, client);
    c->last_ms = clock_now_ms(u->clock);
    c->adjust_ms -= c->last_ms - c->first_ms;
    c->open++;
    return c;
}

void usage_count_stream_end(struct usage_counts *u, struct usage_counter *c)
{
    c->last_ms = clock_now_ms(u->clock);
    c->adjust_ms += c->last_ms - c->first_ms;
    c->open--;
}

/* ---- handing over ---------------------------------------------------------------------------- */

static struct usage_line line_of(const struct usage_counter *c, int64_t now_ms, int64_t wall_ms)
{
    int64_t last_ms = c->open != 0 ? now_ms : c->last_ms;
    return (struct usage_line){.client = buf_ref(c->client),
                               .open = c->open,
                               .polls = c->polls,
                               .first_ms = wall_ms - (now_ms - c->first_ms),
                               .last_ms = wall_ms - (now_ms - last_ms),
                               .stream_ms = c->open * (now_ms - c->first_ms) + c->adjust_ms};
}

static void env_take(struct usage_counts *u, struct counts_env *env, struct usage_part_env *out)
{
    int64_t now_ms = clock_now_ms(u->clock);
    int64_t wall_ms = clock_wall_ms(u->clock);
    out->facts = env_facts_ref(env->facts);
    out->lines = mem_alloc((env->by_client.count + 1) * sizeof *out->lines);
    LIST_EACH_SAFE (node, &env->counters) {
        struct usage_counter *c = CONTAINER_OF(node, struct usage_counter, node);
        out->lines[out->count++] = line_of(c, now_ms, wall_ms);
        c->first_ms = c->last_ms = now_ms;
        c->adjust_ms = 0;
        c->polls = 0;
        if (c->open == 0)
            counter_free(env, c);
    }
}

struct usage_part *usage_counts_take(struct usage_counts *u)
{
    struct usage_part *part = mem_zalloc(sizeof *part);
    part->envs = mem_zalloc((u->env_count + 1) * sizeof *part->envs);
    for (unsigned slot = 0; slot < u->env_count; slot++) {
        struct counts_env *env = u->envs[slot];
        if (env == NULL)
            continue;
        part->envs[part->count].slot = slot;
        env_take(u, env, &part->envs[part->count++]);
        if (!list_empty(&env->counters))
            continue;
        env_free(env);
        u->envs[slot] = NULL;
    }
    return part;
}

void usage_part_free(struct usage_part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        struct usage_part_env *env = &part->envs[i];
        for (size_t k = 0; k < env->count; k++)
            buf_unref(env->lines[k].client);
        env_facts_unref(env->facts);
        mem_free(env->lines);
    }
    mem_free(part->envs);
    mem_free(part);
}
