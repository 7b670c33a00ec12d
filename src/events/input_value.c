/* events/input_value.c - see input_value.h. */
#include "events/input_value.h"

struct input_value input_value_of(const char *name, struct view text)
{
    return (struct input_value){.name = name, .text = text};
}

void input_value_fail(struct input_value *v, const char *problem)
{
    if (v->problem == NULL)
        v->problem = problem;
}

bool input_value_ok(const struct input_value *v, struct error *err)
{
    if (v->problem != NULL)
        error_set(err, "\"%s\": %s", v->name, v->problem);
    return v->problem == NULL;
}

enum json_type input_value_type(const struct input_value *v)
{
    struct json_reader r;
    json_reader_init(&r, v->text);
    return json_peek(&r);
}

struct view input_value_string(struct input_value *v)
{
    if (input_value_type(v) == JSON_STRING)
        return v->text;
    input_value_fail(v, "expected a string");
    return VIEW_LITERAL("\"\"");
}

bool input_value_bool(struct input_value *v)
{
    if (input_value_type(v) != JSON_BOOL)
        input_value_fail(v, "expected a boolean");
    return v->text.data[0] == 't';
}

double input_value_number(struct input_value *v)
{
    struct json_reader r;
    json_reader_init(&r, v->text);
    double number = json_read_number(&r);
    if (json_failed(&r))
        input_value_fail(v, r.problem);
    return number;
}

struct input_int input_value_int(struct input_value *v)
{
    struct json_reader r;
    json_reader_init(&r, v->text);
    int64_t number = json_read_int(&r);
    if (json_failed(&r))
        input_value_fail(v, r.problem);
    return (struct input_int){.defined = true, .value = number};
}

int64_t input_value_date(struct input_value *v)
{
    if (input_value_number(v) < 0)
        input_value_fail(v, "expected a number that is not negative");
    return input_value_int(v).value;
}

bool input_text_is(struct view json, const char *text)
{
    struct json_reader r;
    struct str decoded = {0};
    json_reader_init(&r, json);
    json_read_string(&r, &decoded);
    bool is = !json_failed(&r) && view_is(str_view(&decoded), text);
    str_free(&decoded);
    return is;
}
