/* events/publisher.c - batches go out, a few at a time (8.1, 8.2).
 *
 *   events_publish() -> family->ready --events_pump()--> http/call.h -> LaunchDarkly
 *                                                            '-> events_attempt_ended()
 */
#include "events/aside.h"

#include "base/mask.h"
#include "http/date.h"

#include <inttypes.h>

#define CONNECT_TIMEOUT_MS 3000
#define TLS_TIMEOUT_MS 10000
#define MAX_HEADERS 8
#define NUMBER_SIZE 24
#define FLYING_PART 4 /* of the budget */

/* ---- where to, and as whom ------------------------------------------------------------------- */

void events_url_print(const struct events_env *env, enum event_family kind, bool diagnostic,
                      struct str *out)
{
    static const char *const paths[EVENT_FAMILY_COUNT][2] = {
        [EVENT_SERVER] = {"/bulk", "/diagnostic"},
        [EVENT_MOBILE] = {"/mobile", "/mobile/events/diagnostic"},
        [EVENT_BROWSER] = {"/events/bulk/", "/events/diagnostic/"},
        [EVENT_USAGE] = {"/bulk", "/diagnostic"},
    };
    str_append_text(out, env->events->uri);
    str_append_text(out, paths[kind][diagnostic]);
    if (kind == EVENT_BROWSER)
        str_append_text(out, env->facts->env_id);
}

void events_url_show(const struct events_env *env, enum event_family kind, bool diagnostic,
                     struct str *out)
{
    struct str url = {0};
    events_url_print(env, kind, diagnostic, &url);
    mask_url(str_view(&url), out);
    str_free(&url);
}

struct http_call_request events_request(const struct events *e, struct view url, struct buf *gzip)
{
    return (struct http_call_request){
        .exchange = {.method = "POST",
                     .url = url,
                     .body = gzip,
                     .stays = true,
                     .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                     .tls_timeout_ms = TLS_TIMEOUT_MS},
        .drops_body = true,
        .timeout_ms = e->settings.attempt_timeout_ms,
    };
}

/* The environment as it is now; as it was, when it is gone. */
static void facts_renew(struct events_env *env)
{
    const struct events *e = env->events;
    const struct env_snapshot *now = e->listener.environment(e->listener.owner, env->slot);
    if (now == NULL || now->facts == env->facts)
        return;
    env_facts_unref(env->facts);
    env->facts = env_facts_ref(now->facts);
}

struct view events_credential(struct events_family *f)
{
    facts_renew(f->env);
    const struct env_facts *facts = f->env->facts;
    const char *const credentials[EVENT_FAMILY_COUNT] = {
        [EVENT_SERVER] = facts->sdk_key,
        [EVENT_MOBILE] = facts->mobile_key,
        [EVENT_BROWSER] = "",
        [EVENT_USAGE] = facts->sdk_key,
    };
    return view_of(credentials[f->kind]);
}

/* ---- what is under way ----------------------------------------------------------------------- */

void events_flying_add(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    list_remove(&b->node);
    list_remove(&b->spare);
    list_append(&f->flying, &b->node);
    f->flying_count++;
    events_of(f)->flying_held += b->held;
}

void events_flying_end(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    list_remove(&b->node);
    f->flying_count--;
    events_of(f)->flying_held -= b->held;
}

/* With a spool memory is for what comes, too: only so much of it for what cannot be set aside. */
static bool holds_enough(const struct events *e)
{
    return e->spool != NULL &&
           e->flying_held >= (size_t)e->door->settings.max_queue_bytes / FLYING_PART;
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct events_batch *b = owner;
    struct view location = http_head_value(head, "location");
    size_t len = location.len < sizeof b->location ? location.len : sizeof b->location - 1;
    if (len != 0)
        memcpy(b->location, location.data, len);
    b->location[len] = '\0';
    b->date_ms = 0;
    (void)http_date_parse(http_head_value(head, "date"), &b->date_ms);
    b->retry_after_s = retry_after_parse(status, http_head_value(head, "retry-after"));
}

static void on_answer(void *owner, const struct http_call_answer *answer)
{
    struct events_batch *b = owner;
    struct events_family *f = b->group->family;
    struct events *e = events_of(f);
    b->call = NULL;
    events_flying_end(b);
    b->state = EVENTS_BATCH_READY;
    events_attempt_ended(b, answer->ok ? answer->status : 0, answer->problem);
    events_pump(f);
    events_family_schedule(f);
    events_aside_look(e);
    events_look_whether_done(e);
}

