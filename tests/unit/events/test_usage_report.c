/* What is counted about clients, and the events that it becomes (events.md 11.1, 11.2). */
#include "base/random.h"
#include "events/usage_report.h"
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START_MS 1700000000000

/* Some serving threads and a clock. */
#define THREADS 2
struct fixture {
    struct fake_clock clock;
    struct usage_counts *threads[THREADS];
    struct env_facts *facts;
    struct str text;
};

static void setup(struct fixture *f)
{
    struct env_settings settings = {.name = "prod",
                                    .sdk_key = "sdk-1",
                                    .mobile_key = "",
                                    .env_id = "",
                                    .filter_key = "",
                                    .prefix = "",
                                    .table = "",
                                    .log_level = LOG_NONE};
    *f = (struct fixture){.facts = env_facts_new(&settings, 0)};
    fake_clock_init(&f->clock, 5000, START_MS);
    for (size_t i = 0; i < THREADS; i++)
        f->threads[i] = usage_counts_new(&f->clock.base);
}

static void teardown(struct fixture *f)
{
    for (size_t i = 0; i < THREADS; i++)
        usage_counts_free(f->threads[i]);
    env_facts_unref(f->facts);
    str_free(&f->text);
}

static struct usage_client client(enum usage_platform platform, const char *user_agent,
                                  const char *wrapper, const char *instance, const char *tags)
{
    return (struct usage_client){platform, view_of(user_agent), view_of(wrapper), view_of(instance),
                                 view_of(tags)};
}

static void ask(struct fixture *f, size_t thread, const struct usage_client *c, bool polls,
                int times)
{
    for (int i = 0; i < times; i++)
        usage_count_request(f->threads[thread], 0, f->facts, c, polls);
}

static struct usage_counter *stream(struct fixture *f, size_t thread, const struct usage_client *c)
{
    usage_count_request(f->threads[thread], 0, f->facts, c, false);
    return usage_count_stream(f->threads[thread], 0, f->facts, c);
}

/* What is reported about the first environment since the last time; "" when there is nothing. */
static const char *report(struct fixture *f)
{
    struct usage_report *r = usage_report_new();
    struct usage_span span = {"RELAY", START_MS, f->clock.wall_ms};
    str_clear(&f->text);
    for (size_t i = 0; i < THREADS; i++) {
        struct usage_part *part = usage_counts_take(f->threads[i]);
        assert_true(part->count <= 1);
        for (size_t k = 0; part->count != 0 && k < part->envs[0].count; k++)
            usage_report_add(r, &part->envs[0].lines[k]);
        usage_part_free(part);
    }
    bool any = usage_report_write(r, &span, &f->text);
    assert_int_equal(any, f->text.len != 0);
    usage_report_free(r);
    return str_text(&f->text);
}

/* ---- what the events look like --------------------------------------------------------------- */

