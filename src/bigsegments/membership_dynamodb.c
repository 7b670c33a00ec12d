/* bigsegments/membership_dynamodb.c - the kind "dynamodb" (big-segments.md 6.2).
 *
 *   APPLY: groups of hashes, one TransactWriteItems each, under the condition on the cursor
 *             --> UpdateItem of the cursor, under the same condition
 *
 * An operation is a guest of the data store's backend; a patch that fails in the middle is applied
 * again from its start, which does no harm.
 */
#include "bigsegments/membership_dynamodb_body.h"
#include "bigsegments/membership_kind.h"
#include "store/dynamodb_guest.h"

#include "base/list.h"
#include "base/random.h"

#include <string.h>

#define GROUP_SMALL 24 /* of an older service, with its limit of 25 */
#define TRIES 5        /* of a transaction that others disturb */
#define PAUSE_MS 50    /* doubled from try to try */
#define QUESTIONS 16   /* under way at a time: each has a connection */

struct dynamodb_store {
    struct membership_store base;
    struct dynamodb_place place;
    struct list asks;    /* under way */
    struct list waiting; /* questions for which there are too many already */
    size_t questions;
    size_t group_limit;
    bool told_too_large;
};

/* One operation. */
struct dynamodb_ask {
    struct list link;
    struct dynamodb_store *store;
    struct membership_op *op;
    struct dynamodb_guest *guest; /* NULL: it waits */
    /* APPLY */
    struct membership_group group;
    struct patch_hashes hashes;
    size_t list; /* the one being walked through, in the order of `list_order` */
    bool walking;
    char token[37]; /* of the present group */
    unsigned tries;
};

/* As the reference applies them. */
static const enum patch_list list_order[PATCH_LIST_COUNT] = {
    PATCH_INCLUDED_ADD, PATCH_EXCLUDED_ADD, PATCH_INCLUDED_REMOVE, PATCH_EXCLUDED_REMOVE};

/* ---- the end of an operation ----------------------------------------------------------------- */

static void next_question(struct dynamodb_store *s);

static void on_closed(void *owner)
{
    struct dynamodb_ask *a = owner;
    struct membership_store *s = &a->store->base;
    struct membership_op *op = a->op;
    list_remove(&a->link);
    a->store->questions -= membership_op_is_question(op);
    next_question(a->store);
    if (a->walking)
        patch_hashes_end(&a->hashes);
    membership_group_free(&a->group);
    mem_free(a);
    membership_op_finish(s, op);
}

static void succeed(struct dynamodb_ask *a)
{
    a->op->ok = true;
    dynamodb_guest_close(a->guest);
}

static void fail(struct dynamodb_ask *a, const char *problem)
{
    error_set(&a->op->problem, "%s", problem);
    dynamodb_guest_close(a->guest);
}

static void mismatch(struct dynamodb_ask *a)
{
    a->op->mismatch = true;
    succeed(a);
}

static bool is_refusal(const struct dynamodb_result *answer, const char *name)
{
    return !answer->ok && strcmp(answer->name, name) == 0;
}

/* ---- a patch --------------------------------------------------------------------------------- */

static void on_cursor_set(void *owner, const struct dynamodb_result *answer)
{
    struct dynamodb_ask *a = owner;
    if (is_refusal(answer, "ConditionalCheckFailedException"))
        mismatch(a);
    else if (!answer->ok)
        fail(a, answer->problem);
    else
        succeed(a);
}

static void set_cursor(struct dynamodb_ask *a)
{
    struct str body = {0};
    membership_body_cursor(&body, &a->store->place, a->op->patch);
    dynamodb_guest_ask(a->guest, "UpdateItem", &body, on_cursor_set);
}

static void next_group(struct dynamodb_ask *a);
static void on_group(void *owner, const struct dynamodb_result *answer);

static void send_group(void *owner)
{
    struct dynamodb_ask *a = owner;
    struct str body = {0};
    membership_body_group(&body, &a->store->place, &a->group, a->op->patch, a->token);
    dynamodb_guest_ask(a->guest, "TransactWriteItems", &body, on_group);
}

