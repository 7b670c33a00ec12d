/* flags/image.h - the flags of one data set as evaluation walks over them: compiled, in the order
 * of their keys, side by side in memory.
 *
 * Made on first use, once per data set. May be used by the files of flags/ only.
 */
#ifndef FLAGS_IMAGE_H
#define FLAGS_IMAGE_H

#include "flags/compiled.h"
#include "flags/dataset.h"

/* A flag that is no tombstone. */
struct image_entry {
    const struct compiled_flag *flag;
    const char *fixed; /* the text that every context gets, NULL: that depends */
    uint32_t fixed_len;
    uint32_t position; /* in the data set's sequence of flags */
    bool visible_environment;
    bool visible_mobile;
};

struct image {
    size_t count;
    struct image_entry entries[];
};

/* Borrowed from the data set. */
const struct image *dataset_image(struct dataset *d);

#endif
