/* See fake_kind.h. */
#include "fake_kind.h"

#include "store/store_private.h"

static void fake_run(struct store_backend *b, struct store_op *op)
{
    struct fake_kind *f = CONTAINER_OF(b, struct fake_kind, base);
    list_append(&f->ops, &op->link);
    f->asked++;
}

static void fake_hurry(struct store_backend *b)
{
    struct fake_kind *f = CONTAINER_OF(b, struct fake_kind, base);
    f->hurried++;
}

static void timer_closed(uv_handle_t *handle)
{
    struct fake_kind *f = CONTAINER_OF((uv_timer_t *)handle, struct fake_kind, timer);
    f->closed(f->arg);
}

static void fake_close(struct store_backend *b, void (*closed)(void *arg), void *arg)
{
    struct fake_kind *f = CONTAINER_OF(b, struct fake_kind, base);
    f->closed = closed;
    f->arg = arg;
    uv_close((uv_handle_t *)&f->timer, timer_closed);
}

static const char *fake_server(const struct store_backend *b)
{
    (void)b;
    return "fake://server";
}

void fake_open(struct fake_kind *f, struct world *w, bool embedded)
{
    *f = (struct fake_kind){.class = {.name = "fake",
                                      .title = "Fake",
                                      .embedded = embedded,
                                      .monitored = true,
                                      .run = fake_run,
                                      .hurry = fake_hurry,
                                      .close = fake_close,
                                      .server = fake_server},
                            .world = w};
    list_init(&f->ops);
    f->base.class = &f->class;
    assert_int_equal(uv_timer_init(&w->loop, &f->timer), 0);
    w->db = mem_zalloc(sizeof *w->db);
    w->db->backend = &f->base;
    w->db->loop = &w->loop;
    w->db->clock = &w->clock.base;
    w->db->health_check_interval_ms = w->settings.health_check_interval_ms;
    list_init(&w->db->stores);
}

static bool has_op(void *arg)
{
    const struct fake_kind *f = arg;
    return !list_empty(&f->ops);
}

struct store_op *fake_next(struct fake_kind *f, enum store_op_type type)
{
    run_until(f->world, has_op, f, "an operation");
    struct store_op *op = CONTAINER_OF(f->ops.next, struct store_op, link);
    list_remove(&op->link);
    assert_int_equal(op->type, type);
    return op;
}

bool fake_idle(const struct fake_kind *f)
{
    return list_empty(&f->ops);
}

void fake_marked(struct store_op *op, bool marked)
{
    op->ok = true;
    op->marked = marked;
    if (op->type == STORE_OP_READ)
        op->read = dataset_empty();
    op->done(op);
}

void fake_ok(struct store_op *op)
{
    fake_marked(op, true);
}

void fake_fail(struct store_op *op, const char *problem)
{
    error_set(&op->problem, "%s", problem);
    op->done(op);
}