static void the_example_of_the_spec_comes_out_to_the_letter(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client go = client(USAGE_SERVER, "GoClient/7.6.0", "", "", "");
    struct usage_client php = client(USAGE_SERVER, "PHPClient/6.0.0", "", "", "");
    struct usage_client node =
        client(USAGE_SERVER, "Node/9.1.0", "openfeature/1.0", "0d9e2f3c", "application-id/shop");
    struct usage_counter *streams[] = {stream(&f, 0, &go), stream(&f, 0, &go), stream(&f, 1, &go),
                                       stream(&f, 1, &node)};
    ask(&f, 0, &php, true, 5);
    ask(&f, 1, &php, true, 7);
    fake_clock_advance(&f.clock, 60000);
    assert_string_equal(
        report(&f),
        "[{\"kind\":\"relayMetrics\",\"relayId\":\"RELAY\",\"startDate\":1700000000000,"
        "\"endDate\":1700000060000,\"connections\":["
        "{\"userAgent\":\"GoClient_7.6.0\",\"sdkWrapper\":\"_\",\"platformCategory\":\"server\","
        "\"current\":3},"
        "{\"userAgent\":\"Node_9.1.0\",\"sdkWrapper\":\"openfeature_1.0\",\"platformCategory\":"
        "\"server\",\"current\":1}],\"pollingCounts\":["
        "{\"userAgent\":\"PHPClient_6.0.0\",\"sdkWrapper\":\"_\",\"platformCategory\":\"server\","
        "\"count\":12}]},"
        "{\"kind\":\"relayUsage\",\"relayId\":\"RELAY\",\"userAgent\":\"GoClient/7.6.0\","
        "\"platformCategory\":\"server\",\"firstActive\":1700000000000,"
        "\"lastActive\":1700000060000,\"totalStreamMs\":180000},"
        "{\"kind\":\"relayUsage\",\"relayId\":\"RELAY\",\"userAgent\":\"PHPClient/6.0.0\","
        "\"platformCategory\":\"server\",\"firstActive\":1700000000000,"
        "\"lastActive\":1700000000000,\"totalStreamMs\":0},"
        "{\"kind\":\"relayUsage\",\"relayId\":\"RELAY\",\"userAgent\":\"Node/9.1.0\","
        "\"platformCategory\":\"server\",\"instanceId\":\"0d9e2f3c\",\"tagsHeader\":"
        "\"application-id/shop\",\"firstActive\":1700000000000,\"lastActive\":1700000060000,"
        "\"totalStreamMs\":60000}]");
    for (size_t i = 0; i < ARRAY_LEN(streams); i++)
        usage_count_stream_end(f.threads[i / 2], streams[i]);
    teardown(&f);
}

/* Checklist 75. */
static void names_are_cleaned_for_metrics(void **state)
{
    static const struct {
        const char *name, *clean;
    } rows[] = {
        {"JSClient/3.1.0", "JSClient_3.1.0"},       {"", "_"},  {"  \t ", "_"}, {"a b", "a b"},
        {"Mozilla/5.0 (a/b)", "Mozilla_5.0 (a_b)"}, {"/", "_"}, {" x ", " x "},
    };
    struct str out = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        usage_name_clean(view_of(rows[i].name), &out);
        assert_string_equal(str_text(&out), rows[i].clean);
    }
    str_free(&out);
}

static void odd_bytes_are_written_as_json(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client c = client(USAGE_BROWSER, "a\"\\\x01\xff", "", "", "t\"");
    ask(&f, 0, &c, true, 1);
    assert_string_equal(
        report(&f),
        "[{\"kind\":\"relayMetrics\",\"relayId\":\"RELAY\",\"startDate\":1700000000000,"
        "\"endDate\":1700000000000,\"pollingCounts\":[{\"userAgent\":\"a\\\"\\\\\\u0001\xef\xbf"
        "\xbd\",\"sdkWrapper\":\"_\",\"platformCategory\":\"browser\",\"count\":1}]},"
        "{\"kind\":\"relayUsage\",\"relayId\":\"RELAY\",\"userAgent\":\"a\\\"\\\\\\u0001\xef\xbf"
        "\xbd\",\"platformCategory\":\"browser\",\"tagsHeader\":\"t\\\"\",\"firstActive\":"
        "1700000000000,\"lastActive\":1700000000000,\"totalStreamMs\":0}]");
    teardown(&f);
}

/* ---- what is added up ------------------------------------------------------------------------ */

/* Checklist 74. */
static void polls_are_reported_once(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client php = client(USAGE_SERVER, "PHPClient/6.0.0", "", "", "");
    ask(&f, 0, &php, true, 12);
    assert_non_null(strstr(report(&f), "\"count\":12}"));
    assert_string_equal(report(&f), "");
    teardown(&f);
}

