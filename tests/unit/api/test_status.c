/* The status document, byte for byte (status.md 2, 11, 12), and its sub-paths (13). Checklist of
 * status.md: 1, 3, 7-16, 19-22, 31-34, 48, 57-61. */
#include "ask.h"

#define KEY "sdk-98e2b0b4-2688-4a59-9810-1e0e3d7e42d0"
#define MASKED "sdk-********-****-****-****-*******e42d0"
#define MOBILE "mob-98e2b0b4-2688-4a59-9810-1e0e3d7e42d1"
#define MASKED_MOBILE "mob-********-****-****-****-*******e42d1"
#define ID "507f1f77bcf86cd799439011"

/* The bench's clock starts at 1700000000000. */
static void setup(struct asking *a, bool classic, bool database)
{
    ask_setup(a);
    a->settings.classic_status = classic;
    a->settings.database = database ? "sqlite" : NULL;
    a->settings.database_server = "/var/lib/flagrelay/flagrelay.db";
    a->bench.settings.init_timeout_ms = 20;
    bench_add(&a->bench, &(struct env_settings){.sdk_key = KEY, .env_id = ID});
    ask_start(a, NULL, 0);
}

#define CLASSIC(status, connection, store, top)                                                    \
    "{\"environments\":{\"prod\":{\"sdkKey\":\"" MASKED "\",\"envId\":\"" ID                       \
    "\",\"status\":\"" status "\",\"connectionStatus\":" connection ",\"dataStoreStatus\":" store  \
    "}},\"status\":\"" top "\",\"version\":\"1.2.3\",\"clientVersion\":\"7.6.0\"}"

#define FULL(status, connection, store, top)                                                       \
    "{\"environments\":{\"prod\":{\"sdkKey\":\"" MASKED "\",\"sdkKeys\":[{\"value\":\"" MASKED     \
    "\"}],\"envId\":\"" ID "\",\"mobileKeys\":[],\"status\":\"" status                             \
    "\",\"connectionStatus\":" connection ",\"dataStoreStatus\":" store                            \
    "}},\"refusedEnvironments\":[],\"status\":\"" top                                              \
    "\",\"version\":\"1.2.3\",\"clientVersion\":\"7.6.0\",\"product\":\"flagrelay\"}"

#define SQLITE                                                                                     \
    ",\"database\":\"sqlite\",\"dbServer\":\"/var/lib/flagrelay/"                                  \
    "flagrelay.db\",\"dbPrefix\":\"prod\"}"
#define SINCE(state, ms) "{\"state\":\"" state "\",\"stateSince\":" ms
#define ERROR(kind, ms) ",\"lastError\":{\"kind\":\"" kind "\",\"time\":" ms "}}"

static const struct {
    const char *steps;
    bool classic;
    bool database;
    const char *document;
    const char *why;
} rows[] = {
    {"", true, true,
     CLASSIC("disconnected", SINCE("INITIALIZING", "1700000000000") "}",
             SINCE("INITIALIZING", "0") SQLITE, "degraded"),
     "19: starting; the reference's stateSince of the store is 0"},
    {"", false, true,
     FULL("disconnected", SINCE("INITIALIZING", "1700000000000") "}",
          SINCE("INITIALIZING", "1700000000000") SQLITE, "degraded"),
     "in the full document it is the creation time"},
    {"advance 420; put a:1", true, true,
     CLASSIC("connected", SINCE("VALID", "1700000000420") "}",
             SINCE("VALID", "1700000000420") SQLITE, "healthy"),
     "20: normal"},
    {"advance 420; put a:1", true, false,
     CLASSIC("connected", SINCE("VALID", "1700000000420") "}", SINCE("VALID", "1700000000420") "}",
             "healthy"),
     "34: without a database"},
    {"advance 420; put a:1", false, false,
     FULL("connected", SINCE("VALID", "1700000000420") "}", SINCE("VALID", "1700000000420") "}",
          "healthy"),
     "full"},
    {"put a:1; advance 100000; lost; advance 18000; lost; advance 2000", true, false,
     CLASSIC("connected",
             SINCE("INTERRUPTED", "1700000100000") ERROR("NETWORK_ERROR", "1700000118000"),
             SINCE("VALID", "1700000000000") "}", "healthy"),
     "21: lost 20 s ago"},
    {"put a:1; advance 100000; lost; advance 58000; lost; advance 2000", true, false,
     CLASSIC("disconnected",
             SINCE("INTERRUPTED", "1700000100000") ERROR("NETWORK_ERROR", "1700000158000"),
             SINCE("VALID", "1700000000000") "}", "degraded"),
     "21: lost 60 s ago"},
    {"put a:1; advance 165000; lost; advance 5000; alive", true, false,
     CLASSIC("connected", SINCE("VALID", "1700000170000") ERROR("NETWORK_ERROR", "1700000165000"),
             SINCE("VALID", "1700000000000") "}", "healthy"),
     "back"},
    {"advance 300; 401", true, false,
     CLASSIC("disconnected", SINCE("OFF", "1700000000300") ERROR("ERROR_RESPONSE", "1700000000300"),
             SINCE("VALID", "1700000000300") "}", "degraded"),
     "27: 401 at the start"},
    {"advance 300; 401", false, false,
     FULL("disconnected",
          SINCE("OFF", "1700000000300") ",\"lastError\":{\"kind\":\"ERROR_RESPONSE\","
                                        "\"statusCode\":401,\"time\":1700000000300}}",
          SINCE("VALID", "1700000000300") "}", "degraded"),
     "55: with its code"},
    {"advance 4000; lost; stored a:1; timeout; advance 10000; lost", true, true,
     CLASSIC("disconnected",
             SINCE("INITIALIZING", "1700000000000") ERROR("NETWORK_ERROR", "1700000014000"),
             SINCE("VALID", "1700000004000") SQLITE, "degraded"),
     "31: serving stored data"},
    {"advance 420; put a:1; advance 41580; store-down; write-fails", true, true,
     CLASSIC("connected", SINCE("VALID", "1700000000420") ERROR("STORE_ERROR", "1700000042000"),
             SINCE("INTERRUPTED", "1700000042000") SQLITE, "healthy"),
     "32: database down"},
};

