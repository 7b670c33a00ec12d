/* The syntax of the file: configuration.md 2, checklist 6-16. */
#include "support.h"

#include "config/spelling.h"

#include <stdio.h>
#include <unistd.h>

#define A "[Environment \"a\"]\nsdkKey = sdk-k\n"
#define FAILED "Error loading config file: failed to read configuration file \"r.conf\": "

/* ---- errors of syntax ------------------------------------------------------------------------ */

static const struct {
    const char *text;
    const char *problem; /* behind FAILED */
} syntax_rows[] = {
    {"port = 1\n", "r.conf:1:1: expected section header"},
    {"= 1\n", "r.conf:1:1: expected section header"},
    {"[]\n", "r.conf:1:2: expected section name"},
    {"[\"x\"]\n", "r.conf:1:2: expected section name"},
    {"[Environment \"\"]\n", "r.conf:1:14: empty subsection name"},
    {"[Main\n", "r.conf:1:6: expected subsection name or right bracket"},
    {"[Environment a]\n", "r.conf:1:14: expected subsection name or right bracket"},
    {"[Environment \"a\" b]\n", "r.conf:1:18: expected right bracket"},
    {"[Main] x=1\n", "r.conf:1:8: expected EOL, EOF, or comment"},
    {"[Main]\n  name \"x\"\n", "r.conf:2:8: expected '='"},
    {"[Main]\n= 5\n", "r.conf:2:1: expected section header or variable declaration"},
    {"[Main]\n\"x\" = 5\n", "r.conf:2:1: expected section header or variable declaration"},
    {"[Main]\nport = 1\n@ = 5\n", "r.conf:3:1: illegal character U+0040 '@'"},
    {"[Main]\n\xE2\x82\xAC = 5\n", "r.conf:2:1: illegal character U+20AC '\xE2\x82\xAC'"},
    {"[Main]\n\x01 = 5\n", "r.conf:2:1: illegal character U+0001"},
    {"[Main]\nport_x = 5\n", "r.conf:2:5: illegal character U+005F '_'"},
    {"[sec.sub]\n", "r.conf:1:5: illegal character U+002E '.'"},
    {"[Main]\nport = \xff\n", "r.conf:2:8: illegal UTF-8 encoding"},
    {"[Main]\n; \xC3(\n", "r.conf:2:3: illegal UTF-8 encoding"},
    {"[Main]\ntlsCert = \"\xff\xff\"\n", "r.conf:2:12: illegal UTF-8 encoding (and 1 more errors)"},
    {"[Main]\ntlsCert = \"a\\qb\"\n", "r.conf:2:14: unknown escape sequence"},
    {"[Environment \"a\\n\"]\n", "r.conf:1:17: unknown escape sequence"},
    {"[Main]\ntlsCert = \"abc\nport = 1\n", "r.conf:2:11: string not terminated"},
    {"[Main]\ntlsCert = \"abc", "r.conf:2:11: string not terminated"},
    {"[Environment \"a\n", "r.conf:1:14: string not terminated"},
    {"[Main]\ntlsCert = a\\b\n",
     "r.conf:2:13: unquoted '\\' must be followed by new line or double quote"},
    {"[Main]\ntlsCert = a\\",
     "r.conf:2:13: unquoted '\\' must be followed by new line or double quote"},
};

/* 8, 9, 12 */
static void syntax_errors_have_line_and_column(void **state)
{
    (void)state;
    struct str problem = {0};
    for (size_t i = 0; i < ARRAY_LEN(syntax_rows); i++) {
        str_clear(&problem);
        str_append_format(&problem, FAILED "%s", syntax_rows[i].problem);
        assert_refused(syntax_rows[i].text, NULL, str_text(&problem), syntax_rows[i].text);
    }
    str_free(&problem);
}

