/* What this version cannot do is refused and not ignored. Each kind may become possible; then its
 * configuration is accepted, and nothing else about it changes. */
#include "support.h"

#include "config/load.h"

#define A "[Environment \"a\"]\nsdkKey = sdk-k\nprefix = p\n"

static const struct {
    const char *text;
    const char *what;
} kinds[] = {
    {A "[Redis]\nhost = h\n", "Redis"},
    {A "[Redis]\nmode = cluster\nnodes = h:1\n", "Redis mode \"sentinel\" and \"cluster\""},
    {A "[Redis]\nurl = rediss://h\nawsIamAuth\nusername = u\nawsIamCacheName = c\n",
     "Redis IAM authentication"},
    {A "[Consul]\nhost = h\n", "Consul"},
    {A "[DynamoDB]\ntableName = t\n", "DynamoDB"},
    {"[AutoConfig]\nkey = k\n", "automatic configuration"},
    {"[OfflineMode]\nfileDataSource = archive\n", "the offline archive"},
    {"[Main]\nflagDelivery = v2\n" A, "flagDelivery other than v1"},
};

static void a_missing_kind_is_named_and_the_rest_is_right(void **state)
{
    (void)state;
    file_write("archive", "x");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct config_command cmd = {.file = (char[]){"r.conf"}, .health_url = (char[]){""}};
        struct loaded l = load(kinds[i].text, NULL);
        struct str refusal = {0};
        assert_text(str_text(&l.problem), "", kinds[i].what);
        loaded_free(&l);
        bool ok = config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem);
        str_append_format(&refusal, "%s is not available in this version; ", kinds[i].what);
        assert_int_equal(ok, l.problem.len == 0);
        if (!ok) {
            assert_int_equal(strncmp(str_text(&l.problem), "Unable to create relay: ", 24), 0);
            assert_non_null(strstr(str_text(&l.problem), str_text(&refusal)));
        }
        str_free(&refusal);
        loaded_free(&l);
    }
}

/* Options of endpoints are parsed and kept, whether or not there are such endpoints. */
static void what_is_there_is_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        A,
        A "secureMode\nallowedOrigin = o\nallowedHeader = h\nttl = 5m\nenvId = i\nmobileKey = m\n"
          "[Events]\nsendEvents\n[Prometheus]\nenabled\n[Datadog]\nenabled\n[Debug]\nenabled\n"
          "[OpenTelemetry]\nenabled\n[Http]\nenableCompression\n[Main]\nrelayKey = k\n"
          "statusFormat = classic\n",
        A "[SQLite]\npath = d.db\n",
        "[Main]\ndataFile = f.json\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct config_command cmd = {.file = (char[]){"r.conf"}, .health_url = (char[]){""}};
        struct loaded l = {0};
        file_write("r.conf", texts[i]);
        assert_true(config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
        assert_text(str_text(&l.warnings), "", texts[i]);
        const struct config *again = config_ref(l.config);
        config_unref(again);
        loaded_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_kind_is_named_and_the_rest_is_right),
        cmocka_unit_test(what_is_there_is_accepted),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
