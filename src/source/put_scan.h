/* source/put_scan.h - the data of a `put`, in pieces, to a data set (streaming.md 5.2).
 *
 *   pieces --put_scan_feed()--> text of one item --item_parse()--> dataset_builder
 *                                                                     '--> struct dataset
 *
 * A put may have 300 MB. Nothing of it is held but the items that were made from it and the text of
 * the one item that is being read. Pieces may be cut anywhere.
 */
#ifndef SOURCE_PUT_SCAN_H
#define SOURCE_PUT_SCAN_H

#include "flags/dataset.h"
#include "source/json_push.h"

enum put_scan_place {
    PUT_OUTSIDE,  /* depth 0 and properties nobody reads */
    PUT_DATA,     /* "data" itself */
    PUT_FLAGS,    /* "data.flags" */
    PUT_SEGMENTS, /* "data.segments" */
};

struct put_scan {
    struct json_push json;
    enum put_scan_place places[3]; /* what the open property is, by the depth of its value - 1 */
    bool in_name;
    bool in_item;
    bool has_data;
    bool failed;
    struct str quoted; /* the property name being read, quotes included */
    struct str key;    /* of the item being read, decoded */
    struct str text;   /* of the item being read */
    struct dataset_builder *builder;
    struct error problem;
};

void put_scan_init(struct put_scan *s);

/* Releases everything; also after put_scan_finish(). May be called twice. */
void put_scan_done(struct put_scan *s);

/* False when the put is malformed, which it then stays: s->problem says why. */
bool put_scan_feed(struct put_scan *s, struct view piece);

/* The put is whole. The data set, one reference, or NULL when it is malformed: s->problem. */
MUST_CHECK struct dataset *put_scan_finish(struct put_scan *s);

#endif
