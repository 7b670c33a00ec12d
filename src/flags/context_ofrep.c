/* flags/context_ofrep.c - what OpenFeature sends as context (evaluation.md 12.2). */
#include "flags/context_private.h"

#define KEY_MISSING                                                                                \
    "The context must contain either a 'targetingKey' or a 'key' and the type must be a string."

struct ofrep_facts {
    struct context_part *part;
    bool has_targeting_key;
    bool has_key;
    bool anonymous;
    bool has_name;
    struct view name;
};

static void targeting_key_read(struct context_reading *r, struct ofrep_facts *f)
{
    if (!json_read_null(&r->json))
        f->has_targeting_key = context_read_text(r, false, &f->part->key);
}

static void key_read(struct context_reading *r, struct ofrep_facts *f)
{
    struct view key;
    if (json_read_null(&r->json) || !context_read_text(r, false, &key))
        return;
    f->has_key = true;
    if (!f->has_targeting_key)
        f->part->key = key;
}

static void kind_skip(struct context_reading *r, struct ofrep_facts *f)
{
    (void)f;
    json_skip(&r->json);
}

static void name_read(struct context_reading *r, struct ofrep_facts *f)
{
    if (json_peek(&r->json) == JSON_STRING)
        f->has_name = context_read_text(r, false, &f->name);
    else
        json_skip(&r->json);
}

static void anonymous_read(struct context_reading *r, struct ofrep_facts *f)
{
    if (json_peek(&r->json) == JSON_BOOL)
        f->anonymous = json_read_bool(&r->json);
    else
        json_skip(&r->json);
}

static void private_attributes_read(struct context_reading *r, struct ofrep_facts *f)
{
    (void)f;
    context_skip_texts(r);
}

static const struct {
    const char *name;
    void (*read)(struct context_reading *r, struct ofrep_facts *f);
} members[] = {
    {"targetingKey", targeting_key_read},
    {"key", key_read},
    {"kind", kind_skip},
    {"name", name_read},
    {"anonymous", anonymous_read},
    {"privateAttributes", private_attributes_read},
};

static void member_read(struct context_reading *r, struct ofrep_facts *f, struct view name)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (view_is(name, members[i].name)) {
            members[i].read(r, f);
            return;
        }
    }
    context_read_attribute(r, &f->part->attributes, name);
}

/* The value of one member: an object with a key. */
static void part_read(struct context_reading *r, struct view kind, struct context_part *out)
{
    struct ofrep_facts f = {.part = out};
    struct view name;
    out->kind = kind.len != 0 ? kind : VIEW_LITERAL(CONTEXT_USER);
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);)
        member_read(r, &f, name);
    if (!f.has_key && !f.has_targeting_key)
        context_fail(r, KEY_MISSING);
    context_part_check(r, out);
    context_part_finish(r, out, f.anonymous, f.has_name, f.name);
}

/* Members that are no objects, like the "targetingKey" that the protocol asks for, are left out. */
static void multi_read(struct context_reading *r, struct context *c)
{
    struct view name;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);) {
        if (view_is(name, "kind") || json_peek(&r->json) != JSON_OBJECT)
            json_skip(&r->json);
        else
            part_read(r, arena_copy(r->arena, name), context_part_add(c));
    }
    context_multi_check(r, c);
}

/* The kind of the outermost object: its last "kind" that is a string, else user. */
static struct view kind_find(struct context_reading *r)
{
    struct context_reading look = {.arena = r->arena};
    struct view kind = VIEW_LITERAL(CONTEXT_USER);
    struct view name;
    json_reader_init(&look.json, view_make(r->json.pos, (size_t)(r->json.end - r->json.pos)));
    for (json_object_begin(&look.json); json_object_next(&look.json, &name);) {
        if (view_is(name, "kind") && json_peek(&look.json) == JSON_STRING)
            (void)context_read_text(&look, false, &kind);
        else
            json_skip(&look.json);
    }
    json_reader_done(&look.json);
    str_free(&look.scratch);
    return kind;
}

static void ofrep_read(struct context_reading *r, struct context *c)
{
    if (!context_expect(r, JSON_OBJECT, false))
        return;
    struct view kind = kind_find(r);
    if (kind.len == 0)
        context_fail(r, "context kind cannot be empty");
    else if (view_is(kind, "multi"))
        multi_read(r, c);
    else
        part_read(r, kind, context_part_add(c));
}

struct context *context_parse_ofrep(struct view json, enum context_ofrep_problem *problem,
                                    struct error *err)
{
    struct context *c = context_read_whole(json, ofrep_read, err);
    if (c != NULL)
        c->source = arena_copy(&c->arena, json);
    *problem = c == NULL && strcmp(err->text, KEY_MISSING) == 0 ? CONTEXT_OFREP_KEY_MISSING
                                                                : CONTEXT_OFREP_INVALID;
    return c;
}
