/* The command line: configuration.md 1, 14.1; checklist 1-5. */
#include "support.h"

#include <unistd.h>

struct parsed {
    enum config_action action;
    struct config_command cmd;
    struct str text;
    struct error err;
};

/* `words` ends with NULL and does not have the program's name. */
static struct parsed parse(const char *const *words)
{
    struct parsed p = {.err = {.text = ""}};
    char *argv[16] = {(char[]){"flagrelay"}};
    int argc = 1;
    for (; *words != NULL; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    argv[argc] = NULL;
    p.action = config_command_line_parse(argc, argv, &p.cmd, &p.text, &p.err);
    return p;
}

static void parsed_free(struct parsed *p)
{
    config_command_free(&p->cmd);
    str_free(&p->text);
}

static bool has_default_file(void)
{
    return access("/etc/ld-relay.conf", F_OK) == 0 || access("/etc/flagrelay.conf", F_OK) == 0;
}

/* ---- refused --------------------------------------------------------------------------------- */

static const struct {
    const char *words[5];
    const char *error;
    bool usage; /* the error and the usage come first */
} wrong[] = {
    {{"--unknown"}, "flag provided but not defined: -unknown", true},
    {{"-unknown=5"}, "flag provided but not defined: -unknown", true},
    {{"--Config", "x"}, "flag provided but not defined: -Config", true},
    {{"--config"}, "flag needs an argument: -config", true},
    {{"--from-env", "-data-file"}, "flag needs an argument: -data-file", true},
    {{"--from-env=maybe"}, "invalid boolean value \"maybe\" for -from-env: parse error", true},
    {{"--from-env=tRUE"}, "invalid boolean value \"tRUE\" for -from-env: parse error", true},
    {{"--version="}, "invalid boolean value \"\" for -version: parse error", true},
    {{"--from-env", "true", "--config", "r.conf"}, "unexpected argument \"true\"", true},
    {{"-"}, "unexpected argument \"-\"", true},
    {{"--", "x"}, "unexpected argument \"x\"", true},
    {{"---config"}, "bad flag syntax: ---config", true},
    {{"--=x"}, "bad flag syntax: --=x", true},
    {{"--version", "--nope"}, "flag provided but not defined: -nope", true},
    {{"--config", "none.conf"}, "configuration file \"none.conf\" does not exist", false},
    {{"--config=no\"ne", "--from-env"}, "configuration file \"no\\\"ne\" does not exist", false},
};

static void wrong_words_are_named(void **state)
{
    (void)state;
    struct str want = {0};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct parsed p = parse(wrong[i].words);
        assert_int_equal(p.action, CONFIG_WRONG_USAGE);
        str_clear(&want);
        str_append_format(&want, "Error: %s", wrong[i].error);
        assert_text(p.err.text, str_text(&want), wrong[i].words[0]);
        str_clear(&want);
        str_append_format(&want, "%s\nUsage: ", wrong[i].error);
        if (wrong[i].usage)
            assert_int_equal(strncmp(str_text(&p.text), str_text(&want), want.len), 0);
        else
            assert_int_equal(p.text.len, 0);
        parsed_free(&p);
    }
    str_free(&want);
}

/* ---- accepted -------------------------------------------------------------------------------- */

static const struct {
    const char *words[6];
    const char *file;
    const char *source;
    enum config_action action;
    bool from_env;
} right[] = {
    {{"-config=r.conf"}, "r.conf", "configuration file r.conf", CONFIG_RUN, false},
    {{"--config", "r.conf"}, "r.conf", "configuration file r.conf", CONFIG_RUN, false},
    {{"--config", "none", "-config=r.conf"},
     "r.conf",
     "configuration file r.conf",
     CONFIG_RUN,
     false},
    {{"--from-env"}, "", "configuration from environment variables", CONFIG_RUN, true},
    {{"--from-env=T", "--"}, "", "configuration from environment variables", CONFIG_RUN, true},
    {{"--config=", "--from-env"}, "", "configuration from environment variables", CONFIG_RUN, true},
    {{"--from-env", "--config", "r.conf"},
     "r.conf",
     "configuration file r.conf plus environment variables",
     CONFIG_RUN,
     true},
    {{"--config", "r.conf", "--from-env=false"},
     "r.conf",
     "configuration file r.conf",
     CONFIG_RUN,
     false},
    {{"--config", "none", "--allow-missing-file", "--from-env"},
     "",
     "configuration from environment variables",
     CONFIG_RUN,
     true},
    {{"--config", "none", "--allow-missing-file"}, "", "no configuration", CONFIG_RUN, false},
    {{"--data-file", "f.json", "--data-file=g.yaml"},
     "",
     "no configuration and flags of f.json, g.yaml",
     CONFIG_RUN,
     false},
    {{"--check-config", "--config", "r.conf"},
     "r.conf",
     "configuration file r.conf",
     CONFIG_CHECK,
     false},
    {{"--print-config", "--config", "r.conf"},
     "r.conf",
     "configuration file r.conf",
     CONFIG_PRINT,
     false},
    {{"--check-health=http://h/"}, "", "no configuration", CONFIG_CHECK_HEALTH, false},
    {{"--check-health", "--from-env"},
     "",
     "configuration from environment variables",
     CONFIG_CHECK_HEALTH,
     true},
    {{"--config", "none", "--version"},
     "none",
     "configuration file none",
     CONFIG_SHOW_VERSION,
     false},
    {{"--help", "--nope"}, "", "no configuration", CONFIG_SHOW_HELP, false},
    {{"-h"}, "", "no configuration", CONFIG_SHOW_HELP, false},
};

