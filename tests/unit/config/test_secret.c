/* Secrets in files of their own, and in no message: configuration.md 17.2, 13.3; checklist 59, 74.
 */
#include "support.h"

#include <unistd.h>

#define A "[Environment \"a\"]\nsdkKey = sdk-k\n"
#define LOADING "Error loading config file: "
#define SETTING "Configuration error: "

static const struct {
    const char *content;
    const char *secret; /* NULL: refused */
    const char *problem;
} contents[] = {
    {"key", "key", NULL},
    {"key\n", "key", NULL},
    {"key\r\n", "key", NULL},
    {" key ", " key ", NULL},
    {"key\r", "key\r", NULL},
    {"", NULL, "sdkKeyFile: s.txt is empty"},
    {"\n", NULL, "sdkKeyFile: s.txt is empty"},
    {"key\n\n", NULL, "sdkKeyFile: s.txt has more than one line"},
    {"k1\nk2", NULL, "sdkKeyFile: s.txt has more than one line"},
};

/* 74 */
static void one_line_end_does_not_belong_to_the_secret(void **state)
{
    (void)state;
    const char *text = "[Environment \"a\"]\nsdkKeyFile = s.txt\n";
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        file_write("s.txt", contents[i].content);
        struct loaded l = load(text, NULL);
        if (contents[i].secret != NULL) {
            assert_text(str_text(&l.problem), "", contents[i].content);
            assert_text(l.config->environments[0]->sdk_key, contents[i].secret,
                        contents[i].content);
        } else {
            assert_true(strncmp(str_text(&l.problem), LOADING, strlen(LOADING)) == 0);
            assert_true(strncmp(str_text(&l.problem) + strlen(LOADING), contents[i].problem,
                                strlen(contents[i].problem)) == 0);
        }
        loaded_free(&l);
    }
}

static void a_secret_file_must_be_there_and_small(void **state)
{
    (void)state;
    assert_refused("[Proxy]\nurl = http://h\nuser = u\npasswordFile = none.txt\n" A, NULL,
                   LOADING "passwordFile: cannot read none.txt: no such file or directory",
                   "missing");
    assert_refused(A, VARIABLES("RELAY_KEY_FILE=/"),
                   SETTING "RELAY_KEY_FILE: cannot read /: is a directory", "a folder");
    file_write("big.txt", "");
    assert_int_equal(truncate("big.txt", 65537), 0);
    assert_refused("[Main]\nrelayKeyFile = big.txt\n" A, NULL,
                   LOADING "relayKeyFile: cannot read big.txt: secret is larger than 64 KiB",
                   "too large");
    assert_int_equal(truncate("big.txt", 10), 0);
    assert_refused("[Main]\nrelayKeyFile = big.txt\n" A, NULL,
                   LOADING "relayKeyFile: big.txt has more than one line", "zero bytes");
}

/* 74: value plus file */
static void value_and_file_together_are_refused(void **state)
{
    (void)state;
    file_write("s.txt", "secret-in-file");
    assert_refused("[Environment \"a\"]\nsdkKey = sdk-k\nsdkKeyFile = s.txt\n", NULL,
                   LOADING "sdkKey and sdkKeyFile are both set; use only one", "in the file");
    assert_refused(A, VARIABLES("RELAY_KEY=k", "RELAY_KEY_FILE=s.txt"),
                   SETTING "RELAY_KEY and RELAY_KEY_FILE are both set; use only one",
                   "in variables");
    assert_refused(NULL, VARIABLES("LD_ENV_x=k", "LD_SDK_KEY_FILE_x=s.txt"),
                   SETTING "LD_ENV_x and LD_SDK_KEY_FILE_x are both set; use only one",
                   "with a name");
}

static const struct {
    const char *text;
    const char *variables[4];
    const char *sdk_key;
    const char *mobile_key;
    const char *why;
} forms[] = {
    {"[Environment \"a\"]\nsdkKeyFile = s.txt\n", {"LD_ENV_a=v"}, "v", "", "a value beats a file"},
    {A, {"LD_SDK_KEY_FILE_a=s.txt"}, "secret-in-file", "", "a file beats a value"},
    {"[Environment \"a\"]\nsdkKeyFile = none\n",
     {"LD_SDK_KEY_FILE_a=s.txt"},
     "secret-in-file",
     "",
     "a file beats a file"},
    {NULL, {"LD_SDK_KEY_FILE_a=s.txt"}, "secret-in-file", "", "a file makes the environment"},
    {A, {"LD_MOBILE_KEY_FILE_a=s.txt"}, "sdk-k", "secret-in-file", "the longest prefix decides"},
    {"[Environment \"a\"]\nsdkKeyFile = s.txt\n", {"LD_SDK_KEY_FILE_a="}, "", "", "taken back"},
};

/* 17.2: a variable beats the file property of the same option, whichever form it has. */
static void variables_beat_the_file_in_any_form(void **state)
{
    (void)state;
    file_write("s.txt", "secret-in-file\n");
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct loaded l = load(forms[i].text, forms[i].variables);
        if (forms[i].sdk_key[0] == '\0') {
            assert_text(str_text(&l.problem), SETTING "SDK key is required for environment \"a\"",
                        forms[i].why);
        } else {
            assert_text(str_text(&l.problem), "", forms[i].why);
            assert_text(l.config->environments[0]->sdk_key, forms[i].sdk_key, forms[i].why);
            assert_text(l.config->environments[0]->mobile_key, forms[i].mobile_key, forms[i].why);
        }
        loaded_free(&l);
    }
}

