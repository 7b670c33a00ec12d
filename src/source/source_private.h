/* source/source_private.h - what every kind of source begins with; for the files of source/ alone.
 *
 *   struct source_stream { struct source base; ... };     base is the first member
 *
 * A kind fills `kind` and `sink` when it opens. It calls the sink only from a later turn of the
 * loop, and nothing of the sink after its own close() was called, but sink.closed() once, as its
 * last act.
 */
#ifndef SOURCE_SOURCE_PRIVATE_H
#define SOURCE_SOURCE_PRIVATE_H

#include "source/source.h"

struct source_kind {
    void (*close)(struct source *s);   /* called once; sink.closed() follows in a later turn */
    void (*restart)(struct source *s); /* not called after close() */
};

struct source {
    const struct source_kind *kind;
    struct source_sink sink;
    bool closing;
};

#endif
