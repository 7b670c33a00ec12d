/* Rules about several options and their texts: configuration.md 7, checklist 20, 22, 39-51, 64-67.
 */
#include "support.h"

#define A "[Environment \"a\"]\nsdkKey = sdk-k\n"
#define LOADING "Error loading config file: "
#define CREATING "Unable to create relay: "

static const struct {
    const char *text;
    const char *problem;
    const char *why;
} refused[] = {
    {"[Main]\ntlsEnabled\n" A, LOADING "TLS cert and key are required if TLS is enabled", "50"},
    {"[Main]\ntlsEnabled\ntlsCert = c\n" A,
     LOADING "TLS cert and key are required if TLS is enabled", "50: one alone"},
    {"[AutoConfig]\nenvDatastorePrefix = p\n" A,
     LOADING "must specify auto-configuration key if other auto-configuration properties are set",
     "45"},
    {"[AutoConfig]\nenvDatastoreTableName = p\n" A,
     LOADING "must specify auto-configuration key if other auto-configuration properties are set",
     "45"},
    {"[AutoConfig]\nenvAllowedOrigin = p\n" A,
     LOADING "must specify auto-configuration key if other auto-configuration properties are set",
     "45"},
    {"[AutoConfig]\nenvAllowedHeader = p\n" A,
     LOADING "must specify auto-configuration key if other auto-configuration properties are set",
     "45"},
    {"[AutoConfig]\nkey = k\n" A,
     LOADING "cannot configure specific environments if auto-configuration is enabled", "45"},
    {"[AutoConfig]\nkey = k\n[Filters \"p\"]\nkeys = x\n",
     LOADING "cannot configure filters if auto-configuration is enabled", "45"},
    {"[AutoConfig]\nkey = k\n[OfflineMode]\nfileDataSource = f\n",
     LOADING "cannot specify both auto-configuration key and file data source", "45"},
    {"[OfflineMode]\nenvDatastorePrefix = p\n" A,
     LOADING "must specify offline mode filename if other offline mode properties are set", "46"},
    {"[OfflineMode]\nenvAllowedOrigin = p\n" A,
     LOADING "must specify offline mode filename if other offline mode properties are set", "46"},
    {"[OfflineMode]\nfileDataSourceMonitoringInterval = 1s\n" A,
     LOADING "must specify offline mode filename if other offline mode properties are set",
     "46: also when set to its default"},
    {"[OfflineMode]\nfileDataSource = f\n" A,
     LOADING "cannot configure specific environments if offline mode is enabled", "46"},
    {"[OfflineMode]\nfileDataSource = f\nfileDataSourceMonitoringInterval = 99ms\n",
     LOADING "file data source monitoring interval must be >= 100ms: "
             "fileDataSourceMonitoringInterval (line 3)",
     "46"},
    {"[OfflineMode]\nfileDataSource = f\nfileDataSourceMonitoringInterval = 0s\n",
     LOADING "file data source monitoring interval must be >= 100ms: "
             "fileDataSourceMonitoringInterval (line 3)",
     "46"},
    {"[OfflineMode]\nfileDataSource = f\nfileDataSourceMonitoringInterval = -1s\n",
     LOADING "file data source monitoring interval must be >= 100ms: "
             "fileDataSourceMonitoringInterval (line 3)",
     "46"},
    {"[Main]\nexpiredCredentialCleanupInterval = 99ms\n" A,
     LOADING "expired credential cleanup interval must be >= 100ms: "
             "expiredCredentialCleanupInterval (line 2)",
     "48"},
    {"[Events]\nmaxInboundPayloadSize = 0B\nsendEvents\n" A,
     LOADING "max inbound payload size must be greater than zero: maxInboundPayloadSize (line 2)",
     "22"},
    {"[Events]\nmaxInboundPayloadSize = -1KiB\nsendEvents\n" A,
     LOADING "max inbound payload size must be greater than zero: maxInboundPayloadSize (line 2)",
     "22"},
    {"[Main]\nmaxClientRequestBodySize = 0\n" A,
     LOADING
     "max client request body size must be greater than zero: maxClientRequestBodySize (line 2)",
     "7.3"},
    {"[Environment \"a\"]\n[Environment \"b\"]\n",
     LOADING "SDK key is required for environment \"a\", SDK key is required for environment \"b\"",
     "in the order of the file"},
    {A "[Environment \"b\"]\nsdkKey = sdk-k\n",
     LOADING "environments \"a\" and \"b\" have the same SDK key", "80"},
    {A "mobileKey = m\n[Environment \"b\"]\nsdkKey = x\nmobileKey = m\n",
     LOADING "environments \"a\" and \"b\" have the same mobile key", "80"},
    {A "envId = i\n[Environment \"b\"]\nsdkKey = x\nenvId = i\n",
     LOADING "environments \"a\" and \"b\" have the same client-side ID", "80"},
    {"[Main]\ndataFile = f.json\n[AutoConfig]\nkey = k\n",
     LOADING "cannot use local data files together with auto-configuration or offline mode", "7.3"},
    {"[Prometheus]\nenabled\nport = 8030\n" A,
     LOADING "Prometheus port must differ from the main port", "7.3"},
    {"[AutoConfig]\nkey = k\ncacheKey = c\n",
     LOADING "AUTO_CONFIG_CACHE_KEY requires Redis or DynamoDB to be enabled", "66"},
    {"[AutoConfig]\nkey = k\ncacheKey = \"x:features \"\n[SQLite]\npath = d.db\n",
     LOADING "cacheKey \"x:features\" would collide with flag data", "autoconfig-offline.md 7.1"},
    {"[OpenTelemetry]\nenabled\nprotocol = udp\n" A,
     LOADING "unsupported OTLP protocol: \"udp\" (must be \"grpc\" or \"http\")", "7.3"},
    {"[Proxy]\nntlmAuth\nuser = u\npassword = p\n" A,
     CREATING "cannot specify proxy authentication without a proxy URL", "54"},
    {"[Proxy]\nntlmAuth\nurl = http://h\nuser = u\n" A,
     CREATING "NTLM proxy authentication requires username and password", "54"},
    {"[Proxy]\nntlmAuth\nurl = http://h\npassword = u\n" A,
     CREATING "NTLM proxy authentication requires username and password", "54"},
    {"[Main]\nport = 1\n",
     CREATING "you must specify at least one environment in your configuration", "7.3"},
    {"", CREATING "you must specify at least one environment in your configuration", "7.3"},

    /* bounds of the table */
    {"[Main]\nport = 65536\n" A, LOADING "port (line 2): value must be at most 65535", "20"},
    {"[Main]\nthreads = 65\n" A, LOADING "threads (line 2): value must be at most 64", "4"},
    {"[Main]\ngracefulShutdownTimeout = -1s\n" A,
     LOADING "gracefulShutdownTimeout (line 2): value must be at least 0s", "4"},
    {"[Main]\nmaxClientConnections = -1\n" A,
     LOADING "maxClientConnections (line 2): value must be at least 0", "4"},
    {"[Main]\nmaxClientBacklog = 63KiB\n" A,
     LOADING "maxClientBacklog (line 2): value must be at least 64KiB", "4"},
    {"[Main]\nmaxRequestHeaderSize = 17MiB\n" A,
     LOADING "maxRequestHeaderSize (line 2): value must be at most 16MiB", "4"},
    {"[Main]\nbigSegmentsCacheTime = 0\n" A,
     LOADING "bigSegmentsCacheTime (line 2): value must be greater than zero", "4"},
    {"[Main]\nbigSegmentsStatusPollInterval = 3m\n" A,
     LOADING "bigSegmentsStatusPollInterval (line 2): value must be at most 120s", "4"},
    {"[Events]\nsendEvents\nmaxInFlight = 65\nflushInterval = 1ms\n" A,
     LOADING "flushInterval (line 4): value must be at least 100ms, maxInFlight (line 3): value "
             "must be at most 64",
     "4: in the order of the table"},
    {"[Concurrency]\nmaxConcurrent = -1\n" A,
     LOADING "maxConcurrent (line 2): value must be at least 0", "4"},
    {"[OpenTelemetry]\nenabled\nmetricsCardinalityLimit = -1\n" A,
     LOADING "metricsCardinalityLimit (line 3): value must be at least 0", "4"},
    {"[LocalFile]\nmonitoringInterval = 99ms\n" A,
     LOADING "monitoringInterval (line 2): value must be at least 100ms", "4"},
    {"[SQLite]\npath = x\nhealthCheckInterval = 999ms\n" A,
     LOADING "healthCheckInterval (line 3): value must be 0 or at least 1s", "4"},
    {"[SQLite]\npath = x\nbusyTimeout = 0\n" A,
     LOADING "busyTimeout (line 3): value must be greater than zero", "4"},
};

