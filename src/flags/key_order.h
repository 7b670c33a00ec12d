/* flags/key_order.h - the flags of a data set in ascending byte order of their keys.
 *
 * Made once and shared by all versions of a data set that have the same keys: a patch of a known
 * flag does not change it. May be used by the files of flags/ only.
 */
#ifndef FLAGS_KEY_ORDER_H
#define FLAGS_KEY_ORDER_H

#include "flags/sequence.h"

struct key_order {
    _Atomic unsigned refs;
    size_t count;
    uint32_t positions[];
};

/* One reference. */
struct key_order *key_order_new(const struct sequence *items);
struct key_order *key_order_ref(struct key_order *o);
void key_order_unref(struct key_order *o); /* accepts NULL */

#endif
