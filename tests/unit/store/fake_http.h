/* An HTTP server that says what the test tells it to, and remembers what it was asked. Runs on the
 * test's loop. */
#ifndef TEST_STORE_FAKE_HTTP_H
#define TEST_STORE_FAKE_HTTP_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum fake_manner {
    FAKE_WHOLE,
    FAKE_HALF,    /* the head promises more than comes, then the connection ends */
    FAKE_GARBAGE, /* no HTTP at all */
    FAKE_SILENT,  /* the request is taken and nothing follows */
    FAKE_RESET
};

/* The first rule whose method and beginning of the target fit answers. */
struct fake_rule {
    const char *method; /* NULL: any */
    const char *target; /* NULL: any */
    int status;
    const char *body;
    enum fake_manner manner;
    const char *header;   /* further lines of the answer's head; NULL: none */
    const char *contains; /* NULL: any; a text in the head or the body of the request */
    unsigned times;       /* 0: always; else it answers that often, then the next one that fits */
};

#define FAKE_MAX_RULES 32

struct fake_request {
    char *head; /* "GET /v1/kv/... HTTP/1.1\r\n..." with the empty line */
    struct str body;
};

#define FAKE_MAX_CONNECTIONS 32

struct fake_connection {
    struct fake_http *server;
    uv_stream_t *stream; /* NULL: free */
    struct str received;
};

struct fake_http {
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_stream_t stream;
        uv_handle_t handle;
    } listener;
    uv_loop_t *loop;
    bool is_pipe;
    uint16_t port;
    const struct fake_rule *rules; /* ends with a rule of status 0 */
    unsigned used[FAKE_MAX_RULES]; /* how often each has answered */
    struct fake_connection connections[FAKE_MAX_CONNECTIONS];
    struct fake_request *requests;
    size_t request_count;
};

/* On a free port of 127.0.0.1. */
void fake_http_open(struct fake_http *f, uv_loop_t *loop, const struct fake_rule *rules);
void fake_http_open_unix(struct fake_http *f, uv_loop_t *loop, const char *path,
                         const struct fake_rule *rules);
/* Other rules from now on. */
void fake_http_rules(struct fake_http *f, const struct fake_rule *rules);

/* Handles are closed as the loop runs on. */
void fake_http_close(struct fake_http *f);
void fake_http_forget(struct fake_http *f); /* the requests so far */

/* Requests whose head begins like this. */
size_t fake_http_count(const struct fake_http *f, const char *head);

#endif
