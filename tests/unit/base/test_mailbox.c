/* Letters between threads: order, turns, closing with letters still there. */
#include "base/mailbox.h"

#include "base/mem.h"

#include <stdbool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SENDERS 4
#define LETTERS 5000

/* What the receiver's thread sees; only its loop touches it. */
struct receiver {
    uv_loop_t loop;
    struct mailbox box;
    unsigned next[SENDERS]; /* the number that the next letter of a sender must have */
    unsigned received;
    unsigned expected;
    bool delivering;
};

struct numbered_letter {
    struct letter letter;
    struct receiver *to;
    unsigned sender;
    unsigned number;
};

/* The loop waits for letters, although a mailbox alone does not keep it alive. */
static void receiver_open(struct receiver *r)
{
    *r = (struct receiver){.received = 0};
    assert_int_equal(uv_loop_init(&r->loop), 0);
    mailbox_open(&r->box, &r->loop);
    assert_int_equal(uv_loop_alive(&r->loop), 0);
    uv_ref((uv_handle_t *)&r->box.wake);
}

/* The mailbox was closed, so the loop ends by itself and has nothing left. */
static void receiver_close(struct receiver *r)
{
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

static void deliver_number(struct letter *l)
{
    struct numbered_letter *n = CONTAINER_OF(l, struct numbered_letter, letter);
    struct receiver *r = n->to;
    assert_false(r->delivering);
    r->delivering = true;
    assert_int_equal(n->number, r->next[n->sender]);
    r->next[n->sender]++;
    r->received++;
    r->delivering = false;
    if (r->received == r->expected)
        mailbox_close(&r->box);
    mem_free(n);
}

static struct letter *number_letter(struct receiver *to, unsigned sender, unsigned number)
{
    struct numbered_letter *n = mem_alloc(sizeof *n);
    *n = (struct numbered_letter){{.deliver = deliver_number}, to, sender, number};
    return &n->letter;
}

struct sender {
    uv_thread_t thread;
    struct receiver *to;
    unsigned index;
};

static void send_all(void *arg)
{
    struct sender *s = arg;
    for (unsigned i = 0; i < LETTERS; i++)
        mailbox_post(&s->to->box, number_letter(s->to, s->index, i));
}

/* From many threads, each sender's letters arrive in order; the last one closes the mailbox while
 * its sender may still be inside mailbox_post(). */
static void letters_arrive_in_order(void **state)
{
    (void)state;
    struct receiver r;
    struct sender senders[SENDERS];
    receiver_open(&r);
    r.expected = SENDERS * LETTERS;
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.to = &r, .index = i};
        assert_int_equal(uv_thread_create(&senders[i].thread, send_all, &senders[i]), 0);
    }
    receiver_close(&r);
    for (unsigned i = 0; i < SENDERS; i++)
        assert_int_equal(uv_thread_join(&senders[i].thread), 0);
    assert_int_equal(r.received, SENDERS * LETTERS);
}

static void nothing_is_delivered_inside_post(void **state)
{
    (void)state;
    struct receiver r;
    receiver_open(&r);
    mailbox_post(&r.box, number_letter(&r, 0, 0));
    assert_int_equal(r.received, 0);
    uv_run(&r.loop, UV_RUN_NOWAIT);
    assert_int_equal(r.received, 1);
    mailbox_close(&r.box);
    receiver_close(&r);
}

static void closing_delivers_what_is_there(void **state)
{
    (void)state;
    struct receiver r;
    receiver_open(&r);
    for (unsigned i = 0; i < 10; i++)
        mailbox_post(&r.box, number_letter(&r, 0, i));
    mailbox_close(&r.box);
    assert_int_equal(r.received, 10);
    receiver_close(&r);
}

/* The first of ten letters closes: the other nine are delivered inside its close, in order. */
static void a_letter_may_close_the_mailbox(void **state)
{
    (void)state;
    struct receiver r;
    receiver_open(&r);
    r.expected = 1;
    for (unsigned i = 0; i < 10; i++)
        mailbox_post(&r.box, number_letter(&r, 0, i));
    uv_run(&r.loop, UV_RUN_NOWAIT);
    assert_int_equal(r.received, 10);
    receiver_close(&r);
}

struct echo_letter {
    struct letter letter;
    struct mailbox *box;
    unsigned left;
    unsigned turns;
};

static void deliver_echo(struct letter *l)
{
    struct echo_letter *e = CONTAINER_OF(l, struct echo_letter, letter);
    e->turns++;
    if (e->left-- > 0)
        mailbox_post(e->box, l);
}

/* A letter that is posted again from its own delivery waits for the next turn of the loop, so that
 * two threads that answer each other cannot starve the rest. */
static void a_letter_posted_while_delivering_waits(void **state)
{
    (void)state;
    struct receiver r;
    receiver_open(&r);
    struct echo_letter e = {{.deliver = deliver_echo}, &r.box, 3, 0};
    mailbox_post(&r.box, &e.letter);
    for (unsigned turn = 1; turn <= 4; turn++) {
        uv_run(&r.loop, UV_RUN_NOWAIT);
        assert_int_equal(e.turns, turn);
    }
    mailbox_close(&r.box);
    receiver_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_arrive_in_order),
        cmocka_unit_test(nothing_is_delivered_inside_post),
        cmocka_unit_test(closing_delivers_what_is_there),
        cmocka_unit_test(a_letter_may_close_the_mailbox),
        cmocka_unit_test(a_letter_posted_while_delivering_waits),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
