/* What is said to Consul, and what its answers mean, with a server that says what the test wants.
 */
#include "consul_world.h"
#include "fake_http.h"

#include "base/json_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED(key) "[{\"Key\":\"prod/features/" key "\",\"Value\":\"e30=\",\"ModifyIndex\":7}]"
#define END                                                                                        \
    {                                                                                              \
        .status = 0                                                                                \
    }
#define REST                                                                                       \
    {                                                                                              \
        .status = 200, .body = "[]"                                                                \
    }

struct fake_world {
    struct consul_world c;
    struct fake_http fake;
};

static void begin(struct fake_world *f, const struct fake_rule *rules)
{
    memset(f, 0, sizeof *f);
    world_begin(&f->c.w);
    fake_http_open(&f->fake, &f->c.w.loop, rules);
    (void)snprintf(f->c.host, sizeof f->c.host, "127.0.0.1:%u", f->fake.port);
    consul_settings(&f->c);
    f->c.w.settings.consul.timeout_ms = 300;
}

static void end(struct fake_world *f)
{
    heard_close(&f->c.h);
    heard_forget(&f->c.h);
    world_close(&f->c.w);
    fake_http_close(&f->fake);
    world_end(&f->c.w);
}

/* ---- failures -----------------------------------------------------------------------------------
 */

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
    struct fake_world f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(&f, rows[i].rules);
        f.c.w.settings.consul.token = "sesame-42";
        consul_open(&f.c);
        do_it(&f.c.h, rows[i].what);
        run_until_state(&f.c.h, STORE_INTERRUPTED);
        if (log_count(rows[i].text) == 0)
            fail_msg("row %zu: not logged: %s", i, rows[i].text);
        assert_int_equal(log_count("sesame"), 0);
        end(&f);
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

/* ---- transactions -------------------------------------------------------------------------------
 */

/* The keys of a transaction, each behind the first letter of its verb, one per line. */
static size_t operations_append(const struct str *body, struct str *out)
{
    struct json_reader r;
    struct view name;
    size_t count = 0;
    json_reader_init(&r, str_view(body));
    for (json_array_begin(&r); json_array_next(&r); count++) {
        struct str verb = {0};
        struct str key = {0};
        for (json_object_begin(&r); json_object_next(&r, &name);) {
            for (json_object_begin(&r); json_object_next(&r, &name);) {
                if (view_is(name, "Verb"))
                    json_read_string(&r, &verb);
                else if (view_is(name, "Key"))
                    json_read_string(&r, &key);
                else
                    json_skip(&r);
            }
        }
        str_append_format(out, "%c %s\n", verb.data[0], str_text(&key));
        str_free(&verb);
        str_free(&key);
    }
    json_expect_end(&r);
    assert_false(json_failed(&r));
    json_reader_done(&r);
    return count;
}

/* All writes in their order; checks the limits of each. */
static void writes_of(const struct fake_http *f, struct str *out)
{
    for (size_t i = 0; i < f->request_count; i++) {
        const struct fake_request *r = &f->requests[i];
        if (strncmp(r->head, "PUT /v1/txn ", 12) == 0) {
            assert_true(r->body.len <= 400000);
            assert_in_range(operations_append(&r->body, out), 1, 64);
        } else if (strncmp(r->head, "PUT /v1/kv/", 11) == 0) {
            str_append_format(out, "p %.*s\n", (int)strcspn(r->head + 11, " ?"), r->head + 11);
        }
    }
}

