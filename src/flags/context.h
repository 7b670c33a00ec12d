/* flags/context.h - for what a flag is evaluated (evaluation.md 3): one or several kinds, or a
 * legacy user.
 *
 *   JSON text --context_parse()--> struct context --> evaluator (flags/evaluate.h)
 *                                                 \-> canonical key, for secure mode and logs
 *
 * Immutable, one owner; any thread may read. Pure functions, no I/O. May call: base.
 */
#ifndef FLAGS_CONTEXT_H
#define FLAGS_CONTEXT_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct context;

/* Parses one JSON text of any schema of evaluation.md 3.1. NULL with *err set otherwise: err->text
 * is the message of evaluation.md 3.6 and nothing else, since clients see it. */
MUST_CHECK struct context *context_parse(struct view json, struct error *err);

/* The same with kinds and keys alone, as events are read (events.md 7.1): whatever the attributes
 * are, they are skipped. Not for evaluations. */
MUST_CHECK struct context *context_parse_keys(struct view json, struct error *err);

/* What OpenFeature sends (evaluation.md 12.2), `json` being the value of its "context". */
enum context_ofrep_problem { CONTEXT_OFREP_INVALID, CONTEXT_OFREP_KEY_MISSING };
MUST_CHECK struct context *context_parse_ofrep(struct view json,
                                               enum context_ofrep_problem *problem,
                                               struct error *err);

void context_free(struct context *c); /* accepts NULL */

/* The text that OpenFeature sent: who sends the same is given the same. Empty for contexts of other
 * origin. */
struct view context_source(const struct context *c);

/* More than one kind. A multi-kind text with only one is a single-kind context. */
bool context_is_multi(const struct context *c);

/* The key of a single-kind context; empty for several kinds. Only a legacy user's may be empty. */
struct view context_key(const struct context *c);

/* Kinds and keys one by one, sorted by kind; at least one. */
size_t context_kind_count(const struct context *c);
struct view context_kind_at(const struct context *c, size_t i);
struct view context_key_at(const struct context *c, size_t i);

/* Appends the fully-qualified key (evaluation.md 3.7). */
void context_canonical_key(const struct context *c, struct str *out);

/* Lower-case hex of HMAC-SHA256 over the canonical key (evaluation.md 3.8), and a zero byte. */
void context_secure_hash(const struct context *c, struct view sdk_key, char out[static 65]);

#endif
