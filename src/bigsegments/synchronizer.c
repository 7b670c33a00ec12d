/* bigsegments/synchronizer.c - the life of a synchroniser: cycles, and the time between them. See
 * synchronizer.h; the steps of a cycle are in synchronizer_cycle.c.
 *
 *   open -> cycle --sync_cycle_end()--> ENDING --all is gone--> WAITING --timer--> cycle
 *                                          '--closing--> listener->closed
 */
#include "bigsegments/synchronizer_private.h"

#include <string.h>

#define EQUAL_ERRORS_MS 60000 /* the same failure is logged once in this time */

static char *copy_text(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

/* One trailing slash is not part of it (3). */
static char *copy_uri(const char *uri)
{
    size_t len = strlen(uri);
    return mem_copy_text(uri, len > 0 && uri[len - 1] == '/' ? len - 1 : len);
}

/* ---- telling --------------------------------------------------------------------------------- */

struct key_list {
    struct view *keys;
    size_t count;
};

static void add_key(struct view key, void *value, void *arg)
{
    struct key_list *list = arg;
    (void)value;
    list->keys[list->count++] = key;
}

void sync_notify(struct synchronizer *s)
{
    struct map changed = s->progress.changed;
    if (changed.count == 0 || s->closing)
        return;
    struct key_list list = {mem_alloc(changed.count * sizeof(struct view)), 0};
    map_each(&changed, add_key, &list);
    s->progress.changed = (struct map){0};
    s->listener.changed(s->listener.owner, list.keys, list.count); /* env/big_segments.c */
    mem_free(list.keys);
    map_free(&changed);
}

/* Equal failures are told once a minute. True when this one was. */
static bool log_failure(struct synchronizer *s, const char *problem)
{
    int64_t now_ms = clock_now_ms(s->clock);
    bool equal = s->last_error.len != 0 && view_is(str_view(&s->last_error), problem);
    if (equal && now_ms - s->last_error_ms < EQUAL_ERRORS_MS)
        return false;
    str_clear(&s->last_error);
    str_append_text(&s->last_error, problem);
    s->last_error_ms = now_ms;
    log_line(s->progress.log, LOG_ERROR, "Synchronization failed: %s", problem);
    return true;
}

/* ---- the end of a cycle ---------------------------------------------------------------------- */

void sync_cycle_end(struct synchronizer *s, const char *problem)
{
    if (s->step == SYNC_ENDING || s->closing)
        return;
    bool quiet = problem != NULL && !log_failure(s, problem);
    if (problem == NULL)
        str_clear(&s->last_error);
    if (s->missing != 0)
        segment_stream_warn_of_mismatch(s->stream);
    s->progress.counts.patches_mismatched += s->missing;
    s->missing = 0;
    if (s->stream_since_ms != 0)
        s->end.stream_ms = clock_now_ms(s->clock) - s->stream_since_ms;
    s->step = SYNC_ENDING;
    (void)uv_timer_stop(&s->timer);
    if (!quiet)
        log_line(s->progress.log, LOG_WARN, "Will retry");
    sync_notify(s);
    if (s->poll != NULL)
        segment_poll_cancel(s->poll);
    if (s->stream != NULL)
        segment_stream_close(s->stream);
    sync_go_on(s);
}

static void on_timer(uv_timer_t *timer)
{
    sync_cycle_begin(CONTAINER_OF(timer, struct synchronizer, timer));
}

static void wait_for_next(struct synchronizer *s)
{
    int64_t ms =
        sync_delay_next_ms(&s->delay, &s->end, clock_now_ms(s->clock), &s->upstream.shared->random);
    s->step = SYNC_WAITING;
    (void)uv_timer_start(&s->timer, on_timer, (uint64_t)ms, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct synchronizer *s = CONTAINER_OF((uv_timer_t *)handle, struct synchronizer, timer);
    struct synchronizer_listener listener = s->listener;
    progress_free(&s->progress);
    mem_free(s->upstream.base_uri);
    mem_free(s->upstream.stream_uri);
    mem_free(s->upstream.sdk_key);
    str_free(&s->last_error);
    mem_free(s);
    listener.closed(listener.owner); /* env/big_segments.c */
}

void sync_go_on(struct synchronizer *s)
{
    if (s->poll != NULL || s->stream != NULL || s->busy)
        return;
    if (!s->closing && s->step == SYNC_ENDING)
        wait_for_next(s);
    else if (s->closing && !uv_is_closing((uv_handle_t *)&s->timer))
        uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct synchronizer *synchronizer_open(const struct synchronizer_settings *settings,
                                       const struct synchronizer_listener *listener)
{
    struct synchronizer *s = mem_zalloc(sizeof *s);
    s->listener = *listener;
    s->clock = settings->clock;
    s->upstream = (struct upstream){.shared = settings->shared,
                                    .loop = settings->loop,
                                    .base_uri = copy_uri(settings->base_uri),
                                    .stream_uri = copy_uri(settings->stream_uri),
                                    .sdk_key = copy_text(settings->sdk_key),
                                    .max_patch_bytes = settings->max_patch_bytes};
    s->progress.store = settings->store;
    s->progress.trace = settings->trace;
    s->progress.log = log_scope_part(settings->log, "BigSegmentSynchronizer:");
    sync_delay_init(&s->delay);
    (void)uv_timer_init(settings->loop, &s->timer);
    (void)uv_timer_start(&s->timer, on_timer, 0, 0);
    return s;
}

void synchronizer_set_key(struct synchronizer *s, const char *sdk_key)
{
    mem_free(s->upstream.sdk_key);
    s->upstream.sdk_key = copy_text(sdk_key);
    if (s->step == SYNC_WAITING && !s->closing && s->end.status >= 400 && s->end.status < 500)
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
}

const struct synchronizer_counts *synchronizer_counts(const struct synchronizer *s)
{
    return &s->progress.counts;
}

bool synchronizer_is_connected(const struct synchronizer *s)
{
    return s->complete && s->step != SYNC_ENDING && s->step != SYNC_WAITING;
}

void synchronizer_close(struct synchronizer *s)
{
    if (s->closing)
        return;
    s->closing = true;
    (void)uv_timer_stop(&s->timer);
    if (s->poll != NULL)
        segment_poll_cancel(s->poll);
    if (s->stream != NULL)
        segment_stream_close(s->stream);
    sync_go_on(s);
}
