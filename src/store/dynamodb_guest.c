/* store/dynamodb_guest.c - see dynamodb_guest.h: a task whose operation is of no store. */
#include "store/dynamodb_guest.h"

#include "store/dynamodb_private.h"
#include "store/store_private.h"

struct dynamodb_guest {
    struct dynamodb_task *task;
    struct store_op op; /* as patient as a read */
    void (*answered)(void *owner, const struct dynamodb_result *result);
    void (*due)(void *owner);
    void (*closed)(void *owner);
    void *owner;
};

static struct dynamodb_guest *guest_of(const struct dynamodb_task *t)
{
    return CONTAINER_OF(t->op, struct dynamodb_guest, op);
}

static void on_done(struct store_op *op)
{
    struct dynamodb_guest *g = CONTAINER_OF(op, struct dynamodb_guest, op);
    void (*closed)(void *owner) = g->closed;
    void *owner = g->owner;
    mem_free(g);
    closed(owner); /* membership_dynamodb.c */
}

struct dynamodb_guest *dynamodb_guest_open(struct store_database *db,
                                           const struct dynamodb_place *place,
                                           void (*closed)(void *owner), void *owner)
{
    struct dynamodb_backend *b = CONTAINER_OF(db->backend, struct dynamodb_backend, base);
    struct dynamodb_guest *g = mem_zalloc(sizeof *g);
    g->op = (struct store_op){
        .type = STORE_OP_READ, .prefix = place->prefix, .table = place->table, .done = on_done};
    g->closed = closed;
    g->owner = owner;
    g->task = dynamodb_task_new(b, &g->op);
    return g;
}

static void on_answered(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    const struct dynamodb_guest *g = guest_of(t);
    g->answered(g->owner, result);
}

void dynamodb_guest_ask(struct dynamodb_guest *g, const char *operation, struct str *body,
                        void (*answered)(void *owner, const struct dynamodb_result *result))
{
    g->answered = answered;
    bool ending = g->task->ended || g->task->backend->hurried;
    if (!ending) {
        dynamodb_ask_text(g->task, operation, body, on_answered);
        return;
    }
    str_free(body);
    dynamodb_guest_close(g);
}

static void on_due(struct dynamodb_task *t)
{
    const struct dynamodb_guest *g = guest_of(t);
    g->due(g->owner);
}

void dynamodb_guest_later(struct dynamodb_guest *g, int64_t ms, void (*due)(void *owner))
{
    g->due = due;
    if (!g->task->ended)
        dynamodb_later(g->task, ms, on_due);
}

void dynamodb_guest_close(struct dynamodb_guest *g)
{
    if (!g->task->ended)
        dynamodb_succeed(g->task);
}
