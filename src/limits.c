/* limits.c - how many files, and so how many connections, the process may have open. */
#include "run_private.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* Kept back for upstream, databases and log files (configuration.md 17.7). */
#define DESCRIPTORS_RESERVED 256

/* Fewer connections than this surprise an operator who did not ask for a limit. */
#define CONNECTIONS_EXPECTED 10000

void limits_raise(const struct config *c)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        log_always(log_global(), LOG_WARN, "Cannot raise the limit of open files: %s",
                   strerror(errno));
        return;
    }
    int64_t wanted = c->main.max_client_connections;
    if (wanted == 0)
        wanted = CONNECTIONS_EXPECTED;
    if (limit.rlim_cur == RLIM_INFINITY || (int64_t)limit.rlim_cur - DESCRIPTORS_RESERVED >= wanted)
        return;
    log_always(log_global(), LOG_WARN,
               "At most %lld client connections are possible, because the limit of open files is "
               "%lld; raise it (ulimit -n, LimitNOFILE=) for more",
               (long long)limit.rlim_cur - DESCRIPTORS_RESERVED, (long long)limit.rlim_cur);
}
