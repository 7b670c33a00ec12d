/* CRC-32C: the check values of RFC 3720, B.4, and the rules of all such sums. */
#include "base/crc32c.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void known_sums(void **state)
{
    (void)state;
    unsigned char bytes[32] = {0};
    struct view text = view_make((const char *)bytes, sizeof bytes);
    assert_int_equal(crc32c(0, view_make("", 0)), 0);
    assert_int_equal(crc32c(0, VIEW_LITERAL("123456789")), 0xE3069283);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(0, text), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(crc32c(0, text), 0x62A8AB43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(0, text), 0x46DD794E);
}

/* Wherever a text is cut, and wherever it lies, the sum is the same: the eight bytes at a time of
 * one part and the single ones of another make no difference. */
static void parts_add_up(void **state)
{
    (void)state;
    char memory[64 + 8];
    for (size_t i = 0; i < sizeof memory; i++)
        memory[i] = (char)(i * 37 + 11);
    for (size_t at = 0; at < 8; at++) {
        struct view whole = view_make(memory + at, 64);
        uint32_t sum = crc32c(0, whole);
        for (size_t cut = 0; cut <= whole.len; cut++) {
            uint32_t first = crc32c(0, view_make(whole.data, cut));
            assert_int_equal(crc32c(first, view_from(whole, cut)), sum);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums),
        cmocka_unit_test(parts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
