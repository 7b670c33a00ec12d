/* bigsegments/membership_redis_talk.c - one connection to Redis for operations on memberships.
 *
 *   redis_talk_add() -> waiting --connected--> asked --answers, in order--> done
 *
 * A connection is opened when somebody waits and stays open. When it breaks, what was asked on an
 * old one and not answered at all is asked once more; the rest fails.
 */
#include "bigsegments/membership_redis.h"

static void pump(struct redis_talk *t);

static struct redis_ask *ask_of(struct list *link)
{
    return CONTAINER_OF(link, struct redis_ask, link);
}

/* ---- the end of an operation ----------------------------------------------------------------- */

void redis_ask_forget_replies(struct redis_ask *a)
{
    for (size_t i = 0; i < a->reply_count; i++)
        redis_reply_free(a->replies[i]);
    redis_reply_free(a->failure);
    a->reply_count = 0;
    a->failure = NULL;
}

static void end(struct redis_ask *a, bool ok)
{
    struct redis_talk *t = a->talk;
    struct membership_op *op = a->op;
    struct membership_store *s = t->store;
    list_remove(&a->link);
    redis_ask_forget_replies(a);
    if (a->walking)
        patch_hashes_end(&a->hashes);
    mem_free(a);
    op->ok = ok;
    if (t->guest != NULL && t->ready)
        redis_guest_set_patience(t->guest, 0);
    membership_op_finish(s, op);
}

void redis_ask_done(struct redis_ask *a)
{
    struct redis_talk *t = a->talk;
    end(a, true);
    if (!t->closing)
        pump(t);
}

void redis_ask_failed(struct redis_ask *a, const char *problem)
{
    error_set(&a->op->problem, "%s", problem);
    end(a, false);
}

/* From the start, on a new connection. */
static void begin_anew(struct redis_ask *a)
{
    a->again = true;
    a->owed = 0;
    a->more = false;
    a->answered = false;
    redis_ask_forget_replies(a);
    if (a->walking)
        patch_hashes_end(&a->hashes);
    a->walking = false;
    list_remove(&a->link);
    list_append(&a->talk->waiting, &a->link);
}

/* A replica has become what was the master, or a cluster has moved the slot. */
void redis_ask_refused(struct redis_ask *a, const struct redis_reply *failure)
{
    struct redis_talk *t = a->talk;
    struct error problem;
    bool moved = redis_reply_fails_with(failure, "MOVED");
    error_set(&problem, "%.*s", VIEW_ARGS(failure->text));
    if (moved && !a->again && !t->hurried)
        begin_anew(a);
    else
        redis_ask_failed(a, problem.text);
    if (t->guest != NULL && (moved || view_starts(view_of(problem.text), "READONLY")))
        redis_guest_close(t->guest, problem.text, true);
    else if (!t->closing)
        pump(t);
}

/* ---- the connection -------------------------------------------------------------------------- */

static void on_ready(void *owner)
{
    struct redis_talk *t = owner;
    t->ready = true;
    t->used = false;
    pump(t);
}

static void keep_reply(struct redis_ask *a, struct redis_reply *r)
{
    if (r->type == REDIS_FAILURE && a->failure == NULL) {
        a->failure = r;
        return;
    }
    /* the last ones; those to queued commands are of no interest */
    if (a->reply_count == ARRAY_LEN(a->replies)) {
        redis_reply_free(a->replies[0]);
        a->replies[0] = a->replies[1];
        a->reply_count--;
    }
    a->replies[a->reply_count++] = r;
}

static void on_reply(void *owner, struct redis_reply *r)
{
    struct redis_talk *t = owner;
    struct redis_ask *a = list_empty(&t->asked) ? NULL : ask_of(t->asked.next);
    if (a == NULL || a->owed == 0) {
        redis_reply_free(r);
        redis_guest_close(t->guest, "Redis sent an answer that nobody asked for", false);
        return;
    }
    t->used = true;
    a->answered = true;
    a->owed--;
    keep_reply(a, r);
    if (a->owed == 0 && !a->more)
        a->speech->answered(a);
}

static void on_room(void *owner)
{
    struct redis_talk *t = owner;
    struct redis_ask *a = list_empty(&t->asked) ? NULL : ask_of(t->asked.prev);
    if (a != NULL && a->more)
        a->speech->room(a);
}

static void lose(struct redis_ask *a, bool was_used, const char *problem)
{
    struct redis_talk *t = a->talk;
    bool old = was_used && !a->answered && !a->again;
    bool goes_on = false;
    if (!t->hurried && old) {
        begin_anew(a);
        goes_on = true;
    } else if (!t->hurried && a->speech->lost != NULL) {
        goes_on = a->speech->lost(a, problem);
    }
    if (!goes_on)
        redis_ask_failed(a, problem);
}

static void on_end(void *owner, const char *problem)
{
    struct redis_talk *t = owner;
    bool was_ready = t->ready;
    bool was_used = t->used;
    bool closing = t->closing;
    struct list losing;
    t->guest = NULL;
    t->ready = false;
    t->used = false;
    list_init(&losing);
    list_move_all(&t->asked, &losing);
    if (!was_ready)
        list_move_all(&t->waiting, &losing); /* nobody can be reached */
    while (!list_empty(&losing))
        lose(ask_of(losing.next), was_used, problem);
    if (closing)
        redis_talk_closed(t);
    else if (!t->closing)
        pump(t);
}

static const struct redis_link_listener listener = {on_ready, on_reply, on_room, on_end};

static void connect_to(struct redis_talk *t)
{
    struct str key = {0};
    redis_segments_key(&key, t->store, REDIS_SEGMENTS_CURSOR);
    t->guest = redis_guest_open(t->store->db->database, str_view(&key), &listener, t);
    str_free(&key);
}

/* An operation with a long way to go has the connection for itself. */
static bool occupied(const struct redis_talk *t)
{
    return !list_empty(&t->asked) && ask_of(t->asked.prev)->more;
}

static void pump(struct redis_talk *t)
{
    if (list_empty(&t->waiting))
        return;
    if (t->guest == NULL) {
        connect_to(t);
        return;
    }
    if (t->ready && list_empty(&t->asked) && redis_guest_is_old(t->guest)) {
        redis_guest_close(t->guest, "the login is old", false);
        t->used = true;
        t->ready = false;
        return;
    }
    while (t->ready && !list_empty(&t->waiting) && !occupied(t)) {
        struct redis_ask *a = ask_of(t->waiting.next);
        list_remove(&a->link);
        list_append(&t->asked, &a->link);
        a->speech->begin(a);
    }
}

/* ---- the face -------------------------------------------------------------------------------- */

void redis_talk_open(struct redis_talk *t, struct membership_store *s)
{
    *t = (struct redis_talk){.store = s};
    list_init(&t->waiting);
    list_init(&t->asked);
}

void redis_talk_add(struct redis_talk *t, struct redis_ask *a)
{
    list_init(&a->link);
    a->talk = t;
    list_append(&t->waiting, &a->link);
    pump(t);
}

void redis_ask_send_take(struct redis_ask *a, struct str *commands, size_t answers)
{
    a->owed += answers;
    redis_guest_send_take(a->talk->guest, commands, answers);
}

void redis_talk_hurry(struct redis_talk *t)
{
    t->hurried = true;
    if (t->guest != NULL)
        redis_guest_close(t->guest, "the relay is stopping", false);
}

bool redis_talk_close(struct redis_talk *t)
{
    t->closing = true;
    if (t->guest != NULL)
        redis_guest_close(t->guest, "closed", false);
    return t->guest == NULL;
}
