/* store/dynamodb_answer.c - see dynamodb_answer.h. */
#include "store/dynamodb_answer.h"

#include "base/json_reader.h"

/* ---- attributes ------------------------------------------------------------------------------ */

/* {"S":"text"} or {"N":"3"}: the text of the type asked for; false for another type. */
static bool read_attribute(struct json_reader *r, const char *type, struct str *out)
{
    struct view name;
    bool found = false;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, type) && json_peek(r) == JSON_STRING) {
            str_clear(out);
            json_read_string(r, out);
            found = true;
        } else {
            json_skip(r);
        }
    }
    return found;
}

/* A number's text, "3" or "3E2"; 0 when it is none. */
static int64_t number_of(struct view text)
{
    struct json_reader r;
    json_reader_init(&r, text);
    int64_t number = json_read_int(&r);
    json_expect_end(&r);
    if (json_failed(&r))
        number = 0;
    json_reader_done(&r);
    return number;
}

struct row_text {
    struct str key;
    struct str json;
    struct str number;
};

static void read_row(struct json_reader *r, struct row_text *t, struct dynamodb_row *row)
{
    struct view name;
    *row = (struct dynamodb_row){.version = 0};
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "key"))
            row->has_key = read_attribute(r, "S", &t->key);
        else if (view_is(name, "item"))
            row->has_json = read_attribute(r, "S", &t->json);
        else if (view_is(name, "version"))
            row->version = read_attribute(r, "N", &t->number) ? number_of(str_view(&t->number)) : 0;
        else
            json_skip(r);
    }
    row->key = row->has_key ? str_view(&t->key) : view_make(NULL, 0);
    row->json = row->has_json ? str_view(&t->json) : view_make(NULL, 0);
}

static void row_text_free(struct row_text *t)
{
    str_free(&t->key);
    str_free(&t->json);
    str_free(&t->number);
}

/* ---- whole answers --------------------------------------------------------------------------- */

/* Ends the reading of a whole answer; false with *err when it was not understood. */
static bool finish(struct json_reader *r, struct error *err)
{
    json_expect_end(r);
    bool ok = !json_failed(r);
    if (!ok)
        error_set(err, "DynamoDB's answer is not understood: %s at byte %zu", r->problem,
                  json_offset(r));
    json_reader_done(r);
    return ok;
}

bool dynamodb_answer_page(struct view body, void (*each)(void *arg, const struct dynamodb_row *row),
                          void *arg, struct str *last_key, struct error *err)
{
    struct row_text text = {{0}, {0}, {0}};
    struct dynamodb_row row;
    struct json_reader r;
    struct view name;
    json_reader_init(&r, body);
    str_clear(last_key);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "Items")) {
            for (json_array_begin(&r); json_array_next(&r);) {
                read_row(&r, &text, &row);
                if (!json_failed(&r))
                    each(arg, &row);
            }
        } else if (view_is(name, "LastEvaluatedKey") && !json_read_null(&r)) {
            str_clear(last_key);
            str_append(last_key, json_read_raw(&r));
        } else if (!view_is(name, "LastEvaluatedKey")) {
            json_skip(&r);
        }
    }
    row_text_free(&text);
    return finish(&r, err);
}

bool dynamodb_answer_row(struct view body, bool *found, int64_t *version, struct error *err)
{
    struct row_text text = {{0}, {0}, {0}};
    struct dynamodb_row row;
    struct json_reader r;
    struct view name;
    *found = false;
    *version = 0;
    json_reader_init(&r, body);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "Item") && json_peek(&r) == JSON_OBJECT) {
            read_row(&r, &text, &row);
            *found = true;
            *version = row.version;
        } else {
            json_skip(&r);
        }
    }
    row_text_free(&text);
    return finish(&r, err);
}

/* {} is nothing. */
static bool has_members(struct view raw)
{
    struct json_reader r;
    struct view name;
    json_reader_init(&r, raw);
    json_object_begin(&r);
    bool any = json_object_next(&r, &name);
    json_reader_done(&r);
    return any;
}

bool dynamodb_answer_unprocessed(struct view body, struct view *raw, struct error *err)
{
    struct json_reader r;
    struct view name;
    *raw = view_make(NULL, 0);
    json_reader_init(&r, body);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "UnprocessedItems") && json_peek(&r) == JSON_OBJECT)
            *raw = json_read_raw(&r);
        else
            json_skip(&r);
    }
    if (raw->len > 0 && !has_members(*raw))
        raw->len = 0;
    return finish(&r, err);
}

/* "com.amazonaws.dynamodb.v20120810#ThrottlingException:http://..." -> "ThrottlingException" */
static void append_name(struct view type, struct str *out)
{
    struct view rest = type;
    struct view name = view_take_until(&rest, "#");
    if (rest.len > 0)
        name = view_from(rest, 1);
    str_append(out, view_take_until(&name, ":"));
}

void dynamodb_answer_failure(struct view body, struct str *name, struct str *message)
{
    struct json_reader r;
    struct view member;
    struct str type = {0};
    json_reader_init(&r, body);
    for (json_object_begin(&r); json_object_next(&r, &member);) {
        bool is_text = json_peek(&r) == JSON_STRING;
        if (is_text && view_is(member, "__type"))
            json_read_string(&r, &type);
        else if (is_text && view_equal_nocase(member, VIEW_LITERAL("message")))
            json_read_string(&r, message);
        else
            json_skip(&r);
    }
    json_reader_done(&r);
    append_name(str_view(&type), name);
    str_free(&type);
}
