/* config/option_find.c - looking rows of the option table up by name. */
#include "base/mem.h"
#include "config/options.h"

#include <stdint.h>

/* "keyFile" when the option may be read from a file and its property is "key". */
static bool is_file_form_of(const struct config_option *o, struct view property)
{
    size_t len = strlen(o->property);
    return o->from_file != NULL && property.len == len + 4 &&
           view_equal_nocase(view_make(property.data, len), view_of(o->property)) &&
           view_equal_nocase(view_from(property, len), view_of("File"));
}

const struct config_option *config_option_find(struct view section, struct view property,
                                               bool *is_file_form)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->property == NULL || !view_equal_nocase(section, view_of(o->section)))
            continue;
        *is_file_form = is_file_form_of(o, property);
        if (*is_file_form || view_equal_nocase(property, view_of(o->property)))
            return o;
    }
    return NULL;
}

const char *config_section_find(struct view section)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (view_equal_nocase(section, view_of(config_options[i].section)))
            return config_options[i].section;
    }
    return view_equal_nocase(section, view_of("MetricsConfig")) ? "MetricsConfig" : NULL;
}

bool config_section_has_names(const char *section)
{
    return strcmp(section, "Environment") == 0 || strcmp(section, "Filters") == 0;
}

/* The configuration itself has a slot for every row; the rows of another scope stand together and
 * are counted from the first of them. */
size_t config_option_slot(const struct config_option *o)
{
    size_t slot = 0;
    if (o->scope == CONFIG_SCOPE_GLOBAL)
        return (size_t)(o - config_options);
    while (o - slot > config_options && o[-(ptrdiff_t)slot - 1].scope == o->scope)
        slot++;
    return slot;
}

size_t config_scope_slots(enum config_scope scope)
{
    if (scope == CONFIG_SCOPE_GLOBAL)
        return config_option_count;
    size_t count = 0;
    for (size_t i = 0; i < config_option_count; i++)
        count += config_options[i].scope == scope;
    return count;
}
