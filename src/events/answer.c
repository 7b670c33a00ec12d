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

const char *events_answer_note(int status)
{
    return status == 401 ? " (invalid SDK key)" : "";
}

int64_t events_pause_ms(int64_t retry_after_s)
{
    int64_t asked_ms = retry_after_s * 1000;
    return asked_ms > EVENTS_PAUSE_MS ? asked_ms : EVENTS_PAUSE_MS;
}
