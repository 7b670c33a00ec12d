/* events/spool_writer.h - the files of a spool as they are written (events.md 13.6): on the thread
 * pool, one job at a time; nobody else touches the writer meanwhile.
 */
#ifndef EVENTS_SPOOL_WRITER_H
#define EVENTS_SPOOL_WRITER_H

#include "events/spool_record.h"

/* A file begins a new one beyond this; a longer record has a file of its own. */
#define SPOOL_FILE_MAX (INT64_C(16) << 20)

struct spool_writer {
    char *dir;
    enum spool_sync sync;
    uint64_t number; /* of the file that is open, or was last */
    int fd;          /* -1: none */
    int64_t size;
    bool dirty; /* written, not synced */
};

/* "DIR/events-0000000001.spool" */
void spool_file_path(const char *dir, uint64_t number, struct str *out);

/* Appends head and body, beginning a new file where needed. False with *err: nothing was
 * written. */
MUST_CHECK bool spool_writer_append(struct spool_writer *w, struct view head, struct view body,
                                    struct error *err);

/* What was written is on the disk. */
MUST_CHECK bool spool_writer_sync(struct spool_writer *w, struct error *err);

void spool_writer_close(struct spool_writer *w);

#endif
