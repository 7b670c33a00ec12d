/* Where Consul is, and how keys are written in a URL (data-store.md 3.3). */
#include "harness.h"

#include "store/consul_address.h"

static const struct {
    const char *text;
    bool tls;
    const char *base; /* NULL: refused */
    const char *unix_path;
    bool no_port;
    const char *problem;
} addresses[] = {
    {"localhost", false, "http://localhost/v1", NULL, true, NULL},
    {"localhost:8500", false, "http://localhost:8500/v1", NULL, false, NULL},
    {"localhost:8500", true, "https://localhost:8500/v1", NULL, false, NULL},
    {"http://h", false, "http://h/v1", NULL, true, NULL},
    {"http://h:1/", true, "https://h:1/v1", NULL, false, NULL},
    {"HTTPS://h/a/b//", false, "https://h/a/b/v1", NULL, true, NULL},
    {"h/a", false, "http://h/a/v1", NULL, true, NULL},
    {"[::1]:8500", false, "http://[::1]:8500/v1", NULL, false, NULL},
    {"[::1]", false, "http://[::1]/v1", NULL, true, NULL},
    {"https://user:pw@h/", false, "https://user:pw@h/v1", NULL, true, NULL},
    {"https://user:pw@h:2", false, "https://user:pw@h:2/v1", NULL, false, NULL},
    {"unix:///run/consul.sock", false, "http://localhost/v1", "/run/consul.sock", false, NULL},
    {"unix://relative", false, NULL, NULL, false, "use unix:///path/to/socket"},
    {"unix:///run/consul.sock", true, NULL, NULL, false, "cannot use TLS"},
    {"tcp://h:1", false, NULL, NULL, false, "unknown protocol scheme \"tcp\""},
    {"h:99999", false, NULL, NULL, false, "unusable port"},
    {"h:x", false, NULL, NULL, false, "unusable port"},
    {"http://", false, NULL, NULL, false, "usable host name"},
    {"a b", false, NULL, NULL, false, "blank"},
    {"http://h/?dc=1", false, NULL, NULL, false, "query"},
    {"http://h/#x", false, NULL, NULL, false, "fragment"},
    {"http://user:sesame@h h/", false, NULL, NULL, false, "blank"},
};

static void addresses_lead_where_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct consul_address a;
        struct error err;
        bool sound = consul_address_parse(view_of(addresses[i].text), addresses[i].tls, &a, &err);
        if (sound != (addresses[i].base != NULL))
            fail_msg("%s: %s", addresses[i].text, sound ? "accepted" : err.text);
        if (!sound) {
            assert_non_null(strstr(err.text, "Consul"));
            assert_non_null(strstr(err.text, addresses[i].problem));
            assert_null(strstr(err.text, "sesame"));
            continue;
        }
        assert_string_equal(a.base, addresses[i].base);
        assert_int_equal(a.no_port, addresses[i].no_port);
        if (addresses[i].unix_path != NULL)
            assert_string_equal(a.unix_path, addresses[i].unix_path);
        else
            assert_null(a.unix_path);
        consul_address_free(&a);
    }
}

static const struct {
    const char *key;
    const char *path;
} keys[] = {
    {"p/features/flag-1.x_y~Z", "p/features/flag-1.x_y~Z"},
    {"p/$inited", "p/$inited"},
    {"a b%c?d#e&f=g+h", "a%20b%25c%3Fd%23e%26f%3Dg%2Bh"},
    {"\xC3\xBC", "%C3%BC"},
    {"p/features/a//b", "p/features/a/%2Fb"},
    {"p/features/../x", "p/features/%2E./x"},
    {"p/features/./x", "p/features/%2E/x"},
    {"/p", "%2Fp"},
    {"p/a.b", "p/a.b"},
};

static void keys_are_written_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct str out = {0};
        consul_key_encode(view_of(keys[i].key), &out);
        assert_string_equal(str_text(&out), keys[i].path);
        str_free(&out);
    }
    assert_true(consul_key_allowed(view_of("\xC3\xBC a")));
    assert_false(consul_key_allowed(VIEW_LITERAL("a\0b")));
    assert_false(consul_key_allowed(view_of("a\x7F")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_lead_where_they_say),
        cmocka_unit_test(keys_are_written_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
