/* bigsegments/membership_redis.c - the kind "redis" (big-segments.md 6.1).
 *
 *   APPLY: WATCH lock, GET cursor --other than previousVersion--> UNWATCH: mismatch
 *             '--> MULTI, SET lock, SET cursor, SADD, SREM ... EXEC --nil--> mismatch
 */
#include "bigsegments/membership_redis.h"

#define CHUNK_BYTES ((size_t)1 << 20) /* what is made ready for the socket at a time */
#define EXEC_PATIENCE_MS 30000        /* half a million commands take half a second */

#define CURSOR "big_segments_cursor"
#define LOCK "big_segments_lock"
#define TIME "big_segments_synchronized_on"
#define INCLUDE "big_segment_include:"
#define EXCLUDE "big_segment_exclude:"

struct redis_store {
    struct membership_store base;
    struct redis_talk changes;
    struct redis_talk questions;
};

static const struct view none = {"", 0};

void redis_segments_key(struct str *out, const struct membership_store *s, const char *name)
{
    str_append_text(out, s->prefix);
    str_append_char(out, ':');
    str_append_text(out, name);
}

/* NAME key [value] */
static void command(struct str *out, const struct redis_ask *a, const char *name, const char *key,
                    const struct view *value)
{
    struct str text = {0};
    redis_segments_key(&text, a->talk->store, key);
    const struct view words[] = {view_of(name), str_view(&text), value != NULL ? *value : none};
    redis_command(out, words, value != NULL ? 3 : 2);
    str_free(&text);
}

static void word(struct str *out, const char *name)
{
    redis_command_short(out, name, none, none, none);
}

static const struct redis_reply *last_reply(const struct redis_ask *a)
{
    return a->replies[a->reply_count - 1];
}

/* True, and the operation has failed, when Redis said so, or said something odd. */
static bool refused(struct redis_ask *a)
{
    if (a->failure == NULL)
        return false;
    redis_ask_refused(a, a->failure);
    return true;
}

/* ---- one value --------------------------------------------------------------------------------
 */

static void ask_value(struct redis_ask *a)
{
    struct str out = {0};
    command(&out, a, "GET", a->op->type == MEMBERSHIP_OP_READ_CURSOR ? CURSOR : TIME, NULL);
    redis_ask_send_take(a, &out, 1);
}

/* Unix milliseconds in decimal; nil: never. */
static bool time_parse(const struct redis_reply *r, int64_t *out)
{
    struct view rest = r->text;
    int64_t value = 0;
    if (r->type == REDIS_NIL)
        rest = none;
    else if (r->type != REDIS_TEXT || rest.len == 0 || rest.len > 18)
        return false;
    for (; rest.len > 0; rest = view_from(rest, 1)) {
        if (rest.data[0] < '0' || rest.data[0] > '9')
            return false;
        value = value * 10 + (rest.data[0] - '0');
    }
    *out = value;
    return true;
}

static void value_answered(struct redis_ask *a)
{
    if (refused(a))
        return;
    const struct redis_reply *r = last_reply(a);
    bool cursor = a->op->type == MEMBERSHIP_OP_READ_CURSOR;
    if (cursor ? r->type != REDIS_TEXT && r->type != REDIS_NIL : !time_parse(r, &a->op->time_ms)) {
        redis_ask_failed(a, cursor ? "the cursor in Redis is no text"
                                   : "the time of synchronization in Redis is no number");
        return;
    }
    if (cursor)
        str_append(&a->op->cursor, r->text);
    redis_ask_done(a);
}

static const struct redis_speech speech_value = {ask_value, NULL, value_answered, NULL};

static void set_value(struct redis_ask *a)
{
    struct str out = {0};
    struct str time = {0};
    if (a->op->type == MEMBERSHIP_OP_WRITE_TIME) {
        str_append_int(&time, a->op->time_ms);
        struct view value = str_view(&time);
        command(&out, a, "SET", TIME, &value);
    } else {
        word(&out, "MULTI");
        command(&out, a, "SET", LOCK, &none);
        command(&out, a, "SET", CURSOR, &none);
        word(&out, "EXEC");
    }
    redis_ask_send_take(a, &out, a->op->type == MEMBERSHIP_OP_WRITE_TIME ? 1 : 4);
    str_free(&time);
}

static void value_set(struct redis_ask *a)
{
    if (!refused(a))
        redis_ask_done(a);
}

static const struct redis_speech speech_set = {set_value, NULL, value_set, NULL};

/* ---- memberships ------------------------------------------------------------------------------
 */

static void ask_members(struct redis_ask *a)
{
    static const char *const names[] = {INCLUDE, EXCLUDE};
    struct str out = {0};
    struct str name = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        str_clear(&name);
        str_append_text(&name, names[i]);
        str_append(&name, a->op->hash);
        command(&out, a, "SMEMBERS", str_text(&name), NULL);
    }
    redis_ask_send_take(a, &out, ARRAY_LEN(names));
    str_free(&name);
}

/* Views of a set's members; the caller frees the array. NULL: it is no set. */
static struct view *members_of(const struct redis_reply *r, size_t *count)
{
    *count = r->type == REDIS_LIST ? r->count : 0;
    if (r->type != REDIS_LIST && r->type != REDIS_NIL)
        return NULL;
    struct view *views = mem_alloc((*count + 1) * sizeof *views);
    for (size_t i = 0; i < *count; i++)
        views[i] = r->elements[i]->text;
    return views;
}