/* 8: text with NUL cannot come through file_write(). */
static void a_nul_byte_is_refused_with_its_place(void **state)
{
    (void)state;
    struct loaded l = load("[Main]\nport = 1\n", NULL);
    loaded_free(&l);
    FILE *f = fopen("n.conf", "wb");
    assert_non_null(f);
    assert_int_equal(fwrite("[Main]\npo\0rt = 1\n", 1, 17, f), 17);
    assert_int_equal(fclose(f), 0);
    struct config_command cmd = {.file = (char[]){"n.conf"}, .health_url = (char[]){""}};
    assert_false(config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
    assert_string_equal(str_text(&l.problem),
                        "Error loading config file: failed to read configuration file \"n.conf\": "
                        "n.conf:2:3: illegal character NUL");
    l.config = NULL;
    loaded_free(&l);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const struct {
    const char *line; /* behind "tlsCert" */
    const char *value;
    const char *why;
} value_rows[] = {
    {" = a b  c   ", "a b  c", "inner blanks stay, trailing ones go"},
    {" = \"http://h;p#q\" # note", "http://h;p#q", "quotes protect comment signs"},
    {" = \"x\\ty\\\"z\" w", "x\ty\"z w", "escapes inside quotes"},
    {" = \\\"v\\\"", "\"v\"", "a literal quote outside quotes"},
    {" = ; comment only", "", "a comment right behind ="},
    {" = http://a#b", "http://a", "# begins a comment anywhere"},
    {" = \"a\" \"b\"", "a b", "quotes open and close anywhere"},
    {" = \" a \"", " a ", "quotes protect blanks"},
    {" = 'a'", "'a'", "single quotes mean nothing"},
    {" = abc\\\n  def", "abc  def", "joined lines keep the indentation"},
    {" = abc\\\r\n  def", "abc  def", "joined lines with CR LF"},
    {"\t=\t\xC3\xA9 \r", "\xC3\xA9", "tabs, UTF-8, CR"},
    {" = \"a\rb\"", "ab", "CR goes, also inside quotes"},
    {" =", "", "nothing"},
    {" = a=b", "a=b", "= in a value"},
    {" = [x]", "[x]", "brackets in a value"},
};

/* 7, 9, 10 */
static void values_are_decoded(void **state)
{
    (void)state;
    struct str text = {0};
    for (size_t i = 0; i < ARRAY_LEN(value_rows); i++) {
        str_clear(&text);
        str_append_format(&text, "[Main]\ntlsCert%s\n" A, value_rows[i].line);
        struct loaded l = load(str_text(&text), NULL);
        assert_text(str_text(&l.problem), "", value_rows[i].why);
        assert_text(l.config->main.tls_cert, value_rows[i].value, value_rows[i].why);
        loaded_free(&l);
    }
    str_free(&text);
}

/* 7 */
static void a_value_cut_at_a_comment_sign_is_warned_of(void **state)
{
    (void)state;
    assert_warned("[Main]\nstreamUri = http://h\nbaseUri = http://a/#b\n" A, NULL,
                  "r.conf:3: the value of \"baseUri\" ends at the unquoted \"#\"; put it in double "
                  "quotes if that is part of it\n",
                  "no blank in front");
    assert_warned("[Main]\nport = 8 ;x\n[Main]\nlogLevel = \"info\"#x\n" A, NULL, "",
                  "a blank or quotes in front");
}

/* ---- sections -------------------------------------------------------------------------------- */

/* 6, 7, 11, 15 */
static void sections_merge_and_the_last_value_wins(void **state)
{
    (void)state;
    struct loaded l =
        load("\xEF\xBB\xBF; first line\r\n[ mAiN ]\r\n  PORT = 1;x\r\n\r\nTLSminVERSION=1.3\n"
             "[Environment \"a\"] ; one\nsdkKey = k1\nallowedOrigin = a,b\n"
             "[MetricsConfig]\nanything = x\n"
             "[Environment \"A\"]\nsdkKey = k2\nsecureMode\n[main]\nport = 2\n"
             "[environment \"a\"]\nallowedOrigin = c\n[Environment \"q\\\"\\\\\"]\nsdkKey=k3",
             NULL);
    assert_text(str_text(&l.problem), "", "mixed");
    const struct config *c = l.config;
    assert_int_equal(c->main.port, 2);
    assert_int_equal(c->main.tls_min_version, 0x0304);
    assert_int_equal(c->environment_count, 3);
    assert_string_equal(c->environments[0]->name, "a");
    assert_int_equal(c->environments[0]->allowed_origin.count, 3);
    assert_string_equal(c->environments[1]->name, "A");
    assert_true(c->environments[1]->secure_mode);
    assert_string_equal(c->environments[2]->name, "q\"\\");
    loaded_free(&l);
}

/* 11 */
static void a_blank_property_is_true_or_refused(void **state)
{
    (void)state;
    struct loaded l =
        load("[Main]\nexitAlways\n[Datadog]\nenabled\ntag = a:1\ntag\ntag = b:2\n" A, NULL);
    assert_text(str_text(&l.problem), "", "blank");
    assert_true(l.config->main.exit_always);
    assert_int_equal(l.config->datadog.tag.count, 1);
    assert_string_equal(l.config->datadog.tag.items[0], "b:2");
    loaded_free(&l);
    assert_refused("[Main]\nport\ntlsCert\n[Environment \"a\"]\nallowedOrigin\nsdkKeyFile\n", NULL,
                   FAILED
                   "4 problems:\n"
                   "r.conf:2: blank value not supported for type at section \"Main\", variable "
                   "\"port\"\n"
                   "r.conf:3: blank value not supported for type at section \"Main\", variable "
                   "\"tlsCert\"\n"
                   "r.conf:5: blank value not supported for type at section \"Environment\", "
                   "subsection \"a\", variable \"allowedOrigin\"\n"
                   "r.conf:6: blank value not supported for type at section \"Environment\", "
                   "subsection \"a\", variable \"sdkKeyFile\"",
                   "integer, string, list, secret file");
}

static void an_environment_without_a_name_is_warned_of(void **state)
{
    (void)state;
    assert_warned("[Environment]\nsdkKey = k\n[Environment]\nprefix = p\n", NULL,
                  "[Environment] without a name; please give it one\n", "2.2");
}

/* ---- unknown names --------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *problem; /* behind FAILED */
} name_rows[] = {
    {"[Main]\nprot = 1\n", "r.conf:2: unsupported or misspelled section \"Main\", variable "
                           "\"prot\" (did you mean \"port\"?)"},
    {"[Redsi]\nhost = x\nport = y\n",
     "r.conf:1: unsupported or misspelled section \"Redsi\" (did you mean \"Redis\"?)"},
    {"[Qqqqqq]\n", "r.conf:1: unsupported or misspelled section \"Qqqqqq\""},
    {"[events]\nsendEvent = 1\n",
     "r.conf:2: unsupported or misspelled section \"events\", variable \"sendEvent\" (did you mean "
     "\"sendEvents\"?)"},
    {"[Main]\nflushInterval = 1s\n", "r.conf:2: unsupported or misspelled section \"Main\", "
                                     "variable \"flushInterval\" (it belongs to "
                                     "[Events])"},
    {"[Main]\ntls-cert = x\n",
     "r.conf:2: unsupported or misspelled section \"Main\", variable \"tls-cert\" (did you mean "
     "\"tlsCert\"?)"},
    {"[Main \"x\"]\nport = 1\n",
     "r.conf:1: unsupported or misspelled section \"Main\", subsection \"x\""},
    {"[Environment \"a\"]\nttlMinutes = 5\n",
     "r.conf:2: unsupported or misspelled section \"Environment\", subsection \"a\", variable "
     "\"ttlMinutes\" (removed; use \"ttl\")"},
    {"[Environment \"a\"]\napiKey = x\n",
     "r.conf:2: unsupported or misspelled section \"Environment\", subsection \"a\", variable "
     "\"apiKey\" (removed; use \"sdkKey\")"},
    {"[Main]\nheartbeatIntervalSecs = 5\n",
     "r.conf:2: unsupported or misspelled section \"Main\", variable \"heartbeatIntervalSecs\" "
     "(removed; use \"heartbeatInterval\")"},
    {"[Events]\nsamplingInterval = 5\n", "r.conf:2: unsupported or misspelled section \"Events\", "
                                         "variable \"samplingInterval\" (removed "
                                         "without replacement)"},
    {"[Environment \"a\"]\noffline = true\n",
     "r.conf:2: unsupported or misspelled section \"Environment\", subsection \"a\", variable "
     "\"offline\""},
    {"[Environment \"a\"]\nsdk-12345678-abcd = x\n",
     "r.conf:2: unsupported or misspelled section \"Environment\", subsection \"a\", variable "
     "\"****abcd\""},
    {"[Main]\nPROT = 1\n; comment\nInitTimeout = 15\n[Redsi]\nx = 1\nx = 2\n[Main]\nprot = 1\n",
     "4 problems:\n"
     "r.conf:2: unsupported or misspelled section \"Main\", variable \"PROT\" (did you mean "
     "\"port\"?)\n"
     "r.conf:4: not a valid duration (must use format \"1ms\", \"1s\", \"1m\", etc.) at section "
     "\"Main\", variable \"InitTimeout\" (did you mean \"15s\"?)\n"
     "r.conf:5: unsupported or misspelled section \"Redsi\" (did you mean \"Redis\"?)\n"
     "r.conf:9: unsupported or misspelled section \"Main\", variable \"prot\" (did you mean "
     "\"port\"?)"},
    {"[Main]\nport = x\nexitAlways = maybe\n@\n",
     "3 problems:\n"
     "r.conf:2: not a valid integer at section \"Main\", variable \"port\"\n"
     "r.conf:3: failed to parse bool `maybe` at section \"Main\", variable \"exitAlways\"\n"
     "r.conf:4:1: illegal character U+0040 '@'"},
};

/* 13, 14, 16, 73 */
static void unknown_names_are_reported_once_with_a_hint(void **state)
{
    (void)state;
    struct str problem = {0};
    for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
        str_clear(&problem);
        str_append_format(&problem, FAILED "%s", name_rows[i].problem);
        assert_refused(name_rows[i].text, NULL, str_text(&problem), name_rows[i].text);
    }
    str_free(&problem);
}

