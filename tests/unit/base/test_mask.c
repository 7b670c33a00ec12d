/* How secrets are shown: telemetry.md 8.4, status.md 3 (checklist 14, 15) and 6 (17, 37). */
#include "base/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    const char *secret;
    const char *shown;
    const char *why;
};

static void check_rows(const struct row *rows, size_t count,
                       void (*mask)(struct view text, struct str *out))
{
    for (size_t i = 0; i < count; i++) {
        struct str out = {0};
        str_append_text(&out, "before ");
        mask(view_of(rows[i].secret), &out);
        if (strcmp(str_text(&out) + strlen("before "), rows[i].shown) != 0)
            fail_msg("%s: \"%s\" is shown as \"%s\"", rows[i].why, rows[i].secret, str_text(&out));
        str_free(&out);
    }
}

static void mask_tail(struct view key, struct str *out)
{
    char tail[8];
    mask_key_tail(key, tail);
    str_append_text(out, tail);
}

static void key_tails(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"sdk-98e2b0b4-2688-4a59-9810-1e0e3d7e42d0", "...42d0", "a real key"},
        {"12345", "...2345", "one more than is shown"},
        {"1234", "****", "would be shown whole"},
        {"1", "****", "short"},
        {"", "****", "empty"},
    };
    check_rows(rows, ARRAY_LEN(rows), mask_tail);
}

static void keys_in_status(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"sdk-98e2b0b4-2688-4a59-9810-1e0e3d7e42d0", "sdk-********-****-****-****-*******e42d0",
         "14"},
        {"mob-98e2b0b4-2688-4a59-9810-1e0e3d7e42d1", "mob-********-****-****-****-*******e42d1",
         "14"},
        {"def01234-56-789abc", "********-**-*89abc", "14: no prefix"},
        {"sdk-def01234-56-789abc", "sdk-********-**-*89abc", "14: short"},
        {"89abc", "89abc", "14: nothing before the tail"},
        {"sdk-9abc", "sdk-9abc", "14: shorter than the tail"},
        {"", "", "14: empty"},
        {"sdk-my-test-key-0001", "sdk-**-****-***-0001", "15: other letters"},
        {"rel-sdk-12345678", "rel-sdk-***45678", "prefixes in a row are all kept"},
        {"SDK-12345678", "***-***45678", "a prefix is lower case"},
        {"sdk-", "sdk-", "prefix alone"},
        {"a\xC3\xA4"
         "bcdef0",
         "*\xC3\xA4*cdef0", "bytes that are neither letter nor digit stay"},
    };
    check_rows(rows, ARRAY_LEN(rows), mask_key_status);
}

static void urls(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"redis://h:6379", "redis://h:6379", "6: no secret"},
        {"redis://:pw@h:6379/2", "redis://:xxxxx@h:6379/2", "17: password alone"},
        {"rediss://user:pw@h", "rediss://user:xxxxx@h", "6: user and password"},
        {"redis://secret@h", "redis://xxxxx@h", "17: a user alone is the password for Redis"},
        {"redis://secret:@h", "redis://xxxxx@h", "an empty password leaves a user alone"},
        {"redis://:@h", "redis://:xxxxx@h", "both empty"},
        {"redis://@h", "redis://@h", "nothing to hide"},
        {"redis://u:p:q@h", "redis://u:xxxxx@h", "colon in the password"},
        {"redis://u:p@q@h", "redis://u:xxxxx@h", "@ in the password"},
        {"redis://u:p/q@h/2", "redis://u:xxxxx@h/2", "slash in the password"},
        {"redis://u:p?q#r@h", "redis://u:xxxxx@h", "? and # in the password"},
        {"redis://u@v:p/q@h/2", "redis://u@v:xxxxx@h/2", "@ in the user name, slash behind it"},
        {"http://h/a@b", "http://h/a@b", "@ in a path"},
        {"http://h:80/a@b", "http://h:80/a@b", "@ in a path, with a port"},
        {"http://[::1]:80/a@b", "http://[::1]:80/a@b", "IPv6 address"},
        {"http://[::1]/a@b", "http://[::1]/a@b", "IPv6 address without port"},
        {"redis-sentinel://u:p@h1:26379,h2:26379/M", "redis-sentinel://u:xxxxx@h1:26379,h2:26379/M",
         "several hosts"},
        {"redis-cluster://u:p@h1:1,u:p@h2:2", "redis-cluster://u:xxxxx@h2:2", "several passwords"},
        {"unix://:pw@/run/redis.sock", "unix://:xxxxx@/run/redis.sock", "no host"},
        {"http://h?token=abc", "http://h?token=xxxxx", "37: token"},
        {"http://h/p?a=1&password=abc&b=2", "http://h/p?a=1&password=xxxxx&b=2", "in the middle"},
        {"http://h?auth=a=b&AUTH=c", "http://h?auth=xxxxx&AUTH=xxxxx", "twice, = in the value"},
        {"http://h?a=1;Token=x#f", "http://h?a=1;Token=xxxxx#f", "semicolon, fragment behind it"},
        {"http://h?tokens=abc&xtoken=1", "http://h?tokens=abc&xtoken=1", "other names"},
        {"http://h?token", "http://h?token", "no value"},
        {"http://h?token=", "http://h?token=xxxxx", "empty value: does not say so"},
        {"http://h#token=abc", "http://h#token=abc", "fragment"},
        {"http://u:p@h?token=a", "http://u:xxxxx@h?token=xxxxx", "both"},
        {"consul:8500", "consul:8500", "no URL"},
        {"u:pw@consul:8500", "u:xxxxx@consul:8500", "no scheme, but a password"},
        {"/var/lib/flag@relay.db", "/var/lib/flag@relay.db", "a file"},
        {"/a:b@c", "/a:b@c", "a file that looks like user:password"},
        {"flag@relay.db", "flag@relay.db", "a file without a folder"},
        {"://u:p@h", "://u:xxxxx@h", "empty scheme"},
        {"", "", "empty"},
        {"@", "@", "nothing but @"},
    };
    check_rows(rows, ARRAY_LEN(rows), mask_url);
}

static void authorization(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"sdk-0123456789abcd", "*9abcd", "last 5"},
        {"123456", "*23456", "one more than is shown"},
        {"12345", "*", "would be shown whole"},
        {"abcd", "*", "telemetry 43: 4 characters"},
        {"", "n/a", "absent"},
    };
    check_rows(rows, ARRAY_LEN(rows), mask_authorization);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_tails),
        cmocka_unit_test(keys_in_status),
        cmocka_unit_test(urls),
        cmocka_unit_test(authorization),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
