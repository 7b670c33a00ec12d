/* store/redis_link.h - one connection to one Redis server: opened, authenticated, then commands out
 * and answers in, in the same order (data-store.md 3.1).
 *
 *   redis_link_open() -> TCP, TLS, AUTH, SELECT, [ROLE] -> on_ready -> send ... on_reply ... ->
 * on_end
 *
 * Lives on the control thread. Who uses it: redis_lane.c (operations), redis_sentinel.c and
 * redis_cluster.c (who is where?).
 *
 * 1. redis_link_open() never calls back from inside.
 * 2. on_end comes exactly once, from a later turn, and is the last call; the memory is gone then.
 * 3. After redis_link_close() only on_end follows.
 */
#ifndef STORE_REDIS_LINK_H
#define STORE_REDIS_LINK_H

#include "http/transport.h"
#include "store/redis_protocol.h"

struct redis_link;

/* Borrowed for the call, but `trust`, which outlives the link. */
struct redis_link_settings {
    const char *host;
    uint16_t port;
    const char *unix_path;          /* not NULL: instead of host and port */
    struct client_tls_trust *trust; /* NULL: plain */
    const char *username;           /* "": password only */
    const char *password;           /* "": no AUTH */
    int64_t database;               /* 0: no SELECT */
    bool must_be_master;            /* ROLE is asked; another role ends the link */
    bool asks_policy; /* warn when the server may evict our keys (data-store.md 7.1) */
    int64_t connect_timeout_ms;
    int64_t reply_timeout_ms; /* without a byte, while answers are expected */
};

/* What on_end says when `must_be_master` was not fulfilled: perhaps a fail-over is going on. */
#define REDIS_LINK_NO_MASTER "the server is not the master"

struct redis_link_listener {
    void (*on_ready)(void *owner);
    /* One answer; handed over. */
    void (*on_reply)(void *owner, struct redis_reply *reply);
    /* What was sent is on its way; the moment to send the next part of something big. */
    void (*on_room)(void *owner);
    void (*on_end)(void *owner, const char *problem);
};

struct redis_link *redis_link_open(const struct redis_link_settings *settings, uv_loop_t *loop,
                                   const struct redis_link_listener *listener, void *owner);

/* After on_ready. Takes the commands out of `bytes`; `answers` is how many answers they will get.
 */
void redis_link_send_take(struct redis_link *l, struct str *bytes, size_t answers);

/* Another limit from now on, e.g. for an EXEC of many commands; 0: that of the settings. */
void redis_link_set_patience(struct redis_link *l, int64_t ms);

/* May be called twice, and from any callback; `why` is what on_end says. */
void redis_link_close(struct redis_link *l, const char *why);

#endif
