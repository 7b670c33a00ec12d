/* events/outcome.c - what an attempt has led to (8.3, 13.5).
 *
 *   2xx            the batch is done, the family works
 *   recoverable    first time: again in a second; later: kept, the family is failing
 *   413            two halves
 *   404, 405       eventsUri is wrong: dropped, the next one in a minute
 *   other 4xx      dropped, the path is switched off
 */
#include "events/events_private.h"

#include "base/json_reader.h"
#include "base/mask.h"

#define MISDIRECTED_MS EVENTS_MINUTE_MS
#define TRY_FIRST_MS 5000
#define TRY_MAX_MS 60000
#define TRY_DOUBLINGS 4

/* ---- the family as a whole ------------------------------------------------------------------- */

/* The next attempt of a failing family. */
static void try_later(struct events_family *f, int64_t wait_ms)
{
    struct events *e = events_of(f);
    if (!f->failing)
        atomic_fetch_add(&e->door->families_failing, 1);
    f->failing = true;
    f->try_ms = events_now(e) + wait_ms;
}

static void failed_again(struct events_family *f)
{
    int64_t wait_ms = (int64_t)TRY_FIRST_MS << f->failures;
    if (f->failures < TRY_DOUBLINGS)
        f->failures++;
    wait_ms = wait_ms < TRY_MAX_MS ? wait_ms : TRY_MAX_MS;
    struct random *random = events_of(f)->settings.random;
    try_later(f, (int64_t)((double)wait_ms * (0.5 + random->unit(random))));
}

/* The events service answers as one that works, with whatever. */
static void failing_end(struct events_family *f)
{
    if (f->failing)
        atomic_fetch_sub(&events_of(f)->door->families_failing, 1);
    f->failing = false;
    f->failures = 0;
}

static void works_again(struct events_family *f, const struct events_batch *last)
{
    size_t kept = last->count + f->aside_events;
    if (!f->failing)
        return;
    failing_end(f);
    LIST_EACH (node, &f->ready)
        kept += CONTAINER_OF(node, struct events_batch, node)->count;
    log_always(f->log, LOG_INFO, "Events service reachable again; sending %zu kept events", kept);
}

/* ---- outcomes -------------------------------------------------------------------------------- */

static void succeeded(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    struct events_door *door = events_of(f)->door;
    atomic_fetch_add(&door->sent_events, (int64_t)b->count);
    atomic_fetch_add(&door->sent_bytes, (int64_t)b->bytes);
    f->env->counts.sent += (int64_t)b->count;
    f->env->counts.sent_bytes += (int64_t)b->bytes;
    works_again(f, b);
    events_switch_on(f, b->group->path);
    if (b->group->summarizer != NULL && b->date_ms != 0)
        summarizer_set_server_time(b->group->summarizer, b->date_ms);
    events_disk_outcome(b, "delivered");
    events_batch_free(b);
}

static void attempt_later(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    int64_t wait_ms = events_pause_ms(b->retry_after_s);
    log_line(f->log, LOG_WARN, "Will retry posting events after %f second%s",
             (double)wait_ms / 1000, wait_ms == EVENTS_PAUSE_MS ? "" : "s");
    b->state = EVENTS_BATCH_PAUSED;
    b->due_ms = events_now(events_of(f)) + wait_ms;
    events_flying_add(b);
}

/* What happens to a batch whose attempt failed, as the log tells it. */
static void failure_tell(const struct events_batch *b, int status, const char *problem, bool again,
                         bool kept)
{
    struct log_scope *log = b->group->family->log;
    if (status == 0)
        log_line(log, LOG_WARN, "Unexpected error while sending events: %s", problem);
    else if (again)
        log_line(log, LOG_WARN, "Received HTTP error %d for sending events - will retry", status);
    else if (!kept)
        log_line(log, LOG_WARN,
                 "Received HTTP error %d for sending events - some events were dropped", status);
    else
        log_line(log, LOG_WARN,
                 "Received HTTP error %d for sending events - keeping %zu events for retry", status,
                 b->count);
    if (status == 0 && kept)
        log_line(log, LOG_WARN, "Keeping %zu events for retry", b->count);
    if (status >= 300 && status < 400) {
        struct str location = {0};
        mask_url(view_of(b->location), &location);
        log_line(log, LOG_WARN,
                 "The events service redirects to \"%s\", which is not followed; check eventsUri",
                 str_text(&location));
        str_free(&location);
    }
}

