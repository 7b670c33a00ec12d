/* store/aws_sign.c - see aws_sign.h. */
#include "store/aws_sign.h"

#include "base/percent.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DAY_LENGTH 8 /* of a time's text */
#define CACHE_TOKEN_SECONDS 900

static void print_hex(const unsigned char hash[static SHA256_DIGEST_LENGTH],
                      char out[static AWS_HASH_SIZE])
{
    hex_write(hash, AWS_HASH_SIZE - 1, out);
    out[AWS_HASH_SIZE - 1] = '\0';
}

void aws_hash(struct view text, char out[static AWS_HASH_SIZE])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    (void)SHA256((const unsigned char *)text.data, text.len, hash);
    print_hex(hash, out);
}

void aws_time(int64_t wall_ms, char out[static AWS_TIME_SIZE])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm t = {0};
    (void)gmtime_r(&seconds, &t);
    if (strftime(out, AWS_TIME_SIZE, "%Y%m%dT%H%M%SZ", &t) == 0)
        out[0] = '\0'; /* beyond the year 9999 */
}

/* ---- the key of a signature ------------------------------------------------------------------ */

static void hmac(const unsigned char *key, size_t key_len, struct view text,
                 unsigned char out[static SHA256_DIGEST_LENGTH])
{
    unsigned len = SHA256_DIGEST_LENGTH;
    (void)HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.data, text.len, out,
               &len);
}

/* HMAC by HMAC: the secret, the day, the region, the service, the end. */
static void sign_text(const struct aws_request *r, const char *secret, const char *time,
                      struct view text, char out[static AWS_HASH_SIZE])
{
    const struct view steps[] = {view_make(time, DAY_LENGTH), view_of(r->region),
                                 view_of(r->service), VIEW_LITERAL("aws4_request"), text};
    unsigned char hash[SHA256_DIGEST_LENGTH];
    struct str first = {0};
    str_append_text(&first, "AWS4");
    str_append_text(&first, secret);
    hmac((const unsigned char *)first.data, first.len, steps[0], hash);
    OPENSSL_cleanse(first.data, first.len);
    str_free(&first);
    for (size_t i = 1; i < ARRAY_LEN(steps); i++) {
        unsigned char next[SHA256_DIGEST_LENGTH];
        hmac(hash, sizeof hash, steps[i], next);
        memcpy(hash, next, sizeof hash);
        OPENSSL_cleanse(next, sizeof next);
    }
    print_hex(hash, out);
    OPENSSL_cleanse(hash, sizeof hash);
}

static void append_scope(const struct aws_request *r, const char *time, const char *separator,
                         struct str *out)
{
    str_append(out, view_make(time, DAY_LENGTH));
    str_append_text(out, separator);
    str_append_text(out, r->region);
    str_append_text(out, separator);
    str_append_text(out, r->service);
    str_append_text(out, separator);
    str_append_text(out, "aws4_request");
}

/* ---- the canonical request ------------------------------------------------------------------- */

struct signed_headers {
    struct aws_header each[AWS_SIGNED_HEADERS_MAX];
    size_t count;
};

/* Kept in the order of their names. */
static void header_add(struct signed_headers *h, const char *name, struct view value)
{
    size_t at = h->count++;
    for (; at > 0 && strcmp(h->each[at - 1].name, name) > 0; at--)
        h->each[at] = h->each[at - 1];
    h->each[at] = (struct aws_header){name, value};
}

static void append_names(const struct signed_headers *h, struct str *out)
{
    for (size_t i = 0; i < h->count; i++) {
        str_append_text(out, i > 0 ? ";" : "");
        str_append_text(out, h->each[i].name);
    }
}

/* Without blanks at both ends; several in a row count as one. */
static void append_value(struct view value, struct str *out)
{
    value = view_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (i == 0 || value.data[i] != ' ' || value.data[i - 1] != ' ')
            str_append_char(out, value.data[i]);
    }
}

