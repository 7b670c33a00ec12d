/* env/member_cache.c - see member_cache.h. */
#include "env/member_cache.h"

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

/* Of all memberships with their keys: a context may be a member of thousands of segments. */
#define BYTES_MAX ((size_t)32 << 20)

/* Longer keys are those of no honest client; they are asked about each time. */
#define KEY_MAX 1024

struct member_entry {
    struct list link; /* least recently used first */
    struct memberships *found;
    int64_t until_ms;
    size_t key_len;
    char key[];
};

struct member_cache {
    struct map entries;
    struct list used;
    size_t limit;
    size_t bytes;
};

struct member_cache *member_cache_new(size_t limit)
{
    struct member_cache *c = mem_zalloc(sizeof *c);
    list_init(&c->used);
    c->limit = limit;
    return c;
}

void member_cache_free(struct member_cache *c)
{
    if (c == NULL)
        return;
    member_cache_clear(c);
    mem_free(c);
}

static size_t entry_bytes(const struct member_entry *e)
{
    return sizeof *e + 2 * e->key_len + memberships_bytes(e->found);
}

static void entry_remove(struct member_cache *c, struct member_entry *e)
{
    (void)map_remove(&c->entries, view_make(e->key, e->key_len));
    list_remove(&e->link);
    c->bytes -= entry_bytes(e);
    memberships_unref(e->found);
    mem_free(e);
}

static struct member_entry *oldest(struct member_cache *c)
{
    return CONTAINER_OF(c->used.next, struct member_entry, link);
}

void member_cache_clear(struct member_cache *c)
{
    while (!list_empty(&c->used))
        entry_remove(c, oldest(c));
    map_free(&c->entries);
}

struct memberships *member_cache_find(struct member_cache *c, struct view context_key,
                                      int64_t now_ms, int64_t *until_ms)
{
    struct member_entry *e = map_get(&c->entries, context_key);
    if (e == NULL)
        return NULL;
    if (now_ms >= e->until_ms) {
        entry_remove(c, e);
        return NULL;
    }
    list_remove(&e->link);
    list_append(&c->used, &e->link);
    *until_ms = e->until_ms;
    return e->found;
}

void member_cache_put(struct member_cache *c, struct view context_key, struct memberships *m,
                      int64_t until_ms)
{
    struct member_entry *old = map_get(&c->entries, context_key);
    if (old != NULL)
        entry_remove(c, old);
    if (context_key.len > KEY_MAX)
        return;
    struct member_entry *e = mem_zalloc(sizeof *e + context_key.len);
    e->found = memberships_ref(m);
    e->until_ms = until_ms;
    e->key_len = context_key.len;
    if (context_key.len != 0)
        memcpy(e->key, context_key.data, context_key.len);
    (void)map_set(&c->entries, context_key, e);
    list_append(&c->used, &e->link);
    c->bytes += entry_bytes(e);
    while (c->entries.count > c->limit || c->bytes > BYTES_MAX)
        entry_remove(c, oldest(c));
}

size_t member_cache_count(const struct member_cache *c)
{
    return c->entries.count;
}
