/* bigsegments/membership_redis.c - the kind "redis": cursor, time and questions (big-segments.md
 * 6.1). */
#include "bigsegments/membership_redis.h"

struct redis_store {
    struct membership_store base;
    struct redis_talk changes;
    struct redis_talk questions;
};

void redis_segments_key(struct str *out, const struct membership_store *s, const char *name)
{
    str_append_text(out, s->prefix);
    str_append_char(out, ':');
    str_append_text(out, name);
}

/* NAME key [value] */
void redis_ask_command(struct str *out, const struct redis_ask *a, const char *name,
                       const char *key, const struct view *value)
{
    struct str text = {0};
    redis_segments_key(&text, a->talk->store, key);
    const struct view words[] = {view_of(name), str_view(&text),
                                 value != NULL ? *value : redis_no_text};
    redis_command(out, words, value != NULL ? 3 : 2);
    str_free(&text);
}

void redis_ask_word(struct str *out, const char *name)
{
    redis_command_short(out, name, redis_no_text, redis_no_text, redis_no_text);
}

const struct redis_reply *redis_ask_last_reply(const struct redis_ask *a)
{
    return a->replies[a->reply_count - 1];
}

/* True, and the operation has failed, when Redis said so, or said something odd. */
bool redis_ask_was_refused(struct redis_ask *a)
{
    if (a->failure == NULL)
        return false;
    redis_ask_refused(a, a->failure);
    return true;
}

/* ---- one value ------------------------------------------------------------------------------- */

static void ask_value(struct redis_ask *a)
{
    struct str out = {0};
    redis_ask_command(&out, a, "GET",
                      a->op->type == MEMBERSHIP_OP_READ_CURSOR ? REDIS_SEGMENTS_CURSOR
                                                               : REDIS_SEGMENTS_TIME,
                      NULL);
    redis_ask_send_take(a, &out, 1);
}

/* Unix milliseconds in decimal; nil: never. */
static bool time_parse(const struct redis_reply *r, int64_t *out)
{
    struct view rest = r->text;
    int64_t value = 0;
    if (r->type == REDIS_NIL)
        rest = redis_no_text;
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
    if (redis_ask_was_refused(a))
        return;
    const struct redis_reply *r = redis_ask_last_reply(a);
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
        redis_ask_command(&out, a, "SET", REDIS_SEGMENTS_TIME, &value);
    } else {
        redis_ask_word(&out, "MULTI");
        redis_ask_command(&out, a, "SET", REDIS_SEGMENTS_LOCK, &redis_no_text);
        redis_ask_command(&out, a, "SET", REDIS_SEGMENTS_CURSOR, &redis_no_text);
        redis_ask_word(&out, "EXEC");
    }
    redis_ask_send_take(a, &out, a->op->type == MEMBERSHIP_OP_WRITE_TIME ? 1 : 4);
    str_free(&time);
}

static void value_set(struct redis_ask *a)
{
    if (!redis_ask_was_refused(a))
        redis_ask_done(a);
}

static const struct redis_speech speech_set = {set_value, NULL, value_set, NULL};

/* ---- memberships ----------------------------------------------------------------------------- */

static void ask_members(struct redis_ask *a)
{
    static const char *const names[] = {REDIS_SEGMENTS_INCLUDE, REDIS_SEGMENTS_EXCLUDE};
    struct str out = {0};
    struct str name = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        str_clear(&name);
        str_append_text(&name, names[i]);
        str_append(&name, a->op->hash);
        redis_ask_command(&out, a, "SMEMBERS", str_text(&name), NULL);
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
    if (redis_ask_was_refused(a))
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

/* ---- the kind -------------------------------------------------------------------------------- */

static struct redis_store *redis_of(struct membership_store *s)
{
    return CONTAINER_OF(s, struct redis_store, base);
}

static struct membership_store *redis_open(void)
{
    struct redis_store *r = mem_zalloc(sizeof *r);
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
        [MEMBERSHIP_OP_RESET_CURSOR] = &speech_set, [MEMBERSHIP_OP_APPLY] = &redis_speech_apply,
    };
    struct redis_store *r = redis_of(s);
    struct redis_ask *a = mem_zalloc(sizeof *a);
    a->op = op;
    a->speech = speeches[op->type];
    redis_talk_add(membership_op_is_question(op) ? &r->questions : &r->changes, a);
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
