/* base/log_repeat.c - see log_repeat.h.
 *
 *   |x x x x x . . . . . . . . . . X . . . . . . . . . X        x written   . held
 *    first 5 |------- 10 s -------|                    X "(repeated N times)"
 */
#include "base/log_repeat.h"

#include "base/mem.h"

#define REPEAT_LINES 5
#define REPEAT_WINDOW_MS 10000

struct log_repeat {
    const char *format;
    int64_t window_start_ms; /* when the first of the lines counted in `written` was written */
    int64_t last_ms;         /* when the last one was */
    unsigned written;
    uint64_t held;
};

static struct log_repeat *row_of(struct log_repeats *repeats, const char *format)
{
    for (size_t i = 0; i < repeats->count; i++) {
        if (repeats->rows[i].format == format)
            return &repeats->rows[i];
    }
    if (repeats->count == repeats->room) {
        repeats->room = repeats->room != 0 ? repeats->room * 2 : 4;
        repeats->rows = mem_realloc(repeats->rows, repeats->room * sizeof *repeats->rows);
    }
    struct log_repeat *row = &repeats->rows[repeats->count++];
    *row = (struct log_repeat){.format = format};
    return row;
}

/* A flood stays limited to one line per window until a whole window has passed without any. */
static bool row_pass(struct log_repeat *row, int64_t now_ms)
{
    if (row->held > 0) {
        if (now_ms - row->last_ms < REPEAT_WINDOW_MS)
            return false;
        row->window_start_ms = now_ms;
    } else {
        if (row->written == 0 || now_ms - row->window_start_ms >= REPEAT_WINDOW_MS) {
            row->window_start_ms = now_ms;
            row->written = 0;
        }
        if (row->written == REPEAT_LINES)
            return false;
        row->written++;
    }
    row->last_ms = now_ms;
    return true;
}

bool log_repeats_pass(struct log_repeats *repeats, const char *format, int64_t now_ms,
                      uint64_t *held)
{
    (void)pthread_mutex_lock(&repeats->lock);
    struct log_repeat *row = row_of(repeats, format);
    bool pass = row_pass(row, now_ms);
    *held = row->held;
    row->held = pass ? 0 : row->held + 1;
    (void)pthread_mutex_unlock(&repeats->lock);
    return pass;
}

void log_repeats_free(struct log_repeats *repeats)
{
    (void)pthread_mutex_destroy(&repeats->lock);
    mem_free(repeats->rows);
}