/* 2-5 */
static void words_decide_what_is_read(void **state)
{
    (void)state;
    file_write("r.conf", "");
    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        struct parsed p = parse(right[i].words);
        struct str source = {0};
        assert_text(p.err.text, "", right[i].words[0]);
        assert_int_equal(p.action, right[i].action);
        assert_text(p.cmd.file, right[i].file, right[i].words[0]);
        assert_int_equal(p.cmd.from_env, right[i].from_env);
        config_source_text(&p.cmd, &source);
        assert_text(str_text(&source), right[i].source, right[i].words[0]);
        str_free(&source);
        parsed_free(&p);
    }
}

/* 1 */
static void without_options_the_packaged_file_is_read(void **state)
{
    (void)state;
    if (has_default_file())
        skip();
    struct parsed p = parse((const char *const[]){NULL});
    assert_int_equal(p.action, CONFIG_WRONG_USAGE);
    assert_string_equal(p.err.text,
                        "Error: configuration file \"/etc/ld-relay.conf\" does not exist");
    parsed_free(&p);
    p = parse((const char *const[]){"--allow-missing-file", NULL});
    assert_int_equal(p.action, CONFIG_RUN);
    assert_string_equal(p.cmd.file, "");
    parsed_free(&p);
}

static void values_are_kept(void **state)
{
    (void)state;
    struct parsed p = parse((const char *const[]){"--data-file", "a,b.json", "--data-file=c",
                                                  "--check-health=u", NULL});
    assert_int_equal(p.cmd.data_files.count, 2);
    assert_string_equal(p.cmd.data_files.items[0], "a,b.json");
    assert_string_equal(p.cmd.health_url, "u");
    parsed_free(&p);
}

/* 5 */
static void the_version_names_what_it_is_compatible_with(void **state)
{
    (void)state;
    struct parsed p = parse((const char *const[]){"--version", NULL});
    assert_string_equal(str_text(&p.text), "flagrelay version " FLAGRELAY_VERSION
                                           " (compatible with ld-relay 8.10.1)");
    parsed_free(&p);
}

static void help_names_options_of_line_and_table(void **state)
{
    (void)state;
    struct parsed p = parse((const char *const[]){"--help", NULL});
    assert_non_null(strstr(str_text(&p.text), "--check-health[=URL]"));
    assert_non_null(strstr(str_text(&p.text), "\n[Environment \"NAME\"]\n  sdkKey  LD_ENV_NAME\n"));
    assert_non_null(
        strstr(str_text(&p.text), "\n  port  PORT\n      port that SDKs connect to [8030]\n"));
    parsed_free(&p);
}

/* 6.2: data files from the command line are read after those of the file */
static void data_files_of_the_command_line_are_appended(void **state)
{
    (void)state;
    struct loaded l = {0};
    file_write("r.conf", "[Main]\ndataFile = f.json\n");
    struct parsed p = parse((const char *const[]){"--config=r.conf", "--data-file=x,y.json", NULL});
    assert_true(config_load(&p.cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
    const struct config_environment *local = l.config->environments[0];
    assert_string_equal(local->name, "local");
    assert_int_equal(local->data_file.count, 2);
    assert_string_equal(local->data_file.items[0], "f.json");
    assert_string_equal(local->data_file.items[1], "x,y.json");
    parsed_free(&p);
    loaded_free(&l);
}

/* A file that was there when the line was parsed and is gone now. */
static void a_file_that_disappears_is_an_error_unless_allowed(void **state)
{
    (void)state;
    file_write("gone.conf", "[Environment \"a\"]\nsdkKey = k\n");
    static const struct {
        const char *words[4];
        const char *problem;
    } rows[] = {
        {{"--config", "gone.conf"},
         "Error loading config file: failed to read configuration file \"gone.conf\": open "
         "gone.conf: "
         "no such file or directory"},
        {{"--config", "gone.conf", "--allow-missing-file"},
         "Unable to create relay: you must specify at least one environment in your configuration"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct loaded l = {0};
        file_write("gone.conf", "[Environment \"a\"]\nsdkKey = k\n");
        struct parsed p = parse(rows[i].words);
        assert_int_equal(unlink("gone.conf"), 0);
        assert_false(config_load(&p.cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
        assert_text(str_text(&l.problem), rows[i].problem, "gone");
        parsed_free(&p);
        loaded_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(words_decide_what_is_read),
        cmocka_unit_test(without_options_the_packaged_file_is_read),
        cmocka_unit_test(values_are_kept),
        cmocka_unit_test(the_version_names_what_it_is_compatible_with),
        cmocka_unit_test(help_names_options_of_line_and_table),
        cmocka_unit_test(data_files_of_the_command_line_are_appended),
        cmocka_unit_test(a_file_that_disappears_is_an_error_unless_allowed),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
