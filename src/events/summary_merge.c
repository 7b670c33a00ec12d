/* events/summary_merge.c - see summary_merge.h.
 *
 * An event is read into a summary of its own first. If it fits to one of those that are there, it
 * is counted in; otherwise it becomes the last one of its chain:
 *
 *   ,"context":{"key":"a"}  -> summary -> summary (another default of a flag) -> ...
 *   ,"context":{"key":"b"}  -> summary
 */
#include "events/summary_merge.h"

#include "events/summary_read.h"

/* Real SDKs need one or two; more is not worth to be looked through for each event. */
#define CHAIN_MOST 8

#define MERGED_BYTES 256 /* the struct, and the first tables of its summary */

struct merged {
    struct merged *next;       /* in order of appearance */
    struct merged *next_alike; /* with the same other members */
    struct summary summary;
    struct str more; /* other members, as summary_write() wants them */
};

struct summary_merge {
    struct merged *first;
    struct merged *last;
    struct map alike; /* text of the other members -> first of the chain */
    size_t bytes;
};

struct summary_merge *summary_merge_new(void)
{
    return mem_zalloc(sizeof(struct summary_merge));
}

static void merged_free(struct merged *one)
{
    summary_clear(&one->summary);
    str_free(&one->more);
    mem_free(one);
}

void summary_merge_free(struct summary_merge *m)
{
    if (m == NULL)
        return;
    while (m->first != NULL) {
        struct merged *next = m->first->next;
        merged_free(m->first);
        m->first = next;
    }
    map_free(&m->alike);
    mem_free(m);
}

/* Takes it when there is room behind `last` in its chain, NULL: it begins one. */
static void chain_append_take(struct summary_merge *m, struct merged *last, struct merged *one)
{
    size_t more_bytes = one->more.len;
    if (last != NULL) {
        last->next_alike = one;
    } else {
        (void)map_set(&m->alike, str_view(&one->more), one);
        more_bytes *= 2; /* the map has a copy */
    }
    if (m->last != NULL)
        m->last->next = one;
    else
        m->first = one;
    m->last = one;
    m->bytes += one->summary.bytes + more_bytes + MERGED_BYTES;
}

bool summary_merge_add(struct summary_merge *m, struct view event)
{
    struct merged *one = mem_zalloc(sizeof *one);
    struct merged *last = NULL;
    size_t length = 0;
    bool ok = summary_read(event, &one->summary, &one->more);
    struct merged *at = ok ? map_get(&m->alike, str_view(&one->more)) : NULL;
    for (; at != NULL && !summary_fits(&at->summary, &one->summary); at = at->next_alike) {
        last = at;
        length++;
    }
    if (at != NULL) {
        m->bytes -= at->summary.bytes;
        summary_join(&at->summary, &one->summary);
        m->bytes += at->summary.bytes;
    } else if (ok && length < CHAIN_MOST) {
        chain_append_take(m, last, one);
        return true;
    }
    merged_free(one);
    return at != NULL;
}

size_t summary_merge_write(const struct summary_merge *m, struct str *out)
{
    size_t count = 0;
    for (const struct merged *one = m->first; one != NULL; one = one->next) {
        if (count++ > 0)
            str_append_char(out, ',');
        summary_write(&one->summary, str_view(&one->more), out);
    }
    return count;
}

size_t summary_merge_bytes(const struct summary_merge *m)
{
    return m->bytes;
}