static void append_canonical(const struct aws_request *r, struct view query,
                             const struct signed_headers *h, struct str *out)
{
    str_append_format(out, "%s\n%.*s\n", r->method, VIEW_ARGS(r->path));
    str_append(out, query);
    str_append_char(out, '\n');
    for (size_t i = 0; i < h->count; i++) {
        str_append_format(out, "%s:", h->each[i].name);
        append_value(h->each[i].value, out);
        str_append_char(out, '\n');
    }
    str_append_char(out, '\n');
    append_names(h, out);
    str_append_format(out, "\n%s", r->payload_hash);
}

static void make_signature(const struct aws_request *r, const struct aws_key *key,
                           struct view query, const struct signed_headers *h,
                           char out[static AWS_HASH_SIZE])
{
    char time[AWS_TIME_SIZE];
    char hash[AWS_HASH_SIZE];
    struct str text = {0};
    aws_time(r->wall_ms, time);
    append_canonical(r, query, h, &text);
    aws_hash(str_view(&text), hash);
    OPENSSL_cleanse(text.data, text.len); /* it may hold a session token */
    str_clear(&text);
    str_append_format(&text, ALGORITHM "\n%s\n", time);
    append_scope(r, time, "/", &text);
    str_append_format(&text, "\n%s", hash);
    sign_text(r, key->secret, time, str_view(&text), out);
    str_free(&text);
}

void aws_sign(const struct aws_request *r, const struct aws_key *key, struct str *out)
{
    char time[AWS_TIME_SIZE];
    char signature[AWS_HASH_SIZE];
    struct signed_headers h = {.count = 0};
    aws_time(r->wall_ms, time);
    for (size_t i = 0; i < r->header_count; i++)
        header_add(&h, r->headers[i].name, r->headers[i].value);
    header_add(&h, "host", r->host);
    header_add(&h, "x-amz-date", view_of(time));
    if (key->token[0] != '\0')
        header_add(&h, "x-amz-security-token", view_of(key->token));
    make_signature(r, key, r->query, &h, signature);
    str_append_format(out, ALGORITHM " Credential=%s/", key->id);
    append_scope(r, time, "/", out);
    str_append_text(out, ", SignedHeaders=");
    append_names(&h, out);
    str_append_format(out, ", Signature=%s", signature);
}

void aws_presign(const struct aws_request *r, const struct aws_key *key, unsigned seconds,
                 struct str *out)
{
    char time[AWS_TIME_SIZE];
    char signature[AWS_HASH_SIZE];
    struct signed_headers h = {.count = 0};
    struct str query = {0};
    aws_time(r->wall_ms, time);
    header_add(&h, "host", r->host);
    str_append(&query, r->query);
    str_append_format(
        &query, "%sX-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=", query.len > 0 ? "&" : "");
    percent_encode(view_of(key->id), &query);
    str_append_text(&query, "%2F");
    append_scope(r, time, "%2F", &query);
    str_append_format(&query, "&X-Amz-Date=%s&X-Amz-Expires=%u", time, seconds);
    if (key->token[0] != '\0') {
        str_append_text(&query, "&X-Amz-Security-Token=");
        percent_encode(view_of(key->token), &query);
    }
    str_append_text(&query, "&X-Amz-SignedHeaders=host");
    make_signature(r, key, str_view(&query), &h, signature);
    str_append(out, str_view(&query));
    str_append_format(out, "&X-Amz-Signature=%s", signature);
    OPENSSL_cleanse(query.data, query.len);
    str_free(&query);
}

void aws_cache_token(const struct aws_cache *c, const struct aws_key *key, int64_t wall_ms,
                     struct str *out)
{
    char nothing[AWS_HASH_SIZE];
    struct str query = {0};
    aws_hash(VIEW_LITERAL(""), nothing);
    str_append_text(&query, "Action=connect");
    if (c->serverless)
        str_append_text(&query, "&ResourceType=ServerlessCache");
    str_append_text(&query, "&User=");
    percent_encode(view_of(c->user), &query);
    struct aws_request r = {.region = c->region,
                            .service = "elasticache",
                            .wall_ms = wall_ms,
                            .method = "GET",
                            .host = view_of(c->cache),
                            .path = VIEW_LITERAL("/"),
                            .query = str_view(&query),
                            .payload_hash = nothing};
    str_append_format(out, "%s/?", c->cache);
    aws_presign(&r, key, CACHE_TOKEN_SECONDS, out);
    str_free(&query);
}
