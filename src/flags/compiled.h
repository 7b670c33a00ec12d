/* flags/compiled.h - flags and segments prepared for evaluation (evaluation.md 13.2).
 *
 *   struct item --first evaluation--> struct compiled_flag or compiled_segment, kept by the item
 *
 * Made when an item is evaluated for the first time, from its canonical text: a relay that serves
 * streams alone pays nothing for it. Immutable; freed with the item. Texts are views of the item's
 * text wherever that has them as they are. May be used by the files of flags/ only.
 */
#ifndef FLAGS_COMPILED_H
#define FLAGS_COMPILED_H

#include "flags/date.h"
#include "flags/item.h"
#include "flags/key_set.h"
#include "flags/pattern.h"
#include "flags/reference.h"
#include "flags/semver.h"

struct compiled_clause;

/* A key to be looked up among flags or segments. */
struct compiled_key {
    struct view key;
    uint32_t hash; /* key_index_hash() */
};

/* What an operator compares with; which member is in use depends on the operator. */
union compiled_values {
    struct {
        struct key_set texts;
        const double *numbers; /* ascending */
        uint32_t number_count;
        bool has[2]; /* false, true */
    } in;
    struct {
        const struct view *items;
        size_t count;
    } texts;
    struct {
        struct pattern *const *items;
        size_t count;
    } patterns;
    struct {
        const double *items;
        size_t count;
    } numbers;
    struct {
        const struct date *items;
        size_t count;
    } dates;
    struct {
        const struct semver *items;
        size_t count;
    } versions;
    struct {
        const struct compiled_key *items;
        size_t count;
    } segments;
};

/* Does one value of a context match? *matcher is made when it is needed. */
typedef bool compiled_match(const struct compiled_clause *clause, const struct value *v,
                            struct pattern_matcher **matcher);

/* What a comparison may come out as for the operator to be true, as bits. */
enum { COMPILED_LESS = 1, COMPILED_EQUAL = 2, COMPILED_GREATER = 4 };

struct compiled_clause {
    compiled_match *match; /* NULL: the operator never matches, or is segmentMatch */
    unsigned char wanted;  /* of comparisons */
    bool matches_segments; /* the operator is segmentMatch */
    bool tests_kind;       /* the attribute is exactly "kind" */
    bool negate;
    bool kind_is_user;
    struct reference attribute;
    union compiled_values values;
    struct view context_kind;
};

struct compiled_clauses {
    const struct compiled_clause *items;
    size_t count;
};

struct compiled_weight {
    float threshold; /* sum of the weights up to and with this one */
    bool untracked;
    int64_t variation;
};

struct compiled_rollout {
    bool experiment;
    bool kind_is_user;
    struct view context_kind;
    struct view prefix; /* "KEY.SALT." or "SEED." */
    struct reference bucket_by;
    const struct compiled_weight *weights;
    size_t weight_count;
};

#define COMPILED_NO_CHOICE INT64_MIN

/* A rollout, or without one a variation; COMPILED_NO_CHOICE where a flag names neither. */
struct compiled_choice {
    const struct compiled_rollout *rollout;
    int64_t variation;
};

struct compiled_rule {
    struct compiled_choice choice;
    struct compiled_clauses clauses;
    struct view id;
    bool track_events;
};

struct compiled_target {
    struct view context_kind;
    bool kind_is_user;
    int64_t variation;
    const struct key_set *keys; /* of an entry that stands for one in `targets`: that one's */
};

struct compiled_prerequisite {
    struct compiled_key flag;
    int64_t variation;
    struct view quoted_key;
};

/* "KEY":{"value":V,"variation":N,"version":M and what follows when there is nothing else to say. */
struct compiled_variation {
    const char *text; /* up to and with the closing brace */
    uint32_t len;
    uint32_t head_len; /* up to the version */
    uint32_t value_at; /* where the value stands in it */
    uint32_t value_len;
};

/* The first cache line is all that is read of most flags. */
struct compiled_flag {
    bool on;
    bool track_events;
    bool track_events_fallthrough;
    bool has_off_variation;
    bool has_conditions; /* prerequisites, targets or rules */
    uint32_t prerequisite_count;
    uint32_t target_count;
    uint32_t rule_count;
    uint32_t variation_count;
    const struct compiled_target *targets; /* in the order in which they are tested */
    const struct compiled_rule *rules;
    const struct compiled_variation *variations;
    struct compiled_choice fallthrough;

    int64_t off_variation;
    const struct compiled_prerequisite *prerequisites;
    struct compiled_variation none; /* value and variation null */
    struct view debug_text;         /* ,"debugEventsUntilDate":N or "" */
    int64_t debug_events_until_ms;
    struct view key; /* the JSON "key" */
    struct arena arena;
    struct pattern **patterns; /* all of them, to be freed */
    size_t pattern_count;
};

_Static_assert(offsetof(struct compiled_flag, off_variation) <= 64, "one cache line");

struct compiled_members {
    struct view context_kind;
    struct key_set keys;
};

struct compiled_segment_rule {
    struct compiled_clauses clauses;
    bool has_weight;
    float threshold;
    struct compiled_rollout rollout; /* context kind, prefix and bucketBy alone */
};

struct compiled_segment {
    struct arena arena;
    struct key_set included;
    struct key_set excluded;
    const struct compiled_members *included_contexts;
    size_t included_context_count;
    const struct compiled_members *excluded_contexts;
    size_t excluded_context_count;
    const struct compiled_segment_rule *rules;
    size_t rule_count;
    bool unbounded;
    bool has_generation;
    struct view unbounded_context_kind;
    struct view big_reference; /* "KEY.gN" */
    struct pattern **patterns;
    size_t pattern_count;
};

/* The compiled form of an item that is no tombstone, made by whoever asks first. */
const struct compiled_flag *compiled_flag_of(struct item *it);
const struct compiled_segment *compiled_segment_of(struct item *it);

/* For item_unref(). Accepts NULL. */
void compiled_free(enum item_kind kind, void *compiled);

#endif
