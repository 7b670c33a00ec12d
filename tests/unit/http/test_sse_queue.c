/* What waits on a stream: the rules of streaming.md 13.2, without any socket. */
#include "http/sse_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LIMIT 100

static struct frame *frame(enum frame_kind kind, const char *data)
{
    return frame_new(kind, "e", view_of(data));
}

/* The data of all waiting frames, "(...)" around the one that has begun. */
static void describe(const struct sse_queue *q, struct str *out)
{
    for (uint32_t i = 0; i < q->count; i++) {
        const struct frame *f = q->frames[(q->first + i) & (q->room - 1)];
        bool begun = i == 0 && q->raw == NULL && (q->sent != 0 || q->held);
        if (out->len != 0)
            str_append_char(out, ' ');
        if (begun)
            str_append_char(out, '(');
        str_append(out, f->kind == FRAME_COMMENT ? VIEW_LITERAL(":") : f->data);
        if (begun)
            str_append_char(out, ')');
    }
}

static void assert_waiting(const struct sse_queue *q, const char *expected)
{
    struct str text = {0};
    describe(q, &text);
    assert_string_equal(str_text(&text), expected);
    str_free(&text);
}

static enum sse_queued push(struct sse_queue *q, enum frame_kind kind, const char *data)
{
    return sse_queue_push_take(q, frame(kind, data), LIMIT);
}

/* All that the queue would write, in pieces of `step` bytes. */
static void write_out(struct sse_queue *q, size_t step, struct str *out)
{
    while (!sse_queue_is_empty(q)) {
        struct iovec parts[3];
        int count = sse_queue_parts(q, parts, 3);
        size_t left = step;
        for (int i = 0; i < count && left != 0; i++) {
            size_t len = parts[i].iov_len < left ? parts[i].iov_len : left;
            str_append(out, view_make(parts[i].iov_base, len));
            left -= len;
        }
        sse_queue_advance(q, step - left);
    }
}

static void bytes_come_out_whole_and_in_order(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 7, 1000};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct sse_queue q;
        sse_queue_init(&q, true);
        sse_queue_raw_take(&q, buf_copy(VIEW_LITERAL("HEAD|")));
        for (const char *c = "1234567"; *c != '\0'; c++)
            assert_int_equal(sse_queue_push_take(&q, frame(FRAME_CHANGE, (char[]){*c, '\0'}), 1000),
                             SSE_QUEUED);
        struct str out = {0};
        write_out(&q, steps[i], &out);
        assert_string_equal(str_text(&out), "HEAD|"
                                            "12\r\nevent: e\ndata: 1\n\n\r\n"
                                            "12\r\nevent: e\ndata: 2\n\n\r\n"
                                            "12\r\nevent: e\ndata: 3\n\n\r\n"
                                            "12\r\nevent: e\ndata: 4\n\n\r\n"
                                            "12\r\nevent: e\ndata: 5\n\n\r\n"
                                            "12\r\nevent: e\ndata: 6\n\n\r\n"
                                            "12\r\nevent: e\ndata: 7\n\n\r\n");
        assert_ptr_equal(q.frames, q.few); /* an idle stream has no queue memory */
        str_free(&out);
        sse_queue_free(&q);
    }
}

static void http_1_0_gets_no_chunk_framing(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, false);
    (void)push(&q, FRAME_CHANGE, "1");
    struct str out = {0};
    write_out(&q, 5, &out);
    assert_string_equal(str_text(&out), "event: e\ndata: 1\n\n");
    str_free(&out);
    sse_queue_free(&q);
}

static void a_put_makes_what_waits_superfluous(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    (void)push(&q, FRAME_PUT, "put1");
    (void)push(&q, FRAME_CHANGE, "a");
    (void)push(&q, FRAME_PUT, "put2");
    assert_waiting(&q, "put2"); /* nothing had begun */
    sse_queue_advance(&q, 3);
    (void)push(&q, FRAME_CHANGE, "b");
    (void)push(&q, FRAME_PUT, "put3");
    (void)push(&q, FRAME_CHANGE, "c");
    assert_waiting(&q, "(put2) put3 c"); /* what has begun is finished */
    (void)push(&q, FRAME_PUT, "put4");
    assert_waiting(&q, "(put2) put4"); /* at most two versions are pinned */
    sse_queue_free(&q);
}

static void one_waiting_ping_is_enough(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    assert_int_equal(push(&q, FRAME_PING, "p"), SSE_QUEUED);
    assert_int_equal(push(&q, FRAME_PING, "p"), SSE_SUPERFLUOUS);
    sse_queue_advance(&q, 1);
    assert_int_equal(push(&q, FRAME_PING, "p"), SSE_QUEUED); /* the first has begun */
    assert_int_equal(push(&q, FRAME_PING, "p"), SSE_SUPERFLUOUS);
    assert_waiting(&q, "(p) p");
    assert_ptr_equal(q.frames, q.few); /* the ping path does not allocate */
    sse_queue_free(&q);
}