/* 17.2: LD_MOBILE_KEY_FILE_x is the mobile key of FILE_x if that exists. */
static void an_environment_whose_name_begins_with_file_keeps_its_key(void **state)
{
    (void)state;
    struct loaded l = load(NULL, VARIABLES("LD_ENV_FILE_x=k", "LD_MOBILE_KEY_FILE_x=m"));
    assert_text(str_text(&l.problem), "", "17.2");
    assert_text(str_text(&l.warnings), "", "17.2");
    assert_int_equal(l.config->environment_count, 1);
    assert_string_equal(l.config->environments[0]->mobile_key, "m");
    loaded_free(&l);
}

/* Every option that has the form can be read from a file. */
static void each_secret_can_be_in_a_file(void **state)
{
    (void)state;
    file_write("s.txt", "from-file\n");
    file_write("u.txt", "redis://:pw@h\n");
    struct loaded l = load("[AutoConfig]\nkeyFile = s.txt\ncacheEncryptionKeyFile = s.txt\n"
                           "cacheKey = c\nenvDatastorePrefix = $CID\n[Main]\nrelayKeyFile = s.txt\n"
                           "[Redis]\nurlFile = u.txt\npasswordFile = s.txt\n"
                           "[Proxy]\nurl = http://h\nuser = u\npasswordFile = s.txt\n",
                           NULL);
    assert_text(str_text(&l.problem), "", "17.2");
    const struct config *c = l.config;
    assert_int_equal(c->mode, CONFIG_AUTOMATIC);
    assert_string_equal(c->auto_config.key, "from-file");
    assert_string_equal(c->auto_config.cache_encryption_key, "from-file");
    assert_string_equal(c->main.relay_key, "from-file");
    assert_string_equal(c->redis.password, "from-file");
    assert_string_equal(c->redis_address, "redis://:pw@h");
    assert_string_equal(c->proxy.password, "from-file");
    loaded_free(&l);
}

/* 59: each of these holds a secret and is refused; the text must not show it. */
static void no_message_shows_a_secret(void **state)
{
    (void)state;
    static const char secret[] = "hidden0secret";
    static const struct {
        const char *text;
        const char *variables[4];
    } rows[] = {
        {"[Environment \"a\"]\nsdkKey = hidden0secret\n[Environment \"b\"]\nsdkKey = "
         "hidden0secret\n"
         "mobileKey = hidden0secret\n[Environment \"c\"]\nsdkKey = x\nmobileKey = hidden0secret\n",
         {NULL}},
        {"[Environment \"a\"]\nsdkKey = hidden0secret @\n=\n", {NULL}},
        {"[Environment \"a\"]\nsdkkey \"hidden0secret\"\n", {NULL}},
        {"[Environment \"a\"]\nsdkKeyy = hidden0secret\n", {NULL}},
        {"[Main]\nsdkKey = hidden0secret\n", {NULL}},
        {"[Environment \"a\"]\nsdkKey = \"hidden0secret\\q\"\n", {NULL}},
        {"[Environment \"a\"]\nsdkKey = \"hidden0secret\n", {NULL}},
        {A "[Redis]\nurl = \"redis://u:hidden0secret@h:x\"\n", {NULL}},
        {A "[Redis]\nurl = http://u:hidden0secret@h\n", {NULL}},
        {A "[Redis]\nhost = redis://u:hidden0secret@h\n", {NULL}},
        {A "[Redis]\nhost = \"u:hidden0secret@h\"\n", {NULL}},
        {A "[Redis]\nhost = h\npassword = hidden0secret\nport = 0\n", {NULL}},
        {"[AutoConfig]\nkey = hidden0secret\n" A, {NULL}},
        {A, {"PROXY_URL=user:hidden0secret@proxy:3128"}},
        {A, {"PROXY_URL=http://user:hidden0secret@proxy:port"}},
        {A, {"USE_REDIS=1", "REDIS_URL=hidden0secret"}},
        {A, {"LD_MOBILE_KEY_b=hidden0secret"}},
        {A "[Main]\nbaseUri = http://u:hidden0secret@h\n[Redsi]\nx = 1\n", {NULL}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct loaded l =
            load(rows[i].text, rows[i].variables[0] != NULL ? rows[i].variables : NULL);
        assert_true(l.config == NULL || l.warnings.len > 0);
        assert_null(strstr(str_text(&l.problem), secret));
        assert_null(strstr(str_text(&l.warnings), secret));
        loaded_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_end_does_not_belong_to_the_secret),
        cmocka_unit_test(a_secret_file_must_be_there_and_small),
        cmocka_unit_test(value_and_file_together_are_refused),
        cmocka_unit_test(variables_beat_the_file_in_any_form),
        cmocka_unit_test(an_environment_whose_name_begins_with_file_keeps_its_key),
        cmocka_unit_test(each_secret_can_be_in_a_file),
        cmocka_unit_test(no_message_shows_a_secret),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
