/* base/mailbox.h - the only way for something to cross to another thread.
 *
 * A letter is handed over whole: after mailbox_post() only the receiver touches it. Letters from
 * one sender arrive in the order they were posted, each in a turn of the receiver's own libuv loop.
 * Only functions named *_post() call mailbox_post().
 */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <uv.h>

struct letter {
    struct letter *next;
    void (*deliver)(struct letter *l); /* runs on the receiver's thread and owns the letter */
};

struct mailbox {
    uv_async_t wake;
    uv_mutex_t lock;
    struct letter *first; /* oldest; guarded by lock */
    struct letter **last;
    struct letter *taken; /* being delivered in this turn; the receiver's thread only */
};

/* On the receiver's thread, before its loop runs. The handle does not keep the loop alive. */
void mailbox_open(struct mailbox *m, uv_loop_t *loop);

/* On any thread. The letter is owned by the mailbox, then by its deliver function. */
void mailbox_post(struct mailbox *m, struct letter *l);

/* On the receiver's thread, also from inside a deliver function. Delivers what is still there, then
 * closes the handle; the memory of the mailbox may be released when the loop has run once more.
 * Nobody may post any more. */
void mailbox_close(struct mailbox *m);

#endif
