/* Shared bytes: one owner, many owners, many threads. */
#include "base/buf.h"

#include "base/mem.h"

#include <uv.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_copy_is_zero_terminated(void **state)
{
    (void)state;
    struct buf *b = buf_copy(view_make("a\0b", 3));
    assert_int_equal(b->len, 3);
    assert_memory_equal(b->data, "a\0b", 4);
    assert_true(view_equal(buf_view(b), view_make("a\0b", 3)));
    buf_unref(b);
    buf_unref(NULL);
}

static void an_empty_one_is_allowed(void **state)
{
    (void)state;
    struct buf *b = buf_copy(view_make(NULL, 0));
    assert_int_equal(b->len, 0);
    assert_string_equal(b->data, "");
    buf_unref(b);
}

static void it_lives_until_the_last_reference_goes(void **state)
{
    (void)state;
    struct buf *b = buf_new(4);
    memcpy(b->data, "text", 4);
    assert_ptr_equal(buf_ref(b), b);
    buf_unref(b);
    assert_string_equal(b->data, "text");
    buf_unref(b);
}

#define THREADS 4
#define TURNS 20000

static void hold_and_release(void *arg)
{
    struct buf *b = arg;
    for (unsigned i = 0; i < TURNS; i++) {
        buf_ref(b);
        assert_int_equal(b->data[0], 't');
        buf_unref(b);
    }
    buf_unref(b);
}

static void references_may_be_counted_on_any_thread(void **state)
{
    (void)state;
    struct buf *b = buf_copy(VIEW_LITERAL("text"));
    uv_thread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], hold_and_release, buf_ref(b)), 0);
    buf_unref(b);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_zero_terminated),
        cmocka_unit_test(an_empty_one_is_allowed),
        cmocka_unit_test(it_lives_until_the_last_reference_goes),
        cmocka_unit_test(references_may_be_counted_on_any_thread),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
