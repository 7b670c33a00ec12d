/* events/usage.c - every minute the threads are asked, and what they say becomes events (11).
 *
 *   usage_wake() --letter--> thread 1: usage_counts_take() --letter--> part_arrived()
 *           '----letter--> thread 2 ...                                   | the last one
 *                                      events_take_usage() <-- report_send()
 *
 * A thread that does not answer within the minute delays the next question; the report is about
 * a longer time then.
 */
#include "events/usage.h"

#include "base/random.h"
#include "base/str.h"
#include "events/events.h"
#include "events/usage_report.h"

#define INTERVAL_MS 60000

struct usage_env {
    struct env_facts *facts;
    struct usage_report *report;
};

struct usage {
    struct usage_settings settings;
    char relay_id[37];
    int64_t start_wall_ms; /* of the time that the next report is about */
    int64_t asked_wall_ms;
    int64_t due_ms;
    size_t asked;            /* questions that are under way */
    struct usage_env **envs; /* by slot; NULL: nothing is to be reported */
    size_t env_count;
    struct str text;
    uv_timer_t timer;
    bool stopped;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* ---- parts ----------------------------------------------------------------------------------- */

static struct usage_env *env_at(struct usage *u, const struct usage_part_env *from)
{
    u->envs =
        mem_extend(u->envs, &u->env_count, (size_t)from->slot + 1, sizeof(struct usage_env *));
    struct usage_env *env = u->envs[from->slot];
    if (env == NULL) {
        env = u->envs[from->slot] = mem_zalloc(sizeof *env);
        env->facts = env_facts_ref(from->facts);
        env->report = usage_report_new();
    }
    return env;
}

static void part_add(struct usage *u, struct usage_part *part)
{
    for (size_t i = 0; i < part->count && u->settings.enabled; i++) {
        const struct usage_part_env *from = &part->envs[i];
        struct usage_env *env = env_at(u, from);
        for (size_t k = 0; k < from->count; k++)
            usage_report_add(env->report, &from->lines[k]);
    }
    usage_part_free(part);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void env_free(struct usage_env *env)
{
    env_facts_unref(env->facts);
    usage_report_free(env->report);
    mem_free(env);
}

static void env_send(struct usage *u, unsigned slot, const struct usage_span *span)
{
    const struct usage_env *env = u->envs[slot];
    str_clear(&u->text);
    if (u->settings.enabled && usage_report_write(env->report, span, &u->text))
        events_take_usage(u->settings.events, slot, env->facts, str_to_buf(&u->text));
}

/* All that is there, about the time until the question. */
static void report_send(struct usage *u)
{
    struct usage_span span = {u->relay_id, u->start_wall_ms, u->asked_wall_ms};
    for (unsigned slot = 0; slot < u->env_count; slot++) {
        if (u->envs[slot] == NULL)
            continue;
        env_send(u, slot, &span);
        env_free(u->envs[slot]);
        u->envs[slot] = NULL;
    }
    str_free(&u->text);
    u->start_wall_ms = u->asked_wall_ms;
}

/* ---- questions ------------------------------------------------------------------------------- */

struct question {
    struct letter letter;
    struct usage *usage; /* the control thread's alone */
    struct mailbox *back;
    struct usage_counts *counts;
    struct usage_part *part;
};

static void end_look(struct usage *u);

static void part_arrived(struct letter *l)
{
    struct question *q = CONTAINER_OF(l, struct question, letter);
    struct usage *u = q->usage;
    part_add(u, q->part);
    mem_free(q);
    u->asked--;
    if (u->asked == 0 && u->closed == NULL)
        report_send(u);
    end_look(u);
}

/* On the serving thread. */
static void answer_post(struct letter *l)
{
    struct question *q = CONTAINER_OF(l, struct question, letter);
    q->part = usage_counts_take(q->counts);
    q->letter.deliver = part_arrived;
    mailbox_post(q->back, &q->letter);
}

static void question_post(struct usage *u, size_t thread)
{
    struct question *q = mem_zalloc(sizeof *q);
    q->letter.deliver = answer_post;
    q->usage = u;
    q->back = u->settings.mailbox;
    q->counts = u->settings.counts[thread];
    u->asked++;
    u->settings.post(u->settings.owner, thread, &q->letter);
}

static void on_timer(uv_timer_t *timer)
{
    usage_wake(timer->data);
}

static void schedule(struct usage *u)
{
    int64_t wait_ms = u->due_ms - clock_now_ms(u->settings.clock);
    if (!u->stopped)
        (void)uv_timer_start(&u->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

void usage_wake(struct usage *u)
{
    int64_t late_ms = clock_now_ms(u->settings.clock) - u->due_ms;
    if (late_ms < 0 || u->stopped) {
        schedule(u);
        return;
    }
    u->due_ms += (late_ms / INTERVAL_MS + 1) * INTERVAL_MS;
    schedule(u);
    if (u->asked != 0)
        return;
    u->asked_wall_ms = clock_wall_ms(u->settings.clock);
    for (size_t i = 0; i < u->settings.thread_count; i++)
        question_post(u, i);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct usage *usage_open(const struct usage_settings *settings)
{
    struct usage *u = mem_zalloc(sizeof *u);
    u->settings = *settings;
    random_uuid(u->relay_id);
    u->start_wall_ms = clock_wall_ms(settings->clock);
    u->due_ms = clock_now_ms(settings->clock) + INTERVAL_MS;
    (void)uv_timer_init(settings->loop, &u->timer);
    u->timer.data = u;
    schedule(u);
    return u;
}

void usage_enable(struct usage *u, bool enabled)
{
    u->settings.enabled = enabled;
}

void usage_stop(struct usage *u)
{
    u->stopped = true;
    (void)uv_timer_stop(&u->timer);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct usage *u = handle->data;
    void (*closed)(void *arg) = u->closed;
    void *arg = u->closed_arg;
    mem_free(u->envs);
    mem_free(u);
    closed(arg);
}

/* The last answer is there. */
static void end_look(struct usage *u)
{
    if (u->closed == NULL || u->asked != 0)
        return;
    u->asked_wall_ms = clock_wall_ms(u->settings.clock);
    report_send(u);
    uv_close((uv_handle_t *)&u->timer, on_timer_closed);
}

void usage_close(struct usage *u, void (*closed)(void *arg), void *arg)
{
    usage_stop(u);
    u->closed = closed;
    u->closed_arg = arg;
    for (size_t i = 0; i < u->settings.thread_count; i++)
        part_add(u, usage_counts_take(u->settings.counts[i]));
    end_look(u);
}