static void a_heartbeat_is_not_queued_behind_other_bytes(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    assert_int_equal(sse_queue_push_take(&q, frame_comment(), LIMIT), SSE_QUEUED);
    assert_int_equal(sse_queue_push_take(&q, frame_comment(), LIMIT), SSE_SUPERFLUOUS);
    sse_queue_free(&q);
    sse_queue_init(&q, true);
    sse_queue_raw_take(&q, buf_copy(VIEW_LITERAL("HEAD")));
    assert_int_equal(sse_queue_push_take(&q, frame_comment(), LIMIT), SSE_SUPERFLUOUS);
    sse_queue_free(&q);
}

static void the_backlog_is_limited_beyond_the_frame_being_written(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    char big[5 * LIMIT];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    assert_int_equal(push(&q, FRAME_CHANGE, big), SSE_QUEUED); /* the first is never too much */
    assert_int_equal(q.backlog, 0);
    unsigned queued = 0;
    while (push(&q, FRAME_CHANGE, "123456") == SSE_QUEUED) /* 29 bytes each */
        queued++;
    assert_int_equal(queued, 3);
    assert_int_equal(q.backlog, 87);
    assert_int_equal(push(&q, FRAME_PUT, big), SSE_QUEUED); /* a put replaces, it does not add */
    assert_int_equal(q.backlog, 0);
    sse_queue_free(&q);
}

static void a_backlog_is_replaced_once(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    (void)push(&q, FRAME_CHANGE, "first");
    sse_queue_advance(&q, 2);
    while (push(&q, FRAME_CHANGE, "123456") == SSE_QUEUED)
        ;
    assert_true(sse_queue_replace_take(&q, frame(FRAME_PUT, "put")));
    assert_waiting(&q, "(first) put");
    while (push(&q, FRAME_CHANGE, "123456") == SSE_QUEUED)
        ;
    assert_false(sse_queue_replace_take(&q, frame(FRAME_PUT, "again")));
    assert_waiting(&q, "(first) put 123456 123456 123456");
    /* once the put is under way the client has moved, and gets another chance */
    sse_queue_advance(&q, 28 - 2 + 1);
    assert_waiting(&q, "(put) 123456 123456 123456");
    assert_true(sse_queue_replace_take(&q, frame(FRAME_PUT, "again")));
    assert_waiting(&q, "(put) again");
    sse_queue_free(&q);
}

static void a_client_that_does_not_even_take_the_head_is_replaced_once(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    sse_queue_raw_take(&q, buf_copy(VIEW_LITERAL("HEAD")));
    (void)push(&q, FRAME_PUT, "replay");
    assert_true(sse_queue_replace_take(&q, frame(FRAME_PUT, "put")));
    assert_false(sse_queue_replace_take(&q, frame(FRAME_PUT, "put")));
    assert_waiting(&q, "put");
    sse_queue_free(&q);
}

/* TLS has encrypted a piece of the first frame: another one in its place would tear the stream. */
static void a_held_frame_counts_as_begun(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    (void)push(&q, FRAME_CHANGE, "a");
    sse_queue_hold(&q);
    (void)push(&q, FRAME_PUT, "put");
    assert_waiting(&q, "(a) put");
    sse_queue_drop_waiting(&q);
    assert_waiting(&q, "(a)");
    sse_queue_advance(&q, 0);
    assert_waiting(&q, "(a)");
    sse_queue_advance(&q, 24);
    assert_true(sse_queue_is_empty(&q));
    assert_false(q.held);
    sse_queue_free(&q);
}

static void ending_finishes_only_what_has_begun(void **state)
{
    (void)state;
    struct sse_queue q;
    sse_queue_init(&q, true);
    sse_queue_raw_take(&q, buf_copy(VIEW_LITERAL("HEAD")));
    (void)push(&q, FRAME_PUT, "put");
    sse_queue_drop_waiting(&q);
    assert_waiting(&q, "");
    assert_false(sse_queue_is_empty(&q)); /* the head is a promise */
    sse_queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_whole_and_in_order),
        cmocka_unit_test(http_1_0_gets_no_chunk_framing),
        cmocka_unit_test(a_put_makes_what_waits_superfluous),
        cmocka_unit_test(one_waiting_ping_is_enough),
        cmocka_unit_test(a_heartbeat_is_not_queued_behind_other_bytes),
        cmocka_unit_test(the_backlog_is_limited_beyond_the_frame_being_written),
        cmocka_unit_test(a_backlog_is_replaced_once),
        cmocka_unit_test(a_client_that_does_not_even_take_the_head_is_replaced_once),
        cmocka_unit_test(a_held_frame_counts_as_begun),
        cmocka_unit_test(ending_finishes_only_what_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
