/* Which credential opens which environment (http-api.md 3.2-3.4). Checklist of http-api.md: 13, 15,
 * 18, 19. */
#include "bench.h"

static struct directory *example(void)
{
    static const unsigned by_name[] = {1, 0, 2};
    struct directory *d = directory_new(by_name, 3);
    directory_add(d, CREDENTIAL_SDK_KEY, view_of("sdk-a"), view_of(""), 0);
    directory_add(d, CREDENTIAL_MOBILE_KEY, view_of("mob-a"), view_of(""), 0);
    directory_add(d, CREDENTIAL_ENVIRONMENT_ID, view_of("id-a"), view_of(""), 0);
    directory_add(d, CREDENTIAL_SDK_KEY, view_of("sdk-a"), view_of("web"), 1);
    directory_add(d, CREDENTIAL_SDK_KEY, view_of("sdk-b"), view_of("web"), 2);
    directory_add(d, CREDENTIAL_MOBILE_KEY, view_of(""), view_of(""), 2);
    return d;
}

static const struct {
    enum credential_kind kind;
    const char *credential;
    const char *filter;
    enum directory_answer answer;
    unsigned slot;
    const char *why;
} rows[] = {
    {CREDENTIAL_SDK_KEY, "sdk-a", "", DIRECTORY_FOUND, 0, "SDK key"},
    {CREDENTIAL_MOBILE_KEY, "mob-a", "", DIRECTORY_FOUND, 0, "mobile key"},
    {CREDENTIAL_ENVIRONMENT_ID, "id-a", "", DIRECTORY_FOUND, 0, "client-side ID"},
    {CREDENTIAL_SDK_KEY, "sdk-a", "web", DIRECTORY_FOUND, 1, "18: filtered"},
    {CREDENTIAL_SDK_KEY, "sdk-a", "WEB", DIRECTORY_UNKNOWN_FILTER, 0,
     "18: filters are compared exactly"},
    {CREDENTIAL_MOBILE_KEY, "mob-a", "web", DIRECTORY_UNKNOWN_FILTER, 0,
     "18: not for this credential"},
    {CREDENTIAL_SDK_KEY, "sdk-x", "web", DIRECTORY_UNKNOWN, 0, "19: unknown with a filter"},
    {CREDENTIAL_SDK_KEY, "sdk-b", "", DIRECTORY_UNKNOWN, 0, "known with a filter only"},
    {CREDENTIAL_SDK_KEY, "sdk-b", "other", DIRECTORY_UNKNOWN, 0,
     "19: without the filter it is unknown"},
    {CREDENTIAL_SDK_KEY, "mob-a", "", DIRECTORY_UNKNOWN, 0, "15: another kind"},
    {CREDENTIAL_MOBILE_KEY, "sdk-a", "", DIRECTORY_UNKNOWN, 0, "15: another kind"},
    {CREDENTIAL_MOBILE_KEY, "", "", DIRECTORY_UNKNOWN, 0, "an empty credential opens nothing"},
    {CREDENTIAL_SDK_KEY, "SDK-A", "", DIRECTORY_UNKNOWN, 0, "case matters"},
    {CREDENTIAL_SDK_KEY, "sdk-aweb", "", DIRECTORY_UNKNOWN, 0,
     "key and filter do not run together"},
    {CREDENTIAL_SDK_KEY, "sdk-", "a", DIRECTORY_UNKNOWN, 0, "nor the other way"},
};

static void a_credential_opens_the_environment_of_its_row(void **state)
{
    struct directory *d = example();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned slot = 0;
        enum directory_answer answer = directory_find(d, rows[i].kind, view_of(rows[i].credential),
                                                      view_of(rows[i].filter), &slot);
        if (answer != rows[i].answer || slot != rows[i].slot)
            fail_msg("%s: answer %d, slot %u", rows[i].why, (int)answer, slot);
    }
    directory_unref(d);
}

static void without_a_list_nothing_is_known_yet(void **state)
{
    unsigned slot;
    (void)state;
    assert_int_equal(directory_find(NULL, CREDENTIAL_SDK_KEY, view_of("sdk-a"), view_of(""), &slot),
                     DIRECTORY_NO_LIST);
}

static void the_house_lists_environments_by_name(void **state)
{
    static const char *const names[] = {"b", "Z", "\xc3\xa4"};
    static const char *const sorted[] = {"Z", "b", "\xc3\xa4"};
    struct bench b;
    (void)state;
    bench_setup(&b);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        bench_add(&b, &(struct env_settings){.name = names[i], .sdk_key = names[i]});
    assert_null(fanout_directory(b.fanout));
    bench_start(&b);
    const struct directory *d = fanout_directory(b.fanout);
    assert_int_equal(d->count, 3);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        assert_string_equal(bench_snapshot(&b, d->by_name[i])->facts->name, sorted[i]);
        assert_string_equal(house_snapshot(b.house, i)->facts->name, sorted[i]);
    }
    bench_teardown(&b);
}

static void facts_show_keys_masked(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){.sdk_key = "sdk-98e2b0b4-2688-4a59-9810-1e0e3d7e42d0",
                                         .env_id = "507f1f77bcf86cd799439011"});
    bench_start(&b);
    const struct env_facts *f = bench_snapshot(&b, 0)->facts;
    assert_string_equal(f->masked_sdk_key, "sdk-********-****-****-****-*******e42d0");
    assert_string_equal(f->masked_mobile_key, "");
    assert_string_equal(f->env_id, "507f1f77bcf86cd799439011");
    bench_teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_credential_opens_the_environment_of_its_row),
        cmocka_unit_test(without_a_list_nothing_is_known_yet),
        cmocka_unit_test(the_house_lists_environments_by_name),
        cmocka_unit_test(facts_show_keys_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
