/* events/event.h - the words of the events room, and a post as it crosses to it.
 *
 *   SDK --post--> api/events.c --struct event_post--> events.c --batches--> LaunchDarkly
 *         serving thread            (a letter)          control thread
 *
 * Spec: events.md. May call: env/snapshot.h, base.
 */
#ifndef EVENTS_EVENT_H
#define EVENTS_EVENT_H

#include "base/buf.h"
#include "base/mailbox.h"
#include "env/snapshot.h"
#include "events/event_array.h"

/* Each has its own queues, credential and upstream path (events.md 1). */
enum event_family {
    EVENT_SERVER,
    EVENT_MOBILE,
    EVENT_BROWSER,
    EVENT_USAGE, /* the relay's own (section 11) */
    EVENT_FAMILY_COUNT
};

enum event_path { EVENT_VERBATIM, EVENT_SUMMARIZE };

/* Why an event that was accepted will not be delivered (section 15); each is counted once. A row is
 * the constant EVENT_DROP_... and the name in metrics and /status. */
#define EVENT_DROPS(X)                                                                             \
    X(CAPACITY, capacity)                                                                          \
    X(MEMORY, memory)                                                                              \
    X(SPOOL, spool)                                                                                \
    X(AGE, age)                                                                                    \
    X(REFUSED, refused)                                                                            \
    X(SWITCHED_OFF, switched_off)                                                                  \
    X(TOO_LARGE, too_large)                                                                        \
    X(MALFORMED, malformed)                                                                        \
    X(NO_DATA, no_data)                                                                            \
    X(SHUTDOWN, shutdown)

#define EVENT_DROP_CONSTANT(constant, name) EVENT_DROP_##constant,
enum event_drop { EVENT_DROPS(EVENT_DROP_CONSTANT) EVENT_DROP_COUNT };
#undef EVENT_DROP_CONSTANT

const char *event_drop_name(enum event_drop reason);

/* What X-LaunchDarkly-Event-Schema says: a decimal integer, with a sign or without; 1 for anything
 * else, and for what is not positive (5.1). */
int64_t event_schema_parse(struct view text);

/* Longer payload IDs are not remembered (13.4). */
#define EVENT_PAYLOAD_ID_MAX 64

/* One post of an SDK, whole: its array is well formed. */
struct event_post {
    struct letter letter;
    struct events_door *door;
    unsigned slot;
    struct env_snapshot *snapshot; /* one reference: the environment as the request saw it */
    enum event_family family;
    enum event_path path;
    int64_t schema;                            /* >= 1 */
    char *tags;                                /* owned; "": none */
    char payload_id[EVENT_PAYLOAD_ID_MAX + 1]; /* "": none */
    struct buf *body;                          /* one reference; decoded */
    struct event_array events;                 /* views into the body; owned */
    size_t held; /* of the door's reading_bytes, while it is under way */

    /* NULL: nobody waits. Otherwise to be called once, on the control thread, when 202 may be
     * answered (13.6), and set to NULL then; event_post_free() does it at the latest. The usual
     * target posts a letter to the request's serving thread. */
    void (*safe)(void *owner);
    void *owner;
};

/* Everything that the post owns, and itself. */
void event_post_free(struct event_post *post);

#endif
