/* source/flag_file.h - one local flag file, as JSON text cut into its three sections
 * (autoconfig-offline.md 8.2). Any thread.
 *
 *   path --read--> bytes --JSON, or YAML made into JSON--> "flags", "segments", "flagValues"
 */
#ifndef SOURCE_FLAG_FILE_H
#define SOURCE_FLAG_FILE_H

#include "base/error.h"
#include "base/str.h"
#include "source/text_place.h"

#define FLAG_FILE_MAX_BYTES ((size_t)200 << 20)

/* In the order in which they count when a key occurs twice. */
enum flag_file_section { SECTION_FLAGS, SECTION_SEGMENTS, SECTION_VALUES, SECTION_COUNT };

struct flag_file {
    const char *path; /* borrowed */
    struct str json;
    struct text_marks marks; /* empty for a file that is JSON itself */
    bool is_yaml;
    struct view sections[SECTION_COUNT]; /* objects within `json`; empty: not there */
    struct str unknown; /* names of other top-level properties, quoted: "\"a\", \"b\"" */
};

/* False with *err, a whole log line: "Unable to load flags: unable to read file: REASON [PATH]" or
 * "Unable to load flags: error parsing file: REASON [PATH]". To be freed in both cases. */
MUST_CHECK bool flag_file_read(struct flag_file *f, const char *path, struct error *err);
void flag_file_free(struct flag_file *f);

/* Sets *err to "Unable to load flags: error parsing file: PROBLEM at line L, column C [PATH]";
 * `offset` is into f->json. */
void flag_file_fail(const struct flag_file *f, size_t offset, const char *problem,
                    struct error *err);

#endif
