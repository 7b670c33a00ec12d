/* Any answer of Consul: entries that can be encoded again to what was decoded, or an error.
 *
 * Input: what it is taken for (one byte), the answer.
 */
#include "store/consul_answer.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value that was decoded has a form of at most the length of the text it came from. */
static void entry_check(void *arg, const struct consul_entry *e)
{
    const size_t *size = arg;
    struct str again = {0};
    if (e->value.len > *size / 4 * 3 || e->key.len > *size * 3 || e->index.len > 20)
        abort();
    str_reserve(&again, (e->value.len + 2) / 3 * 4);
    int len = EVP_EncodeBlock((unsigned char *)again.data, (const unsigned char *)e->value.data,
                              (int)e->value.len);
    if (len < 0 || (size_t)len > *size)
        abort();
    str_free(&again);
    for (size_t i = 0; i < e->index.len; i++) {
        if (e->index.data[i] < '0' || e->index.data[i] > '9')
            abort();
    }
}

static void key_check(void *arg, struct view key)
{
    const size_t *size = arg;
    if (key.len > *size * 3)
        abort();
}

static void must_say_why(bool whole, const struct error *err)
{
    if (!whole && err->text[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    struct str text = {0};
    if (size == 0)
        return 0;
    struct view json = view_make((const char *)data + 1, size - 1);
    if (data[0] % 3 == 0)
        must_say_why(consul_entries_read(json, entry_check, &size, &err), &err);
    else if (data[0] % 3 == 1)
        must_say_why(consul_keys_read(json, key_check, &size, &err), &err);
    else
        consul_refusal_append(json, &text);
    str_free(&text);
    return 0;
}
