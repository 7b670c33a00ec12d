/* A database with room for memberships, and operations that wait for their answer; for the tests of
 * bigsegments/. */
#ifndef TEST_BIGSEGMENTS_MEMBERS_WORLD_H
#define TEST_BIGSEGMENTS_MEMBERS_WORLD_H

#include "bigsegments/membership_store.h"

#include "../store/harness.h"

struct members {
    struct world *world;
    struct membership_database *db;
    struct membership_store *store; /* prefix "prod" */
    bool store_closed;
    bool closed;
};

/* A second store of the same database; closed by members_store_close(). */
struct membership_store *members_store(struct members *m, const char *prefix);
void members_store_close(struct members *m, struct membership_store *s);

/* The world's database is open, and is closed by somebody else afterwards. */
void members_open(struct members *m, struct world *w);
void members_close(struct members *m);

/* "SEGMENT PREVIOUS>VERSION +included -included *excluded /excluded" as LaunchDarkly sends it. */
void patch_text(const char *text, struct str *out);

/* Each waits. They answer "applied", "mismatch"; the cursor; the time as text; memberships as
 * "vip.g2+ eu.g4-"; "ok"; or the error. Static, until the next call. */
const char *members_apply(struct membership_store *s, struct world *w, const char *patch);
const char *members_apply_raw(struct membership_store *s, struct world *w, struct view patch);
const char *members_cursor(struct membership_store *s, struct world *w);
const char *members_reset(struct membership_store *s, struct world *w);
const char *members_time(struct membership_store *s, struct world *w);
const char *members_time_set(struct membership_store *s, struct world *w, int64_t time_ms);
const char *members_of(struct membership_store *s, struct world *w, const char *hash);

#endif
