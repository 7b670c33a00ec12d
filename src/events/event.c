/* events/event.c - words, and the end of posts. */
#include "events/event.h"

#include "base/mem.h"

const char *event_drop_name(enum event_drop reason)
{
    static const char *const names[EVENT_DROP_COUNT] = {
        "capacity",     "memory",    "spool",     "age",     "refused",
        "switched_off", "too_large", "malformed", "no_data", "shutdown",
    };
    return names[reason];
}

void event_post_free(struct event_post *post)
{
    if (post->safe != NULL)
        post->safe(post->owner);
    env_snapshot_unref(post->snapshot);
    event_array_free(&post->events);
    buf_unref(post->body);
    mem_free(post->tags);
    mem_free(post);
}
