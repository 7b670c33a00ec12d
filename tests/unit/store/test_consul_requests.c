/* What every request to Consul carries, and what goes wrong, with a server that says what the test
 * wants. */
#include "consul_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        .status = 0                                                                                \
    }

/* ---- failures -------------------------------------------------------------------------------- */

enum what { READ, WRITE_ALL, WRITE_ONE };

static void do_it(struct heard *h, enum what what)
{
    struct dataset *d = dataset_text("f1 s:1");
    if (what == READ)
        store_read_post(h->store, STORE_ALL_KINDS);
    else if (what == WRITE_ALL)
        (void)store_init_post(h->store, d);
    else
        (void)store_upsert_post(h->store, dataset_find(d, ITEM_FLAG, view_of("f")));
    dataset_unref(d);
}

/* data-store.md 3.3: texts of the reference where it has them. */
static void what_goes_wrong_is_an_outage_and_says_what(void **state)
{
    static const struct {
        enum what what;
        struct fake_rule rules[4];
        const char *text;
    } rows[] = {
        {READ,
         {{.status = 500, .body = "No cluster leader"}},
         "list failed for features: Unexpected response code: 500 (No cluster leader)"},
        {READ,
         {{.target = "/v1/kv/prod/features", .status = 200, .body = "[]"},
          {.status = 429, .body = "slow down\n"}},
         "list failed for segments: Unexpected response code: 429 (slow down)"},
        {READ,
         {{.status = 404, .body = "<html>nginx</html>"}},
         "list failed for features: Unexpected response code: 404 (<html>nginx</html>)"},
        {READ,
         {{.status = 301, .header = "Location: http://127.0.0.1:1/\r\n"}},
         "list failed for features: Unexpected response code: 301 ()"},
        {READ,
         {{.status = 200, .body = "[{\"Key\":\"prod/features/f\""}},
         "list failed for features: Consul's answer is not understood: "},
        {READ,
         {{.status = 200, .body = "[{\"Key\":\"prod/features/f\",\"Value\":\"?\"}]"}},
         "list failed for features: Consul's answer is not understood: \"Value\" is no base64"},
        {READ, {{.status = 200, .body = "{}"}}, "list failed for features: Consul's answer is not"},
        {READ, {{.status = 200, .body = "[", .manner = FAKE_HALF}}, "unexpected EOF"},
        {READ, {{.status = 200, .manner = FAKE_RESET}}, "connection reset by peer"},
        {READ, {{.status = 200, .manner = FAKE_GARBAGE}}, "malformed HTTP status line"},
        {READ, {{.status = 200, .manner = FAKE_SILENT}}, "no answer in time"},
        {WRITE_ALL,
         {{.status = 403, .body = "Permission denied"}},
         "failed to get existing items prior to Init: Unexpected response code: 403 (Permission "
         "denied)"},
        {WRITE_ALL,
         {{.method = "GET", .status = 200, .body = "[1]"}},
         "failed to get existing items prior to Init: Consul's answer is not understood: "},
        {WRITE_ALL,
         {{.method = "GET", .status = 404},
          {.status = 409,
           .body = "{\"Results\":null,\"Errors\":[{\"OpIndex\":0,\"What\":\"one\"},"
                   "{\"OpIndex\":3,\"What\":\"two\"}]}"}},
         "error: Consul transaction failed: one, two"},
        {WRITE_ALL,
         {{.method = "GET", .status = 404}, {.status = 413, .body = "too large"}},
         "error: Unexpected response code: 413 (too large)"},
        {WRITE_ALL,
         {{.method = "GET", .status = 404}, {.status = 200, .manner = FAKE_SILENT}},
         "no answer in time"},
        {WRITE_ONE,
         {{.status = 500, .body = "rpc error"}},
         "error: Unexpected response code: 500 (rpc error)"},
        {WRITE_ONE,
         {{.method = "GET", .status = 200, .body = "[]"}},
         "error: Consul's answer has not one entry with a ModifyIndex"},
        {WRITE_ONE,
         {{.method = "GET", .status = 404}, {.status = 200, .body = "maybe"}},
         "error: Consul's answer to a write is neither true nor false"},
        {WRITE_ONE,
         {{.method = "GET", .status = 404}, {.status = 403, .body = "no, sesame-42, no"}},
         "error: Unexpected response code: 403 (no, xxxxx, no)"},
        {WRITE_ONE,
         {{.method = "GET", .status = 404}, {.status = 200, .body = "false"}},
         "error: failed to update key \"f\" in \"features\" after 10 attempts"},
    };
    struct consul_fake f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        consul_fake_begin(&f, rows[i].rules);
        f.c.w.settings.consul.token = "sesame-42";
        f.c.w.settings.consul.timeout_ms = 300;
        consul_open(&f.c);
        do_it(&f.c.h, rows[i].what);
        run_until_state(&f.c.h, STORE_INTERRUPTED);
        if (log_count(rows[i].text) == 0)
            fail_msg("row %zu: not logged: %s", i, rows[i].text);
        assert_int_equal(log_count("sesame"), 0);
        consul_fake_end(&f);
    }
}

