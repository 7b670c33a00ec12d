/* sseload - many clients of event streams on one server, to measure it.
 *
 *   sseload PORT PATH KEY STREAMS TRIGGER_PORT TRIGGER_PATH ROUNDS PID
 *
 * Opens STREAMS streams with the Authorization KEY and waits until each has its first event. Then,
 * ROUNDS times: asks TRIGGER_PATH and notes when each stream had one event more. Prints one `name
 * value` a line, about the server with process number PID:
 *
 *   connect_s, connect_cpu_s          until all had their first event; processor time meanwhile
 *   first_event_bytes                 head and first event of one stream
 *   rss_before_kib, rss_after_kib     resident memory before the first and, settled, after the last
 *   fan_out_median_ms, fan_out_last_ms, fan_out_cpu_ms     of one round; repeated
 *
 * An event is what ends with two line feeds. */
#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS_PER_ADDRESS = 5000, MAX_WAITING = 2000, BURST = 64, GIVE_UP_S = 120 };

struct stream {
    int fd;
    unsigned events;
    bool line_ended; /* the last byte was a line feed */
};

struct load {
    int port, trigger_port, pid, epoll;
    const char *path, *key, *trigger_path;
    unsigned count;
    struct stream *streams;
    double *times; /* of one round */
    size_t first_event_bytes;
};

static char bytes[1 << 20];

static void die(const char *what)
{
    fprintf(stderr, "sseload: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Connects, from one of several loopback addresses so that ports do not run out. */
static int dial(int port, unsigned number)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number / STREAMS_PER_ADDRESS);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        die("socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("bind");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    return fd;
}

static void ask(int fd, int port, const char *path, const char *key)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: %s\r\n"
                     "Accept: text/event-stream\r\nUser-Agent: sseload/1\r\n\r\n",
                     path, port, key);
    if (write(fd, text, (size_t)n) != n)
        die("write");
}

static void stream_open(struct load *l, unsigned number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    int fd = dial(l->port, number);
    ask(fd, l->port, l->path, l->key);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    l->streams[number].fd = fd;
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Counts the events that end in these bytes: a line feed straight behind a line feed. */
static unsigned events_in(struct stream *s, const char *data, size_t len)
{
    unsigned events = 0;
    const char *end = data + len;
    const char *at = data;
    if (s->line_ended && data[0] == '\n')
        events++;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\n')
            events++;
    }
    s->line_ended = end[-1] == '\n';
    return events;
}

/* Reads what is there; true when the stream had its event number `wanted` with it. */
static bool stream_read(struct load *l, unsigned number, unsigned wanted)
{
    struct stream *s = &l->streams[number];
    unsigned before = s->events;
    ssize_t n = read(s->fd, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        fprintf(stderr, "sseload: stream %u was closed after %u events\n", number, s->events);
        exit(1);
    }
    if (number == 0 && before == 0)
        l->first_event_bytes += (size_t)n;
    s->events += events_in(s, bytes, (size_t)n);
    return before < wanted && s->events >= wanted;
}

/* Waits until all streams had their event number `wanted`; opens those that are still to be opened.
 */
static void wait_for_event(struct load *l, unsigned opened, unsigned wanted, double began)
{
    unsigned seen = 0;
    while (seen < l->count) {
        struct epoll_event events[512];
        for (int i = 0; i < BURST && opened < l->count && opened - seen < MAX_WAITING; i++)
            stream_open(l, opened++);
        int n = epoll_wait(l->epoll, events, 512, opened < l->count ? 0 : 1000);
        for (int i = 0; i < n; i++)
            if (stream_read(l, events[i].data.u32, wanted))
                l->times[seen++] = process_now_s() - began;
        if (process_now_s() - began > GIVE_UP_S) {
            fprintf(stderr, "sseload: %u of %u streams had event %u\n", seen, l->count, wanted);
            exit(1);
        }
    }
}

static void connect_all(struct load *l)
{
    double cpu = process_cpu_s(l->pid), began = process_now_s();
    printf("rss_before_kib %ld\n", process_rss_kib(l->pid));
    wait_for_event(l, 0, 1, began);
    printf("connect_s %.3f\nconnect_cpu_s %.3f\n", process_now_s() - began,
           process_cpu_s(l->pid) - cpu);
    sleep(2); /* what was only needed to connect is given back by then */
    printf("rss_after_kib %ld\nfirst_event_bytes %zu\n", process_rss_kib(l->pid),
           l->first_event_bytes);
}

/* The times are in order of arrival: the middle one is the median. */
static void fan_out(struct load *l, unsigned round)
{
    double cpu = process_cpu_s(l->pid), began = process_now_s();
    int fd = dial(l->trigger_port, 0);
    ask(fd, l->trigger_port, l->trigger_path, "none");
    wait_for_event(l, l->count, round + 2, began);
    printf("fan_out_median_ms %.2f\nfan_out_last_ms %.2f\nfan_out_cpu_ms %.2f\n",
           l->times[l->count / 2] * 1e3, l->times[l->count - 1] * 1e3,
           (process_cpu_s(l->pid) - cpu) * 1e3);
    close(fd);
    usleep(500000);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr,
                "usage: sseload PORT PATH KEY STREAMS TRIGGER_PORT TRIGGER_PATH ROUNDS PID\n");
        return 2;
    }
    struct load l = {
        .port = atoi(argv[1]), .path = argv[2], .key = argv[3], .trigger_path = argv[6]};
    l.count = (unsigned)atoi(argv[4]);
    l.trigger_port = atoi(argv[5]);
    l.pid = atoi(argv[8]);
    l.epoll = epoll_create1(0);
    l.streams = calloc(l.count, sizeof *l.streams);
    l.times = calloc(l.count, sizeof *l.times);
    if (l.count == 0 || l.streams == NULL || l.times == NULL)
        return 2;
    connect_all(&l);
    for (unsigned round = 0; round < (unsigned)atoi(argv[7]); round++)
        fan_out(&l, round);
    free(l.streams);
    free(l.times);
    return 0;
}
