/* Every sample configuration is right: those of the repository, of its documentation, and of what
 * flagrelay replaces. configuration.md 15, 18; checklist 67, 79. */
#include "support.h"

#include "config/file.h"

#include <dirent.h>

/* Set once by main(): the folder of the sources. */
static const char *root;

/* ---- the repository's ------------------------------------------------------------------------ */

static void examples_load_without_a_warning(void **state)
{
    (void)state;
    struct str path = {0};
    str_append_format(&path, "%s/examples", root);
    DIR *folder = opendir(str_text(&path));
    size_t count = 0;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct loaded l = {0};
        struct config_command cmd = {.health_url = (char[]){""}};
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".conf") != 0)
            continue;
        str_clear(&path);
        str_append_format(&path, "%s/examples/%s", root, entry->d_name);
        cmd.file = path.data;
        assert_true(config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
        assert_text(str_text(&l.warnings), "", entry->d_name);
        loaded_free(&l);
        count++;
    }
    assert_true(count >= 5);
    assert_int_equal(closedir(folder), 0);
    str_free(&path);
}

/* The documentation names files under /etc; here they are in the working directory. */
static void block_append(const char *from, const char *to, struct str *out)
{
    static const char folder[] = "/etc/flagrelay/";
    str_clear(out);
    for (const char *p = from; p < to;) {
        if (strncmp(p, folder, strlen(folder)) == 0)
            p += strlen(folder);
        else
            str_append_char(out, *p++);
    }
}

static void variables_check(struct str *block)
{
    const char *variables[16];
    size_t count = 0;
    char *rest = block->data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        assert_true(count + 1 < ARRAY_LEN(variables));
        if (*line != '\0')
            variables[count++] = line;
    }
    variables[count] = NULL;
    assert_warned(NULL, variables, "", block->data);
}

static void blocks_of_the_documentation_load_without_a_warning(void **state)
{
    (void)state;
    struct str page = {0};
    struct str path = {0};
    struct str block = {0};
    struct error err;
    size_t count = 0;
    file_write("sdk-key", "sdk-1234\n");
    file_write("redis-password", "secret\n");
    str_append_format(&path, "%s/docs/configuration.md", root);
    assert_true(config_file_read(str_text(&path), 1 << 20, "page", &page, &err));
    for (const char *p = str_text(&page); (p = strstr(p, "\n```")) != NULL; count++) {
        const char *begin = strchr(p + 1, '\n') + 1;
        const char *end = strstr(begin, "\n```");
        assert_non_null(end);
        block_append(begin, end + 1, &block);
        if (strncmp(p, "\n```conf\n", 9) == 0)
            assert_warned(str_text(&block), NULL, "", str_text(&block));
        else if (strncmp(p, "\n```env\n", 8) == 0)
            variables_check(&block);
        p = end + 4;
    }
    assert_true(count >= 9);
    str_free(&page);
    str_free(&path);
    str_free(&block);
}

/* ---- the reference's ------------------------------------------------------------------------- */

/* 79: as its Linux package has it, in our own words. */
static const char packaged[] =
    "; an example\n[main]\nexitOnError = false\nexitAlways = false\nignoreConnectionErrors = true\n"
    "; where flags come from\nstreamUri = \"https://stream.launchdarkly.com\"\n"
    "baseUri = \"https://app.launchdarkly.com\"\nheartbeatInterval = 15s\n\n[events]\n"
    "eventsUri = \"https://events.launchdarkly.com\"\nsendEvents = true\nflushInterval = 5s\n"
    "capacity = 1000\n\n[environment \"Default Project Production\"]\n"
    "sdkKey = \"SDK_KEY_PRODUCTION\"\n\n[environment \"Default Project Test\"]\n"
    "sdkKey = \"SDK_KEY_TEST\"\n";

static void the_packaged_file_loads(void **state)
{
    (void)state;
    assert_warned(packaged, NULL, "", "79");
    struct loaded l = load(packaged, VARIABLES("PORT=8030", "LD_ENV_c=k", "LOG_LEVEL=debug"));
    assert_text(str_text(&l.problem), "", "79: with variables of a container");
    assert_int_equal(l.config->environment_count, 3);
    assert_string_equal(l.config->main.base_uri, "https://sdk.launchdarkly.com");
    loaded_free(&l);
}

/* 79: the variables of its Helm chart. */
static void the_variables_of_the_chart_load(void **state)
{
    (void)state;
    file_write("archive.tar.gz", "\x1f\x8b");
    struct loaded l =
        load(NULL, VARIABLES("PORT=8030", "FILE_DATA_SOURCE=archive.tar.gz",
                             "REDIS_PORT=tcp://10.0.0.1:6379", "USE_PROMETHEUS=true"));
    assert_text(str_text(&l.problem), "", "79");
    assert_text(str_text(&l.warnings), "", "79");
    assert_int_equal(l.config->mode, CONFIG_OFFLINE);
    loaded_free(&l);
}

/* 67 */
static void files_of_both_generations_load(void **state)
{
    (void)state;
    assert_warned("[Environment \"a\"]\nsdkKey = k\n[Datadog]\nenabled\nprefix = p\n"
                  "[Prometheus]\nenabled = true\nport = 9001\n[OpenTelemetry]\nenabled = true\n"
                  "protocol = http\n[Concurrency]\nmaxConcurrent = 10\nmaxQueued = 100\n"
                  "[Http]\nenableCompression = true\nidleConnTimeout = 60s\n[MetricsConfig]\n"
                  "[Main]\ngracefulShutdownTimeout = 10s\nmaxClientRequestBodySize = 1MiB\n"
                  "pingStreamJitterTime = 5s\nmaxClientWriteTime = 10s\n",
                  NULL, "", "67");
}

