/* held.c - how long an event loop was held: the time between two waits of the main thread, which in
 * flagrelay is the control thread. Loaded in front of the C library; the program knows nothing of
 * it.
 *
 *   LD_PRELOAD=held.so HELD_FILE=path flagrelay ...      afterwards the file has lines `name value`
 *
 * cpu_N, wall_N: how many turns took at most N milliseconds of processor time, of real time, and
 * more than the bound before; cpu_max_ms, wall_max_ms the longest. Real time contains what other
 * programs did meanwhile. SIGURG writes the file and begins anew.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static const double bounds_ms[] = {1, 2, 5, 10, 20, 50, 100, 1e9};
enum { BOUNDS = sizeof bounds_ms / sizeof bounds_ms[0], CLOCKS = 2 };

static const struct {
    const char *name;
    clockid_t id;
} clocks[CLOCKS] = {{"cpu", CLOCK_THREAD_CPUTIME_ID}, {"wall", CLOCK_MONOTONIC}};

static struct {
    double began_ms[CLOCKS];
    double longest_ms[CLOCKS];
    unsigned long turns[CLOCKS][BOUNDS];
    bool running;
} loop;
static atomic_bool wanted;

static double now_ms(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void report(void)
{
    const char *path = getenv("HELD_FILE");
    FILE *out = path != NULL ? fopen(path, "we") : NULL;
    for (int c = 0; c < CLOCKS; c++) {
        for (int i = 0; i < BOUNDS && out != NULL; i++)
            (void)fprintf(out, "%s_%.0f %lu\n", clocks[c].name, bounds_ms[i], loop.turns[c][i]);
        if (out != NULL)
            (void)fprintf(out, "%s_max_ms %.3f\n", clocks[c].name, loop.longest_ms[c]);
        for (int i = 0; i < BOUNDS; i++)
            loop.turns[c][i] = 0;
        loop.longest_ms[c] = 0;
    }
    if (out != NULL)
        (void)fclose(out);
}

static void turn_ended(void)
{
    for (int c = 0; c < CLOCKS && loop.running; c++) {
        double took = now_ms(clocks[c].id) - loop.began_ms[c];
        int i = 0;
        while (took > bounds_ms[i])
            i++;
        loop.turns[c][i]++;
        if (took > loop.longest_ms[c])
            loop.longest_ms[c] = took;
    }
    if (atomic_exchange(&wanted, false))
        report();
}

static void turn_begins(void)
{
    loop.running = true;
    for (int c = 0; c < CLOCKS; c++)
        loop.began_ms[c] = now_ms(clocks[c].id);
}

static void want(int signal_number)
{
    (void)signal_number;
    atomic_store(&wanted, true);
}

__attribute__((constructor)) static void start(void)
{
    (void)signal(SIGURG, want);
}

typedef int pwait(int, struct epoll_event *, int, int, const sigset_t *);

int epoll_pwait(int fd, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
    static _Atomic(pwait *) next;
    if (atomic_load(&next) == NULL)
        atomic_store(&next, (pwait *)dlsym(RTLD_NEXT, "epoll_pwait"));
    bool mine = gettid() == getpid();
    if (mine)
        turn_ended();
    int count = atomic_load(&next)(fd, events, room, timeout, mask);
    if (mine)
        turn_begins();
    return count;
}

int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
    return epoll_pwait(fd, events, room, timeout, NULL);
}
