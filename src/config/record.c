/* config/record.c - options of a struct, found through the table: set, reset, copied, released. */
#include "config/record.h"

#include "config/value.h"

#include <stdatomic.h>

/* ---- fields -------------------------------------------------------------------------------------
 */

static bool is_text(const struct config_option *o)
{
    return o->kind == CONFIG_STRING || o->kind == CONFIG_PATH || o->kind == CONFIG_URI;
}

static bool is_list(const struct config_option *o)
{
    return o->kind == CONFIG_LIST || o->kind == CONFIG_TAGS;
}

void *config_record_field(struct config_record r, const struct config_option *o)
{
    return (char *)r.base + o->offset;
}

struct config_slot *config_record_slot(struct config_record r, const struct config_option *o)
{
    return &r.slots[config_option_slot(o)];
}

void config_text_set(char **field, const char *text)
{
    char *old = *field;
    *field = mem_copy_text(text, strlen(text));
    mem_free(old);
}

void config_list_append(struct config_list *l, struct view item)
{
    l->items = mem_realloc(l->items, (l->count + 2) * sizeof *l->items);
    l->items[l->count++] = mem_copy_text(item.data, item.len);
    l->items[l->count] = NULL;
}

void config_list_clear(struct config_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        mem_free(l->items[i]);
    mem_free(l->items);
    *l = (struct config_list){0};
}

/* ---- assignment ---------------------------------------------------------------------------------
 */

static void secret_path_clear(struct config_slot *slot)
{
    mem_free(slot->secret_path);
    slot->secret_path = NULL;
    slot->secret_file = (struct config_origin){0};
}

void config_record_reset(struct config_record r, const struct config_option *o)
{
    void *field = config_record_field(r, o);
    struct error ignored;
    if (is_list(o)) {
        config_list_clear(field);
    } else if (is_text(o)) {
        config_text_set(field, o->fallback != NULL ? o->fallback : "");
    } else if (o->fallback == NULL) {
        *(int64_t *)field = 0;
    } else if (!config_value_parse(o, view_of(o->fallback), CONFIG_FROM_DEFAULT, field, &ignored)) {
        memset(field, 0, o->kind == CONFIG_BOOLEAN ? sizeof(bool) : sizeof(int));
    }
    config_record_slot(r, o)->value = (struct config_origin){0};
}

static void list_assign(const struct config_option *o, struct view text, struct config_list *l)
{
    if (o->kind == CONFIG_TAGS) {
        config_list_append(l, text);
        return;
    }
    for (size_t at = 0; at <= text.len;) {
        const char *comma = at < text.len ? memchr(text.data + at, ',', text.len - at) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - text.data) : text.len;
        struct view item = view_make(text.data + at, end - at);
        if (o->flags & CONFIG_TRIM)
            item = view_trim(item);
        if (item.len > 0 || !(o->flags & CONFIG_TRIM))
            config_list_append(l, item);
        at = end + 1;
    }
}

bool config_record_assign(struct config_record r, const struct config_option *o, struct view text,
                          struct config_origin origin, struct error *err)
{
    struct config_slot *slot = config_record_slot(r, o);
    void *field = config_record_field(r, o);
    if (is_list(o)) {
        if (text.len > 0)
            list_assign(o, text, field);
        if (text.len > 0)
            slot->value = origin;
        return true;
    }
    bool from_file = origin.source == CONFIG_FROM_FILE;
    if (text.len == 0 && o->kind == CONFIG_BOOLEAN && !from_file)
        return true;
    if (text.len == 0 && o->kind == CONFIG_BOOLEAN) {
        text = view_of("false");
    } else if (text.len == 0 && !(o->flags & CONFIG_EMPTY)) {
        config_record_reset(r, o);
        if (slot->secret_file.source != origin.source)
            secret_path_clear(slot);
        return true;
    }
    if (!config_value_parse(o, text, origin.source, field, err))
        return false;
    slot->value = origin;
    if (slot->secret_file.source != origin.source)
        secret_path_clear(slot);
    return true;
}

void config_record_assign_path(struct config_record r, const struct config_option *o,
                               struct view path, struct config_origin origin)
{
    struct config_slot *slot = config_record_slot(r, o);
    if (slot->value.source != CONFIG_FROM_DEFAULT && slot->value.source != origin.source)
        config_record_reset(r, o);
    secret_path_clear(slot);
    if (path.len == 0)
        return;
    slot->secret_path = mem_copy_text(path.data, path.len);
    slot->secret_file = origin;
}