/* No item may have more than 400 KB: some thousand segments. The others are served all the same. */
static void drop(struct dynamodb_ask *a, size_t at)
{
    struct dynamodb_store *s = a->store;
    if (!s->told_too_large)
        log_line(s->base.log, LOG_ERROR,
                 "A context is in too many Big Segments for an item of DynamoDB; it was not added "
                 "to \"%s\", and there may be others",
                 str_text(&a->op->patch->segment_id));
    s->told_too_large = true;
    log_line(s->base.log, LOG_DEBUG, "Context hash \"%.*s\" was not added to \"%s\"",
             VIEW_ARGS(membership_group_hash(&a->group, at)), str_text(&a->op->patch->segment_id));
    membership_group_drop(&a->group, at);
    random_uuid(a->token); /* another transaction */
    if (a->group.count != 0)
        send_group(a);
    else
        next_group(a);
}

static void cancelled(struct dynamodb_ask *a, const struct dynamodb_result *answer)
{
    struct membership_cancelled why;
    membership_answer_cancelled(answer->body, &why);
    if (why.condition)
        mismatch(a);
    else if (why.too_large && why.position < a->group.count)
        drop(a, why.position);
    else if (++a->tries < TRIES)
        dynamodb_guest_later(a->guest, PAUSE_MS << (a->tries - 1), send_group);
    else
        fail(a, answer->problem);
}

/* From the start, in small groups from now on. */
static void begin_small(struct dynamodb_ask *a)
{
    a->store->group_limit = GROUP_SMALL;
    if (a->walking)
        patch_hashes_end(&a->hashes);
    a->walking = false;
    a->list = 0;
    next_group(a);
}

/* "Member must have length less than or equal to 25" */
static bool counts_too_many(const struct dynamodb_ask *a, const struct dynamodb_result *answer)
{
    return a->store->group_limit > GROUP_SMALL && is_refusal(answer, "ValidationException") &&
           strstr(answer->problem, "25") != NULL;
}

static void on_group(void *owner, const struct dynamodb_result *answer)
{
    struct dynamodb_ask *a = owner;
    if (is_refusal(answer, "TransactionCanceledException"))
        cancelled(a, answer);
    else if (counts_too_many(a, answer))
        begin_small(a);
    else if (!answer->ok)
        fail(a, answer->problem);
    else
        next_group(a);
}

/* The walk stands at a list, or is at its end: false. */
static bool list_ready(struct dynamodb_ask *a)
{
    if (!a->walking && a->list < PATCH_LIST_COUNT) {
        patch_hashes_begin(&a->hashes, a->op->patch, list_order[a->list]);
        a->walking = true;
    }
    return a->walking;
}

static void list_end(struct dynamodb_ask *a)
{
    patch_hashes_end(&a->hashes);
    a->walking = false;
    a->list++;
}

