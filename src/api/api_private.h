/* api/api_private.h - what the files of api/ share. */
#ifndef API_API_PRIVATE_H
#define API_API_PRIVATE_H

#include "api/api.h"
#include "base/list.h"
#include "base/str.h"
#include "flags/evalx.h"

#include <stdatomic.h>

/* ---- the table of routes (routes.c) ---------------------------------------------------------- */

enum api_credential {
    API_NO_CREDENTIAL,
    API_SDK_KEY,        /* in Authorization */
    API_MOBILE_KEY,     /* in Authorization */
    API_ENVIRONMENT_ID, /* the first variable of the path; such a route has CORS */
    API_ANY_CREDENTIAL  /* one of the three, in one of several headers: OFREP; has CORS, too */
};

struct api_passage;
struct event_intake;
struct event_pause_timer;

/* One row of the one table (http-api.md 2.1). */
struct api_route {
    unsigned methods; /* 1u << HTTP_GET ... */
    bool head;
    const char *pattern;
    enum api_credential credential;
    bool ofrep;          /* only with enableOfrep */
    bool while_starting; /* passes also before the environment has started (events) */
    bool stream;         /* answers with server-sent events */
    unsigned data;       /* kinds of data it is answered from: 1u << ITEM_FLAG ...; 0: none */
    /* The database has to be asked for them and cannot be (data-store.md 6.2); with `data` only. */
    void (*unavailable)(struct http_request *req, struct api_passage *p, const char *problem);
    enum fanout_kind kind; /* what a stream carries */
    void (*handler)(struct http_request *req, struct api_passage *p);
    /* With the handler context_read(): what is done with the context, once it is there. It decides
     * itself when the data is needed, with api_may_answer(). */
    void (*with_context)(struct http_request *req, struct api_passage *p, struct context **c);
    /* With the handler events_receive(): what is done with the body, once it is there. Takes both.
     */
    void (*with_events)(struct event_intake *in, struct buf *body);
    /* How the gate says no; NULL: with the text alone. */
    void (*refuse)(struct http_request *req, struct api_passage *p, int status, const char *text);
};

extern const struct api_route api_routes[];
extern const size_t api_route_count;

/* ---- threads (api.c) ------------------------------------------------------------------------- */

struct api_thread {
    struct api *api;
    struct http_thread *http;
    struct fanout *fanout;
    struct str scratch;            /* api_scratch() */
    struct ofrep_tags *ofrep_tags; /* NULL until the first one is kept */
    struct usage_counts *usage;    /* = api->usage[...] */
    /* requests that wait for goals; goals.c */
    struct list goals_waits;
    unsigned goals_wait_count;
    uint64_t goals_last_id;
    /* the status document as it was last asked for; status.c */
    struct buf *status;
    uint64_t status_generation;
    int64_t status_until_ms;
    /* evaluations that are under way, and what gives them their turns; slices.c */
    struct list slices;
    struct slice_turns *slice_turns; /* NULL: there are none */
    /* bodies of events; events_body.c, events_pause.c */
    struct body_decoder *spare_decoder;    /* NULL: none is left over */
    struct list paused_bodies;             /* oldest first */
    struct event_pause_timer *pause_timer; /* NULL: none is paused */
};

struct api {
    struct api_settings settings;
    const struct api_route *rows;
    struct api_thread *threads;
    struct fanout **fanouts;
    struct usage_counts **usage; /* one per thread */
    struct http_route *routes;
    struct http_service service;
    atomic_size_t opened;
    uv_sem_t ready;
    _Atomic int64_t beat_ms; /* monotonic: the last sign of life of the control thread */
    atomic_bool stopping;
    bool threads_ended; /* the control thread's */
    int64_t started_ms; /* monotonic */
    struct goals_door goals_door;
};

/* The text for an answer that is being written in this turn, empty; and the end of it, after which
 * only as much memory is kept as usual answers take. */
struct str *api_scratch(struct api_thread *t);
void api_scratch_done(struct api_thread *t);

/* api_new() with another table, which must outlive the api. */
struct api *api_new_with_routes(const struct api_settings *settings, const struct api_route *rows,
                                size_t count);

/* ---- the gate (gate.c) ----------------------------------------------------------------------- */

/* What a request that got through goes on with; valid for this turn. */
struct api_passage {
    struct api_thread *thread;
    const struct api_route *route;
    enum api_credential credential; /* what the key was; the route's until that is found out */
    unsigned slot;
    struct env_snapshot *snapshot; /* borrowed; NULL on routes without credential */
    struct http_headers headers;   /* for every answer from here on: CORS, X-LD-EnvId */
    /* what the headers' values borrow from */
    struct str methods;
    struct str allowed_headers;
    struct members *members; /* what it knows of big segments (members.h); NULL: nothing so far */
    bool settled;            /* the database was asked: the snapshot may be answered from */
};

