/* The hash map: what it promises, against a plain array that does the same. */
#include "base/map.h"

#include "base/mem.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct map m = {0};
    assert_null(map_get(&m, VIEW_LITERAL("a")));
    assert_null(map_remove(&m, VIEW_LITERAL("a")));
    map_free(&m);
    assert_int_equal(m.count, 0);
}

static void set_returns_what_was_there(void **state)
{
    (void)state;
    struct map m = {0};
    int a;
    int b;
    assert_null(map_set(&m, VIEW_LITERAL("key"), &a));
    assert_ptr_equal(map_set(&m, VIEW_LITERAL("key"), &b), &a);
    assert_ptr_equal(map_get(&m, VIEW_LITERAL("key")), &b);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_remove(&m, VIEW_LITERAL("key")), &b);
    assert_null(map_remove(&m, VIEW_LITERAL("key")));
    assert_int_equal(m.count, 0);
    map_free(&m);
}

static void keys_are_copied_and_compared_as_bytes(void **state)
{
    (void)state;
    struct map m = {0};
    char key[] = "abc";
    int values[4];
    map_set(&m, view_make(key, 3), &values[0]);
    key[0] = 'x';
    map_set(&m, view_make("", 0), &values[1]);
    map_set(&m, view_make("a\0b", 3), &values[2]);
    map_set(&m, view_make("a\0c", 3), &values[3]);
    assert_ptr_equal(map_get(&m, VIEW_LITERAL("abc")), &values[0]);
    assert_ptr_equal(map_get(&m, view_make(NULL, 0)), &values[1]);
    assert_ptr_equal(map_get(&m, view_make("a\0b", 3)), &values[2]);
    assert_ptr_equal(map_get(&m, view_make("a\0c", 3)), &values[3]);
    assert_null(map_get(&m, VIEW_LITERAL("a")));
    assert_null(map_get(&m, VIEW_LITERAL("xbc")));
    assert_null(map_remove(&m, VIEW_LITERAL("xbc")));
    map_free(&m);
}

#define KEYS 10000

static size_t key_text(unsigned number, char out[32])
{
    return (size_t)snprintf(out, 32, "flag-%u", number);
}

static void mark_seen(struct view key, void *value, void *arg)
{
    (void)arg;
    unsigned *seen = value;
    char text[32];
    size_t len = key_text(*seen & 0xFFFF, text);
    assert_true(view_equal(key, view_make(text, len)));
    assert_int_equal(*seen >> 16, 0);
    *seen |= 1u << 16;
}

/* Ten thousand keys go in, every third leaves, some come back: an array says what must be there. */
static void many_keys(void **state)
{
    (void)state;
    static unsigned values[KEYS];
    struct map m = {0};
    char key[32];
    for (unsigned i = 0; i < KEYS; i++) {
        values[i] = i;
        assert_null(map_set(&m, view_make(key, key_text(i, key)), &values[i]));
    }
    for (unsigned i = 0; i < KEYS; i += 3)
        assert_ptr_equal(map_remove(&m, view_make(key, key_text(i, key))), &values[i]);
    for (unsigned i = 0; i < KEYS; i += 6)
        assert_null(map_set(&m, view_make(key, key_text(i, key)), &values[i]));
    size_t present = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        bool there = i % 3 != 0 || i % 6 == 0;
        present += there;
        assert_ptr_equal(map_get(&m, view_make(key, key_text(i, key))), there ? &values[i] : NULL);
    }
    assert_int_equal(m.count, present);
    map_each(&m, mark_seen, NULL);
    for (unsigned i = 0; i < KEYS; i++)
        assert_int_equal(values[i] >> 16, i % 3 != 0 || i % 6 == 0);
    map_free(&m);
}

/* Chains stay short also for keys that differ in little. */
static void similar_keys_spread(void **state)
{
    (void)state;
    enum { BUCKETS = 1024, PER_BUCKET = 8 };
    static unsigned counts[BUCKETS];
    for (unsigned i = 0; i < BUCKETS * PER_BUCKET; i++) {
        char key[32];
        counts[map_hash(view_make(key, key_text(i, key))) % BUCKETS]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        assert_in_range(counts[i], 0, PER_BUCKET * 5);
}

static void every_byte_and_the_length_count(void **state)
{
    (void)state;
    char text[64] = {0};
    for (size_t len = 0; len + 1 < sizeof text; len++) {
        uint64_t hash = map_hash(view_make(text, len));
        assert_true(hash == map_hash(view_make(text, len)));
        assert_true(hash != map_hash(view_make(text, len + 1)));
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            assert_true(hash != map_hash(view_make(text, len)));
            text[i] = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(set_returns_what_was_there),
        cmocka_unit_test(keys_are_copied_and_compared_as_bytes),
        cmocka_unit_test(many_keys),
        cmocka_unit_test(similar_keys_spread),
        cmocka_unit_test(every_byte_and_the_length_count),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
