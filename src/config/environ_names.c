/* config/environ_names.c - finds variables that end in a name. The longest known beginning decides,
 * so that LD_MOBILE_KEY_FILE_x is not the mobile key of "FILE_x" (environ.c knows the one
 * exception). */
#include "config/environ_names.h"

#include "base/mem.h"

#include <stdlib.h>

/* Does the name of the variable begin with `prefix`, and better than what was found before? */
static bool prefix_matches(struct view variable, const char *prefix, size_t *longest)
{
    if (prefix == NULL || variable.len == 0 || prefix[0] != variable.data[0] ||
        prefix[strlen(prefix) - 1] != '_' || !view_starts(variable, prefix) ||
        strlen(prefix) <= *longest)
        return false;
    *longest = strlen(prefix);
    return true;
}

static bool entry_recognise(struct view variable, struct environ_entry *entry)
{
    size_t longest = 0;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (prefix_matches(variable, o->variable, &longest)) {
            entry->option = o;
            entry->is_file_form = false;
        }
        if (prefix_matches(variable, o->from_file, &longest)) {
            entry->option = o;
            entry->is_file_form = true;
        }
    }
    entry->variable = variable;
    entry->name = view_from(variable, longest);
    return longest > 0;
}

static int entry_compare(const struct environ_entry *a, const struct environ_entry *b)
{
    int order = view_compare(a->name, b->name);
    if (order == 0)
        order = (a->option > b->option) - (a->option < b->option);
    return order != 0 ? order : (int)a->is_file_form - (int)b->is_file_form;
}

/* An entry and its place among the variables: of equal ones the last one counts. */
struct ranked {
    struct environ_entry entry;
    size_t position;
};

static int ranked_compare(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    int order = entry_compare(&a->entry, &b->entry);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

void environ_entries_collect(struct environ_entries *out, char *const *envp)
{
    struct ranked *ranked = NULL;
    size_t count = 0;
    *out = (struct environ_entries){0};
    for (size_t i = 0; envp[i] != NULL; i++) {
        const char *equals = strchr(envp[i], '=');
        struct environ_entry entry = {0};
        if (equals == NULL ||
            !entry_recognise(view_make(envp[i], (size_t)(equals - envp[i])), &entry))
            continue;
        entry.value = view_of(equals + 1);
        ranked = mem_realloc(ranked, (count + 1) * sizeof *ranked);
        ranked[count] = (struct ranked){entry, count};
        count++;
    }
    if (count == 0)
        return;
    qsort(ranked, count, sizeof *ranked, ranked_compare);
    out->items = mem_alloc(count * sizeof *out->items);
    for (size_t i = 0; i < count; i++) {
        bool overridden =
            i + 1 < count && entry_compare(&ranked[i].entry, &ranked[i + 1].entry) == 0;
        if (!overridden)
            out->items[out->count++] = ranked[i].entry;
    }
    mem_free(ranked);
}

void environ_entries_free(struct environ_entries *e)
{
    mem_free(e->items);
    *e = (struct environ_entries){0};
}

struct environ_entry *environ_entries_of(const struct environ_entries *e, struct view name,
                                         size_t *count)
{
    size_t low = 0;
    size_t high = e->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view_compare(e->items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < e->count && view_equal(e->items[low + *count].name, name))
        (*count)++;
    return *count > 0 ? &e->items[low] : NULL;
}
