/* config/print.c - a configuration as text: in file syntax, as one line per option, as one line. No
 * secret leaves this file unmasked. */
#include "base/mask.h"
#include "config/record.h"
#include "config/value.h"

#include <inttypes.h>
#include <stdlib.h>

/* One printed option: `value` is masked and not quoted. */
struct line {
    const char *section;
    const char *name; /* of the environment or project; NULL for the configuration itself */
    const char *property;
    bool is_file_form; /* the value is the path of a file with the secret */
    const char *value;
    struct config_origin origin;
    const struct config_option *option;
};

/* Both forms of printing are fed with the same lines. */
struct printer {
    const struct config *c;
    struct str *out;
    void (*header)(struct printer *p, const char *section, const char *name);
    void (*line)(struct printer *p, const struct line *l);
    const char *section; /* last header */
    const char *name;
};

/* ---- what is printed ------------------------------------------------------------------------- */

static bool differs_from_default(const struct config_option *o, const void *field)
{
    struct str value = {0};
    struct str fallback = {0};
    config_value_print(o, field, &value);
    bool differs = true;
    if (o->kind == CONFIG_STRING || o->kind == CONFIG_PATH || o->kind == CONFIG_URI) {
        str_append_text(&fallback, o->fallback != NULL ? o->fallback : "");
        differs = !view_equal(str_view(&value), str_view(&fallback));
    } else if (o->fallback != NULL) {
        int64_t memory = 0;
        struct error err;
        if (config_value_parse(o, view_of(o->fallback), CONFIG_FROM_DEFAULT, &memory, &err)) {
            config_value_print(o, &memory, &fallback);
            differs = !view_equal(str_view(&value), str_view(&fallback));
        }
    }
    if (value.data != NULL)
        explicit_bzero(value.data, value.room);
    str_free(&value);
    str_free(&fallback);
    return differs;
}

static void masked_append(const struct config_option *o, const void *field, struct str *out)
{
    struct str value = {0};
    config_value_print(o, field, &value);
    if (o->kind == CONFIG_URI) {
        mask_url(str_view(&value), out);
    } else if (o->flags & CONFIG_SECRET) {
        str_append_text(out, "****");
        if (value.len > 4)
            str_append(out, view_from(str_view(&value), value.len - 4));
    } else {
        str_append(out, str_view(&value));
    }
    if (value.data != NULL && (o->flags & CONFIG_SECRET))
        explicit_bzero(value.data, value.room);
    str_free(&value);
}

static void line_print(struct printer *p, const struct line *l)
{
    bool same_name = p->name == l->name;
    if (p->section == NULL || strcmp(p->section, l->section) != 0 || !same_name) {
        p->header(p, l->section, l->name);
        p->section = l->section;
        p->name = l->name;
    }
    p->line(p, l);
}

static void list_print(struct printer *p, struct line *l, const struct config_list *list,
                       const struct config_slot *slot)
{
    for (size_t i = 0; i < slot->item_count; i++) {
        l->value = list->items[i];
        l->origin = slot->items[i];
        line_print(p, l);
    }
}

static void option_print(struct printer *p, struct config_record record,
                         const struct config_option *o)
{
    const void *field = config_record_field(record, o);
    const struct config_slot *slot = config_record_slot(record, o);
    struct line l = {.section = o->section,
                     .name = record.name,
                     .property = o->property,
                     .origin = slot->value,
                     .option = o};
    if (slot->value.source == CONFIG_FROM_DEFAULT || o->property == NULL)
        return;
    if (o->kind == CONFIG_LIST || o->kind == CONFIG_TAGS) {
        list_print(p, &l, field, slot);
        return;
    }
    if (!(o->flags & CONFIG_SET_MATTERS) && !differs_from_default(o, field))
        return;
    struct str value = {0};
    if (slot->secret_path != NULL)
        str_append_text(&value, slot->secret_path);
    else
        masked_append(o, field, &value);
    l.is_file_form = slot->secret_path != NULL;
    l.value = str_text(&value);
    line_print(p, &l);
    str_free(&value);
}

/* USE_REDIS and USE_CONSUL have no property; naming the host they imply does the same. */
static void switch_print(struct printer *p, const struct config_option *o)
{
    const struct config *c = p->c;
    const struct config_option *host = NULL;
    if (o == config_option_at(c, &c->redis.use) && c->redis.use && c->redis.host[0] == '\0' &&
        c->redis.port == 0 && c->redis.url[0] == '\0' && c->redis.nodes.count == 0)
        host = config_option_at(c, &c->redis.host);
    else if (o == config_option_at(c, &c->consul.use) && c->consul.use &&
             !config_is_set(c, &c->consul.host))
        host = config_option_at(c, &c->consul.host);
    if (host == NULL)
        return;
    struct line l = {.section = o->section,
                     .property = host->property,
                     .value =
                         c->consul.use && c->consul.host[0] != '\0' ? c->consul.host : "localhost",
                     .origin = c->slots[config_option_slot(o)].value,
                     .option = o};
    line_print(p, &l);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct config_environment *const *)a)->name,
                  (*(struct config_environment *const *)b)->name);
}

