/* The hash trie: keys are found whatever their hashes are, and versions do not disturb one another.
 */
#include "flags_test.h"

#include "flags/key_index.h"

#define KEYS 300

static uint32_t spread(uint32_t n)
{
    return n * 2654435761U;
}

static uint32_t equal(uint32_t n)
{
    (void)n;
    return 0xabcdef01U;
}

static uint32_t equal_low_bits(uint32_t n)
{
    return n << 23 | 0x2aaaa;
}

static uint32_t pairs(uint32_t n)
{
    return (n / 2) * 2654435761U;
}

/* From "all different" to "all equal"; in between they agree in some of the bits. */
static const struct {
    uint32_t (*hash)(uint32_t n);
    const char *why;
} hash_rows[] = {{spread, "all different"},
                 {equal, "all equal"},
                 {equal_low_bits, "they differ late"},
                 {pairs, "two of each"}};

static struct view key_text(uint32_t n, char memory[static 16])
{
    return view_make(memory, (size_t)snprintf(memory, 16, "key-%u", n));
}

static void assert_holds(const struct key_index *x, const struct sequence *items,
                         uint32_t (*hash)(uint32_t), uint32_t count, const char *why)
{
    char memory[16];
    for (uint32_t n = 0; n < KEYS; n++) {
        size_t want = n < count ? n : KEY_INDEX_NONE;
        size_t got = key_index_find(x, items, key_text(n, memory), hash(n));
        if (got != want)
            fail_msg("%s: key %u of %u", why, n, count);
    }
}

/* Adds one key after another; every fiftieth version is kept and must stay as it was. */
static void keys_are_found_in_every_version(void **state)
{
    (void)state;
    for (size_t row = 0; row < ARRAY_LEN(hash_rows); row++) {
        struct sequence items = {0};
        struct key_index index = {0};
        struct key_index kept[KEYS / 50] = {0};
        char memory[16];
        for (uint32_t n = 0; n < KEYS; n++) {
            if (n % 50 == 0)
                kept[n / 50] = key_index_share(&index);
            sequence_set_take(&items, n, item_tombstone(ITEM_FLAG, key_text(n, memory), 1));
            key_index_add(&index, hash_rows[row].hash(n), n);
        }
        assert_holds(&index, &items, hash_rows[row].hash, KEYS, hash_rows[row].why);
        key_index_release(&index);
        for (uint32_t k = 0; k < KEYS / 50; k++) {
            assert_holds(&kept[k], &items, hash_rows[row].hash, k * 50, hash_rows[row].why);
            key_index_release(&kept[k]);
        }
        sequence_release(&items);
    }
}

static void a_sequence_keeps_its_versions_apart(void **state)
{
    (void)state;
    struct sequence first = {0};
    char memory[16];
    for (uint32_t n = 0; n < 5000; n++)
        sequence_set_take(&first, n, item_tombstone(ITEM_FLAG, key_text(n, memory), n));
    struct sequence second = sequence_share(&first);
    for (uint32_t n = 0; n < 5000; n += 7)
        sequence_set_take(&second, n, item_tombstone(ITEM_FLAG, key_text(n, memory), -1));
    sequence_set_take(&second, 5000, item_tombstone(ITEM_FLAG, key_text(5000, memory), 5000));
    assert_int_equal(first.count, 5000);
    assert_int_equal(second.count, 5001);
    for (uint32_t n = 0; n < 5000; n++) {
        assert_int_equal(sequence_at(&first, n)->version, n);
        assert_int_equal(sequence_at(&second, n)->version, n % 7 == 0 ? -1 : (int64_t)n);
    }
    sequence_release(&first);
    assert_int_equal(sequence_at(&second, 4999)->version, 4999);
    sequence_release(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_in_every_version),
        cmocka_unit_test(a_sequence_keeps_its_versions_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
