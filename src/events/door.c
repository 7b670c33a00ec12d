/* events/door.c - see door.h. */
#include "events/door.h"

#include "base/mem.h"
#include "events/events.h"

#define READING_PART 4 /* of the budget that bodies being read may hold together */

void events_door_init(struct events_door *door, const struct events_door_settings *settings,
                      struct mailbox *mailbox)
{
    *door = (struct events_door){.settings = *settings, .mailbox = mailbox};
}

static void count(_Atomic int64_t *counter, int64_t number)
{
    (void)atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

/* ---- bodies that are being read -------------------------------------------------------------- */

static bool must_wait(const struct events_door *door, int64_t reading)
{
    int64_t used = atomic_load_explicit(&door->held_bytes, memory_order_relaxed) + reading;
    return atomic_load_explicit(&door->room_comes, memory_order_relaxed) &&
           used > door->settings.max_queue_bytes / 4 * 3;
}

bool events_hold_more(struct events_door *door, struct events_hold *hold, size_t more)
{
    int64_t limit = door->settings.max_queue_bytes / READING_PART;
    int64_t before =
        atomic_fetch_add_explicit(&door->reading_bytes, (int64_t)more, memory_order_relaxed);
    int64_t after = before + (int64_t)more;
    if ((!hold->turn && after > limit) || must_wait(door, after)) {
        count(&door->reading_bytes, -(int64_t)more);
        return false;
    }
    hold->bytes += more;
    return true;
}

void events_hold_anyway(struct events_door *door, struct events_hold *hold, size_t more)
{
    count(&door->reading_bytes, (int64_t)more);
    hold->bytes += more;
}

bool events_hold_take_turn(struct events_door *door, struct events_hold *hold)
{
    bool taken = false;
    if (!hold->turn)
        hold->turn = atomic_compare_exchange_strong(&door->turn, &taken, true);
    return hold->turn;
}

void events_hold_less(struct events_door *door, struct events_hold *hold, size_t bytes)
{
    count(&door->reading_bytes, -(int64_t)bytes);
    hold->bytes -= bytes;
    if (hold->bytes == 0 && hold->turn) {
        hold->turn = false;
        atomic_store(&door->turn, false);
    }
}

/* The bytes stay counted until the letter has arrived; the turn is over. */
static size_t hold_pass_on(struct events_door *door, struct events_hold *hold)
{
    size_t bytes = hold->bytes;
    hold->bytes = 0;
    if (hold->turn)
        atomic_store(&door->turn, false);
    hold->turn = false;
    return bytes;
}

/* ---- letters --------------------------------------------------------------------------------- */

static void post_arrived(struct letter *l)
{
    struct event_post *post = CONTAINER_OF(l, struct event_post, letter);
    struct events_door *door = post->door;
    count(&door->reading_bytes, -(int64_t)post->held);
    post->held = 0;
    if (door->events != NULL) {
        events_take(door->events, post);
        return;
    }
    count(&door->dropped[EVENT_DROP_SHUTDOWN], (int64_t)post->events.count);
    event_post_free(post);
}

void events_door_post(struct events_door *door, struct event_post *post, struct events_hold *hold)
{
    count(&door->received_events, (int64_t)post->events.count);
    post->door = door;
    post->held = hold_pass_on(door, hold);
    post->letter.deliver = post_arrived;
    mailbox_post(door->mailbox, &post->letter);
}

static void diagnostic_arrived(struct letter *l)
{
    struct event_diagnostic *d = CONTAINER_OF(l, struct event_diagnostic, letter);
    struct events_door *door = d->door;
    count(&door->reading_bytes, -(int64_t)d->held);
    d->held = 0;
    if (door->events != NULL)
        events_take_diagnostic(door->events, d);
    else
        event_diagnostic_free(d);
}

void events_door_diagnostic_post(struct events_door *door, struct event_diagnostic *d,
                                 struct events_hold *hold)
{
    d->door = door;
    d->held = hold_pass_on(door, hold);
    d->letter.deliver = diagnostic_arrived;
    mailbox_post(door->mailbox, &d->letter);
}

void event_diagnostic_free(struct event_diagnostic *d)
{
    for (size_t i = 0; i < d->header_count; i++) {
        mem_free(d->headers[i].name);
        mem_free(d->headers[i].value);
    }
    mem_free(d->headers);
    env_snapshot_unref(d->snapshot);
    buf_unref(d->body);
    mem_free(d);
}
