/* base/log.c - see log.h. */
#include "base/log.h"

#include "base/log_record.h"
#include "base/log_repeat.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* How long an error may wait for a reader that lets the pipe fill up; others do not wait. */
#define ERROR_WAIT_MS 100

struct log_scope {
    _Atomic unsigned refs;
    _Atomic int level;        /* of an origin only */
    struct log_scope *origin; /* has the level, tail and name; itself unless this is a part */
    char *tail;               /* NULL for no prefix */
    char *name;               /* NULL when empty */
    char *component;          /* of a part only */
    struct log_repeats repeats;
};

typedef void log_sink(enum log_level level, struct view line, void *arg);

/* What holds for the whole process; any thread may change it. */
static struct {
    _Atomic bool debug;
    _Atomic bool show_names;
    _Atomic int format;
    _Atomic uint64_t lost; /* lines that nobody read in time, not yet reported */
    _Atomic(const struct clock *) clock;
    _Atomic(log_sink *) sink;
    _Atomic(void *) sink_arg;
} settings = {.format = LOG_FORMAT_TEXT};

static struct log_scope global_scope = {
    .refs = 1,
    .level = LOG_INFO,
    .origin = &global_scope,
    .repeats = {.lock = PTHREAD_MUTEX_INITIALIZER},
};

struct log_scope *log_global(void)
{
    return &global_scope;
}

static char *copy_or_null(const char *text)
{
    return text[0] != '\0' ? mem_copy_text(text, strlen(text)) : NULL;
}

static struct log_scope *scope_new(struct log_scope *origin)
{
    struct log_scope *s = mem_zalloc(sizeof *s);
    atomic_init(&s->refs, 1);
    s->origin = origin != NULL ? origin : s;
    s->repeats = LOG_REPEATS_INIT;
    return s;
}

struct log_scope *log_scope_new(const char *tail, const char *name, enum log_level level)
{
    struct log_scope *s = scope_new(NULL);
    atomic_init(&s->level, (int)level);
    s->tail = copy_or_null(tail);
    s->name = copy_or_null(name);
    return s;
}

struct log_scope *log_scope_part(struct log_scope *parent, const char *component)
{
    struct log_scope *s = scope_new(log_scope_ref(parent->origin));
    s->component = copy_or_null(component);
    return s;
}

struct log_scope *log_scope_ref(struct log_scope *scope)
{
    atomic_fetch_add_explicit(&scope->refs, 1, memory_order_relaxed);
    return scope;
}

