/* flags/context_user.c - the legacy user (evaluation.md 3.4). */
#include "flags/context_private.h"

struct user_facts {
    struct context_part *part;
    bool has_key;
    bool anonymous;
    bool has_name;
    struct view name;
};

static void key_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    (void)name;
    f->has_key = context_read_text(r, false, &f->part->key);
}

static void name_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    (void)name;
    f->has_name = context_read_text(r, true, &f->name);
}

static void secondary_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    (void)name;
    f->part->has_secondary = context_read_text(r, true, &f->part->secondary);
}

static void anonymous_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    (void)name;
    if (context_expect(r, JSON_BOOL, true))
        f->anonymous = !json_read_null(&r->json) && json_read_bool(&r->json);
}

static bool is_built_in(struct view name)
{
    static const char *const names[] = {"kind", "key", "name", "anonymous", "_meta"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (view_is(name, names[i]))
            return true;
    }
    return false;
}

static void custom_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    if (!context_expect(r, JSON_OBJECT, true) || json_read_null(&r->json))
        return;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);) {
        if (is_built_in(name))
            json_skip(&r->json);
        else
            context_read_attribute(r, &f->part->attributes, name);
    }
}

static void private_names_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    (void)f;
    (void)name;
    context_skip_texts(r);
}

/* A string of its own becomes an attribute of the same name. */
static void text_attribute_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    struct view copy = arena_copy(r->arena, name);
    struct view text;
    if (!context_read_text(r, true, &text))
        return;
    struct value value = value_of_text(text);
    attributes_set(&f->part->attributes, r->arena, copy, &value);
}

/* The key comes first, for those who want no more. */
#define USER_KEY_PROPERTIES 1

static const struct {
    struct view name;
    void (*read)(struct context_reading *r, struct user_facts *f, struct view name);
} user_properties[] = {
    {{"key", 3}, key_read},
    {{"name", 4}, name_read},
    {{"secondary", 9}, secondary_read},
    {{"anonymous", 9}, anonymous_read},
    {{"custom", 6}, custom_read},
    {{"privateAttributeNames", 21}, private_names_read},
    {{"firstName", 9}, text_attribute_read},
    {{"lastName", 8}, text_attribute_read},
    {{"email", 5}, text_attribute_read},
    {{"country", 7}, text_attribute_read},
    {{"avatar", 6}, text_attribute_read},
    {{"ip", 2}, text_attribute_read},
};

static void property_read(struct context_reading *r, struct user_facts *f, struct view name)
{
    size_t count = r->keys_only ? USER_KEY_PROPERTIES : ARRAY_LEN(user_properties);
    for (size_t i = 0; i < count; i++) {
        if (view_equal(user_properties[i].name, name)) {
            user_properties[i].read(r, f, name);
            return;
        }
    }
    json_skip(&r->json);
}

void context_user_read(struct context_reading *r, struct context_part *out)
{
    struct user_facts f = {.part = out};
    struct view name;
    out->kind = VIEW_LITERAL(CONTEXT_USER);
    if (!context_expect(r, JSON_OBJECT, false))
        return;
    for (json_object_begin(&r->json); !context_failed(r) && json_object_next(&r->json, &name);)
        property_read(r, &f, name);
    if (!f.has_key)
        context_fail(r, "\"key\" property not found in JSON context object");
    context_part_finish(r, out, f.anonymous, f.has_name, f.name);
}
