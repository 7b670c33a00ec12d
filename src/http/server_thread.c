/* http/server_thread.c - one serving thread: its loop, its epoll, its wheel, its work list.
 *
 *   a turn of the loop:  timers (wheel) -> poll (letters; epoll: accept, read, write)
 *                        -> check (work list: flush streams, deliver bodies, release memory)
 *
 * Whatever happens to a connection in a turn, its consequences are drawn in the check phase, for at
 * most WORK_PER_TURN connections at a time, so that a broadcast to many does not keep polls
 * waiting.
 */
#include "http/server_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_TURN 512
#define WORK_PER_TURN 2000
#define TICK_MAX_MS 1000

static void take_time(struct http_thread *t)
{
    t->now_ms = clock_now_ms(t->server->clock);
}

/* ---- the phases of a turn ------------------------------------------------------------------- */

static void deadline_due(struct wheel_entry *e, void *arg)
{
    (void)arg;
    connection_deadline(CONTAINER_OF(e, struct connection, deadline));
}

static void on_tick(uv_timer_t *timer)
{
    struct http_thread *t = timer->data;
    take_time(t);
    wheel_run(&t->wheel, t->now_ms, deadline_due, NULL);
    if (t->wheel.count == 0)
        (void)uv_timer_stop(timer);
}

static void on_sockets(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct http_thread *t = poll->data;
    struct epoll_event ready[EVENTS_PER_TURN];
    take_time(t);
    int count = epoll_wait(t->epoll, ready, EVENTS_PER_TURN, 0);
    for (int i = 0; i < count; i++) {
        if (ready[i].data.ptr == t)
            (void)http_thread_accept(t);
        else
            connection_event(ready[i].data.ptr, ready[i].events);
    }
}

static void do_work(struct http_thread *t)
{
    for (int i = 0; i < WORK_PER_TURN && !list_empty(&t->work); i++) {
        struct connection *c = CONTAINER_OF(t->work.next, struct connection, work);
        list_remove(&c->work);
        connection_work(c);
    }
    if (list_empty(&t->work))
        (void)uv_idle_stop(&t->idle);
}

static void on_check(uv_check_t *check)
{
    struct http_thread *t = check->data;
    if (list_empty(&t->work))
        return;
    take_time(t);
    do_work(t);
}

void http_thread_stay_awake(uv_idle_t *handle)
{
    (void)handle;
}

/* ---- time ----------------------------------------------------------------------------------- */

/* A sixteenth of the shortest interval is precise enough for it. */
static int64_t tick_for(const struct http_server_settings *settings)
{
    const int64_t intervals[] = {settings->header_timeout_ms, settings->idle_timeout_ms,
                                 settings->heartbeat_ms, settings->max_stream_time_ms,
                                 settings->max_write_time_ms};
    int64_t tick = TICK_MAX_MS;
    for (size_t i = 0; i < ARRAY_LEN(intervals); i++) {
        if (intervals[i] > 0 && intervals[i] / 16 < tick)
            tick = intervals[i] / 16;
    }
    return tick > 0 ? tick : 1;
}

static void keep_ticking(struct http_thread *t)
{
    if (!uv_is_active((uv_handle_t *)&t->tick))
        (void)uv_timer_start(&t->tick, on_tick, (uint64_t)t->wheel.tick_ms,
                             (uint64_t)t->wheel.tick_ms);
}

void http_thread_set_deadline(struct http_thread *t, struct wheel_entry *e, int64_t due_ms)
{
    wheel_set(&t->wheel, e, due_ms);
    keep_ticking(t);
}

void http_thread_set_deadline_earlier(struct http_thread *t, struct wheel_entry *e, int64_t due_ms)
{
    wheel_set_earlier(&t->wheel, e, due_ms);
    keep_ticking(t);
}

struct view http_thread_date(struct http_thread *t)
{
    int64_t second = clock_wall_ms(t->server->clock) / 1000;
    if (second != t->date_second || t->date[0] == '\0') {
        http_date_write(second, t->date);
        t->date_second = second;
    }
    return view_of(t->date);
}

/* ---- begin ---------------------------------------------------------------------------------- */

static void watch_listener(struct http_thread *t)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = t};
    if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->listener, &event) != 0) {
        (void)close(t->listener);
        t->listener = -1;
    }
}

