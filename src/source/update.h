/* source/update.h - the data of a `patch` or `delete` (streaming.md 5.3, 5.4). Pure. */
#ifndef SOURCE_UPDATE_H
#define SOURCE_UPDATE_H

#include "flags/item.h"

enum update_result {
    UPDATE_ITEM,     /* *out has one reference: an item or a tombstone */
    UPDATE_IGNORED,  /* a path nobody knows; the event is good */
    UPDATE_MALFORMED /* *err says why */
};

MUST_CHECK enum update_result update_decode_patch(struct view data, struct item **out,
                                                  struct error *err);
MUST_CHECK enum update_result update_decode_delete(struct view data, struct item **out,
                                                   struct error *err);

#endif
