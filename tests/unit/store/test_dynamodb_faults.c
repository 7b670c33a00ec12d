/* A DynamoDB that throttles, fails, lies or is not there (data-store.md 3.2, 4.6), and credentials
 * that expire; with a server that says what each test wants. */
#include "dynamodb_world.h"
#include "fake_http.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_PAGE "{\"Items\":[],\"Count\":0,\"ScannedCount\":0}"
#define TYPE(name) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" name "\","
#define THROTTLED                                                                                  \
    TYPE("ProvisionedThroughputExceededException")                                                 \
    "\"message\":\"The level of configured provisioned throughput was exceeded\"}"
#define EXPIRED TYPE("ExpiredTokenException") "\"Message\":\"The token has expired\"}"

/* The ordinary answers; rules of a test come before them. */
#define USUAL                                                                                      \
    {.status = 200, .body = EMPTY_PAGE, .contains = "DynamoDB_20120810.Query"},                    \
        {.status = 200,                                                                            \
         .body = "{\"UnprocessedItems\":{}}",                                                      \
         .contains = "DynamoDB_20120810.BatchWriteItem"},                                          \
        {.status = 200, .body = "{}"},                                                             \
    {                                                                                              \
        .status = 0                                                                                \
    }

static const struct fake_rule usual[] = {USUAL};

struct faulty {
    struct dynamodb_world d;
    struct fake_http fake;
};

static void begin(struct faulty *f, const struct fake_rule *rules)
{
    dynamodb_begin(&f->d, 1);
    fake_http_open(&f->fake, &f->d.w.loop, rules);
    (void)snprintf(f->d.url, sizeof f->d.url, "http://127.0.0.1:%u", f->fake.port);
}

static void end(struct faulty *f)
{
    heard_close(&f->d.h);
    fake_http_close(&f->fake);
    heard_forget(&f->d.h);
    assert_int_equal(log_count(AWS_SECRET), 0);
    world_end(&f->d.w);
}

/* Requests for this operation. */
static size_t asked(const struct faulty *f, const char *operation)
{
    size_t count = 0;
    for (size_t i = 0; i < f->fake.request_count; i++)
        count += strstr(f->fake.requests[i].head, operation) != NULL;
    return count;
}

static size_t texts(const struct fake_request *r, const char *text)
{
    size_t count = 0;
    for (const char *at = r->body.data; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* The index of the first request whose body has the text; the number of requests without one. */
static size_t first_with(const struct faulty *f, const char *text)
{
    size_t i = 0;
    while (i < f->fake.request_count && texts(&f->fake.requests[i], text) == 0)
        i++;
    return i;
}

/* ---- Init ------------------------------------------------------------------------------------ */

static struct dataset *many_flags(int count)
{
    struct dataset_builder *b = dataset_builder_new();
    char key[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "flag-%03d", i);
        dataset_builder_add_take(b, flag(key, 1));
    }
    dataset_builder_add_take(b, segment("seg", 1));
    return dataset_builder_finish_take(b);
}

/* Checklist 9. */
static void init_writes_groups_of_25_then_deletes_then_the_marker(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 200,
         .body = "{\"Items\":[{\"namespace\":{\"S\":\"p:features\"},\"key\":{\"S\":\"stale\"},"
                 "\"version\":{\"N\":\"1\"},\"item\":{\"S\":\"{}\"}}]}",
         .contains = ":namespace\":{\"S\":\"p:features\"}"},
        USUAL};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "p");
    write_all(&f.d.h, many_flags(60));
    assert_int_equal(f.d.h.failed_writes, 0);
    assert_int_equal(asked(&f, ".Query"), 2);
    assert_int_equal(asked(&f, ".BatchWriteItem"), 6);
    const struct fake_request *r = f.fake.requests;
    assert_int_equal(f.fake.request_count, 8);
    assert_int_equal(texts(&r[0], "p:segments"), 1);
    assert_int_equal(texts(&r[1], "p:features"), 1);
    assert_int_equal(texts(&r[2], "PutRequest"), 1);
    assert_int_equal(texts(&r[2], "p:segments"), 1);
    assert_int_equal(texts(&r[3], "PutRequest"), 25);
    assert_int_equal(texts(&r[4], "PutRequest"), 25);
    assert_int_equal(texts(&r[5], "PutRequest"), 10);
    assert_int_equal(texts(&r[6], "PutRequest"), 0);
    assert_int_equal(texts(&r[6],
                           "\"DeleteRequest\":{\"Key\":{\"namespace\":{\"S\":\"p:features\"},"
                           "\"key\":{\"S\":\"stale\"}}}"),
                     1);
    assert_string_equal(r[7].body.data,
                        "{\"RequestItems\":{\"flags\":[{\"PutRequest\":{\"Item\":{\"namespace\":{"
                        "\"S\":\"p:$inited\"},\"key\":{\"S\":\"p:$inited\"}}}}]}}");
    end(&f);
}

