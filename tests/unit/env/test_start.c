/* How the start of an environment ends, and what requests get then (streaming.md 6.2,
 * http-api.md 3.3 rules 5 and 6, data-store.md 6.3). Checklist of streaming.md: 31, 35-39. */
#include "bench.h"

enum { SHORT = 1, NONE = 0, EARLY = 2, FILES = 4, IGNORE = 8 };

static const struct {
    const char *steps;
    unsigned options; /* NONE: initTimeout is 0 */
    const char *readiness;
    const char *starts;
    const char *store;
    const char *logged; /* a part of the log */
    const char *why;
} rows[] = {
    {"", SHORT, "STARTING", "", "",
     "[env: ...0001] Waiting up to 20 milliseconds for LaunchDarkly client to start...",
     "nothing yet"},
    {"put a:1 /s:2", SHORT, "READY 2", "prod ok;", "init 2;",
     "INFO: Initialized LaunchDarkly client for \"prod\" (SDK key ...0001)", "data in time"},
    {"put ", SHORT, "READY 0", "prod ok;", "init 0;", "LaunchDarkly streaming is active",
     "an empty data set is one"},
    {"patch a:1", SHORT, "STARTING", "", "", "", "a patch before any put is no data set"},
    {"alive", SHORT, "STARTING", "", "", "", "an unknown event is none either"},
    {"lost; 503; invalid", SHORT, "STARTING", "", "", "",
     "errors that pass leave it starting; the database is not read before initTimeout"},
    {"lost; put a:1", SHORT, "READY 1", "prod ok;", "init 1;", "Initialized LaunchDarkly client",
     "late, but in time"},
    {"timeout", SHORT, "READY -",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "ERROR: Error initializing LaunchDarkly client for \"prod\": timeout encountered waiting for "
     "LaunchDarkly client initialization",
     "36: time over without anything"},
    {"timeout", SHORT | IGNORE, "READY -",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "WARN: Ignoring error initializing LaunchDarkly client for \"prod\": timeout",
     "ignoreConnectionErrors changes the line"},
    {"timeout; stored a:1", SHORT, "READY 1",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "Timeout encountered waiting for LaunchDarkly client initialization",
     "37: the database's data after the time"},
    {"lost; timeout; stored-none", SHORT, "READY -",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "", "a database without $inited has no data"},
    {"lost; timeout; read-fails", SHORT, "READY -",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "", "a database that cannot be read has none either"},
    {"timeout; read-fails; store-down; store-up", SHORT, "READY -",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;",
     "read;read;", "", "when it is back it is asked again (Cdown)"},
    {"timeout; stored a:1; put a:2 b:1", SHORT, "READY 2",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;",
     "read;init 2;", "", "LaunchDarkly's data replaces what was stored"},
    {"timeout; put a:1; stored b:1", SHORT, "READY 1",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;",
     "read;init 1;", "", "an answer older than LaunchDarkly's data adds nothing to it"},
    {"401", SHORT, "REFUSED", "prod refused: LaunchDarkly client initialization failed;", "",
     "[env: ...0001] LaunchDarkly client initialization failed", "38: refused"},
    {"lost; 401", SHORT, "REFUSED", "prod refused: LaunchDarkly client initialization failed;", "",
     "ERROR: Error initializing LaunchDarkly client for \"prod\": LaunchDarkly client "
     "initialization failed",
     "C401: refused, the database is not served"},
    {"401; put a:1", SHORT, "READY 1", "prod refused: LaunchDarkly client initialization failed;",
     "init 1;", "", "an attempt of the extended delays brings it to life"},
    {"timeout; 401", SHORT, "REFUSED",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "", "refused after the time, without any data"},
    {"timeout; stored a:1; 401", SHORT, "READY 1",
     "prod failed: timeout encountered waiting for LaunchDarkly client initialization;", "read;",
     "", "what is served is not taken away"},
    {"put a:1; 401", SHORT, "READY 1", "prod ok;", "init 1;", "", "39: refused later"},
    {"", NONE, "READY -", "", "read;", "", "initTimeout 0: served at once with what there is"},
    {"stored a:1", NONE, "READY 1", "", "read;",
     "Serving 1 flag(s) and 0 segment(s) from the data store", "C0"},
    {"put a:1", NONE, "READY 1", "prod ok;", "read;init 1;", "Initialized LaunchDarkly client for",
     "logged when data was accepted"},
    {"stored a:1; 401", NONE, "READY 1", "prod refused: LaunchDarkly client initialization failed;",
     "read;", "", "still served"},
    {"", SHORT | EARLY, "STARTING", "", "read;", "", "serveStoreWhileInitializing reads at once"},
    {"stored a:1", SHORT | EARLY, "READY 1", "", "read;", "", "and serves"},
    {"stored a:1; 401", SHORT | EARLY, "REFUSED",
     "prod refused: LaunchDarkly client initialization failed;", "read;", "",
     "until LaunchDarkly refuses"},
    {"put a:1", SHORT | FILES, "READY 1", "prod ok;", "init 1;",
     "Initialized LaunchDarkly client for \"prod\"", "files loaded"},
    {"invalid", SHORT | FILES, "READY -", "prod refused: it failed;", "read;",
     "ERROR: Error initializing LaunchDarkly client for \"prod\": it failed",
     "bad files end the start at once"},
    {"invalid; put a:1", SHORT | FILES, "READY 1", "prod refused: it failed;", "read;init 1;", "",
     "until they are mended"},
};

