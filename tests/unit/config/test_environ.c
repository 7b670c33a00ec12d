/* Variables alone, and over a file: configuration.md 5 and 6, checklist 17, 18, 28-37, 47, 52, 53.
 */
#include "support.h"

#define A "[Environment \"a\"]\nsdkKey = sdk-k\n"
#define ERROR "Configuration error: "

/* ---- refused --------------------------------------------------------------------------------- */

static const struct {
    const char *text; /* of the file; NULL: none */
    const char *variables[6];
    const char *problem;
    const char *why;
} refused[] = {
    {NULL,
     {"PORT=99x", "LOG_LEVEL=loud", "LD_ENV_a=k"},
     ERROR "PORT: not a valid integer, LOG_LEVEL: \"loud\" is not a valid log level",
     "28, 18.2: all of them, in the order of the table"},
    {NULL,
     {"LD_ENV_prod=sdk-aaaa", "LD_PREFIX_prod=p1", "LD_ENV_test=sdk-bbbb", "USE_REDIS=1"},
     ERROR "environment \"test\" does not have a prefix specified for database storage",
     "18.2"},
    {NULL,
     {"AUTO_CONFIG_KEY=k", "LD_ENV_a=1", "FILE_DATA_SOURCE=x", "TLS_ENABLED=1"},
     ERROR
     "TLS cert and key are required if TLS is enabled, cannot configure specific environments "
     "if auto-configuration is enabled, cannot specify both auto-configuration key and file "
     "data source, cannot configure specific environments if offline mode is enabled",
     "18.3"},
    {NULL,
     {"ENV_DATASTORE_PREFIX=p"},
     ERROR
     "must specify auto-configuration key if other auto-configuration properties are set, must "
     "specify offline mode filename if other offline mode properties are set",
     "18.4, 47"},
    {NULL,
     {"LD_ENV_a=k", "LD_PROJ_KEY_a=p", "LD_FILTER_KEYS_p=a,,b"},
     ERROR "filter key [1] for project 'p' is malformed (note: lists are comma-delimited)",
     "18.4"},
    {NULL,
     {"USE_CONSUL=1", "USE_REDIS=1", "LD_ENV_a=k"},
     ERROR "multiple databases are enabled (Redis, Consul); only one is allowed",
     "18.4, 41"},
    {NULL, {"PROXY_URL=10.0.0.1:3128"}, ERROR "PROXY_URL: not a valid URL/URI", "18.4"},
    {NULL,
     {"EVENTS_MAX_INBOUND_PAYLOAD_SIZE=0B", "LD_ENV_a=k"},
     ERROR "max inbound payload size must be greater than zero: EVENTS_MAX_INBOUND_PAYLOAD_SIZE",
     "18.4"},
    {NULL,
     {"EXIT_ON_ERROR=maybe"},
     ERROR "EXIT_ON_ERROR: not a valid boolean value (must be true/false, yes/no, or 0/1)",
     "17"},
    {NULL, {"PORT=0"}, ERROR "PORT: value must be greater than zero", "20"},
    {NULL,
     {"PORT=65536", "LD_ENV_a=k"},
     ERROR "PORT: value must be at most 65535",
     "20: in the spelling of the source"},
    {NULL,
     {"LD_ENV_a\nb=k"},
     ERROR "environment \"a\\nb\" has a line break in its name",
     "it could not be written into a file"},
    {NULL, {"LD_ENV_x="}, ERROR "SDK key is required for environment \"x\"", "29"},
    {NULL,
     {"LD_ENV_a=k", "LD_TTL_a=5"},
     ERROR
     "LD_TTL_a: not a valid duration (must use format \"1ms\", \"1s\", \"1m\", etc.) (did you "
     "mean \"5s\"?)",
     "3.10"},
    {NULL,
     {"EVENTS_SAMPLING_INTERVAL=5"},
     ERROR "EVENTS_SAMPLING_INTERVAL: this variable is no longer supported",
     "53"},
    {NULL,
     {"REDIS_TTL=5", "USE_REDIS=1"},
     ERROR "REDIS_TTL: this variable is no longer supported; use CACHE_TTL",
     "53"},
    {NULL,
     {"LD_TTL_MINUTES_a=5", "LD_ENV_a=k"},
     ERROR "LD_TTL_MINUTES_a: this variable is no longer supported; use LD_TTL_a",
     "53"},
    {A "[Redis]\nurl = redis://h1\n",
     {"REDIS_HOST=h2"},
     ERROR "please specify Redis URL or host/port, but not both",
     "32"},
    {A "[Redis]\nurl = redis://h1\n",
     {"REDIS_PORT=5"},
     ERROR "please specify Redis URL or host/port, but not both",
     "6.3"},
    {A, {"USE_REDIS=1", "REDIS_PORT=tcp://h:xxx"}, ERROR "REDIS_PORT: not a valid integer", "36"},
    {A,
     {"USE_REDIS=1", "REDIS_PORT=tcp://h:6379:x"},
     ERROR "REDIS_PORT: not a valid integer",
     "36"},
    {A, {"USE_REDIS=1", "REDIS_PORT=tcp://h:"}, ERROR "REDIS_PORT: not a valid integer", "36"},
    {A,
     {"USE_REDIS=1", "REDIS_HEALTH_CHECK_INTERVAL=1ms"},
     ERROR "REDIS_HEALTH_CHECK_INTERVAL: value must be 0 or at least 1s",
     "the second name of a variable"},
    {NULL,
     {"PORT=1"},
     "Unable to create relay: you must specify at least one environment in your configuration",
     "no environment"},
    {"[Main]\nport = x\n",
     {"PORT=y"},
     "Error loading config file: failed to read configuration file \"r.conf\": r.conf:2: not a "
     "valid "
     "integer at section \"Main\", variable \"port\"",
     "6.3: errors of the file come first"},
};

