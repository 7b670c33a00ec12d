/* bigsegments/memberships.c - see memberships.h: references in the order of their bytes. */
#include "bigsegments/memberships.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct membership_of {
    struct view segment; /* behind the rows, in the same memory */
    bool included;
};

struct memberships {
    _Atomic unsigned refs;
    size_t count;
    size_t bytes;
    struct membership_of rows[];
};

void memberships_hash(struct view context_key, char out[static MEMBERSHIPS_HASH_LEN + 1])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    (void)SHA256((const unsigned char *)(context_key.len != 0 ? context_key.data : ""),
                 context_key.len, digest);
    (void)EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
}

/* Of two about the same segment, the one that includes comes first. */
static int order(const void *a, const void *b)
{
    const struct membership_of *left = a;
    const struct membership_of *right = b;
    int by_text = view_compare(left->segment, right->segment);
    return by_text != 0 ? by_text : (int)right->included - (int)left->included;
}

static size_t texts_size(const struct view *texts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += texts[i].len;
    return size;
}

static void rows_add(struct memberships *m, char **end, const struct view *texts, size_t count,
                     bool included)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i].len != 0)
            memcpy(*end, texts[i].data, texts[i].len);
        m->rows[m->count++] = (struct membership_of){view_make(*end, texts[i].len), included};
        *end += texts[i].len;
    }
}

struct memberships *memberships_new(const struct view *included, size_t included_count,
                                    const struct view *excluded, size_t excluded_count)
{
    size_t rows = (included_count + excluded_count) * sizeof(struct membership_of);
    size_t texts = texts_size(included, included_count) + texts_size(excluded, excluded_count);
    size_t size = sizeof(struct memberships) + rows + texts;
    struct memberships *m = mem_alloc(size);
    char *end = (char *)m + sizeof *m + rows;
    m->refs = 1;
    m->count = 0;
    m->bytes = size;
    rows_add(m, &end, included, included_count, true);
    rows_add(m, &end, excluded, excluded_count, false);
    if (m->count > 1)
        qsort(m->rows, m->count, sizeof m->rows[0], order);
    return m;
}

void membership_refs_end(struct membership_refs *r)
{
    if (r->count == r->room) {
        r->room = r->room != 0 ? r->room * 2 : 8;
        r->ends = mem_realloc(r->ends, r->room * sizeof *r->ends);
    }
    r->ends[r->count++] = r->text.len;
}

void membership_refs_free(struct membership_refs *r)
{
    str_free(&r->text);
    mem_free(r->ends);
    *r = (struct membership_refs){0};
}

static struct view *refs_views(const struct membership_refs *r)
{
    struct view *views = mem_alloc((r->count + 1) * sizeof *views);
    size_t start = 0;
    for (size_t i = 0; i < r->count; i++) {
        views[i] = view_make(str_text(&r->text) + start, r->ends[i] - start);
        start = r->ends[i];
    }
    return views;
}

struct memberships *memberships_from_refs(const struct membership_refs *included,
                                          const struct membership_refs *excluded)
{
    struct view *in = refs_views(included);
    struct view *out = refs_views(excluded);
    struct memberships *m = memberships_new(in, included->count, out, excluded->count);
    mem_free(in);
    mem_free(out);
    return m;
}

struct memberships *memberships_ref(struct memberships *m)
{
    m->refs++;
    return m;
}

void memberships_unref(struct memberships *m)
{
    if (m != NULL && --m->refs == 0)
        mem_free(m);
}

enum membership memberships_find(const struct memberships *m, struct view segment)
{
    size_t low = 0;
    size_t high = m->count;
    while (low < high) { /* the first row that is not before it */
        size_t middle = low + (high - low) / 2;
        if (view_compare(m->rows[middle].segment, segment) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->count || !view_equal(m->rows[low].segment, segment))
        return MEMBERSHIP_UNKNOWN;
    return m->rows[low].included ? MEMBERSHIP_INCLUDED : MEMBERSHIP_EXCLUDED;
}

size_t memberships_bytes(const struct memberships *m)
{
    return m->bytes;
}
