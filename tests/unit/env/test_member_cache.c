/* What is known of the last contexts: how many, how long, how much memory (big-segments.md 7). */
#include "bench.h"

#include "env/member_cache.h"

#include <string.h>

static struct memberships *member_of(size_t segments)
{
    char text[1024];
    memset(text, 's', sizeof text);
    struct view *all = mem_alloc(segments * sizeof *all);
    for (size_t i = 0; i < segments; i++)
        all[i] = view_make(text, sizeof text);
    struct memberships *m = memberships_new(all, segments, NULL, 0);
    mem_free(all);
    return m;
}

static void put(struct member_cache *c, const char *key, size_t segments, int64_t until_ms)
{
    struct memberships *m = member_of(segments);
    member_cache_put(c, view_of(key), m, until_ms);
    memberships_unref(m);
}

static bool knows(struct member_cache *c, const char *key, int64_t now_ms)
{
    int64_t until_ms;
    return member_cache_find(c, view_of(key), now_ms, &until_ms) != NULL;
}

static void the_least_recently_used_one_is_dropped(void **state)
{
    (void)state;
    struct member_cache *c = member_cache_new(2);
    put(c, "a", 0, 10);
    put(c, "b", 0, 10);
    assert_true(knows(c, "a", 0));
    put(c, "c", 0, 10);
    assert_true(knows(c, "a", 0) && knows(c, "c", 0));
    assert_false(knows(c, "b", 0));
    put(c, "c", 1, 10); /* instead of the other */
    assert_true(knows(c, "a", 0));
    member_cache_clear(c);
    assert_int_equal(member_cache_count(c), 0);
    member_cache_free(c);
}

static void nothing_is_known_from_its_moment_on(void **state)
{
    (void)state;
    struct member_cache *c = member_cache_new(2);
    int64_t until_ms = 0;
    put(c, "", 0, 10); /* the key of a legacy user may be empty */
    assert_non_null(member_cache_find(c, view_of(""), 9, &until_ms));
    assert_int_equal(until_ms, 10);
    assert_false(knows(c, "", 10));
    assert_int_equal(member_cache_count(c), 0);
    member_cache_free(c);
}

static void memory_is_bounded_whatever_clients_send(void **state)
{
    (void)state;
    struct member_cache *c = member_cache_new(1000000);
    char key[1026];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    put(c, key, 0, 10);
    assert_false(knows(c, key, 0)); /* too long to be kept */
    put(c, key + 1, 0, 10);
    assert_true(knows(c, key + 1, 0));
    for (int i = 0; i < 100; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        put(c, key, 1000, 10); /* a megabyte each */
    }
    assert_true(knows(c, "99", 0));
    assert_in_range(member_cache_count(c), 16, 32);
    put(c, "huge", 40000, 10); /* more than all of it may take */
    assert_int_equal(member_cache_count(c), 0);
    struct member_cache *none = member_cache_new(0);
    put(none, "a", 0, 10);
    assert_false(knows(none, "a", 0));
    member_cache_free(none);
    member_cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_one_is_dropped),
        cmocka_unit_test(nothing_is_known_from_its_moment_on),
        cmocka_unit_test(memory_is_bounded_whatever_clients_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