static void the_document_is_that_of_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct asking a;
        setup(&a, rows[i].classic, rows[i].database);
        bench_script(&a.bench, rows[i].steps);
        ask(&a, "GET", "/status", "");
        bench_expect(&a.answer.headers, "Content-Type: application/json\nCache-Control: no-store\n",
                     rows[i].why);
        bench_expect(&a.answer.body, rows[i].document, rows[i].why);
        ask_teardown(&a);
    }
}

static void names_are_sorted_and_escaped_and_absent_things_left_out(void **state)
{
    static const char *const names[] = {"b", "<b>&x", "Z", "a/web"};
    struct asking a;
    (void)state;
    ask_setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        bench_add(&a.bench, &(struct env_settings){.name = names[i],
                                                   .sdk_key = "sdk-my-test-key-0001",
                                                   .mobile_key = MOBILE});
    ask_start(&a, NULL, 0);
    ask(&a, "GET", "/status", "Authorization: whatever");
    const char *body = str_text(&a.answer.body);
    const char *first =
        strstr(body, "\"\\u003cb\\u003e\\u0026x\":{\"sdkKey\":\"sdk-**-****-***-0001\"");
    assert_non_null(first);
    const char *second = strstr(first, "\"Z\":{");
    assert_non_null(second);
    const char *third = strstr(second, "\"a/web\":{");
    assert_non_null(third);
    assert_non_null(strstr(third, "\"b\":{"));
    assert_non_null(strstr(body, "\"mobileKey\":\"" MASKED_MOBILE
                                 "\",\"mobileKeys\":[{\"value\":\"" MASKED_MOBILE "\"}]"));
    static const char *const absent[] = {"null",
                                         "\"\"",
                                         "envId",
                                         "envKey",
                                         "projKey",
                                         "expiringSdkKey",
                                         "bigSegmentStatus",
                                         "autoConfigStatus",
                                         "my-test"};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_null(strstr(body, absent[i]));
    ask_teardown(&a);
}

/* 1, 50: before the list is known. */
static void without_a_list_it_is_degraded_and_empty(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    a.settings.classic_status = true;
    ask_start(&a, NULL, 0);
    ask(&a, "GET", "/status", "");
    bench_expect(&a.answer.body,
                 "{\"environments\":{},\"status\":\"degraded\",\"version\":\"1.2.3\","
                 "\"clientVersion\":\"7.6.0\"}",
                 "no list");
    ask(&a, "GET", "/status/prod?expect=status=connected", "");
    assert_int_equal(a.answer.status, 503);
    bench_expect(&a.answer.body, "{\"error\":\"relay is not yet fully configured\"}", "60");
    ask_teardown(&a);
}

/* One probe in a thousand writes the document; none is older than the last change. */
static void the_document_is_kept_until_it_changes(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, false, false);
    bench_script(&a.bench, "put a:1");
    ask(&a, "GET", "/status", "");
    struct buf *kept = a.thread->status;
    fake_clock_advance(&a.bench.clock, 3600000);
    ask(&a, "GET", "/status", "");
    assert_ptr_equal(a.thread->status, kept);
    bench_script(&a.bench, "lost");
    ask(&a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&a.answer.body), "INTERRUPTED"));
    assert_non_null(strstr(str_text(&a.answer.body), "\"healthy\""));
    fake_clock_advance(&a.bench.clock, 59999);
    ask(&a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&a.answer.body), "\"healthy\""));
    fake_clock_advance(&a.bench.clock, 1);
    ask(&a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&a.answer.body), "\"degraded\""));
    ask_teardown(&a);
}

