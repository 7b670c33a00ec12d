/* http/server_head.h - the head of a request, taken in pieces. Private to http/.
 *
 *   bytes of any cut --head_push()--> lines, each checked when it is whole --> HEAD_DONE | HEAD_BAD
 *
 * Strict: RFC 9112, and the answers of http-api.md 10.1. The first faulty line decides, so how the
 * bytes were cut into reads changes nothing. Lines end in CR LF or LF. The text of the head is kept
 * once; header values are found in it on demand, there is no table of them.
 */
#ifndef HTTP_SERVER_HEAD_H
#define HTTP_SERVER_HEAD_H

#include "base/str.h"
#include "http/server.h"

/* Why a request is not taken; each has a fixed answer in server_refusal.c. */
enum head_fault {
    HEAD_FAULT_NONE,
    HEAD_FAULT_MALFORMED,
    HEAD_FAULT_NO_HOST,
    HEAD_FAULT_HEADER_NAME,
    HEAD_FAULT_EXPECTATION,
    HEAD_FAULT_TOO_LARGE,
    HEAD_FAULT_TRANSFER_ENCODING,
    HEAD_FAULT_VERSION,
    HEAD_FAULT_COUNT
};

enum head_state { HEAD_MORE, HEAD_DONE, HEAD_BAD };

struct head {
    struct str text;  /* all complete lines so far, and the beginning of the next one */
    size_t limit;     /* bytes of text */
    size_t line_at;   /* where the line that is being read begins */
    size_t target_at; /* the request target within the text */
    size_t target_len;
    size_t headers_at; /* first byte behind the request line; 0 before it was read */
    unsigned blank_lines;
    enum head_fault fault;

    enum http_method method;
    bool http_1_0;
    bool close;      /* "Connection: close" */
    bool keep_alive; /* "Connection: keep-alive" */
    bool chunked;
    bool expects_continue;
    bool has_length;
    bool has_host;
    uint64_t length; /* of the body, when has_length */
};

/* `limit`: bytes of request line and headers together. */
void head_init(struct head *h, size_t limit);
void head_free(struct head *h);

/* Takes bytes that belong to the head off the front of *bytes. DONE and BAD are final. */
enum head_state head_push(struct head *h, struct view *bytes);

/* When DONE. */
struct view head_target(const struct head *h);

/* The first header of that name, trimmed; false when there is none. Letter case does not matter. */
bool head_find(const struct head *h, const char *name, struct view *value);

/* The header that begins at byte *at behind the request line, as it was sent; *at then is where the
 * next one begins. False when there is none left. */
bool head_next(const struct head *h, size_t *at, struct view *name, struct view *value);

/* Is the connection to be kept after the answer, as far as the client says? */
bool head_wants_keep_alive(const struct head *h);

#endif
