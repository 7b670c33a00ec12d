/* api/ofrep_tag.c - ETags of bulk answers (http-api.md 9.4).
 *
 *   question (environment, its snapshot, who asks, context) --> place in the table --> tag
 *
 * A provider that polls asks the same question again and again: its tag is found here and compared,
 * and nothing is evaluated. Another question that falls on the same place takes it over.
 */
#include "api/api_private.h"
#include "base/mem.h"
#include "base/percent.h"

#include <openssl/sha.h>

#define PLACES 1024 /* 64 KiB per thread that serves OpenFeature */

struct ofrep_tag {
    struct ofrep_question question;
    char tag[OFREP_TAG_LENGTH]; /* begins with a zero byte: free */
};

struct ofrep_tags {
    struct ofrep_tag places[PLACES];
};

_Static_assert(sizeof((struct ofrep_question){0}.digest) == SHA256_DIGEST_LENGTH, "a whole digest");

void ofrep_tags_free(struct ofrep_tags *t)
{
    mem_free(t);
}

/* Lengths stand before texts, so that no two questions are written alike. */
void ofrep_question_make(const struct api_passage *p, const struct context *c,
                         struct ofrep_question *out)
{
    const struct env_facts *facts = p->snapshot->facts;
    struct view source = context_source(c);
    struct str text = {0};
    str_append_format(&text, "%u %lld %llu %d %zu %s ", p->slot, (long long)facts->created_wall_ms,
                      (unsigned long long)p->snapshot->number, (int)evaluate_filter(p),
                      strlen(facts->name), facts->name);
    str_append(&text, source);
    (void)SHA256((const unsigned char *)str_text(&text), text.len, out->digest);
    str_free(&text);
}

static size_t place_of(const struct ofrep_question *q)
{
    return (q->digest[0] | (size_t)q->digest[1] << 8) % PLACES;
}

struct view ofrep_tag_find(const struct api_thread *thread, const struct ofrep_question *q)
{
    if (thread->ofrep_tags == NULL)
        return view_make("", 0);
    const struct ofrep_tag *place = &thread->ofrep_tags->places[place_of(q)];
    bool known =
        place->tag[0] != '\0' && memcmp(place->question.digest, q->digest, sizeof q->digest) == 0;
    return known ? view_make(place->tag, OFREP_TAG_LENGTH) : view_make("", 0);
}

void ofrep_tag_keep(struct api_thread *thread, const struct ofrep_question *q, struct view tag)
{
    if (thread->ofrep_tags == NULL)
        thread->ofrep_tags = mem_zalloc(sizeof *thread->ofrep_tags);
    struct ofrep_tag *place = &thread->ofrep_tags->places[place_of(q)];
    place->question = *q;
    memcpy(place->tag, tag.data, OFREP_TAG_LENGTH);
}

void ofrep_tag_make(struct view body, char out[static OFREP_TAG_LENGTH])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    (void)SHA256((const unsigned char *)body.data, body.len, digest);
    hex_write(digest, OFREP_TAG_LENGTH, out);
}
