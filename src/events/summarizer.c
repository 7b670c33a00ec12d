/* events/summarizer.c - see summarizer.h. */
#include "events/summarizer.h"

#include "base/json_reader.h"
#include "events/input_event.h"
#include "events/known_contexts.h"
#include "events/output_event.h"
#include "events/summary.h"
#include "flags/tracking.h"

#define KNOWN_CONTEXTS_MS INT64_C(300000)

/* An outbox that once was larger gives its memory back at the flush. */
#define OUTBOX_KEPT (64 << 10)

struct summarizer {
    size_t capacity; /* 0: none */
    struct log_scope *log;
    struct str outbox; /* events with ',' between them */
    size_t outbox_count;
    bool overflow_told; /* and nothing fitted since then */
    struct summary summary;
    struct known_contexts known;
    int64_t known_since_ms;
    int64_t server_time_ms; /* 0: not known */
    struct str scratch;
};

struct summarizer *summarizer_new(const struct summarizer_settings *settings)
{
    struct summarizer *s = mem_zalloc(sizeof *s);
    s->capacity = settings->capacity;
    s->log = settings->log;
    s->known_since_ms = settings->now_ms;
    known_contexts_init(&s->known);
    return s;
}

void summarizer_free(struct summarizer *s)
{
    if (s == NULL)
        return;
    summary_clear(&s->summary);
    known_contexts_clear(&s->known);
    str_free(&s->outbox);
    str_free(&s->scratch);
    mem_free(s);
}

/* One event on its way to the outbox; `full` says that something did not fit. */
struct adding {
    struct summarizer *s;
    const struct summarizer_moment *moment;
    const struct input_event *event;
    struct input_int variation; /* the one that counts */
    bool full;
};

/* Room for one event in the outbox? What is appended next is that event. */
static bool outbox_begin(struct adding *a)
{
    struct summarizer *s = a->s;
    if (s->capacity != 0 && s->outbox_count >= s->capacity) {
        if (!s->overflow_told)
            log_line(s->log, LOG_WARN,
                     "Exceeded event queue capacity. Increase capacity to avoid dropping events.");
        s->overflow_told = true;
        a->full = true;
        return false;
    }
    s->overflow_told = false;
    if (s->outbox_count++ > 0)
        str_append_char(&s->outbox, ',');
    return true;
}

/* The context is in use from now on. True when it was not known before (7.3). */
static bool context_is_new(struct adding *a)
{
    struct summarizer *s = a->s;
    str_clear(&s->scratch);
    context_canonical_key(a->event->context, &s->scratch);
    return known_contexts_add(&s->known, str_view(&s->scratch));
}

static void index_add(struct adding *a)
{
    if (context_is_new(a) && outbox_begin(a))
        output_index(a->event, &a->s->outbox);
}

static enum summarizer_result identify_add(struct adding *a)
{
    (void)context_is_new(a);
    if (outbox_begin(a))
        output_identify(a->event, &a->s->outbox);
    return SUMMARIZER_TAKEN;
}

static enum summarizer_result custom_add(struct adding *a)
{
    index_add(a);
    if (outbox_begin(a))
        output_custom(a->event, &a->s->outbox);
    return SUMMARIZER_TAKEN;
}

static enum summarizer_result other_add(struct adding *a)
{
    if (outbox_begin(a))
        str_append(&a->s->outbox, a->event->text);
    return SUMMARIZER_TAKEN;
}

/* The flag's key, decoded; valid until scratch memory is used again. */
static struct view key_decode(struct adding *a)
{
    struct json_reader r;
    str_clear(&a->s->scratch);
    json_reader_init(&r, a->event->key);
    json_read_string(&r, &a->s->scratch);
    return str_view(&a->s->scratch);
}