/* Checklist 14, 81; data-store.md 2.2. */
static void transactions_stay_within_the_limits_and_keep_the_order(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "GET",
         .target = "/v1/kv/prod/features/?keys=",
         .status = 200,
         .body = "[\"prod/features/old\",\"prod/features/f1\",\"prod/features2/no\",\"prod/x\"]"},
        {.method = "GET", .target = "/v1/kv/prod/segments/?keys=", .status = 404},
        {.method = "PUT", .target = "/v1/txn", .status = 200, .body = "{}"},
        {.method = "PUT", .target = "/v1/kv/", .status = 200, .body = "true"},
        END};
    struct fake_world f;
    struct str expected = {0};
    struct str written = {0};
    char key[16];
    (void)state;
    begin(&f, rules);
    consul_open(&f.c);
    struct dataset_builder *b = dataset_builder_new();
    str_append_text(&expected, "s prod/segments/s\n");
    for (int i = 0; i < 300; i++) {
        (void)snprintf(key, sizeof key, "f%d", i);
        size_t size = i == 150 ? 450000 : i % 3 == 0 ? 30000 : 10;
        dataset_builder_add_take(b, flag_sized(key, 1, size));
        str_append_format(&expected, "%c prod/features/%s\n", i == 150 ? 'p' : 's', key);
    }
    dataset_builder_add_take(b, segment("s", 1));
    str_append_text(&expected, "d prod/features/old\ns prod/$inited\n");
    write_all(&f.c.h, dataset_builder_finish_take(b));
    assert_logged("ConsulDataStore: Initialized with 301 items");
    writes_of(&f.fake, &written);
    assert_string_equal(str_text(&written), str_text(&expected));
    str_free(&expected);
    str_free(&written);
    end(&f);
}

/* Checklist 81. */
static void no_marker_is_written_behind_a_failure(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "GET", .status = 404},
        {.method = "PUT", .target = "/v1/txn", .status = 200, .body = "{}", .times = 2},
        {.status = 500, .body = "sorry"},
        END};
    struct fake_world f;
    struct str written = {0};
    char key[16];
    (void)state;
    begin(&f, rules);
    consul_open(&f.c);
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof key, "f%d", i);
        dataset_builder_add_take(b, flag(key, 1));
    }
    write_all(&f.c.h, dataset_builder_finish_take(b));
    assert_int_equal(f.c.h.failed_writes, 1);
    writes_of(&f.fake, &written);
    assert_null(strstr(str_text(&written), "$inited"));
    assert_int_equal(log_count("Initialized with"), 0);
    str_free(&written);
    end(&f);
}

/* ---- Upsert -------------------------------------------------------------------------------------
 */

/* Checklist 16. */
static void an_upsert_names_the_index_that_it_has_seen(void **state)
{
    static const struct fake_rule rules[] = {
        {.target = "/v1/kv/prod/features/a ", .status = 404},
        {.target = "/v1/kv/prod/features/b ", .status = 200, .body = LISTED("b")},
        {.method = "PUT", .status = 200, .body = "false", .times = 1},
        {.method = "PUT", .status = 200, .body = "true\n"},
        END};
    struct fake_world f;
    (void)state;
    begin(&f, rules);
    consul_open(&f.c);
    write_item(&f.c.h, flag("a", 1));
    write_item(&f.c.h, flag("b", 1));
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/a?cas=0 HTTP"), 2);
    assert_int_equal(fake_http_count(&f.fake, "GET /v1/kv/prod/features/a HTTP"), 2);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/b?cas=7 HTTP"), 1);
    assert_int_equal(f.c.h.failed_writes, 0);
    end(&f);
}

static void post_flags(struct heard *h, int count, int64_t version)
{
    char key[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "f%d", i);
        struct item *it = flag_sized(key, version, i == 20 ? 450000 : 10);
        (void)store_upsert_post(h->store, it);
        item_unref(it);
    }
}

