/* base/mailbox.c - see mailbox.h.
 *
 *   mailbox_post()  --lock-->  first -> ... -> last   (any thread)
 *                                |
 *   uv_async wakes the loop      | whole list at once
 *                                v
 *                              taken -> deliver, one by one   (receiver's thread)
 */
#include "base/mailbox.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Moves what was posted behind what is still to be delivered; false when there is nothing at all.
 */
static bool mailbox_take(struct mailbox *m)
{
    struct letter **end = &m->taken;
    while (*end != NULL)
        end = &(*end)->next;
    uv_mutex_lock(&m->lock);
    *end = m->first;
    m->first = NULL;
    m->last = &m->first;
    uv_mutex_unlock(&m->lock);
    return m->taken != NULL;
}

static void mailbox_deliver(struct mailbox *m)
{
    while (m->taken != NULL) {
        struct letter *l = m->taken;
        m->taken = l->next;
        l->deliver(l);
    }
}

static void on_wake(uv_async_t *wake)
{
    struct mailbox *m = wake->data;
    if (mailbox_take(m))
        mailbox_deliver(m);
}

void mailbox_open(struct mailbox *m, uv_loop_t *loop)
{
    *m = (struct mailbox){.first = NULL};
    m->last = &m->first;
    int problem = uv_mutex_init(&m->lock);
    if (problem == 0)
        problem = uv_async_init(loop, &m->wake, on_wake);
    if (problem != 0) {
        (void)fprintf(stderr, "a thread's mailbox could not be opened: %s\n", uv_strerror(problem));
        abort();
    }
    m->wake.data = m;
    uv_unref((uv_handle_t *)&m->wake);
}

void mailbox_post(struct mailbox *m, struct letter *l)
{
    l->next = NULL;
    uv_mutex_lock(&m->lock);
    *m->last = l;
    m->last = &l->next;
    /* Under the lock: once the letter can be seen, the receiver may close the handle. */
    (void)uv_async_send(&m->wake);
    uv_mutex_unlock(&m->lock);
}

static void on_closed(uv_handle_t *wake)
{
    struct mailbox *m = wake->data;
    uv_mutex_destroy(&m->lock);
}

void mailbox_close(struct mailbox *m)
{
    while (mailbox_take(m))
        mailbox_deliver(m);
    uv_close((uv_handle_t *)&m->wake, on_closed);
}
