/* source/file_set.h - all flag files of an environment, read and merged to one data set
 * (autoconfig-offline.md 8.2, 8.3). Any thread; blocks on the file system.
 *
 *   flag_file --sections--> one item each --versions--> dataset_builder --> struct dataset
 */
#ifndef SOURCE_FILE_SET_H
#define SOURCE_FILE_SET_H

#include "flags/dataset.h"

struct file_set_settings {
    const char *const *paths;       /* NULL-terminated */
    bool ignore_duplicate_keys;     /* the first one counts; false: an error */
    const struct dataset *previous; /* of the last good load, for versions; NULL: none */
};

/* The data set, one reference. `warnings` gets a line for each file with properties nobody reads.
 * NULL with *err, which is the text for the log. */
MUST_CHECK struct dataset *file_set_load(const struct file_set_settings *settings,
                                         struct str *warnings, struct error *err);

#endif
