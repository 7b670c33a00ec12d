/* floor - the least that any server of event streams could do: the physical limit to hold the relay
 * against.
 *
 *   floor PORT TRIGGER_PORT PUT_BYTES PATCH_BYTES
 *
 * One thread on bare epoll, nothing is parsed, everybody gets the same two buffers. The first bytes
 * on PORT are answered with a head and one event of PUT_BYTES; each request on TRIGGER_PORT sends
 * one event of PATCH_BYTES to every stream. A stream costs a descriptor and sixteen bytes. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = 65536 };
enum kind { CLOSED, STREAM, TRIGGER };

struct peer {
    enum kind kind;
    size_t sent; /* bytes of the put, head included */
};

struct text {
    char *data;
    size_t len;
};

struct floor {
    int epoll;
    int streams, triggers; /* listening sockets */
    int highest;           /* descriptor in use */
    struct text put, patch;
    struct peer peers[MAX_DESCRIPTORS]; /* by descriptor */
};

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
static const char done[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

static void watch(struct floor *f, int how, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(f->epoll, how, fd, &event);
}

static int listen_on(struct floor *f, const char *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        perror(port);
        exit(1);
    }
    watch(f, EPOLL_CTL_ADD, fd, EPOLLIN);
    return fd;
}

/* `prefix`, `name` and `data: `, then filled up to `len` bytes behind the prefix and ended like an
 * event. */
static struct text event_of(const char *prefix, const char *name, size_t len)
{
    char start[64];
    int n = snprintf(start, sizeof start, "event: %s\ndata: ", name);
    struct text t = {.len = strlen(prefix) + len};
    t.data = malloc(t.len + sizeof start);
    if (t.data == NULL || len < sizeof start)
        exit(1);
    memset(t.data, 'x', t.len);
    memcpy(t.data, prefix, strlen(prefix));
    memcpy(t.data + strlen(prefix), start, (size_t)n);
    memcpy(t.data + t.len - 2, "\n\n", 2);
    return t;
}

static void accept_all(struct floor *f, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        f->peers[fd] = (struct peer){.kind = listener == f->streams ? STREAM : TRIGGER};
        f->highest = fd > f->highest ? fd : f->highest;
        watch(f, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

static void close_peer(struct floor *f, int fd)
{
    f->peers[fd].kind = CLOSED;
    close(fd);
}

static void put_push(struct floor *f, int fd)
{
    struct peer *p = &f->peers[fd];
    while (p->sent < f->put.len) {
        ssize_t n = write(fd, f->put.data + p->sent, f->put.len - p->sent);
        if (n < 0)
            break;
        p->sent += (size_t)n;
    }
    watch(f, EPOLL_CTL_MOD, fd, p->sent < f->put.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void patch_fan_out(struct floor *f, int trigger)
{
    for (int fd = 0; fd <= f->highest; fd++)
        if (f->peers[fd].kind == STREAM && write(fd, f->patch.data, f->patch.len) < 0)
            close_peer(f, fd);
    if (write(trigger, done, sizeof done - 1) < 0)
        perror("trigger");
    close_peer(f, trigger);
}

static void take(struct floor *f, int fd, unsigned events)
{
    char ignored[4096];
    if (fd == f->streams || fd == f->triggers) {
        accept_all(f, fd);
    } else if (events & EPOLLIN) {
        ssize_t n = read(fd, ignored, sizeof ignored);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            close_peer(f, fd);
        else if (n > 0 && f->peers[fd].kind == TRIGGER)
            patch_fan_out(f, fd);
        else if (n > 0)
            put_push(f, fd);
    } else if (events & EPOLLOUT) {
        put_push(f, fd);
    } else {
        close_peer(f, fd);
    }
}

int main(int argc, char **argv)
{
    static struct floor f;
    if (argc != 5) {
        fprintf(stderr, "usage: floor PORT TRIGGER_PORT PUT_BYTES PATCH_BYTES\n");
        return 2;
    }
    f.put = event_of(head, "put", strtoul(argv[3], NULL, 10));
    f.patch = event_of("", "patch", strtoul(argv[4], NULL, 10));
    f.epoll = epoll_create1(0);
    f.streams = listen_on(&f, argv[1]);
    f.triggers = listen_on(&f, argv[2]);
    for (;;) {
        struct epoll_event events[512];
        int n = epoll_wait(f.epoll, events, 512, -1);
        for (int i = 0; i < n; i++)
            take(&f, events[i].data.fd, events[i].events);
    }
}