void log_scope_unref(struct log_scope *scope)
{
    if (scope == NULL || scope == &global_scope)
        return;
    if (atomic_fetch_sub_explicit(&scope->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (scope->origin != scope)
        log_scope_unref(scope->origin);
    log_repeats_free(&scope->repeats);
    mem_free(scope->tail);
    mem_free(scope->name);
    mem_free(scope->component);
    mem_free(scope);
}

void log_scope_set_level(struct log_scope *scope, enum log_level level)
{
    atomic_store_explicit(&scope->origin->level, (int)level, memory_order_relaxed);
}

void log_level_override(bool debug)
{
    atomic_store_explicit(&settings.debug, debug, memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store_explicit(&settings.format, (int)format, memory_order_relaxed);
}

void log_show_names(bool show)
{
    atomic_store_explicit(&settings.show_names, show, memory_order_relaxed);
}

void log_set_clock(const struct clock *clock)
{
    atomic_store(&settings.clock, clock);
}

void log_capture(log_sink *sink, void *arg)
{
    atomic_store(&settings.sink_arg, arg);
    atomic_store(&settings.sink, sink);
}

bool log_enabled(const struct log_scope *scope, enum log_level level)
{
    return (int)level >= atomic_load_explicit(&scope->origin->level, memory_order_relaxed) ||
           atomic_load_explicit(&settings.debug, memory_order_relaxed);
}

static int64_t wall_us(void)
{
    const struct clock *clock = atomic_load(&settings.clock);
    if (clock != NULL)
        return clock_wall_ms(clock) * 1000;
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    const struct clock *clock = atomic_load(&settings.clock);
    return clock_now_ms(clock != NULL ? clock : clock_system());
}

/* Can a line be written without waiting longer than that? A pipe says yes while it has room for
 * PIPE_BUF bytes; so only a line longer than those can make its thread wait for the reader. */
static bool output_ready(int fd, int wait_ms)
{
    struct pollfd output = {.fd = fd, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&output, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* One write(2); more only when the system takes a part. False when the line, or its rest, is lost.
 */
static bool line_write(int fd, struct view line, int wait_ms)
{
    while (line.len > 0) {
        if (!output_ready(fd, wait_ms))
            return false;
        ssize_t written = write(fd, line.data, line.len);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        line = view_from(line, written > 0 ? (size_t)written : 0);
    }
    return true;
}

/* False when the line is lost. */
static bool record_emit(const struct log_record *record, enum log_format format)
{
    struct str line = {0};
    log_record_print(record, format, &line);
    log_sink *sink = atomic_load(&settings.sink);
    bool written = true;
    if (sink != NULL)
        sink(record->level, view_make(line.data, line.len - 1), atomic_load(&settings.sink_arg));
    else if (record->level == LOG_ERROR)
        written = line_write(STDERR_FILENO, str_view(&line), ERROR_WAIT_MS);
    else
        written = line_write(STDOUT_FILENO, str_view(&line), 0);
    str_free(&line);
    return written;
}

/* The output takes lines again: says how many it did not take. */
static void lost_report(enum log_format format)
{
    uint64_t lost = atomic_exchange_explicit(&settings.lost, 0, memory_order_relaxed);
    if (lost == 0)
        return;
    struct str message = {0};
    str_append_format(&message, "%" PRIu64 " log lines were lost because nobody read them in time",
                      lost);
    struct log_record record = {
        .wall_us = wall_us(), .level = LOG_WARN, .message = str_view(&message)};
    if (!record_emit(&record, format))
        atomic_fetch_add_explicit(&settings.lost, lost, memory_order_relaxed);
    str_free(&message);
}

static void record_write(const struct log_record *record, enum log_format format)
{
    if (record_emit(record, format))
        lost_report(format);
    else
        atomic_fetch_add_explicit(&settings.lost, 1, memory_order_relaxed);
}

/* The message without its last newline, cut where it is too long. */
static void message_trim(struct str *message)
{
    if (message->len > LOG_MESSAGE_MAX) {
        message->len = LOG_MESSAGE_MAX - 3;
        str_append_text(message, "...");
    }
    if (message->len > 0 && message->data[message->len - 1] == '\n')
        message->len--;
}

static void scope_write(const struct log_scope *scope, enum log_level level, uint64_t held,
                        const char *format, va_list args) PRINTF_LIKE(4, 0);

static void scope_write(const struct log_scope *scope, enum log_level level, uint64_t held,
                        const char *format, va_list args)
{
    struct str message = {0};
    str_append_vformat(&message, format, args);
    message_trim(&message);
    const struct log_scope *origin = scope->origin;
    enum log_format log_format =
        (enum log_format)atomic_load_explicit(&settings.format, memory_order_relaxed);
    bool show_name = log_format == LOG_FORMAT_JSON ||
                     atomic_load_explicit(&settings.show_names, memory_order_relaxed);
    struct log_record record = {
        .wall_us = wall_us(),
        .level = level,
        .tail = origin->tail,
        .name = show_name ? origin->name : NULL,
        .component = scope->component,
        .held = held,
        .message = str_view(&message),
    };
    record_write(&record, log_format);
    str_free(&message);
}

void log_line(struct log_scope *scope, enum log_level level, const char *format, ...)
{
    uint64_t held = 0;
    if (!log_enabled(scope, level))
        return;
    if (level != LOG_DEBUG && !log_repeats_pass(&scope->repeats, format, now_ms(), &held))
        return;
    va_list args;
    va_start(args, format);
    scope_write(scope, level, held, format, args);
    va_end(args);
}

void log_always(struct log_scope *scope, enum log_level level, const char *format, ...)
{
    if (!log_enabled(scope, level))
        return;
    va_list args;
    va_start(args, format);
    scope_write(scope, level, 0, format, args);
    va_end(args);
}

static const char *const level_names[] = {"debug", "info", "warn", "error", "none"};

bool log_level_parse(struct view name, enum log_level *out)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (view_equal_nocase(name, view_of(level_names[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}
