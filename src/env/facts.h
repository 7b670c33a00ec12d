/* env/facts.h - what is configured for one environment, and what of it never changes.
 *
 *   env_settings --env_open()--> env_facts, shared by the environment, its snapshots and its
 * streams
 */
#ifndef ENV_FACTS_H
#define ENV_FACTS_H

#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>

/* Everything is borrowed for the call. Lists end with NULL; NULL is an empty list. */
struct env_settings {
    const char *name; /* display name, "prod" or "prod/filter" */
    const char *sdk_key;
    const char *mobile_key; /* "": none */
    const char *env_id;     /* client-side ID; "": none */
    const char *filter_key; /* "": unfiltered */
    const char *prefix;     /* effective database prefix */
    const char *table;      /* DynamoDB's; "": another database */
    enum log_level log_level;
    const char *const *allowed_origins; /* CORS (http-api.md 4.2); empty: any */
    const char *const *allowed_headers; /* in addition to the usual ones */
    const char *const *data_files;      /* a file environment; NULL: LaunchDarkly */
    int64_t ttl_ms;                     /* how long polls may be kept; <= 0: no word of it */
    bool secure_mode;                   /* browsers must prove who they are (http-api.md 5.5) */
};

/* What a stream carries; with the environment it is the channel (streaming.md 1). */
enum fanout_kind {
    FANOUT_ALL,
    FANOUT_FLAGS,
    FANOUT_MOBILE_PING,
    FANOUT_BROWSER_PING,
    FANOUT_KIND_COUNT
};

/* Streams that carry data; the others only say that something has changed. */
static inline bool fanout_has_put(enum fanout_kind kind)
{
    return kind == FANOUT_ALL || kind == FANOUT_FLAGS;
}

/* Reference counted, for any thread; constant but for the gauge. */
struct env_facts {
    _Atomic unsigned refs;
    _Atomic int64_t streams[FANOUT_KIND_COUNT]; /* open now, on all threads; kept by api/stream.c */
    char *name;
    char *env_id;
    char *filter_key;
    char *store_prefix;
    char *store_table;
    char *masked_sdk_key; /* as /status shows it (status.md 3) */
    char *masked_mobile_key;
    char **allowed_origins; /* never NULL */
    char **allowed_headers; /* never NULL */
    int64_t ttl_ms;
    bool secure_mode;
    bool local; /* its data comes from files: LaunchDarkly knows nothing of it */
    /* Secrets: for the hashes of secure mode and for requests upstream, for nothing that is shown.
     */
    char *sdk_key;
    char *mobile_key; /* "": none */
    int64_t created_wall_ms;
    struct log_scope *log;
    struct log_scope *events_log; /* the same for what is about its events */
};

/* One reference. */
struct env_facts *env_facts_new(const struct env_settings *settings, int64_t created_wall_ms);
struct env_facts *env_facts_ref(struct env_facts *f);
void env_facts_unref(struct env_facts *f); /* accepts NULL */

/* Copies of the texts, ended by NULL; NULL gives an empty list. Release with texts_free(). */
char **texts_copy(const char *const *texts);
void texts_free(char **texts); /* accepts NULL */

#endif
