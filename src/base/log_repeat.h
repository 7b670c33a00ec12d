/* base/log_repeat.h - which lines of a flood are written (spec telemetry.md 8.7). For log.c alone.
 */
#ifndef BASE_LOG_REPEAT_H
#define BASE_LOG_REPEAT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_repeat;

/* One row per format that was seen: as many as the program has formats. */
struct log_repeats {
    pthread_mutex_t lock;
    struct log_repeat *rows;
    size_t count;
    size_t room;
};

#define LOG_REPEATS_INIT ((struct log_repeats){.lock = PTHREAD_MUTEX_INITIALIZER})

/* True when a line of this format may be written now; *held is then the number of those that were
 * not since the last one. */
bool log_repeats_pass(struct log_repeats *repeats, const char *format, int64_t now_ms,
                      uint64_t *held);

void log_repeats_free(struct log_repeats *repeats);

#endif
