/* source/put_scan.c - cuts the items out of {"data":{"flags":{KEY:ITEM},"segments":{...}}}. */
#include "source/put_scan.h"

/* Memory of one item's text that is kept for the next one. */
#define PUT_SCAN_KEEP_BYTES ((size_t)64 << 10)

#define PUT_ITEM_DEPTH 3

void put_scan_init(struct put_scan *s)
{
    *s = (struct put_scan){.builder = dataset_builder_new()};
    json_push_init(&s->json, PUT_ITEM_DEPTH);
}

void put_scan_done(struct put_scan *s)
{
    str_free(&s->quoted);
    str_free(&s->key);
    str_free(&s->text);
    dataset_builder_free(s->builder);
    s->builder = NULL;
}

static void put_scan_fail(struct put_scan *s, const char *problem)
{
    error_set(&s->problem, "%s at offset %zu", problem, s->json.offset);
    s->failed = true;
}

/* The name just read, decoded, in s->key. */
static void put_scan_name_decode(struct put_scan *s)
{
    struct json_reader r;
    json_reader_init(&r, str_view(&s->quoted));
    str_clear(&s->key);
    json_read_string(&r, &s->key);
    if (json_failed(&r))
        put_scan_fail(s, r.problem);
    json_reader_done(&r);
    str_clear(&s->quoted);
}

/* A property name is known: what will its value be? `depth` is that of the value. */
static void put_scan_name_ended(struct put_scan *s, unsigned depth)
{
    put_scan_name_decode(s);
    struct view name = str_view(&s->key);
    enum put_scan_place *place = &s->places[depth - 1];
    enum put_scan_place parent = depth > 1 ? s->places[depth - 2] : PUT_OUTSIDE;
    for (unsigned i = depth - 1; i < ARRAY_LEN(s->places); i++)
        s->places[i] = PUT_OUTSIDE;
    if (depth == 1 && view_is(name, "data"))
        *place = PUT_DATA;
    else if (depth == 2 && parent == PUT_DATA && view_is(name, "flags"))
        *place = PUT_FLAGS;
    else if (depth == 2 && parent == PUT_DATA && view_is(name, "segments"))
        *place = PUT_SEGMENTS;
    else if (depth == PUT_ITEM_DEPTH)
        *place = parent;
}

static void put_scan_value_begins(struct put_scan *s, unsigned depth)
{
    bool object = s->json.type == JSON_OBJECT;
    if (depth == 0) {
        if (!object)
            put_scan_fail(s, "expected an object");
        return;
    }
    enum put_scan_place place = s->places[depth - 1];
    if (depth == 1 && place == PUT_DATA) {
        s->has_data = true;
        if (!object)
            put_scan_fail(s, "\"data\": expected an object");
    } else if (depth == 2 && place != PUT_OUTSIDE) {
        if (!object)
            put_scan_fail(s, place == PUT_FLAGS ? "\"flags\": expected an object"
                                                : "\"segments\": expected an object");
    } else if (depth == PUT_ITEM_DEPTH && place != PUT_OUTSIDE) {
        s->in_item = true;
    }
}

static void put_scan_item_ended(struct put_scan *s)
{
    enum item_kind kind = s->places[PUT_ITEM_DEPTH - 1] == PUT_FLAGS ? ITEM_FLAG : ITEM_SEGMENT;
    struct item *it = item_parse(kind, str_view(&s->key), str_view(&s->text), &s->problem);
    s->in_item = false;
    if (it == NULL) {
        error_prefix(&s->problem, "%s \"%.*s\": ", kind == ITEM_FLAG ? "flag" : "segment",
                     VIEW_ARGS(str_view(&s->key)));
        s->failed = true;
        return;
    }
    dataset_builder_add_take(s->builder, it);
    if (s->text.room > PUT_SCAN_KEEP_BYTES)
        str_free(&s->text);
    str_clear(&s->text);
}

/* `used` are the bytes before the event. */
static void put_scan_event(struct put_scan *s, struct view used, enum json_push_event event)
{
    if (s->in_item)
        str_append(&s->text, used);
    else if (s->in_name)
        str_append(&s->quoted, used);
    switch (event) {
    case JSON_PUSH_NAME_BEGIN:
        s->in_name = !s->in_item;
        break;
    case JSON_PUSH_NAME_END:
        s->in_name = false;
        put_scan_name_ended(s, s->json.depth);
        break;
    case JSON_PUSH_VALUE_BEGIN:
        put_scan_value_begins(s, s->json.depth);
        break;
    case JSON_PUSH_VALUE_END:
        if (s->in_item)
            put_scan_item_ended(s);
        break;
    case JSON_PUSH_FAILED:
        put_scan_fail(s, s->json.problem);
        break;
    case JSON_PUSH_MORE:
        break;
    }
}

bool put_scan_feed(struct put_scan *s, struct view piece)
{
    while (piece.len > 0 && !s->failed && !json_push_whole(&s->json)) {
        enum json_push_event event;
        size_t used = json_push_step(&s->json, piece, &event);
        put_scan_event(s, view_make(piece.data, used), event);
        piece = view_from(piece, used);
    }
    return !s->failed;
}

struct dataset *put_scan_finish(struct put_scan *s)
{
    if (!s->failed && !json_push_whole(&s->json))
        put_scan_fail(s, "unexpected end of data");
    if (!s->failed && !s->has_data) {
        error_set(&s->problem, "missing \"data\"");
        s->failed = true;
    }
    if (s->failed)
        return NULL;
    struct dataset_builder *b = s->builder;
    s->builder = NULL;
    return dataset_builder_finish_take(b);
}
