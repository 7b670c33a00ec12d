/* The value types, one row per thing worth knowing: configuration.md 3, checklist 16-25. */
#include "support.h"

#include "config/record.h"
#include "config/uri.h"
#include "config/value.h"

struct row {
    const char *section;
    const char *property;
    enum config_source source;
    const char *text;
    const char *printed; /* the value as a file would have it; NULL: refused */
    const char *problem;
};

#define DURATION_PROBLEM "not a valid duration (must use format \"1ms\", \"1s\", \"1m\", etc.)"
#define BOOLEAN_PROBLEM "not a valid boolean value (must be true/false, yes/no, or 0/1)"
#define FROM_FILE CONFIG_FROM_FILE
#define VARIABLE CONFIG_FROM_VARIABLE

static const struct row booleans[] = {
    {"Main", "exitAlways", FROM_FILE, "true", "true", NULL},
    {"Main", "exitAlways", FROM_FILE, "tRuE", "true", NULL},
    {"Main", "exitAlways", FROM_FILE, "yes", "true", NULL},
    {"Main", "exitAlways", FROM_FILE, "on", "true", NULL},
    {"Main", "exitAlways", FROM_FILE, "1", "true", NULL},
    {"Main", "exitAlways", FROM_FILE, "no", "false", NULL},
    {"Main", "exitAlways", FROM_FILE, "OFF", "false", NULL},
    {"Main", "exitAlways", FROM_FILE, "0", "false", NULL},
    {"Main", "exitAlways", FROM_FILE, "", "false", NULL},
    {"Main", "exitAlways", FROM_FILE, "maybe", NULL, "failed to parse bool `maybe`"},
    {"Main", "exitAlways", FROM_FILE, "2", NULL, "failed to parse bool `2`"},
    {"Main", "exitAlways", VARIABLE, "Yes", "true", NULL},
    {"Main", "exitAlways", VARIABLE, "on", "true", NULL},
    {"Main", "exitAlways", VARIABLE, "off", "false", NULL},
    {"Main", "exitAlways", VARIABLE, "maybe", NULL, BOOLEAN_PROBLEM},
    {"Main", "exitAlways", VARIABLE, " true", NULL, BOOLEAN_PROBLEM},
};

static const struct row integers[] = {
    {"Main", "port", FROM_FILE, "007", "7", NULL},
    {"Main", "port", FROM_FILE, "+5", "5", NULL},
    {"Main", "port", FROM_FILE, "", "8030", NULL},
    {"Main", "port", FROM_FILE, "0x10", NULL, "not a valid integer"},
    {"Main", "port", VARIABLE, " 8030", NULL, "not a valid integer"},
    {"Main", "port", FROM_FILE, "1_000", NULL, "not a valid integer"},
    {"Main", "port", FROM_FILE, "9223372036854775808", NULL, "not a valid integer"},
    {"Main", "port", FROM_FILE, "+", NULL, "not a valid integer"},
    {"Main", "port", FROM_FILE, "99x", NULL, "not a valid integer"},
    {"Main", "port", FROM_FILE, "0", NULL, "value must be greater than zero"},
    {"Main", "port", FROM_FILE, "-1", NULL, "value must be greater than zero"},
    {"Redis", "database", FROM_FILE, "-0", "0", NULL},
    {"Redis", "database", FROM_FILE, "-9223372036854775808", "-9223372036854775808", NULL},
    {"Redis", "database", FROM_FILE, "9223372036854775807", "9223372036854775807", NULL},
    {"Redis", "database", FROM_FILE, "-9223372036854775809", NULL, "not a valid integer"},
};

