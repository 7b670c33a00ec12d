/* Every row of the option table, by file and by variable: configuration.md 4, checklist 26, 27. */
#include "support.h"

#include "config/environ.h"
#include "config/file.h"
#include "config/options.h"
#include "config/record.h"
#include "config/value.h"

/* A text that the option accepts and that is not its default. */
static const char *sample(const struct config_option *o)
{
    switch (o->kind) {
    case CONFIG_BOOLEAN:
        return o->fallback != NULL && strcmp(o->fallback, "true") == 0 ? "false" : "true";
    case CONFIG_INTEGER:
    case CONFIG_POSITIVE:
        return "37";
    case CONFIG_DURATION:
        return "37s";
    case CONFIG_BYTES:
        return "3MiB";
    case CONFIG_URI:
        return strcmp(o->section, "Redis") == 0 ? "redis://h:37" : "http://h:37";
    case CONFIG_LEVEL:
        return "debug";
    case CONFIG_TLS:
        return "1.3";
    case CONFIG_CHOICE:
        return strrchr(o->words, ' ') + 1;
    case CONFIG_STRING:
    case CONFIG_PATH:
    case CONFIG_LIST:
    case CONFIG_TAGS:
        break;
    }
    return "x:37";
}

static void value_append(struct config_record record, const struct config_option *o,
                         struct str *out)
{
    const struct config_list *list = config_record_field(record, o);
    if (o->kind != CONFIG_LIST && o->kind != CONFIG_TAGS) {
        config_value_print(o, config_record_field(record, o), out);
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        str_append_format(out, "%s%s", i > 0 ? "," : "", list->items[i]);
}

/* The record that the option belongs to when its name is "n". */
static struct config_record record_of(struct config *c, const struct config_option *o)
{
    if (o->scope == CONFIG_SCOPE_ENVIRONMENT)
        return config_environment_record(config_environment_find(c, view_of("n")));
    if (o->scope == CONFIG_SCOPE_FILTER)
        return config_filter_record(config_filter_find(c, view_of("n")));
    return config_record_of(c);
}

static void value_check(struct config *c, const struct config_option *o, const char *want,
                        enum config_source source)
{
    struct str got = {0};
    struct config_record record = record_of(c, o);
    value_append(record, o, &got);
    assert_text(str_text(&got), want, o->property != NULL ? o->property : o->variable);
    assert_int_equal(config_record_slot(record, o)->value.source, source);
    str_free(&got);
}

/* 27 */
static void each_property_sets_its_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        struct str text = {0};
        struct str warnings = {0};
        struct str problem = {0};
        if (o->property == NULL || strcmp(o->property, "offline") == 0)
            continue;
        str_append_format(
            &text, o->scope == CONFIG_SCOPE_GLOBAL ? "[%s]\n%s = %s\n" : "[%s \"n\"]\n%s = %s\n",
            o->section, o->property, sample(o));
        struct config *c = config_new();
        assert_true(config_file_parse(c, "r.conf", str_view(&text), &warnings, &problem));
        assert_text(str_text(&problem), "", str_text(&text));
        value_check(c, o, sample(o), CONFIG_FROM_FILE);
        assert_int_equal(config_record_slot(record_of(c, o), o)->value.line, 2);
        config_unref(c);
        str_free(&text);
        str_free(&warnings);
        str_free(&problem);
    }
}

/* Switches what the variable needs, so that it is read (5.3). */
static const char *switch_of(const struct config_option *o)
{
    static const char *const switches[][2] = {{"Redis", "USE_REDIS=1"},
                                              {"Consul", "USE_CONSUL=1"},
                                              {"DynamoDB", "USE_DYNAMODB=1"},
                                              {"SQLite", "USE_SQLITE=1"},
                                              {"Datadog", "USE_DATADOG=1"},
                                              {"AutoConfig", "AUTO_CONFIG_KEY=k"},
                                              {"OfflineMode", "FILE_DATA_SOURCE=f"}};
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        if (strcmp(o->section, switches[i][0]) == 0)
            return switches[i][1];
    }
    return "LD_ENV_n=k";
}

static void variable_check(const struct config_option *o, const char *variable)
{
    struct str assignment = {0};
    struct str warnings = {0};
    struct str problems = {0};
    bool named = variable[strlen(variable) - 1] == '_';
    str_append_format(&assignment, "%s%s=%s", variable, named ? "n" : "",
                      o->kind == CONFIG_TAGS ? "37" : sample(o));
    const char *const envp[] = {switch_of(o), str_text(&assignment), NULL};
    struct config *c = config_new();
    config_environ_read_always(c, (char *const *)(uintptr_t)envp);
    assert_true(config_environ_read(c, (char *const *)(uintptr_t)envp, &warnings, &problems));
    assert_text(str_text(&warnings), "", str_text(&assignment));
    value_check(c, o, o->kind == CONFIG_TAGS ? "n:37" : sample(o), CONFIG_FROM_VARIABLE);
    config_unref(c);
    str_free(&assignment);
    str_free(&warnings);
    str_free(&problems);
}

