/* What is printed: configuration.md 17.1, 14.1; checklist 59, 72. */
#include "support.h"

#include "config/options.h"
#include "config/record.h"
#include "config/value.h"

#define KEY_A "sdk-11111111-2222-3333-4444-5555555aaaaa"
#define KEY_B "sdk-11111111-2222-3333-4444-5555555bbbbb"

/* Every type, quoting, lists, names, secrets, filters. */
static const char rich[] =
    "[Main]\nport = 9000\nlogLevel = WARN\ntlsMinVersion = 1.3\ntlsEnabled = false\n"
    "heartbeatInterval = 1m30s\nmaxClientBacklog = 1.5MiB\nbaseUri = HTTP://u:pw1@h/x\n"
    "relayKey = abc\nflagDelivery = v1\nlistenAddress = \"a ; b # \\\"c\\\" \\\\ \\t\\n d \"\n"
    "[Events]\nsendEvents\ncapacity = 1000\nretryMaxAge = 5m\nspoolSync = never\n"
    "[Environment \"b\"]\nsdkKey = " KEY_B "\nenvId = idb\nallowedOrigin = o1, o2\nprojKey = p\n"
    "prefix = pre\n"
    "[Environment \"a \\\"q\\\" \\\\\"]\nsdkKey = " KEY_A
    "\nmobileKey = mob-1\nsecureMode\nttl = 5m\n"
    "projKey = p\nprefix = \"{a}\"\n"
    "[Filters \"p\"]\nkeys = x, y\n"
    "[Redis]\nhost = h\npassword = redis-secret\nclusterHashTag =\ndatabase = 0\nlocalTtl = -1s\n"
    "[Proxy]\nurl = http://user:pw2@proxy:3128\n"
    "[Datadog]\nenabled\ntag = a:1,2\ntag = b:2\n";

static const char rich_printed[] =
    "[Main]\n"
    "baseUri = http://u:xxxxx@h/x ; from r.conf:8\n"
    "port = 9000 ; from r.conf:2\n"
    "heartbeatInterval = 1m30s ; from r.conf:6\n"
    "tlsMinVersion = 1.3 ; from r.conf:4\n"
    "logLevel = warn ; from r.conf:3\n"
    "listenAddress = \"a ; b # \\\"c\\\" \\\\ \\t\\n d \" ; from r.conf:11\n"
    "maxClientBacklog = 1536KiB ; from r.conf:7\n"
    "relayKey = **** ; from r.conf:9\n"
    "\n[Events]\n"
    "sendEvents = true ; from r.conf:13\n"
    "capacity = 1000 ; from r.conf:14\n"
    "retryMaxAge = 5m0s ; from r.conf:15\n"
    "spoolSync = never ; from r.conf:16\n"
    "\n[Environment \"a \\\"q\\\" \\\\\"]\n"
    "sdkKey = ****aaaa ; from r.conf:24\n"
    "mobileKey = ****ob-1 ; from r.conf:25\n"
    "secureMode = true ; from r.conf:26\n"
    "prefix = {a} ; from r.conf:29\n"
    "ttl = 5m0s ; from r.conf:27\n"
    "projKey = p ; from r.conf:28\n"
    "\n[Environment \"b\"]\n"
    "sdkKey = ****bbbb ; from r.conf:18\n"
    "envId = idb ; from r.conf:19\n"
    "prefix = pre ; from r.conf:22\n"
    "allowedOrigin = o1 ; from r.conf:20\n"
    "allowedOrigin = o2 ; from r.conf:20\n"
    "projKey = p ; from r.conf:21\n"
    "\n[Filters \"p\"]\n"
    "keys = x ; from r.conf:31\n"
    "keys = \" y\" ; from r.conf:31\n"
    "\n[Redis]\n"
    "host = h ; from r.conf:33\n"
    "password = ****cret ; from r.conf:34\n"
    "localTtl = -1s ; from r.conf:37\n"
    "clusterHashTag = \"\" ; from r.conf:35\n"
    "database = 0 ; from r.conf:36\n"
    "\n[Proxy]\n"
    "url = http://user:xxxxx@proxy:3128 ; from r.conf:39\n"
    "\n[Datadog]\n"
    "enabled = true ; from r.conf:41\n"
    "tag = a:1,2 ; from r.conf:42\n"
    "tag = b:2 ; from r.conf:43\n";