/* Many at once: what is newer, the highest of several with one key, and what is too big alone. */
static void many_items_are_compared_with_one_look(void **state)
{
    static const struct fake_rule rules[] = {
        {.target = "/v1/kv/prod/features/?recurse=",
         .status = 200,
         .body = "[{\"Key\":\"prod/features/f1\",\"Value\":\"eyJ2ZXJzaW9uIjo5fQ==\","
                 "\"ModifyIndex\":18446744073709551615},"
                 "{\"Key\":\"prod/features/f2\",\"Value\":null,\"ModifyIndex\":12}]"},
        {.method = "GET", .status = 404},
        {.method = "PUT", .target = "/v1/txn", .status = 200, .body = "{}"},
        {.method = "PUT", .status = 200, .body = "true"},
        END};
    struct fake_world f;
    struct str written = {0};
    (void)state;
    begin(&f, rules);
    consul_open(&f.c);
    store_read_post(f.c.h.store, STORE_ALL_KINDS); /* keeps the queue busy */
    post_flags(&f.c.h, 40, 3);
    post_flags(&f.c.h, 2, 4);
    post_flags(&f.c.h, 4, 2);
    run_until_idle(&f.c.h);
    writes_of(&f.fake, &written);
    const char *text = str_text(&written);
    assert_null(strstr(text, "prod/features/f1\n"));
    assert_non_null(strstr(text, "c prod/features/f39\n"));
    assert_non_null(strstr(text, "c prod/features/f0\n"));
    assert_null(strstr(strstr(text, "prod/features/f0\n") + 1, "prod/features/f0\n"));
    assert_non_null(strstr(text, "p prod/features/f20\n"));
    assert_true(strstr(text, "f19\n") < strstr(text, "f20\n"));
    assert_true(strstr(text, "f20\n") < strstr(text, "f21\n"));
    bool indexed = false;
    bool highest = false;
    for (size_t i = 0; i < f.fake.request_count; i++) {
        const char *body = str_text(&f.fake.requests[i].body);
        indexed = indexed || strstr(body, "\"Key\":\"prod/features/f2\",\"Index\":12,") != NULL;
        highest = highest || strstr(body, "\"Key\":\"prod/features/f0\",\"Index\":0,") != NULL;
    }
    assert_true(indexed && highest);
    assert_int_equal(fake_http_count(&f.fake, "GET /v1/kv/prod/features/f"), 1);
    assert_int_equal(f.c.h.failed_writes, 0);
    str_free(&written);
    end(&f);
}

/* A transaction that somebody disturbed goes item by item. */
static void a_disturbed_transaction_goes_item_by_item(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "GET", .status = 404},
        {.method = "PUT",
         .target = "/v1/txn",
         .status = 409,
         .body = "{\"Errors\":[{\"OpIndex\":1,\"What\":\"index is stale\"}]}",
         .times = 1},
        {.method = "PUT", .target = "/v1/txn", .status = 200, .body = "{}"},
        {.method = "PUT", .status = 200, .body = "true"},
        END};
    struct fake_world f;
    (void)state;
    begin(&f, rules);
    consul_open(&f.c);
    store_read_post(f.c.h.store, STORE_ALL_KINDS);
    post_flags(&f.c.h, 40, 3);
    run_until_idle(&f.c.h);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/txn "), 2);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/"), 21);
    assert_int_equal(f.c.h.failed_writes, 0);
    end(&f);
}

/* ---- what every request carries -----------------------------------------------------------------
 */

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
    struct fake_world f;
    char path[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(&f, rules);
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
        end(&f);
    }
}

static void without_a_token_none_is_sent(void **state)
{
    static const struct fake_rule rules[] = {{.status = 404}, END};
    struct fake_world f;
    (void)state;
    begin(&f, rules);
    (void)snprintf(f.c.host, sizeof f.c.host, "http://127.0.0.1:%u/under/a/path/", f.fake.port);
    consul_open(&f.c);
    (void)read_back(&f.c.h);
    assert_int_equal(fake_http_count(&f.fake, "GET /under/a/path/v1/kv/prod/features/?recurse="),
                     1);
    assert_null(strstr(f.fake.requests[0].head, "X-Consul-Token"));
    assert_null(strstr(f.fake.requests[0].head, "Authorization"));
    end(&f);
}

static void a_unix_socket_is_as_good(void **state)
{
    static const struct fake_rule rules[] = {{.status = 404}, END};
    struct fake_world f;
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
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_wrong_is_an_outage_and_says_what),
        cmocka_unit_test(a_refused_connection_is_explained),
        cmocka_unit_test(transactions_stay_within_the_limits_and_keep_the_order),
        cmocka_unit_test(no_marker_is_written_behind_a_failure),
        cmocka_unit_test(an_upsert_names_the_index_that_it_has_seen),
        cmocka_unit_test(many_items_are_compared_with_one_look),
        cmocka_unit_test(a_disturbed_transaction_goes_item_by_item),
        cmocka_unit_test(token_and_credentials_go_with_every_request),
        cmocka_unit_test(without_a_token_none_is_sent),
        cmocka_unit_test(a_unix_socket_is_as_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
