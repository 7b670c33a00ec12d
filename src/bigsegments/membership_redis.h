/* bigsegments/membership_redis.h - memberships in Redis from inside; only membership_redis*.c
 * include it (big-segments.md 6.1).
 *
 *   membership_redis.c: the kind, what each operation says and what the answers mean
 *   membership_redis_apply.c: the same for a patch
 *   membership_redis_talk.c: one connection, on which operations are asked and answered in order
 *
 * A store has two: one for the synchroniser, whose transactions may be long, and one for questions.
 */
#ifndef BIGSEGMENTS_MEMBERSHIP_REDIS_H
#define BIGSEGMENTS_MEMBERSHIP_REDIS_H

#include "base/list.h"
#include "bigsegments/membership_kind.h"
#include "store/redis_guest.h"

struct redis_talk;

/* One operation on its way. */
struct redis_ask {
    struct list link;
    struct redis_talk *talk;
    struct membership_op *op;
    const struct redis_speech *speech;
    unsigned step;
    size_t owed;   /* answers that are still to come */
    bool more;     /* there is something left to send */
    bool answered; /* an answer came on this connection */
    bool again;    /* it was begun anew once */
    struct redis_reply *replies[2];
    size_t reply_count;
    struct redis_reply *failure; /* the first one */
    struct error broken;         /* why the connection was lost with the transaction sent */
    enum patch_list list;        /* APPLY: what is being sent */
    struct patch_hashes hashes;
    bool walking; /* `hashes` is open */
};

/* What one type of operation says. */
struct redis_speech {
    void (*begin)(struct redis_ask *a);
    void (*room)(struct redis_ask *a); /* may be NULL */
    /* Everything is answered; replies and failure tell how. */
    void (*answered)(struct redis_ask *a);
    /* The connection was lost. True: the operation goes on with another one. May be NULL. */
    bool (*lost)(struct redis_ask *a, const char *problem);
};

struct redis_talk {
    struct membership_store *store;
    struct redis_guest *guest; /* NULL: not connected */
    bool ready;
    bool used; /* an answer came on this connection */
    struct list waiting;
    struct list asked; /* in the order of their answers */
    bool hurried;
    bool closing;
};

void redis_talk_open(struct redis_talk *t, struct membership_store *s);

/* Takes the ask. */
void redis_talk_add(struct redis_talk *t, struct redis_ask *a);

/* What is under way fails soon. */
void redis_talk_hurry(struct redis_talk *t);

/* Nothing is under way. True: it is closed; otherwise redis_talk_closed() follows. */
bool redis_talk_close(struct redis_talk *t);
void redis_talk_closed(struct redis_talk *t); /* membership_redis.c */

/* For speeches. */
void redis_ask_send_take(struct redis_ask *a, struct str *commands, size_t answers);
void redis_ask_done(struct redis_ask *a);
void redis_ask_failed(struct redis_ask *a, const char *problem);

/* The failure is the operation's; what it says about the server is heeded. */
void redis_ask_refused(struct redis_ask *a, const struct redis_reply *failure);

void redis_ask_forget_replies(struct redis_ask *a);

#define REDIS_SEGMENTS_CURSOR "big_segments_cursor"
#define REDIS_SEGMENTS_LOCK "big_segments_lock"
#define REDIS_SEGMENTS_TIME "big_segments_synchronized_on"
#define REDIS_SEGMENTS_INCLUDE "big_segment_include:"
#define REDIS_SEGMENTS_EXCLUDE "big_segment_exclude:"

static const struct view redis_no_text = {"", 0};

/* Appends NAME PREFIX:key [value]; or NAME alone. */
void redis_ask_command(struct str *out, const struct redis_ask *a, const char *name,
                       const char *key, const struct view *value);
void redis_ask_word(struct str *out, const char *name);

/* When everything is answered. True, and the operation has failed, when Redis refused something. */
bool redis_ask_was_refused(struct redis_ask *a);
const struct redis_reply *redis_ask_last_reply(const struct redis_ask *a);

extern const struct redis_speech redis_speech_apply; /* membership_redis_apply.c */

/* "PREFIX:big_segments_cursor" */
void redis_segments_key(struct str *out, const struct membership_store *s, const char *name);

#endif
