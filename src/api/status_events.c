/* api/status_events.c - what became of events so far, in the status document.
 *
 * Every event that was accepted is in exactly one of pending, sent, dropped and, a summary that was
 * added to another one, merged; one that a summary has counted is in the summary's number.
 */
#include "api/status.h"

static const struct events_door *door_of(const struct status_subject *s)
{
    return s->document->api->settings.door;
}

static int64_t count_of(const _Atomic int64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static bool get_received(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->received_events));
}

static bool get_pending(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->pending_events));
}

static bool get_bytes(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->held_bytes) +
                                      count_of(&door_of(s)->reading_bytes));
}

static bool get_limit(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, door_of(s)->settings.max_queue_bytes);
}

static bool get_sent(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->sent_events));
}

/* Absent while memory was never short. */
static bool get_merged(const struct status_subject *s, struct str *out)
{
    int64_t number = count_of(&door_of(s)->merged_events);
    return number != 0 && status_put_number(out, number);
}

static bool get_repeated(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->duplicates));
}

static bool get_failing(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->families_failing));
}

static bool get_switched_off(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, count_of(&door_of(s)->families_off));
}

static bool get_dropped_total(const struct status_subject *s, struct str *out)
{
    int64_t sum = 0;
    for (size_t i = 0; i < EVENT_DROP_COUNT; i++)
        sum += count_of(&door_of(s)->dropped[i]);
    return status_put_number(out, sum);
}

/* A reason that never was is absent. */
static bool put_dropped(const struct status_subject *s, enum event_drop reason, struct str *out)
{
    int64_t number = count_of(&door_of(s)->dropped[reason]);
    return number != 0 && status_put_number(out, number);
}

#define AS_GETTER(constant, name)                                                                  \
    static bool get_dropped_##name(const struct status_subject *s, struct str *out)                \
    {                                                                                              \
        return put_dropped(s, EVENT_DROP_##constant, out);                                         \
    }
EVENT_DROPS(AS_GETTER)

#define AS_ROW(constant, name) {#name, STATUS_NUMBER, false, get_dropped_##name},
static const struct status_row dropped_rows[] = {{"total", STATUS_NUMBER, false, get_dropped_total},
                                                 EVENT_DROPS(AS_ROW)};

static const struct status_shape dropped_shape = {dropped_rows, ARRAY_LEN(dropped_rows)};

static const struct status_row events_rows[] = {
    {"received", STATUS_NUMBER, false, get_received},
    {"pending", STATUS_NUMBER, false, get_pending},
    {"bytes", STATUS_NUMBER, false, get_bytes},
    {"limitBytes", STATUS_NUMBER, false, get_limit},
    {"sent", STATUS_NUMBER, false, get_sent},
    {"dropped", STATUS_OBJECT, false, .shape = &dropped_shape},
    {"merged", STATUS_NUMBER, false, get_merged},
    {"repeatedPosts", STATUS_NUMBER, false, get_repeated},
    {"failing", STATUS_NUMBER, false, get_failing},
    {"switchedOff", STATUS_NUMBER, false, get_switched_off},
};

const struct status_shape status_of_events = {events_rows, ARRAY_LEN(events_rows)};

static uint64_t mix(uint64_t hash, const _Atomic int64_t *counter)
{
    return (hash ^ (uint64_t)count_of(counter)) * UINT64_C(0x100000001b3);
}

uint64_t status_events_generation(const struct status_document *d)
{
    const struct events_door *door = d->api->settings.door;
    const _Atomic int64_t *const numbers[] = {
        &door->received_events, &door->pending_events,   &door->held_bytes,
        &door->reading_bytes,   &door->sent_events,      &door->duplicates,
        &door->families_off,    &door->families_failing, &door->merged_events};
    uint64_t hash = 0;
    if (!door->settings.enabled)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        hash = mix(hash, numbers[i]);
    for (size_t i = 0; i < EVENT_DROP_COUNT; i++)
        hash = mix(hash, &door->dropped[i]);
    return hash;
}

bool status_has_events(const struct status_subject *s)
{
    return door_of(s)->settings.enabled;
}
