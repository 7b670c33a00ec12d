/* http/server_listen.c - see server_listen.h.
 *
 * Options that are set on a listening socket hold for the connections accepted from it, so that no
 * connection costs a system call for them.
 */
#include "http/server_listen.h"

#include "base/view.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel has a limit of its own (net.core.somaxconn) */
#define KEEPALIVE_S 15

static bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* "address already in use": the system's words as ld-relay's operators know them. */
static void error_from_errno(struct error *err, const char *where, const char *step)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%s", strerror(errno));
    reason[0] = (char)tolower((unsigned char)reason[0]);
    error_set(err, "listen %s: %s: %s", where, step, reason);
}

/* ---- TCP ------------------------------------------------------------------------------------ */

struct tcp_place {
    struct sockaddr_storage address;
    socklen_t len;
    char name[300]; /* "tcp :8030" */
};

static void place_anywhere(struct tcp_place *p, int port, bool v6)
{
    p->address = (struct sockaddr_storage){0};
    if (v6) {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)&p->address;
        *a = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
        a->sin6_port = htons((uint16_t)port);
        p->len = sizeof *a;
    } else {
        struct sockaddr_in *a = (struct sockaddr_in *)&p->address;
        *a = (struct sockaddr_in){.sin_family = AF_INET};
        a->sin_port = htons((uint16_t)port);
        p->len = sizeof *a;
    }
}

/* A kernel may have no IPv6, or have it switched off. */
static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    bool usable = bind(fd, (const struct sockaddr *)&any, sizeof any) == 0;
    (void)close(fd);
    return usable;
}

/* The first IPv4 address of a name, or its first address of any kind. */
static bool place_of_host(struct tcp_place *p, const char *host, int port, struct error *err)
{
    char service[16];
    (void)snprintf(service, sizeof service, "%d", port);
    struct addrinfo wish = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(host, service, &wish, &found);
    if (failure != 0 || found == NULL) {
        error_set(err, "listen %s: lookup %s: %s", p->name, host, gai_strerror(failure));
        return false;
    }
    const struct addrinfo *chosen = found;
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        if (a->ai_family == AF_INET) {
            chosen = a;
            break;
        }
    }
    memcpy(&p->address, chosen->ai_addr, chosen->ai_addrlen);
    p->len = chosen->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static int tcp_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    bool ok = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
              set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
              set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
              set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S) &&
              set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_S) &&
              (family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    if (!ok) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* The port that the socket got, written into the place for the sockets that follow. */
static int settle_port(int fd, struct tcp_place *p)
{
    p->len = sizeof p->address;
    if (getsockname(fd, (struct sockaddr *)&p->address, &p->len) != 0)
        return 0;
    if (p->address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&p->address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&p->address)->sin_port);
}

/* The first socket is bound without SO_REUSEPORT: with it, a second relay on the same port would
 * get half of the connections instead of an error. Afterwards it lets its siblings in. */
static int bind_first(const struct tcp_place *p, struct error *err)
{
    int fd = tcp_socket(p->address.ss_family);
    if (fd < 0) {
        error_from_errno(err, p->name, "socket");
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)&p->address, p->len) != 0) {
        error_from_errno(err, p->name, "bind");
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int bind_sibling(const struct tcp_place *p)
{
    int fd = tcp_socket(p->address.ss_family);
    if (fd >= 0 && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) &&
        bind(fd, (const struct sockaddr *)&p->address, p->len) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* All or one: a thread without a socket of its own would have nothing to do. */
static void bind_siblings(struct listeners *l, size_t wanted, const struct tcp_place *p)
{
    if (wanted == 1 || !set_option(l->sockets[0], SOL_SOCKET, SO_REUSEPORT, 1))
        return;
    while (l->count < wanted) {
        int fd = bind_sibling(p);
        if (fd < 0)
            break;
        l->sockets[l->count++] = fd;
    }
    while (l->count < wanted && l->count > 1)
        (void)close(l->sockets[--l->count]);
}

static bool listen_all(struct listeners *l, const char *name, struct error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        if (listen(l->sockets[i], BACKLOG) != 0) {
            error_from_errno(err, name, "listen");
            return false;
        }
    }
    return true;
}

static bool open_tcp(const char *address, int port, size_t wanted, struct listeners *l,
                     struct error *err)
{
    struct tcp_place place = {.len = 0};
    bool anywhere = address == NULL || address[0] == '\0';
    bool bare_v6 = !anywhere && strchr(address, ':') != NULL;
    (void)snprintf(place.name, sizeof place.name, bare_v6 ? "tcp [%s]:%d" : "tcp %s:%d",
                   anywhere ? "" : address, port);
    if (anywhere)
        place_anywhere(&place, port, has_ipv6());
    else if (!place_of_host(&place, address, port, err))
        return false;
    int fd = bind_first(&place, err);
    if (fd < 0)
        return false;
    l->sockets[l->count++] = fd;
    l->port = settle_port(fd, &place);
    bind_siblings(l, wanted, &place);
    return listen_all(l, place.name, err);
}

/* ---- Unix sockets --------------------------------------------------------------------------- */

/* A socket file that nobody listens on any more is left behind by a crash; it must go. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat file;
    if (lstat(address->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED)
        (void)unlink(address->sun_path);
    (void)close(probe);
}

static bool open_unix(const char *path, struct listeners *l, struct error *err)
{
    char name[300];
    (void)snprintf(name, sizeof name, "unix %s", path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
        error_set(err, "listen %s: a socket path has 1 to %zu bytes", name,
                  sizeof address.sun_path - 1);
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    remove_stale(&address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error_from_errno(err, name, "socket");
        return false;
    }
    l->sockets[l->count++] = fd;
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        error_from_errno(err, name, "bind");
        return false;
    }
    l->path = mem_copy_text(path, strlen(path));
    return listen_all(l, name, err);
}

/* ---- both ----------------------------------------------------------------------------------- */

static bool share_one(struct listeners *l, size_t wanted, struct error *err)
{
    l->shared = l->count < wanted;
    while (l->count < wanted) {
        int fd = fcntl(l->sockets[0], F_DUPFD_CLOEXEC, 0);
        if (fd < 0) {
            error_from_errno(err, "socket", "duplicate");
            return false;
        }
        l->sockets[l->count++] = fd;
    }
    return true;
}

bool listeners_open(const char *address, int port, size_t wanted, struct listeners *out,
                    struct error *err)
{
    struct listeners l = {.sockets = mem_alloc(wanted * sizeof(int))};
    bool is_unix = address != NULL && view_starts(view_of(address), "unix:");
    bool ok = is_unix ? open_unix(address + strlen("unix:"), &l, err)
                      : open_tcp(address, port, wanted, &l, err);
    if (!ok || !share_one(&l, wanted, err)) {
        listeners_free(&l);
        return false;
    }
    *out = l;
    return true;
}

int listeners_take(struct listeners *l, size_t index)
{
    int fd = l->sockets[index];
    l->sockets[index] = -1;
    return fd;
}

void listeners_free(struct listeners *l)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->sockets[i] >= 0)
            (void)close(l->sockets[i]);
    }
    if (l->path != NULL)
        (void)unlink(l->path);
    mem_free(l->path);
    mem_free(l->sockets);
    *l = (struct listeners){0};
}
