/* store/redis_script.c - items are written where they are newer, by a compare-and-set on the
 * server: option atomicUpsert (data-store.md 3.1).
 *
 *   step 0  HGET hash key ...
 *   step 1  EVALSHA sha 1 hash key found stored new ...   OK: written
 *                                                         NOOP: it is another one now; decide again
 *           EVAL text ...                                 where the server did not know the script
 */
#include "base/percent.h"
#include "store/redis_private.h"

#include <openssl/sha.h>
#include <stdio.h>

/* KEYS[1] the hash; ARGV: field, "1" or "0" for found, what was found, what to write. */
static const char script_text[] =
    "local stored = redis.call('HGET', KEYS[1], ARGV[1]) "
    "if (ARGV[2] == '1' and stored == ARGV[3]) or (ARGV[2] == '0' and not stored) then "
    "redis.call('HSET', KEYS[1], ARGV[1], ARGV[4]) return {'OK'} end "
    "if not stored then return {'NOOP'} end "
    "return {'NOOP', stored}";

static void script_digest(char out[static 41])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    (void)SHA1((const unsigned char *)script_text, sizeof script_text - 1, digest);
    hex_write(digest, 2 * sizeof digest, out);
    out[2 * sizeof digest] = '\0';
}

static void write_call(struct str *out, bool by_digest, struct view key, struct view field,
                       const struct redis_reply *stored, struct view text)
{
    char digest[41];
    script_digest(digest);
    bool found = stored != NULL && stored->type == REDIS_TEXT;
    struct view words[] = {by_digest ? VIEW_LITERAL("EVALSHA") : VIEW_LITERAL("EVAL"),
                           by_digest ? view_of(digest)
                                     : view_make(script_text, sizeof script_text - 1),
                           VIEW_LITERAL("1"),
                           key,
                           field,
                           found ? VIEW_LITERAL("1") : VIEW_LITERAL("0"),
                           found ? stored->text : view_of(""),
                           text};
    redis_command(out, words, ARRAY_LEN(words));
}

/* An expectation that never holds, on a key that does not exist: nothing is ever written. */
void redis_script_probe_command(struct str *out, const char *prefix)
{
    struct str key = {0};
    str_append_format(&key, "%s:$availability", prefix);
    struct view words[] = {VIEW_LITERAL("EVAL"),  view_make(script_text, sizeof script_text - 1),
                           VIEW_LITERAL("1"),     str_view(&key),
                           VIEW_LITERAL("probe"), VIEW_LITERAL("1"),
                           VIEW_LITERAL(""),      VIEW_LITERAL("")};
    redis_command(out, words, ARRAY_LEN(words));
    str_free(&key);
}

static void atomic_begin(struct redis_lane *l)
{
    struct str out = {0};
    size_t asked = redis_upsert_ask(l, &out);
    l->progress.sent_all = true;
    redis_lane_send_take(l, &out, asked);
}

/* One call per item that is still to be written; none is left: done. */
static void atomic_write(struct redis_lane *l, bool by_digest)
{
    struct redis_progress *p = &l->progress;
    const struct store_op *op = l->task->op;
    struct str out = {0};
    size_t count = redis_upsert_choose(l);
    if (count == 0) {
        redis_upsert_written(l);
        return;
    }
    p->step = by_digest ? 1 : 2;
    p->next = 0;
    for (size_t i = l->task->slice_begin; i < l->task->slice_end; i++) {
        if (!p->pending[i])
            continue;
        struct str key = {0};
        redis_key(&key, op->prefix, redis_part_of(op->items[i]->kind));
        write_call(&out, by_digest, str_view(&key), op->items[i]->key, p->current[i],
                   buf_view(op->items[i]->text));
        str_free(&key);
    }
    redis_lane_send_take(l, &out, count);
}

/* ["OK"], ["NOOP"] or ["NOOP", stored] for the next item that was to be written. */
static void atomic_result(struct redis_lane *l, struct redis_reply *r)
{
    struct redis_progress *p = &l->progress;
    size_t items = l->task->op->item_count;
    while (p->next < items && !p->pending[p->next])
        p->next++;
    if (p->next < items) {
        size_t at = p->next++;
        bool noop = r->type == REDIS_LIST && r->count > 0 && view_is(r->elements[0]->text, "NOOP");
        redis_reply_free(p->current[at]);
        p->current[at] = NULL;
        p->pending[at] = noop;
        if (noop && r->count > 1) {
            p->current[at] = r->elements[1];
            r->count = 1;
        }
    }
    redis_reply_free(r);
}

static void atomic_answer(struct redis_lane *l, struct redis_reply *r)
{
    if (l->progress.step == 0)
        redis_upsert_note(l, r);
    else
        atomic_result(l, r);
}

static void atomic_answered(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    bool unknown = p->failure != NULL && redis_reply_fails_with(p->failure, "NOSCRIPT");
    if (p->failure != NULL && !(unknown && p->step == 1)) {
        redis_lane_refused(l, p->failure);
    } else if (unknown) { /* all of them failed: nothing changed */
        redis_reply_free(p->failure);
        p->failure = NULL;
        atomic_write(l, false);
    } else if (p->step != 0 && ++p->attempts >= REDIS_MAX_ATTEMPTS) {
        redis_upsert_exhausted(l);
    } else {
        atomic_write(l, true);
    }
}

const struct redis_script redis_script_atomic = {atomic_begin, atomic_answer, atomic_answered,
                                                 NULL};
