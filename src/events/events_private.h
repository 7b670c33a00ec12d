/* events_private.h - what the files of the core share: environments, families, groups, batches.
 *
 *   events  1 --- n  events_env  1 --- 4  events_family  1 --- n  events_group
 *                                              |                       | flush
 *              ready, flying: events_batch ----'<----- press.c <-------'    batch.h
 *
 * Everything lives on the control thread.
 */
#ifndef EVENTS_EVENTS_PRIVATE_H
#define EVENTS_EVENTS_PRIVATE_H

#include "base/map.h"
#include "base/str.h"
#include "events/batch.h"
#include "events/dedupe.h"
#include "events/events.h"
#include "events/summarizer.h"
#include "source/retry.h"

#define EVENTS_PATH_COUNT 2
#define EVENTS_MAX_GROUPS 1000
#define EVENTS_MINUTE_MS 60000

/* ---- groups (5) ------------------------------------------------------------------------------ */

/* Batches that could be merged together: merge.c. */
struct events_run {
    size_t batches;
    size_t count;
    size_t bytes;
    bool full;
};

struct events_group {
    struct list node; /* of family->groups */
    struct events_family *family;
    enum event_path path;
    int64_t schema; /* of the posts */
    char *tags;
    struct events_piece *first; /* the verbatim queue */
    struct events_piece **last;
    struct summarizer *summarizer; /* on the other path; NULL: nothing came yet */
    size_t count;                  /* events that would be sent */
    size_t bytes;
    size_t held;      /* of the budget */
    bool waits;       /* there is something to flush */
    uint64_t seq;     /* of the last post that the spool has */
    uint64_t covered; /* the last one that a batch stands for */
    bool used;        /* had a post since the last look */
    size_t batches;
    struct events_run run; /* scratch */
};

/* The group of this metadata, made where needed. */
struct events_group *events_group_find(struct events_family *f, enum event_path path,
                                       int64_t schema, const char *tags);

/* Takes in what fits and counts what does not; `post` keeps its texts until it is freed. */
void events_group_add(struct events_group *g, struct event_post *post);

/* Batches of a whole body, "[...]"; it is copied. */
void events_group_send(struct events_group *g, struct view body, size_t count);

/* Counts what memory has no room for, and says so at once or when a minute has passed since the
 * last time. */
void events_memory_warn(struct events_family *f, size_t dropped);

/* Says what has not been said yet. */
void events_memory_tell(struct events_family *f);

/* The same for what is summarised: group_summary.c. */
void events_summary_add(struct events_group *g, const struct event_post *post);
void events_summary_flush(struct events_group *g);
size_t events_summary_clear(struct events_group *g);
void events_summary_free(struct events_group *g);

/* Makes batches of everything that waits. */
void events_group_flush(struct events_group *g);

/* Drops what waits; returns the number of events. */
size_t events_group_clear(struct events_group *g);

/* It must not have batches. */
void events_group_free(struct events_group *g);

/* What it takes of the budget besides `held`. */
size_t events_group_own_bytes(const struct events_group *g);

/* ---- less memory: merge.c -------------------------------------------------------------------- */

struct events_merge {
    uv_work_t work;
    struct events_group *group; /* NULL: no job is under way */
    struct list batches;        /* that it has; oldest first */
    int64_t not_before_ms;      /* of the next look, when the last one has found nothing */
    /* results */
    struct buf *gzip; /* NULL: memory was bad */
    size_t bytes;     /* of the text */
    size_t count;
};

/* Merges kept batches when the budget runs out; cheap when there is nothing to do. */
void events_merge_look(struct events *e);

/* ---- the spool: disk.c ----------------------------------------------------------------------- */

/* Opens what is configured; false with *err: the process must not start. */
bool events_disk_open(struct events *e, struct error *err);

/* What an earlier run has left. */
void events_disk_replay(struct events *e);

/* Before the post's events are taken in; it takes over its `safe`. */
void events_disk_post(struct events_group *g, struct event_post *post);

/* True: it will go to the press when its flush is written. Its outcome is told in any case. */
bool events_disk_batch(struct events_batch *b);
void events_disk_outcome(const struct events_batch *b, const char *outcome);

/* `one`, which is in memory only, stands for all of the list, which the spool has not either. */
void events_disk_replaced(const struct events_batch *one, const struct list *batches);

/* Posts of the group that no batch stands for need none. */
void events_disk_forget(struct events_group *g);