static const struct row durations[] = {
    {"Main", "initTimeout", FROM_FILE, "1m30s", "1m30s", NULL},
    {"Main", "initTimeout", FROM_FILE, "1.5h", "1h30m0s", NULL},
    {"Main", "initTimeout", FROM_FILE, ".5s", "500ms", NULL},
    {"Main", "initTimeout", FROM_FILE, "+1m", "1m0s", NULL},
    {"Main", "initTimeout", FROM_FILE, "0", "0s", NULL},
    {"Main", "initTimeout", FROM_FILE, "100ms", "100ms", NULL},
    {"Main", "initTimeout", FROM_FILE, "-1s", "-1s", NULL},
    {"Main", "initTimeout", FROM_FILE, "", "10s", NULL},
    {"Main", "initTimeout", VARIABLE, "1us", "1\xC2\xB5s", NULL},
    {"Main", "initTimeout", VARIABLE, "5", NULL, DURATION_PROBLEM " (did you mean \"5s\"?)"},
    {"Main", "initTimeout", VARIABLE, "1d", NULL, DURATION_PROBLEM},
    {"Main", "initTimeout", VARIABLE, "1h 5m", NULL, DURATION_PROBLEM},
    {"Main", "initTimeout", VARIABLE, "x", NULL, DURATION_PROBLEM},
    {"Main", "initTimeout", VARIABLE, "9999999h", NULL, DURATION_PROBLEM},
};

#define SIZE_PROBLEM "not a valid base-2 byte size"
#define SIZE_FORMAT " (must use format \"512KiB\", \"5MiB\", etc.)"

static const struct row sizes[] = {
    {"Main", "maxClientBacklog", FROM_FILE, "50KiB", "50KiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "7MiB", "7MiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "10GiB", "10GiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "10MB", "10MiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "1.5MiB", "1536KiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "1MiB512KiB", "1536KiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "+2B", "2B", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "-1KiB", "-1KiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "0", "0B", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "7EiB", "7EiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "", "16MiB", NULL},
    {"Main", "maxClientBacklog", FROM_FILE, "10", NULL, SIZE_PROBLEM " (did you mean \"10B\"?)"},
    {"Main", "maxClientBacklog", FROM_FILE, "10kB", NULL,
     SIZE_PROBLEM " (did you mean \"10KiB\"?)"},
    {"Main", "maxClientBacklog", FROM_FILE, "5m", NULL, SIZE_PROBLEM " (did you mean \"5MiB\"?)"},
    {"Main", "maxClientBacklog", FROM_FILE, "1.5g", NULL,
     SIZE_PROBLEM " (did you mean \"1.5GiB\"?)"},
    {"Main", "maxClientBacklog", FROM_FILE, "1 MiB", NULL,
     SIZE_PROBLEM " (did you mean \"1MiB\"?)"},
    {"Main", "maxClientBacklog", FROM_FILE, "9EiB", NULL, SIZE_PROBLEM SIZE_FORMAT},
    {"Main", "maxClientBacklog", FROM_FILE, "99999999999EiB", NULL, SIZE_PROBLEM SIZE_FORMAT},
    {"Main", "maxClientBacklog", FROM_FILE, ".B", NULL, SIZE_PROBLEM SIZE_FORMAT},
    {"Main", "maxClientBacklog", FROM_FILE, "-", NULL, SIZE_PROBLEM SIZE_FORMAT},
    {"Main", "maxClientBacklog", FROM_FILE, "5XB", NULL, SIZE_PROBLEM SIZE_FORMAT},
    {"Main", "maxClientBacklog", FROM_FILE, "5MiB 3", NULL, SIZE_PROBLEM SIZE_FORMAT},
};

#define HTTP_PROBLEM "must be an absolute URL/URI with scheme http or https"

