/* http/client.h - requests to upstream: HTTP/1.1 over TCP or TLS, on the control loop.
 *
 *   http_exchange_start() -> client_exchange -> client_link -> transport -> server
 *   on_head, on_body, on_end <-----'  heads, bodies '-- kept ones  '-- TCP, TLS
 *
 * Written here and not by a library, because the library at hand (libcurl with its 30 shared
 * libraries) alone needs more memory and start-up time than the whole relay may have
 * (docs/performance.md).
 *
 * Proxies: HTTP CONNECT for https targets, absolute-form for http targets, Basic credentials.
 * Redirects: up to 10, Authorization only within the host. gzip is decoded as it arrives.
 * Connections are kept for the next request to the same server, at most 4 of them and for 90 s. A
 * kept one may be dead: a request that got no byte of an answer on it is sent once more.
 * Spec: streaming.md 3, configuration.md 11. May call: base.
 *
 * 1. http_exchange_start() fails and leaves nothing behind, or is matched by exactly one on_end.
 * 2. No callback comes from inside start or cancel; after cancel only on_end, in a later turn.
 * 3. Memory is gone when on_end returns.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct http_client; /* what its requests share: loop, proxy, certificates, idle connections */
struct client_trust_settings; /* http/client_trust.h */

struct http_client_settings {
    const char *proxy_url;  /* [Proxy] url; NULL: from the environment's variables */
    const char *proxy_user; /* Basic, when the URL has none; may be NULL */
    const char *proxy_password;
    bool direct;           /* never through a proxy: services that live on the machine itself */
    const char *unix_path; /* every request goes to this socket; may be NULL */
    const char *const *ca_files; /* added to the system roots; NULL-terminated; may be NULL */
    const struct client_trust_settings *trust; /* not NULL: instead of ca_files (databases) */
    const char *user_agent;                    /* "flagrelay/1.0.0 LDRelay/8.10.1" */
};

/* False with *err for an unusable proxy URL or CA file (texts of configuration.md 7.3). TLS is set
 * up on the first https request, so that a relay without it does not pay for it. */
MUST_CHECK bool http_client_open(const struct http_client_settings *settings, uv_loop_t *loop,
                                 const struct clock *clock, struct http_client **out,
                                 struct error *err);

/* After the last on_end. Its memory, and what the idle connections hold, goes in a later turn. */
void http_client_close(struct http_client *c);

/* The proxy in use for this URL, masked, or NULL (log line of configuration.md 11.3); borrowed. */
const char *http_client_proxy(struct http_client *c);

struct http_client_header {
    const char *name;
    struct view value;
};

struct http_exchange_request {
    const char *method;
    struct view url; /* http:// or https:// */
    /* User-Agent and Accept-Encoding: gzip are added; an empty User-Agent stands for
     * none, unless there is another one. */
    const struct http_client_header *headers;
    size_t header_count;
    struct buf *body;           /* takes a reference of its own; NULL: none */
    bool own_connection;        /* a new one, that is not kept: for streams */
    bool stays;                 /* a redirect is not followed: its status is the answer */
    int64_t connect_timeout_ms; /* name look-up + TCP, e.g. 3000 */
    int64_t tls_timeout_ms;     /* e.g. 10000 */
    int64_t head_timeout_ms;    /* until the status line, e.g. 30000 */
    int64_t silence_timeout_ms; /* between two bytes of the body, e.g. 300000 */
};

struct http_exchange;

struct http_exchange_result {
    bool complete;       /* the whole answer arrived; false: see message */
    const char *message; /* "EOF", "unexpected EOF", "Read timeout on stream" ... */
};

struct http_head; /* of an answer */

/* The value of the first header of this name (any letter case), without blanks around it; empty
 * when there is none. Borrowed for on_head. */
struct view http_head_value(const struct http_head *head, const char *name);

/* All headers in their order: *at is 0 for the first. False: there are no more. */
bool http_head_next(const struct http_head *head, size_t *at, struct view *name,
                    struct view *value);

struct http_exchange_listener {
    /* The final answer's head. */
    void (*on_head)(void *owner, int status, const struct http_head *head);
    /* Decoded body bytes as they come, any cut. */
    void (*on_body)(void *owner, struct view bytes);
    void (*on_end)(void *owner, const struct http_exchange_result *result);
};

/* Appends the Host header of a request to this URL, which a signature may have to cover. False with
 * *err when no request could be sent there. */
MUST_CHECK bool http_client_host(struct view url, struct str *out, struct error *err);

MUST_CHECK bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                                    const struct http_exchange_listener *listener, void *owner,
                                    struct http_exchange **out, struct error *err);

void http_exchange_cancel(struct http_exchange *x);

/* After on_head: reads nothing more from the connection until http_exchange_resume(), so that the
 * server waits as well; nothing is late meanwhile. What was read before still comes. Both may be
 * called from any callback, and twice. */
void http_exchange_pause(struct http_exchange *x);
void http_exchange_resume(struct http_exchange *x);

#endif
