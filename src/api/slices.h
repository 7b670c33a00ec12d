/* api/slices.h - evaluations that take long, in slices; slices.c. Private to the room. */
#ifndef API_SLICES_H
#define API_SLICES_H

#include "api/api_private.h"

/* How much an evaluation may do before others have their turn, in the units of evaluator_work(): 2
 * ms. */
#define SLICE_WORK ((size_t)200000)

/* A request whose evaluation is under way: the first member of what the kind of evaluation keeps,
 * all of which is one piece of heap memory. */
struct slice {
    struct list link; /* thread->slices */
    struct http_request *req;
    struct api_passage passage;
    struct context *context;
    struct evaluation_listener listener;
    struct str text; /* what there is of the answer */
    /* Does some SLICE_WORK; true: there is no more to do. */
    bool (*go_on)(struct slice *s);
    /* Then: answers, and releases what the kind keeps. */
    void (*answer)(struct slice *s);
    /* Instead: the client went away. Releases what the kind keeps. */
    void (*end)(struct slice *s);
};

/* The evaluation goes on in later turns of the loop. Takes `s` with its three functions, the
 * context and the text, and fills the rest. */
void slice_begin_take(struct slice *s, struct http_request *req, struct api_passage *p,
                      struct context **c, struct str *text);

#endif
