/* flags/tracking.h - what events ask of a flag, on behalf of SDKs that cannot know it (events.md
 * 7.4). Pure; any thread. May call: base.
 */
#ifndef FLAGS_TRACKING_H
#define FLAGS_TRACKING_H

#include "flags/dataset.h"

struct flag_tracking {
    bool track_events;
    int64_t debug_until_ms; /* 0: not set */
};

/* False, and *out all zero, when there is no such flag or it is deleted. */
bool flag_tracking_find(struct dataset *d, struct view key, struct flag_tracking *out);

#define FLAG_NO_VARIATION (-1)

/* The index of the first variation that is equal to this JSON text as a value (numbers as f64,
 * members in any order); FLAG_NO_VARIATION when there is none, or no such flag. */
int64_t flag_variation_of(struct dataset *d, struct view key, struct view value);

#endif
