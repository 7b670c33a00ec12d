/* config/record.c - options of a struct, found through the table: set, reset, copied, released. */
#include "config/record.h"

#include "config/value.h"

#include <stdlib.h>

/* ---- fields ---------------------------------------------------------------------------------- */

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

/* ---- assignment ------------------------------------------------------------------------------ */

static void secret_path_clear(struct config_slot *slot)
{
    mem_free(slot->secret_path);
    slot->secret_path = NULL;
    slot->secret_file = (struct config_origin){0};
}

static void items_clear(struct config_slot *slot)
{
    mem_free(slot->items);
    slot->items = NULL;
    slot->item_count = 0;
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
    items_clear(config_record_slot(r, o));
}

void config_record_append(struct config_record r, const struct config_option *o, struct view item,
                          struct config_origin origin)
{
    struct config_slot *slot = config_record_slot(r, o);
    config_list_append(config_record_field(r, o), item);
    slot->items = mem_realloc(slot->items, (slot->item_count + 1) * sizeof *slot->items);
    slot->items[slot->item_count++] = origin;
    slot->value = origin;
}

static void list_assign(struct config_record r, const struct config_option *o, struct view text,
                        struct config_origin origin)
{
    if (o->kind == CONFIG_TAGS && text.len > 0)
        config_record_append(r, o, text, origin);
    if (o->kind == CONFIG_TAGS || text.len == 0)
        return;
    for (size_t at = 0; at <= text.len;) {
        const char *comma = at < text.len ? memchr(text.data + at, ',', text.len - at) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - text.data) : text.len;
        struct view item = view_make(text.data + at, end - at);
        if (o->flags & CONFIG_TRIM)
            item = view_trim(item);
        if (item.len > 0 || !(o->flags & CONFIG_TRIM))
            config_record_append(r, o, item, origin);
        at = end + 1;
    }
}

bool config_record_assign(struct config_record r, const struct config_option *o, struct view text,
                          struct config_origin origin, struct error *err)
{
    struct config_slot *slot = config_record_slot(r, o);
    void *field = config_record_field(r, o);
    if (is_list(o)) {
        list_assign(r, o, text, origin);
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

struct item {
    char *text;
    struct config_origin origin;
};

static int item_compare(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->text, ((const struct item *)b)->text);
}

void config_record_sort(struct config_record r, const struct config_option *o)
{
    struct config_list *list = config_record_field(r, o);
    struct config_slot *slot = config_record_slot(r, o);
    size_t count = slot->item_count;
    if (count == 0)
        return;
    struct item *items = mem_alloc(count * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct item){list->items[i], slot->items[i]};
    qsort(items, count, sizeof *items, item_compare);
    for (size_t i = 0; i < count; i++) {
        list->items[i] = items[i].text;
        slot->items[i] = items[i].origin;
    }
    mem_free(items);
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

/* ---- whole records --------------------------------------------------------------------------- */

void config_record_init(struct config_record r)
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

void config_record_free(struct config_record r)
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
        items_clear(config_record_slot(r, o));
    }
    mem_free(r.slots);
}

static void field_copy(const struct config_option *o, void *target, const void *source)
{
    size_t size = o->kind == CONFIG_BOOLEAN                             ? sizeof(bool)
                  : o->kind == CONFIG_LEVEL || o->kind == CONFIG_CHOICE ? sizeof(int)
                                                                        : sizeof(int64_t);
    if (is_text(o)) {
        config_text_set(target, *(char *const *)source);
    } else if (is_list(o)) {
        const struct config_list *items = source;
        config_list_clear(target);
        for (size_t i = 0; i < items->count; i++)
            config_list_append(target, view_of(items->items[i]));
    } else {
        memcpy(target, source, size);
    }
}

void config_record_copy(struct config_record to, struct config_record from)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope != to.scope)
            continue;
        field_copy(o, config_record_field(to, o), config_record_field(from, o));
        config_record_slot(to, o)->value = config_record_slot(from, o)->value;
    }
}

/* ---- asking for origins ---------------------------------------------------------------------- */

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

void config_option_place(const struct config_option *o, struct config_origin origin,
                         const char *name, struct str *out)
{
    config_option_spelling(o, origin, name, out);
    if (origin.source == CONFIG_FROM_FILE && origin.line != 0)
        str_append_format(out, " (line %u)", origin.line);
}