static const struct row uris[] = {
    {"Main", "streamUri", FROM_FILE, "HTTP://Host/", "http://Host/", NULL},
    {"Main", "streamUri", FROM_FILE, "https://h:8443/a/b?c=d#e", "https://h:8443/a/b?c=d#e", NULL},
    {"Main", "streamUri", FROM_FILE, "http://[::1]:80", "http://[::1]:80", NULL},
    {"Main", "streamUri", FROM_FILE, "", "https://stream.launchdarkly.com", NULL},
    {"Main", "streamUri", FROM_FILE, "::", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "127.0.0.1:8080", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://h%zz/", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://h/%z1", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://a b/", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://h:x/", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://h/\x01", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "http://[::1", NULL, "not a valid URL/URI"},
    {"Main", "streamUri", FROM_FILE, "not/absolute", NULL, "must be an absolute URL/URI"},
    {"Main", "streamUri", FROM_FILE, "//h/x", NULL, "must be an absolute URL/URI"},
    {"Main", "streamUri", FROM_FILE, "ftp://x", NULL, HTTP_PROBLEM},
    {"Main", "streamUri", FROM_FILE, "http:", NULL, HTTP_PROBLEM},
    {"Main", "streamUri", FROM_FILE, "http://", NULL, HTTP_PROBLEM},
    {"Main", "streamUri", FROM_FILE, "mailto:x@y", NULL, HTTP_PROBLEM},
    {"Main", "streamUri", FROM_FILE, "localhost:8080", NULL,
     HTTP_PROBLEM " (did you mean \"http://localhost:8080\"?)"},
    {"Proxy", "url", VARIABLE, "10.0.0.1:3128", NULL, "not a valid URL/URI"},
    {"Proxy", "url", VARIABLE, "proxy:3128", NULL,
     "must be an absolute URL/URI with scheme http, https, socks5 or socks5h "
     "(did you mean \"http://proxy:3128\"?)"},
    {"Proxy", "url", VARIABLE, "user:3128@proxy", NULL,
     "must be an absolute URL/URI with scheme http, https, socks5 or socks5h"},
    {"Proxy", "url", VARIABLE, "socks5h://u:p@h:1080", "socks5h://u:p@h:1080", NULL},
    {"Redis", "url", VARIABLE, "unix:///run/redis.sock", "unix:///run/redis.sock", NULL},
};

static const struct row words[] = {
    {"Main", "logLevel", FROM_FILE, "eRrOr", "error", NULL},
    {"Main", "logLevel", FROM_FILE, "none", "none", NULL},
    {"Main", "logLevel", FROM_FILE, "", "info", NULL},
    {"Main", "logLevel", FROM_FILE, "wrong", NULL, "\"wrong\" is not a valid log level"},
    {"Main", "logLevel", FROM_FILE, "a\"\\\n\x01", NULL,
     "\"a\\\"\\\\\\n\\x01\" is not a valid log level"},
    {"Main", "logLevel", FROM_FILE, "Warning", NULL,
     "\"Warning\" is not a valid log level (did you mean \"warn\"?)"},
    {"Main", "tlsMinVersion", FROM_FILE, "1.2", "1.2", NULL},
    {"Main", "tlsMinVersion", FROM_FILE, "1.3", "1.3", NULL},
    {"Main", "tlsMinVersion", FROM_FILE, "", "", NULL},
    {"Main", "tlsMinVersion", FROM_FILE, "x", NULL, "\"x\" is not a valid TLS version"},
    {"Main", "tlsMinVersion", FROM_FILE, "1.4", NULL, "\"1.4\" is not a valid TLS version"},
    {"Main", "flagDelivery", FROM_FILE, "AUTO", "auto", NULL},
    {"Main", "flagDelivery", FROM_FILE, "v3", NULL, "\"v3\" is not valid; use v1, v2 or auto"},
    {"SQLite", "synchronous", FROM_FILE, "off", NULL, "\"off\" is not valid; use normal or full"},
    {"Redis", "clusterHashTag", FROM_FILE, "", "", NULL},
};

static void row_check(const struct row *row)
{
    bool is_file_form;
    struct error err = {.text = ""};
    struct str printed = {0};
    struct config *c = config_new();
    struct config_record record = config_record_of(c);
    const struct config_option *o =
        config_option_find(view_of(row->section), view_of(row->property), &is_file_form);
    struct config_origin origin = {.source = row->source, .line = 1};
    assert_non_null(o);
    bool ok = config_record_assign(record, o, view_of(row->text), origin, &err);
    assert_text(err.text, row->problem != NULL ? row->problem : "", row->text);
    assert_int_equal(ok, row->printed != NULL);
    config_value_print(o, config_record_field(record, o), &printed);
    if (ok)
        assert_text(str_text(&printed), row->printed, row->text);
    str_free(&printed);
    config_unref(c);
}

static void rows_check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        row_check(&rows[i]);
}

