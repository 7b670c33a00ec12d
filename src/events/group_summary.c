/* events/group_summary.c - a group whose posts are summarised (7): between group.c and
 * summarizer.h.
 */
#include "events/events_private.h"

/* What the summariser holds and would send has changed. */
static void account(struct events_group *g)
{
    struct events *e = events_of(g->family);
    size_t held = summarizer_bytes(g->summarizer);
    size_t count = summarizer_waiting(g->summarizer) + g->waits;
    events_release(e, g->held);
    events_hold(e, held);
    events_count_pending(e, (int64_t)count - (int64_t)g->count);
    g->held = held;
    g->count = count;
    g->bytes = held;
}

static void result_count(struct events_env *env, enum summarizer_result result)
{
    static const enum event_drop reasons[] = {[SUMMARIZER_MALFORMED] = EVENT_DROP_MALFORMED,
                                              [SUMMARIZER_NO_DATA] = EVENT_DROP_NO_DATA,
                                              [SUMMARIZER_FULL] = EVENT_DROP_CAPACITY};
    if (result != SUMMARIZER_TAKEN)
        events_count_drop(env, reasons[result], 1);
}

void events_summary_add(struct events_group *g, const struct event_post *post)
{
    struct events *e = events_of(g->family);
    const struct env_snapshot *now = e->listener.environment(e->listener.owner, post->slot);
    struct summarizer_moment moment = {.now_ms = events_now(e),
                                       .wall_ms = clock_wall_ms(e->settings.clock),
                                       .schema = post->schema,
                                       .data = now != NULL ? now->data : post->snapshot->data};
    size_t i = 0;
    if (g->summarizer == NULL) {
        struct summarizer_settings settings = {
            .capacity = e->settings.capacity_set ? e->settings.capacity : 0,
            .log = g->family->log,
            .now_ms = moment.now_ms};
        g->summarizer = summarizer_new(&settings);
    }
    for (; i < post->events.count; i++) {
        if (events_room(e) < (int64_t)post->events.each[i].len)
            break;
        result_count(g->family->env, summarizer_add(g->summarizer, post->events.each[i], &moment));
        g->waits = true;
        account(g);
    }
    if (i < post->events.count)
        events_memory_warn(g->family, post->events.count - i);
}

void events_summary_flush(struct events_group *g)
{
    struct str text = {0};
    size_t count = summarizer_flush(g->summarizer, &text);
    g->waits = false;
    account(g);
    if (count != 0)
        events_group_send(g, str_view(&text), count);
    str_free(&text);
}

size_t events_summary_clear(struct events_group *g)
{
    size_t count = g->count;
    summarizer_clear(g->summarizer);
    g->waits = false;
    account(g);
    return count;
}

void events_summary_free(struct events_group *g)
{
    events_release(events_of(g->family), g->held);
    g->held = 0;
    summarizer_free(g->summarizer);
}
