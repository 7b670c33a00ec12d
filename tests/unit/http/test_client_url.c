/* URLs taken apart, printed and resolved; hosts and their subdomains. */
#include "http/client_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* "tls host port target user", or the problem. */
static void describe(struct view text, struct str *out)
{
    struct client_url u;
    struct error err;
    if (!client_url_parse(text, &u, &err)) {
        str_append_text(out, err.text);
        return;
    }
    str_append_format(out, "%d %s %u %s %s", u.tls, u.host, u.port, u.target,
                      u.user != NULL ? u.user : "-");
    client_url_free(&u);
}

#define NO_HOST "URL without a usable host name; expected http://host or https://host"
#define BLANK "URL with a blank or control character in it; write it as %XX"

static const struct {
    struct view text;
    const char *expected;
} rows[] = {
    {VIEW_LITERAL("http://host"), "0 host 80 / -"},
    {VIEW_LITERAL("https://host/"), "1 host 443 / -"},
    {VIEW_LITERAL("HTTPS://Host.EXAMPLE:8443/A/b?C=d#e"), "1 host.example 8443 /A/b?C=d -"},
    {VIEW_LITERAL("http://host?a"), "0 host 80 /?a -"},
    {VIEW_LITERAL("http://host#a"), "0 host 80 / -"},
    {VIEW_LITERAL("http://host:"), "0 host 80 / -"},
    {VIEW_LITERAL("http://host:1/"), "0 host 1 / -"},
    {VIEW_LITERAL("http://host:65535/"), "0 host 65535 / -"},
    {VIEW_LITERAL("http://127.0.0.1:80/"), "0 127.0.0.1 80 / -"},
    {VIEW_LITERAL("http://[::1]/"), "0 ::1 80 / -"},
    {VIEW_LITERAL("http://[FE80::1]:8080/"), "0 fe80::1 8080 / -"},
    {VIEW_LITERAL("http://[::ffff:10.0.0.1]/"), "0 ::ffff:10.0.0.1 80 / -"},
    {VIEW_LITERAL("http://a_b-c.d/"), "0 a_b-c.d 80 / -"},
    {VIEW_LITERAL("http://user:pw@host/"), "0 host 80 / user:pw"},
    {VIEW_LITERAL("http://u%40x:p%3Aw%2@host/"), "0 host 80 / u@x:p:w%2"},
    {VIEW_LITERAL("http://a@b@host/"), "0 host 80 / a@b"},
    {VIEW_LITERAL("http://@host/"), "0 host 80 / "},
    {VIEW_LITERAL("http://host/\xC3\xA4"), "0 host 80 /\xC3\xA4 -"},
    {VIEW_LITERAL("http://host//a//b"), "0 host 80 //a//b -"},
    {VIEW_LITERAL(""), "URL with scheme \"\"; use http or https"},
    {VIEW_LITERAL("host"), "URL with scheme \"host\"; use http or https"},
    {VIEW_LITERAL("host:80"), "URL with scheme \"host\"; use http or https"},
    {VIEW_LITERAL("ftp://host/"), "URL with scheme \"ftp\"; use http or https"},
    {VIEW_LITERAL("http:host"), "URL without \"//\"; expected http://host or https://host"},
    {VIEW_LITERAL("http:/host"), "URL without \"//\"; expected http://host or https://host"},
    {VIEW_LITERAL("http://"), NO_HOST},
    {VIEW_LITERAL("http:///a"), NO_HOST},
    {VIEW_LITERAL("http://:80/"), NO_HOST},
    {VIEW_LITERAL("http://user@/"), NO_HOST},
    {VIEW_LITERAL("http://[::1/"), NO_HOST},
    {VIEW_LITERAL("http://[]/"), NO_HOST},
    {VIEW_LITERAL("http://[host]/"), NO_HOST},
    {VIEW_LITERAL("http://[10.0.0.1]/"), NO_HOST},
    {VIEW_LITERAL("http://[fe80::1%25eth0]/"), NO_HOST},
    {VIEW_LITERAL("http://a\"b/"), NO_HOST},
    {VIEW_LITERAL("http://\xC3\xA4/"), NO_HOST},
    {VIEW_LITERAL("http://host:0/"), "URL with an unusable port \"0\"; use 1 to 65535"},
    {VIEW_LITERAL("http://host:65536/"), "URL with an unusable port \"65536\"; use 1 to 65535"},
    {VIEW_LITERAL("http://host:99999999999/"),
     "URL with an unusable port \"99999999999\"; use 1 to 65535"},
    {VIEW_LITERAL("http://host:8x/"), "URL with an unusable port \"8x\"; use 1 to 65535"},
    {VIEW_LITERAL("http://[::1]x/"), "URL with an unusable port \"\"; use 1 to 65535"},
    {VIEW_LITERAL("http://ho st/"), BLANK},
    {VIEW_LITERAL("http://host/a b"), BLANK},
    {VIEW_LITERAL("http://host/\r\nX: y"), BLANK},
    {VIEW_LITERAL("http://host/\0x"), BLANK},
    {VIEW_LITERAL("http://host/\x7F"), BLANK},
    {VIEW_LITERAL("http://us er@host/"), BLANK},
};

