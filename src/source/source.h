/* source/ - where an environment's data comes from: a LaunchDarkly stream, or local files.
 *
 *   upstream --> source --source_sink--> env (the only receiver)
 *
 * Lives on the control thread. May call: http (client), flags, base. A source never knows who owns
 * it: it hands everything to the sink it was opened with. Nothing in the sink is called from inside
 * source_*_open() or source_close(); all of it comes from a later turn of the loop.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/error.h"
#include "flags/dataset.h"

#include <stdbool.h>
#include <stdint.h>

/* Kinds of failure, as /status and the log name them (streaming.md 4.3, status.md 5). */
enum source_error_kind {
    SOURCE_ERROR_UNKNOWN,
    SOURCE_ERROR_NETWORK,
    SOURCE_ERROR_RESPONSE,
    SOURCE_ERROR_INVALID_DATA,
    SOURCE_ERROR_STORE
};

struct source_failure {
    enum source_error_kind kind;
    int status_code; /* HTTP status for SOURCE_ERROR_RESPONSE, else 0 */
    bool
        recoverable; /* false: state OFF, tried again with the extended delays (streaming.md 4.3) */
    const char *message; /* borrowed; without secrets */
};

/* The receiver of everything a source has to say: env/ (env/patch.c, env/put.c, env/env.c). */
struct source_sink {
    void *owner;
    /* A complete data set; the reference is handed over. */
    void (*put)(void *owner, struct dataset *data);
    /* One item or tombstone; the reference is handed over. */
    void (*patch)(void *owner, struct item *it);
    /* A good event that changes no data (unknown name, unknown path). */
    void (*alive)(void *owner);
    /* Something failed; the source goes on by itself. */
    void (*failed)(void *owner, const struct source_failure *failure);
    /* The source is closed: nothing more will be called, its memory is gone. */
    void (*closed)(void *owner);
};

struct source; /* one per environment */

/* Closes from any callback on the control thread; sink->closed follows in a later loop turn. */
void source_close(struct source *s);

/* A store outage is over and the data must be sent again: drop the connection, reconnect after the
 * normal delay (streaming.md 4.2, 6.5). Nothing happens for files. */
void source_restart(struct source *s);

#endif
