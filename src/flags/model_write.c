/* flags/model_write.c - see model_write.h. */
#include "flags/model_write.h"

static void views_write(struct str *out, bool *first, const char *name,
                        const struct model_list *views, void (*write)(struct str *, struct view))
{
    const struct view *items = views->items;
    json_write_name(out, first, name);
    str_append_char(out, '[');
    for (size_t i = 0; i < views->count; i++) {
        if (i != 0)
            str_append_char(out, ',');
        write(out, items[i]);
    }
    str_append_char(out, ']');
}

void model_write_texts(struct str *out, bool *first, const char *name,
                       const struct model_list *texts)
{
    views_write(out, first, name, texts, json_write_string);
}

void model_write_raws(struct str *out, bool *first, const char *name, const struct model_list *raws)
{
    views_write(out, first, name, raws, json_write_compact);
}

void model_write_objects(struct str *out, bool *first, const char *name,
                         const struct model_list *list, size_t item_size,
                         model_members_write *write)
{
    json_write_name(out, first, name);
    str_append_char(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        bool first_member = true;
        str_append_text(out, i == 0 ? "{" : ",{");
        write(out, &first_member, (const char *)list->items + i * item_size);
        str_append_char(out, '}');
    }
    str_append_char(out, ']');
}

static void clause_write(struct str *out, bool *first, const void *item)
{
    const struct model_clause *clause = item;
    model_write_text_if_any(out, first, "contextKind", clause->context_kind);
    json_write_member_text(out, first, "attribute", clause->attribute);
    json_write_member_text(out, first, "op", clause->op);
    model_write_raws(out, first, "values", &clause->values);
    json_write_member_bool(out, first, "negate", clause->negate);
}

void model_write_clauses(struct str *out, bool *first, const struct model_list *clauses)
{
    model_write_objects(out, first, "clauses", clauses, sizeof(struct model_clause), clause_write);
}

void model_write_optional(struct str *out, bool *first, const char *name,
                          const struct model_int *value)
{
    if (value->defined)
        json_write_member_int(out, first, name, value->value);
}

void model_write_bool_if_true(struct str *out, bool *first, const char *name, bool value)
{
    if (value)
        json_write_member_bool(out, first, name, true);
}

void model_write_text_if_any(struct str *out, bool *first, const char *name, struct view value)
{
    if (value.len != 0)
        json_write_member_text(out, first, name, value);
}

void model_write_int_or_null(struct str *out, bool *first, const char *name,
                             const struct model_int *value)
{
    if (value->defined) {
        json_write_member_int(out, first, name, value->value);
    } else {
        json_write_name(out, first, name);
        str_append_text(out, "null");
    }
}
