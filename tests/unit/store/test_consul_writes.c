/* What is written to Consul, in which order and portions, with a server that says what the test
 * wants.
 */
#include "consul_world.h"

#include "base/json_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED(key) "[{\"Key\":\"prod/features/" key "\",\"Value\":\"e30=\",\"ModifyIndex\":7}]"
#define END                                                                                        \
    {                                                                                              \
        .status = 0                                                                                \
    }

/* ---- transactions ---------------------------------------------------------------------------- */

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
        str_append_format(out, "%.1s %s\n", str_text(&verb), str_text(&key));
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
    struct consul_fake f;
    struct str expected = {0};
    struct str written = {0};
    char key[16];
    (void)state;
    consul_fake_begin(&f, rules);
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
    consul_fake_end(&f);
}

/* Checklist 81. */
static void no_marker_is_written_behind_a_failure(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "GET", .status = 404},
        {.method = "PUT", .target = "/v1/txn", .status = 200, .body = "{}", .times = 2},
        {.status = 500, .body = "sorry"},
        END};
    struct consul_fake f;
    struct str written = {0};
    char key[16];
    (void)state;
    consul_fake_begin(&f, rules);
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
    consul_fake_end(&f);
}

/* ---- Upsert ---------------------------------------------------------------------------------- */

/* Checklist 16. */
static void an_upsert_names_the_index_that_it_has_seen(void **state)
{
    static const struct fake_rule rules[] = {
        {.target = "/v1/kv/prod/features/a ", .status = 404},
        {.target = "/v1/kv/prod/features/b ", .status = 200, .body = LISTED("b")},
        {.method = "PUT", .status = 200, .body = "false", .times = 1},
        {.method = "PUT", .status = 200, .body = "true\n"},
        END};
    struct consul_fake f;
    (void)state;
    consul_fake_begin(&f, rules);
    consul_open(&f.c);
    write_item(&f.c.h, flag("a", 1));
    write_item(&f.c.h, flag("b", 1));
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/a?cas=0 HTTP"), 2);
    assert_int_equal(fake_http_count(&f.fake, "GET /v1/kv/prod/features/a HTTP"), 2);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/b?cas=7 HTTP"), 1);
    assert_int_equal(f.c.h.failed_writes, 0);
    consul_fake_end(&f);
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
    struct consul_fake f;
    struct str written = {0};
    (void)state;
    consul_fake_begin(&f, rules);
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
    consul_fake_end(&f);
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
    struct consul_fake f;
    (void)state;
    consul_fake_begin(&f, rules);
    consul_open(&f.c);
    store_read_post(f.c.h.store, STORE_ALL_KINDS);
    post_flags(&f.c.h, 40, 3);
    run_until_idle(&f.c.h);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/txn "), 2);
    assert_int_equal(fake_http_count(&f.fake, "PUT /v1/kv/prod/features/"), 21);
    assert_int_equal(f.c.h.failed_writes, 0);
    consul_fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_stay_within_the_limits_and_keep_the_order),
        cmocka_unit_test(no_marker_is_written_behind_a_failure),
        cmocka_unit_test(an_upsert_names_the_index_that_it_has_seen),
        cmocka_unit_test(many_items_are_compared_with_one_look),
        cmocka_unit_test(a_disturbed_transaction_goes_item_by_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