static void failed(struct events_batch *b, int status, const char *problem)
{
    struct events_family *f = b->group->family;
    struct events *e = events_of(f);
    bool tried = f->trying;
    bool again = !f->failing && b->attempts == 1;
    bool kept = !again && e->settings.retry_max_age_ms > 0;
    f->not_before_ms = events_now(e) + b->retry_after_s * 1000;
    failure_tell(b, status, problem, again, kept);
    if (again)
        attempt_later(b);
    else if (kept)
        events_keep(b);
    else
        events_batch_drop(b, EVENT_DROP_AGE);
    if (kept && (tried || !f->failing))
        failed_again(f);
}

static void misdirected(struct events_batch *b, int status)
{
    struct events_family *f = b->group->family;
    struct str url = {0};
    events_url_show(f->env, f->kind, false, &url);
    log_line(f->log, LOG_ERROR, "Received HTTP error %d for sending events to %s; check eventsUri",
             status, str_text(&url));
    str_free(&url);
    try_later(f, MISDIRECTED_MS);
    events_batch_drop(b, EVENT_DROP_REFUSED);
}

static void refused(struct events_batch *b, int status)
{
    struct events_family *f = b->group->family;
    enum event_path path = b->group->path;
    uint64_t credential = b->credential;
    if (map_hash(events_credential(f)) != credential) {
        events_keep(b); /* there is another one by now */
        return;
    }
    log_line(f->log, LOG_WARN,
             "Received HTTP error %d%s for sending events - giving up permanently", status,
             events_answer_note(f->kind, status));
    failing_end(f);
    b->probe = false;
    events_batch_drop(b, EVENT_DROP_REFUSED);
    events_switch_off(f, path, credential);
}

static void too_large_tell(const struct events_batch *b)
{
    struct buf *text = events_gunzip(b->gzip, b->bytes);
    struct str kind = {0};
    struct view name;
    struct json_reader r;
    json_reader_init(&r, text != NULL ? buf_view(text) : VIEW_LITERAL("[]"));
    json_array_begin(&r);
    if (json_array_next(&r) && json_peek(&r) == JSON_OBJECT)
        for (json_object_begin(&r); json_object_next(&r, &name);) {
            if (view_is(name, "kind") && json_peek(&r) == JSON_STRING && kind.len == 0)
                json_read_string(&r, &kind);
            else
                json_skip(&r);
        }
    json_reader_done(&r);
    log_line(b->group->family->log, LOG_WARN,
             "Dropped an event of kind \"%.64s\" and %zu bytes: the events service says that it is "
             "too large",
             str_text(&kind), b->bytes);
    str_free(&kind);
    buf_unref(text);
}

static void too_large(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    works_again(f, b);
    if (events_batch_split(b)) {
        log_line(f->log, LOG_WARN,
                 "Received HTTP error 413 for sending events - sending %zu events in two parts",
                 b->count);
        events_disk_outcome(b, "split");
        events_batch_free(b);
        return;
    }
    too_large_tell(b);
    events_batch_drop(b, EVENT_DROP_TOO_LARGE);
}

void events_attempt_ended(struct events_batch *b, int status, const char *problem)
{
    struct events_family *f = b->group->family;
    switch (events_answer_class(status)) {
    case EVENTS_SUCCESS:
        succeeded(b);
        break;
    case EVENTS_RECOVERABLE:
        failed(b, status, problem);
        break;
    case EVENTS_TOO_LARGE:
        too_large(b);
        break;
    case EVENTS_MISDIRECTED:
        misdirected(b, status);
        break;
    case EVENTS_PERMANENT:
        refused(b, status);
        break;
    }
    f->trying = false;
}
