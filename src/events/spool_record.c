/* events/spool_record.c - see spool_record.h. */
#include "events/spool_record.h"

#include "base/crc32c.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <stddef.h>

#define HEAD_BLANK 8 /* length and checksum */

static const char *const text_names[SPOOL_TEXT_COUNT] = {
    [SPOOL_ENV] = "env",         [SPOOL_FILTER] = "filter", [SPOOL_FAMILY] = "family",
    [SPOOL_PATH] = "path",       [SPOOL_TAGS] = "tags",     [SPOOL_PAYLOAD_ID] = "payloadId",
    [SPOOL_OUTCOME] = "outcome",
};

/* ---- writing --------------------------------------------------------------------------------- */

static void head_begin(struct str *out, enum spool_type type)
{
    static const char blank[HEAD_BLANK] = {0};
    str_append(out, view_make(blank, HEAD_BLANK));
    str_append_char(out, (char)type);
    str_append_char(out, '{');
}

static void text_write(struct str *out, bool *first, enum spool_text which, struct view text)
{
    json_write_member_text(out, first, text_names[which], text);
}

static void group_write(struct str *out, bool *first, const struct spool_group *g)
{
    text_write(out, first, SPOOL_ENV, g->env);
    text_write(out, first, SPOOL_FILTER, g->filter);
    text_write(out, first, SPOOL_FAMILY, g->family);
    text_write(out, first, SPOOL_PATH, g->path);
    json_write_member_int(out, first, "schema", g->schema);
    text_write(out, first, SPOOL_TAGS, g->tags);
}

static void head_end(struct str *out)
{
    str_append_text(out, "}\n");
}

void spool_post_head(const struct spool_post *post, size_t bytes, struct str *out)
{
    bool first = true;
    head_begin(out, SPOOL_POST);
    json_write_member_int(out, &first, "seq", (int64_t)post->seq);
    json_write_member_int(out, &first, "time", post->wall_ms);
    group_write(out, &first, &post->group);
    text_write(out, &first, SPOOL_PAYLOAD_ID, post->payload_id);
    json_write_member_int(out, &first, "bytes", (int64_t)bytes);
    head_end(out);
}

void spool_batch_head(const struct spool_batch *batch, size_t bytes, struct str *out)
{
    bool first = true;
    head_begin(out, SPOOL_BATCH);
    text_write(out, &first, SPOOL_PAYLOAD_ID, batch->payload_id);
    json_write_member_int(out, &first, "time", batch->wall_ms);
    group_write(out, &first, &batch->group);
    json_write_member_int(out, &first, "count", (int64_t)batch->count);
    json_write_member_int(out, &first, "upTo", (int64_t)batch->up_to);
    json_write_member_bool(out, &first, "more", batch->more);
    json_write_member_int(out, &first, "bytes", (int64_t)bytes);
    head_end(out);
}

void spool_done_head(struct view payload_id, const char *outcome, struct str *out)
{
    bool first = true;
    head_begin(out, SPOOL_DONE);
    text_write(out, &first, SPOOL_PAYLOAD_ID, payload_id);
    text_write(out, &first, SPOOL_OUTCOME, view_of(outcome));
    head_end(out);
}

static void u32_put(char *at, uint32_t number)
{
    number = htole32(number);
    memcpy(at, &number, sizeof number);
}

static uint32_t u32_get(const char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return le32toh(number);
}

void spool_head_seal(struct str *head, struct view body)
{
    struct view inner = view_from(str_view(head), HEAD_BLANK);
    uint32_t crc = crc32c(crc32c(0, inner), body);
    u32_put(head->data, (uint32_t)(inner.len + body.len));
    u32_put(head->data + 4, crc);
}

