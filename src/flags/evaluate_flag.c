/* flags/evaluate_flag.c - one flag for one context (evaluation.md 4).
 *
 * Prerequisites are followed with a stack of our own, so that a chain of 100,000 is only memory,
 * and each flag that is one is evaluated once per request.
 */
#include "flags/evaluate_private.h"

#define PROBLEM_CYCLE                                                                              \
    "prerequisite relationship to \"%.*s\" caused a circular reference; this is probably a "       \
    "temporary condition due to an incomplete update"

/* The result of "variation N": an error when there is none. */
static void variation_set(struct evaluator *e, const struct compiled_flag *flag, int64_t variation,
                          struct outcome *o)
{
    if (variation >= 0 && variation < flag->variation_count) {
        o->variation = variation;
        return;
    }
    o->variation = EVALUATION_NO_VARIATION;
    o->reason = REASON_ERROR;
    o->in_experiment = false;
    if (variation == COMPILED_NO_CHOICE)
        evaluate_problem(e, "rollout or experiment with no variations");
    else
        evaluate_problem(
            e, "rule, fallthrough, or target referenced a nonexistent variation index %lld",
            (long long)variation);
}

static void off_set(struct evaluator *e, const struct compiled_flag *flag, struct outcome *o)
{
    o->variation = EVALUATION_NO_VARIATION;
    if (flag->has_off_variation)
        variation_set(e, flag, flag->off_variation, o);
}

static void malformed_set(bool aborted, struct outcome *o)
{
    o->reason = REASON_ERROR;
    o->variation = EVALUATION_NO_VARIATION;
    o->aborted = aborted;
}

static void rollout_decide(struct evaluator *e, const struct compiled_flag *flag,
                           const struct compiled_rollout *rollout, struct outcome *o)
{
    float bucket;
    enum bucket_result result = evaluate_bucket(e, rollout, &bucket);
    if (result == BUCKET_INVALID) {
        evaluate_problem_reference(e, &rollout->bucket_by);
        malformed_set(false, o);
        return;
    }
    size_t chosen = 0;
    while (chosen < rollout->weight_count && !(bucket < rollout->weights[chosen].threshold))
        chosen++;
    /* When no weight is large enough the last one is taken, and the kind does not matter. */
    bool counts = chosen == rollout->weight_count || result == BUCKET_FOUND;
    if (chosen == rollout->weight_count)
        chosen--;
    o->by_rollout = true;
    o->in_experiment = rollout->experiment && counts && !rollout->weights[chosen].untracked;
    variation_set(e, flag, rollout->weights[chosen].variation, o);
}

static void choice_decide(struct evaluator *e, const struct compiled_flag *flag,
                          const struct compiled_choice *choice, struct outcome *o)
{
    if (choice->rollout != NULL)
        rollout_decide(e, flag, choice->rollout, o);
    else
        variation_set(e, flag, choice->variation, o);
}

static bool targets_decide(struct evaluator *e, const struct compiled_flag *flag, struct outcome *o)
{
    for (size_t i = 0; i < flag->target_count; i++) {
        const struct compiled_target *target = &flag->targets[i];
        const struct context_part *part =
            evaluator_part(e, target->context_kind, target->kind_is_user);
        if (part == NULL || !key_set_has(target->keys, part->key, part->key_hash))
            continue;
        o->reason = REASON_TARGET_MATCH;
        variation_set(e, flag, target->variation, o);
        return true;
    }
    return false;
}

static bool rules_decide(struct evaluator *e, const struct compiled_flag *flag, struct outcome *o)
{
    for (size_t i = 0; i < flag->rule_count; i++) {
        enum match found = evaluate_clauses(e, &flag->rules[i].clauses);
        if (found == MATCH_NO)
            continue;
        o->reason = REASON_RULE_MATCH;
        o->rule = (uint32_t)i;
        if (found == MATCH_ERROR)
            malformed_set(true, o);
        else
            choice_decide(e, flag, &flag->rules[i].choice, o);
        return true;
    }
    return false;
}

static bool experiment_find(const struct compiled_flag *flag, const struct outcome *o)
{
    if (o->reason == REASON_FALLTHROUGH)
        return o->in_experiment || flag->track_events_fallthrough;
    if (o->reason == REASON_RULE_MATCH)
        return o->in_experiment || flag->rules[o->rule].track_events;
    return false;
}

static struct item *flag_at(const struct evaluator *e, size_t position)
{
    return sequence_at(&e->data->collections[ITEM_FLAG].items, position);
}

/* Everything behind the prerequisites, of which `prerequisites` were evaluated and all satisfied.
 */
static void flag_decide(struct evaluator *e, const struct compiled_flag *flag, size_t position,
                        uint32_t prerequisites, struct outcome *o)
{
    *o = (struct outcome){.reason = REASON_FALLTHROUGH, .prerequisites = prerequisites};
    e->big_segments = BIG_SEGMENTS_NONE;
    if (!flag->on) {
        o->reason = REASON_OFF;
        off_set(e, flag, o);
    } else if (!targets_decide(e, flag, o) && !rules_decide(e, flag, o)) {
        choice_decide(e, flag, &flag->fallthrough, o);
    }
    o->big_segments = e->big_segments;
    o->is_experiment = experiment_find(flag, o);
    if (o->reason == REASON_ERROR)
        evaluate_problem_tell(e, flag_at(e, position));
}

