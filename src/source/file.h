/* source/file.h - flags from local JSON or YAML files (spec autoconfig-offline.md 8). */
#ifndef SOURCE_FILE_H
#define SOURCE_FILE_H

#include "base/log.h"
#include "source/source.h"

#include <uv.h>

struct source_file_settings {
    const char *const *paths;       /* NULL-terminated, at least one; copied */
    int64_t monitoring_interval_ms; /* >= 100 */
    bool ignore_duplicate_keys;     /* false: a key that occurs twice is an error */
};

/* Loads in the next loop turn, then watches. `log` gets a reference. */
struct source *source_file_open(const struct source_file_settings *settings, uv_loop_t *loop,
                                struct log_scope *log, const struct source_sink *sink);

/* Reads, parses and merges the files once, for --check-config. NULL with *err set when they do not
 * load. */
MUST_CHECK struct dataset *source_file_load(const struct source_file_settings *settings,
                                            struct log_scope *log, struct error *err);

#endif