/* The configuration with which answers are held against those of the reference. */
static const char compared[] =
    "[Main]\nport = 21000\nstreamUri = \"http://127.0.0.1:21001\"\n"
    "baseUri = \"http://127.0.0.1:21001\"\nclientSideBaseUri = \"http://127.0.0.1:21001\"\n"
    "initTimeout = 2s\nignoreConnectionErrors = true\n[Filters \"shop\"]\nkeys = \"small\"\n"
    "[Events]\nsendEvents = true\neventsUri = \"http://127.0.0.1:21001\"\nflushInterval = 1s\n"
    "[Environment \"prod\"]\nsdkKey = \"sdk-aaaaaaaa-0000-4000-8000-000000000001\"\n"
    "mobileKey = \"mob-aaaaaaaa-0000-4000-8000-000000000001\"\n"
    "envId = \"507f1f77bcf86cd799439011\"\nprojKey = \"shop\"\n"
    "[Environment \"secure\"]\nsdkKey = \"sdk-aaaaaaaa-0000-4000-8000-000000000002\"\n"
    "envId = \"507f1f77bcf86cd799439012\"\nprojKey = \"other\"\nsecureMode = true\n"
    "[Environment \"limited\"]\nsdkKey = \"sdk-aaaaaaaa-0000-4000-8000-000000000003\"\n"
    "envId = \"507f1f77bcf86cd799439013\"\nprojKey = \"other\"\n"
    "allowedOrigin = \"https://shop.example\"\nallowedOrigin = \"https://b.example\"\n"
    "allowedHeader = \"X-Custom\"\n"
    "[Environment \"more\"]\nsdkKey = \"sdk-aaaaaaaa-0000-4000-8000-000000000006\"\n"
    "mobileKey = \"mob-aaaaaaaa-0000-4000-8000-000000000006\"\n"
    "envId = \"507f1f77bcf86cd799439016\"\nprojKey = \"other\"\nttl = 5m\n";

static void the_compared_configuration_is_accepted_whole(void **state)
{
    (void)state;
    struct config_command cmd = {.file = (char[]){"r.conf"}, .health_url = (char[]){""}};
    struct loaded l = {0};
    file_write("r.conf", compared);
    assert_true(config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
    assert_text(str_text(&l.warnings), "", "compare");
    const struct config *c = l.config;
    assert_int_equal(c->environment_count, 5);
    assert_string_equal(c->environments[1]->name, "prod/small");
    assert_true(c->environments[2]->secure_mode);
    assert_string_equal(c->environments[3]->allowed_origin.items[1], "https://b.example");
    assert_string_equal(c->environments[3]->allowed_header.items[0], "X-Custom");
    assert_int_equal(config_ms(c->environments[4]->ttl_ns), 300000);
    assert_true(c->events.send_events);
    loaded_free(&l);
}

/* ---- the specification's (18.1) -------------------------------------------------------------- */

static const char worked[] =
    "; flagrelay.conf\n[main]\nPORT = 8030                         # comment\n"
    "heartbeatInterval = 1m30s\nbaseUri = https://app.launchdarkly.com\n"
    "ignoreConnectionErrors              ; blank = true\n\n[Events]\nsendEvents = yes\n"
    "maxInboundPayloadSize = 1.5MiB\n\n[Environment \"Shop Prod\"]\n"
    "sdkKey = sdk-11111111-2222-3333-4444-555555555555\nenvId = 6123456789abcdef01234567\n"
    "prefix = shop-prod\nprojKey = shop\nallowedOrigin = https://a.example, https://b.example\n"
    "allowedOrigin = https://c.example\n\n[Filters \"shop\"]\nkeys = checkout, search\n\n[Redis]\n"
    "host = redis.internal\ntls = 1\n";

static void the_worked_example_has_its_result(void **state)
{
    (void)state;
    struct loaded l = load(worked, NULL);
    assert_text(str_text(&l.problem), "", "18.1");
    assert_text(str_text(&l.warnings), "", "18.1");
    const struct config *c = l.config;
    assert_int_equal(c->main.heartbeat_interval_ns, INT64_C(90000000000));
    assert_string_equal(c->main.base_uri, "https://sdk.launchdarkly.com");
    assert_string_equal(c->main.client_side_base_uri, "https://clientsdk.launchdarkly.com");
    assert_int_equal(c->events.max_inbound_payload_size_bytes, 1572864);
    assert_string_equal(c->environments[0]->allowed_origin.items[1], "https://b.example");
    assert_string_equal(c->redis_address, "rediss://redis.internal:6379");
    assert_string_equal(c->environments[1]->prefix, "shop-prod/checkout");
    assert_string_equal(c->environments[2]->name, "Shop Prod/search");
    loaded_free(&l);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_load_without_a_warning),
        cmocka_unit_test(blocks_of_the_documentation_load_without_a_warning),
        cmocka_unit_test(the_packaged_file_loads),
        cmocka_unit_test(the_variables_of_the_chart_load),
        cmocka_unit_test(files_of_both_generations_load),
        cmocka_unit_test(the_compared_configuration_is_accepted_whole),
        cmocka_unit_test(the_worked_example_has_its_result),
    };
    if (argc != 2)
        return 2;
    root = argv[1];
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
