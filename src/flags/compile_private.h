/* flags/compile_private.h - what the files that make compiled forms share. */
#ifndef FLAGS_COMPILE_PRIVATE_H
#define FLAGS_COMPILE_PRIVATE_H

#include "base/json_writer.h"
#include "flags/compiled.h"
#include "flags/model.h"

struct compiling {
    struct view source;  /* the item's text, which outlives the compiled form */
    struct arena *arena; /* of the compiled form */
    struct str scratch;
    struct pattern **patterns;
    size_t pattern_count;
};

/* The same text, living as long as the compiled form. */
struct view compile_keep(struct compiling *c, struct view text);

/* As compile_keep(), but a short text is copied next to what is compiled before and after it, so
 * that it is in the cache when they are. */
struct view compile_near(struct compiling *c, struct view text);

/* A set of kept texts; `texts` is a list of struct view. */
struct key_set compile_key_set(struct compiling *c, const struct model_list *texts);

struct compiled_clauses compile_clauses(struct compiling *c, const struct model_list *clauses);

/* Operator and values of one clause. */
void compile_operator(struct compiling *c, const struct model_clause *model,
                      struct compiled_clause *out);

/* Context kind, hash input and attribute of a rollout; the weights are not touched. */
void compile_bucketing(struct compiling *c, struct view key, struct view salt,
                       const struct model_rollout *model, struct compiled_rollout *out);

struct compiled_key compile_key(struct compiling *c, struct view key);

/* "" and "user". */
bool compile_kind_is_user(struct view kind);

struct compiled_flag *compile_flag(struct view source);
struct compiled_segment *compile_segment(struct view source);

/* Values, texts of the evalx body (evaluation.md 9.3) for each variation and for none. */
void compile_variations(struct compiling *c, const struct model_flag *model,
                        struct compiled_flag *out);

#endif