static void printed_check(const char *text, const char *const *variables, const char *want)
{
    struct loaded l = load(text, variables);
    struct str out = {0};
    assert_text(str_text(&l.problem), "", "must load");
    config_print(l.config, &out);
    assert_text(str_text(&out), want, "printed");
    str_free(&out);
    loaded_free(&l);
}

/* 72 */
static void a_file_is_printed_with_its_lines_and_masked(void **state)
{
    (void)state;
    printed_check(rich, NULL, rich_printed);
}

/* 72: what is not from a file */
static void origins_are_named(void **state)
{
    (void)state;
    file_write("s.txt", "secret\n");
    printed_check("[Main]\nport = 1\n[Environment \"p q\"]\n",
                  VARIABLES("LD_ENV_p q=sdk-1234567", "LD_MOBILE_KEY_FILE_p q=s.txt", "PORT=2",
                            "LD_PREFIX_p q=pre", "USE_REDIS=1", "REDIS_HEALTH_CHECK_INTERVAL=5s",
                            "LOG_FORMAT=json", "LISTEN_ADDRESS="),
                  "[Main]\nport = 2 ; from environment PORT\n"
                  "logFormat = json ; from environment LOG_FORMAT\n"
                  "\n[Environment \"p q\"]\n"
                  "sdkKey = ****4567 ; from environment LD_ENV_p q\n"
                  "mobileKeyFile = s.txt ; from environment LD_MOBILE_KEY_FILE_p q\n"
                  "prefix = pre ; from environment LD_PREFIX_p q\n"
                  "\n[Redis]\n"
                  "host = localhost ; from environment USE_REDIS\n"
                  "healthCheckInterval = 5s ; from environment REDIS_HEALTH_CHECK_INTERVAL\n");
    printed_check("[Environment \"a\"]\nsdkKey = k\nallowedOrigin = o\n[Datadog]\nenabled\n"
                  "tag = z\ntag = a\n",
                  VARIABLES("LD_ALLOWED_ORIGIN_a=p", "DATADOG_TAG_m=1"),
                  "[Environment \"a\"]\nsdkKey = **** ; from r.conf:2\n"
                  "allowedOrigin = o ; from r.conf:3\n"
                  "allowedOrigin = p ; from environment LD_ALLOWED_ORIGIN_a\n"
                  "\n[Datadog]\nenabled = true ; from r.conf:5\n"
                  "tag = a ; from r.conf:7\n"
                  "tag = m:1 ; from environment DATADOG_TAG_\n"
                  "tag = z ; from r.conf:6\n");
    printed_check("[Environment]\nsdkKey = k\n", VARIABLES("USE_CONSUL=yes", "LD_PREFIX_=p"),
                  "[Environment]\nsdkKey = **** ; from r.conf:2\n"
                  "prefix = p ; from environment LD_PREFIX_\n"
                  "\n[Consul]\nhost = 127.0.0.1:8500 ; from environment USE_CONSUL\n");
}

/* What is at its default is not printed, nor what was only derived. */
static void defaults_are_left_out(void **state)
{
    (void)state;
    printed_check(
        "[Main]\nport = 8030\ninitTimeout = 10s\nbaseUri = https://app.launchdarkly.com\n"
        "dataFile = f.json\n[SQLite]\nenabled\n[Environment \"local\"]\ndataFile = own.json\n",
        NULL,
        "[Main]\ndataFile = f.json ; from r.conf:5\n"
        "\n[Environment \"local\"]\ndataFile = own.json ; from r.conf:9\n"
        "\n[SQLite]\nenabled = true ; from r.conf:7\n");
}