static void environments_print(struct printer *p)
{
    size_t count = p->c->environment_count;
    if (count == 0)
        return;
    struct config_environment **sorted = mem_alloc(count * sizeof(void *));
    memcpy(sorted, p->c->environments, count * sizeof(void *));
    qsort(sorted, count, sizeof(void *), by_name);
    for (size_t i = 0; i < count; i++) {
        struct config_record record = config_environment_record(sorted[i]);
        if (sorted[i]->from_filters)
            continue;
        for (size_t k = 0; k < config_option_count; k++) {
            if (config_options[k].scope == CONFIG_SCOPE_ENVIRONMENT)
                option_print(p, record, &config_options[k]);
        }
    }
    mem_free(sorted);
}

static void filters_print(struct printer *p)
{
    for (size_t i = 0; i < p->c->filter_count; i++) {
        struct config_record record = config_filter_record(p->c->filters[i]);
        for (size_t k = 0; k < config_option_count; k++) {
            if (config_options[k].scope == CONFIG_SCOPE_FILTER)
                option_print(p, record, &config_options[k]);
        }
    }
}

static void everything_print(struct printer *p)
{
    struct config_record record = config_record_of((struct config *)(uintptr_t)p->c);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        bool first = i == 0 || strcmp(o->section, o[-1].section) != 0;
        if (first && o->scope == CONFIG_SCOPE_ENVIRONMENT)
            environments_print(p);
        else if (first && o->scope == CONFIG_SCOPE_FILTER)
            filters_print(p);
        if (o->scope != CONFIG_SCOPE_GLOBAL)
            continue;
        if (o->property == NULL)
            switch_print(p, o);
        else
            option_print(p, record, o);
    }
}

/* ---- as a file ------------------------------------------------------------------------------- */

/* A value stands without quotes when the reader would read the same. */
static bool needs_quotes(struct view value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        if (c == ';' || c == '#' || c == '"' || c == '\\' || c == '\n' || c == '\r')
            return true;
    }
    return value.len == 0 || view_trim(value).len != value.len;
}

/* As the lexer decodes it; LF and TAB have escapes in values only. */
static void quoted_append(struct view text, struct str *out)
{
    str_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n' || c == '\t')
            str_append_text(out, c == '\n' ? "\\n" : "\\t");
        else if (c == '"' || c == '\\')
            str_append_format(out, "\\%c", c);
        else
            str_append_char(out, c);
    }
    str_append_char(out, '"');
}

static void subsection_append(const char *name, struct str *out)
{
    str_append_text(out, " \"");
    for (const char *p = name; *p != '\0'; p++)
        str_append_format(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    str_append_char(out, '"');
}

static void file_header(struct printer *p, const char *section, const char *name)
{
    if (p->out->len > 0)
        str_append_char(p->out, '\n');
    str_append_format(p->out, "[%s", section);
    if (name != NULL && name[0] != '\0')
        subsection_append(name, p->out);
    str_append_text(p->out, "]\n");
}

static void file_line(struct printer *p, const struct line *l)
{
    struct str *out = p->out;
    str_append_format(out, "%s%s = ", l->property, l->is_file_form ? "File" : "");
    if (needs_quotes(view_of(l->value)))
        quoted_append(view_of(l->value), out);
    else
        str_append_text(out, l->value);
    str_append_text(out, " ; from ");
    if (l->origin.source == CONFIG_FROM_FILE) {
        str_append_format(out, "%s:%u", p->c->file, l->origin.line);
    } else if (l->origin.source == CONFIG_FROM_COMMAND) {
        str_append_text(out, "the command line");
    } else {
        str_append_text(out, "environment ");
        if (l->is_file_form)
            str_append_format(out, "%s%s", l->option->from_file, l->name != NULL ? l->name : "");
        else
            config_option_spelling(l->option, l->origin, l->name, out);
    }
    str_append_char(out, '\n');
}

void config_print(const struct config *c, struct str *out)
{
    struct str text = {0};
    struct printer p = {.c = c, .out = &text, .header = file_header, .line = file_line};
    everything_print(&p);
    str_append(out, str_view(&text));
    str_free(&text);
}

/* ---- as lines for the log -------------------------------------------------------------------- */

static void log_header(struct printer *p, const char *section, const char *name)
{
    (void)p;
    (void)section;
    (void)name;
}

static void log_option_line(struct printer *p, const struct line *l)
{
    struct str *out = p->out;
    str_append_format(out, "[%s", l->section);
    if (l->name != NULL) {
        str_append_char(out, ' ');
        config_quote(view_of(l->name), out);
    }
    str_append_format(out, "] %s%s = ", l->property, l->is_file_form ? "File" : "");
    if (needs_quotes(view_of(l->value)))
        config_quote(view_of(l->value), out);
    else
        str_append_text(out, l->value);
    str_append_text(out, " (");
    if (l->origin.source == CONFIG_FROM_FILE)
        str_append_format(out, "file %s:%u", p->c->file, l->origin.line);
    else
        str_append_text(out,
                        l->origin.source == CONFIG_FROM_VARIABLE ? "environment" : "command line");
    str_append_text(out, ")\n");
}

void config_print_origins(const struct config *c, struct str *out)
{
    struct printer p = {.c = c, .out = out, .header = log_header, .line = log_option_line};
    everything_print(&p);
}

void config_check_text(const struct config *c, struct str *out)
{
    str_append_format(out, "Configuration OK: %zu environment(s), %s, port %" PRId64,
                      c->environment_count, config_database_name(c->database), c->main.port);
}
