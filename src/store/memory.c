/* store/memory.c - no database: the environment's own data set is all there is (data-store.md 1).
 *
 * Writes succeed and keep nothing, a read finds nothing, and nothing ever fails.
 */
#include "store/store_private.h"

struct memory {
    struct store_backend base;
    uv_timer_t timer; /* answers come from a later turn */
    struct list ops;
    void (*closed)(void *arg);
    void *arg;
};

static struct memory *memory_of(struct store_backend *b)
{
    return CONTAINER_OF(b, struct memory, base);
}

static void answer(uv_timer_t *timer)
{
    struct memory *m = CONTAINER_OF(timer, struct memory, timer);
    struct list ops;
    list_init(&ops);
    while (!list_empty(&m->ops)) {
        struct list *first = m->ops.next;
        list_remove(first);
        list_append(&ops, first);
    }
    while (!list_empty(&ops)) {
        struct store_op *op = CONTAINER_OF(ops.next, struct store_op, link);
        list_remove(&op->link);
        op->ok = true;
        op->marked = false;
        if (op->type == STORE_OP_READ)
            op->read = dataset_empty();
        op->done(op);
    }
}

static void memory_run(struct store_backend *b, struct store_op *op)
{
    struct memory *m = memory_of(b);
    list_append(&m->ops, &op->link);
    (void)uv_timer_start(&m->timer, answer, 0, 0);
}

static void memory_hurry(struct store_backend *b)
{
    (void)b; /* every answer comes in the next turn anyway */
}

static void timer_closed(uv_handle_t *handle)
{
    struct memory *m = CONTAINER_OF((uv_timer_t *)handle, struct memory, timer);
    void (*closed)(void *arg) = m->closed;
    void *arg = m->arg;
    mem_free(m);
    closed(arg);
}

static void memory_close(struct store_backend *b, void (*closed)(void *arg), void *arg)
{
    struct memory *m = memory_of(b);
    m->closed = closed;
    m->arg = arg;
    uv_close((uv_handle_t *)&m->timer, timer_closed);
}

static const char *memory_server(const struct store_backend *b)
{
    (void)b;
    return "";
}

static const struct store_backend_class memory_class = {
    .name = NULL,
    .title = "memory",
    .run = memory_run,
    .hurry = memory_hurry,
    .close = memory_close,
    .server = memory_server,
};

struct store_backend *store_memory_open(uv_loop_t *loop)
{
    struct memory *m = mem_zalloc(sizeof *m);
    m->base.class = &memory_class;
    list_init(&m->ops);
    (void)uv_timer_init(loop, &m->timer);
    return &m->base;
}
