/* events/answer.c - what an answer of the events service means (8.3). */
#include "events/events_private.h"

enum events_answer events_answer_class(int status)
{
    if (status >= 200 && status <= 299)
        return EVENTS_SUCCESS;
    if (retry_status_recoverable(status))
        return EVENTS_RECOVERABLE;
    if (status == 413)
        return EVENTS_TOO_LARGE;
    return status == 404 || status == 405 ? EVENTS_MISDIRECTED : EVENTS_PERMANENT;
}

const char *events_answer_note(enum event_family kind, int status)
{
    static const char *const notes[EVENT_FAMILY_COUNT] = {
        [EVENT_SERVER] = " (invalid SDK key)",
        [EVENT_MOBILE] = " (invalid mobile key)",
        [EVENT_BROWSER] = " (invalid client-side ID)",
        [EVENT_USAGE] = " (invalid SDK key)",
    };
    return status == 401 ? notes[kind] : "";
}

int64_t events_pause_ms(int64_t retry_after_s)
{
    int64_t asked_ms = retry_after_s * 1000;
    return asked_ms > EVENTS_PAUSE_MS ? asked_ms : EVENTS_PAUSE_MS;
}