/* ---- printed text loads again ---------------------------------------------------------------- */

static void option_compare(struct config_record a, struct config_record b,
                           const struct config_option *o)
{
    struct str left = {0};
    struct str right = {0};
    if (o->kind == CONFIG_LIST || o->kind == CONFIG_TAGS) {
        const struct config_list *lists[] = {config_record_field(a, o), config_record_field(b, o)};
        assert_int_equal(lists[0]->count, lists[1]->count);
        for (size_t i = 0; i < lists[0]->count; i++)
            assert_string_equal(lists[0]->items[i], lists[1]->items[i]);
        return;
    }
    config_value_print(o, config_record_field(a, o), &left);
    config_value_print(o, config_record_field(b, o), &right);
    assert_text(str_text(&right), str_text(&left), o->property);
    str_free(&left);
    str_free(&right);
}

static void records_compare(struct config_record a, struct config_record b)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].scope == a.scope && config_options[i].property != NULL)
            option_compare(a, b, &config_options[i]);
    }
}

/* Everything but origins and the order of environments. */
static void configurations_compare(const struct config *a, const struct config *b)
{
    struct config *left = (struct config *)(uintptr_t)a;
    struct config *right = (struct config *)(uintptr_t)b;
    records_compare(config_record_of(left), config_record_of(right));
    assert_int_equal(a->environment_count, b->environment_count);
    for (size_t i = 0; i < a->environment_count; i++) {
        struct config_environment *e = left->environments[i];
        struct config_environment *f = config_environment_find(right, view_of(e->name));
        assert_non_null(f);
        records_compare(config_environment_record(e), config_environment_record(f));
        assert_string_equal(e->store_prefix, f->store_prefix);
    }
    assert_int_equal(a->filter_count, b->filter_count);
    for (size_t i = 0; i < a->filter_count; i++)
        records_compare(config_filter_record(left->filters[i]),
                        config_filter_record(right->filters[i]));
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->database, b->database);
    assert_string_equal(a->redis_address, b->redis_address);
}

/* 72: with secrets in files nothing is lost. */
static void printed_text_loads_to_the_same_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *variables[8];
    } rows[] = {
        {"[Environment \"a;b\\\\\"]\nsdkKeyFile = a.txt\nprefix = \"#1\"\nprojKey = s\n"
         "[Environment \"0\"]\nsdkKeyFile = b.txt\nmobileKeyFile = c.txt\nprefix = \" x \"\n"
         "projKey = t\nallowedHeader = h1\nallowedHeader = h2\n[Filters \"s\"]\nkeys = f, g\n"
         "[Redis]\nurl = redis://h/2\ntls\npasswordFile = a.txt\nlocalTtl = 1500ms\n"
         "[Main]\nmaxRequestHeaderSize = 8200B\npingStreamJitterTime = 1ns\nthreads = 3\n"
         "[Datadog]\nenabled\ntag = \"z: 1 ; 2\"\n[Concurrency]\nmaxConcurrent = 99999\n",
         {"LD_TTL_0=90m", "LD_ALLOWED_ORIGIN_0=x,y", "DATADOG_TAG_a=#", "LOG_LEVEL=debug"}},
        {NULL, {"USE_REDIS=1", "LD_SDK_KEY_FILE_a=a.txt", "LD_PREFIX_a=p", "REDIS_PORT=tcp://h:1"}},
        {NULL, {"USE_SQLITE=1", "LD_SDK_KEY_FILE_a=a.txt", "SQLITE_PATH=d.db", "USE_EVENTS=1"}},
        {NULL, {"USE_CONSUL=1", "LD_SDK_KEY_FILE_a=a.txt", "CONSUL_TOKEN_FILE=b.txt"}},
        {NULL, {"USE_DYNAMODB=1", "LD_SDK_KEY_FILE_a=a.txt", "LD_TABLE_NAME_a=t", "CACHE_TTL=0"}},
        {NULL, {"AUTO_CONFIG_KEY_FILE=a.txt", "ENV_ALLOWED_ORIGIN=o,p", "STREAM_URI=http://h"}},
    };
    file_write("a.txt", "sdk-aaaaaaaa");
    file_write("b.txt", "sdk-bbbbbbbb");
    file_write("c.txt", "mob-cccccccc");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str printed = {0};
        struct loaded first = load(rows[i].text, rows[i].variables);
        assert_text(str_text(&first.problem), "", "loads");
        config_print(first.config, &printed);
        struct loaded second = load(str_text(&printed), NULL);
        assert_text(str_text(&second.problem), "", str_text(&printed));
        configurations_compare(first.config, second.config);
        str_free(&printed);
        loaded_free(&first);
        loaded_free(&second);
    }
}