/* The batch of a record that is there, in the way of one that was formed; to be pressed. */
struct events_batch *events_batch_of_record(struct events_group *g,
                                            const struct spool_batch *record, struct view body);

/* ---- families -------------------------------------------------------------------------------- */

/* One path of a family: on, or switched off by a permanent answer (8.4). */
struct events_switch {
    bool off;
    bool probing;
    int64_t probe_ms;    /* from when on a post is taken in to try again */
    struct retry retry;  /* extended delays */
    uint64_t credential; /* hash of the one that was refused */
};

struct events_family {
    struct events_env *env;
    enum event_family kind;
    struct log_scope *log;
    struct events_switch switches[EVENTS_PATH_COUNT];

    struct list groups;
    struct map by_key;
    int64_t tick_ms;  /* of the next flush; it keeps its phase */
    int64_t look_ms;  /* of the next look for idle groups */
    bool full_warned; /* "Exceeded event queue capacity" */
    bool tags_warned;
    int64_t memory_tell_ms; /* from when on the log is told again */
    int64_t memory_dropped; /* what it has not been told of */
    int64_t merge_told_ms;

    struct list batches; /* all of them */
    struct list ready;   /* oldest first */
    struct list flying;
    size_t flying_count;
    size_t unpacked_count;
    struct list aside;      /* on disk alone; oldest first */
    struct list aside_node; /* of events->aside, while there are any */
    size_t aside_events;    /* also of those that cannot be read any more */
    size_t aside_held;      /* of the budget */
    bool failing;           /* 13.5 */
    bool trying;            /* its one attempt is under way */
    unsigned failures;
    int64_t try_ms;
    int64_t not_before_ms; /* Retry-After */
    uv_timer_t timer;
    int64_t armed_ms; /* INT64_MAX: it is not */
};

struct events_env {
    struct events *events;
    unsigned slot;
    struct env_facts *facts; /* the newest that are known; one reference */
    struct log_scope *log;
    struct events_counts counts; /* since the start; its gauges are not kept */
    struct events_family *families[EVENT_FAMILY_COUNT];
};

static inline struct events *events_of(const struct events_family *f)
{
    return f->env->events;
}

/* Requests under way, or soon: halves count until they are pressed, because text takes more room.
 */
static inline size_t events_family_busy(const struct events_family *f)
{
    return f->flying_count + f->unpacked_count;
}

struct events_family *events_family_new(struct events_env *env, enum event_family kind);

/* Closes its handle; the memory is gone later. */
void events_family_close(struct events_family *f);

void events_family_take(struct events_family *f, struct event_post *post);

/* The same behind the switch and the spool. */
void events_family_add(struct events_group *g, struct event_post *post);
void events_family_flush(struct events_family *f);

/* Does all that is due, and arms the timer for the next thing. */
void events_family_wake(struct events_family *f);
void events_family_schedule(struct events_family *f);

/* There is little time, or another events service: what is kept is tried now, but for a
 * Retry-After and for usage reports. */
void events_family_hurry(struct events_family *f);

/* Nothing waits and nothing is under way. */
bool events_family_is_done(const struct events_family *f);

/* Forgets all that waits and ends all requests, counted as `reason`; returns the events. */
size_t events_family_abandon(struct events_family *f, enum event_drop reason);

/* switch.c: is a post taken in? */
bool events_switch_passes(struct events_family *f, enum event_path path);

/* A permanent answer to a request with that credential: what waits is dropped. */
void events_switch_off(struct events_family *f, enum event_path path, uint64_t credential);

/* A success. */
void events_switch_on(struct events_family *f, enum event_path path);

/* The batch that was to find out is gone. */
void events_switch_probe_lost(struct events_family *f, enum event_path path);

/* ---- delivery -------------------------------------------------------------------------------- */

/* "https://events.launchdarkly.com/bulk", of diagnostics otherwise. */
void events_url_print(const struct events_env *env, enum event_family kind, bool diagnostic,
                      struct str *out);

/* The same for log lines: a password in it is masked. */
void events_url_show(const struct events_env *env, enum event_family kind, bool diagnostic,
                     struct str *out);

/* A POST to that URL, both borrowed; its headers and on_head are the caller's. */
struct http_call_request events_request(const struct events *e, struct view url, struct buf *gzip);

/* The environment's current credential; empty: none is sent. Borrowed for this turn. */
struct view events_credential(struct events_family *f);

