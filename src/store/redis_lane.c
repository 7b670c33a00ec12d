/* store/redis_lane.c - one connection to one server, and the tasks that take turns on it.
 *
 *   redis_lane_add() -> waiting --connected--> running --script: succeed | fail | again--> next
 * task
 *
 * A connection is opened when somebody waits and stays open. When it breaks, the running task is
 * sent once more if the connection was an old one that never answered it; otherwise it and all that
 * wait fail: they wait for the same server.
 */
#include "store/redis_private.h"

#include <string.h>

static void lane_connect(struct redis_lane *l);

/* ---- a task's script ------------------------------------------------------------------------- */

static const struct redis_script *script_of(const struct redis_lane *l, enum store_op_type type)
{
    switch (type) {
    case STORE_OP_INIT:
        return &redis_script_init;
    case STORE_OP_UPSERT:
        return l->backend->atomic ? &redis_script_atomic : &redis_script_watch;
    case STORE_OP_READ:
        return &redis_script_read;
    case STORE_OP_PROBE:
        return &redis_script_probe;
    default:
        return &redis_script_check;
    }
}

static void progress_free(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    size_t items = l->task != NULL ? l->task->op->item_count : 0;
    for (size_t i = 0; p->current != NULL && i < items; i++)
        redis_reply_free(p->current[i]);
    mem_free(p->current);
    mem_free(p->pending);
    redis_reply_free(p->failure);
    redis_reply_free(p->last);
    *p = (struct redis_progress){0};
}

/* From the first step on. `attempts` survives. */
static void script_begin(struct redis_lane *l)
{
    unsigned attempts = l->progress.attempts;
    progress_free(l);
    l->progress.attempts = attempts;
    l->answered = false;
    l->script->begin(l);
}

void redis_lane_send_take(struct redis_lane *l, struct str *commands, size_t answers)
{
    if (l->task->asking) { /* such a task has one command */
        struct view none = {0};
        struct str both = {0};
        redis_command_short(&both, "ASKING", none, none, none);
        str_append(&both, str_view(commands));
        str_free(commands);
        *commands = both;
        l->progress.asked = true;
        answers++;
    }
    l->progress.owed += answers;
    redis_link_send_take(l->link, commands, answers);
}

/* The lane is free for the next task; the old one is handed back. */
struct redis_task *redis_lane_leave(struct redis_lane *l)
{
    struct redis_task *t = l->task;
    progress_free(l);
    l->task = NULL;
    if (l->link != NULL)
        redis_link_set_patience(l->link, 0);
    return t;
}

void redis_lane_succeed(struct redis_lane *l)
{
    struct redis_task *t = redis_lane_leave(l);
    redis_task_turn_done(t);
    redis_lane_next(l);
}

void redis_lane_fail(struct redis_lane *l, const char *problem)
{
    struct redis_task *t = redis_lane_leave(l);
    redis_task_failed(t, problem);
    redis_lane_next(l);
}

static void tasks_fail(struct redis_lane *l, const char *problem);

static void lane_on_timer(uv_timer_t *timer)
{
    struct redis_lane *l = timer->data;
    if (l->task != NULL && l->ready)
        script_begin(l);
    else if (l->backend->hurried)
        tasks_fail(l, "the relay is stopping");
    else
        redis_lane_next(l);
}

void redis_lane_again(struct redis_lane *l, int64_t delay_ms)
{
    (void)uv_timer_start(&l->timer, lane_on_timer, (uint64_t)delay_ms, 0);
}

void redis_lane_refused(struct redis_lane *l, const struct redis_reply *failure)
{
    if (redis_lane_redirected(l, failure))
        return;
    struct error problem;
    error_set(&problem, "%.*s", VIEW_ARGS(failure->text));
    bool replica = redis_reply_fails_with(failure, "READONLY");
    struct redis_task *t = redis_lane_leave(l);
    redis_task_failed(t, problem.text);
    if (replica) {
        if (l->backend->places != NULL)
            l->backend->places->class->forget(l->backend->places);
        redis_lane_disconnect(l, problem.text);
    } else {
        redis_lane_next(l);
    }
}