/* ---- reading --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"seq", offsetof(struct spool_record, seq)},
    {"time", offsetof(struct spool_record, time)},
    {"schema", offsetof(struct spool_record, schema)},
    {"count", offsetof(struct spool_record, count)},
    {"upTo", offsetof(struct spool_record, up_to)},
    {"bytes", offsetof(struct spool_record, bytes)},
};

static void property_read(struct json_reader *json, struct view name, struct spool_record *r)
{
    for (size_t i = 0; i < SPOOL_TEXT_COUNT; i++) {
        if (view_is(name, text_names[i])) {
            str_clear(&r->texts[i]);
            json_read_string(json, &r->texts[i]);
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (view_is(name, numbers[i].name)) {
            int64_t number = json_read_int(json);
            memcpy((char *)r + numbers[i].offset, &number, sizeof number);
            return;
        }
    }
    if (view_is(name, "more"))
        r->more = json_read_bool(json);
    else
        json_skip(json);
}

static void record_clear(struct spool_record *r)
{
    struct spool_record empty = {0};
    memcpy(empty.texts, r->texts, sizeof empty.texts);
    *r = empty;
    for (size_t i = 0; i < SPOOL_TEXT_COUNT; i++)
        str_clear(&r->texts[i]);
}

static bool line_read(struct view line, struct spool_record *r)
{
    struct json_reader json;
    struct view name;
    json_reader_init(&json, line);
    for (json_object_begin(&json); json_object_next(&json, &name);)
        property_read(&json, name, r);
    json_expect_end(&json);
    bool ok = !json_failed(&json);
    json_reader_done(&json);
    return ok;
}

static bool is_type(char c)
{
    return c == SPOOL_POST || c == SPOOL_BATCH || c == SPOOL_DONE;
}

/* `inner` is type, line and body. */
static bool inner_read(struct view inner, struct spool_record *r)
{
    const char *end = memchr(inner.data, '\n', inner.len);
    record_clear(r);
    if (end == NULL || !is_type(inner.data[0]))
        return false;
    r->type = (enum spool_type)inner.data[0];
    r->body = view_from(inner, (size_t)(end - inner.data) + 1);
    return line_read(view_make(inner.data + 1, (size_t)(end - inner.data) - 1), r) &&
           r->bytes == (int64_t)r->body.len;
}

bool spool_magic_take(struct view *rest)
{
    bool ours = view_starts(*rest, SPOOL_MAGIC);
    *rest = view_from(*rest, SPOOL_MAGIC_LEN);
    return ours;
}

enum spool_found spool_record_take(struct view *rest, struct spool_record *out)
{
    if (rest->len == 0)
        return SPOOL_END;
    uint32_t len = rest->len > HEAD_BLANK ? u32_get(rest->data) : 0;
    if (len == 0 || len > SPOOL_RECORD_MAX || len > rest->len - HEAD_BLANK)
        return SPOOL_BROKEN;
    struct view inner = view_make(rest->data + HEAD_BLANK, len);
    if (crc32c(0, inner) != u32_get(rest->data + 4))
        return SPOOL_BROKEN;
    *rest = view_from(*rest, HEAD_BLANK + len);
    return inner_read(inner, out) ? SPOOL_FOUND : SPOOL_UNKNOWN;
}

struct spool_group spool_record_group(const struct spool_record *r)
{
    return (struct spool_group){
        .env = str_view(&r->texts[SPOOL_ENV]),
        .filter = str_view(&r->texts[SPOOL_FILTER]),
        .family = str_view(&r->texts[SPOOL_FAMILY]),
        .path = str_view(&r->texts[SPOOL_PATH]),
        .schema = r->schema,
        .tags = str_view(&r->texts[SPOOL_TAGS]),
    };
}

struct spool_post spool_record_post(const struct spool_record *r)
{
    return (struct spool_post){
        .group = spool_record_group(r),
        .wall_ms = r->time,
        .payload_id = str_view(&r->texts[SPOOL_PAYLOAD_ID]),
        .seq = (uint64_t)r->seq,
    };
}

struct spool_batch spool_record_batch(const struct spool_record *r)
{
    return (struct spool_batch){
        .group = spool_record_group(r),
        .wall_ms = r->time,
        .payload_id = str_view(&r->texts[SPOOL_PAYLOAD_ID]),
        .up_to = (uint64_t)r->up_to,
        .count = (size_t)r->count,
        .more = r->more,
    };
}

void spool_record_done(struct spool_record *r)
{
    for (size_t i = 0; i < SPOOL_TEXT_COUNT; i++)
        str_free(&r->texts[i]);
}
