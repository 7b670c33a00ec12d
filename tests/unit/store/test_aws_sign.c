/* Signatures of AWS: the vectors that AWS publishes, and what its own Python client computes. */
#include "store/aws_sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WALL_MS INT64_C(1440938160000) /* 2015-08-30 12:36:00 */
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SCOPE_OF(service) "Credential=AKIDEXAMPLE/20150830/us-east-1/" service "/aws4_request"

static void hash_of(const char *text, char out[static AWS_HASH_SIZE])
{
    aws_hash(view_of(text), out);
}

/* The suite of vectors in AWS's documentation of signature version 4, by its names. */
static void published_vectors_are_met(void **state)
{
    static const struct {
        const char *name;
        const char *method;
        const char *path;
        const char *query;
        const char *header;
        const char *value;
        const char *payload;
        const char *names;
        const char *signature;
    } rows[] = {
        {"get-vanilla", "GET", "/", "", NULL, "", "", "host;x-amz-date",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"post-vanilla", "POST", "/", "", NULL, "", "", "host;x-amz-date",
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"get-vanilla-query-order-key-case", "GET", "/", "Param1=value1&Param2=value2", NULL, "",
         "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-utf8", "GET", "/%E1%88%B4", "", NULL, "", "", "host;x-amz-date",
         "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {"post-header-key-sort", "POST", "/", "", "my-header1", "value1", "",
         "host;my-header1;x-amz-date",
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
        {"post-x-www-form-urlencoded", "POST", "/", "", "content-type",
         "application/x-www-form-urlencoded", "Param1=value1", "content-type;host;x-amz-date",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_key key = aws_key_make("AKIDEXAMPLE", SECRET, NULL);
        struct aws_header header = {rows[i].header, view_of(rows[i].value)};
        char hash[AWS_HASH_SIZE];
        struct str got = {0};
        struct str want = {0};
        hash_of(rows[i].payload, hash);
        struct aws_request r = {.region = "us-east-1",
                                .service = "service",
                                .wall_ms = WALL_MS,
                                .method = rows[i].method,
                                .host = VIEW_LITERAL("example.amazonaws.com"),
                                .path = view_of(rows[i].path),
                                .query = view_of(rows[i].query),
                                .headers = &header,
                                .header_count = header.name != NULL,
                                .payload_hash = hash};
        aws_sign(&r, &key, &got);
        str_append_format(
            &want, "AWS4-HMAC-SHA256 " SCOPE_OF("service") ", SignedHeaders=%s, Signature=%s",
            rows[i].names, rows[i].signature);
        if (strcmp(str_text(&got), str_text(&want)) != 0)
            fail_msg("%s: %s", rows[i].name, str_text(&got));
        str_free(&got);
        str_free(&want);
        aws_key_clear(&key);
    }
}

/* Values of botocore 1.43.11. */
static void a_request_to_dynamodb_is_signed_as_aws_clients_do(void **state)
{
    static const struct {
        const char *token;
        const char *want;
    } rows[] = {
        {"", "content-type;host;x-amz-date;x-amz-target, "
             "Signature=7e668b85adb6c6411b9ed05a3463dc09da78ad64185480aafbf9dd14221e6e8e"},
        {"IQoJb3/+=token",
         "content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
         "Signature=f9ba65c8e9c0828848215ba866f76f58f1d3d30656d695f2195ede55c2c50266"},
    };
    static const struct aws_header headers[] = {
        {"x-amz-target", VIEW_LITERAL("DynamoDB_20120810.Query")},
        {"content-type", VIEW_LITERAL("application/x-amz-json-1.0")}};
    char hash[AWS_HASH_SIZE];
    (void)state;
    hash_of("{\"TableName\":\"t\"}", hash);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_key key =
            aws_key_make(i == 0 ? "AKIDEXAMPLE" : "ASIAEXAMPLE", SECRET, rows[i].token);
        struct str got = {0};
        struct aws_request r = {.region = "us-east-1",
                                .service = "dynamodb",
                                .wall_ms = WALL_MS,
                                .method = "POST",
                                .host = VIEW_LITERAL("localhost:8000"),
                                .path = VIEW_LITERAL("/"),
                                .headers = headers,
                                .header_count = 2,
                                .payload_hash = hash};
        aws_sign(&r, &key, &got);
        assert_non_null(strstr(str_text(&got), rows[i].want));
        assert_null(strstr(str_text(&got), SECRET));
        str_free(&got);
        aws_key_clear(&key);
    }
}

/* Checklist 69; values of botocore 1.43.11. */
static void the_token_of_a_cache_is_a_presigned_url(void **state)
{
    static const struct {
        bool serverless;
        const char *id;
        const char *token;
        const char *want;
    } rows[] = {
        {false, "AKIDEXAMPLE", "",
         "my-cache/?Action=connect&User=iam-user&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
         "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Felasticache%2Faws4_request&X-Amz-Date="
         "20150830T123600Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature="
         "9d4bf48278bfaf9848fd3cc397dc2a9e471991e84f6a022ccf18ece4ae03ede8"},
        {true, "ASIAEXAMPLE", "IQoJb3/+=token",
         "my-cache/?Action=connect&ResourceType=ServerlessCache&User=iam-user&X-Amz-Algorithm="
         "AWS4-HMAC-SHA256&X-Amz-Credential="
         "ASIAEXAMPLE%2F20150830%2Fus-east-1%2Felasticache%2Faws4_request&X-Amz-Date="
         "20150830T123600Z&X-Amz-Expires=900&X-Amz-Security-Token=IQoJb3%2F%2B%3Dtoken&"
         "X-Amz-SignedHeaders=host&X-Amz-Signature="
         "16f1222175f76030b2460e55a5cae429d3167b8b5d14ce52d29c913c6ed19b36"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_key key = aws_key_make(rows[i].id, SECRET, rows[i].token);
        struct aws_cache cache = {"us-east-1", "my-cache", "iam-user", rows[i].serverless};
        struct str got = {0};
        aws_cache_token(&cache, &key, WALL_MS, &got);
        assert_string_equal(str_text(&got), rows[i].want);
        str_free(&got);
        aws_key_clear(&key);
    }
}

/* A value's blanks count once; the signature is that of the tidy value. */
static void blanks_in_a_header_do_not_matter(void **state)
{
    struct str texts[2] = {{0}, {0}};
    char hash[AWS_HASH_SIZE];
    (void)state;
    hash_of("", hash);
    for (size_t i = 0; i < 2; i++) {
        struct aws_key key = aws_key_make("AKIDEXAMPLE", SECRET, NULL);
        struct aws_header header = {"my-header1", view_of(i == 0 ? "a b c" : "  a   b c ")};
        struct aws_request r = {.region = "us-east-1",
                                .service = "service",
                                .wall_ms = WALL_MS,
                                .method = "GET",
                                .host = VIEW_LITERAL("example.amazonaws.com"),
                                .path = VIEW_LITERAL("/"),
                                .headers = &header,
                                .header_count = 1,
                                .payload_hash = hash};
        aws_sign(&r, &key, &texts[i]);
        aws_key_clear(&key);
    }
    assert_string_equal(str_text(&texts[0]), str_text(&texts[1]));
    str_free(&texts[0]);
    str_free(&texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_are_met),
        cmocka_unit_test(a_request_to_dynamodb_is_signed_as_aws_clients_do),
        cmocka_unit_test(the_token_of_a_cache_is_a_presigned_url),
        cmocka_unit_test(blanks_in_a_header_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