/* Without what follows " ; from ". */
static void values_append(const struct config *c, struct str *out)
{
    struct str printed = {0};
    config_print(c, &printed);
    for (const char *line = str_text(&printed); *line != '\0';) {
        const char *end = strchr(line, '\n');
        const char *origin = strstr(line, " ; from ");
        str_append(
            out, view_make(line, (size_t)((origin != NULL && origin < end ? origin : end) - line)));
        str_append_char(out, '\n');
        line = end + 1;
    }
    str_free(&printed);
}

/* 72: masked secrets print the same again. */
static void a_printed_mask_prints_the_same(void **state)
{
    (void)state;
    struct str once = {0};
    struct str twice = {0};
    struct loaded l = load(rich, NULL);
    values_append(l.config, &once);
    loaded_free(&l);
    l = load(str_text(&once), NULL);
    assert_text(str_text(&l.problem), "", "loads");
    values_append(l.config, &twice);
    assert_text(str_text(&twice), str_text(&once), "the same again");
    loaded_free(&l);
    str_free(&once);
    str_free(&twice);
}

/* 14.1, 59 */
static void origins_for_the_log_are_one_line_each(void **state)
{
    (void)state;
    struct str out = {0};
    struct loaded l = load("[Main]\nport = 8031\nlistenAddress = \"a\\nb\"\n"
                           "[Environment \"a \\\"b\"]\nsdkKey = sdk-12345678\n",
                           VARIABLES("USE_SQLITE=1", "SQLITE_PATH=d.db"));
    config_print_origins(l.config, &out);
    assert_text(str_text(&out),
                "[Main] port = 8031 (file r.conf:2)\n"
                "[Main] listenAddress = \"a\\nb\" (file r.conf:3)\n"
                "[Environment \"a \\\"b\"] sdkKey = ****5678 (file r.conf:5)\n"
                "[SQLite] enabled = true (environment)\n"
                "[SQLite] path = d.db (environment)\n",
                "14.1");
    str_free(&out);
    loaded_free(&l);
}

/* 17.1, 72 */
static void the_summary_counts_environments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *summary;
    } rows[] = {
        {"[Environment \"a\"]\nsdkKey = a\nprojKey = p\n[Filters \"p\"]\nkeys = x\n",
         "Configuration OK: 2 environment(s), no database, port 8030"},
        {"[Main]\nport = 1\n[AutoConfig]\nkey = k\nenvDatastorePrefix = $CID\n[Redis]\nhost = h\n",
         "Configuration OK: 0 environment(s), Redis, port 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        struct loaded l = load(rows[i].text, NULL);
        config_check_text(l.config, &out);
        assert_text(str_text(&out), rows[i].summary, rows[i].text);
        str_free(&out);
        loaded_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_printed_with_its_lines_and_masked),
        cmocka_unit_test(origins_are_named),
        cmocka_unit_test(defaults_are_left_out),
        cmocka_unit_test(printed_text_loads_to_the_same_configuration),
        cmocka_unit_test(a_printed_mask_prints_the_same),
        cmocka_unit_test(origins_for_the_log_are_one_line_each),
        cmocka_unit_test(the_summary_counts_environments),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
