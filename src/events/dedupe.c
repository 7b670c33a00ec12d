/* events/dedupe.c - see dedupe.h. */
#include "events/dedupe.h"

#include "base/map.h"

#define FIRST_ROOM 64

struct events_dedupe_entry {
    uint64_t hash;
    int64_t at_ms;
    uint32_t next; /* of its chain: place + 1 */
    unsigned slot;
    uint8_t family;
    uint8_t len;
    char id[EVENT_PAYLOAD_ID_MAX];
};

void events_dedupe_init(struct events_dedupe *d, int64_t window_ms)
{
    *d = (struct events_dedupe){.window_ms = window_ms};
}

void events_dedupe_free(struct events_dedupe *d)
{
    mem_free(d->ring);
    mem_free(d->buckets);
    *d = (struct events_dedupe){.window_ms = d->window_ms};
}

static uint32_t *bucket_of(const struct events_dedupe *d, uint64_t hash)
{
    return &d->buckets[hash & (d->room - 1)];
}

static void chain_in(struct events_dedupe *d, size_t place)
{
    struct events_dedupe_entry *e = &d->ring[place];
    uint32_t *bucket = bucket_of(d, e->hash);
    e->next = *bucket;
    *bucket = (uint32_t)place + 1;
}

static void forget_oldest(struct events_dedupe *d)
{
    uint32_t wanted = (uint32_t)d->first + 1;
    uint32_t *at = bucket_of(d, d->ring[d->first].hash);
    while (*at != wanted)
        at = &d->ring[*at - 1].next;
    *at = d->ring[d->first].next;
    d->first = (d->first + 1) & (d->room - 1);
    d->count--;
}

static void grow(struct events_dedupe *d)
{
    struct events_dedupe old = *d;
    d->room = old.room != 0 ? old.room * 2 : FIRST_ROOM;
    d->ring = mem_alloc(d->room * sizeof *d->ring);
    d->buckets = mem_zalloc(d->room * sizeof *d->buckets);
    d->first = 0;
    for (size_t i = 0; i < old.count; i++) {
        d->ring[i] = old.ring[(old.first + i) & (old.room - 1)];
        chain_in(d, i);
    }
    mem_free(old.ring);
    mem_free(old.buckets);
}

static bool is_there(const struct events_dedupe *d, const struct events_dedupe_entry *wanted)
{
    if (d->count == 0)
        return false;
    for (uint32_t at = *bucket_of(d, wanted->hash); at != 0; at = d->ring[at - 1].next) {
        const struct events_dedupe_entry *e = &d->ring[at - 1];
        if (e->hash == wanted->hash && e->slot == wanted->slot && e->family == wanted->family &&
            view_equal(view_make(e->id, e->len), view_make(wanted->id, wanted->len)))
            return true;
    }
    return false;
}

bool events_dedupe_seen(struct events_dedupe *d, unsigned slot, enum event_family family,
                        struct view id, int64_t now_ms)
{
    if (d->window_ms <= 0 || id.len == 0 || id.len > EVENT_PAYLOAD_ID_MAX)
        return false;
    struct events_dedupe_entry entry = {.hash = map_hash(id),
                                        .at_ms = now_ms,
                                        .slot = slot,
                                        .family = (uint8_t)family,
                                        .len = (uint8_t)id.len};
    memcpy(entry.id, id.data, id.len);
    while (d->count != 0 && now_ms - d->ring[d->first].at_ms >= d->window_ms)
        forget_oldest(d);
    if (is_there(d, &entry))
        return true;
    if (d->count == EVENTS_DEDUPE_MAX)
        forget_oldest(d);
    if (d->count == d->room)
        grow(d);
    size_t place = (d->first + d->count) & (d->room - 1);
    d->ring[place] = entry;
    chain_in(d, place);
    d->count++;
    return false;
}
