/* flags/bucket.c - the hash that spreads contexts over a rollout (evaluation.md 7). */

/* There is a hash for every rollout in every request, and OpenSSL's low-level functions take half
 * the time of its EVP functions, even when for those everything is prepared. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "flags/evaluate_private.h"

#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>

/* The text that is hashed for an attribute; false when it is of no use. */
static bool value_text(const struct value *v, char digits[static 32], struct view *out)
{
    if (v != NULL && v->type == JSON_STRING) {
        *out = v->is.text;
        return true;
    }
    if (v == NULL || v->type != JSON_NUMBER)
        return false;
    double number = v->is.number;
    if (!(number >= -0x1p63 && number < 0x1p63) || number != trunc(number))
        return false;
    int len = snprintf(digits, 32, "%lld", (long long)number);
    *out = view_make(digits, (size_t)len);
    return true;
}

/* The first 60 bits, rounded to f32 at once: a detour over f64 gives other values. */
static float bucket_of(uint64_t hash)
{
    return (float)(hash >> 4) / 0x1p60F;
}

/* The first half of the hash of a text that fits into one block of SHA-1 with its padding. */
static uint64_t short_hash(unsigned char block[static SHA_CBLOCK], size_t len)
{
    SHA_CTX sha;
    (void)SHA1_Init(&sha);
    memset(block + len, 0, SHA_CBLOCK - len);
    block[len] = 0x80;
    block[SHA_CBLOCK - 2] = (unsigned char)(len >> 5);
    block[SHA_CBLOCK - 1] = (unsigned char)(len << 3);
    SHA1_Transform(&sha, block);
    return (uint64_t)sha.h0 << 32 | sha.h1;
}

static uint64_t long_hash(const struct view *parts, size_t count)
{
    unsigned char hash[SHA_DIGEST_LENGTH];
    uint64_t half = 0;
    SHA_CTX sha;
    (void)SHA1_Init(&sha);
    for (size_t i = 0; i < count; i++)
        (void)SHA1_Update(&sha, parts[i].data, parts[i].len);
    (void)SHA1_Final(hash, &sha);
    for (size_t i = 0; i < sizeof half; i++)
        half = half << 8 | hash[i];
    return half;
}

/* Over the parts one behind the other. Nearly all texts are short, and for those OpenSSL's
 * bookkeeping costs twice as much as the hash. */
static uint64_t hash_of(const struct view *parts, size_t count)
{
    unsigned char block[SHA_CBLOCK];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > SHA_CBLOCK - 9 - len)
            return long_hash(parts, count);
        memcpy(block + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return short_hash(block, len);
}

enum bucket_result evaluate_bucket(const struct evaluator *e,
                                   const struct compiled_rollout *rollout, float *bucket)
{
    *bucket = 0;
    if (!rollout->experiment && rollout->bucket_by.problem > REFERENCE_UNDEFINED)
        return BUCKET_INVALID;
    const struct context_part *part =
        evaluator_part(e, rollout->context_kind, rollout->kind_is_user);
    if (part == NULL)
        return BUCKET_NO_KIND;
    char digits[32];
    struct view text = part->key;
    bool by_key = rollout->experiment || rollout->bucket_by.problem == REFERENCE_UNDEFINED;
    if (!by_key && !value_text(context_part_resolve(part, &rollout->bucket_by), digits, &text))
        return BUCKET_FOUND;
    bool with_secondary = part->has_secondary && !rollout->experiment;
    const struct view parts[] = {rollout->prefix, text, VIEW_LITERAL("."), part->secondary};
    *bucket = bucket_of(hash_of(parts, with_secondary ? ARRAY_LEN(parts) : 2));
    return BUCKET_FOUND;
}