/* One flag whose prerequisites are being followed. */
struct step {
    size_t position;
    const struct compiled_flag *flag;
    uint32_t next; /* prerequisites before this one were evaluated and satisfied */
    enum big_segments_status big_segments;
};

struct walk {
    struct evaluator *e;
    struct step *steps;
    size_t depth;
    size_t room;
};

static bool has_to_follow(const struct compiled_flag *flag)
{
    return flag->on && flag->prerequisite_count != 0;
}

static void memo_set(struct evaluator *e, size_t position, const struct outcome *o)
{
    e->flags[position] = (struct flag_memo){.state = MEMO_DONE, .outcome = *o};
}

/* Evaluates the flag, or puts it on the stack when it has prerequisites of its own. */
static void walk_enter(struct walk *w, size_t position)
{
    const struct compiled_flag *flag = compiled_flag_of(flag_at(w->e, position));
    if (!has_to_follow(flag)) {
        struct outcome o;
        flag_decide(w->e, flag, position, 0, &o);
        memo_set(w->e, position, &o);
        return;
    }
    if (w->depth == w->room) {
        w->room = w->room != 0 ? w->room * 2 : 16;
        w->steps = mem_realloc(w->steps, w->room * sizeof *w->steps);
    }
    w->e->flags[position].state = MEMO_IN_PROGRESS;
    w->steps[w->depth++] = (struct step){.position = position, .flag = flag};
}

static void walk_leave(struct walk *w, struct outcome *o)
{
    struct step *top = &w->steps[--w->depth];
    if (top->big_segments > o->big_segments)
        o->big_segments = top->big_segments;
    memo_set(w->e, top->position, o);
}

static void walk_abort(struct walk *w)
{
    struct outcome o = {.prerequisites = w->steps[w->depth - 1].next};
    malformed_set(true, &o);
    walk_leave(w, &o);
}

/* The next prerequisite is one of those that are being followed. */
static void walk_cycle(struct walk *w)
{
    const struct step *top = &w->steps[w->depth - 1];
    struct view key = top->flag->prerequisites[top->next].flag.key;
    evaluate_problem(w->e, PROBLEM_CYCLE, VIEW_ARGS(key));
    evaluate_problem_tell(w->e, flag_at(w->e, top->position));
    walk_abort(w);
}

static void walk_fail(struct walk *w, uint32_t evaluated)
{
    struct step *top = &w->steps[w->depth - 1];
    struct outcome o = {.reason = REASON_PREREQUISITE_FAILED,
                        .prerequisites = evaluated,
                        .failed_prerequisite = top->next};
    off_set(w->e, top->flag, &o);
    if (o.reason == REASON_ERROR)
        evaluate_problem_tell(w->e, flag_at(w->e, top->position));
    walk_leave(w, &o);
}

/* The next prerequisite has been evaluated. */
static void walk_use(struct walk *w, size_t position, const struct outcome *found)
{
    struct step *top = &w->steps[w->depth - 1];
    if (found->big_segments > top->big_segments)
        top->big_segments = found->big_segments;
    if (found->aborted) {
        walk_abort(w);
        return;
    }
    bool satisfied = compiled_flag_of(flag_at(w->e, position))->on &&
                     found->variation != EVALUATION_NO_VARIATION &&
                     found->variation == top->flag->prerequisites[top->next].variation;
    if (satisfied)
        top->next++;
    else
        walk_fail(w, top->next + 1);
}

static size_t prerequisite_find(const struct evaluator *e, const struct compiled_key *key)
{
    const struct collection *flags = &e->data->collections[ITEM_FLAG];
    size_t position = key_index_find(&flags->index, &flags->items, key->key, key->hash);
    if (position != KEY_INDEX_NONE && sequence_at(&flags->items, position)->deleted)
        return KEY_INDEX_NONE;
    return position;
}

/* Goes on with the flag on top of the stack. */
static void walk_step(struct walk *w)
{
    struct step *top = &w->steps[w->depth - 1];
    if (top->next == top->flag->prerequisite_count) {
        struct outcome o;
        flag_decide(w->e, top->flag, top->position, top->next, &o);
        walk_leave(w, &o);
        return;
    }
    size_t position = prerequisite_find(w->e, &top->flag->prerequisites[top->next].flag);
    if (position == KEY_INDEX_NONE) {
        walk_fail(w, top->next);
        return;
    }
    const struct flag_memo *memo = &w->e->flags[position];
    if (memo->state == MEMO_NONE)
        walk_enter(w, position);
    else if (memo->state == MEMO_IN_PROGRESS)
        walk_cycle(w);
    else
        walk_use(w, position, &memo->outcome);
}

/* The outcome for a flag with prerequisites, remembered as those are. */
static const struct outcome *outcome_follow(struct evaluator *e, size_t position)
{
    if (e->flags == NULL)
        e->flags = mem_zalloc(e->data->collections[ITEM_FLAG].items.count * sizeof *e->flags);
    struct walk w = {.e = e};
    walk_enter(&w, position);
    while (w.depth != 0)
        walk_step(&w);
    mem_free(w.steps);
    return &e->flags[position].outcome;
}

void evaluator_outcome(struct evaluator *e, const struct compiled_flag *flag, size_t position,
                       struct outcome *out)
{
    if (e->flags != NULL && e->flags[position].state == MEMO_DONE)
        *out = e->flags[position].outcome;
    else if (has_to_follow(flag))
        *out = *outcome_follow(e, position);
    else
        flag_decide(e, flag, position, 0, out);
}
