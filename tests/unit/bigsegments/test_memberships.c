/* What a database knows of one context (big-segments.md 1, 7). */
#include "bigsegments/memberships.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_hash_is_base64_of_sha_256(void **state)
{
    static const char *const rows[][2] = {
        {"alice", "K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA="},
        {"org-1", "wkeHp1yzY+S8M4cc/yOkB8LcDbYxiYw1tGBKgzv6tfg="},
        {"user-key", "CEXjZY7cHJG/ydFy7q4+YEFwVrG3/pkJwA4FAjrbfx0="},
        {"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char hash[MEMBERSHIPS_HASH_LEN + 1];
        memberships_hash(view_of(rows[i][0]), hash);
        assert_string_equal(hash, rows[i][1]);
    }
}

static void included_wins(void **state)
{
    static const struct view included[] = {{"vip.g2", 6}, {"beta.g1", 7}, {"vip.g2", 6}};
    static const struct view excluded[] = {{"vip.g2", 6}, {"eu.g4", 5}};
    (void)state;
    struct memberships *m = memberships_new(included, 3, excluded, 2);
    assert_int_equal(memberships_find(m, view_of("vip.g2")), MEMBERSHIP_INCLUDED);
    assert_int_equal(memberships_find(m, view_of("beta.g1")), MEMBERSHIP_INCLUDED);
    assert_int_equal(memberships_find(m, view_of("eu.g4")), MEMBERSHIP_EXCLUDED);
    assert_int_equal(memberships_find(m, view_of("vip.g1")), MEMBERSHIP_UNKNOWN);
    assert_int_equal(memberships_find(m, view_of("vip")), MEMBERSHIP_UNKNOWN);
    assert_int_equal(memberships_find(m, view_of("zzz")), MEMBERSHIP_UNKNOWN);
    assert_int_equal(memberships_find(m, view_of("")), MEMBERSHIP_UNKNOWN);
    memberships_unref(memberships_ref(m));
    memberships_unref(m);
}

static void most_contexts_are_in_none(void **state)
{
    (void)state;
    struct memberships *m = memberships_new(NULL, 0, NULL, 0);
    assert_int_equal(memberships_find(m, view_of("vip.g2")), MEMBERSHIP_UNKNOWN);
    assert_true(memberships_bytes(m) <= 32);
    memberships_unref(m);
    memberships_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_base64_of_sha_256),
        cmocka_unit_test(included_wins),
        cmocka_unit_test(most_contexts_are_in_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