/* The checks of http-api.md 2.4, 3 and 4 that stand before every handler. False: it is answered. To
 * be followed by api_passage_done() in any case. */
bool api_gate(struct http_request *req, struct api_passage *p);
void api_passage_done(struct api_passage *p);

/* Moves it to a place of the caller's, with a reference to the snapshot, for as long as the request
 * is there: `from` can still be looked at in this turn. To be followed by api_passage_release(). */
void api_passage_keep(struct api_passage *from, struct api_passage *to);
void api_passage_release(struct api_passage *kept);

/* A text answer with the headers of the passage. */
void api_answer_text(struct http_request *req, const struct api_passage *p, int status,
                     const char *text);

/* The same of JSON; the text is lent until the function returns. */
void api_answer_json(struct http_request *req, const struct api_passage *p, int status,
                     struct view json);

/* {"message":TEXT} as application/json with the headers of the passage (http-api.md 1.2). */
void api_answer_message(struct http_request *req, const struct api_passage *p, int status,
                        const char *text);

/* ---- goals.c (http-api.md 7) ----------------------------------------------------------------- */

void goals_pass_on(struct http_request *req, struct api_passage *p);

/* ---- usage.c (events.md 11) ------------------------------------------------------------------ */

/* It has passed the gate. */
void api_count_request(const struct http_request *req, const struct api_passage *p);

/* A stream begins; NULL: it is not counted. To be followed by usage_count_stream_end(). */
struct usage_counter *api_count_stream(const struct http_request *req, const struct api_passage *p);

/* ---- etag.c ---------------------------------------------------------------------------------- */

/* `"V"`, `W/"V"`, `W/V` -> V; *quoted says whether there were quotes. */
struct view etag_bare(struct view tag, bool *quoted);

/* Does If-None-Match name this version (http-api.md 6.2)? In any of the forms W/"V", "V", relay-V,
 * "relay-V", in a list too, or as * alone. */
bool etag_matches(struct view if_none_match, struct view version);

/* The same for OFREP (http-api.md 9.4): W/ and quotes may be there or not, and no other prefix. */
bool etag_matches_bare(struct view if_none_match, struct view version);

/* ---- park.c ---------------------------------------------------------------------------------- */

/* A request whose data may not be served any more waits for the database, then comes through the
 * gate again and is handled, or refused. */
void api_park(struct http_request *req, struct api_passage *p);

/* May the snapshot be answered from without asking the database? */
bool api_is_fresh(const struct api_passage *p);

/* May the data be served now? If not, the request is parked: it takes the context, and
 * route->with_context comes again. */
bool api_may_answer(struct http_request *req, struct api_passage *p, struct context **c);

/* ---- context.c (evaluation.md 9.2, http-api.md 5.2-5.5) -------------------------------------- */

/* Reads the context from the path or the body, checks it and, on routes of browsers, who sent it;
 * then route->with_context. */
void context_read(struct http_request *req, struct api_passage *p);

/* Why a body is refused, and a context that nobody vouches for; also on the routes of OFREP. */
extern const char context_text_type[];
extern const char context_text_too_large[];
extern const char context_text_hash[];

/* Is it application/json, in any letter case, with parameters or without? */
bool context_type_is_json(struct view content_type);

/* Has the server that made the page vouched for this context? Always where nobody has to. */
bool context_is_vouched_for(const struct http_request *req, const struct api_passage *p,
                            const struct context *c);

/* ---- evaluate.c (http-api.md 5.4, 5.6) ------------------------------------------------------- */

void evaluate_all(struct http_request *req, struct api_passage *p, struct context **c);
void evaluate_unavailable(struct http_request *req, struct api_passage *p, const char *problem);

enum evaluate_data {
    EVALUATE_DATA,   /* there is some; it may still have to be asked whether it is fresh */
    EVALUATE_NONE,   /* nowhere: 503 */
    EVALUATE_PARKED, /* the request waits, and the context is taken */
};

/* What is there to evaluate? The log hears of it when it is not from upstream. */
enum evaluate_data evaluate_look(struct http_request *req, struct api_passage *p,
                                 struct context **c);

/* Which flags the credential may see. */
enum evalx_filter evaluate_filter(const struct api_passage *p);

/* Who hears of malformed flags: the environment's log. */
struct evaluation_listener evaluate_listener(const struct api_passage *p);

/* Says in the log that searches for regular expressions took too long; `count` may be 0. */
void evaluate_tell_given_up(const struct api_passage *p, size_t count);

/* The 500 of a database that cannot be asked, as the log tells it. */
void evaluate_tell_unavailable(const struct api_passage *p, const char *problem, struct str *text);

/* ---- ofrep.c, ofrep_read.c, ofrep_tag.c (http-api.md 9, evaluation.md 12) -------------------- */

