/* flags/model_reader.c - see model_reader.h. */
#include "flags/model_reader.h"

static const struct model_property *property_find(const struct model_properties *properties,
                                                  struct view name)
{
    for (size_t i = 0; i < properties->count; i++) {
        if (view_equal(properties->rows[i].name, name))
            return &properties->rows[i];
    }
    return NULL;
}

/* Reads the value of one property, or skips it. */
static void property_read(struct model_reader *m, const struct model_property *row, void *object)
{
    if (row != NULL)
        row->read(m, (char *)object + row->at);
    else
        json_skip(&m->json);
}

void model_read_object(struct model_reader *m, const struct model_properties *properties,
                       void *object)
{
    struct view name;
    for (json_object_begin(&m->json); json_object_next(&m->json, &name);)
        property_read(m, property_find(properties, name), object);
}

/* As model_read_object() for the outermost object; `at` is the property that was being read. */
static void outermost_read(struct model_reader *m, const struct model_properties *properties,
                           void *object, const struct model_property **at)
{
    struct view name;
    *at = NULL;
    for (json_object_begin(&m->json); json_object_next(&m->json, &name);) {
        *at = property_find(properties, name);
        property_read(m, *at, object);
        if (json_failed(&m->json))
            return;
        *at = NULL;
    }
    json_expect_end(&m->json);
}

bool model_parse(struct view json, struct arena *arena, const struct model_properties *properties,
                 void *object, struct error *err)
{
    struct model_reader m = {.arena = arena};
    const struct model_property *at;
    json_reader_init(&m.json, json);
    outermost_read(&m, properties, object, &at);
    bool ok = !json_failed(&m.json);
    if (!ok)
        error_set(err, "%s at offset %zu", m.json.problem, json_offset(&m.json));
    if (!ok && at != NULL)
        error_prefix(err, "\"%.*s\": ", VIEW_ARGS(at->name));
    json_reader_done(&m.json);
    str_free(&m.scratch);
    return ok;
}

static void *list_extend(struct model_reader *m, struct model_list *list, size_t item_size)
{
    list->items = arena_extend(m->arena, list->items, list->count, item_size);
    return (char *)list->items + list->count++ * item_size;
}

void model_read_objects(struct model_reader *m, const struct model_properties *properties,
                        size_t item_size, bool null_ok, struct model_list *list)
{
    if (null_ok && json_read_null(&m->json))
        return;
    for (json_array_begin(&m->json); json_array_next(&m->json);)
        model_read_object(m, properties, list_extend(m, list, item_size));
}

void model_read_bool(struct model_reader *m, void *field)
{
    *(bool *)field = json_read_bool(&m->json);
}

void model_read_int(struct model_reader *m, void *field)
{
    *(int64_t *)field = json_read_int(&m->json);
}

void model_read_int_or_null(struct model_reader *m, void *field)
{
    *(int64_t *)field = json_read_null(&m->json) ? 0 : json_read_int(&m->json);
}

void model_read_optional(struct model_reader *m, void *field)
{
    struct model_int *number = field;
    number->value = json_read_int(&m->json);
    number->defined = true;
}

void model_read_optional_or_null(struct model_reader *m, void *field)
{
    if (json_read_null(&m->json))
        *(struct model_int *)field = (struct model_int){0};
    else
        model_read_optional(m, field);
}

/* The text that was just decoded, where it stands in the JSON text as it is: before the closing
 * quote. The empty view when it had to be changed. */
static struct view text_in_place(const struct model_reader *m)
{
    size_t len = m->scratch.len;
    size_t behind = json_offset(&m->json);
    if (json_failed(&m->json) || behind < len + 1)
        return view_make("", 0);
    struct view place = view_make(m->json.pos - 1 - len, len);
    return view_equal(place, str_view(&m->scratch)) ? place : view_make("", 0);
}

void model_read_text(struct model_reader *m, void *field)
{
    str_clear(&m->scratch);
    json_read_string(&m->json, &m->scratch);
    struct view place = text_in_place(m);
    *(struct view *)field = place.len != 0 ? place : arena_copy(m->arena, str_view(&m->scratch));
}

void model_read_text_or_null(struct model_reader *m, void *field)
{
    if (json_read_null(&m->json))
        *(struct view *)field = view_make("", 0);
    else
        model_read_text(m, field);
}

void model_read_texts_or_null(struct model_reader *m, void *field)
{
    if (json_read_null(&m->json))
        return;
    for (json_array_begin(&m->json); json_array_next(&m->json);)
        model_read_text(m, list_extend(m, field, sizeof(struct view)));
}

void model_read_raws_or_null(struct model_reader *m, void *field)
{
    if (json_read_null(&m->json))
        return;
    for (json_array_begin(&m->json); json_array_next(&m->json);) {
        struct view *raw = list_extend(m, field, sizeof *raw);
        *raw = json_read_raw(&m->json);
    }
}

static const struct model_property clause_rows[] = {
    MODEL_PROPERTY("contextKind", model_read_text, struct model_clause, context_kind),
    MODEL_PROPERTY("attribute", model_read_text_or_null, struct model_clause, attribute),
    MODEL_PROPERTY("op", model_read_text, struct model_clause, op),
    MODEL_PROPERTY("values", model_read_raws_or_null, struct model_clause, values),
    MODEL_PROPERTY("negate", model_read_bool, struct model_clause, negate),
};

void model_read_clauses(struct model_reader *m, void *field)
{
    static const struct model_properties clause = MODEL_PROPERTIES(clause_rows);
    model_read_objects(m, &clause, sizeof(struct model_clause), true, field);
}