static void wrong_variables_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_refused(refused[i].text, refused[i].variables, refused[i].problem, refused[i].why);
}

/* ---- warned of ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *variables[6];
    const char *warnings;
    const char *why;
} warned[] = {
    {NULL,
     {"LD_ENV_a=k", "LD_PREFIX_x=p"},
     "LD_PREFIX_x is set, but there is no environment \"x\"; ignoring it\n",
     "30"},
    {NULL, {"LD_ENV_a=k", "LD_PREFIX_x="}, "", "30: empty"},
    {NULL, {"LD_ENV_=k"}, "[Environment] without a name; please give it one\n", "5.2"},
    {A, {"REDIS_URL=redis://h"}, "REDIS_URL has no effect because USE_REDIS is not set\n", "34"},
    {A, {"CONSUL_HOST=h"}, "CONSUL_HOST has no effect because USE_CONSUL is not set\n", "5.3"},
    {A,
     {"DYNAMODB_TABLE=t"},
     "DYNAMODB_TABLE has no effect because USE_DYNAMODB is not set\n",
     "5.3"},
    {A, {"SQLITE_PATH=p"}, "SQLITE_PATH has no effect because USE_SQLITE is not set\n", "5.3"},
    {A,
     {"REDIS_PASSWORD_FILE=/run/x"},
     "REDIS_PASSWORD_FILE has no effect because USE_REDIS is not set\n",
     "also the form with a file"},
    {A,
     {"REDIS_PORT=tcp://172.17.0.2:6379", "CACHE_TTL=5s"},
     "",
     "container links, shared variables"},
    {A, {"REDIS_TTL=5"}, "", "53: only when Redis is used"},
    {A,
     {"LD_TTL_MINUTES_b=5"},
     "LD_TTL_MINUTES_b is set, but there is no environment \"MINUTES_b\"; "
     "ignoring it\n",
     "53: without the environment"},
    {A,
     {"EVENTS_SAMPLING_INTERVAL=", "UNKNOWN_THING=1", "HOME=/root", "X"},
     "",
     "ignored silently"},
    {A,
     {"LD_PREFIX_a=p", "REDIS_URL=redis://h", "USE_REDIS=1", "REDIS_PORT=tcp://172.17.0.2:6379"},
     "REDIS_PORT is ignored because it was set for a container link and there is a Redis URL\n",
     "15"},
    {NULL,
     {"LD_ENV_Spree_Project=k1", "LD_ENV_Spree Project=k2"},
     "environments \"Spree Project\" and \"Spree_Project\" have nearly the same name; they are "
     "different environments\n",
     "5.2"},
};

static void useless_variables_are_warned_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(warned); i++)
        assert_warned(warned[i].text, warned[i].variables, warned[i].warnings, warned[i].why);
}

/* ---- accepted -------------------------------------------------------------------------------- */