/* ---- what the connection says ---------------------------------------------------------------- */

static void lane_on_ready(void *owner)
{
    struct redis_lane *l = owner;
    l->ready = true;
    l->used = false;
    l->since_ms = 0;
    redis_lane_next(l);
}

static void lane_on_reply(void *owner, struct redis_reply *r)
{
    struct redis_lane *l = owner;
    struct redis_progress *p = &l->progress;
    if (l->task == NULL || p->owed == 0) {
        redis_reply_free(r);
        redis_lane_disconnect(l, "Redis sent an answer that nobody asked for");
        return;
    }
    l->used = true;
    l->answered = true;
    p->owed--;
    bool failed = r->type == REDIS_FAILURE;
    if (failed && p->failure == NULL)
        p->failure = r;
    else if (failed || p->asked)
        redis_reply_free(r);
    else
        l->script->answer(l, r);
    p->asked = false;
    if (p->owed == 0 && p->sent_all)
        l->script->answered(l);
}

static void lane_on_room(void *owner)
{
    struct redis_lane *l = owner;
    if (l->task != NULL && l->script->room != NULL && !l->progress.sent_all)
        l->script->room(l);
}

/* Those that wait now; what they ask for next is another matter. */
static void tasks_fail(struct redis_lane *l, const char *problem)
{
    struct list failing;
    list_init(&failing);
    list_move_all(&l->tasks, &failing);
    LIST_EACH_SAFE (node, &failing) {
        list_remove(node);
        redis_task_failed(CONTAINER_OF(node, struct redis_task, link), problem);
    }
}

/* What was running when the connection broke begins once more, in front of all others. */
static bool task_resend(struct redis_lane *l, bool was_used)
{
    struct redis_task *t = l->task;
    if (t == NULL || t->resent || l->answered || !was_used || l->backend->hurried)
        return false;
    (void)redis_lane_leave(l);
    t->resent = true;
    t->link.next = l->tasks.next;
    t->link.prev = &l->tasks;
    l->tasks.next->prev = &t->link;
    l->tasks.next = &t->link;
    return true;
}

static void lane_free(uv_handle_t *timer)
{
    struct redis_lane *l = timer->data;
    struct redis_backend *b = l->backend;
    mem_free(l->host);
    mem_free(l);
    redis_handle_closed(b);
}

static void lane_close_when_idle(struct redis_lane *l)
{
    if (l->closing && l->link == NULL && !l->locating && !uv_is_closing((uv_handle_t *)&l->timer))
        uv_close((uv_handle_t *)&l->timer, lane_free);
}

/* A fail-over is in progress: the sentinels are asked again (data-store.md 8.1). */
static bool lane_awaits_master(const struct redis_lane *l, const char *problem)
{
    const struct redis_backend *b = l->backend;
    return strcmp(problem, REDIS_LINK_NO_MASTER) == 0 && !b->hurried && !l->closing &&
           uv_now(b->loop) - l->since_ms < (uint64_t)b->connect_timeout_ms;
}

/* No connection any more, or none could be had. */
static void lane_broken(struct redis_lane *l, bool was_used, const char *problem)
{
    (void)uv_timer_stop(&l->timer);
    if (l->backend->places != NULL)
        l->backend->places->class->forget(l->backend->places);
    if (lane_awaits_master(l, problem)) {
        redis_lane_again(l, REDIS_MASTER_DELAY_MS);
        return;
    }
    l->since_ms = 0;
    if (!task_resend(l, was_used)) {
        if (l->task != NULL)
            redis_task_failed(redis_lane_leave(l), problem);
        tasks_fail(l, problem);
    }
    lane_close_when_idle(l);
    redis_lane_next(l);
}

static void lane_on_end(void *owner, const char *problem)
{
    struct redis_lane *l = owner;
    bool was_used = l->used;
    l->link = NULL;
    l->ready = false;
    l->used = false;
    lane_broken(l, was_used, problem);
}

static const struct redis_link_listener lane_listener = {lane_on_ready, lane_on_reply, lane_on_room,
                                                         lane_on_end};

