/* bigsegments/memberships.h - the big segments of one context, as a database knows them: immutable,
 * shared by any number of threads (big-segments.md 7).
 *
 *   include = {vip.g2, beta.g1}   exclude = {vip.g2, eu.g4}   ->  vip.g2, beta.g1: in, eu.g4: out
 *
 * May call: flags, base.
 */
#ifndef BIGSEGMENTS_MEMBERSHIPS_H
#define BIGSEGMENTS_MEMBERSHIPS_H

#include "base/str.h"
#include "flags/evaluate.h"

#define MEMBERSHIPS_HASH_LEN 44

struct memberships;

/* Base64 of SHA-256 of a context's key: what databases and patches know it by; zero-terminated. */
void memberships_hash(struct view context_key, char out[static MEMBERSHIPS_HASH_LEN + 1]);

/* One reference. Texts are copied; they may be in any order, and be there twice. */
struct memberships *memberships_new(const struct view *included, size_t included_count,
                                    const struct view *excluded, size_t excluded_count);

/* The same where the texts come one by one, as those who read answers meet them. {0} is none. */
struct membership_refs {
    struct str text; /* one behind the other */
    size_t *ends;    /* of each, in the text */
    size_t count;
    size_t room;
};

/* What was appended to `text` since the last time is one of them. */
void membership_refs_end(struct membership_refs *r);
void membership_refs_free(struct membership_refs *r);
struct memberships *memberships_from_refs(const struct membership_refs *included,
                                          const struct membership_refs *excluded);

struct memberships *memberships_ref(struct memberships *m);
void memberships_unref(struct memberships *m); /* accepts NULL */

/* Included wins. `segment` is "SEGMENT.gGENERATION". For membership_source.find. */
enum membership memberships_find(const struct memberships *m, struct view segment);

/* How much memory it takes. */
size_t memberships_bytes(const struct memberships *m);

#endif
