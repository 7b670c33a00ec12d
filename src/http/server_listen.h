/* http/server_listen.h - listening sockets. Private to http/. */
#ifndef HTTP_SERVER_LISTEN_H
#define HTTP_SERVER_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* A descriptor for each serving thread. They are sockets among which the kernel spreads connections
 * evenly (SO_REUSEPORT), or one socket that all threads accept from: Unix sockets, and kernels that
 * cannot. */
struct listeners {
    size_t count;
    int *sockets; /* non-blocking; -1 once taken */
    bool shared;  /* they are all one socket */
    int port;     /* really listened on; 0 for a Unix socket */
    char *path;   /* of a Unix socket, else NULL */
};

/* `address` NULL or "": all addresses, IPv6 and IPv4. False with *err, e.g.
 * "listen tcp :8030: bind: address already in use". */
MUST_CHECK bool listeners_open(const char *address, int port, size_t wanted, struct listeners *out,
                               struct error *err);

/* The descriptor is the caller's now. */
int listeners_take(struct listeners *l, size_t index);

/* Closes what was not taken, and removes a Unix socket's file. */
void listeners_free(struct listeners *l);

#endif
