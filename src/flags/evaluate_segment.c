/* flags/evaluate_segment.c - is the context in a segment (evaluation.md 6)?
 *
 * What was found is remembered per segment. It does not depend on the path that led there: whoever
 * reaches a segment that is being tested would run into the same cycle on its own.
 */
#include "flags/evaluate_private.h"

/* Deeper chains are malformed; a level takes some hundred bytes of stack (evaluation.md 13.4). */
#define SEGMENT_DEPTH_MAX 1000

#define PROBLEM_CYCLE                                                                              \
    "segment rule referencing segment \"%.*s\" caused a circular reference; this is probably a "   \
    "temporary condition due to an incomplete update"

static enum match match_of(bool matches)
{
    return matches ? MATCH_YES : MATCH_NO;
}

static bool user_is_in(const struct evaluator *e, const struct key_set *keys)
{
    return e->user != NULL && key_set_has(keys, e->user->key, e->user->key_hash);
}

static bool any_part_is_in(const struct evaluator *e, const struct compiled_members *members,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct context_part *part = context_part_find(e->context, members[i].context_kind);
        if (part != NULL && key_set_has(&members[i].keys, part->key, part->key_hash))
            return true;
    }
    return false;
}

static enum match rule_match(struct evaluator *e, const struct compiled_segment_rule *rule)
{
    enum match found = evaluate_clauses(e, &rule->clauses);
    if (found != MATCH_YES || !rule->has_weight)
        return found;
    float bucket;
    enum bucket_result result = evaluate_bucket(e, &rule->rollout, &bucket);
    if (result == BUCKET_INVALID) {
        evaluate_problem_reference(e, &rule->rollout.bucket_by);
        return MATCH_ERROR;
    }
    return match_of(result == BUCKET_FOUND && bucket < rule->threshold);
}

static enum match rules_match(struct evaluator *e, const struct compiled_segment *segment)
{
    enum match found = MATCH_NO;
    for (size_t i = 0; i < segment->rule_count && found == MATCH_NO; i++)
        found = rule_match(e, &segment->rules[i]);
    return found;
}

static enum match ordinary_match(struct evaluator *e, const struct compiled_segment *segment)
{
    /* Lists per kind do not count for somebody who is nothing but a user. */
    bool user_only = e->user != NULL && e->context->part_count == 1;
    if (user_is_in(e, &segment->included))
        return MATCH_YES;
    if (!user_only &&
        any_part_is_in(e, segment->included_contexts, segment->included_context_count))
        return MATCH_YES;
    if (user_is_in(e, &segment->excluded))
        return MATCH_NO;
    if (!user_only &&
        any_part_is_in(e, segment->excluded_contexts, segment->excluded_context_count))
        return MATCH_NO;
    return rules_match(e, segment);
}

static void status_merge(struct evaluator *e, enum big_segments_status status)
{
    if (status > e->big_segments)
        e->big_segments = status;
}

/* Asks once per context key. */
static enum big_segments_status membership_query(struct evaluator *e,
                                                 const struct context_part *part)
{
    if (e->membership == NULL)
        return BIG_SEGMENTS_NOT_CONFIGURED;
    if (e->queried == NULL)
        e->queried = mem_zalloc(e->context->part_count * sizeof *e->queried);
    enum big_segments_status *known = &e->queried[part - e->context->parts];
    for (size_t i = 0; i < e->context->part_count && *known == BIG_SEGMENTS_NONE; i++) {
        if (view_equal(e->context->parts[i].key, part->key))
            *known = e->queried[i];
    }
    if (*known == BIG_SEGMENTS_NONE)
        *known = e->membership->query(e->membership->owner, part->key);
    e->wants_memberships = e->wants_memberships || *known == BIG_SEGMENTS_WANTED;
    return *known;
}

static enum match big_match(struct evaluator *e, const struct compiled_segment *segment)
{
    if (!segment->has_generation) {
        status_merge(e, BIG_SEGMENTS_NOT_CONFIGURED);
        return MATCH_NO;
    }
    const struct context_part *part =
        context_part_find(e->context, segment->unbounded_context_kind);
    if (part == NULL)
        return MATCH_NO;
    enum big_segments_status status = membership_query(e, part);
    status_merge(e, status);
    enum membership membership = MEMBERSHIP_UNKNOWN;
    if (status == BIG_SEGMENTS_HEALTHY || status == BIG_SEGMENTS_STALE)
        membership = e->membership->find(e->membership->owner, part->key, segment->big_reference);
    if (membership != MEMBERSHIP_UNKNOWN)
        return match_of(membership == MEMBERSHIP_INCLUDED);
    return rules_match(e, segment);
}

static enum match segment_match(struct evaluator *e, struct item *it)
{
    const struct compiled_segment *segment = compiled_segment_of(it);
    return segment->unbounded ? big_match(e, segment) : ordinary_match(e, segment);
}

/* Tests the segment for the first time, and remembers; `memo` is its place. */
static enum match segment_enter(struct evaluator *e, struct item *it, struct segment_memo *memo)
{
    if (e->segment_depth == SEGMENT_DEPTH_MAX) {
        evaluate_problem(e, "segments are nested too deeply");
        e->too_deep = true;
        return MATCH_ERROR;
    }
    enum big_segments_status before = e->big_segments;
    memo->state = MEMO_IN_PROGRESS;
    e->big_segments = BIG_SEGMENTS_NONE;
    e->segment_depth++;
    enum match found = segment_match(e, it);
    e->segment_depth--;
    if (found == MATCH_ERROR && e->segment_depth == 0)
        evaluate_problem_in_segment(e, it->key);
    memo->match = (unsigned char)found;
    memo->big_segments = (unsigned char)e->big_segments;
    memo->state = e->too_deep ? MEMO_NONE : MEMO_DONE;
    if (e->segment_depth == 0)
        e->too_deep = false;
    status_merge(e, before);
    return found;
}

enum match evaluate_segment(struct evaluator *e, const struct compiled_key *key)
{
    const struct collection *segments = &e->data->collections[ITEM_SEGMENT];
    size_t position = key_index_find(&segments->index, &segments->items, key->key, key->hash);
    struct item *it = position != KEY_INDEX_NONE ? sequence_at(&segments->items, position) : NULL;
    if (it == NULL || it->deleted)
        return MATCH_NO;
    if (e->segments == NULL)
        e->segments = mem_zalloc(segments->items.count * sizeof *e->segments);
    struct segment_memo *memo = &e->segments[position];
    if (memo->state == MEMO_NONE)
        return segment_enter(e, it, memo);
    if (memo->state == MEMO_IN_PROGRESS) {
        evaluate_problem(e, PROBLEM_CYCLE, VIEW_ARGS(it->key));
        return MATCH_ERROR;
    }
    if (memo->match == MATCH_ERROR && e->segment_depth == 0)
        evaluate_problem_in_segment(e, it->key);
    status_merge(e, (enum big_segments_status)memo->big_segments);
    return (enum match)memo->match;
}