/* 16, 17 */
static void booleans_differ_between_file_and_variable(void **state)
{
    (void)state;
    rows_check(booleans, ARRAY_LEN(booleans));
}

/* 19, 20 */
static void integers_are_decimal_and_fit(void **state)
{
    (void)state;
    rows_check(integers, ARRAY_LEN(integers));
}

/* 21 */
static void durations_need_units(void **state)
{
    (void)state;
    rows_check(durations, ARRAY_LEN(durations));
}

/* 22 */
static void byte_sizes_count_in_1024(void **state)
{
    (void)state;
    rows_check(sizes, ARRAY_LEN(sizes));
}

/* 23 */
static void uris_have_scheme_and_host(void **state)
{
    (void)state;
    rows_check(uris, ARRAY_LEN(uris));
}

/* 24, 25 */
static void words_are_from_their_lists(void **state)
{
    (void)state;
    rows_check(words, ARRAY_LEN(words));
}

/* 3.6 */
static void lists_are_split_and_some_are_trimmed(void **state)
{
    (void)state;
    struct loaded l = load("[Environment \"a\"]\nsdkKey = k\nprojKey = p\n"
                           "allowedOrigin = https://a, ,https://b\nallowedOrigin = \" c \"\n"
                           "[Filters \"p\"]\nkeys = x, y\n[Datadog]\nenabled\ntag = a:1,2\n",
                           NULL);
    assert_non_null(l.config);
    const struct config_list *origins = &l.config->environments[0]->allowed_origin;
    assert_int_equal(origins->count, 3);
    assert_string_equal(origins->items[1], "https://b");
    assert_string_equal(origins->items[2], "c");
    assert_string_equal(l.config->filters[0]->keys.items[1], " y");
    assert_int_equal(l.config->datadog.tag.count, 1);
    assert_string_equal(l.config->datadog.tag.items[0], "a:1,2");
    loaded_free(&l);
}

/* 7.2 */
static void same_places_are_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"https://sdk.launchdarkly.com", "https://sdk.launchdarkly.com/", true},
        {"https://sdk.launchdarkly.com", "HTTPS://SDK.launchdarkly.com:443", true},
        {"http://h", "http://h:80/", true},
        {"https://h", "http://h", false},
        {"https://h", "https://h:8443", false},
        {"https://h/a", "https://h/A", false},
        {"https://h/a", "https://h/a?b", false},
        {"::", "::", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(config_uri_same(view_of(rows[i].a), view_of(rows[i].b)), rows[i].same);
}

static void a_hint_is_found_at_the_end_only(void **state)
{
    (void)state;
    assert_string_equal(config_value_hint("x (did you mean \"y\"?)"), " (did you mean \"y\"?)");
    assert_string_equal(config_value_hint("\" (did you mean \"\" is wrong"), "");
    assert_string_equal(config_value_hint("?)"), "");
    assert_string_equal(config_value_hint(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_differ_between_file_and_variable),
        cmocka_unit_test(integers_are_decimal_and_fit),
        cmocka_unit_test(durations_need_units),
        cmocka_unit_test(byte_sizes_count_in_1024),
        cmocka_unit_test(uris_have_scheme_and_host),
        cmocka_unit_test(words_are_from_their_lists),
        cmocka_unit_test(lists_are_split_and_some_are_trimmed),
        cmocka_unit_test(same_places_are_recognised),
        cmocka_unit_test(a_hint_is_found_at_the_end_only),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
