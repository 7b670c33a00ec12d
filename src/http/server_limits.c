/* http/server_limits.c - see server_limits.h. */
#include "http/server_limits.h"

#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_FOR_OTHERS ((int64_t)256)
#define WARNING_INTERVAL_MS 60000

struct limits_address {
    int64_t count;
    size_t key_len;
    char key[17];
};

/* The program has raised the soft limit to the hard one before. */
static int64_t descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    return limit.rlim_cur < INT32_MAX ? (int64_t)limit.rlim_cur : INT32_MAX;
}

/* The rest of the process needs descriptors, too. */
static int64_t connections_possible(void)
{
    int64_t most = descriptor_limit();
    return most > 2 * DESCRIPTORS_FOR_OTHERS ? most - DESCRIPTORS_FOR_OTHERS : most / 2;
}

void limits_init(struct limits *l, int64_t max_connections, int64_t max_per_address)
{
    *l = (struct limits){.max_connections = max_connections,
                         .name = "maxClientConnections",
                         .max_per_address = max_per_address};
    int64_t most = connections_possible();
    if (l->max_connections <= 0 || l->max_connections > most)
        l->max_connections = most;
    (void)uv_mutex_init(&l->lock);
}

static void free_address(struct view key, void *value, void *arg)
{
    (void)key;
    (void)arg;
    mem_free(value);
}

void limits_free(struct limits *l)
{
    map_each(&l->addresses, free_address, NULL);
    map_free(&l->addresses);
    uv_mutex_destroy(&l->lock);
}

/* True once per interval, for one thread. */
static bool warning_is_due(struct limits *l, int64_t now_ms)
{
    int64_t last = atomic_load(&l->warned_at_ms);
    if (last != 0 && now_ms - last < WARNING_INTERVAL_MS)
        return false;
    return atomic_compare_exchange_strong(&l->warned_at_ms, &last, now_ms != 0 ? now_ms : 1);
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* An IPv4 address, also one inside IPv6, counts whole and an IPv6 address by its /64. Zero length
 * for a Unix socket: those have no address. */
static size_t address_key(const struct sockaddr_storage *peer, char key[static 17])
{
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        key[0] = 4;
        memcpy(key + 1, &v4->sin_addr, 4);
        return 5;
    }
    if (peer->ss_family != AF_INET6)
        return 0;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        key[0] = 4;
        memcpy(key + 1, v6->sin6_addr.s6_addr + 12, 4);
        return 5;
    }
    key[0] = 6;
    memcpy(key + 1, v6->sin6_addr.s6_addr, 8);
    return 9;
}

static bool admit_address(struct limits *l, const struct sockaddr_storage *peer,
                          struct limits_address **address)
{
    char key[17];
    size_t key_len = address_key(peer, key);
    *address = NULL;
    if (key_len == 0)
        return true;
    uv_mutex_lock(&l->lock);
    struct limits_address *a = map_get(&l->addresses, view_make(key, key_len));
    if (a == NULL) {
        a = mem_zalloc(sizeof *a);
        a->key_len = key_len;
        memcpy(a->key, key, key_len);
        (void)map_set(&l->addresses, view_make(key, key_len), a);
    }
    bool admitted = a->count < l->max_per_address;
    if (admitted) {
        a->count++;
        *address = a;
    }
    uv_mutex_unlock(&l->lock);
    return admitted;
}

static void release_address(struct limits *l, struct limits_address *a)
{
    uv_mutex_lock(&l->lock);
    if (--a->count == 0) {
        (void)map_remove(&l->addresses, view_make(a->key, a->key_len));
        mem_free(a);
    }
    uv_mutex_unlock(&l->lock);
}

/* ---- connections ---------------------------------------------------------------------------- */

bool limits_admit(struct limits *l, const struct sockaddr_storage *peer, int64_t now_ms,
                  struct limits_address **address)
{
    *address = NULL;
    if (atomic_fetch_add(&l->connections, 1) >= l->max_connections) {
        (void)atomic_fetch_add(&l->refused, 1);
        if (warning_is_due(l, now_ms))
            log_line(log_global(), LOG_WARN, "Refusing connections: all %" PRId64 " of %s are open",
                     l->max_connections, l->name);
    } else if (l->max_per_address > 0 && !admit_address(l, peer, address)) {
        (void)atomic_fetch_add(&l->refused, 1);
        if (warning_is_due(l, now_ms))
            log_line(log_global(), LOG_WARN,
                     "Refusing connections: an address has reached "
                     "maxClientConnectionsPerAddress (%" PRId64 ")",
                     l->max_per_address);
    } else {
        return true;
    }
    (void)atomic_fetch_sub(&l->connections, 1);
    return false;
}

void limits_release(struct limits *l, struct limits_address *address)
{
    if (address != NULL)
        release_address(l, address);
    (void)atomic_fetch_sub(&l->connections, 1);
}

void limits_no_descriptor(struct limits *l, int64_t now_ms)
{
    (void)atomic_fetch_add(&l->refused, 1);
    if (warning_is_due(l, now_ms))
        log_line(log_global(), LOG_WARN,
                 "Refusing connections: no file descriptor is left; raise the limit (ulimit -n) or "
                 "lower maxClientConnections");
}