static void urls_are_parsed_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str seen = {0};
        describe(rows[i].text, &seen);
        assert_string_equal(str_text(&seen), rows[i].expected);
        str_free(&seen);
    }
}

static void a_host_of_any_length_is_limited(void **state)
{
    (void)state;
    struct str text = {0};
    struct client_url u;
    struct error err;
    str_append_text(&text, "http://");
    for (int i = 0; i < 255; i++)
        str_append_char(&text, 'a');
    assert_true(client_url_parse(str_view(&text), &u, &err));
    client_url_free(&u);
    str_append_char(&text, 'a');
    assert_false(client_url_parse(str_view(&text), &u, &err));
    str_free(&text);
}

static const struct {
    const char *base;
    const char *location;
    const char *expected;
} resolved[] = {
    {"http://host/a/b?c", "http://other/x", "0 other 80 /x -"},
    {"http://host/a/b?c", "https://host/x", "1 host 443 /x -"},
    {"https://host/a/b", "//other:81/x", "1 other 81 /x -"},
    {"http://host:81/a/b?c", "/x?y", "0 host 81 /x?y -"},
    {"http://host/a/b?c", "x", "0 host 80 /a/x -"},
    {"http://host/a/b/", "x", "0 host 80 /a/b/x -"},
    {"http://host/a/b?c/d", "x", "0 host 80 /a/x -"},
    {"http://host/", "x", "0 host 80 /x -"},
    {"http://host/a/b?c", "?x", "0 host 80 /a/b?x -"},
    {"http://host/a/b?c", "", "0 host 80 /a/b?c -"},
    {"http://host/a/b?c", "#x", "0 host 80 /a/b?c -"},
    {"http://host/a/b", "/x#y", "0 host 80 /x -"},
    {"http://[::1]:81/a", "/x", "0 ::1 81 /x -"},
    {"http://user:pw@host/a", "/x", "0 host 80 /x -"},
    {"http://host/a", "x:y", "URL with scheme \"x\"; use http or https"},
    {"http://host/a", "./x:y", "0 host 80 /./x:y -"},
    {"http://host/a", "/x y", BLANK},
};

static void locations_are_resolved(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(resolved); i++) {
        struct client_url base;
        struct client_url u;
        struct error err;
        struct str seen = {0};
        assert_true(client_url_parse(view_of(resolved[i].base), &base, &err));
        if (client_url_resolve(&base, view_of(resolved[i].location), &u, &err)) {
            str_append_format(&seen, "%d %s %u %s %s", u.tls, u.host, u.port, u.target,
                              u.user != NULL ? u.user : "-");
            client_url_free(&u);
        } else {
            str_append_text(&seen, err.text);
        }
        if (strcmp(str_text(&seen), resolved[i].expected) != 0)
            fail_msg("%s + %s: %s", resolved[i].base, resolved[i].location, str_text(&seen));
        str_free(&seen);
        client_url_free(&base);
    }
}

static void hosts_are_compared_by_whole_labels(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *parent;
        bool within;
    } hosts[] = {
        {"a.test", "a.test", true},
        {"b.a.test", "a.test", true},
        {"c.b.a.test", "a.test", true},
        {"ba.test", "a.test", false},
        {"a.test", "b.a.test", false},
        {"test", "a.test", false},
        {"1.127.0.0.1", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"x.::1", "::1", false},
        {"a.test.evil", "a.test", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        if (client_url_host_within(hosts[i].host, hosts[i].parent) != hosts[i].within)
            fail_msg("%s, %s", hosts[i].host, hosts[i].parent);
    assert_true(client_url_host_is_address("10.0.0.1"));
    assert_true(client_url_host_is_address("fe80::1"));
    assert_false(client_url_host_is_address("10.0.0.1.test"));
    assert_false(client_url_host_is_address("a.test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_parsed_or_refused),
        cmocka_unit_test(a_host_of_any_length_is_limited),
        cmocka_unit_test(locations_are_resolved),
        cmocka_unit_test(hosts_are_compared_by_whole_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
