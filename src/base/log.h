/* base/log.h - log lines about a thing (spec telemetry.md 8).
 *
 *   log_line(scope, level, format, ...)
 *      level off? ---> nothing more than two atomic loads
 *      repeated?  ---> counted in the scope
 *      prefix of the scope + message ---> text or JSON ---> one write(2)
 *
 * Every line belongs to a scope: the process, or one environment. The scope adds its prefix
 * ("[env: ...a1b2] ") and decides the level, so nobody types either. Lines may be written from any
 * thread. Debug, info and warn go to stdout, error to stderr. Control characters inside a message
 * are written visibly (a newline as the two characters \n), a newline at its end is left out; a
 * message is cut at LOG_MESSAGE_MAX bytes. Repeats of one format within one scope are limited as
 * telemetry.md 8.7 says, except debug lines and those written with log_always(). `format` is a
 * literal: its address tells one message from another.
 *
 * A reader that lets the pipe fill up delays nobody (telemetry.md 11): lines are lost then,
 * counted, and reported once it reads again; an error waits 100 ms before it is lost.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/mem.h"
#include "base/view.h"

#include <stdbool.h>

#define LOG_MESSAGE_MAX (32 << 10)

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_scope;

/* The scope of messages about the process as a whole; no prefix. Never NULL, never freed. */
struct log_scope *log_global(void);

/* A scope with its own level. `tail` is what the prefix shows ("...a1b2" or "****", see mask.h);
 * `name` is the environment's name, shown when log_show_names() is on and as `envName` in JSON.
 * Both are copied. With an empty tail there is no prefix: for the few lines about the process that
 * have a level of their own (configuration.md 13.2). Reference counted, because serving threads log
 * too. */
struct log_scope *log_scope_new(const char *tail, const char *name, enum log_level level);

/* A part of an environment or of the process, with its level and prefix, and `component` as written
 * behind that: "BigSegmentSynchronizer:", "(event proxy)". In JSON it is `component`, without
 * brackets or colon. Holds a reference to its parent, which is no part itself. */
struct log_scope *log_scope_part(struct log_scope *parent, const char *component);

struct log_scope *log_scope_ref(struct log_scope *scope);
void log_scope_unref(struct log_scope *scope); /* accepts NULL */

/* Settings; any thread, at any time. log_level_override(true) shows every scope at debug
 * (SIGUSR1). */
void log_scope_set_level(struct log_scope *scope, enum log_level level);
void log_level_override(bool debug);
void log_set_format(enum log_format format);
void log_show_names(bool show);

/* Would a line of this level be written? For messages that are costly to prepare. */
bool log_enabled(const struct log_scope *scope, enum log_level level);

void log_line(struct log_scope *scope, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Like log_line(), but never limited: starts, stops and changes of state. */
void log_always(struct log_scope *scope, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* "debug" "info" "warn" "error" "none" in any letter case. False when the name is none of them. */
bool log_level_parse(struct view name, enum log_level *out);
const char *log_level_name(enum log_level level);

/* Tests only: every finished line goes to `sink`, without its newline, instead of the descriptors.
 * NULL restores them. */
void log_capture(void (*sink)(enum log_level level, struct view line, void *arg), void *arg);

/* The clock of time stamps and of the limit on repeats; NULL restores the operating system's, which
 * has microseconds. */
void log_set_clock(const struct clock *clock);

#endif