/* 29 */
static void variables_make_environments_in_the_order_of_their_names(void **state)
{
    (void)state;
    struct loaded l = load(A, VARIABLES("LD_ENV_z=k1", "LD_ENV_B c=k2=3", "LD_ENV_a=k4",
                                        "LD_ENV_z=k5", "LD_MOBILE_KEY_z=m", "LD_SECURE_MODE_z=1",
                                        "LD_ALLOWED_ORIGIN_z=x, y", "LD_LOG_LEVEL_z=warn"));
    assert_text(str_text(&l.problem), "", "29");
    const struct config *c = l.config;
    assert_int_equal(c->environment_count, 3);
    assert_string_equal(c->environments[0]->name, "a");
    assert_string_equal(c->environments[0]->sdk_key, "k4");
    assert_string_equal(c->environments[1]->name, "B c");
    assert_string_equal(c->environments[1]->sdk_key, "k2=3");
    assert_string_equal(c->environments[2]->sdk_key, "k5");
    assert_string_equal(c->environments[2]->mobile_key, "m");
    assert_true(c->environments[2]->secure_mode);
    assert_string_equal(c->environments[2]->allowed_origin.items[1], "y");
    assert_int_equal(c->environments[2]->log_level, LOG_WARN);
    assert_int_equal(c->environments[0]->log_level, LOG_INFO);
    loaded_free(&l);
}

/* 17, 18, 30, 31, 52; 6.2 */
static void variables_override_the_file(void **state)
{
    (void)state;
    struct loaded l =
        load("[Main]\nport = 5\ntlsCert = x\nexitAlways = true\ntlsMinVersion = 1.2\n"
             "[Environment \"p\"]\nallowedOrigin = a\n"
             "[Datadog]\nenabled\ntag = z:1\ntag = b:2\n",
             VARIABLES("PORT=", "TLS_CERT=", "EXIT_ALWAYS=", "TLS_MIN_VERSION=", "LD_ENV_p=key",
                       "LD_PREFIX_p=pre", "LD_ALLOWED_ORIGIN_p=b",
                       "LD_ALLOWED_HEADER_p=", "DATADOG_TAG_a=3"));
    assert_text(str_text(&l.problem), "", "merged, then validated once");
    assert_text(str_text(&l.warnings), "", "merged, then validated once");
    const struct config *c = l.config;
    assert_int_equal(c->main.port, 8030);
    assert_false(config_is_set(c, &c->main.port));
    assert_string_equal(c->main.tls_cert, "");
    assert_true(c->main.exit_always);
    assert_int_equal(c->main.tls_min_version, 0);
    assert_string_equal(c->environments[0]->sdk_key, "key");
    assert_string_equal(c->environments[0]->prefix, "pre");
    assert_int_equal(c->environments[0]->allowed_origin.count, 2);
    assert_string_equal(c->environments[0]->allowed_origin.items[1], "b");
    assert_int_equal(c->datadog.tag.count, 3);
    assert_string_equal(c->datadog.tag.items[0], "a:3");
    assert_string_equal(c->datadog.tag.items[1], "b:2");
    assert_string_equal(c->datadog.tag.items[2], "z:1");
    loaded_free(&l);
}

static const struct {
    const char *text;
    const char *variables[6];
    const char *address;
    const char *why;
} addresses[] = {
    {A "[Redis]\nhost = h1\n", {"REDIS_HOST=h2"}, "redis://h2:6379", "6.3"},
    {A "[Redis]\nhost = h1\n", {"REDIS_PORT=9"}, "redis://h1:9", "6.3, 32"},
    {A "[Redis]\nhost = h1\n", {"REDIS_URL=redis://h2"}, "redis://h2", "6.3"},
    {A "[Redis]\nurl = redis://h1\n", {"REDIS_URL=redis://h2"}, "redis://h2", "url over url"},
    {A, {"USE_REDIS=1"}, "redis://localhost:6379", "35"},
    {A, {"USE_REDIS=1", "REDIS_PORT=9999"}, "redis://localhost:9999", "35"},
    {A, {"USE_REDIS=1", "REDIS_HOST=h"}, "redis://h:6379", "35"},
    {A, {"USE_REDIS=1", "REDIS_HOST=x", "REDIS_PORT=tcp://h:6400"}, "redis://h:6400", "36"},
    {A, {"USE_REDIS=1", "REDIS_PORT=tcp://h"}, "redis://h:6379", "36"},
    {A, {"USE_REDIS=1", "REDIS_PORT=tcp://[::1]:6380"}, "redis://[::1]:6380", "8.2"},
    {A, {"USE_REDIS=0"}, "", "off"},
    {A "[Redis]\nhost = h\n", {"USE_REDIS=0"}, "redis://h:6379", "5.3: does not switch off"},
    {A "[Redis]\nurl = redis://h\n",
     {"REDIS_PORT=tcp://172.17.0.2:6379"},
     "redis://h",
     "15: a link does not disturb the file's URL either"},
    {A, {"USE_REDIS=1", "REDIS_TLS=1", "REDIS_URL=redis://u:p@h/2"}, "rediss://u:p@h/2", "38"},
};

