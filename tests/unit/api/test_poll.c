/* What polls are answered (http-api.md 6, 8; data-store.md 5.3, 6.2). Checklist of http-api.md:
 * 23, 54-62, 69. */
#include "ask.h"
#include "flags/dataset_private.h"

#define NOT_READY "{\"message\":\"Service not initialized\"}"
#define ALPHA_BETA "W/\"f3616255d649239\""

static void setup(struct asking *a)
{
    ask_setup(a);
    a->bench.settings.init_timeout_ms = 1;
    a->bench.settings.local_ttl_ms = -1;
    bench_add(&a->bench, &(struct env_settings){.name = "silent", .sdk_key = "sdk-3"});
    bench_add(&a->bench, &(struct env_settings){.sdk_key = "sdk-1", .env_id = "id-1"});
    bench_add(&a->bench,
              &(struct env_settings){.name = "kept", .sdk_key = "sdk-2", .ttl_ms = 300000});
    bench_add(&a->bench, &(struct env_settings){.name = "bare", .sdk_key = "sdk-4"});
    ask_start(a, NULL, 0);
    bench_put(&a->bench, 1, "beta:7 alpha:3 /s:2");
    bench_put(&a->bench, 2, "alpha:3 beta:7 gone:x9 /s:2 /old:x4");
    bench_put(&a->bench, 3, "");
    bench_stored(&a->bench, 0, NULL);
    bench_time_out(&a->bench);
}

static const struct {
    const char *method;
    const char *target;
    const char *key;
    const char *if_none_match;
    int status;
    const char *etag;
    bool expires;
    const char *why;
} rows[] = {
    {"GET", "/sdk/flags", "sdk-1", "", 200, ALPHA_BETA, false, "56: by key, whatever the order"},
    {"GET", "/sdk/flags", "sdk-2", "", 200, "W/\"5fa10d677f615f0\"", true, "56: with a tombstone"},
    {"GET", "/sdk/flags", "sdk-4", "", 200, "W/\"da39a3ee5e6b4b0\"", false, "56: no flags"},
    {"GET", "/sdk/flags/alpha", "sdk-1", "", 200, "W/\"3\"", false, "the item's version"},
    {"GET", "/sdk/flags/al%70ha", "sdk-1", "", 200, "W/\"3\"", false, "62"},
    {"GET", "/sdk/flags/alpha", "sdk-2", "", 200, "W/\"3\"", true, "59"},
    {"GET", "/sdk/segments/s", "sdk-2", "", 200, "W/\"2\"", true, "a segment"},
    {"GET", "/sdk/flags/s", "sdk-1", "", 404, "", false, "a segment is no flag"},
    {"GET", "/sdk/segments/alpha", "sdk-1", "", 404, "", false, "nor a flag a segment"},
    {"GET", "/sdk/flags/nope", "sdk-2", "*", 404, "", false, "55: unknown, whatever is asked"},
    {"GET", "/sdk/flags/gone", "sdk-2", "", 404, "", false, "55: a tombstone"},
    {"GET", "/sdk/segments/old", "sdk-2", "", 404, "", false, "55"},
    {"GET", "/sdk/flags", "sdk-1", "relay-f3616255d649239", 304, ALPHA_BETA, false, "57, 58"},
    {"GET", "/sdk/flags", "sdk-1", "x, " ALPHA_BETA, 304, ALPHA_BETA, false, "57: a list"},
    {"GET", "/sdk/flags", "sdk-1", "*", 304, ALPHA_BETA, false, "57"},
    {"GET", "/sdk/flags", "sdk-1", "relay-3", 200, ALPHA_BETA, false, "57: another version"},
    {"GET", "/sdk/flags/alpha", "sdk-2", "W/\"3\"", 304, "W/\"3\"", true, "59: 304 as well"},
    {"GET", "/sdk/flags/alpha", "sdk-2", "W/\"4\"", 200, "W/\"3\"", true, "57"},
    {"HEAD", "/sdk/flags", "sdk-1", "", 200, ALPHA_BETA, false, "HEAD has the headers of GET"},
    {"HEAD", "/sdk/flags/nope", "sdk-1", "", 404, "", false, "HEAD"},
    {"GET", "/sdk/latest-flags", "sdk-1", "", 200, ALPHA_BETA, false, "69"},
    {"GET", "/sdk/latest-flags", "sdk-1", ALPHA_BETA, 304, ALPHA_BETA, false, "69"},
    {"GET", "/sdk/latest-all", "sdk-1", "", 200, "W/\"1ecfc001b8c5d57\"", false, "69"},
    {"GET", "/sdk/latest-all", "sdk-1", "*", 304, "W/\"1ecfc001b8c5d57\"", false, "69"},
    {"GET", "/sdk/flags", "sdk-3", "", 503, "", false, "61"},
    {"GET", "/sdk/flags/alpha", "sdk-3", "*", 503, "", false, "61"},
    {"GET", "/sdk/segments/s", "sdk-3", "", 503, "", false, "61"},
    {"GET", "/sdk/latest-all", "sdk-3", "", 503, "", false, "61"},
    {"HEAD", "/sdk/latest-flags", "sdk-3", "", 503, "", false, "61"},
};