static void requests_that_are_no_polls_make_usage_alone(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client c = client(USAGE_MOBILE, "Android/5", "", "i", "");
    ask(&f, 0, &c, false, 3);
    fake_clock_advance(&f.clock, 1500);
    ask(&f, 1, &c, false, 1);
    assert_string_equal(report(&f),
                        "[{\"kind\":\"relayUsage\",\"relayId\":\"RELAY\",\"userAgent\":\"Android/5"
                        "\",\"platformCategory\":\"mobile\",\"instanceId\":\"i\",\"firstActive\":"
                        "1700000000000,\"lastActive\":1700000001500,\"totalStreamMs\":0}]");
    teardown(&f);
}

static void wrappers_are_apart_in_metrics_and_one_in_usage(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client a = client(USAGE_SERVER, "Go/7", "w/1", "i", "");
    struct usage_client b = client(USAGE_SERVER, "Go/7", "w/2", "i", "");
    ask(&f, 0, &a, true, 1);
    ask(&f, 0, &b, true, 2);
    const char *text = report(&f);
    assert_int_equal(text_count(text, "\"sdkWrapper\""), 2);
    assert_int_equal(text_count(text, "relayUsage"), 1);
    teardown(&f);
}

static void instances_are_one_in_metrics_and_apart_in_usage(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client a = client(USAGE_SERVER, "Go/7", "", "i1", "");
    struct usage_client b = client(USAGE_SERVER, "Go/7", "", "i2", "");
    struct usage_client c = client(USAGE_SERVER, "Go/7", "", "i2", "application-id/x");
    ask(&f, 0, &a, true, 1);
    ask(&f, 1, &b, true, 2);
    ask(&f, 1, &c, true, 4);
    const char *text = report(&f);
    assert_int_equal(text_count(text, "\"count\":7}"), 1);
    assert_int_equal(text_count(text, "\"count\""), 1);
    assert_int_equal(text_count(text, "relayUsage"), 3);
    teardown(&f);
}

/* n * (now - first) + adj, over several reports. */
static void stream_time_is_that_within_the_interval(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client c = client(USAGE_SERVER, "Go/7", "", "", "");
    struct usage_counter *first = stream(&f, 0, &c);
    fake_clock_advance(&f.clock, 10000);
    struct usage_counter *second = stream(&f, 0, &c);
    assert_ptr_equal(first, second);
    fake_clock_advance(&f.clock, 20000);
    usage_count_stream_end(f.threads[0], first);
    fake_clock_advance(&f.clock, 30000);
    assert_non_null(strstr(report(&f), "\"totalStreamMs\":80000}")); /* 30 s and 50 s */
    fake_clock_advance(&f.clock, 60000);
    const char *text = report(&f);
    assert_non_null(strstr(text, "\"firstActive\":1700000060000,\"lastActive\":1700000120000,"
                                 "\"totalStreamMs\":60000}"));
    assert_non_null(strstr(text, "\"current\":1}"));
    fake_clock_advance(&f.clock, 15000);
    usage_count_stream_end(f.threads[0], second);
    fake_clock_advance(&f.clock, 45000);
    text = report(&f);
    assert_non_null(strstr(text, "\"firstActive\":1700000120000,\"lastActive\":1700000135000,"
                                 "\"totalStreamMs\":15000}"));
    assert_null(strstr(text, "relayMetrics"));
    assert_string_equal(report(&f), "");
    teardown(&f);
}

