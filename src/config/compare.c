/* config/compare.c - what is different in another configuration: a reload asks (17.3). */
#include "config/record.h"
#include "config/value.h"

static bool lists_equal(const struct config_list *a, const struct config_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static bool values_equal(const struct config_option *o, const void *a, const void *b)
{
    if (o->kind == CONFIG_LIST || o->kind == CONFIG_TAGS)
        return lists_equal(a, b);
    struct str left = {0};
    struct str right = {0};
    config_value_print(o, a, &left);
    config_value_print(o, b, &right);
    bool equal = view_equal(str_view(&left), str_view(&right));
    if (left.data != NULL)
        explicit_bzero(left.data, left.room);
    if (right.data != NULL)
        explicit_bzero(right.data, right.room);
    str_free(&left);
    str_free(&right);
    return equal;
}

static void tell(const struct config_option *o, const char *name,
                 void (*changed)(void *arg, const char *option), void *arg)
{
    const char *property = o->property != NULL ? o->property : o->variable;
    struct str option = {0};
    if (name != NULL)
        str_append_format(&option, "[%s \"%s\"] %s", o->section, name, property);
    else
        str_append_format(&option, "[%s] %s", o->section, property);
    changed(arg, str_text(&option));
    str_free(&option);
}

static void records_compare(struct config_record a, struct config_record b,
                            void (*changed)(void *arg, const char *option), void *arg)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope == a.scope &&
            !values_equal(o, config_record_field(a, o), config_record_field(b, o)))
            tell(o, a.name, changed, arg);
    }
}

void config_compare(const struct config *a, const struct config *b,
                    void (*changed)(void *arg, const char *option), void *arg)
{
    records_compare(config_record_of((struct config *)a), config_record_of((struct config *)b),
                    changed, arg);
    for (size_t i = 0; i < a->environment_count; i++) {
        struct config_environment *e = a->environments[i];
        struct config_environment *other = config_environment_find(b, view_of(e->name));
        if (other != NULL)
            records_compare(config_environment_record(e), config_environment_record(other), changed,
                            arg);
    }
}