static void one(struct asking *a, const char *method, const char *target, const char *key,
                const char *if_none_match)
{
    char headers[128];
    (void)snprintf(headers, sizeof headers, "Authorization: %s\nIf-None-Match: %s", key,
                   if_none_match);
    ask(a, method, target, headers);
}

static void check_row(const struct asking *a, size_t i)
{
    const char *type = rows[i].status == 200 || rows[i].status == 503 ? "application/json" : "";
    if (a->answer.status != rows[i].status)
        fail_msg("%s: status %d", rows[i].why, a->answer.status);
    if (strcmp(answer_header(a, "Etag"), rows[i].etag) != 0)
        fail_msg("%s: Etag %s", rows[i].why, answer_header(a, "Etag"));
    assert_string_equal(answer_header(a, "Content-Type"), type);
    assert_string_equal(answer_header(a, "Vary"), rows[i].expires ? "Authorization" : "");
    assert_int_equal(answer_header(a, "Expires")[0] != '\0', rows[i].expires);
    assert_string_equal(answer_header(a, "Cache-Control"), rows[i].expires ? "public" : "");
    assert_int_equal(a->answer.body_is_kept, rows[i].status == 200);
}

static void a_poll_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        one(&a, rows[i].method, rows[i].target, rows[i].key, rows[i].if_none_match);
        check_row(&a, i);
        if (rows[i].status == 503 && strcmp(rows[i].method, "GET") == 0)
            bench_expect(&a.answer.body, NOT_READY, rows[i].why);
        if (rows[i].status == 304 || rows[i].status == 404)
            bench_expect(&a.answer.body, "", rows[i].why);
        if (strcmp(rows[i].key, "sdk-1") == 0)
            assert_string_equal(answer_header(&a, "X-LD-EnvId"), "id-1"); /* 23 */
    }
    ask_teardown(&a);
}

/* 54: the same texts as in the streams, and no tombstones. */
static void bodies_are_those_of_the_streams(void **state)
{
    struct asking a;
    struct str want = {0};
    (void)state;
    setup(&a);
    struct dataset *data = bench_snapshot(&a.bench, 2)->data;
    one(&a, "GET", "/sdk/flags", "sdk-2", "");
    assert_true(view_equal(str_view(&a.answer.body), dataset_put_flags(data)->data));
    assert_null(strstr(str_text(&a.answer.body), "gone"));
    one(&a, "GET", "/sdk/latest-all", "sdk-2", "");
    str_append_format(&want, "{\"path\":\"/\",\"data\":%s}", str_text(&a.answer.body));
    assert_true(view_equal(str_view(&want), dataset_put_all(data)->data));
    assert_null(strstr(str_text(&want), "old"));
    one(&a, "GET", "/sdk/flags/alpha", "sdk-2", "");
    assert_true(view_equal(str_view(&a.answer.body),
                           buf_view(dataset_find(data, ITEM_FLAG, view_of("alpha"))->text)));
    str_free(&want);
    ask_teardown(&a);
}

/* 59 */
static void answers_expire_when_the_ttl_has_passed(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.bench.clock.wall_ms = 1700000000000;
    one(&a, "GET", "/sdk/flags/alpha", "sdk-2", "");
    assert_string_equal(answer_header(&a, "Expires"), "Tue, 14 Nov 2023 22:18:20 GMT");
    ask_teardown(&a);
}