/* Checklist 19; the service writes the items of one batch in any order. */
static void what_an_item_needs_is_in_an_earlier_batch(void **state)
{
    static const struct {
        const char *key;
        const char *needs;
    } rows[] = {{"a", "b"}, {"b", "c"},  {"c", NULL},    {"d", "c"},
                {"e", "e"}, {"f", NULL}, {"g", "nobody"}};
    struct dataset_builder *b = dataset_builder_new();
    struct faulty f;
    char json[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        (void)snprintf(json, sizeof json, "{\"version\":1,\"prerequisites\":[{\"key\":\"%s\"}]}",
                       rows[i].needs);
        struct item *it =
            item_parse(ITEM_FLAG, view_of(rows[i].key),
                       view_of(rows[i].needs != NULL ? json : "{\"version\":1}"), &err);
        assert_non_null(it);
        dataset_builder_add_take(b, it);
    }
    begin(&f, usual);
    dynamodb_open(&f.d, "");
    write_all(&f.d.h, dataset_builder_finish_take(b));
    assert_int_equal(f.fake.request_count, 2 + 3 + 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const size_t batches[] = {4, 3, 2, 3, 2, 2, 2};
        (void)snprintf(json, sizeof json, "\"key\":{\"S\":\"%s\"}", rows[i].key);
        assert_int_equal(first_with(&f, json), batches[i]);
    }
    end(&f);
}

/* A full data set that is there already costs two queries and the marker. */
static void rows_that_are_there_already_are_not_written(void **state)
{
    struct item *it = flag("f", 3);
    struct str page = {0};
    struct faulty f;
    (void)state;
    str_append_text(&page, "{\"Items\":[{\"namespace\":{\"S\":\"features\"},\"key\":{\"S\":\"f\"},"
                           "\"version\":{\"N\":\"3\"},\"item\":{\"S\":\"");
    for (size_t i = 0; i < it->text->len; i++)
        str_append_format(&page, it->text->data[i] == '"' ? "\\%c" : "%c", it->text->data[i]);
    str_append_text(&page, "\"}}]}");
    const struct fake_rule rules[] = {
        {.status = 200, .body = page.data, .contains = ":namespace\":{\"S\":\"features\"}"}, USUAL};
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    write_all(&f.d.h, dataset_text("f3"));
    assert_int_equal(asked(&f, ".BatchWriteItem"), 1);
    assert_int_equal(first_with(&f, "$inited"), 2);
    assert_logged("with 1 item(s)\n");
    fake_http_forget(&f.fake);
    write_all(&f.d.h, dataset_text("f4"));
    assert_int_equal(asked(&f, ".BatchWriteItem"), 2);
    item_unref(it);
    end(&f);
    str_free(&page);
}

#define LEFT_OVER                                                                                  \
    "{\"flags\":[{\"PutRequest\":{\"Item\":{\"namespace\":{\"S\":\"features\"},\"key\":{\"S\":"    \
    "\"f\"}}}}]}"

