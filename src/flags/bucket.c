/* flags/bucket.c - the hash that spreads contexts over a rollout (evaluation.md 7). */

/* One hash in three flags of a typical environment: OpenSSL's own low-level functions take 60 ns,
 * its EVP functions with everything prepared 115 ns. */
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
static float bucket_of(const unsigned char hash[static SHA_DIGEST_LENGTH])
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | hash[i];
    return (float)(bits >> 4) / 0x1p60F;
}

static void hash_add(SHA_CTX *sha, struct view text)
{
    if (text.len != 0)
        (void)SHA1_Update(sha, text.data, text.len);
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
    unsigned char hash[SHA_DIGEST_LENGTH];
    SHA_CTX sha;
    (void)SHA1_Init(&sha);
    hash_add(&sha, rollout->prefix);
    hash_add(&sha, text);
    if (part->has_secondary && !rollout->experiment) {
        hash_add(&sha, VIEW_LITERAL("."));
        hash_add(&sha, part->secondary);
    }
    (void)SHA1_Final(hash, &sha);
    *bucket = bucket_of(hash);
    return BUCKET_FOUND;
}