/* 60 */
static void an_update_gives_another_tag(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    one(&a, "GET", "/sdk/flags", "sdk-1", ALPHA_BETA);
    assert_int_equal(a.answer.status, 304);
    bench_patch(&a.bench, 1, "alpha:4");
    one(&a, "GET", "/sdk/flags", "sdk-1", ALPHA_BETA);
    assert_int_equal(a.answer.status, 200);
    assert_non_null(strstr(str_text(&a.answer.body), "\"version\":4"));
    bench_patch(&a.bench, 1, "/s:3");
    one(&a, "GET", "/sdk/latest-all", "sdk-1", "W/\"1ecfc001b8c5d57\"");
    assert_int_equal(a.answer.status, 200);
    ask_teardown(&a);
}

static bool is_rendered(struct asking *a, enum dataset_poll poll)
{
    return atomic_load(&bench_snapshot(&a->bench, 1)->data->poll_bodies[poll]) != NULL;
}

/* 57: nobody has asked the data set for a body before, so that a 304 that makes one would be the
 * first to do so. */
static void who_has_it_is_told_without_rendering(void **state)
{
    static const struct {
        const char *target;
        enum dataset_poll poll;
    } polls[] = {{"/sdk/flags", DATASET_POLL_FLAGS},
                 {"/sdk/latest-flags", DATASET_POLL_FLAGS},
                 {"/sdk/latest-all", DATASET_POLL_ALL}};
    struct asking a;
    char tag[64];
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(polls); i++) {
        one(&a, "GET", polls[i].target, "sdk-1", "*");
        assert_int_equal(a.answer.status, 304);
        (void)snprintf(tag, sizeof tag, "%s", answer_header(&a, "Etag"));
        one(&a, "GET", polls[i].target, "sdk-1", tag);
        assert_int_equal(a.answer.status, 304);
        assert_false(is_rendered(&a, polls[i].poll));
    }
    for (size_t i = 0; i < ARRAY_LEN(polls); i++) {
        one(&a, "GET", polls[i].target, "sdk-1", "");
        assert_int_equal(a.answer.status, 200);
        assert_true(is_rendered(&a, polls[i].poll));
    }
    ask_teardown(&a);
}

/* A body and its tag are made once per data set. */
static void the_body_is_shared(void **state)
{
    struct dataset *data = bench_dataset("a:1 b:2 /s:1");
    (void)state;
    for (int poll = 0; poll < DATASET_POLL_COUNT; poll++) {
        struct buf *body = dataset_poll_body(data, (enum dataset_poll)poll);
        struct view version = dataset_poll_version(data, (enum dataset_poll)poll);
        assert_ptr_equal(dataset_poll_body(data, (enum dataset_poll)poll), body);
        assert_ptr_equal(dataset_poll_version(data, (enum dataset_poll)poll).data, version.data);
        assert_int_equal(version.len, 15);
    }
    dataset_unref(data);
}

/* The database cannot be asked: what every route of polls answers then. */
static void without_database(struct http_request *req, struct api_passage *p)
{
    poll_unavailable(req, p, "disk I/O error");
}

static void expired_data_without_database_is_500(void **state)
{
    static const struct api_route row[] = {
        {1u << HTTP_GET, false, "/x", API_SDK_KEY, .handler = without_database}};
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(&a, row, 1);
    bench_put(&a.bench, 0, "a:1");
    one(&a, "GET", "/x", "sdk-1", "*");
    assert_int_equal(a.answer.status, 500);
    assert_int_equal(a.answer.body.len, 0);
    assert_string_equal(answer_header(&a, "Content-Type"), "");
    assert_true(bench_log_has(&a.bench, "Error reading feature store: disk I/O error"));
    ask_teardown(&a);
    size_t polls = 0;
    for (size_t i = 0; i < api_route_count; i++)
        polls += api_routes[i].unavailable == poll_unavailable && api_routes[i].data != 0;
    assert_int_equal(polls, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_is_answered_as_its_row_says),
        cmocka_unit_test(bodies_are_those_of_the_streams),
        cmocka_unit_test(answers_expire_when_the_ttl_has_passed),
        cmocka_unit_test(an_update_gives_another_tag),
        cmocka_unit_test(who_has_it_is_told_without_rendering),
        cmocka_unit_test(the_body_is_shared),
        cmocka_unit_test(expired_data_without_database_is_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
