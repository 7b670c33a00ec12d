/* store/item_version.h - the version of a stored item without reading all of it (data-store.md 1).
 */
#ifndef STORE_ITEM_VERSION_H
#define STORE_ITEM_VERSION_H

#include "base/view.h"

#include <stdint.h>

/* The `version` member at the top of a JSON object; 0 when there is none, or the text is no JSON.
 */
int64_t store_item_version(struct view json);

#endif
