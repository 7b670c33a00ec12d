/* store/consul_private.h - Consul from inside; only the files consul*.c include this. */
#ifndef STORE_CONSUL_PRIVATE_H
#define STORE_CONSUL_PRIVATE_H

#include "base/map.h"
#include "base/random.h"
#include "http/call.h"
#include "store/consul.h"
#include "store/consul_address.h"

#define CONSUL_MAX_VALUE 524288             /* more does Consul not take */
#define CONSUL_MAX_ANSWER ((size_t)4 << 20) /* about one key, or one transaction */
#define CONSUL_MAX_LIST ((size_t)512 << 20) /* of all items */
#define CONSUL_BULK_ITEMS 32   /* an Upsert of more looks at everything that is stored at once */
#define CONSUL_MAX_ATTEMPTS 10 /* of an Upsert that others disturb */

/* A server that has just become the leader may not have read all of its log: without this it would
 * seem to have lost everything, and be filled with older data. */
#define CONSUL_CONSISTENT "consistent="

/* With which rights, and in which part of the server; consul_access.c. */
struct consul_access {
    char *token;         /* "" : none */
    char *authorization; /* "Basic ..."; "" : none */
    char *query;         /* "ns=team&partition=blue"; "" : none */
};

struct consul_backend {
    struct store_backend base;
    uv_loop_t *loop;
    struct random *random;
    struct http_client *client;
    struct consul_address address;
    struct consul_access access;
    char *shown;
    int64_t timeout_ms; /* of each request */
    struct list tasks;
    bool hurried;
    struct map dropped; /* items that were too large: path -> version */
    uv_timer_t end;     /* its closing is the backend's */
    void (*closed)(void *arg);
    void *closed_arg;
};

struct consul_task;

/* What one type of operation does. */
struct consul_script {
    size_t size; /* of the task's struct */
    void (*begin)(struct consul_task *t);
    void (*release)(struct consul_task *t); /* may be NULL */
};

typedef void consul_answered(struct consul_task *t, const struct http_call_answer *a);

/* One operation; the first member of every script's own struct. */
struct consul_task {
    struct list link;
    struct consul_backend *backend;
    const struct consul_script *script;
    struct store_op *op;
    struct http_call *call; /* NULL: nothing is asked */
    consul_answered *answered;
    void (*paused)(struct consul_task *t);
    const char *doing; /* in front of every problem: "failed to get ... : "; never NULL */
    uv_timer_t timer;  /* a pause; its closing is the task's end */
};

extern const struct consul_script consul_script_init;   /* consul_init.c */
extern const struct consul_script consul_script_upsert; /* consul_upsert.c */
extern const struct consul_script consul_script_bulk;   /* consul_bulk.c: of many items */
extern const struct consul_script consul_script_read;   /* consul_read.c */
extern const struct consul_script consul_script_look;

/* ---- consul_request.c ------------------------------------------------------------------------ */

struct consul_request {
    const char *method;
    struct view path;  /* behind /v1, encoded */
    const char *query; /* "recurse="; "" : none */
    struct buf *body;  /* borrowed; NULL: none */
    size_t max_answer;
};

/* One request; `answered` comes later, unless it could not be had: then the task has failed. */
void consul_ask(struct consul_task *t, const struct consul_request *r, consul_answered *answered);

/* The same for `GET /v1/kv/KEY`. */
void consul_get(struct consul_task *t, const struct str *key, const char *query, size_t max_answer,
                consul_answered *answered);

/* All items of a kind, with "list failed for KIND: " in front of problems. */
void consul_list(struct consul_task *t, enum item_kind kind, consul_answered *answered);

/* Is there an answer to look at: 200, or the other status that has a meaning here? Otherwise the
 * task has failed. A 404 counts only without text: that of a server that is no Consul has some. */
MUST_CHECK bool consul_answer_counts(struct consul_task *t, const struct http_call_answer *a,
                                     int other_status);

/* ---- consul.c: for scripts ------------------------------------------------------------------- */

/* `paused` comes after that time, unless the end is near. */
void consul_pause(struct consul_task *t, int64_t ms, void (*paused)(struct consul_task *t));

void consul_succeed(struct consul_task *t);
void consul_fail(struct consul_task *t, const char *problem);

/* "p/features/" and "p/$inited", appended as they are; encode with consul_key_encode(). */
void consul_folder_append(struct str *out, const char *prefix, enum item_kind kind);
void consul_marker_append(struct str *out, const char *prefix);
void consul_item_append(struct str *out, const char *prefix, const struct item *it);

/* Can Consul store it? If not the log says so, once per version. */
bool consul_keeps(const struct store_backend *base, const char *prefix, const struct item *it);
bool consul_keeps_or_logs(struct consul_task *t, const struct item *it);

/* ---- consul_upsert.c ------------------------------------------------------------------------- */

/* Items one by one; the first member of consul_bulk.c's struct. */
struct consul_upsert {
    struct consul_task task;
    size_t next;         /* item of the operation */
    size_t end;          /* behind the last one */
    const bool *pending; /* which of the operation's items; NULL: all */
    void (*finished)(struct consul_upsert *u);
    unsigned attempts;
    size_t entries; /* what was found */
    int64_t version;
    struct str index;
};

void consul_upsert_run(struct consul_upsert *u);

/* ---- consul_access.c ------------------------------------------------------------------------- */

struct client_trust_settings;

/* False with *err, which never contains a secret. */
MUST_CHECK bool consul_access_open(const struct store_consul_settings *s, struct consul_access *out,
                                   struct error *err);
void consul_access_free(struct consul_access *a);

/* Without blanks and line ends around it. */
struct view consul_trim(struct view text);

/* CONSUL_HTTP_SSL. */
bool consul_access_wants_tls(const struct store_consul_settings *s);

/* Texts are borrowed from the variables. False with *err when they contradict one another. */
MUST_CHECK bool consul_access_trust(const struct store_consul_settings *s,
                                    struct client_trust_settings *out, struct error *err);

#endif
