/* flags/evaluate_private.h - the inside of an evaluator, for the files of flags/ only. */
#ifndef FLAGS_EVALUATE_PRIVATE_H
#define FLAGS_EVALUATE_PRIVATE_H

#include "flags/compiled.h"
#include "flags/context_private.h"
#include "flags/dataset_private.h"
#include "flags/evaluate.h"

/* How a flag came out; the indices are into its compiled form. */
struct outcome {
    enum reason_kind reason;
    enum big_segments_status big_segments;
    bool aborted; /* flags of which it is a prerequisite are malformed as well */
    bool in_experiment;
    bool is_experiment;
    bool by_rollout;
    int64_t variation;
    uint32_t rule;
    uint32_t prerequisites;       /* evaluated ones */
    uint32_t failed_prerequisite; /* PREREQUISITE_FAILED */
};

enum memo_state { MEMO_NONE, MEMO_IN_PROGRESS, MEMO_DONE };

struct flag_memo {
    enum memo_state state;
    struct outcome outcome;
};

/* A clause, rule or segment: an error makes the flag malformed. */
enum match { MATCH_NO, MATCH_YES, MATCH_ERROR };

struct segment_memo {
    unsigned char state;        /* enum memo_state */
    unsigned char match;        /* enum match */
    unsigned char big_segments; /* enum big_segments_status */
};

struct evaluator {
    struct dataset *data;
    const struct context *context;
    const struct context_part *user; /* NULL: the context has no user */
    const struct membership_source *membership;
    enum big_segments_status big_segments; /* of the flag that is being evaluated */
    enum big_segments_status *queried;     /* per part of the context; NULL: none was queried */
    bool wants_memberships;
    bool too_deep; /* segments within segments: what is found now holds for this path alone */
    unsigned segment_depth;
    struct flag_memo *flags;       /* by position; NULL until a prerequisite is met */
    struct segment_memo *segments; /* by position; NULL until a segment is met */
    struct pattern_matcher *matcher;
    size_t work; /* comparisons of values of the context, in units of some 10 ns */
    const struct evaluation_listener *listener; /* NULL: problems are not put into words */
    struct str problem; /* of the flag that is being evaluated; "" for none */
};

/* Why the flag that is being evaluated is malformed; the first problem is kept. */
void evaluate_problem(struct evaluator *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* An attribute reference that is none, or is not there. */
void evaluate_problem_reference(struct evaluator *e, const struct reference *reference);

/* The problem came up within this segment. */
void evaluate_problem_in_segment(struct evaluator *e, struct view segment_key);

/* Tells the listener of the problem, unless it was told of this version of the flag before. */
void evaluate_problem_tell(struct evaluator *e, struct item *flag);

/* The outcome for a flag, which is at this position. Not returned but written where it is used: the
 * copy of a struct that was filled member by member stalls the processor for longer than many a
 * flag takes. */
void evaluator_outcome(struct evaluator *e, const struct compiled_flag *flag, size_t position,
                       struct outcome *out);

/* The individual context of a kind. */
static inline const struct context_part *evaluator_part(const struct evaluator *e, struct view kind,
                                                        bool kind_is_user)
{
    return kind_is_user ? e->user : context_part_find(e->context, kind);
}

/* Do all clauses match? */
enum match evaluate_clauses(struct evaluator *e, const struct compiled_clauses *clauses);

/* Is the context in the segment with this key? Unknown segments have no members. */
enum match evaluate_segment(struct evaluator *e, const struct compiled_key *key);

/* Where on the scale from 0 to 1 the context is (evaluation.md 7). */
enum bucket_result {
    BUCKET_FOUND,
    BUCKET_NO_KIND, /* the context has no part of the rollout's kind; the bucket is 0 */
    BUCKET_INVALID  /* the attribute reference is none */
};
enum bucket_result evaluate_bucket(const struct evaluator *e,
                                   const struct compiled_rollout *rollout, float *bucket);

/* Fills what can be told of an outcome. */
void evaluator_tell(struct evaluator *e, size_t position, const struct outcome *outcome,
                    struct evaluation *out);

#endif
