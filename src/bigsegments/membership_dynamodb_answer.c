/* bigsegments/membership_dynamodb_answer.c - answers. See membership_dynamodb_body.h. */
#include "bigsegments/membership_dynamodb_body.h"

#include "base/json_reader.h"

/* Calls `each` for every attribute of "Item"; it consumes the value. False with *err. */
static bool read_item(struct view body,
                      void (*each)(struct json_reader *r, struct view name, void *arg), void *arg,
                      struct error *err)
{
    struct json_reader r;
    struct view name;
    json_reader_init(&r, body);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (!view_is(name, "Item")) {
            json_skip(&r);
            continue;
        }
        for (json_object_begin(&r); json_object_next(&r, &name);)
            each(&r, name, arg);
    }
    bool ok = !json_failed(&r);
    if (!ok)
        error_set(err, "the answer of DynamoDB cannot be read: %s", r.problem);
    json_reader_done(&r);
    return ok;
}

/* {"S":"text"}, or another letter; replaces *out. */
static void read_typed(struct json_reader *r, const char *type, struct str *out)
{
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (!view_is(name, type)) {
            json_skip(r);
            continue;
        }
        str_clear(out);
        json_read_string(r, out);
    }
}

/* ---- metadata -------------------------------------------------------------------------------- */

struct typed_value {
    const char *attribute;
    const char *type;
    struct str text;
};

static void read_value(struct json_reader *r, struct view name, void *arg)
{
    struct typed_value *v = arg;
    if (view_is(name, v->attribute))
        read_typed(r, v->type, &v->text);
    else
        json_skip(r);
}

bool membership_answer_cursor(struct view body, struct str *cursor, struct error *err)
{
    struct typed_value v = {"lastVersion", "S", {0}};
    bool ok = read_item(body, read_value, &v, err);
    if (ok)
        str_append(cursor, str_view(&v.text));
    str_free(&v.text);
    return ok;
}

/* What is not there is 0. */
static bool read_number(struct view text, int64_t *out)
{
    struct json_reader r;
    json_reader_init(&r, text);
    int64_t number = text.len != 0 ? json_read_int(&r) : 0;
    json_expect_end(&r);
    bool ok = !json_failed(&r);
    json_reader_done(&r);
    if (ok)
        *out = number;
    return ok;
}

bool membership_answer_time(struct view body, int64_t *time_ms, struct error *err)
{
    struct typed_value v = {"synchronizedOn", "N", {0}};
    bool ok = read_item(body, read_value, &v, err);
    if (ok && !read_number(str_view(&v.text), time_ms)) {
        error_set(err, "the time of synchronization in DynamoDB is no number");
        ok = false;
    }
    str_free(&v.text);
    return ok;
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void read_refs(struct json_reader *r, struct membership_refs *refs)
{
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (!view_is(name, "SS")) {
            json_skip(r);
            continue;
        }
        for (json_array_begin(r); json_array_next(r);) {
            json_read_string(r, &refs->text);
            membership_refs_end(refs);
        }
    }
}

static void read_sets(struct json_reader *r, struct view name, void *arg)
{
    struct membership_refs *sets = arg;
    if (view_is(name, "included"))
        read_refs(r, &sets[0]);
    else if (view_is(name, "excluded"))
        read_refs(r, &sets[1]);
    else
        json_skip(r);
}

bool membership_answer_context(struct view body, struct memberships **found, struct error *err)
{
    struct membership_refs sets[2] = {0}; /* included, excluded */
    bool ok = read_item(body, read_sets, sets, err);
    if (ok)
        *found = memberships_from_refs(&sets[0], &sets[1]);
    membership_refs_free(&sets[0]);
    membership_refs_free(&sets[1]);
    return ok;
}

/* ---- refusals -------------------------------------------------------------------------------- */

struct reason {
    struct str code;
    struct str message;
};

static void read_reason(struct json_reader *r, struct reason *out)
{
    struct view name;
    str_clear(&out->code);
    str_clear(&out->message);
    for (json_object_begin(r); json_object_next(r, &name);) {
        struct str *to = view_is(name, "Code")      ? &out->code
                         : view_is(name, "Message") ? &out->message
                                                    : NULL;
        if (to == NULL || json_peek(r) != JSON_STRING)
            json_skip(r);
        else
            json_read_string(r, to);
    }
}

/* The first reason is the condition's. */
static void judge(const struct reason *reason, size_t position, struct membership_cancelled *out)
{
    bool too_large = view_is(str_view(&reason->code), "ValidationError") &&
                     strstr(str_text(&reason->message), "size") != NULL;
    if (view_is(str_view(&reason->code), "ConditionalCheckFailed"))
        out->condition = true;
    if (!too_large || position == 0 || out->too_large)
        return;
    out->too_large = true;
    out->position = position - 1;
}

void membership_answer_cancelled(struct view body, struct membership_cancelled *out)
{
    struct json_reader r;
    struct view name;
    struct reason reason = {0};
    *out = (struct membership_cancelled){0};
    json_reader_init(&r, body);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (!view_is(name, "CancellationReasons")) {
            json_skip(&r);
            continue;
        }
        size_t position = 0;
        for (json_array_begin(&r); json_array_next(&r); position++) {
            read_reason(&r, &reason);
            if (!json_failed(&r))
                judge(&reason, position, out);
        }
    }
    json_reader_done(&r);
    str_free(&reason.code);
    str_free(&reason.message);
}
