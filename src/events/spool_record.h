/* events/spool_record.h - the records of spool files, as bytes (events.md 13.6). Pure.
 *
 *   "FRSPOOL1" { length u32 LE | CRC-32C u32 LE | type | line of JSON, LF | events }...
 *               `- head -----------------------------------------------'  `- body -'
 *
 * May call: base.
 */
#ifndef EVENTS_SPOOL_RECORD_H
#define EVENTS_SPOOL_RECORD_H

#include "base/str.h"
#include "events/spool.h"

#define SPOOL_MAGIC "FRSPOOL1"
#define SPOOL_MAGIC_LEN 8

/* Longer ones are not ours: bodies are bounded before they come here. */
#define SPOOL_RECORD_MAX (UINT32_C(512) << 20)

enum spool_type { SPOOL_POST = 'P', SPOOL_BATCH = 'B', SPOOL_DONE = 'D' };

/* ---- writing --------------------------------------------------------------------------------- */

/* Each appends a head for a body of so many bytes; length and checksum are blank yet. */
void spool_post_head(const struct spool_post *post, size_t bytes, struct str *out);
void spool_batch_head(const struct spool_batch *batch, size_t bytes, struct str *out);
void spool_done_head(struct view payload_id, const char *outcome, struct str *out);

/* Fills in length and checksum. */
void spool_head_seal(struct str *head, struct view body);

/* ---- reading --------------------------------------------------------------------------------- */

enum spool_text {
    SPOOL_ENV,
    SPOOL_FILTER,
    SPOOL_FAMILY,
    SPOOL_PATH,
    SPOOL_TAGS,
    SPOOL_PAYLOAD_ID,
    SPOOL_OUTCOME,
    SPOOL_TEXT_COUNT
};

struct spool_record {
    enum spool_type type;
    struct str texts[SPOOL_TEXT_COUNT];
    int64_t seq;
    int64_t time;
    int64_t schema;
    int64_t count;
    int64_t up_to;
    int64_t bytes;
    bool more;
    struct view body; /* of the file's text */
};

enum spool_found {
    SPOOL_FOUND,   /* *out is set */
    SPOOL_UNKNOWN, /* whole, but of a type or with a line that says nothing to us */
    SPOOL_END,     /* the file ends behind the last record */
    SPOOL_BROKEN   /* what is left is no record: to be ignored */
};

/* Takes the magic off a file's text; false when it does not begin with it. */
MUST_CHECK bool spool_magic_take(struct view *rest);

/* Takes one record off; `out` is {0} or one that was read before, whose memory is used again. */
enum spool_found spool_record_take(struct view *rest, struct spool_record *out);

/* Views borrow from the record. */
struct spool_group spool_record_group(const struct spool_record *r);
struct spool_post spool_record_post(const struct spool_record *r);
struct spool_batch spool_record_batch(const struct spool_record *r);

void spool_record_done(struct spool_record *r);

#endif