static void open_handles(struct http_thread *t)
{
    mailbox_open(&t->mailbox, &t->loop);
    (void)uv_poll_init(&t->loop, &t->poll, t->epoll);
    (void)uv_check_init(&t->loop, &t->check);
    (void)uv_idle_init(&t->loop, &t->idle);
    (void)uv_timer_init(&t->loop, &t->tick);
    (void)uv_timer_init(&t->loop, &t->rest);
    (void)uv_timer_init(&t->loop, &t->farewell.timer);
    t->poll.data = t;
    t->check.data = t;
    t->tick.data = t;
    t->rest.data = t;
    t->farewell.timer.data = t;
    (void)uv_poll_start(&t->poll, UV_READABLE, on_sockets);
    (void)uv_check_start(&t->check, on_check);
}

static void close_handles(struct http_thread *t)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&t->poll, (uv_handle_t *)&t->check,
                                    (uv_handle_t *)&t->idle, (uv_handle_t *)&t->tick,
                                    (uv_handle_t *)&t->rest, (uv_handle_t *)&t->farewell.timer};
    for (size_t i = 0; i < ARRAY_LEN(handles); i++)
        uv_close(handles[i], NULL);
}

static void run(void *arg)
{
    struct http_thread *t = arg;
    const struct http_service *service = &t->server->service;
    take_time(t);
    wheel_init(&t->wheel, tick_for(&t->server->settings), t->now_ms);
    open_handles(t);
    t->state = service->thread_open != NULL ? service->thread_open(service->arg, t) : NULL;
    watch_listener(t);
    uv_sem_post(&t->ready);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT); /* until http_thread_stop()'s letter calls uv_stop() */
    farewell_close_everything(t);           /* none, unless the server did not come up */
    while (!list_empty(&t->work))
        do_work(t);
    mailbox_close(&t->mailbox); /* the last letters still find the service's state */
    if (service->thread_close != NULL)
        service->thread_close(service->arg, t->state);
    close_handles(t);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
}

/* Signals are the control thread's; SIGPIPE, from a TLS socket, is nobody's. */
static int start_without_signals(struct http_thread *t)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = uv_thread_create(&t->id, run, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static void release(struct http_thread *t)
{
    (void)uv_loop_close(&t->loop);
    uv_sem_destroy(&t->ready);
    (void)close(t->epoll);
    if (t->spare >= 0)
        (void)close(t->spare);
    if (t->listener >= 0)
        (void)close(t->listener);
    mem_free(t->read_buffer);
    str_free(&t->scratch);
    frame_unref(t->comment);
    gzip_cache_free(&t->gzip);
}

bool http_thread_start(struct http_thread *t, struct http_server *server, int listener,
                       struct error *err)
{
    t->server = server;
    t->listener = listener;
    list_init(&t->connections);
    list_init(&t->streams);
    list_init(&t->work);
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (t->epoll < 0 || uv_loop_init(&t->loop) != 0) {
        error_set(err, "serving thread: %s; raise the limit of open files", strerror(errno));
        if (t->epoll >= 0)
            (void)close(t->epoll);
        return false;
    }
    t->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    t->read_buffer = mem_alloc(READ_BUFFER_BYTES);
    t->comment = frame_comment();
    (void)uv_sem_init(&t->ready, 0);
    int failure = start_without_signals(t);
    if (failure != 0) {
        error_set(err, "serving thread: %s", uv_strerror(failure));
        t->listener = -1;
        release(t);
        return false;
    }
    t->started = true;
    uv_sem_wait(&t->ready);
    return true;
}

/* ---- end ------------------------------------------------------------------------------------ */

void http_thread_stop_accepting(struct http_thread *t)
{
    if (t->listener < 0)
        return;
    while (http_thread_accept(t))
        ;
    (void)epoll_ctl(t->epoll, EPOLL_CTL_DEL, t->listener, NULL);
    (void)close(t->listener);
    t->listener = -1;
}

struct stop_letter {
    struct letter base;
    struct http_thread *to;
};

static void stop_arrived(struct letter *l)
{
    struct stop_letter *letter = CONTAINER_OF(l, struct stop_letter, base);
    uv_stop(&letter->to->loop);
    mem_free(letter);
}

void http_thread_stop(struct http_thread *t)
{
    struct stop_letter *letter = mem_alloc(sizeof *letter);
    letter->base.deliver = stop_arrived;
    letter->to = t;
    http_thread_post(t, &letter->base);
    (void)uv_thread_join(&t->id);
    release(t);
}

/* ---- for the service ------------------------------------------------------------------------ */

void http_thread_post(struct http_thread *t, struct letter *l)
{
    mailbox_post(&t->mailbox, l);
}

void *http_thread_state(struct http_thread *t)
{
    return t->state;
}

uv_loop_t *http_thread_loop(struct http_thread *t)
{
    return &t->loop;
}

const struct clock *http_thread_clock(struct http_thread *t)
{
    return t->server->clock;
}
