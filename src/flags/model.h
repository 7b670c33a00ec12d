/* flags/model.h - what the JSON of a flag or segment says, as structs (evaluation.md 2).
 *
 *   JSON text --model_flag_parse()--> struct model_flag --model_flag_write()--> canonical text
 *
 * A model lives for one call: an item keeps its canonical text, and whoever needs the structs again
 * parses that. Raw values and texts without escapes are views into the JSON text, other texts are
 * in the model's arena. May be included by the files of flags/ only.
 */
#ifndef FLAGS_MODEL_H
#define FLAGS_MODEL_H

#include "base/error.h"
#include "base/str.h"
#include "flags/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* An array in the arena; the comment at each use says of what. */
struct model_list {
    void *items;
    size_t count;
};

struct model_int {
    bool defined;
    int64_t value;
};

struct model_prerequisite {
    struct view key;
    int64_t variation;
};

struct model_target {
    struct view context_kind; /* "" means user */
    struct model_list values; /* struct view */
    int64_t variation;
};

struct model_clause {
    struct view context_kind;
    struct view attribute; /* "" means undefined */
    struct view op;
    struct model_list values; /* struct view: raw JSON */
    bool negate;
};

struct model_weight {
    int64_t variation;
    int64_t weight; /* in 1/100000 */
    bool untracked;
};

struct model_rollout {
    struct view kind;
    struct view context_kind;
    struct model_list variations; /* struct model_weight; none: there is no rollout */
    struct view bucket_by;        /* "" means undefined */
    struct model_int seed;
};

/* A variation, or a rollout that picks one. */
struct model_choice {
    struct model_int variation;
    struct model_rollout rollout;
};

struct model_rule {
    struct view id;
    struct model_choice choice;
    struct model_list clauses; /* struct model_clause */
    bool track_events;
};

struct model_availability {
    bool explicit_form; /* the document has "clientSideAvailability" */
    bool using_mobile_key;
    bool using_environment_id;
};

struct model_migration {
    bool defined;
    struct model_int check_ratio;
};

struct model_flag {
    struct view key; /* the JSON "key" */
    bool on;
    struct model_list prerequisites;   /* struct model_prerequisite */
    struct model_list targets;         /* struct model_target */
    struct model_list context_targets; /* struct model_target */
    struct model_list rules;           /* struct model_rule */
    struct model_choice fallthrough;
    struct model_int off_variation;
    struct model_list variations; /* struct view: raw JSON */
    struct model_availability availability;
    bool client_side;
    struct view salt;
    bool track_events;
    bool track_events_fallthrough;
    int64_t debug_events_until_ms; /* 0: not set */
    int64_t version;
    bool deleted;
    struct model_migration migration;
    struct model_int sampling_ratio;
    bool exclude_from_summaries;
};

struct model_segment_rule {
    struct view id;
    struct model_list clauses; /* struct model_clause */
    struct model_int weight;
    struct view bucket_by;
    struct view rollout_context_kind;
};

struct model_segment {
    struct view key;
    struct model_list included;          /* struct view */
    struct model_list excluded;          /* struct view */
    struct model_list included_contexts; /* struct model_target, without variation */
    struct model_list excluded_contexts; /* struct model_target, without variation */
    struct view salt;
    struct model_list rules; /* struct model_segment_rule */
    bool unbounded;
    struct view unbounded_context_kind;
    int64_t version;
    struct model_int generation;
    bool deleted;
};

/* Whether browsers (environment ID) and phones (mobile key) may see the flag (evaluation.md 2.2).
 */
bool model_flag_is_for_environment(const struct model_flag *flag);
bool model_flag_is_for_mobile(const struct model_flag *flag);

/* Read one JSON text into an arena and a zeroed model. False with *err set
 * ("\"variations\": expected an array at offset 17") when it is not such an item. */
MUST_CHECK bool model_flag_parse(struct view json, struct arena *arena, struct model_flag *out,
                                 struct error *err);
MUST_CHECK bool model_segment_parse(struct view json, struct arena *arena,
                                    struct model_segment *out, struct error *err);

/* Append the canonical text (evaluation.md 2.4). */
void model_flag_write(const struct model_flag *flag, struct str *out);
void model_segment_write(const struct model_segment *segment, struct str *out);

#endif
