/* env/directory.c - see directory.h. */
#include "env/directory.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdint.h>

struct directory *directory_new(const unsigned *by_name, size_t count)
{
    struct directory *d = mem_zalloc(sizeof *d + count * sizeof *by_name);
    atomic_init(&d->refs, 1);
    d->count = count;
    for (size_t i = 0; i < count; i++)
        d->by_name[i] = by_name[i];
    return d;
}

/* "0<len>:<credential><filter>": the length keeps the two parts apart, whatever they contain. */
static void render_key(struct str *out, enum credential_kind kind, struct view credential,
                       struct view filter)
{
    str_append_format(out, "%d%zu:", (int)kind, credential.len);
    str_append(out, credential);
    str_append(out, filter);
}

void directory_add(struct directory *d, enum credential_kind kind, struct view credential,
                   struct view filter, unsigned slot)
{
    if (credential.len == 0)
        return;
    struct str key = {0};
    render_key(&key, kind, credential, filter);
    (void)map_set(&d->slots, str_view(&key), (void *)((uintptr_t)slot + 1));
    str_free(&key);
}

static bool lookup(const struct directory *d, enum credential_kind kind, struct view credential,
                   struct view filter, unsigned *slot)
{
    struct str key = {0};
    render_key(&key, kind, credential, filter);
    void *value = map_get(&d->slots, str_view(&key));
    str_free(&key);
    if (value != NULL)
        *slot = (unsigned)((uintptr_t)value - 1);
    return value != NULL;
}

enum directory_answer directory_find(const struct directory *d, enum credential_kind kind,
                                     struct view credential, struct view filter, unsigned *slot)
{
    unsigned unfiltered;
    if (d == NULL)
        return DIRECTORY_NO_LIST;
    if (lookup(d, kind, credential, filter, slot))
        return DIRECTORY_FOUND;
    if (lookup(d, kind, credential, view_of(""), &unfiltered))
        return DIRECTORY_UNKNOWN_FILTER;
    return DIRECTORY_UNKNOWN;
}

struct directory *directory_ref(struct directory *d)
{
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void directory_unref(struct directory *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    map_free(&d->slots);
    mem_free(d);
}