/* 7.4, step 1. False when the event says too little and there is no data to ask. */
static bool feature_complete(struct adding *a, struct view key, struct flag_tracking *tracking)
{
    const struct input_event *e = a->event;
    struct dataset *data = a->moment->data;
    *tracking = (struct flag_tracking){0};
    if (!e->version.defined)
        return true;
    a->variation = e->variation;
    if (e->track_events.defined || e->debug_until_ms != 0) {
        tracking->track_events = e->track_events.value;
        tracking->debug_until_ms = e->debug_until_ms;
        return true;
    }
    bool infer = !e->variation.defined && a->moment->schema <= 1;
    if (data == NULL)
        return !infer;
    (void)flag_tracking_find(data, key, tracking);
    int64_t variation = infer ? flag_variation_of(data, key, e->value) : FLAG_NO_VARIATION;
    if (variation != FLAG_NO_VARIATION)
        a->variation = (struct input_int){.defined = true, .value = variation};
    return true;
}

/* 7.4, step 5: two clocks have to agree, so debugging ends early rather than late. */
static bool is_debugged(const struct adding *a, int64_t until_ms)
{
    return until_ms > a->s->server_time_ms && until_ms > a->moment->wall_ms;
}

static enum summarizer_result feature_add(struct adding *a)
{
    struct summarizer *s = a->s;
    struct flag_tracking tracking;
    struct view key = key_decode(a);
    if (!feature_complete(a, key, &tracking))
        return SUMMARIZER_NO_DATA;
    if (!a->event->exclude_from_summaries)
        summary_add(&s->summary, key, a->event, a->variation);
    index_add(a);
    if (tracking.track_events && outbox_begin(a))
        output_feature(a->event, "feature", a->variation, &s->outbox);
    if (is_debugged(a, tracking.debug_until_ms) && outbox_begin(a))
        output_feature(a->event, "debug", a->variation, &s->outbox);
    return SUMMARIZER_TAKEN;
}

/* Every five minutes since the start, not since the last event. */
static void known_contexts_age(struct summarizer *s, int64_t now_ms)
{
    int64_t age = now_ms - s->known_since_ms;
    if (age < KNOWN_CONTEXTS_MS)
        return;
    known_contexts_clear(&s->known);
    s->known_since_ms += age - age % KNOWN_CONTEXTS_MS;
}

enum summarizer_result summarizer_add(struct summarizer *s, struct view event,
                                      const struct summarizer_moment *moment)
{
    static enum summarizer_result (*const add[])(struct adding * a) = {
        [INPUT_FEATURE] = feature_add,
        [INPUT_CUSTOM] = custom_add,
        [INPUT_IDENTIFY] = identify_add,
        [INPUT_OTHER] = other_add,
    };
    struct input_event e;
    struct error err;
    struct adding a = {.s = s, .moment = moment, .event = &e};
    enum summarizer_result result = SUMMARIZER_MALFORMED;
    known_contexts_age(s, moment->now_ms);
    if (input_event_parse(event, &e, &err))
        result = add[e.kind](&a);
    else
        log_line(s->log, LOG_ERROR, "Error in event processing, event was discarded: %s", err.text);
    input_event_done(&e);
    return a.full ? SUMMARIZER_FULL : result;
}

size_t summarizer_flush(struct summarizer *s, struct str *out)
{
    size_t count = s->outbox_count;
    if (count == 0 && summary_is_empty(&s->summary))
        return 0;
    str_append_char(out, '[');
    str_append(out, str_view(&s->outbox));
    if (!summary_is_empty(&s->summary)) {
        if (count++ > 0)
            str_append_char(out, ',');
        summary_write(&s->summary, view_make("", 0), out);
    }
    str_append_char(out, ']');
    summarizer_clear(s);
    return count;
}

void summarizer_clear(struct summarizer *s)
{
    summary_clear(&s->summary);
    if (s->outbox.room > OUTBOX_KEPT)
        str_free(&s->outbox);
    str_clear(&s->outbox);
    s->outbox_count = 0;
}

void summarizer_set_server_time(struct summarizer *s, int64_t wall_ms)
{
    s->server_time_ms = wall_ms;
}

size_t summarizer_waiting(const struct summarizer *s)
{
    return s->outbox_count;
}

size_t summarizer_bytes(const struct summarizer *s)
{
    return s->outbox.len + s->summary.bytes + s->known.bytes;
}

void summarizer_set_capacity(struct summarizer *s, size_t capacity)
{
    s->capacity = capacity;
}
