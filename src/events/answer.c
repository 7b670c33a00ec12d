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
