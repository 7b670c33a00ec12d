/* store/consul_transaction.c - see consul_transaction.h. */
#include "store/consul_transaction.h"

#include "base/json_writer.h"

#include <openssl/evp.h>

static size_t base64_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

static void base64_append(struct view value, struct str *out)
{
    str_reserve(out, base64_len(value.len));
    out->len += (size_t)EVP_EncodeBlock((unsigned char *)out->data + out->len,
                                        (const unsigned char *)value.data, (int)value.len);
}

/* Where the operation begins, to take it back. */
static size_t begin(struct consul_transaction *t, const char *verb, struct view key)
{
    size_t start = t->body.len;
    str_append_char(&t->body, t->count == 0 ? '[' : ',');
    str_append_format(&t->body, "{\"KV\":{\"Verb\":\"%s\",\"Key\":", verb);
    json_write_string(&t->body, key);
    return start;
}

/* `more` bytes and the end of the list are still to come. */
static bool fits(struct consul_transaction *t, size_t start, size_t more)
{
    if (t->count < CONSUL_TRANSACTION_OPERATIONS &&
        t->body.len + more + 1 <= CONSUL_TRANSACTION_BYTES)
        return true;
    t->body.len = start;
    return false;
}

bool consul_transaction_set(struct consul_transaction *t, struct view key, struct view value,
                            struct view index)
{
    size_t start = begin(t, index.len > 0 ? "cas" : "set", key);
    if (index.len > 0)
        str_append_format(&t->body, ",\"Index\":%.*s", VIEW_ARGS(index));
    str_append_text(&t->body, ",\"Value\":\"");
    if (!fits(t, start, base64_len(value.len) + 3))
        return false;
    base64_append(value, &t->body);
    str_append_text(&t->body, "\"}}");
    t->count++;
    return true;
}

bool consul_transaction_delete(struct consul_transaction *t, struct view key)
{
    size_t start = begin(t, "delete", key);
    if (!fits(t, start, 2))
        return false;
    str_append_text(&t->body, "}}");
    t->count++;
    return true;
}

struct buf *consul_transaction_finish(struct consul_transaction *t)
{
    str_append_char(&t->body, ']');
    struct buf *body = str_to_buf(&t->body);
    str_free(&t->body);
    t->count = 0;
    return body;
}