static const struct {
    const char *target;
    int status;
    const char *part; /* of the body */
    const char *why;
} one_rows[] = {
    {"/status/" ID, 200, "{\"sdkKey\":\"" MASKED "\",\"sdkKeys\":", "57: by client-side ID"},
    {"/status/My%20Env", 200, "{\"sdkKey\":\"" MASKED "\"", "57: by name"},
    {"/status/My%20Env/filters/web", 200, "{\"sdkKey\":\"sdk-*****-*ilter\"",
     "59: the filtered variant"},
    {"/status/" ID "/filters/web", 200, "{\"sdkKey\":\"sdk-*****-*ilter\"", "59"},
    {"/status/My%20Env/web", 200, "{\"sdkKey\":\"sdk-*****-*ilter\"",
     "by the name in the document"},
    {"/status/My%20Env%2Fweb", 404, "{\"error\":\"unknown environment \\\"My Env/web\\\"\"}",
     "without filters only the unfiltered"},
    {"/status/my%20env", 404, "{\"error\":\"unknown environment \\\"my env\\\"\"}", "exact"},
    {"/status/%3Cx%3E", 404, "{\"error\":\"unknown environment \\\"\\u003cx\\u003e\\\"\"}",
     "escaped"},
    {"/status/My%20Env/filters/nope", 404,
     "{\"error\":\"environment \\\"My Env\\\" has no filter \\\"nope\\\"\"}", "59"},
    {"/status/a/b", 404, "{\"error\":\"unknown environment \\\"a/b\\\"\"}", "60"},
    {"/status/a/b/filters/web", 404, "{\"error\":\"unknown environment \\\"a/b\\\"\"}", "60"},
    {"/status/shadow", 200, "{\"sdkKey\":\"sdk-****-i-dd\",", "an ID goes before a name"},
};

static void one_environment_is_found_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){.name = "My Env", .sdk_key = KEY, .env_id = ID});
    bench_add(&a.bench, &(struct env_settings){.name = "My Env/web",
                                               .sdk_key = "sdk-other-filter",
                                               .env_id = ID,
                                               .filter_key = "web"});
    bench_add(&a.bench, &(struct env_settings){.name = "shadow", .sdk_key = "sdk-shadow"});
    bench_add(&a.bench, &(struct env_settings){
                            .name = "owner", .sdk_key = "sdk-with-i-dd", .env_id = "shadow"});
    ask_start(&a, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(one_rows); i++) {
        ask(&a, "GET", one_rows[i].target, "");
        if (a.answer.status != one_rows[i].status ||
            !view_starts(str_view(&a.answer.body), one_rows[i].part))
            fail_msg("%s: %d %s", one_rows[i].why, a.answer.status, str_text(&a.answer.body));
        bench_expect(&a.answer.headers, "Content-Type: application/json\nCache-Control: no-store\n",
                     one_rows[i].why);
    }
    ask_teardown(&a);
}

/* What was lost, and why, is to be seen; where events are off there is nothing to say. */
static void events_are_counted_in_it(void **state)
{
    static const char want[] =
        "\"events\":{\"received\":7,\"pending\":2,\"bytes\":30,\"limitBytes\":1048576,\"sent\":1,"
        "\"dropped\":{\"total\":4,\"memory\":3,\"malformed\":1},\"repeatedPosts\":5,"
        "\"failing\":1,\"switchedOff\":0}}";
    struct asking a;
    (void)state;
    setup(&a, false, NULL);
    ask(&a, "GET", "/status", "");
    assert_null(strstr(str_text(&a.answer.body), "events"));
    a.door.settings.enabled = true;
    a.door.received_events = 7;
    a.door.pending_events = 2;
    a.door.held_bytes = 10;
    a.door.reading_bytes = 20;
    a.door.sent_events = 1;
    a.door.dropped[EVENT_DROP_MEMORY] = 3;
    a.door.dropped[EVENT_DROP_MALFORMED] = 1;
    a.door.duplicates = 5;
    a.door.families_failing = 1;
    bench_script(&a.bench, "put a:1"); /* another document */
    ask(&a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&a.answer.body), want));
    a.door.reading_bytes = 0;
    a.door.dropped[EVENT_DROP_MEMORY] = 4;
    ask(&a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&a.answer.body), "\"dropped\":{\"total\":5,\"memory\":4"));
    ask(&a, "GET", "/status?expect=events.dropped.total=5", "");
    assert_int_equal(a.answer.status, 200);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_that_of_the_row),
        cmocka_unit_test(names_are_sorted_and_escaped_and_absent_things_left_out),
        cmocka_unit_test(without_a_list_it_is_degraded_and_empty),
        cmocka_unit_test(the_document_is_kept_until_it_changes),
        cmocka_unit_test(one_environment_is_found_as_its_row_says),
        cmocka_unit_test(events_are_counted_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