/* ---- whole records ------------------------------------------------------------------------------
 */

static void record_init(struct config_record r)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].scope == r.scope)
            config_record_reset(r, &config_options[i]);
    }
}

static void text_free(const struct config_option *o, char *text)
{
    if (o->flags & CONFIG_SECRET)
        explicit_bzero(text, strlen(text));
    mem_free(text);
}

static void record_free(struct config_record r)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope != r.scope)
            continue;
        if (is_list(o))
            config_list_clear(config_record_field(r, o));
        else if (is_text(o))
            text_free(o, *(char **)config_record_field(r, o));
        secret_path_clear(config_record_slot(r, o));
    }
    mem_free(r.slots);
}

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
    record_init(config_environment_record(e));
    c->environments =
        mem_realloc(c->environments, (c->environment_count + 1) * sizeof *c->environments);
    c->environments[c->environment_count++] = e;
    return e;
}

struct config_environment *config_environment_copy(struct config *c,
                                                   const struct config_environment *e,
                                                   const char *name)
{
    struct config_environment *copy = config_environment_add(c, view_of(name));
    struct config_record to = config_environment_record(copy);
    struct config_record from = {CONFIG_SCOPE_ENVIRONMENT, (void *)(uintptr_t)e, e->slots, NULL};
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope != CONFIG_SCOPE_ENVIRONMENT)
            continue;
        void *source = config_record_field(from, o);
        void *target = config_record_field(to, o);
        if (is_text(o)) {
            config_text_set(target, *(char **)source);
        } else if (is_list(o)) {
            const struct config_list *items = source;
            for (size_t k = 0; k < items->count; k++)
                config_list_append(target, view_of(items->items[k]));
        } else {
            size_t size = o->kind == CONFIG_BOOLEAN                             ? sizeof(bool)
                          : o->kind == CONFIG_LEVEL || o->kind == CONFIG_CHOICE ? sizeof(int)
                                                                                : sizeof(int64_t);
            memcpy(target, source, size);
        }
        config_record_slot(to, o)->value = config_record_slot(from, o)->value;
    }
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
    record_init(config_filter_record(f));
    c->filters = mem_realloc(c->filters, (c->filter_count + 1) * sizeof *c->filters);
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
    record_init(config_record_of(c));
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
        record_free(config_environment_record(c->environments[i]));
        mem_free(c->environments[i]->name);
        mem_free(c->environments[i]->store_prefix);
        mem_free(c->environments[i]);
    }
    mem_free(c->environments);
    for (size_t i = 0; i < c->filter_count; i++) {
        record_free(config_filter_record(c->filters[i]));
        mem_free(c->filters[i]->project);
        mem_free(c->filters[i]);
    }
    mem_free(c->filters);
    record_free(config_record_of(c));
    mem_free(c->file);
    mem_free(c->redis_address);
    mem_free(c);
}

/* ---- asking for origins -------------------------------------------------------------------------
 */

static const struct config_option *option_at_offset(enum config_scope scope, size_t offset)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope == scope && o->offset == offset)
            return o;
    }
    return NULL;
}

const struct config_option *config_option_at(const struct config *c, const void *field)
{
    return option_at_offset(CONFIG_SCOPE_GLOBAL, (size_t)((const char *)field - (const char *)c));
}

const struct config_slot *config_slot_at(const struct config *c, const void *field)
{
    return &c->slots[config_option_slot(config_option_at(c, field))];
}

const struct config_slot *config_environment_slot(const struct config_environment *e,
                                                  const void *field)
{
    size_t offset = (size_t)((const char *)field - (const char *)e);
    return &e->slots[config_option_slot(option_at_offset(CONFIG_SCOPE_ENVIRONMENT, offset))];
}

bool config_is_set(const struct config *c, const void *field)
{
    const struct config_option *o = config_option_at(c, field);
    return o != NULL && c->slots[config_option_slot(o)].value.source != CONFIG_FROM_DEFAULT;
}

void config_option_spelling(const struct config_option *o, struct config_origin origin,
                            const char *name, struct str *out)
{
    bool as_variable = origin.source == CONFIG_FROM_VARIABLE && o->variable != NULL;
    if (as_variable && origin.by_alias)
        str_append_text(out, o->alias);
    else
        str_append_text(out, as_variable || o->property == NULL ? o->variable : o->property);
    if (as_variable && o->scope != CONFIG_SCOPE_GLOBAL && name != NULL)
        str_append_text(out, name);
}