/* A pressed batch goes on the list, and out as soon as it may. */
void events_publish(struct events_batch *b);

/* Back among those that wait, where its age puts it; it is on no list. */
void events_keep(struct events_batch *b);

/* One more on family->flying, or one less: it has its body until its attempts are over. */
void events_flying_add(struct events_batch *b);
void events_flying_end(struct events_batch *b);

/* Was it kept for longer than retryMaxAge? */
bool events_too_old(const struct events *e, int64_t born_ms);

/* Starts what may start now. */
void events_pump(struct events_family *f);

/* outcome.c: an attempt ended. `status` 0: without an answer, because of `problem`. */
void events_attempt_ended(struct events_batch *b, int status, const char *problem);

/* answer.c: what an answer means (8.3). */
enum events_answer {
    EVENTS_SUCCESS,
    EVENTS_RECOVERABLE,
    EVENTS_TOO_LARGE,
    EVENTS_MISDIRECTED, /* 404, 405: eventsUri is wrong */
    EVENTS_PERMANENT
};
enum events_answer events_answer_class(int status); /* 0: no answer */
/* Behind the status, in log lines: what 401 complains of. */
const char *events_answer_note(enum event_family kind, int status);

/* Until the second attempt: a second, or as long as was asked for. */
#define EVENTS_PAUSE_MS 1000
int64_t events_pause_ms(int64_t retry_after_s);

/* ---- diagnostics (9) ------------------------------------------------------------------------- */

struct events_diagnostics {
    struct list waiting;
    size_t waiting_bytes;
    struct list flying;
    size_t flying_count;
    int64_t warned_ms; /* 0: never */
};

void events_diagnostics_init(struct events_diagnostics *d);
void events_diagnostics_abandon(struct events *e);

static inline bool events_diagnostics_are_done(const struct events_diagnostics *d)
{
    return d->flying_count == 0; /* none waits then */
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum events_phase {
    EVENTS_OPEN,
    EVENTS_CLOSING,    /* what is in the mailbox may still come */
    EVENTS_DELIVERING, /* what was accepted, until all of it is gone or the time is over */
    EVENTS_ENDING      /* only handles and the thread pool are waited for */
};

struct events {
    struct events_settings settings;
    char *uri;
    struct events_listener listener;
    struct events_door *door;
    struct events_env **envs; /* by slot; NULL: no events yet */
    size_t env_count;
    struct events_dedupe dedupe;
    struct spool *spool; /* NULL: none */
    bool spool_closing;
    struct str scratch;
    bool over_half; /* of the budget, when last looked */
    uint64_t next_number;
    size_t batch_count;

    struct list spare;           /* batches that may leave memory, newest last */
    struct list aside;           /* families that have batches on disk alone */
    struct events_aside *coming; /* it is being read */
    size_t aside_held;
    size_t flying_held; /* of the budget, by batches on family->flying */
    size_t writing;     /* batches on their way to the spool */

    struct events_diagnostics diagnostics;

    struct list pressing; /* batches that wait for the thread pool */
    unsigned presses;     /* jobs that are there */
    struct events_merge merge;

    enum events_phase phase;
    int64_t left_ms; /* for delivering, when what the timer is armed for is over */
    uv_timer_t closing_timer;
    void (*closed)(void *arg);
    void *closed_arg;
    size_t handles; /* that are not closed yet */
};

int64_t events_now(const struct events *e);

/* Of the budget (13.2). */
void events_hold(struct events *e, size_t bytes);
void events_release(struct events *e, size_t bytes);
int64_t events_room(const struct events *e);

void events_count_drop(struct events_env *env, enum event_drop reason, size_t count);
void events_count_merged(struct events_env *env, size_t count);
void events_count_pending(struct events *e, int64_t change);

/* The next family at or behind *place, which begins at 0; NULL: there is none any more. */
struct events_family *events_family_next(const struct events *e, size_t *place);

/* Something ended; while closing it may have been the last thing. */
void events_look_whether_done(struct events *e);

/* Every timer's work, as if its time had come; for tests with a clock of their own. */
void events_wake(struct events *e);

void events_handle_closed(struct events *e);

/* Made on first use; `facts` are those of the request that is the first. */
struct events_env *events_env_at(struct events *e, unsigned slot, struct env_facts *facts);
struct events_family *events_family_at(struct events *e, unsigned slot, struct env_facts *facts,
                                       enum event_family kind);

#endif
