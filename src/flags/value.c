/* flags/value.c - see value.h. */
#include "flags/value.h"

#include "flags/key_set.h"

struct value_reading {
    struct json_reader *json;
    struct arena *arena;
    struct str *scratch;
};

static void read_at(struct value_reading *r, unsigned depth, struct value *out);

struct value value_of_text(struct view text)
{
    return (struct value){.type = JSON_STRING, .hash = key_set_hash(text), .is.text = text};
}

static void array_read(struct value_reading *r, unsigned depth, struct value *out)
{
    struct value *items = NULL;
    size_t count = 0;
    for (json_array_begin(r->json); json_array_next(r->json);) {
        items = arena_extend(r->arena, items, count, sizeof *items);
        read_at(r, depth + 1, &items[count++]);
    }
    *out = (struct value){.type = JSON_ARRAY, .is.array = {.items = items, .count = count}};
}

static void object_read(struct value_reading *r, unsigned depth, struct value *out)
{
    struct value_member *items = NULL;
    size_t count = 0;
    struct view name;
    for (json_object_begin(r->json); json_object_next(r->json, &name);) {
        items = arena_extend(r->arena, items, count, sizeof *items);
        items[count].name = arena_copy(r->arena, name);
        read_at(r, depth + 1, &items[count++].value);
    }
    *out = (struct value){.type = JSON_OBJECT, .is.object = {.items = items, .count = count}};
}

static void text_read(struct value_reading *r, struct value *out)
{
    str_clear(r->scratch);
    json_read_string(r->json, r->scratch);
    *out = value_of_text(arena_copy(r->arena, str_view(r->scratch)));
}

static void read_at(struct value_reading *r, unsigned depth, struct value *out)
{
    enum json_type type = json_peek(r->json);
    *out = (struct value){.type = type};
    if (depth > VALUE_MAX_DEPTH)
        json_fail(r->json, "nested too deeply");
    else if (type == JSON_STRING)
        text_read(r, out);
    else if (type == JSON_NUMBER)
        out->is.number = json_read_number(r->json);
    else if (type == JSON_BOOL)
        out->is.boolean = json_read_bool(r->json);
    else if (type == JSON_ARRAY)
        array_read(r, depth, out);
    else if (type == JSON_OBJECT)
        object_read(r, depth, out);
    else
        json_skip(r->json);
}

void value_read(struct json_reader *r, struct arena *arena, struct str *scratch, struct value *out)
{
    struct value_reading reading = {.json = r, .arena = arena, .scratch = scratch};
    read_at(&reading, 0, out);
}

const struct value *value_member_find(const struct value *v, struct view name)
{
    if (v->type != JSON_OBJECT)
        return NULL;
    for (size_t i = v->is.object.count; i > 0; i--) {
        if (view_equal(v->is.object.items[i - 1].name, name))
            return &v->is.object.items[i - 1].value;
    }
    return NULL;
}

static bool arrays_equal(const struct value *a, const struct value *b)
{
    if (a->is.array.count != b->is.array.count)
        return false;
    for (size_t i = 0; i < a->is.array.count; i++) {
        if (!value_equal(&a->is.array.items[i], &b->is.array.items[i]))
            return false;
    }
    return true;
}

/* Each member of `a` is in `b`; with `equal` also its value. */
static bool members_within(const struct value *a, const struct value *b, bool equal)
{
    for (size_t i = 0; i < a->is.object.count; i++) {
        struct view name = a->is.object.items[i].name;
        const struct value *other = value_member_find(b, name);
        if (other == NULL || (equal && !value_equal(value_member_find(a, name), other)))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case JSON_BOOL:
        return a->is.boolean == b->is.boolean;
    case JSON_NUMBER:
        return a->is.number == b->is.number;
    case JSON_STRING:
        return view_equal(a->is.text, b->is.text);
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_OBJECT:
        return members_within(a, b, true) && members_within(b, a, false);
    case JSON_NULL:
    case JSON_NONE:
        break;
    }
    return true;
}
