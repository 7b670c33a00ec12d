/* store/redis_probe.c - does the server work, writing included, and is the marker there?
 *
 * A replica and a full server still answer EXISTS, so the probe is a write that changes nothing
 * (data-store.md 3.1); the health check only looks at the marker (7.1).
 */
#include "store/redis_private.h"

static void probe_begin(struct redis_lane *l)
{
    const char *prefix = l->task->op->prefix;
    struct str out = {0};
    struct str key = {0};
    size_t count = 1;
    redis_key(&key, prefix, REDIS_PART_MARKER);
    struct view words[] = {VIEW_LITERAL("SET"), str_view(&key), VIEW_LITERAL(""),
                           VIEW_LITERAL("XX")};
    redis_command(&out, words, ARRAY_LEN(words));
    if (l->backend->atomic) {
        redis_script_probe_command(&out, prefix);
        count++;
    }
    str_free(&key);
    l->progress.sent_all = true;
    redis_lane_send_take(l, &out, count);
}

/* OK: the marker is there. nil: it is not. The script's answer is a list and says nothing more. */
static void probe_answer(struct redis_lane *l, struct redis_reply *r)
{
    if (r->type == REDIS_STATUS)
        l->task->op->marked = true;
    redis_reply_free(r);
}

static void check_begin(struct redis_lane *l)
{
    struct view none = {0};
    struct str out = {0};
    struct str key = {0};
    redis_key(&key, l->task->op->prefix, REDIS_PART_MARKER);
    redis_command_short(&out, "EXISTS", str_view(&key), none, none);
    str_free(&key);
    l->progress.sent_all = true;
    redis_lane_send_take(l, &out, 1);
}

static void check_answer(struct redis_lane *l, struct redis_reply *r)
{
    l->task->op->marked = r->type == REDIS_NUMBER && r->number == 1;
    redis_reply_free(r);
}

static void answered(struct redis_lane *l)
{
    if (l->progress.failure != NULL)
        redis_lane_refused(l, l->progress.failure);
    else
        redis_lane_succeed(l);
}

const struct redis_script redis_script_probe = {probe_begin, probe_answer, answered, NULL};
const struct redis_script redis_script_check = {check_begin, check_answer, answered, NULL};
