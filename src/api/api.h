/* api/ - the HTTP endpoints: what a request needs, and what it is answered.
 *
 *   request --> routes.c: which row --> gate.c: credential, filter, readiness, CORS
 *                                          |                        Lives on: the serving threads,
 *                 stream.c, status.c, ... <'                        one api_thread each. Made and
 * freed on the control thread. control thread --letters--> fanout of the thread --> stream.c -->
 * SDKs
 *
 * May call: env (fanout, snapshots), http, base. Spec: http-api.md, streaming.md B, status.md.
 *
 * Life: api_new -> house and server are opened with it -> api_wait_for_threads -> ... -> both are
 * closed -> api_free.
 */
#ifndef API_API_H
#define API_API_H

#include "base/clock.h"
#include "base/random.h"
#include "env/fanout.h"
#include "events/door.h"
#include "events/usage.h"
#include "goals/goals.h"
#include "http/server.h"

struct api;

/* Texts must outlive the api. */
struct api_settings {
    const struct clock *clock;
    size_t threads;                 /* as many as the server will have */
    const char *version;            /* of this program */
    bool classic_status;            /* statusFormat = classic */
    bool status_page;               /* serve /status.html */
    size_t max_body;                /* bytes of a request with a context */
    bool ofrep;                     /* serve the OpenFeature endpoints */
    int64_t ping_jitter_ms;         /* pingStreamJitterTime; <= 0: none */
    struct random *random;          /* spreads them */
    int64_t disconnected_status_ms; /* disconnectedStatusTime */
    struct events_door *door;       /* where events of SDKs go */
    int64_t segments_stale_ms;      /* bigSegmentsStaleThreshold */
    bool segments_stale_as_degraded;
    const char *database;        /* "sqlite"; NULL: none */
    const char *database_server; /* without secrets */
};

struct api *api_new(const struct api_settings *settings);

/* Where requests for goals go; before the server is opened. */
void api_connect_goals(struct api *a, const struct goals_door *door);

/* How the answers reach the threads; after api_wait_for_threads(). */
struct goals_route api_goals_route(struct api *a);

/* After the server and the house were closed. */
void api_free(struct api *a);

/* The service for http_server_open(); lives as long as the api. */
const struct http_service *api_service(struct api *a);

/* One per serving thread, for house_open(). */
struct fanout **api_fanouts(struct api *a);

/* One per serving thread, for usage_open(). */
struct usage_counts *const *api_usage(const struct api *a);

/* Returns when every serving thread is there; only after http_server_open() succeeded. */
void api_wait_for_threads(struct api *a);

/* How letters reach the threads, for house_attach(); after api_wait_for_threads(). */
struct fanout_route api_fanout_route(struct api *a);

/* The control thread is alive: to be called at least once a second (status.md 15.2). */
void api_beat(struct api *a);

/* The server is closed: nothing may be posted to its threads any more. Before that, answers that
 * wait for a post to be on disk are still sent. */
void api_threads_ended(struct api *a);

/* From now on /readyz says that the process is about to end. */
void api_set_stopping(struct api *a);

#endif