static void a_start_ends_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static const char *const files[] = {"flags.json", NULL};
        struct env_settings settings = {.data_files =
                                            (rows[i].options & FILES) != 0 ? files : NULL};
        struct bench b;
        bench_setup(&b);
        b.settings.init_timeout_ms = (rows[i].options & SHORT) != 0 ? 20 : 0;
        b.settings.serve_store_while_initializing = (rows[i].options & EARLY) != 0;
        b.settings.ignore_connection_errors = (rows[i].options & IGNORE) != 0;
        bench_add(&b, &settings);
        bench_start(&b);
        bench_script(&b, rows[i].steps);
        bench_expect_readiness(&b, 0, rows[i].readiness, rows[i].why);
        bench_expect(&b.starts, rows[i].starts, rows[i].why);
        bench_expect(&b.stores[0].log, rows[i].store, rows[i].why);
        if (!bench_log_has(&b, rows[i].logged))
            fail_msg("%s\nno \"%s\" in\n%s", rows[i].why, rows[i].logged, str_text(&b.log));
        bench_teardown(&b);
    }
}

static void sources_are_opened_as_configured(void **state)
{
    static const char *const files[] = {"a.yaml", "b.json", NULL};
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){.filter_key = "web", .prefix = "p/web"});
    bench_add(&b,
              &(struct env_settings){.name = "local", .sdk_key = "sdk-local", .data_files = files});
    bench_start(&b);
    bench_expect(&b.sources[0].opened_with, "stream http://up/all sdk-prod-0001 web", "stream");
    bench_expect(&b.sources[1].opened_with, "file a.yaml", "files");
    assert_string_equal(b.stores[0].prefix, "p/web");
    assert_true(bench_log_has(&b, "[env: ...0001] Starting LaunchDarkly client 7.6.0"));
    bench_teardown(&b);
}

static void a_long_wait_is_advised_against(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    b.settings.init_timeout_ms = 90000;
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    assert_true(bench_log_has(
        &b, "WARN: [env: ...0001] Client was configured to block for up to 90000 milliseconds. "
            "We recommend blocking no longer than 60000 milliseconds"));
    bench_teardown(&b);
}

static void environments_start_independently(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_add(&b, &(struct env_settings){.name = "other", .sdk_key = "sdk-other-0002"});
    bench_start(&b);
    bench_fail(&b, 0, SOURCE_ERROR_RESPONSE, 401, false);
    bench_put(&b, 1, "a:1");
    bench_expect_readiness(&b, 0, "REFUSED", "refused");
    bench_expect_readiness(&b, 1, "READY 1", "served");
    bench_expect(&b.starts, "prod refused: LaunchDarkly client initialization failed;other ok;",
                 "both told");
    bench_teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_ends_as_its_row_says),
        cmocka_unit_test(sources_are_opened_as_configured),
        cmocka_unit_test(a_long_wait_is_advised_against),
        cmocka_unit_test(environments_start_independently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
