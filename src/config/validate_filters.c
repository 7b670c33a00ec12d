/* config/validate_filters.c - payload filters: checked, then made into environments of their own
 * (section 10). */
#include "config/record.h"
#include "config/validate.h"
#include "config/value.h"

/* Flags from files have no payload filters (autoconfig-offline.md 8). */
static bool takes_filters(const struct config_environment *e)
{
    return e->data_file.count == 0;
}

static bool all_have_projects(const struct config *c)
{
    for (size_t i = 0; i < c->environment_count; i++) {
        if (takes_filters(c->environments[i]) && c->environments[i]->proj_key[0] == '\0')
            return false;
    }
    return true;
}

static bool is_referenced(const struct config *c, const char *project)
{
    for (size_t i = 0; i < c->environment_count; i++) {
        if (takes_filters(c->environments[i]) && strcmp(c->environments[i]->proj_key, project) == 0)
            return true;
    }
    return false;
}

static bool filter_check(const struct config *c, const struct config_filter *f,
                         struct config_report *r)
{
    bool ok = true;
    if (!is_referenced(c, f->project)) {
        config_report_error(r,
                            "filters are configured for project '%s', but no environment "
                            "references that project",
                            f->project);
        ok = false;
    }
    if (f->keys.count == 0) {
        config_report_error(r, "filter key list for project '%s' cannot be empty", f->project);
        ok = false;
    }
    for (size_t i = 0; i < f->keys.count; i++) {
        if (view_trim(view_of(f->keys.items[i])).len > 0)
            continue;
        config_report_error(r,
                            "filter key [%zu] for project '%s' is malformed (note: lists are "
                            "comma-delimited)",
                            i, f->project);
        ok = false;
    }
    return ok;
}

/* Without a prefix all variants would overwrite each other. SQLite uses their names then. An
 * environment that was told so already (7.3, several without prefix) is not told again. */
static bool prefix_check(const struct config *c, const struct config_environment *e,
                         struct config_report *r)
{
    if (e->prefix[0] != '\0' || c->database == CONFIG_NO_DATABASE || c->database == CONFIG_SQLITE)
        return true;
    if (c->environment_count == 1 || config_environment_has_place(c, e)) {
        struct str name = {0};
        config_quote(view_of(e->name), &name);
        config_report_error(r,
                            "environment %s needs a database prefix because filters are "
                            "configured for project '%s'",
                            str_text(&name), e->proj_key);
        str_free(&name);
    }
    return false;
}

static struct config_filter *filter_of(const struct config *c, const struct config_environment *e)
{
    bool takes = takes_filters(e) && e->filter_key[0] == '\0';
    return takes ? config_filter_find(c, view_of(e->proj_key)) : NULL;
}

/* ---- variants -------------------------------------------------------------------------------- */

static bool is_earlier_key(const struct config_filter *f, size_t index)
{
    struct view key = view_trim(view_of(f->keys.items[index]));
    for (size_t i = 0; i < index; i++) {
        if (view_equal(view_trim(view_of(f->keys.items[i])), key))
            return true;
    }
    return false;
}

static void duplicate_keys_warn(const struct config_filter *f, struct config_report *r)
{
    for (size_t i = 0; i < f->keys.count; i++) {
        if (!is_earlier_key(f, i))
            continue;
        struct str key = {0};
        config_quote(view_trim(view_of(f->keys.items[i])), &key);
        config_report_warning(r, "filter key %s occurs more than once for project '%s'",
                              str_text(&key), f->project);
        str_free(&key);
    }
}

/* "prod/checkout": the same credentials, a part of the flags, a prefix of its own. */
static void variant_add(struct config *c, const struct config_environment *e, struct view key,
                        struct config_report *r)
{
    struct str name = {0};
    struct str prefix = {0};
    str_append_format(&name, "%s/%.*s", e->name, VIEW_ARGS(key));
    struct config_environment *other = config_environment_find(c, str_view(&name));
    if (other != NULL) {
        struct str quoted = {0};
        config_quote(str_view(&name), &quoted);
        config_report_error(r,
                            "environment %s has the name that filter '%.*s' gives to a variant of "
                            "another environment; rename it",
                            str_text(&quoted), VIEW_ARGS(key));
        str_free(&quoted);
    } else {
        struct config_environment *variant = config_environment_copy(c, e, str_text(&name));
        struct str filter = {0};
        str_append(&filter, key);
        config_text_set(&variant->filter_key, str_text(&filter));
        str_free(&filter);
        if (e->prefix[0] != '\0') {
            str_append_format(&prefix, "%s/%.*s", e->prefix, VIEW_ARGS(key));
            config_text_set(&variant->prefix, str_text(&prefix));
        }
        variant->from_filters = true;
    }
    str_free(&name);
    str_free(&prefix);
}

/* Each environment is followed by its variants. */
static void variants_add(struct config *c, struct config_report *r)
{
    struct config_environment **ordered = NULL;
    size_t length = 0;
    size_t count = c->environment_count;
    for (size_t i = 0; i < count; i++) {
        const struct config_filter *f = filter_of(c, c->environments[i]);
        size_t before = c->environment_count;
        for (size_t k = 0; f != NULL && k < f->keys.count; k++) {
            if (!is_earlier_key(f, k))
                variant_add(c, c->environments[i], view_trim(view_of(f->keys.items[k])), r);
        }
        size_t added = c->environment_count - before;
        ordered = mem_realloc(ordered, (length + 1 + added) * sizeof(void *));
        ordered[length++] = c->environments[i];
        for (size_t k = 0; k < added; k++)
            ordered[length++] = c->environments[before + k];
    }
    mem_free(c->environments);
    c->environments = ordered;
}

void config_filters_check(struct config *c, struct config_report *r)
{
    bool ok = true;
    if (c->filter_count == 0)
        return;
    if (c->mode == CONFIG_AUTOMATIC) {
        config_report_error(r, "cannot configure filters if auto-configuration is enabled");
        return;
    }
    if (!all_have_projects(c)) {
        config_report_error(
            r, "when filters are configured, all environments must specify a 'projKey'");
        return;
    }
    for (size_t i = 0; i < c->filter_count; i++) {
        ok = filter_check(c, c->filters[i], r) && ok;
        duplicate_keys_warn(c->filters[i], r);
    }
    for (size_t i = 0; i < c->environment_count; i++) {
        if (filter_of(c, c->environments[i]) != NULL)
            ok = prefix_check(c, c->environments[i], r) && ok;
    }
    if (ok)
        variants_add(c, r);
}
