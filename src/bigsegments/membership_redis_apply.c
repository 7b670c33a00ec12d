/* bigsegments/membership_redis_apply.c - a patch becomes one transaction (big-segments.md 6.1).
 *
 *   WATCH lock, GET cursor --other than previousVersion--> UNWATCH: mismatch
 *      '--> MULTI, SET lock, SET cursor, SADD, SREM ... EXEC --nil--> mismatch
 *
 * Commands are made ready in pieces as the socket drains.
 */
#include "bigsegments/membership_redis.h"

#define CHUNK_BYTES ((size_t)256 << 10) /* what is made ready for the socket at a time */
#define EXEC_PATIENCE_MS 30000          /* half a million commands take half a second */

enum apply_step { APPLY_LOOK, APPLY_UNWATCH, APPLY_TRANSACTION, APPLY_MAKE_SURE };

static void apply_begin(struct redis_ask *a)
{
    struct str out = {0};
    if (a->step == APPLY_MAKE_SURE) {
        redis_ask_command(&out, a, "GET", REDIS_SEGMENTS_CURSOR, NULL);
        redis_ask_send_take(a, &out, 1);
        return;
    }
    a->step = APPLY_LOOK;
    redis_ask_command(&out, a, "WATCH", REDIS_SEGMENTS_LOCK, NULL);
    redis_ask_command(&out, a, "GET", REDIS_SEGMENTS_CURSOR, NULL);
    redis_ask_send_take(a, &out, 2);
}

static void list_begin(struct redis_ask *a, enum patch_list list)
{
    a->list = list;
    patch_hashes_begin(&a->hashes, a->op->patch, list);
    a->walking = true;
}

/* One command per hash until the piece is full; true when the list is at its end. */
static bool list_write(struct redis_ask *a, struct str *out, size_t *count)
{
    static const struct {
        const char *name;
        const char *key;
    } says[PATCH_LIST_COUNT] = {[PATCH_INCLUDED_ADD] = {"SADD", REDIS_SEGMENTS_INCLUDE},
                                [PATCH_INCLUDED_REMOVE] = {"SREM", REDIS_SEGMENTS_INCLUDE},
                                [PATCH_EXCLUDED_ADD] = {"SADD", REDIS_SEGMENTS_EXCLUDE},
                                [PATCH_EXCLUDED_REMOVE] = {"SREM", REDIS_SEGMENTS_EXCLUDE}};
    struct view hash = redis_no_text;
    struct str key = {0};
    redis_segments_key(&key, a->talk->store, says[a->list].key);
    size_t len = key.len;
    bool more = true;
    while (out->len < CHUNK_BYTES && (more = patch_hashes_next(&a->hashes, &hash))) {
        key.len = len;
        str_append(&key, hash);
        const struct view words[] = {view_of(says[a->list].name), str_view(&key),
                                     str_view(&a->op->patch->segment_id)};
        redis_command(out, words, 3);
        (*count)++;
    }
    str_free(&key);
    return !more;
}

static void transaction_send(struct redis_ask *a, struct str *out, size_t count)
{
    while (a->walking && list_write(a, out, &count)) {
        patch_hashes_end(&a->hashes);
        a->walking = false;
        if (a->list + 1 < PATCH_LIST_COUNT)
            list_begin(a, a->list + 1);
    }
    a->more = a->walking;
    if (!a->more) {
        redis_ask_word(out, "EXEC");
        count++;
    }
    redis_ask_send_take(a, out, count);
    if (!a->more)
        redis_guest_set_patience(a->talk->guest, EXEC_PATIENCE_MS);
}

static void apply_room(struct redis_ask *a)
{
    struct str out = {0};
    transaction_send(a, &out, 0);
}

static void transaction_begin(struct redis_ask *a)
{
    struct str out = {0};
    struct view version = str_view(&a->op->patch->version);
    a->step = APPLY_TRANSACTION;
    redis_ask_forget_replies(a);
    redis_ask_word(&out, "MULTI");
    redis_ask_command(&out, a, "SET", REDIS_SEGMENTS_LOCK, &redis_no_text);
    redis_ask_command(&out, a, "SET", REDIS_SEGMENTS_CURSOR, &version);
    list_begin(a, PATCH_INCLUDED_ADD);
    transaction_send(a, &out, 3);
}

static void looked(struct redis_ask *a)
{
    const struct redis_reply *r = redis_ask_last_reply(a);
    struct str out = {0};
    if (view_equal(r->text, str_view(&a->op->patch->previous_version))) {
        transaction_begin(a);
        return;
    }
    a->step = APPLY_UNWATCH;
    redis_ask_forget_replies(a);
    redis_ask_word(&out, "UNWATCH");
    redis_ask_send_take(a, &out, 1);
}

/* Nil: somebody else has written since the WATCH. */
static void executed(struct redis_ask *a)
{
    const struct redis_reply *r = redis_ask_last_reply(a);
    const struct redis_reply *failure = redis_reply_failure(r);
    if (failure != NULL) {
        redis_ask_refused(a, failure);
    } else if (r->type != REDIS_LIST && r->type != REDIS_NIL) {
        redis_ask_failed(a, "Redis did not carry out the transaction");
    } else {
        a->op->mismatch = r->type == REDIS_NIL;
        redis_ask_done(a);
    }
}

/* What the database says after the answer to EXEC was lost. */
static void made_sure(struct redis_ask *a)
{
    struct error problem = a->broken;
    if (view_equal(redis_ask_last_reply(a)->text, str_view(&a->op->patch->version)))
        redis_ask_done(a);
    else
        redis_ask_failed(a, problem.text);
}

static void apply_answered(struct redis_ask *a)
{
    if (redis_ask_was_refused(a))
        return;
    switch ((enum apply_step)a->step) {
    case APPLY_LOOK:
        looked(a);
        break;
    case APPLY_UNWATCH:
        a->op->mismatch = true;
        redis_ask_done(a);
        break;
    case APPLY_TRANSACTION:
        executed(a);
        break;
    case APPLY_MAKE_SURE:
        made_sure(a);
        break;
    }
}

/* Where the versions are equal, the cursor tells nothing; but then applying again does no harm. */
static bool apply_lost(struct redis_ask *a, const char *problem)
{
    const struct patch *p = a->op->patch;
    if (a->step != APPLY_TRANSACTION || a->more ||
        view_equal(str_view(&p->version), str_view(&p->previous_version)))
        return false;
    error_set(&a->broken, "%s", problem);
    a->step = APPLY_MAKE_SURE;
    a->owed = 0;
    a->answered = false;
    redis_ask_forget_replies(a);
    list_remove(&a->link);
    list_append(&a->talk->waiting, &a->link);
    return true;
}

const struct redis_speech redis_speech_apply = {apply_begin, apply_room, apply_answered,
                                                apply_lost};
