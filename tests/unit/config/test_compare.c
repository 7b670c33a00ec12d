/* What another configuration has different (configuration.md 17.3). */
#include "support.h"

#define BASE "[Environment \"a\"]\nsdkKey = sdk-1\n"

static const struct {
    const char *before;
    const char *after;
    const char *changed; /* each option followed by ';' */
    const char *why;
} rows[] = {
    {BASE, BASE, "", "nothing"},
    {BASE "[Main]\nport = 8030\n", BASE, "", "a default that is written out"},
    {BASE, BASE "[Main]\nlogLevel = debug\n", "[Main] logLevel;[Environment \"a\"] logLevel;",
     "an environment takes the global level over"},
    {BASE, BASE "[Main]\nport = 8031\nheartbeatInterval = 5s\n",
     "[Main] port;[Main] heartbeatInterval;", "in the order of the table"},
    {BASE, "[Environment \"a\"]\nsdkKey = sdk-2\n", "[Environment \"a\"] sdkKey;", "a key"},
    {BASE "allowedOrigin = x\n", BASE "allowedOrigin = y\n", "[Environment \"a\"] allowedOrigin;",
     "an item of a list"},
    {BASE "allowedOrigin = x\n", BASE "allowedOrigin = x\nallowedOrigin = y\n",
     "[Environment \"a\"] allowedOrigin;", "one item more"},
    {BASE, BASE "[Environment \"b\"]\nsdkKey = sdk-2\n", "", "a new environment is no option"},
    {BASE "[Environment \"b\"]\nsdkKey = sdk-2\n", BASE, "", "a removed one neither"},
};

static void append(void *arg, const char *option)
{
    str_append_format(arg, "%s;", option);
}

static void every_changed_option_is_named_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct loaded before = load(rows[i].before, NULL);
        struct loaded after = load(rows[i].after, NULL);
        struct str changed = {0};
        assert_non_null(before.config);
        assert_non_null(after.config);
        config_compare(before.config, after.config, append, &changed);
        assert_text(str_text(&changed), rows[i].changed, rows[i].why);
        str_free(&changed);
        loaded_free(&before);
        loaded_free(&after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_changed_option_is_named_once)};
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
