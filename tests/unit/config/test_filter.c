/* Payload filters: configuration.md 10, 7.3; checklist 44, 49; autoconfig-offline.md 8. */
#include "support.h"

#define A "[Environment \"a\"]\nsdkKey = sdk-a\nprojKey = p\n"
#define LOADING "Error loading config file: "

static const struct {
    const char *text;
    const char *problem;
    const char *why;
} refused[] = {
    {A "[Environment \"b\"]\nsdkKey = b\n[Environment \"c\"]\nsdkKey = c\n[Filters \"p\"]\nkeys = "
       "x\n",
     LOADING "when filters are configured, all environments must specify a 'projKey'",
     "once, and it ends the checks"},
    {A "[Filters \"q\"]\nkeys = x\n",
     LOADING "filters are configured for project 'q', but no environment references that project",
     "unknown project"},
    {A "[Filters \"P\"]\nkeys = x\n",
     LOADING "filters are configured for project 'P', but no environment references that project",
     "project keys are case-sensitive"},
    {A "[Filters \"p\"]\n", LOADING "filter key list for project 'p' cannot be empty", "no keys"},
    {A "[Filters \"p\"]\nkeys =\n", LOADING "filter key list for project 'p' cannot be empty",
     "empty"},
    {A "[Filters \"p\"]\nkeys = a,,b, ,c\n",
     LOADING
     "filter key [1] for project 'p' is malformed (note: lists are comma-delimited), filter key "
     "[3] for project 'p' is malformed (note: lists are comma-delimited)",
     "empty items, counted from 0"},
    {"[OfflineMode]\nfileDataSource = f\n[Filters \"p\"]\nkeys = x\n",
     LOADING "filters are configured for project 'p', but no environment references that project",
     "offline mode"},
    {A "[Filters \"p\"]\nkeys = x\n[Redis]\nhost = h\n",
     LOADING
     "environment \"a\" needs a database prefix because filters are configured for project 'p'",
     "variants would overwrite each other"},
    {A "tableName = t\n[Filters \"p\"]\nkeys = x\n[DynamoDB]\nenabled\n",
     LOADING
     "environment \"a\" needs a database prefix because filters are configured for project 'p'",
     "an own table is not enough"},
    {A "[Environment \"b\"]\nsdkKey = b\nprojKey = p\nprefix = b\n[Filters \"p\"]\nkeys = x\n"
       "[Redis]\nhost = h\n",
     LOADING "environment \"a\" does not have a prefix specified for database storage",
     "told once"},
    {A "[Environment \"a/x\"]\nsdkKey = b\nprojKey = q\n[Filters \"p\"]\nkeys = x\n",
     LOADING "environment \"a/x\" has the name that filter 'x' gives to a variant of another "
             "environment; rename it",
     "two environments of one name"},
    {A
     "[Environment \"b\"]\nsdkKey = sdk-a\nprojKey = q\nfilterKey = x\n[Filters \"p\"]\nkeys = x\n",
     LOADING "environments \"a/x\" and \"b\" have the same SDK key", "the same key and filter"},
};

static void wrong_filters_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_refused(refused[i].text, NULL, refused[i].problem, refused[i].why);
}

/* 49; the example of 10 */
static void each_key_makes_a_variant_behind_its_environment(void **state)
{
    (void)state;
    struct loaded l = load("[Environment \"prod\"]\nsdkKey = k1\nmobileKey = m\nprojKey = shop\n"
                           "prefix = shop-prod\nttl = 5m\nallowedOrigin = o\nlogLevel = error\n"
                           "[Filters \"shop\"]\nkeys = checkout, search\n"
                           "[Environment \"test\"]\nsdkKey = k2\nprojKey = other\nprefix = t\n"
                           "[SQLite]\npath = d.db\n",
                           VARIABLES("LD_FILTER_KEYS_shop=a b"));
    static const char *const names[] = {"prod", "prod/checkout", "prod/search", "prod/a b", "test"};
    static const char *const stored[] = {"shop-prod", "shop-prod/checkout", "shop-prod/search",
                                         "shop-prod/a b", "t"};
    assert_text(str_text(&l.problem), "", "10");
    assert_text(str_text(&l.warnings), "", "10");
    assert_int_equal(l.config->environment_count, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct config_environment *e = l.config->environments[i];
        assert_string_equal(e->name, names[i]);
        assert_string_equal(e->store_prefix, stored[i]);
        assert_int_equal(e->from_filters, i > 0 && i < 4);
        assert_string_equal(e->sdk_key, i < 4 ? "k1" : "k2");
    }
    const struct config_environment *variant = l.config->environments[2];
    assert_string_equal(variant->filter_key, "search");
    assert_string_equal(variant->mobile_key, "m");
    assert_string_equal(variant->allowed_origin.items[0], "o");
    assert_int_equal(variant->ttl_ns, INT64_C(300000000000));
    assert_int_equal(variant->log_level, LOG_ERROR);
    loaded_free(&l);
}

static void a_key_given_twice_makes_one_variant(void **state)
{
    (void)state;
    struct loaded l = load(A "[Filters \"p\"]\nkeys = x, y\nkeys = x\n", NULL);
    assert_text(str_text(&l.warnings), "filter key \"x\" occurs more than once for project 'p'\n",
                "10");
    assert_int_equal(l.config->environment_count, 3);
    loaded_free(&l);
}

/* 9.3 */
static void one_environment_may_have_its_own_filter(void **state)
{
    (void)state;
    struct loaded l =
        load(A "filterKey = f\n[Environment \"b\"]\nsdkKey = sdk-a\nprojKey = p\n", NULL);
    assert_text(str_text(&l.problem), "", "the same key with another filter");
    assert_string_equal(l.config->environments[0]->filter_key, "f");
    assert_string_equal(l.config->environments[0]->name, "a");
    assert_false(l.config->environments[0]->from_filters);
    loaded_free(&l);
}

/* autoconfig-offline.md 8: payload filters do not apply to flags from files */
static void environments_from_files_take_no_filters(void **state)
{
    (void)state;
    struct loaded l = load(A "[Main]\ndataFile = f.json\n[Filters \"p\"]\nkeys = x\n", NULL);
    assert_text(str_text(&l.problem), "", "no project key is needed");
    assert_int_equal(l.config->environment_count, 3);
    assert_string_equal(l.config->environments[2]->name, "local");
    loaded_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_filters_are_refused),
        cmocka_unit_test(each_key_makes_a_variant_behind_its_environment),
        cmocka_unit_test(a_key_given_twice_makes_one_variant),
        cmocka_unit_test(one_environment_may_have_its_own_filter),
        cmocka_unit_test(environments_from_files_take_no_filters),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
