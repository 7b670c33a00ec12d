/* api/status_json.c - the status document as JSON: the table of status_fields.c, written out. */
#include "api/status.h"
#include "base/json_writer.h"

static void write_scalar(const struct status_row *row, struct view value, struct str *out)
{
    if (row->type == STATUS_TEXT)
        json_write_string_html(out, value);
    else
        str_append(out, value);
}

static void write_array(const struct status_row *row, const struct status_subject *s,
                        struct str *out)
{
    size_t count = row->count != NULL ? row->count(s) : 0;
    str_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        struct status_subject element = {s->document, s->env, i};
        if (i != 0)
            str_append_char(out, ',');
        status_write(row->shape, &element, out);
    }
    str_append_char(out, ']');
}

static void write_map(const struct status_row *row, const struct status_subject *s, struct str *out)
{
    bool first = true;
    str_append_char(out, '{');
    for (size_t i = 0; i < status_environment_count(s->document); i++) {
        struct status_subject member = {s->document, status_environment_at(s->document, i), 0};
        if (member.env == NULL)
            continue;
        if (!first)
            str_append_char(out, ',');
        first = false;
        json_write_string_html(out, view_of(member.env->facts->name));
        str_append_char(out, ':');
        status_write(row->shape, &member, out);
    }
    str_append_char(out, '}');
}

bool status_row_present(const struct status_row *row, const struct status_subject *s)
{
    if (row->never || (!row->classic && s->document->api->settings.classic_status))
        return false;
    return row->present == NULL || row->present(s);
}

static void write_row(const struct status_row *row, const struct status_subject *s, bool *first,
                      struct str *out)
{
    struct str value = {0};
    bool scalar =
        row->type == STATUS_TEXT || row->type == STATUS_NUMBER || row->type == STATUS_BOOLEAN;
    if (scalar && (row->get == NULL || !row->get(s, &value)))
        goto done;
    json_write_name(out, first, row->name);
    if (scalar)
        write_scalar(row, str_view(&value), out);
    else if (row->type == STATUS_ARRAY)
        write_array(row, s, out);
    else if (row->type == STATUS_MAP)
        write_map(row, s, out);
    else
        status_write(row->shape, s, out);
done:
    str_free(&value);
}

void status_write(const struct status_shape *shape, const struct status_subject *s, struct str *out)
{
    bool first = true;
    str_append_char(out, '{');
    for (size_t i = 0; i < shape->count; i++)
        if (status_row_present(&shape->rows[i], s))
            write_row(&shape->rows[i], s, &first, out);
    str_append_char(out, '}');
}