static size_t headers_of(const struct events_batch *b, struct view credential, char *number,
                         struct http_client_header out[MAX_HEADERS])
{
    size_t n = 0;
    int64_t schema = b->group->path == EVENT_VERBATIM ? b->group->schema : 4;
    (void)snprintf(number, NUMBER_SIZE, "%" PRId64, schema);
    out[n++] = (struct http_client_header){"Content-Type", VIEW_LITERAL("application/json")};
    out[n++] = (struct http_client_header){"Content-Encoding", VIEW_LITERAL("gzip")};
    out[n++] = (struct http_client_header){"X-LaunchDarkly-Event-Schema", view_of(number)};
    out[n++] = (struct http_client_header){"X-LaunchDarkly-Payload-ID", view_of(b->payload_id)};
    if (b->group->tags[0] != '\0')
        out[n++] = (struct http_client_header){"X-LaunchDarkly-Tags", view_of(b->group->tags)};
    if (credential.len != 0)
        out[n++] = (struct http_client_header){"Authorization", credential};
    return n;
}

static void attempt(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    const struct events *e = events_of(f);
    struct http_client_header headers[MAX_HEADERS];
    char number[NUMBER_SIZE];
    struct str url = {0};
    struct view credential = events_credential(f);
    events_url_print(f->env, f->kind, false, &url);
    struct http_call_request request = events_request(e, str_view(&url), b->gzip);
    request.exchange.headers = headers;
    request.exchange.header_count = headers_of(b, credential, number, headers);
    request.on_head = on_head;
    log_line(f->log, LOG_DEBUG, "Sending %zu events: %zu bytes, payload ID %s", b->count, b->bytes,
             b->payload_id);
    events_flying_add(b);
    b->state = EVENTS_BATCH_FLYING;
    b->attempts++;
    b->retry_after_s = 0;
    b->credential = map_hash(credential);
    b->call = http_call_start(e->settings.client, &request, e->settings.loop, on_answer, b);
    str_free(&url);
}

/* ---- whose turn it is ------------------------------------------------------------------------ */

static uint64_t number_of(const struct list *node)
{
    return CONTAINER_OF(node, struct events_batch, node)->number;
}

/* It is newer than all others, or older than nearly all. Of halves of one batch the last to come is
 * the next to go. */
void events_keep(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    struct list *next = &f->ready;
    list_remove(&b->node);
    if (!list_empty(&f->ready) && number_of(f->ready.prev) >= b->number)
        for (next = f->ready.next; number_of(next) < b->number;)
            next = next->next;
    list_append(next, &b->node); /* in front of it */
    b->state = EVENTS_BATCH_READY;
    events_aside_offer(b);
}

void events_publish(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    events_keep(b);
    events_pump(f);
    events_family_schedule(f);
}

bool events_too_old(const struct events *e, int64_t born_ms)
{
    return events_now(e) - born_ms > e->settings.retry_max_age_ms;
}

static bool may_send(const struct events_family *f)
{
    int64_t now = events_now(events_of(f));
    size_t busy = events_family_busy(f);
    if (now < f->not_before_ms)
        return false;
    if (f->failing)
        return busy == 0 && now >= f->try_ms;
    if (busy > 0 && holds_enough(events_of(f)))
        return false;
    return busy < (size_t)events_of(f)->settings.max_in_flight;
}

/* Only while nothing can be sent: what was never tried must be tried. */
static void old_drop(struct events_family *f)
{
    while (f->failing && !list_empty(&f->ready)) {
        struct events_batch *b = CONTAINER_OF(f->ready.next, struct events_batch, node);
        if (!events_too_old(events_of(f), b->born_ms))
            break;
        events_batch_drop(b, EVENT_DROP_AGE);
    }
}

/* What is too old, in memory and on disk, is dropped and told of. */
static void all_old_drop(struct events_family *f)
{
    const int64_t *dropped = &f->env->counts.dropped[EVENT_DROP_AGE];
    int64_t before = *dropped;
    old_drop(f);
    events_aside_age(f);
    if (*dropped != before)
        log_line(f->log, LOG_WARN,
                 "Dropped %" PRId64 " events that have waited for longer than retryMaxAge",
                 *dropped - before);
}

/* A second is over; in the meantime others may have found out that it is no use. */
static void paused_resume(struct events_family *f)
{
    int64_t now = events_now(events_of(f));
    LIST_EACH_SAFE (node, &f->flying) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (b->state != EVENTS_BATCH_PAUSED || now < b->due_ms)
            continue;
        events_flying_end(b);
        events_keep(b);
        if (!f->failing)
            attempt(b);
    }
}

void events_pump(struct events_family *f)
{
    paused_resume(f);
    all_old_drop(f);
    while (!list_empty(&f->ready) && may_send(f)) {
        f->trying = f->failing;
        attempt(CONTAINER_OF(f->ready.next, struct events_batch, node));
    }
}
