/* Server-sent events as bytes: streaming.md 2.2 and 13.1. */
#include "base/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_frame(struct frame *f, const char *wire, const char *event, const char *data)
{
    assert_true(view_is(f->wire, wire));
    assert_true(view_is(f->event, event));
    assert_true(view_is(f->data, data));
    frame_unref(f);
}

static void an_event_and_its_parts(void **state)
{
    (void)state;
    struct frame *f = frame_new(FRAME_PUT, "put", VIEW_LITERAL("{\"a\":1}"));
    assert_int_equal(f->kind, FRAME_PUT);
    check_frame(f, "1a\r\nevent: put\ndata: {\"a\":1}\n\n\r\n", "event: put\ndata: {\"a\":1}\n\n",
                "{\"a\":1}");
}

static void data_may_be_appended_bit_by_bit(void **state)
{
    (void)state;
    struct frame_builder b;
    frame_begin(&b, "patch", 0);
    for (unsigned i = 0; i < 1000; i++)
        str_append_char(&b.text, 'x');
    struct frame *f = frame_finish(&b, FRAME_CHANGE);
    assert_null(b.text.data);
    assert_int_equal(f->data.len, 1000);
    assert_true(view_starts(f->wire, "3fd\r\nevent: patch\ndata: xxx"));
    assert_int_equal(f->event.len, 0x3fd);
    frame_unref(f);
}

static void constant_frames(void **state)
{
    (void)state;
    check_frame(frame_ping(), "15\r\nevent: ping\ndata:  \n\n\r\n", "event: ping\ndata:  \n\n",
                " ");
    check_frame(frame_comment(), "2\r\n:\n\r\n", ":\n", "");
}

static void it_lives_until_the_last_reference_goes(void **state)
{
    (void)state;
    struct frame *f = frame_ping();
    assert_ptr_equal(frame_ref(f), f);
    frame_unref(f);
    assert_true(view_is(f->data, " "));
    frame_unref(f);
    frame_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_and_its_parts),
        cmocka_unit_test(data_may_be_appended_bit_by_bit),
        cmocka_unit_test(constant_frames),
        cmocka_unit_test(it_lives_until_the_last_reference_goes),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
