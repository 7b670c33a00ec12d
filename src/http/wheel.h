/* http/wheel.h - many deadlines, one timer. Private to http/.
 *
 *   slots:  [.][a b][.][.][c][.] ...      a slot is one tick; an entry sits in the slot of its due
 *                 ^ now                   time and waits there for further laps when it is far away
 *
 * Knows no clock: the time is an argument, so a test turns hours in no time. Setting, moving and
 * clearing an entry cost the same for any number of entries. Entries fire never early and at most
 * one tick late.
 */
#ifndef HTTP_WHEEL_H
#define HTTP_WHEEL_H

#include "base/list.h"

#include <stdint.h>

#define WHEEL_SLOTS 256

struct wheel_entry {
    struct list link;
    int64_t due_tick;
};

struct wheel {
    int64_t tick_ms;
    int64_t last_tick; /* every slot up to this one was visited */
    size_t count;      /* entries that are set */
    struct list slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, int64_t tick_ms, int64_t now_ms);

/* An entry that is not set. */
void wheel_entry_init(struct wheel_entry *e);

static inline bool wheel_entry_is_set(const struct wheel_entry *e)
{
    return !list_empty(&e->link);
}

/* Fires at `due_ms`; a time in the past means the next tick. An entry that is set is moved. */
void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t due_ms);

/* As wheel_set(), but never moves an entry to a later time. */
void wheel_set_earlier(struct wheel *w, struct wheel_entry *e, int64_t due_ms);

/* Also for an entry that is not set. */
void wheel_clear(struct wheel *w, struct wheel_entry *e);

/* Calls `fire` for each entry that is due; it is no longer set by then. `fire` may set and clear
 * any entry, this one too. Time never runs backwards here: an earlier `now_ms` does nothing. */
void wheel_run(struct wheel *w, int64_t now_ms, void (*fire)(struct wheel_entry *e, void *arg),
               void *arg);

#endif
