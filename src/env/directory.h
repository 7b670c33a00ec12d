/* env/directory.h - which environments there are, and which credential opens which one
 * (spec http-api.md 3): constant, shared.
 *
 * A key is (credential kind, credential, payload filter); the value is the environment's slot. A
 * change makes a new directory, which is posted to the serving threads as a whole.
 */
#ifndef ENV_DIRECTORY_H
#define ENV_DIRECTORY_H

#include "base/map.h"

/* The three kinds are separate name spaces: an SDK key on a mobile route is unknown. */
enum credential_kind { CREDENTIAL_SDK_KEY, CREDENTIAL_MOBILE_KEY, CREDENTIAL_ENVIRONMENT_ID };

enum directory_answer {
    DIRECTORY_FOUND,
    DIRECTORY_UNKNOWN,
    DIRECTORY_UNKNOWN_FILTER, /* the credential is known, but not with this payload filter */
    DIRECTORY_NO_LIST         /* the list of environments has not arrived yet */
};

struct directory {
    _Atomic unsigned refs;
    struct map slots; /* rendered key -> slot + 1, as a pointer */
    size_t count;
    unsigned by_name[]; /* the slots of all environments, in the order that /status lists them */
};

/* Copies the list of slots. One reference. */
struct directory *directory_new(const unsigned *by_name, size_t count);

/* Before anybody else sees the directory. An empty credential is left out. */
void directory_add(struct directory *d, enum credential_kind kind, struct view credential,
                   struct view filter, unsigned slot);

/* `filter` is empty for the unfiltered environment. *slot is set when FOUND. `d` may be NULL:
 * NO_LIST. */
enum directory_answer directory_find(const struct directory *d, enum credential_kind kind,
                                     struct view credential, struct view filter, unsigned *slot);

struct directory *directory_ref(struct directory *d);
void directory_unref(struct directory *d); /* accepts NULL */

#endif