static void contradictions_are_refused_with_the_texts_of_the_spec(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_refused(refused[i].text, NULL, refused[i].problem, refused[i].why);
}

/* ---- warnings -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *warnings;
    const char *why;
} warned[] = {
    {A, "", "nothing is odd"},
    {A "envId = i\n", "", "any origin is allowed, that is normal"},
    {"[Events]\nsendEvents\nmetricsCapacity = 500\n" A,
     "configured usage metrics event capacity of 500 is below the minimum of 1000; using 1000 "
     "instead\n",
     "64"},
    {"[Events]\nmetricsCapacity = 2000\n" A, "", "64"},
    {"[Concurrency]\nmaxConcurrent = 70000\nmaxQueued = 1000001\nsendTimeout = 1s\n" A,
     "maxConcurrent of 70000 is above the maximum of 65536; using 65536 instead\n"
     "maxQueued of 1000001 is above the maximum of 1000000; using 1000000 instead\n"
     "sendTimeout of 1s is below the minimum of 5s; using 5s instead\n",
     "65"},
    {"[Concurrency]\nmaxConcurrent = 0\n" A, "", "65"},
    {"[OpenTelemetry]\nenabled\nlogsExporter = NONE\ntracesExporter = \"  none  \"\n"
     "metricsExporter = zipkin\nprotocol = HTTP/protobuf\n" A,
     "metricsExporter value \"zipkin\" is not supported; exporting over OTLP\n", "66"},
    {A "prefix = x-$CID\n",
     "environment \"a\": \"$CID\" is only replaced in auto-configuration and offline mode\n",
     "7.4"},
    {"[Environment \"a\"]\nsdkKey = mob-1\nmobileKey = sdk-1\n",
     "environment \"a\": the SDK key looks like a mobile key\n"
     "environment \"a\": the mobile key looks like an SDK key\n",
     "7.4"},
    {"[Main]\ntlsCert = c\ntlsKey = k\ntlsMinVersion = 1.2\n" A,
     "tlsCert has no effect because tlsEnabled is not set\n"
     "tlsKey has no effect because tlsEnabled is not set\n"
     "tlsMinVersion has no effect because tlsEnabled is not set\n",
     "7.4"},
    {"[Proxy]\nuser = u\npassword = p\n" A,
     "user has no effect because url is not set\npassword has no effect because url is not set\n",
     "7.4"},
    {"[Proxy]\nurl = http://h\nuser = u\npassword = p\n" A, "", "11.2: Basic authentication"},
    {"[Proxy]\nurl = http://x:y@h\nuser = u\n" A,
     "the proxy URL has a user name; user and password of [Proxy] are ignored\n", "11.2"},
    {"[Events]\ncapacity = 5\neventsUri = https://events.launchdarkly.com/\n" A,
     "capacity has no effect because sendEvents is not set\n", "7.4"},
    {"[Prometheus]\nport = 9000\n" A, "port has no effect because enabled is not set\n", "7.4"},
    {"[Events]\ninlineUsers = true\n" A, "inlineUsers has no effect and is ignored\n", "16"},
    {"[Events]\ninlineUsers = false\n" A, "", "16"},
    {"[Redis]\nusername = u\n" A, "[Redis] has no effect without host, port or url\n", "8.1"},
    {"[Consul]\ntoken = t\nlocalTtl = 1s\n" A, "[Consul] has no effect without host\n", "8.1"},
    {"[SQLite]\nenabled = false\npath = x\n" A, "[SQLite] has no effect without path or enabled\n",
     "8.1: switched off on purpose"},
    {"[Main]\nbaseUri = https://app.launchdarkly.com\n" A, "", "16: old default"},
    {"[Main]\nbaseUri = https://u:secretpw@h\n" A,
     "baseUri is set to https://u:xxxxx@h, but streamUri still points to "
     "https://stream.launchdarkly.com\n",
     "7.2, no password"},
    {"[Main]\nbaseUri = https://h\nstreamUri = https://h\n[Events]\nsendEvents\n" A,
     "baseUri is set to https://h, but eventsUri still points to https://events.launchdarkly.com\n",
     "7.2"},
    {"[Main]\nheartbeatInterval = 10m\n" A,
     "heartbeatInterval of 10m0s is longer than the 5 minute read timeout of the SDKs; streams "
     "will "
     "reconnect constantly\n",
     "streaming.md 10.1"},
    {"[Main]\nheartbeatInterval = 4m30s\n" A,
     "heartbeatInterval of 4m30s is close to the 5 minute read timeout of the SDKs; streams may "
     "reconnect\n",
     "streaming.md 10.1"},
    {"[Main]\nheartbeatInterval = 4m\n" A, "", "streaming.md 10.1"},
    {"[Datadog]\nenabled\ntraceAddr = h:1\n[Stackdriver]\nenabled\n" A,
     "Datadog traces are sent by OTLP only: set USE_OTLP=true and enable OTLP in the Datadog "
     "Agent\n"
     "[Stackdriver] is not supported; use OTLP with the OpenTelemetry Collector (USE_OTLP=true)\n",
     "telemetry.md 3, 4"},
    {"[Datadog]\nenabled\n[OpenTelemetry]\nenabled\n" A, "", "67"},
};

static void oddities_are_warned_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(warned); i++)
        assert_warned(warned[i].text, NULL, warned[i].warnings, warned[i].why);
}

/* ---- what follows ---------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *base;
    const char *client;
} uris[] = {
    {"", "https://sdk.launchdarkly.com", "https://clientsdk.launchdarkly.com"},
    {"baseUri = https://sdk.launchdarkly.com/\n", "https://sdk.launchdarkly.com",
     "https://clientsdk.launchdarkly.com"},
    {"baseUri = https://APP.launchdarkly.com:443\n", "https://sdk.launchdarkly.com",
     "https://clientsdk.launchdarkly.com"},
    {"baseUri = http://h:1/x\n", "http://h:1/x", "http://h:1/x"},
    {"baseUri = http://h:1\nclientSideBaseUri = http://c\n", "http://h:1", "http://c"},
    {"clientSideBaseUri = http://c\n", "https://sdk.launchdarkly.com", "http://c"},
};

/* 51 */
static void default_uris_follow(void **state)
{
    (void)state;
    struct str text = {0};
    for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
        str_clear(&text);
        str_append_format(&text, "[Main]\n%s" A, uris[i].text);
        struct loaded l = load(str_text(&text), NULL);
        assert_text(l.config->main.base_uri, uris[i].base, uris[i].text);
        assert_text(l.config->main.client_side_base_uri, uris[i].client, uris[i].text);
        loaded_free(&l);
    }
    str_free(&text);
}