/* Checklist 10. */
static void what_is_left_unprocessed_is_sent_again_before_the_marker(void **state)
{
    static const struct fake_rule rules[] = {{.status = 200,
                                              .body = "{\"UnprocessedItems\":" LEFT_OVER "}",
                                              .contains = "DynamoDB_20120810.BatchWriteItem",
                                              .times = 3},
                                             USUAL};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    write_all(&f.d.h, dataset_text("f3 g1"));
    assert_int_equal(f.d.h.failed_writes, 0);
    assert_int_equal(asked(&f, ".BatchWriteItem"), 5);
    assert_int_equal(first_with(&f, "$inited"), 6);
    assert_string_equal(f.fake.requests[3].body.data, "{\"RequestItems\":" LEFT_OVER "}");
    assert_string_equal(f.fake.requests[5].body.data, "{\"RequestItems\":" LEFT_OVER "}");
    end(&f);
}

/* Checklist 10, 81. */
static void what_stays_unprocessed_fails_the_init_without_a_marker(void **state)
{
    static const struct fake_rule rules[] = {{.status = 200,
                                              .body = "{\"UnprocessedItems\":" LEFT_OVER "}",
                                              .contains = "DynamoDB_20120810.BatchWriteItem"},
                                             USUAL};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    struct dataset *data = dataset_text("f3 g1");
    (void)store_init_post(f.d.h.store, data);
    dataset_unref(data);
    run_until_state(&f.d.h, STORE_INTERRUPTED);
    assert_int_equal(asked(&f, ".BatchWriteItem"), 10);
    assert_int_equal(first_with(&f, "BatchWriteItem"), f.fake.request_count);
    for (size_t i = 0; i < f.fake.request_count; i++)
        assert_true(strstr(f.fake.requests[i].head, ".BatchWriteItem") == NULL ||
                    texts(&f.fake.requests[i], "$inited") == 0);
    assert_logged("Data store returned error: failed to write 3 items(s) in batches: DynamoDB left "
                  "items unprocessed");
    end(&f);
}

/* ---- one request ----------------------------------------------------------------------------- */