/* 26 */
static void each_variable_sets_its_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->variable != NULL)
            variable_check(o, o->variable);
        if (o->alias != NULL)
            variable_check(o, o->alias);
    }
}

/* The texts of the table are themselves values of the option's type. */
static void defaults_and_bounds_can_be_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        struct config *c = config_new();
        struct config_environment *e = config_environment_add(c, view_of("n"));
        struct config_record record = o->scope == CONFIG_SCOPE_ENVIRONMENT
                                          ? config_environment_record(e)
                                          : config_record_of(c);
        struct error err = {.text = ""};
        const char *const texts[] = {o->fallback, o->least, o->most};
        bool integer = o->kind == CONFIG_INTEGER || o->kind == CONFIG_POSITIVE;
        for (size_t k = 0; k < ARRAY_LEN(texts) && o->scope != CONFIG_SCOPE_FILTER; k++) {
            struct config_origin origin = {.source = CONFIG_FROM_FILE, .line = 1};
            if (texts[k] != NULL)
                assert_true(config_record_assign(record, o, view_of(texts[k]), origin, &err));
            assert_text(err.text, "", o->property);
            if (texts[k] != NULL && k > 0)
                assert_true(integer || o->kind == CONFIG_DURATION || o->kind == CONFIG_BYTES);
        }
        config_unref(c);
    }
}

/* What is said twice in the table cannot be found. */
static void names_are_unique_and_rows_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        bool is_file_form = true;
        assert_true(o->property != NULL || o->variable != NULL);
        assert_non_null(o->help);
        assert_true(strchr("LNRE", (int)o->reload) != NULL && strchr("89f", (int)o->since) != NULL);
        assert_int_equal(o->words != NULL && o->kind != CONFIG_URI, o->kind == CONFIG_CHOICE);
        assert_true(o->from_file == NULL || (o->flags & CONFIG_SECRET));
        if (o->property == NULL)
            continue;
        assert_ptr_equal(
            config_option_find(view_of(o->section), view_of(o->property), &is_file_form), o);
        assert_false(is_file_form);
    }
}

/* Defaults of 4, as far as the fields show them. */
static void an_empty_configuration_has_the_defaults(void **state)
{
    (void)state;
    struct config *c = config_new();
    assert_int_equal(c->main.port, 8030);
    assert_int_equal(c->main.init_timeout_ns, INT64_C(10000000000));
    assert_int_equal(c->main.heartbeat_interval_ns, INT64_C(180000000000));
    assert_int_equal(c->main.max_client_write_time_ns, INT64_C(30000000000));
    assert_int_equal(c->main.max_client_backlog_bytes, 16 << 20);
    assert_int_equal(c->main.log_level, LOG_INFO);
    assert_int_equal(c->events.max_inbound_payload_size_bytes, 64 << 20);
    assert_int_equal(c->events.capacity, 1000);
    assert_int_equal(c->redis.store.local_ttl_ns, INT64_C(30000000000));
    assert_int_equal(c->sqlite.store.local_ttl_ns, INT64_C(-1000000000));
    assert_string_equal(c->redis.cluster_hash_tag, "{ld}.");
    assert_string_equal(c->datadog.prefix, "launchdarkly_relay");
    assert_int_equal(c->prometheus.port, 8031);
    assert_true(c->http.enable_ofrep);
    assert_true(c->main.status_page);
    assert_false(config_is_set(c, &c->main.port));
    config_unref(c);
}

static void milliseconds_round_away_from_zero(void **state)
{
    (void)state;
    assert_int_equal(config_ms(1), 1);
    assert_int_equal(config_ms(-1), -1);
    assert_int_equal(config_ms(0), 0);
    assert_int_equal(config_ms(INT64_C(2000000)), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_property_sets_its_option),
        cmocka_unit_test(each_variable_sets_its_option),
        cmocka_unit_test(defaults_and_bounds_can_be_parsed),
        cmocka_unit_test(names_are_unique_and_rows_complete),
        cmocka_unit_test(an_empty_configuration_has_the_defaults),
        cmocka_unit_test(milliseconds_round_away_from_zero),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
