/* A kind of database that answers when and what the test says. */
#ifndef TEST_STORE_FAKE_KIND_H
#define TEST_STORE_FAKE_KIND_H

#include "harness.h"
#include "store/store_kind.h"

struct fake_kind {
    struct store_backend base;
    struct store_backend_class class;
    struct list ops; /* that wait for an answer */
    unsigned asked;  /* operations ever */
    unsigned hurried;
    struct world *world;
    uv_timer_t timer; /* never started: closing it makes the end come later */
    void (*closed)(void *arg);
    void *arg;
};

/* Opens the world's database on a fake kind. */
void fake_open(struct fake_kind *f, struct world *w, bool embedded);

/* Waits for an operation of this type, the oldest one. */
struct store_op *fake_next(struct fake_kind *f, enum store_op_type type);

/* Nothing is being asked. */
bool fake_idle(const struct fake_kind *f);

/* Answers it; the operation must not be touched afterwards. A read finds nothing. */
void fake_ok(struct store_op *op);
void fake_marked(struct store_op *op, bool marked);
void fake_fail(struct store_op *op, const char *problem);

#endif
