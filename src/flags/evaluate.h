/* flags/evaluate.h - which value a flag has for a context, and why (evaluation.md 4 to 8).
 *
 *   data set + context --evaluator_new()--> evaluator --evaluator_flag()--> struct evaluation
 *
 * An evaluator is one request: it looks at one data set and remembers what it found about
 * prerequisites and segments, so a flag on which a thousand others depend is evaluated once. Pure:
 * it reads the data set and asks `membership_source` about big segments. One thread at a time. May
 * call: base.
 */
#ifndef FLAGS_EVALUATE_H
#define FLAGS_EVALUATE_H

#include "flags/context.h"
#include "flags/dataset.h"

/* In the order in which one outdoes the other (evaluation.md 6.2). */
enum big_segments_status {
    BIG_SEGMENTS_NONE, /* no big segment was involved */
    BIG_SEGMENTS_HEALTHY,
    BIG_SEGMENTS_STALE,
    BIG_SEGMENTS_STORE_ERROR,
    BIG_SEGMENTS_NOT_CONFIGURED,
    BIG_SEGMENTS_WANTED /* not known yet: see struct membership_source */
};

enum membership { MEMBERSHIP_UNKNOWN, MEMBERSHIP_INCLUDED, MEMBERSHIP_EXCLUDED };

/* Who knows the members of big segments. Neither function may block: when the answer must be
 * fetched first, query() says BIG_SEGMENTS_WANTED, the evaluation goes on as if the context were no
 * member, and evaluator_wants_memberships() is true at its end. The caller then fetches and starts
 * anew. */
struct membership_source {
    void *owner;
    /* What is known of the context with this key; asked once per key and evaluator. */
    enum big_segments_status (*query)(void *owner, struct view context_key);
    /* After a query that said HEALTHY or STALE: the state of "SEGMENT.gGENERATION". */
    enum membership (*find)(void *owner, struct view context_key, struct view segment);
};

enum reason_kind {
    REASON_OFF,
    REASON_FALLTHROUGH,
    REASON_TARGET_MATCH,
    REASON_RULE_MATCH,
    REASON_PREREQUISITE_FAILED,
    REASON_ERROR /* always MALFORMED_FLAG */
};

#define EVALUATION_NO_VARIATION (-1)

struct evaluation {
    enum reason_kind reason;
    int64_t variation; /* EVALUATION_NO_VARIATION: none, and the value is null */
    struct view value; /* raw JSON; lives as long as the data set */
    struct view key;   /* the flag's JSON "key" */
    int64_t version;
    size_t rule_index;         /* RULE_MATCH */
    struct view rule_id;       /* RULE_MATCH; may be empty */
    struct view prerequisite;  /* PREREQUISITE_FAILED: the key of the one that failed */
    bool in_experiment;        /* said in the reason */
    bool is_experiment;        /* events and reasons are wanted whatever the flag says (4.6) */
    bool by_rollout;           /* the variation was chosen by a rollout */
    bool has_conditions;       /* the flag has prerequisites, targets or rules */
    bool track_events;         /* of the flag */
    int64_t debug_until_ms;    /* of the flag; 0: not set */
    size_t prerequisite_count; /* direct ones that were evaluated: the first of the item's needs */
    enum big_segments_status big_segments;
};

/* Compiles all flags of the data set now, rather than with the first evaluation; on any thread, and
 * for nothing when it was done before. Who replaces a data set that was evaluated may prepare the
 * next one, so that no request has to wait: some 3 us a flag. Afterwards evaluation_is_prepared()
 * is true. */
void evaluation_prepare(struct dataset *d);
bool evaluation_is_prepared(struct dataset *d);

/* Who wants to hear of flags that cannot be evaluated as they are: `problem` is called once for
 * each version of a flag, from inside of the evaluation, with a sentence like "rule clause did not
 * specify an attribute" (evaluation.md 1). */
struct evaluation_listener {
    void *owner;
    void (*problem)(void *owner, struct view flag_key, const char *problem);
};

struct evaluator;

/* `membership` may be NULL: then every big segment is NOT_CONFIGURED. Data set, context and source
 * must live as long as the evaluator. */
struct evaluator *evaluator_new(struct dataset *d, const struct context *c,
                                const struct membership_source *membership);
void evaluator_free(struct evaluator *e); /* accepts NULL */

/* From now on problems are told. The listener must live as long as the evaluator; NULL is allowed.
 */
void evaluator_listen(struct evaluator *e, const struct evaluation_listener *listener);

/* The flag with this key in the data set. False when there is none, or it is deleted. */
bool evaluator_flag(struct evaluator *e, struct view key, struct evaluation *out);

/* Some membership was wanted and is not known yet. */
bool evaluator_wants_memberships(const struct evaluator *e);

/* How many searches for regular expressions took too many steps and were given up. */
size_t evaluator_patterns_given_up(const struct evaluator *e);

/* What was done so far with the values of the context, which may be large, in units of some 10 ns;
 * what depends on the flags alone does not count. */
size_t evaluator_work(const struct evaluator *e);

/* The reason as JSON (evaluation.md 8), appended. */
void evaluation_reason_write(const struct evaluation *result, struct str *out);

/* "OFF", "FALLTHROUGH", ...; "HEALTHY", ... */
const char *reason_kind_name(enum reason_kind kind);
const char *big_segments_status_name(enum big_segments_status status);

#endif