void redis_lane_disconnect(struct redis_lane *l, const char *why)
{
    l->ready = false;
    if (l->link != NULL)
        redis_link_close(l->link, why);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void lane_open(struct redis_lane *l, const char *host, uint16_t port)
{
    struct redis_link_settings settings = redis_link_settings_of(l->backend);
    if (host != NULL) {
        settings.host = host;
        settings.port = port;
    }
    settings.asks_policy = l->writes;
    l->login_ms = redis_iam_now_ms(l->backend->iam);
    l->link = redis_link_open(&settings, l->backend->loop, &lane_listener, l);
}

/* Another master than before may lack what the old one acknowledged. */
static void master_note(struct redis_backend *b, const char *host, uint16_t port)
{
    struct str name = {0};
    str_append_format(&name, "%s:%u", host, port);
    b->master_changed =
        b->master_changed || (b->master != NULL && !view_is(str_view(&name), b->master));
    mem_free(b->master);
    b->master = str_take_text(&name);
}

static void lane_on_located(void *owner, const char *host, uint16_t port, const char *problem)
{
    struct redis_lane *l = owner;
    l->locating = false;
    if (host == NULL || l->closing) {
        lane_broken(l, false, problem != NULL ? problem : "closed");
        return;
    }
    master_note(l->backend, host, port);
    lane_open(l, host, port);
}

static void lane_connect(struct redis_lane *l)
{
    struct redis_backend *b = l->backend;
    if (l->since_ms == 0)
        l->since_ms = uv_now(b->loop);
    if (l->host != NULL || b->places == NULL) {
        lane_open(l, l->host, l->port);
        return;
    }
    l->locating = true;
    b->places->class->locate(b->places, view_of(""), lane_on_located, l);
}

void redis_lane_next(struct redis_lane *l)
{
    if (l->task == NULL && list_empty(&l->tasks) && redis_iam_is_old(l->backend->iam, l->login_ms))
        redis_lane_disconnect(l, "the login is old");
    if (l->task != NULL || list_empty(&l->tasks) || l->closing)
        return;
    if (!l->ready) {
        if (l->link == NULL && !l->locating && !uv_is_active((uv_handle_t *)&l->timer))
            lane_connect(l);
        return;
    }
    struct redis_task *t = CONTAINER_OF(l->tasks.next, struct redis_task, link);
    list_remove(&t->link);
    l->task = t;
    l->script = script_of(l, t->op->type);
    script_begin(l);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct redis_lane *redis_lane_new(struct redis_backend *b, const char *host, uint16_t port,
                                  bool writes)
{
    struct redis_lane *l = mem_zalloc(sizeof *l);
    l->backend = b;
    l->host = host != NULL ? mem_copy_text(host, strlen(host)) : NULL;
    l->port = port;
    l->writes = writes;
    list_init(&l->tasks);
    (void)uv_timer_init(b->loop, &l->timer);
    l->timer.data = l;
    b->open_handles++;
    return l;
}

void redis_lane_add(struct redis_lane *l, struct redis_task *t)
{
    list_append(&l->tasks, &t->link);
    redis_lane_next(l);
}

bool redis_lane_is_idle(const struct redis_lane *l)
{
    return l->task == NULL && list_empty(&l->tasks) && l->link == NULL && !l->locating &&
           !l->closing;
}

void redis_lane_lead_to(struct redis_lane *l, const char *host, uint16_t port)
{
    mem_free(l->host);
    l->host = mem_copy_text(host, strlen(host));
    l->port = port;
}

/* A transaction that is given up is none: nobody sees a part of it. */
void redis_lane_hurry(struct redis_lane *l)
{
    bool waited_for = l->task != NULL || !list_empty(&l->tasks);
    if (l->link != NULL && waited_for)
        redis_link_close(l->link, "the relay is stopping");
    else if (uv_is_active((uv_handle_t *)&l->timer))
        (void)uv_timer_start(&l->timer, lane_on_timer, 0, 0);
}

void redis_lane_close(struct redis_lane *l)
{
    l->closing = true;
    if (l->link != NULL)
        redis_link_close(l->link, "closed");
    lane_close_when_idle(l);
}
