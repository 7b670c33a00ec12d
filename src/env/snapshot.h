/* env/snapshot.h - one environment as a serving thread sees it: constant, reference counted.
 *
 *   control thread: env --env_snapshot_publish()--> letter to each thread --> fanout: current
 * snapshot
 *
 * A request looks at one snapshot from its beginning to its end, so an answer never mixes two
 * versions.
 */
#ifndef ENV_SNAPSHOT_H
#define ENV_SNAPSHOT_H

#include "base/log.h"
#include "flags/dataset.h"

#include <stdbool.h>
#include <stdint.h>

/* What never changes while the environment lives; shared by all its snapshots. */
struct env_facts {
    _Atomic unsigned refs;
    char *name;   /* display name, "prod" or "prod/filter" */
    char *env_id; /* client-side ID; "" when there is none */
    struct log_scope *log;
};

struct env_facts *env_facts_new(const char *name, const char *env_id, struct log_scope *log);
struct env_facts *env_facts_ref(struct env_facts *f);
void env_facts_unref(struct env_facts *f); /* accepts NULL */

/* May requests be answered (http-api.md 3.3, rules 5 to 7)? */
enum env_readiness {
    ENV_STARTING, /* 503 "client was not initialized" */
    ENV_READY,    /* with or without data */
    ENV_REFUSED   /* LaunchDarkly refused it for good and there is no data: as an unknown credential
                   */
};

struct env_snapshot {
    _Atomic unsigned refs;
    uint64_t number; /* counts up with each snapshot of the environment */
    enum env_readiness readiness;
    struct env_facts *facts;
    struct dataset *data; /* NULL: there is none yet */
};

/* Takes a reference of its own to both; `data` may be NULL. One reference. */
struct env_snapshot *env_snapshot_new(struct env_facts *facts, uint64_t number,
                                      enum env_readiness readiness, struct dataset *data);
struct env_snapshot *env_snapshot_ref(struct env_snapshot *s);
void env_snapshot_unref(struct env_snapshot *s); /* accepts NULL */

#endif
