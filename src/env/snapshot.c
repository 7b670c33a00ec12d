/* env/snapshot.c - see snapshot.h. */
#include "env/snapshot.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <string.h>

struct env_facts *env_facts_new(const char *name, const char *env_id, struct log_scope *log)
{
    struct env_facts *f = mem_zalloc(sizeof *f);
    atomic_init(&f->refs, 1);
    f->name = mem_copy_text(name, strlen(name));
    f->env_id = mem_copy_text(env_id, strlen(env_id));
    f->log = log_scope_ref(log);
    return f;
}

struct env_facts *env_facts_ref(struct env_facts *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void env_facts_unref(struct env_facts *f)
{
    if (f == NULL || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
        return;
    log_scope_unref(f->log);
    mem_free(f->name);
    mem_free(f->env_id);
    mem_free(f);
}

struct env_snapshot *env_snapshot_new(struct env_facts *facts, uint64_t number,
                                      enum env_readiness readiness, struct dataset *data)
{
    struct env_snapshot *s = mem_zalloc(sizeof *s);
    atomic_init(&s->refs, 1);
    s->number = number;
    s->readiness = readiness;
    s->facts = env_facts_ref(facts);
    s->data = data != NULL ? dataset_ref(data) : NULL;
    return s;
}

struct env_snapshot *env_snapshot_ref(struct env_snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void env_snapshot_unref(struct env_snapshot *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    env_facts_unref(s->facts);
    dataset_unref(s->data);
    mem_free(s);
}
