/* flags/context_parse.c - which schema a text has, several kinds, and errors as clients see them
 * (evaluation.md 3.1, 3.3, 3.6). */
#include "flags/context_private.h"

#include <stdlib.h>

enum schema { SCHEMA_USER, SCHEMA_SINGLE, SCHEMA_MULTI };

/* The first "kind" property decides. Reads over the text without changing `r`, but for a problem.
 */
static enum schema schema_find(struct context_reading *r)
{
    struct json_reader json;
    struct view name;
    enum schema schema = SCHEMA_USER;
    json_reader_init(&json, view_make(r->json.start, (size_t)(r->json.end - r->json.start)));
    struct context_reading look = {.json = json, .arena = r->arena};
    if (context_expect(&look, JSON_OBJECT, false))
        json_object_begin(&look.json);
    while (!context_failed(&look) && json_object_next(&look.json, &name)) {
        struct view kind;
        if (!view_is(name, "kind")) {
            json_skip(&look.json);
            continue;
        }
        if (context_read_text(&look, false, &kind) && kind.len == 0)
            context_fail(&look, "context kind cannot be empty");
        schema = view_is(kind, "multi") ? SCHEMA_MULTI : SCHEMA_SINGLE;
        break;
    }
    context_fail(r, look.problem);
    json_reader_done(&look.json);
    str_free(&look.scratch);
    return schema;
}

struct context_part *context_part_add(struct context *c)
{
    c->parts = arena_extend(&c->arena, c->parts, c->part_count, sizeof *c->parts);
    struct context_part *part = &c->parts[c->part_count++];
    *part = (struct context_part){0};
    return part;
}

static int parts_compare(const void *a, const void *b)
{
    return view_compare(((const struct context_part *)a)->kind,
                        ((const struct context_part *)b)->kind);
}

void context_multi_check(struct context_reading *r, struct context *c)
{
    if (context_failed(r))
        return;
    if (c->part_count == 0) {
        context_fail(r, "multi-context must contain at least one kind");
        return;
    }
    qsort(c->parts, c->part_count, sizeof *c->parts, parts_compare);
    for (size_t i = 1; i < c->part_count; i++) {
        if (view_equal(c->parts[i].kind, c->parts[i - 1].kind))
            context_fail(r, "multi-context cannot have same kind more than once");
    }
}

static void multi_read(struct context_reading *r, struct context *c)
{
    struct view name;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);) {
        if (view_is(name, "kind"))
            json_skip(&r->json);
        else
            context_part_read(r, arena_copy(r->arena, name), context_part_add(c));
    }
    context_multi_check(r, c);
}

/* A text that is no JSON is told as such, whatever else was found before the place. */
static void problem_tell(struct view json, const struct context_reading *r, struct error *err)
{
    struct json_reader check;
    json_reader_init(&check, json);
    json_skip(&check);
    json_expect_end(&check);
    if (json_failed(&check) && json_offset(&check) == json.len)
        error_set(err, "unexpected end of JSON input");
    else if (json_failed(&check))
        error_set(err, "invalid JSON at position %zu: %s", json_offset(&check), check.problem);
    else if (r->problem[0] != '\0')
        error_set(err, "%s", r->problem);
    else
        error_set(err, "invalid JSON at position %zu: %s", json_offset(&r->json), r->json.problem);
    json_reader_done(&check);
}

static struct view leading_blanks_skip(struct view json)
{
    size_t from = 0;
    while (from < json.len && strchr(" \t\r\n", json.data[from]) != NULL && json.data[from] != 0)
        from++;
    return view_from(json, from);
}

static void schema_read(struct context_reading *r, struct context *c)
{
    enum schema schema = schema_find(r);
    if (context_failed(r))
        return;
    if (schema == SCHEMA_MULTI)
        multi_read(r, c);
    else if (schema == SCHEMA_SINGLE)
        context_part_read(r, view_make("", 0), context_part_add(c));
    else
        context_user_read(r, context_part_add(c));
}

struct context *context_read_whole(struct view json,
                                   void (*read)(struct context_reading *r, struct context *c),
                                   struct error *err)
{
    struct context *c = mem_zalloc(sizeof *c);
    struct context_reading r = {.arena = &c->arena};
    struct view text = leading_blanks_skip(json);
    json_reader_init(&r.json, text);
    read(&r, c);
    json_expect_end(&r.json);
    if (context_failed(&r)) {
        problem_tell(text, &r, err);
        context_free(c);
        c = NULL;
    }
    json_reader_done(&r.json);
    str_free(&r.scratch);
    return c;
}

static void keys_read(struct context_reading *r, struct context *c)
{
    r->keys_only = true;
    schema_read(r, c);
}

struct context *context_parse_keys(struct view json, struct error *err)
{
    return context_read_whole(json, keys_read, err);
}

struct context *context_parse(struct view json, struct error *err)
{
    return context_read_whole(json, schema_read, err);
}