/* configuration.md 8.3: the hint for who relied on 8500. */
static void a_refused_connection_is_explained(void **state)
{
    static const char *const hosts[][2] = {{"127.0.0.127", "agents listen on 8500"},
                                           {"http://user:secret@127.0.0.127/", "8500"}};
    struct consul_world c;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        memset(&c, 0, sizeof c);
        world_begin(&c.w);
        (void)snprintf(c.host, sizeof c.host, "%s", hosts[i][0]);
        consul_settings(&c);
        consul_open(&c);
        store_read_post(c.h.store, STORE_ALL_KINDS);
        run_until_state(&c.h, STORE_INTERRUPTED);
        assert_true(log_count("connection refused; without a port") > 0);
        assert_true(log_count(hosts[i][1]) > 0);
        assert_int_equal(log_count("secret"), 0);
        heard_close(&c.h);
        heard_forget(&c.h);
        world_end(&c.w);
    }
}

/* ---- what every request carries -------------------------------------------------------------- */

static char *variables(const char *name)
{
    static const char *const set[][2] = {{"CONSUL_HTTP_TOKEN", "from-variable"},
                                         {"CONSUL_HTTP_AUTH", "me:secret"},
                                         {"CONSUL_NAMESPACE", "team a"},
                                         {"CONSUL_PARTITION", "blue"}};
    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        if (strcmp(set[i][0], name) == 0)
            return (char *)(uintptr_t)set[i][1];
    }
    return NULL;
}

static void file_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

/* Consul's own variables count where the relay says nothing; checklist 83. */
static void token_and_credentials_go_with_every_request(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "PUT", .status = 200, .body = "true"}, {.status = 404}, END};
    static const struct {
        const char *token;
        const char *file;
        const char *sent;
    } rows[] = {
        {"option", "", "\r\nX-Consul-Token: option\r\n"},
        {"", " \tfrom-file \r\n\n", "\r\nX-Consul-Token: from-file\r\n"},
        {"", "\n", "\r\nX-Consul-Token: from-variable\r\n"},
    };
    struct consul_fake f;
    char path[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        consul_fake_begin(&f, rules);
        (void)snprintf(path, sizeof path, "%s/token", f.c.w.folder);
        if (rows[i].file[0] != '\0')
            file_write(path, rows[i].file);
        f.c.w.settings.consul.token = rows[i].token;
        f.c.w.settings.consul.token_file = rows[i].file[0] != '\0' ? path : "";
        f.c.w.settings.consul.variable = variables;
        consul_open(&f.c);
        (void)read_back(&f.c.h);
        write_all(&f.c.h, dataset_text("f1"));
        write_item(&f.c.h, flag("f", 2));
        assert_true(f.fake.request_count >= 7);
        for (size_t k = 0; k < f.fake.request_count; k++) {
            const char *head = f.fake.requests[k].head;
            assert_non_null(strstr(head, rows[i].sent));
            assert_non_null(strstr(head, "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"));
            assert_non_null(strstr(head, "ns=team%20a&partition=blue HTTP/1.1\r\n"));
        }
        assert_int_equal(log_count("from-") + log_count("secret") + log_count("option"), 0);
        consul_fake_end(&f);
    }
}

static void without_a_token_none_is_sent(void **state)
{
    static const struct fake_rule rules[] = {{.status = 404}, END};
    struct consul_fake f;
    (void)state;
    consul_fake_begin(&f, rules);
    (void)snprintf(f.c.host, sizeof f.c.host, "http://127.0.0.1:%u/under/a/path/", f.fake.port);
    consul_open(&f.c);
    (void)read_back(&f.c.h);
    assert_int_equal(fake_http_count(&f.fake, "GET /under/a/path/v1/kv/prod/features/?recurse="),
                     1);
    assert_null(strstr(f.fake.requests[0].head, "X-Consul-Token"));
    assert_null(strstr(f.fake.requests[0].head, "Authorization"));
    consul_fake_end(&f);
}

static void a_unix_socket_is_as_good(void **state)
{
    static const struct fake_rule rules[] = {{.status = 404}, END};
    struct consul_fake f;
    char path[96];
    (void)state;
    memset(&f, 0, sizeof f);
    world_begin(&f.c.w);
    (void)snprintf(path, sizeof path, "%s/socket", f.c.w.folder);
    (void)snprintf(f.c.host, sizeof f.c.host, "unix://%s", path);
    fake_http_open_unix(&f.fake, &f.c.w.loop, path, rules);
    consul_settings(&f.c);
    consul_open(&f.c);
    assert_dataset(read_back(&f.c.h), "");
    assert_true(log_count("Using Consul server at unix:///tmp/") > 0);
    consul_fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_wrong_is_an_outage_and_says_what),
        cmocka_unit_test(a_refused_connection_is_explained),
        cmocka_unit_test(token_and_credentials_go_with_every_request),
        cmocka_unit_test(without_a_token_none_is_sent),
        cmocka_unit_test(a_unix_socket_is_as_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