/* 64, 65 and derived values */
static void values_out_of_range_are_moved(void **state)
{
    (void)state;
    struct loaded l = load("[Main]\nlogLevel = warn\n[Events]\nsendEvents\nmetricsCapacity = 500\n"
                           "spoolDir = .\n[Concurrency]\nmaxConcurrent = 70000\nsendTimeout = 1s\n"
                           "[OpenTelemetry]\nenabled\nprotocol = Http\n" A,
                           NULL);
    assert_text(str_text(&l.problem), "", "64");
    assert_int_equal(l.config->events.metrics_capacity, 1000);
    assert_int_equal(l.config->concurrency.max_concurrent, 65536);
    assert_int_equal(l.config->concurrency.send_timeout_ns, INT64_C(5000000000));
    assert_int_equal(l.config->events.retry_max_age_ns, INT64_C(86400000000000));
    assert_int_equal(l.config->otlp_protocol, CONFIG_OTLP_HTTP);
    assert_int_equal(l.config->environments[0]->log_level, LOG_WARN);
    assert_int_equal(l.config->mode, CONFIG_MANUAL);
    loaded_free(&l);
}

/* 76; 17.5 */
static void data_files_make_the_environment_local(void **state)
{
    (void)state;
    struct loaded l =
        load("[Main]\ndataFile = a.json, b.yaml\n[Environment \"local\"]\nenvId = mine\n"
             "[Environment \"x\"]\nsdkKey = k\ndataFile = c.json\n",
             VARIABLES("LD_MOBILE_KEY_local=mob", "LD_DATA_FILE_x=d.json"));
    assert_text(str_text(&l.problem), "", "17.5");
    const struct config_environment *local = l.config->environments[0];
    assert_string_equal(local->name, "local");
    assert_string_equal(local->sdk_key, "sdk-local");
    assert_string_equal(local->mobile_key, "mob");
    assert_string_equal(local->env_id, "mine");
    assert_int_equal(local->data_file.count, 2);
    assert_string_equal(local->data_file.items[1], "b.yaml");
    assert_int_equal(l.config->environments[1]->data_file.count, 2);
    loaded_free(&l);
    l = load(NULL, VARIABLES("DATA_FILE=f.json", "LD_CLIENT_SIDE_ID_local=i"));
    assert_text(str_text(&l.problem), "", "17.5");
    assert_text(str_text(&l.warnings), "", "17.5");
    assert_string_equal(l.config->environments[0]->env_id, "i");
    assert_string_equal(l.config->environments[0]->mobile_key, "mob-local");
    loaded_free(&l);
    assert_refused("[Environment \"x\"]\ndataFile = c.json\n", NULL,
                   LOADING "SDK key is required for environment \"x\"", "17.5: the door key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contradictions_are_refused_with_the_texts_of_the_spec),
        cmocka_unit_test(oddities_are_warned_of),
        cmocka_unit_test(default_uris_follow),
        cmocka_unit_test(values_out_of_range_are_moved),
        cmocka_unit_test(data_files_make_the_environment_local),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
