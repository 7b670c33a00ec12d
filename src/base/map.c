/* base/map.c - see map.h. A table of chains; each entry is one block with its key behind it. */
#include "base/map.h"

#include "base/mem.h"
#include "base/random.h"

#include <pthread.h>

#define MAP_FIRST_BUCKETS 8

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
    void *value;
    size_t key_len;
    char key[];
};

/* Secrets of the process: without them nobody can choose keys that collide. */
static uint64_t hash_secrets[3];

static void hash_secrets_make(void)
{
    random_fill(hash_secrets, sizeof hash_secrets);
}

/* Both halves of the 128-bit product, folded: every input bit reaches every output bit. */
static uint64_t hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load64(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Up to 8 bytes as one word. */
static uint64_t load_tail(const char *p, size_t len)
{
    uint64_t word = 0;
    if (len > 0)
        memcpy(&word, p, len);
    return word;
}

uint64_t map_hash(struct view text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, hash_secrets_make);
    uint64_t h = hash_secrets[0] ^ text.len;
    const char *p = text.data;
    size_t left = text.len;
    for (; left >= 16; left -= 16, p += 16)
        h = hash_mix(load64(p) ^ hash_secrets[1], load64(p + 8) ^ h);
    uint64_t low = left >= 8 ? load64(p) : load_tail(p, left);
    uint64_t high = left > 8 ? load_tail(p + 8, left - 8) : 0;
    h = hash_mix(low ^ hash_secrets[1], high ^ h);
    return hash_mix(h ^ hash_secrets[2], text.len ^ hash_secrets[1]);
}

/* The place that points to the entry of this key, or to the NULL at the end of its chain. */
static struct map_entry **map_find(const struct map *m, struct view key, uint64_t hash)
{
    struct map_entry **at = &m->buckets[hash & (m->bucket_count - 1)];
    while (*at != NULL) {
        struct map_entry *e = *at;
        if (e->hash == hash && view_equal(view_make(e->key, e->key_len), key))
            break;
        at = &e->next;
    }
    return at;
}

static void map_grow(struct map *m)
{
    size_t count = m->bucket_count != 0 ? m->bucket_count * 2 : MAP_FIRST_BUCKETS;
    struct map_entry **buckets = mem_zalloc(count * sizeof(void *));
    for (size_t i = 0; i < m->bucket_count; i++) {
        for (struct map_entry *e = m->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            struct map_entry **head = &buckets[e->hash & (count - 1)];
            e->next = *head;
            *head = e;
        }
    }
    mem_free(m->buckets);
    m->buckets = buckets;
    m->bucket_count = count;
}

void *map_get(const struct map *m, struct view key)
{
    if (m->count == 0)
        return NULL;
    struct map_entry *e = *map_find(m, key, map_hash(key));
    return e != NULL ? e->value : NULL;
}

void *map_set(struct map *m, struct view key, void *value)
{
    if (m->count == m->bucket_count)
        map_grow(m);
    uint64_t hash = map_hash(key);
    struct map_entry **at = map_find(m, key, hash);
    if (*at != NULL) {
        void *old = (*at)->value;
        (*at)->value = value;
        return old;
    }
    struct map_entry *e = mem_alloc(sizeof *e + key.len);
    *e = (struct map_entry){.hash = hash, .value = value, .key_len = key.len};
    if (key.len > 0)
        memcpy(e->key, key.data, key.len);
    *at = e;
    m->count++;
    return NULL;
}

void *map_remove(struct map *m, struct view key)
{
    if (m->count == 0)
        return NULL;
    struct map_entry **at = map_find(m, key, map_hash(key));
    struct map_entry *e = *at;
    if (e == NULL)
        return NULL;
    void *value = e->value;
    *at = e->next;
    mem_free(e);
    m->count--;
    return value;
}

void map_each(const struct map *m, void (*visit)(struct view key, void *value, void *arg),
              void *arg)
{
    for (size_t i = 0; i < m->bucket_count; i++) {
        for (struct map_entry *e = m->buckets[i]; e != NULL; e = e->next)
            visit(view_make(e->key, e->key_len), e->value, arg);
    }
}

void map_free(struct map *m)
{
    for (size_t i = 0; i < m->bucket_count; i++) {
        for (struct map_entry *e = m->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            mem_free(e);
        }
    }
    mem_free(m->buckets);
    *m = (struct map){0};
}
