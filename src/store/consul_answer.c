/* store/consul_answer.c - see consul_answer.h. */
#include "store/consul_answer.h"

#include "base/json_reader.h"

#include <limits.h>
#include <openssl/evp.h>

#define INDEX_DIGITS 20

/* The texts of one entry; their memory is used again for the next. */
struct entry_texts {
    struct str key;
    struct str base64;
    struct str value;
    struct view index;
};

static bool all_digits(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.len > 0 && text.len <= INDEX_DIGITS;
}

/* False when it is no base64. */
static bool decode(struct view base64, struct str *out)
{
    str_clear(out);
    if (base64.len == 0)
        return true;
    if (base64.len % 4 != 0 || base64.len > INT_MAX)
        return false;
    str_reserve(out, base64.len / 4 * 3);
    int len = EVP_DecodeBlock((unsigned char *)out->data, (const unsigned char *)base64.data,
                              (int)base64.len);
    if (len < 0 || (size_t)len != base64.len / 4 * 3)
        return false;
    out->len = (size_t)len;
    for (size_t i = 1; i <= 2; i++)
        out->len -= base64.data[base64.len - i] == '=' ? 1 : 0;
    out->data[out->len] = '\0';
    return true;
}

/* Where there may be null, or nothing at all. */
static void read_text(struct json_reader *r, struct str *out)
{
    str_clear(out);
    if (!json_read_null(r))
        json_read_string(r, out);
}

static void entry_read(struct json_reader *r, struct entry_texts *e)
{
    struct view name;
    str_clear(&e->key);
    str_clear(&e->base64);
    e->index = view_of("");
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "Key"))
            read_text(r, &e->key);
        else if (view_is(name, "Value"))
            read_text(r, &e->base64);
        else if (view_is(name, "ModifyIndex"))
            e->index = json_read_raw(r);
        else
            json_skip(r);
    }
    if (json_failed(r))
        return;
    if (e->index.len > 0 && !all_digits(e->index))
        json_fail(r, "\"ModifyIndex\" is no index");
    else if (!decode(str_view(&e->base64), &e->value))
        json_fail(r, "\"Value\" is no base64");
}

/* True when all of it was read. */
static bool read_whole(struct json_reader *r, struct error *err)
{
    json_expect_end(r);
    bool whole = !json_failed(r);
    if (!whole)
        error_set(err, "Consul's answer is not understood: %s at offset %zu", r->problem,
                  json_offset(r));
    json_reader_done(r);
    return whole;
}

bool consul_entries_read(struct view json, void (*each)(void *arg, const struct consul_entry *e),
                         void *arg, struct error *err)
{
    struct entry_texts texts = {0};
    struct json_reader r;
    json_reader_init(&r, json);
    for (json_array_begin(&r); json_array_next(&r);) {
        entry_read(&r, &texts);
        struct consul_entry entry = {str_view(&texts.key), str_view(&texts.value), texts.index};
        if (!json_failed(&r))
            each(arg, &entry);
    }
    str_free(&texts.key);
    str_free(&texts.base64);
    str_free(&texts.value);
    return read_whole(&r, err);
}

bool consul_keys_read(struct view json, void (*each)(void *arg, struct view key), void *arg,
                      struct error *err)
{
    struct str key = {0};
    struct json_reader r;
    json_reader_init(&r, json);
    for (json_array_begin(&r); json_array_next(&r);) {
        str_clear(&key);
        json_read_string(&r, &key);
        if (!json_failed(&r))
            each(arg, str_view(&key));
    }
    str_free(&key);
    return read_whole(&r, err);
}

static void refusal_read(struct json_reader *r, struct str *out)
{
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (!view_is(name, "What")) {
            json_skip(r);
            continue;
        }
        str_append_text(out, out->len > 0 ? ", " : "");
        json_read_string(r, out);
    }
}

void consul_refusal_append(struct view json, struct str *out)
{
    struct json_reader r;
    struct view name;
    json_reader_init(&r, json);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (!view_is(name, "Errors") || json_peek(&r) != JSON_ARRAY) {
            json_skip(&r);
            continue;
        }
        for (json_array_begin(&r); json_array_next(&r);)
            refusal_read(&r, out);
    }
    json_reader_done(&r);
}
