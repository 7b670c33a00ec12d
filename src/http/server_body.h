/* http/server_body.h - the body of a request, as its head announces it. Private to http/. */
#ifndef HTTP_SERVER_BODY_H
#define HTTP_SERVER_BODY_H

#include "base/str.h"
#include "http/server_chunked.h"
#include "http/server_head.h"

#define BODY_DRAIN_MAX 262144 /* bytes that are read and thrown away to keep a connection */

struct body {
    bool chunked;
    bool ended;     /* nothing more comes */
    uint64_t left;  /* not chunked: bytes to come */
    uint64_t taken; /* bytes so far */
    uint64_t used;  /* of them, before the answer */
    struct chunked chunks;
    struct str text;
};

void body_init(struct body *b, const struct head *head);
void body_free(struct body *b);

enum body_state { BODY_MORE, BODY_PIECE, BODY_ENDED, BODY_BAD };

/* Takes bytes off the front of *bytes; as chunked_next(). */
enum body_state body_next(struct body *b, struct view *bytes, struct view *piece);

/* Puts the end of the piece that came last back in front of *bytes, where it was. */
void body_put_back(struct body *b, struct view *bytes, struct view piece);

/* Can what is left be thrown away so that the connection goes on? */
bool body_can_be_drained(const struct body *b);

#endif
