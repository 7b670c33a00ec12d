/* env/prepare.c - a new data set is compiled for evaluation on the thread pool, while it is being
 * published (flags/evaluate.h, "evaluation_prepare"): otherwise the first request after each change
 * would do it, and hold its serving thread for milliseconds.
 *
 *   env_prepare() --thread pool--> evaluation_prepare() --> prepared(): changed meanwhile? once
 * more
 *
 * Only where evaluations are asked for at all: the data set before has been evaluated. However many
 * changes come, one preparation is under way for an environment.
 */
#include "env/env_private.h"

#include "flags/evaluate.h"

/* Lives until the pool is done with it, also when the environment is gone by then. */
struct env_preparation {
    uv_work_t work;
    struct env *env; /* NULL: closed */
    struct dataset *data;
};

static void prepare(uv_work_t *work)
{
    struct env_preparation *p = CONTAINER_OF(work, struct env_preparation, work);
    evaluation_prepare(p->data);
}

static void start(struct env *e);

static void prepared(uv_work_t *work, int status)
{
    struct env_preparation *p = CONTAINER_OF(work, struct env_preparation, work);
    struct env *e = p->env;
    (void)status; /* whatever was not prepared is prepared by the first request */
    if (e != NULL) {
        e->preparation = NULL;
        if (e->data != NULL && e->data != p->data)
            start(e);
    }
    dataset_unref(p->data);
    mem_free(p);
}

static void start(struct env *e)
{
    struct env_preparation *p = mem_zalloc(sizeof *p);
    p->env = e;
    p->data = dataset_ref(e->data);
    if (uv_queue_work(e->house->settings.loop, &p->work, prepare, prepared) == 0) {
        e->preparation = p;
    } else {
        dataset_unref(p->data);
        mem_free(p);
    }
}

void env_prepare(struct env *e)
{
    struct dataset *before = e->published != NULL ? e->published->data : NULL;
    if (e->preparation == NULL && before != NULL && e->data != NULL && e->data != before &&
        evaluation_is_prepared(before))
        start(e);
}

void env_prepare_forget(struct env *e)
{
    if (e->preparation != NULL)
        e->preparation->env = NULL;
    e->preparation = NULL;
}
