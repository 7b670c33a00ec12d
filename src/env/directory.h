/* env/directory.h - which credential opens which environment (spec http-api.md 3): constant,
 * shared.
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
    DIRECTORY_UNKNOWN_FILTER /* the credential is known, but not with this payload filter */
};

struct directory {
    _Atomic unsigned refs;
    struct map slots; /* rendered key -> slot + 1, as a pointer */
};

struct directory *directory_new(void);

/* While the directory is being made, before anybody else sees it. An empty credential is left out.
 */
void directory_add(struct directory *d, enum credential_kind kind, struct view credential,
                   struct view filter, unsigned slot);

/* `filter` is empty for the unfiltered environment. *slot is set when FOUND. */
enum directory_answer directory_find(const struct directory *d, enum credential_kind kind,
                                     struct view credential, struct view filter, unsigned *slot);

struct directory *directory_ref(struct directory *d);
void directory_unref(struct directory *d); /* accepts NULL */

#endif
