/* Which proxy a request goes through: configuration.md 11.1, 11.2. */
#include "http/client_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The environment of the present row. */
static const char *const (*variables)[2];

static char *variable(const char *name)
{
    for (size_t i = 0; i < 4 && variables[i][0] != NULL; i++)
        if (strcmp(variables[i][0], name) == 0)
            return (char *)(uintptr_t)variables[i][1];
    return NULL;
}

#define PROXIES                                                                                    \
    {"HTTPS_PROXY", "http://secure:1"},                                                            \
    {                                                                                              \
        "HTTP_PROXY", "http://plain:2"                                                             \
    }

static const struct {
    const char *variables[4][2];
    const char *url;
    const char *proxy; /* host of the proxy, NULL: none */
} rows[] = {
    {{{NULL}}, "http://a.test/", NULL},
    {{PROXIES}, "http://a.test/", "plain"},
    {{PROXIES}, "https://a.test/", "secure"},
    {{{"https_proxy", "http://lower:1"}}, "https://a.test/", "lower"},
    {{{"http_proxy", "http://lower:1"}}, "https://a.test/", NULL},
    {{{"HTTPS_PROXY", "http://upper:1"}, {"https_proxy", "http://lower:1"}},
     "https://a.test/",
     "upper"},
    {{{"HTTPS_PROXY", ""}, {"https_proxy", "http://lower:1"}}, "https://a.test/", "lower"},
    {{{"HTTP_PROXY", "proxy:3128"}}, "http://a.test/", "proxy"},
    {{PROXIES, {"REQUEST_METHOD", "GET"}}, "http://a.test/", NULL},
    {{PROXIES, {"REQUEST_METHOD", "GET"}}, "https://a.test/", "secure"},
    {{PROXIES}, "http://localhost/", NULL},
    {{PROXIES}, "http://127.1.2.3/", NULL},
    {{PROXIES}, "http://[::1]/", NULL},
    {{PROXIES}, "http://[::ffff:127.0.0.1]/", NULL},
    {{PROXIES}, "http://128.0.0.1/", "plain"},
    {{PROXIES, {"NO_PROXY", "*"}}, "http://a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "b.test, A.test "}}, "http://a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "a.test"}}, "http://b.a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "a.test"}}, "http://ba.test/", "plain"},
    {{PROXIES, {"NO_PROXY", ".a.test"}}, "http://a.test/", "plain"},
    {{PROXIES, {"NO_PROXY", ".a.test"}}, "http://b.a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "*.a.test"}}, "http://b.a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "*.a.test"}}, "http://a.test/", "plain"},
    {{PROXIES, {"NO_PROXY", "a.test:81"}}, "http://a.test:81/", NULL},
    {{PROXIES, {"NO_PROXY", "a.test:81"}}, "http://a.test/", "plain"},
    {{PROXIES, {"NO_PROXY", "a.test:443"}}, "https://a.test/", NULL},
    {{PROXIES, {"NO_PROXY", "10.0.0.1"}}, "http://10.0.0.1/", NULL},
    {{PROXIES, {"NO_PROXY", "10.0.0.1"}}, "http://10.0.0.11/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.1:81"}}, "http://10.0.0.1:81/", NULL},
    {{PROXIES, {"NO_PROXY", "10.0.0.1:81"}}, "http://10.0.0.1/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.0/8"}}, "http://10.255.0.1/", NULL},
    {{PROXIES, {"NO_PROXY", "10.0.0.0/8"}}, "http://11.0.0.1/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.128/25"}}, "http://10.0.0.127/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.128/25"}}, "http://10.0.0.200/", NULL},
    {{PROXIES, {"NO_PROXY", "0.0.0.0/0"}}, "http://1.2.3.4/", NULL},
    {{PROXIES, {"NO_PROXY", "0.0.0.0/0"}}, "http://a.test/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.0/33"}}, "http://10.0.0.1/", "plain"},
    {{PROXIES, {"NO_PROXY", "10.0.0.0/x"}}, "http://10.0.0.1/", "plain"},
    {{PROXIES, {"NO_PROXY", "fd00::/8"}}, "http://[fd12::1]/", NULL},
    {{PROXIES, {"NO_PROXY", "fd00::/8"}}, "http://[fe12::1]/", "plain"},
    {{PROXIES, {"NO_PROXY", "fd00::1"}}, "http://[fd00:0::1]/", NULL},
    {{PROXIES, {"NO_PROXY", "[fd00::1]:81"}}, "http://[fd00::1]:81/", NULL},
    {{PROXIES, {"NO_PROXY", "[fd00::1]:81"}}, "http://[fd00::1]/", "plain"},
    {{PROXIES, {"NO_PROXY", ",, ,:,.,/,*."}}, "http://a.test/", "plain"},
    {{PROXIES, {"no_proxy", "a.test"}}, "http://a.test/", NULL},
};

