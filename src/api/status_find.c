/* api/status_find.c - the environment that a /status/... path names (status.md 13). */
#include "api/status.h"

/* "prod" with the filter "web" is displayed as "prod/web". */
static bool has_name(const struct env_facts *f, struct view name, struct view filter)
{
    struct view display = view_of(f->name);
    if (filter.len == 0)
        return view_equal(display, name);
    return display.len == name.len + 1 + filter.len &&
           view_equal(view_make(display.data, name.len), name) && display.data[name.len] == '/' &&
           view_equal(view_from(display, name.len + 1), filter);
}

static bool has_id(const struct env_facts *f, struct view id, struct view filter)
{
    (void)filter;
    return id.len != 0 && view_is(id, f->env_id);
}

static const struct env_snapshot *find(const struct status_document *d, struct view text,
                                       struct view filter,
                                       bool (*matches)(const struct env_facts *f, struct view text,
                                                       struct view filter))
{
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env != NULL && view_is(filter, env->facts->filter_key) &&
            matches(env->facts, text, filter))
            return env;
    }
    return NULL;
}

const struct env_snapshot *status_find(const struct status_document *d, struct view identifier,
                                       struct view filter)
{
    const struct env_snapshot *env = find(d, identifier, filter, has_id);
    return env != NULL ? env : find(d, identifier, filter, has_name);
}

const struct env_snapshot *status_find_listed(const struct status_document *d, struct view name)
{
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env != NULL && view_is(name, env->facts->name))
            return env;
    }
    return NULL;
}
