/* config/config.c - whole configurations with their environments and filters: made, shared,
 * released. */
#include "config/config.h"

#include "config/record.h"

#include <stdatomic.h>

struct config_record config_record_of(struct config *c)
{
    return (struct config_record){CONFIG_SCOPE_GLOBAL, c, c->slots, NULL};
}

struct config_record config_environment_record(struct config_environment *e)
{
    return (struct config_record){CONFIG_SCOPE_ENVIRONMENT, e, e->slots, e->name};
}

struct config_record config_filter_record(struct config_filter *f)
{
    return (struct config_record){CONFIG_SCOPE_FILTER, f, f->slots, f->project};
}

static struct config_slot *slots_new(enum config_scope scope)
{
    return mem_zalloc(config_scope_slots(scope) * sizeof(struct config_slot));
}

struct config_environment *config_environment_find(const struct config *c, struct view name)
{
    for (size_t i = 0; i < c->environment_count; i++) {
        if (view_is(name, c->environments[i]->name))
            return c->environments[i];
    }
    return NULL;
}

struct config_environment *config_environment_add(struct config *c, struct view name)
{
    struct config_environment *e = config_environment_find(c, name);
    if (e != NULL)
        return e;
    e = mem_zalloc(sizeof *e);
    e->name = mem_copy_text(name.data, name.len);
    e->store_prefix = mem_copy_text("", 0);
    e->slots = slots_new(CONFIG_SCOPE_ENVIRONMENT);
    config_record_init(config_environment_record(e));
    c->environments = mem_realloc(c->environments, (c->environment_count + 1) * sizeof(void *));
    c->environments[c->environment_count++] = e;
    return e;
}

struct config_environment *config_environment_copy(struct config *c,
                                                   const struct config_environment *e,
                                                   const char *name)
{
    struct config_environment *copy = config_environment_add(c, view_of(name));
    struct config_record from = {CONFIG_SCOPE_ENVIRONMENT, (void *)(uintptr_t)e, e->slots, NULL};
    config_record_copy(config_environment_record(copy), from);
    return copy;
}

struct config_filter *config_filter_find(const struct config *c, struct view project)
{
    for (size_t i = 0; i < c->filter_count; i++) {
        if (view_is(project, c->filters[i]->project))
            return c->filters[i];
    }
    return NULL;
}

struct config_filter *config_filter_add(struct config *c, struct view project)
{
    struct config_filter *f = config_filter_find(c, project);
    if (f != NULL)
        return f;
    f = mem_zalloc(sizeof *f);
    f->project = mem_copy_text(project.data, project.len);
    f->slots = slots_new(CONFIG_SCOPE_FILTER);
    config_record_init(config_filter_record(f));
    c->filters = mem_realloc(c->filters, (c->filter_count + 1) * sizeof(void *));
    c->filters[c->filter_count++] = f;
    return f;
}

struct config *config_new(void)
{
    struct config *c = mem_zalloc(sizeof *c);
    atomic_init(&c->refs, 1);
    c->slots = slots_new(CONFIG_SCOPE_GLOBAL);
    c->file = mem_copy_text("", 0);
    c->redis_address = mem_copy_text("", 0);
    config_record_init(config_record_of(c));
    return c;
}

const struct config *config_ref(const struct config *c)
{
    atomic_fetch_add_explicit(&((struct config *)(uintptr_t)c)->refs, 1, memory_order_relaxed);
    return c;
}

void config_unref(const struct config *shared)
{
    struct config *c = (struct config *)(uintptr_t)shared;
    if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->environment_count; i++) {
        config_record_free(config_environment_record(c->environments[i]));
        mem_free(c->environments[i]->name);
        mem_free(c->environments[i]->store_prefix);
        mem_free(c->environments[i]);
    }
    mem_free(c->environments);
    for (size_t i = 0; i < c->filter_count; i++) {
        config_record_free(config_filter_record(c->filters[i]));
        mem_free(c->filters[i]->project);
        mem_free(c->filters[i]);
    }
    mem_free(c->filters);
    config_record_free(config_record_of(c));
    mem_free(c->file);
    mem_free(c->redis_address);
    mem_free(c);
}