/* What passes by itself within the tries is not even seen. */
static void short_faults_are_no_outage(void **state)
{
    static const struct fake_rule rows[] = {
        {.status = 400, .body = THROTTLED, .times = 4},
        {.status = 400, .body = TYPE("ThrottlingException:x") "\"message\":\"slow\"}", .times = 2},
        {.status = 500, .body = "", .times = 2},
        {.status = 503, .body = "<html>", .times = 2},
        {.status = 200, .manner = FAKE_HALF, .times = 2},
        {.status = 200, .manner = FAKE_GARBAGE, .times = 2},
        {.status = 200, .manner = FAKE_RESET, .times = 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fake_rule rules[] = {rows[i], USUAL};
        struct faulty f;
        begin(&f, rules);
        dynamodb_open(&f.d, "");
        write_item(&f.d.h, flag("f", 1));
        assert_int_equal(f.d.h.failed_writes, 0);
        assert_true(f.fake.request_count > rows[i].times);
        end(&f);
    }
}

/* What does not is an outage with a clear line, and is over when the probe succeeds. */
static void long_faults_are_outages_and_end(void **state)
{
    static const struct {
        struct fake_rule rule;
        const char *line;
        size_t tries;
    } rows[] = {
        {{.status = 400, .body = THROTTLED},
         "DynamoDB table \"flags\": ProvisionedThroughputExceededException: The level of "
         "configured "
         "provisioned throughput was exceeded; raise the table's capacity",
         0},
        {{.status = 500}, "answered with status 500", 3},
        {{.status = 500, .body = TYPE("InternalServerError") "\"message\":\"sorry\"}"},
         "InternalServerError: sorry",
         3},
        {{.status = 200, .manner = FAKE_HALF}, "unexpected EOF", 3},
        {{.status = 200, .manner = FAKE_GARBAGE}, "DynamoDB at http://127.0.0.1:", 3},
        {{.status = 400,
          .body = TYPE("AccessDeniedException") "\"Message\":\"User: x is not "
                                                "authorized\"}"},
         "AccessDeniedException: User: x is not authorized; allow dynamodb:GetItem",
         1},
        {{.status = 400, .body = EXPIRED}, "ExpiredTokenException: The token has expired", 2},
        {{.status = 404, .body = "not found"}, "answered with status 404", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fake_rule rules[] = {rows[i].rule, {.status = 0}};
        struct faulty f;
        begin(&f, rules);
        dynamodb_open(&f.d, "");
        struct item *it = flag("f", 1);
        (void)store_upsert_post(f.d.h.store, it);
        item_unref(it);
        run_until_state(&f.d.h, STORE_INTERRUPTED);
        if (log_count(rows[i].line) == 0)
            fail_msg("row %zu: no line \"%s\"", i, rows[i].line);
        if (rows[i].tries != 0)
            assert_int_equal(f.fake.request_count, rows[i].tries);
        assert_int_equal(log_count("Detected persistent store unavailability"), 1);
        fake_http_rules(&f.fake, usual);
        run_until_state(&f.d.h, STORE_VALID);
        end(&f);
    }
}

/* An answer that is none. */
static void answers_that_are_not_understood_are_outages(void **state)
{
    static const char *const bodies[] = {"", "garbage", "{\"Items\":[{\"key\":{\"S\":", "[]",
                                         "{\"Items\":7}"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const struct fake_rule rules[] = {{.status = 200, .body = bodies[i]}, {.status = 0}};
        struct faulty f;
        begin(&f, rules);
        dynamodb_open(&f.d, "");
        store_read_post(f.d.h.store, STORE_ALL_KINDS);
        run_until_state(&f.d.h, STORE_INTERRUPTED);
        assert_false(f.d.h.read_ok);
        assert_true(log_count("DynamoDB's answer is not understood") > 0);
        end(&f);
    }
}

/* A page that says for ever that another one follows. */
static void pages_without_end_are_not_read_for_ever(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 200,
         .body = "{\"Items\":[],\"LastEvaluatedKey\":{\"key\":{\"S\":\"x\"}}}",
         .contains = ".Query"},
        USUAL};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    store_read_post(f.d.h.store, STORE_ALL_KINDS);
    run_until_state(&f.d.h, STORE_INTERRUPTED);
    assert_logged("the table holds more than can be read");
    assert_non_null(
        strstr(f.fake.requests[1].body.data, "\"ExclusiveStartKey\":{\"key\":{\"S\":\"x\"}}"));
    end(&f);
}

/* Bhang of data-store.md 6.2; a reading costs 10 s, a closing 3 s. */
static void a_silent_service_costs_the_limit_and_no_more(void **state)
{
    static const struct fake_rule rules[] = {{.status = 200, .manner = FAKE_SILENT}, {.status = 0}};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    uint64_t start = uv_hrtime();
    store_read_post(f.d.h.store, STORE_ALL_KINDS);
    run_until_state(&f.d.h, STORE_INTERRUPTED);
    uint64_t took_ms = (uv_hrtime() - start) / 1000000;
    assert_in_range(took_ms, 9000, 13000);
    assert_logged("no answer in time");
    end(&f);
}

static void closing_does_not_wait_for_a_silent_service(void **state)
{
    static const struct fake_rule rules[] = {{.status = 200, .manner = FAKE_SILENT}, {.status = 0}};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    struct dataset *data = dataset_text("f3");
    (void)store_init_post(f.d.h.store, data);
    dataset_unref(data);
    run_turns(&f.d.w, 20);
    uint64_t start = uv_hrtime();
    end(&f);
    assert_in_range((uv_hrtime() - start) / 1000000, 2000, 5000);
}

/* ---- credentials and places ------------------------------------------------------------------ */