static void offline_false_is_accepted(void **state)
{
    (void)state;
    assert_warned(A "offline = false\n", NULL, "", "9.3");
}

static void distances_count_exchanged_neighbours_once(void **state)
{
    (void)state;
    assert_int_equal(config_spelling_distance(view_of("prot"), view_of("PORT"), 2), 1);
    assert_int_equal(config_spelling_distance(view_of("abc"), view_of("abc"), 2), 0);
    assert_int_equal(config_spelling_distance(view_of("abc"), view_of("abxyz"), 2), 3);
    assert_int_equal(config_spelling_distance(view_of(""), view_of("ab"), 2), 2);
    assert_int_equal(config_spelling_distance(view_of("abc"), view_of("ac"), 2), 1);
}

/* ---- the file itself ------------------------------------------------------------------------- */

static void path_check(const char *path, const char *problem)
{
    struct loaded l = {0};
    struct config_command cmd = {.file = mem_copy_text(path, strlen(path)),
                                 .health_url = (char[]){""}};
    assert_false(config_load(&cmd, (char *[]){NULL}, &l.config, &l.warnings, &l.problem));
    assert_text(str_text(&l.problem), problem, path);
    mem_free(cmd.file);
    l.config = NULL;
    loaded_free(&l);
}

/* 2.5 */
static void unreadable_files_are_named(void **state)
{
    (void)state;
    path_check("none.conf", "Error loading config file: failed to read configuration file "
                            "\"none.conf\": open none.conf: no such file or directory");
    path_check("/",
               "Error loading config file: failed to read configuration file \"/\": read /: is a "
               "directory");
    file_write("big.conf", "");
    assert_int_equal(truncate("big.conf", (16 << 20) + 1), 0);
    path_check("big.conf",
               "Error loading config file: failed to read configuration file \"big.conf\": "
               "configuration file is larger than 16 MiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax_errors_have_line_and_column),
        cmocka_unit_test(a_nul_byte_is_refused_with_its_place),
        cmocka_unit_test(values_are_decoded),
        cmocka_unit_test(a_value_cut_at_a_comment_sign_is_warned_of),
        cmocka_unit_test(sections_merge_and_the_last_value_wins),
        cmocka_unit_test(a_blank_property_is_true_or_refused),
        cmocka_unit_test(an_environment_without_a_name_is_warned_of),
        cmocka_unit_test(unknown_names_are_reported_once_with_a_hint),
        cmocka_unit_test(offline_false_is_accepted),
        cmocka_unit_test(distances_count_exchanged_neighbours_once),
        cmocka_unit_test(unreadable_files_are_named),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
