/* http/transport.h - a byte stream to a server: TCP or a Unix socket, plain or TLS, on the control
 * loop.
 *
 *   transport_open() -> look-up, connect, TLS -> on_open -> on_data ... on_drained ... -> on_end
 *                                                  ^             |
 *                                                  +-- transport_tls_start(), behind a proxy
 *
 * For http/client_link.c and for protocols that are not HTTP (store/redis_link.c). May call: base.
 *
 * 1. transport_open() never fails and never calls back from inside; an address that cannot be used
 *    ends in on_end.
 * 2. on_end comes exactly once, from a later turn; nothing comes after it, the memory is gone then.
 * 3. After transport_close() only on_end follows. Writes that the kernel has not taken are dropped.
 */
#ifndef HTTP_TRANSPORT_H
#define HTTP_TRANSPORT_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct transport;
struct client_tls_trust; /* http/client_trust.h */
struct client_lookups;   /* http/client_lookup.h */

struct transport_settings {
    const char *host;
    uint16_t port;
    const char *unix_path;          /* not NULL: a Unix socket instead of host and port */
    struct client_tls_trust *trust; /* not NULL: TLS; outlives the transport */
    struct client_lookups *lookups; /* shared with others, outlives the transport; may be NULL */
    int64_t connect_timeout_ms;     /* name look-up and TCP */
    int64_t tls_timeout_ms;
};

struct transport_listener {
    void (*on_open)(void *owner);
    void (*on_data)(void *owner, struct view bytes); /* any cut; borrowed for the call */
    void (*on_drained)(void *owner); /* all that was written is on its way; more may be written */
    void (*on_end)(void *owner, const char *problem); /* "EOF", "connect to h port 1: ..." */
};

/* Texts are copied; `listener` outlives the transport. */
struct transport *transport_open(const struct transport_settings *settings, uv_loop_t *loop,
                                 const struct transport_listener *listener, void *owner);

/* After on_open. Takes the text out of `bytes`, which is empty afterwards. */
void transport_write_take(struct transport *t, struct str *bytes);

/* After on_open: TLS with `host` within the stream as it is, which may be TLS already (once).
 * Another on_open follows. Bytes that were not asked for before it must not be there. */
void transport_tls_start(struct transport *t, struct client_tls_trust *trust, const char *host,
                         int64_t timeout_ms);

/* After on_open: the stream ends with this problem (static text) unless a later call comes first.
 * 0: no deadline. */
void transport_deadline_set(struct transport *t, int64_t ms, const char *problem);

/* After on_open: nothing more is read until it is set to false again; what was read already comes.
 */
void transport_pause_set(struct transport *t, bool pause);

/* Shall the loop run on for this stream alone? It does when nobody says otherwise. */
void transport_hold_loop(struct transport *t, bool hold);

/* Why it ended, for on_end. */
enum transport_cause {
    TRANSPORT_EOF, /* the server has nothing more to say, and said so, in TLS where there is TLS */
    TRANSPORT_BROKEN, /* a failure on the way, or no connection at all */
    TRANSPORT_LATE,   /* a deadline */
    TRANSPORT_CLOSED  /* transport_close() */
};
enum transport_cause transport_cause(const struct transport *t);

/* May be called twice, and from any callback. */
void transport_close(struct transport *t);

#endif