static void redis_addresses_come_from_both(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct loaded l = load(addresses[i].text, addresses[i].variables);
        assert_text(str_text(&l.problem), "", addresses[i].why);
        assert_text(l.config->redis_address, addresses[i].address, addresses[i].why);
        loaded_free(&l);
    }
}

/* 6.3, 33 */
static void combinations_that_the_documentation_promises_work(void **state)
{
    (void)state;
    struct loaded l = load("[AutoConfig]\nkey = k\n[Redis]\nhost = h\n",
                           VARIABLES("ENV_DATASTORE_PREFIX=x-$CID"));
    assert_text(str_text(&l.problem), "", "prefix from a variable");
    assert_string_equal(l.config->auto_config.env_datastore_prefix, "x-$CID");
    assert_string_equal(l.config->offline_mode.env_datastore_prefix, "");
    loaded_free(&l);
    l = load("[Environment \"a\"]\n[Filters \"p\"]\nkeys = f\n",
             VARIABLES("LD_ENV_a=k", "LD_PROJ_KEY_a=p"));
    assert_text(str_text(&l.problem), "", "projKey from a variable");
    assert_int_equal(l.config->environment_count, 2);
    loaded_free(&l);
    l = load(A, VARIABLES("BASE_URI=https://custom", "STREAM_URI=https://custom"));
    assert_text(l.config->main.client_side_base_uri, "https://custom", "33");
    loaded_free(&l);
    l = load(A "[DynamoDB]\ntableName = t\n", VARIABLES("USE_DYNAMODB=0"));
    assert_int_equal(l.config->database, CONFIG_NO_DATABASE);
    loaded_free(&l);
    l = load(A "[Consul]\nhost = h\n", VARIABLES("USE_CONSUL=1", "CONSUL_TOKEN=t"));
    assert_text(l.config->consul.host, "h", "5.3: the host of the file stays");
    assert_string_equal(l.config->consul.token, "t");
    loaded_free(&l);
}

/* 5.4 */
static void some_variables_count_without_from_env(void **state)
{
    (void)state;
    const char *const envp[] = {"LOG_FORMAT=JSON", "LD_TRACE_LOG_BIG_SEGMENTS=Yes",
                                "DISABLE_USAGE_REPORTING=1", "PORT=9", NULL};
    struct config_command cmd = {.file = (char[]){"r.conf"}, .health_url = (char[]){""}};
    struct loaded l = {0};
    file_write("r.conf", A);
    assert_true(
        config_load(&cmd, (char *const *)(uintptr_t)envp, &l.config, &l.warnings, &l.problem));
    assert_int_equal(l.config->main.log_format, LOG_FORMAT_JSON);
    assert_true(l.config->trace_log_big_segments);
    assert_true(l.config->main.disable_usage_reporting);
    assert_int_equal(l.config->main.port, 8030);
    loaded_free(&l);
    l = load("[Main]\nlogFormat = json\n" A, VARIABLES("LOG_FORMAT=fancy"));
    assert_int_equal(l.config->main.log_format, LOG_FORMAT_TEXT);
    loaded_free(&l);
    l = load("[Main]\nlogFormat = json\n" A, VARIABLES("LOG_FORMAT="));
    assert_int_equal(l.config->main.log_format, LOG_FORMAT_JSON);
    loaded_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_variables_are_refused),
        cmocka_unit_test(useless_variables_are_warned_of),
        cmocka_unit_test(variables_make_environments_in_the_order_of_their_names),
        cmocka_unit_test(variables_override_the_file),
        cmocka_unit_test(redis_addresses_come_from_both),
        cmocka_unit_test(combinations_that_the_documentation_promises_work),
        cmocka_unit_test(some_variables_count_without_from_env),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
