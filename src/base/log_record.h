/* base/log_record.h - one log line as text (spec telemetry.md 8.1) or JSON (8.5). For log.c alone.
 */
#ifndef BASE_LOG_RECORD_H
#define BASE_LOG_RECORD_H

#include "base/log.h"
#include "base/str.h"

struct log_record {
    int64_t wall_us; /* Unix time */
    enum log_level level;
    const char *tail;      /* of the environment's key; NULL for a line about the process */
    const char *name;      /* of the environment; NULL when it is not to be shown */
    const char *component; /* as written in text; NULL for none */
    uint64_t held;         /* earlier lines that were not written */
    struct view message;
};

/* Appends the line with its newline. */
void log_record_print(const struct log_record *record, enum log_format format, struct str *out);

#endif