static void members_answered(struct redis_ask *a)
{
    if (refused(a))
        return;
    size_t included_count;
    size_t excluded_count;
    struct view *included = members_of(a->replies[0], &included_count);
    struct view *excluded = members_of(a->replies[1], &excluded_count);
    bool fine = included != NULL && excluded != NULL;
    if (fine)
        a->op->found = memberships_new(included, included_count, excluded, excluded_count);
    mem_free(included);
    mem_free(excluded);
    if (fine)
        redis_ask_done(a);
    else
        redis_ask_failed(a, "the members in Redis are no set");
}

static const struct redis_speech speech_members = {ask_members, NULL, members_answered, NULL};

/* ---- a patch ----------------------------------------------------------------------------------
 */

enum apply_step { APPLY_LOOK, APPLY_UNWATCH, APPLY_TRANSACTION, APPLY_MAKE_SURE };

static void apply_begin(struct redis_ask *a)
{
    struct str out = {0};
    if (a->step == APPLY_MAKE_SURE) {
        command(&out, a, "GET", CURSOR, NULL);
        redis_ask_send_take(a, &out, 1);
        return;
    }
    a->step = APPLY_LOOK;
    command(&out, a, "WATCH", LOCK, NULL);
    command(&out, a, "GET", CURSOR, NULL);
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
    } says[PATCH_LIST_COUNT] = {[PATCH_INCLUDED_ADD] = {"SADD", INCLUDE},
                                [PATCH_INCLUDED_REMOVE] = {"SREM", INCLUDE},
                                [PATCH_EXCLUDED_ADD] = {"SADD", EXCLUDE},
                                [PATCH_EXCLUDED_REMOVE] = {"SREM", EXCLUDE}};
    struct view hash = none;
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
        word(out, "EXEC");
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
    word(&out, "MULTI");
    command(&out, a, "SET", LOCK, &none);
    command(&out, a, "SET", CURSOR, &version);
    list_begin(a, PATCH_INCLUDED_ADD);
    transaction_send(a, &out, 3);
}

static void looked(struct redis_ask *a)
{
    const struct redis_reply *r = last_reply(a);
    struct str out = {0};
    if (view_equal(r->text, str_view(&a->op->patch->previous_version))) {
        transaction_begin(a);
        return;
    }
    a->step = APPLY_UNWATCH;
    redis_ask_forget_replies(a);
    word(&out, "UNWATCH");
    redis_ask_send_take(a, &out, 1);
}

/* Nil: somebody else has written since the WATCH. */
static void executed(struct redis_ask *a)
{
    const struct redis_reply *r = last_reply(a);
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
    if (view_equal(last_reply(a)->text, str_view(&a->op->patch->version)))
        redis_ask_done(a);
    else
        redis_ask_failed(a, problem.text);
}

static void apply_answered(struct redis_ask *a)
{
    if (refused(a))
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

static const struct redis_speech speech_apply = {apply_begin, apply_room, apply_answered,
                                                 apply_lost};

/* ---- the kind ---------------------------------------------------------------------------------
 */

static struct redis_store *redis_of(struct membership_store *s)
{
    return CONTAINER_OF(s, struct redis_store, base);
}

static struct membership_store *redis_open(struct membership_database *db)
{
    struct redis_store *r = mem_zalloc(sizeof *r);
    (void)db;
    redis_talk_open(&r->changes, &r->base);
    redis_talk_open(&r->questions, &r->base);
    return &r->base;
}

static void redis_opened(struct membership_store *s)
{
    log_always(s->log, LOG_INFO, "Using Redis big segment store: %s with prefix: %s",
               store_database_server(s->db->database), s->prefix);
}

static void redis_run(struct membership_store *s, struct membership_op *op)
{
    static const struct redis_speech *const speeches[MEMBERSHIP_OP_TYPE_COUNT] = {
        [MEMBERSHIP_OP_QUERY] = &speech_members,    [MEMBERSHIP_OP_READ_TIME] = &speech_value,
        [MEMBERSHIP_OP_WRITE_TIME] = &speech_set,   [MEMBERSHIP_OP_READ_CURSOR] = &speech_value,
        [MEMBERSHIP_OP_RESET_CURSOR] = &speech_set, [MEMBERSHIP_OP_APPLY] = &speech_apply,
    };
    struct redis_store *r = redis_of(s);
    struct redis_ask *a = mem_zalloc(sizeof *a);
    bool question = op->type == MEMBERSHIP_OP_QUERY || op->type == MEMBERSHIP_OP_READ_TIME;
    a->op = op;
    a->speech = speeches[op->type];
    redis_talk_add(question ? &r->questions : &r->changes, a);
}

static void redis_hurry(struct membership_store *s)
{
    redis_talk_hurry(&redis_of(s)->changes);
    redis_talk_hurry(&redis_of(s)->questions);
}

void redis_talk_closed(struct redis_talk *t)
{
    struct redis_store *r = redis_of(t->store);
    if (r->changes.guest == NULL && r->questions.guest == NULL)
        membership_store_released(&r->base);
}

static void redis_release(struct membership_store *s)
{
    bool changes = redis_talk_close(&redis_of(s)->changes);
    bool questions = redis_talk_close(&redis_of(s)->questions);
    if (changes && questions)
        membership_store_released(s);
}

static const struct membership_kind redis_kind = {.title = "RedisBigSegmentStore:",
                                                  .open = redis_open,
                                                  .run = redis_run,
                                                  .hurry = redis_hurry,
                                                  .release = redis_release,
                                                  .opened = redis_opened};

struct membership_database *membership_redis_open(void)
{
    struct membership_database *db = mem_zalloc(sizeof *db);
    db->kind = &redis_kind;
    return db;
}