/* Other keys are there when the old ones have expired. */
static void expired_credentials_are_replaced_at_once(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 200, .body = "{}", .contains = "Credential=test/", .times = 1},
        {.status = 400, .body = EXPIRED, .contains = "Credential=test/"},
        USUAL};
    struct faulty f;
    (void)state;
    begin(&f, rules);
    dynamodb_open(&f.d, "");
    write_item(&f.d.h, flag("f", 1));
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "NEXT", 1), 0);
    write_item(&f.d.h, flag("f", 2));
    assert_int_equal(f.d.h.failed_writes, 0);
    assert_int_equal(f.fake.request_count, 3);
    assert_non_null(strstr(f.fake.requests[2].head, "Credential=NEXT/"));
    end(&f);
}

static void without_a_region_the_store_says_so(void **state)
{
    struct dynamodb_world d;
    (void)state;
    dynamodb_begin(&d, 1);
    assert_int_equal(unsetenv("AWS_REGION"), 0);
    d.w.settings.dynamodb.url = "";
    dynamodb_open(&d, "");
    store_read_post(d.h.store, STORE_ALL_KINDS);
    run_until_state(&d.h, STORE_INTERRUPTED);
    assert_logged("Data store returned error: no AWS region configured; set AWS_REGION\n");
    dynamodb_end(&d);
}

static void without_credentials_the_store_says_so(void **state)
{
    struct dynamodb_world d;
    (void)state;
    dynamodb_begin(&d, 1);
    assert_int_equal(unsetenv("AWS_ACCESS_KEY_ID"), 0);
    dynamodb_open(&d, "");
    store_read_post(d.h.store, STORE_ALL_KINDS);
    run_until_state(&d.h, STORE_INTERRUPTED);
    assert_logged("Data store returned error: no AWS credentials: ");
    assert_logged("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n");
    dynamodb_end(&d);
}

static void an_unknown_profile_refuses_the_start(void **state)
{
    struct dynamodb_world d;
    struct error err;
    (void)state;
    dynamodb_begin(&d, 1);
    assert_int_equal(setenv("AWS_PROFILE", "nobody", 1), 0);
    assert_false(store_database_open(&d.w.settings, &d.w.loop, &d.w.clock.base, &d.w.db, &err));
    assert_string_equal(err.text, "failed to get shared config profile, nobody");
    world_end(&d.w);
}

/* status.md 6: the configured URL, without its password. */
static void the_address_is_shown_without_its_password(void **state)
{
    static const struct {
        const char *url;
        const char *shown;
    } rows[] = {{"", ""},
                {"http://user:secret@localhost:8000", "http://user:xxxxx@localhost:8000"}};
    struct dynamodb_world d;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dynamodb_begin(&d, 1);
        d.w.settings.dynamodb.url = rows[i].url;
        world_open(&d.w);
        assert_string_equal(store_database_name(d.w.db), "dynamodb");
        assert_string_equal(store_database_server(d.w.db), rows[i].shown);
        world_end(&d.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_writes_groups_of_25_then_deletes_then_the_marker),
        cmocka_unit_test(what_an_item_needs_is_in_an_earlier_batch),
        cmocka_unit_test(rows_that_are_there_already_are_not_written),
        cmocka_unit_test(what_is_left_unprocessed_is_sent_again_before_the_marker),
        cmocka_unit_test(what_stays_unprocessed_fails_the_init_without_a_marker),
        cmocka_unit_test(short_faults_are_no_outage),
        cmocka_unit_test(long_faults_are_outages_and_end),
        cmocka_unit_test(answers_that_are_not_understood_are_outages),
        cmocka_unit_test(pages_without_end_are_not_read_for_ever),
        cmocka_unit_test(a_silent_service_costs_the_limit_and_no_more),
        cmocka_unit_test(closing_does_not_wait_for_a_silent_service),
        cmocka_unit_test(expired_credentials_are_replaced_at_once),
        cmocka_unit_test(without_a_region_the_store_says_so),
        cmocka_unit_test(without_credentials_the_store_says_so),
        cmocka_unit_test(an_unknown_profile_refuses_the_start),
        cmocka_unit_test(the_address_is_shown_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