static void the_environment_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_client_settings settings = {0};
        struct client_proxies proxies;
        struct client_url url;
        struct error err;
        variables = rows[i].variables;
        assert_true(client_proxies_init(&proxies, &settings, variable, &err));
        assert_true(client_url_parse(view_of(rows[i].url), &url, &err));
        const struct client_proxy *p = client_proxies_find(&proxies, &url);
        bool ok = rows[i].proxy == NULL ? p == NULL
                                        : p != NULL && strcmp(p->url.host, rows[i].proxy) == 0;
        if (!ok)
            fail_msg("row %zu, %s: %s", i, rows[i].url, p != NULL ? p->url.host : "none");
        client_url_free(&url);
        client_proxies_free(&proxies);
    }
}

static void a_configured_proxy_is_for_everything(void **state)
{
    (void)state;
    static const char *const environment[4][2] = {{"NO_PROXY", "*"},
                                                  {"HTTP_PROXY", "http://other:1"}};
    static const char *const urls[] = {"http://a.test/", "https://a.test/", "http://localhost/",
                                       "http://127.0.0.1/"};
    struct http_client_settings settings = {.proxy_url = "http://fixed:3128"};
    struct client_proxies proxies;
    struct error err;
    variables = environment;
    assert_true(client_proxies_init(&proxies, &settings, variable, &err));
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct client_url url;
        assert_true(client_url_parse(view_of(urls[i]), &url, &err));
        assert_string_equal(client_proxies_find(&proxies, &url)->url.host, "fixed");
        client_url_free(&url);
    }
    client_proxies_free(&proxies);
}

static void credentials_come_from_the_url_or_the_options(void **state)
{
    (void)state;
    static const char *const environment[4][2] = {{NULL}};
    static const struct {
        const char *url;
        const char *user;
        const char *password;
        const char *authorization;
    } credentials[] = {
        {"http://proxy:1", NULL, NULL, NULL},
        {"http://proxy:1", "", "pw", NULL},
        {"http://proxy:1", "user", "pw", "Basic dXNlcjpwdw=="},
        {"http://proxy:1", "user", NULL, "Basic dXNlcjo="},
        {"http://u:p@proxy:1", "user", "pw", "Basic dTpw"},
    };
    variables = environment;
    for (size_t i = 0; i < ARRAY_LEN(credentials); i++) {
        struct http_client_settings settings = {.proxy_url = credentials[i].url,
                                                .proxy_user = credentials[i].user,
                                                .proxy_password = credentials[i].password};
        struct client_proxies proxies;
        struct error err;
        assert_true(client_proxies_init(&proxies, &settings, variable, &err));
        const char *seen = proxies.fixed->authorization;
        if (credentials[i].authorization == NULL)
            assert_null(seen);
        else
            assert_string_equal(seen, credentials[i].authorization);
        client_proxies_free(&proxies);
    }
}

static void unusable_variables_are_named(void **state)
{
    (void)state;
    static const char *const environments[2][4][2] = {{{"HTTPS_PROXY", "ftp://x"}},
                                                      {{"http_proxy", "a b"}}};
    static const char *const problems[] = {
        "HTTPS_PROXY: URL with scheme \"ftp\"; use http or https",
        "HTTP_PROXY: URL with a blank or control character in it; write it as %XX"};
    for (size_t i = 0; i < 2; i++) {
        struct http_client_settings settings = {0};
        struct client_proxies proxies;
        struct error err;
        variables = environments[i];
        assert_false(client_proxies_init(&proxies, &settings, variable, &err));
        assert_string_equal(err.text, problems[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_decides),
        cmocka_unit_test(a_configured_proxy_is_for_everything),
        cmocka_unit_test(credentials_come_from_the_url_or_the_options),
        cmocka_unit_test(unusable_variables_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