/* A hash that is taken from the list must fit: the group is asked before. */
static void next_group(struct dynamodb_ask *a)
{
    size_t limit = a->store->group_limit;
    struct view hash;
    membership_group_clear(&a->group);
    while (a->group.count < limit && list_ready(a)) {
        if (patch_hashes_next(&a->hashes, &hash))
            (void)membership_group_add(&a->group, hash, list_order[a->list], limit);
        else
            list_end(a);
    }
    if (a->group.count == 0) {
        set_cursor(a);
        return;
    }
    random_uuid(a->token);
    a->tries = 0;
    send_group(a);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void on_written(void *owner, const struct dynamodb_result *answer)
{
    struct dynamodb_ask *a = owner;
    if (answer->ok)
        succeed(a);
    else
        fail(a, answer->problem);
}

static void on_read(void *owner, const struct dynamodb_result *answer)
{
    struct dynamodb_ask *a = owner;
    struct membership_op *op = a->op;
    struct error err;
    bool ok = answer->ok;
    if (!ok) {
        fail(a, answer->problem);
        return;
    }
    if (op->type == MEMBERSHIP_OP_QUERY)
        ok = membership_answer_context(answer->body, &op->found, &err);
    else if (op->type == MEMBERSHIP_OP_READ_TIME)
        ok = membership_answer_time(answer->body, &op->time_ms, &err);
    else
        ok = membership_answer_cursor(answer->body, &op->cursor, &err);
    if (ok)
        succeed(a);
    else
        fail(a, err.text);
}

static void begin(struct dynamodb_ask *a)
{
    const struct dynamodb_place *p = &a->store->place;
    struct str body = {0};
    switch (a->op->type) {
    case MEMBERSHIP_OP_APPLY:
        next_group(a);
        return;
    case MEMBERSHIP_OP_QUERY:
        membership_body_context(&body, p, a->op->hash);
        break;
    case MEMBERSHIP_OP_WRITE_TIME:
        membership_body_time(&body, p, a->op->time_ms);
        break;
    case MEMBERSHIP_OP_RESET_CURSOR:
        membership_body_reset(&body, p);
        break;
    default:
        membership_body_metadata(&body, p, a->op->type == MEMBERSHIP_OP_READ_TIME);
        break;
    }
    bool writes =
        a->op->type == MEMBERSHIP_OP_WRITE_TIME || a->op->type == MEMBERSHIP_OP_RESET_CURSOR;
    dynamodb_guest_ask(a->guest, writes ? "UpdateItem" : "GetItem", &body,
                       writes ? on_written : on_read);
}

static void go(struct dynamodb_ask *a)
{
    struct dynamodb_store *s = a->store;
    s->questions += membership_op_is_question(a->op);
    list_remove(&a->link);
    list_append(&s->asks, &a->link);
    a->guest = dynamodb_guest_open(s->base.db->database, &s->place, on_closed, a);
}

static void next_question(struct dynamodb_store *s)
{
    if (list_empty(&s->waiting) || s->questions >= QUESTIONS)
        return;
    struct dynamodb_ask *a = CONTAINER_OF(s->waiting.next, struct dynamodb_ask, link);
    go(a);
    begin(a);
}

/* ---- the kind -------------------------------------------------------------------------------- */

static struct dynamodb_store *dynamodb_of(struct membership_store *s)
{
    return CONTAINER_OF(s, struct dynamodb_store, base);
}

static struct membership_store *dynamodb_open(void)
{
    struct dynamodb_store *s = mem_zalloc(sizeof *s);
    list_init(&s->asks);
    list_init(&s->waiting);
    s->group_limit = MEMBERSHIP_GROUP_MAX;
    return &s->base;
}

static void dynamodb_opened(struct membership_store *s)
{
    dynamodb_of(s)->place = (struct dynamodb_place){.table = s->table, .prefix = s->prefix};
    log_always(s->log, LOG_INFO, "Using DynamoDB big segment store: %s with prefix: %s", s->table,
               s->prefix);
}

static void dynamodb_run(struct membership_store *s, struct membership_op *op)
{
    struct dynamodb_store *d = dynamodb_of(s);
    struct dynamodb_ask *a = mem_zalloc(sizeof *a);
    a->store = d;
    a->op = op;
    error_set(&op->problem, "the relay is stopping");
    list_init(&a->link);
    if (membership_op_is_question(op)) {
        list_append(&d->waiting, &a->link);
        next_question(d);
        return;
    }
    go(a);
    begin(a);
}

/* Who waits gets a guest only to be told so in a later turn. */
static void dynamodb_hurry(struct membership_store *s)
{
    struct dynamodb_store *d = dynamodb_of(s);
    while (!list_empty(&d->waiting))
        go(CONTAINER_OF(d->waiting.next, struct dynamodb_ask, link));
    LIST_EACH (link, &d->asks)
        dynamodb_guest_close(CONTAINER_OF(link, struct dynamodb_ask, link)->guest);
}

static const struct membership_kind dynamodb_kind = {.title = "DynamoDBBigSegmentStore:",
                                                     .open = dynamodb_open,
                                                     .run = dynamodb_run,
                                                     .hurry = dynamodb_hurry,
                                                     .release = membership_store_released,
                                                     .opened = dynamodb_opened};

struct membership_database *membership_dynamodb_open(void)
{
    struct membership_database *db = mem_zalloc(sizeof *db);
    db->kind = &dynamodb_kind;
    return db;
}
