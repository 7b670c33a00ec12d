/* http/server_accept.c - new connections: taken in bursts, refused over a limit. */
#include "http/server_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64
#define ACCEPTS_WHEN_SHARED 2 /* the other threads shall get their part */
#define REST_MS 100

static int accept_one(int listener, struct sockaddr_storage *peer)
{
    socklen_t len = sizeof *peer;
    peer->ss_family = AF_UNSPEC;
    return accept4(listener, (struct sockaddr *)peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* ---- without descriptors --------------------------------------------------------------------- */

static void listener_watch(struct http_thread *t, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = t};
    (void)epoll_ctl(t->epoll, EPOLL_CTL_MOD, t->listener, &event);
}

static void rest_is_over(uv_timer_t *timer)
{
    struct http_thread *t = timer->data;
    if (t->listener >= 0) {
        t->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (t->spare < 0)
            return; /* the timer repeats */
        listener_watch(t, EPOLLIN);
    }
    (void)uv_timer_stop(timer);
}

/* A file or a connection upstream was quicker with the spare descriptor: who waits in the
 * listener's queue can neither be served nor refused, and the listener must not keep the loop busy.
 */
static void listener_rest(struct http_thread *t)
{
    listener_watch(t, 0);
    (void)uv_timer_start(&t->rest, rest_is_over, REST_MS, REST_MS);
}

/* The process has no descriptor left. The one kept for this moment lets the connection be taken and
 * closed, so that the client knows and the listener does not stay ready for ever. */
static void refuse_without_descriptor(struct http_thread *t)
{
    if (t->spare >= 0)
        (void)close(t->spare);
    struct sockaddr_storage peer;
    int fd = accept_one(t->listener, &peer);
    if (fd >= 0) {
        limits_no_descriptor(&t->server->limits, t->now_ms);
        (void)close(fd);
    }
    t->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (t->spare < 0)
        listener_rest(t);
}

/* ---- accepting ------------------------------------------------------------------------------ */

/* The next connection, or -1; *again: there may be one all the same. One thread at a time, because
 * the descriptor that refuse_without_descriptor() gives up is not for another thread's client. */
static int take_connection(struct http_thread *t, struct sockaddr_storage *peer, bool *again)
{
    uv_mutex_lock(&t->server->accepting);
    int fd = accept_one(t->listener, peer);
    int problem = errno;
    if (fd < 0 && (problem == EMFILE || problem == ENFILE))
        refuse_without_descriptor(t);
    uv_mutex_unlock(&t->server->accepting);
    *again = fd < 0 && (problem == EINTR || problem == ECONNABORTED);
    return fd;
}

static bool accept_next(struct http_thread *t)
{
    struct sockaddr_storage peer;
    bool again;
    int fd = take_connection(t, &peer, &again);
    if (fd < 0)
        return again;
    struct limits_address *address;
    if (limits_admit(&t->server->limits, &peer, t->now_ms, &address))
        connection_open(t, fd, address);
    else
        (void)close(fd);
    return true;
}

bool http_thread_accept(struct http_thread *t)
{
    if (t->listener < 0)
        return false;
    int most = t->server->listeners.shared ? ACCEPTS_WHEN_SHARED : ACCEPTS_PER_TURN;
    for (int i = 0; i < most; i++) {
        if (!accept_next(t))
            return false;
    }
    return true;
}
