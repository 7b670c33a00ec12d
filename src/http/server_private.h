/* http/server_private.h - the server from inside; only the server_*.c files and sse.c include this.
 *
 *   http_server --+-- http_thread --+-- connection --+-- http_request     from its head to its
 * answer |                 |                +-- sse_subscriber   once it is a stream | +--
 * connection ...
 *                 +-- http_thread ...
 *
 * A thread has one libuv loop, for letters and timers, and in it one epoll descriptor of its own
 * for its sockets: a connection costs one descriptor, one epoll entry and `struct connection`,
 * nothing else, while it is idle.
 */
#ifndef HTTP_SERVER_PRIVATE_H
#define HTTP_SERVER_PRIVATE_H

#include "base/frame.h"
#include "base/list.h"
#include "http/date.h"
#include "http/server.h"
#include "http/server_gzip.h"
#include "http/server_limits.h"
#include "http/server_listen.h"
#include "http/server_route.h"
#include "http/server_tls.h"
#include "http/wheel.h"

#include <uv.h>

#define READ_BUFFER_BYTES 65536

/* Streams that end one after the other while the server closes (server_close.c). */
struct farewell {
    uv_timer_t timer;
    bool started;
    bool drained; /* the control thread was told that no connection is left */
    int64_t began_ms;
    int64_t spread_ms;
    int64_t limit_ms;
    size_t streams; /* open when it began */
    size_t ended;
};

struct http_thread {
    struct http_server *server;
    uv_thread_t id;
    uv_sem_t ready;
    bool started;
    uv_loop_t loop;
    struct mailbox mailbox;
    uv_poll_t poll;   /* `epoll` has something to tell */
    uv_check_t check; /* runs the work list, once in each turn of the loop */
    uv_idle_t idle;   /* active while the work list is not empty: the loop must not sleep then */
    uv_timer_t tick;  /* turns the wheel; active while the wheel has entries */
    uv_timer_t rest;  /* active while the listener rests, because not even `spare` was to be had */
    int epoll;
    int listener;   /* -1 once the thread accepts no more */
    int spare;      /* a descriptor to give up when none is left for a connection to refuse */
    int64_t now_ms; /* when this turn began */
    struct wheel wheel;
    struct list connections; /* all but the streams */
    struct list streams;
    struct list work; /* connections whose connection_work() is due, by their `work` link */
    size_t connection_count;
    char *read_buffer;
    struct str scratch; /* heads of answers are composed here */
    int64_t date_second;
    char date[HTTP_DATE_SIZE];
    struct frame *comment;
    struct gzip_cache gzip;
    void *state; /* the service's own */
    struct farewell farewell;
};

struct http_server {
    struct http_server_settings settings;
    struct http_service service;
    const struct clock *clock;
    struct route_table *routes;
    struct server_tls *tls; /* NULL: plain */
    struct limits limits;
    struct listeners listeners;
    uv_mutex_t accepting; /* held while a connection is taken; see server_accept.c */
    struct http_thread *threads;
    size_t thread_count;
    char max_backlog_text[32];    /* "16MiB", for log lines */
    char max_write_time_text[64]; /* "30s" */
    _Atomic int64_t streams;
    _Atomic int64_t refused_tls;
    _Atomic int64_t dropped_stall;
    _Atomic int64_t dropped_backlog;
    /* closing, on the control thread */
    uv_async_t thread_drained;
    size_t drained;
    _Atomic size_t drained_reports;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* ---- server_thread.c ------------------------------------------------------------------------ */

/* Starts the thread and waits until it serves. False with *err; nothing is left then. */
bool http_thread_start(struct http_thread *t, struct http_server *server, int listener,
                       struct error *err);

/* The thread ends when it has no connection left, and is joined. Blocks for that long. */
void http_thread_stop(struct http_thread *t);

/* "Tue, 14 Nov 2023 22:13:20 GMT"; formatted once a second. */
struct view http_thread_date(struct http_thread *t);

/* Deadlines: the wheel's timer runs only while there are any. */
void http_thread_set_deadline(struct http_thread *t, struct wheel_entry *e, int64_t due_ms);
void http_thread_set_deadline_earlier(struct http_thread *t, struct wheel_entry *e, int64_t due_ms);

/* Of the idle handle that is active while the work list is not empty; does nothing. */
void http_thread_stay_awake(uv_idle_t *handle);

/* No more connections from now on; those that wait in the kernel's queue are still taken. */
void http_thread_stop_accepting(struct http_thread *t);

/* ---- server_accept.c ------------------------------------------------------------------------ */

/* Takes some of the waiting connections; false when none is left. */
bool http_thread_accept(struct http_thread *t);

/* ---- server_close.c ------------------------------------------------------------------------- */

/* A connection is gone: perhaps it was the last one that a closing thread waited for. */
void farewell_check(struct http_thread *t);

/* Each connection, at once. */
void farewell_close_everything(struct http_thread *t);

/* ---- server.c ------------------------------------------------------------------------------- */

/* After all its threads were stopped. */
void http_server_free(struct http_server *s);

static inline bool http_thread_is_closing(const struct http_thread *t)
{
    return t->farewell.started;
}

#endif