static void environments_are_apart(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client c = client(USAGE_SERVER, "Go/7", "", "", "");
    usage_count_request(f.threads[0], 3, f.facts, &c, true);
    usage_count_request(f.threads[0], 1, f.facts, &c, true);
    struct usage_part *part = usage_counts_take(f.threads[0]);
    assert_int_equal(part->count, 2);
    assert_int_equal(part->envs[0].slot, 1);
    assert_int_equal(part->envs[1].slot, 3);
    assert_int_equal(part->envs[1].lines[0].polls, 1);
    usage_part_free(part);
    part = usage_counts_take(f.threads[0]);
    assert_int_equal(part->count, 0);
    usage_part_free(part);
    teardown(&f);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* A new instance with each request: counts stay right, memory stays bounded. */
static void too_many_instances_are_counted_together(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    char instance[32];
    for (int i = 0; i < USAGE_MAX_CLIENTS + 500; i++) {
        (void)snprintf(instance, sizeof instance, "instance-%d", i);
        struct usage_client c = client(USAGE_SERVER, "Go/7", "", instance, "");
        ask(&f, 0, &c, true, 1);
    }
    const char *text = report(&f);
    assert_int_equal(text_count(text, "relayUsage"), USAGE_MAX_CLIENTS + 1);
    assert_non_null(strstr(text, "\"count\":10500}"));
    teardown(&f);
}

static void too_many_user_agents_have_one_name(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    char name[32];
    for (int i = 0; i < 2 * USAGE_MAX_CLIENTS; i++) {
        (void)snprintf(name, sizeof name, "agent-%d", i);
        struct usage_client c = client(i % 2 ? USAGE_SERVER : USAGE_BROWSER, name, "", "", "");
        ask(&f, 0, &c, true, 1);
    }
    const char *text = report(&f);
    int extra = USAGE_MAX_CLIENTS - USAGE_SPARE_CLIENTS;
    char want[100];
    (void)snprintf(want, sizeof want,
                   "\"_overflow\",\"sdkWrapper\":\"_\",\"platformCategory\":\"server\","
                   "\"count\":%d}",
                   extra / 2);
    assert_non_null(strstr(text, want));
    assert_int_equal(text_count(text, "relayUsage"), USAGE_MAX_CLIENTS + USAGE_SPARE_CLIENTS + 2);
    teardown(&f);
}

static void long_texts_are_cut_or_left_out(void **state)
{
    struct fixture f;
    char text[2001];
    setup(&f);
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct usage_client c = client(USAGE_SERVER, text, text, text, text);
    ask(&f, 0, &c, true, 1);
    const char *out = report(&f);
    assert_true(strlen(out) < 1500);
    assert_null(strstr(out, "instanceId"));
    assert_null(strstr(out, "tagsHeader"));
    teardown(&f);
}

static void long_texts_fill_the_table_earlier(void **state)
{
    struct fixture f;
    char tags[500];
    setup(&f);
    (void)state;
    for (int i = 0; i < USAGE_MAX_CLIENTS; i++) {
        (void)snprintf(tags, sizeof tags, "%0499d", i);
        struct usage_client c = client(USAGE_SERVER, "Go/7", "", "", tags);
        ask(&f, 0, &c, true, 1);
    }
    const char *out = report(&f);
    assert_true(text_count(out, "relayUsage") < 5000);
    assert_non_null(strstr(out, "\"count\":10000}"));
    teardown(&f);
}

/* A letter that comes back after the thread has ended finds it as it was. */
static void open_streams_survive_without_reports(void **state)
{
    struct fixture f;
    setup(&f);
    (void)state;
    struct usage_client c = client(USAGE_SERVER, "Go/7", "", "", "");
    (void)stream(&f, 0, &c);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_spec_comes_out_to_the_letter),
        cmocka_unit_test(names_are_cleaned_for_metrics),
        cmocka_unit_test(odd_bytes_are_written_as_json),
        cmocka_unit_test(polls_are_reported_once),
        cmocka_unit_test(requests_that_are_no_polls_make_usage_alone),
        cmocka_unit_test(wrappers_are_apart_in_metrics_and_one_in_usage),
        cmocka_unit_test(instances_are_one_in_metrics_and_apart_in_usage),
        cmocka_unit_test(stream_time_is_that_within_the_interval),
        cmocka_unit_test(environments_are_apart),
        cmocka_unit_test(too_many_instances_are_counted_together),
        cmocka_unit_test(too_many_user_agents_have_one_name),
        cmocka_unit_test(long_texts_are_cut_or_left_out),
        cmocka_unit_test(long_texts_fill_the_table_earlier),
        cmocka_unit_test(open_streams_survive_without_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