/* Reads the body; then route->with_context. */
void ofrep_read(struct http_request *req, struct api_passage *p);
void ofrep_flag(struct http_request *req, struct api_passage *p, struct context **c);
void ofrep_flags(struct http_request *req, struct api_passage *p, struct context **c);
void ofrep_unavailable(struct http_request *req, struct api_passage *p, const char *problem);
void ofrep_refuse(struct http_request *req, struct api_passage *p, int status, const char *text);

/* The body {"key":K,"errorCode":CODE,"errorDetails":DETAILS}: the key on the route of one flag and
 * with a code, the code unless it is NULL. */
void ofrep_fail(struct http_request *req, struct api_passage *p, int status, const char *code,
                struct view details);

/* ETags of bulk answers that were given lately. */
#define OFREP_TAG_LENGTH 32 /* hexadecimal digits */
struct ofrep_tags;
void ofrep_tags_free(struct ofrep_tags *t); /* accepts NULL */

/* What determines a bulk answer: the same question has the same answer. */
struct ofrep_question {
    unsigned char digest[32];
};
void ofrep_question_make(const struct api_passage *p, const struct context *c,
                         struct ofrep_question *out);

/* The tag of the answer to this question, or an empty view: not known. Borrowed for this turn. */
struct view ofrep_tag_find(const struct api_thread *thread, const struct ofrep_question *q);
void ofrep_tag_keep(struct api_thread *thread, const struct ofrep_question *q, struct view tag);

/* Writes the tag of this body. */
void ofrep_tag_make(struct view body, char out[static OFREP_TAG_LENGTH]);

/* ---- credential.c ---------------------------------------------------------------------------- */

/* The key in an Authorization header (http-api.md 3.1); false: there is none. */
bool api_credential_parse(struct view header, struct view *key);

/* The key in one of the headers that OpenFeature's providers know (http-api.md 9.2). */
bool api_credential_parse_any(struct view authorization, struct view api_key, struct view *key);

/* ---- cors.c (http-api.md 4) ------------------------------------------------------------------ */

/* Access-Control-Allow-Methods, present on every answer of the route: its own methods, for which
 * browsers ask, whatever else has this path. */
void cors_add_methods(struct api_passage *p);

/* The other headers; `facts` is NULL when the environment is not known or not there yet. */
void cors_add_headers(struct http_request *req, struct api_passage *p,
                      const struct env_facts *facts);

/* The origin alone, for errors of the gate. */
void cors_add_error_origin(struct http_request *req, struct api_passage *p);

/* ---- stream.c -------------------------------------------------------------------------------- */

extern const struct fanout_hooks stream_hooks;
void stream_open(struct http_request *req, struct api_passage *p);
void stream_open_with_context(struct http_request *req, struct api_passage *p, struct context **c);
void stream_unavailable(struct http_request *req, struct api_passage *p, const char *problem);

/* ---- ping_delay.c (streaming.md 12.1) -------------------------------------------------------- */

struct ping_delay;

/* Calls `over` once, after a random time in (limit / 2, limit]; gone then. */
struct ping_delay *ping_delay_start(struct api_thread *thread, int64_t limit_ms,
                                    void (*over)(void *owner), void *owner);
void ping_delay_cancel(struct ping_delay *d); /* accepts NULL */

/* ---- poll.c (http-api.md 6, 8) --------------------------------------------------------------- */

void poll_flags(struct http_request *req, struct api_passage *p);
void poll_flag(struct http_request *req, struct api_passage *p);
void poll_segment(struct http_request *req, struct api_passage *p);
void poll_latest_all(struct http_request *req, struct api_passage *p);
void poll_unavailable(struct http_request *req, struct api_passage *p, const char *problem);

/* ---- events.c, events_post.c, events_diagnostic.c, events_image.c (events.md 3) -------------- */

/* Reads the body as its Content-Encoding says; then, with the whole of it, route->with_events. */
void events_receive(struct http_request *req, struct api_passage *p);
void event_post_arrived(struct event_intake *in, struct buf *body);
void event_diagnostic_arrived(struct event_intake *in, struct buf *body);
void events_image(struct http_request *req, struct api_passage *p);

/* ---- status.c, status_page.c, probe.c -------------------------------------------------------- */

void status_document(struct http_request *req, struct api_passage *p);
void status_environment(struct http_request *req, struct api_passage *p);
void status_environment_by_keys(struct http_request *req, struct api_passage *p);
void status_filtered(struct http_request *req, struct api_passage *p);
void status_filtered_by_keys(struct http_request *req, struct api_passage *p);
void status_page(struct http_request *req, struct api_passage *p);
void probe_live(struct http_request *req, struct api_passage *p);
void probe_ready(struct http_request *req, struct api_passage *p);
void probe_startup(struct http_request *req, struct api_passage *p);

/* ---- request_log.c --------------------------------------------------------------------------- */

/* The debug lines of telemetry.md 8.6; for http_service.log_request. */
void request_log(void *arg, const struct http_request *req, int status, uint64_t bytes,
                 bool streaming, bool closed);

#endif
