/* flags/context_part.c - one individual context of the present schema (evaluation.md 3.2), and what
 * the readers of all schemas share. */
#include "flags/context_private.h"
#include "flags/key_set.h"

#include <stdio.h>

void context_fail(struct context_reading *r, const char *problem)
{
    if (!context_failed(r))
        (void)snprintf(r->problem, sizeof r->problem, "%s", problem);
}

bool context_failed(const struct context_reading *r)
{
    return r->problem[0] != '\0' || json_failed(&r->json);
}

static const char *type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
        [JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
    };
    return names[type];
}

bool context_expect(struct context_reading *r, enum json_type type, bool null_ok)
{
    enum json_type got = json_peek(&r->json);
    if (context_failed(r))
        return false;
    if (got == type || (null_ok && got == JSON_NULL))
        return true;
    if (got == JSON_NONE)
        json_skip(&r->json); /* fails and says why */
    else
        (void)snprintf(r->problem, sizeof r->problem, "expected %s%s, got %s at position %zu",
                       type_name(type), null_ok ? " or null" : "", type_name(got),
                       json_offset(&r->json));
    return false;
}

bool context_read_text(struct context_reading *r, bool null_ok, struct view *out)
{
    *out = view_make("", 0);
    if (!context_expect(r, JSON_STRING, null_ok) || json_read_null(&r->json))
        return false;
    str_clear(&r->scratch);
    json_read_string(&r->json, &r->scratch);
    *out = arena_copy(r->arena, str_view(&r->scratch));
    return !json_failed(&r->json);
}

void context_read_attribute(struct context_reading *r, struct attributes *attributes,
                            struct view name)
{
    struct view copy = arena_copy(r->arena, name);
    struct value value;
    value_read(&r->json, r->arena, &r->scratch, &value);
    if (copy.len != 0 && !json_failed(&r->json))
        attributes_set(attributes, r->arena, copy, &value);
}

void context_skip_texts(struct context_reading *r)
{
    struct view text;
    if (!context_expect(r, JSON_ARRAY, true) || json_read_null(&r->json))
        return;
    for (json_array_begin(&r->json); !context_failed(r) && json_array_next(&r->json);)
        (void)context_read_text(r, false, &text);
}

void context_part_finish(struct context_reading *r, struct context_part *part, bool anonymous,
                         bool has_name, struct view name)
{
    const struct {
        struct view name;
        struct value value;
    } rows[] = {
        {VIEW_LITERAL("kind"), value_of_text(part->kind)},
        {VIEW_LITERAL("key"), value_of_text(part->key)},
        {VIEW_LITERAL("anonymous"), {.type = JSON_BOOL, .is.boolean = anonymous}},
        {VIEW_LITERAL("name"), value_of_text(name)},
    };
    if (r->keys_only)
        return;
    part->key_hash = key_set_hash(part->key);
    for (size_t i = 0; i < ARRAY_LEN(rows) - !has_name; i++)
        attributes_set(&part->attributes, r->arena, rows[i].name, &rows[i].value);
}

/* What a single-kind context consists of besides its attributes. */
struct part_facts {
    struct context_part *part;
    bool has_key;
    bool anonymous;
    bool has_name;
    struct view name;
};

static void kind_read(struct context_reading *r, struct part_facts *f)
{
    (void)context_read_text(r, false, &f->part->kind);
}

static void key_read(struct context_reading *r, struct part_facts *f)
{
    if (json_peek(&r->json) == JSON_NULL)
        context_fail(r, "context key must not be null");
    else
        f->has_key = context_read_text(r, true, &f->part->key);
}

static void name_read(struct context_reading *r, struct part_facts *f)
{
    f->has_name = context_read_text(r, true, &f->name);
}

static void anonymous_read(struct context_reading *r, struct part_facts *f)
{
    if (context_expect(r, JSON_BOOL, false))
        f->anonymous = json_read_bool(&r->json);
}

/* Private attributes are the business of events; here they are only checked. */
static void meta_read(struct context_reading *r, struct part_facts *f)
{
    (void)f;
    struct view name;
    if (!context_expect(r, JSON_OBJECT, true) || json_read_null(&r->json))
        return;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);) {
        if (view_is(name, "privateAttributes"))
            context_skip_texts(r);
        else
            json_skip(&r->json);
    }
}

/* Kind and key come first, for those who want no more. */
#define PART_KEY_PROPERTIES 2

static const struct {
    struct view name;
    void (*read)(struct context_reading *r, struct part_facts *f);
} part_properties[] = {
    {{"kind", 4}, kind_read},           {{"key", 3}, key_read},    {{"name", 4}, name_read},
    {{"anonymous", 9}, anonymous_read}, {{"_meta", 5}, meta_read},
};

static void property_read(struct context_reading *r, struct part_facts *f, struct view name)
{
    size_t count = r->keys_only ? PART_KEY_PROPERTIES : ARRAY_LEN(part_properties);
    for (size_t i = 0; i < count; i++) {
        if (view_equal(part_properties[i].name, name)) {
            part_properties[i].read(r, f);
            return;
        }
    }
    if (r->keys_only)
        json_skip(&r->json);
    else
        context_read_attribute(r, &f->part->attributes, name);
}

static bool kind_char_is_allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static const char *kind_problem(struct view kind)
{
    if (view_is(kind, "kind"))
        return "\"kind\" is not a valid context kind";
    if (view_is(kind, "multi"))
        return "single context cannot have the kind \"multi\"";
    for (size_t i = 0; i < kind.len; i++) {
        if (!kind_char_is_allowed(kind.data[i]))
            return "context kind contains disallowed characters";
    }
    return NULL;
}

void context_part_check(struct context_reading *r, const struct context_part *part)
{
    const char *problem = kind_problem(part->kind);
    if (problem != NULL)
        context_fail(r, problem);
    else if (part->key.len == 0)
        context_fail(r, "context key must not be empty");
}

void context_part_read(struct context_reading *r, struct view outer_kind, struct context_part *out)
{
    struct part_facts f = {.part = out};
    struct view name;
    out->kind = outer_kind;
    if (!context_expect(r, JSON_OBJECT, false))
        return;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);)
        property_read(r, &f, name);
    if (context_failed(r))
        return;
    if (out->kind.len == 0)
        out->kind = VIEW_LITERAL(CONTEXT_USER);
    if (!f.has_key)
        context_fail(r, "\"key\" property not found in JSON context object");
    context_part_check(r, out);
    context_part_finish(r, out, f.anonymous, f.has_name, f.name);
}
