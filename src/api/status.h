/* api/status.h - the status document as one table (status.md 2, 12), private to the room.
 *
 *   shape -> rows: name, type, in the classic document or not, where the value comes from
 *
 * The writer (status_json.c) and the assertions (expect.c) both walk it. Rows without a source
 * stand for what this relay cannot have yet: they are never written, but may be asked for.
 */
#ifndef API_STATUS_H
#define API_STATUS_H

#include "api/api_private.h"

enum status_type {
    STATUS_TEXT,
    STATUS_NUMBER,
    STATUS_BOOLEAN,
    STATUS_OBJECT,
    STATUS_ARRAY, /* of objects */
    STATUS_MAP    /* environments, by name */
};

/* The document at one moment, on one serving thread. */
struct status_document {
    const struct api *api;
    const struct fanout *fanout;
    int64_t now_ms;  /* monotonic */
    int64_t wall_ms; /* the same moment */
};

/* The part of the document that a row is asked about. */
struct status_subject {
    const struct status_document *document;
    const struct env_snapshot *env; /* NULL at the top */
    size_t index;                   /* of an array's element */
};

struct status_shape;

struct status_row {
    const char *name;
    enum status_type type;
    bool classic; /* in the document of 8.10.1, too */
    /* Scalars: appends the value as it is compared; false, or NULL: it is absent. */
    bool (*get)(const struct status_subject *s, struct str *out);
    /* Objects, arrays and the map: */
    const struct status_shape *shape;
    bool (*present)(const struct status_subject *s); /* objects; NULL: always */
    bool never;                                      /* not part of any document yet */
    size_t (*count)(const struct status_subject *s); /* arrays; NULL: empty */
};

struct status_shape {
    const struct status_row *rows;
    size_t count;
};

extern const struct status_shape status_top;
extern const struct status_shape status_of_environment;
extern const struct status_shape status_of_events;

/* The end of a `get`: appends the number; true. */
bool status_put_number(struct str *out, int64_t number);

/* Another number whenever the document says something else about events. */
uint64_t status_events_generation(const struct status_document *d);

/* Are events on? Otherwise the document says nothing of them. */
bool status_has_events(const struct status_subject *s);

/* As this thread sees it now. */
struct status_document status_document_now(const struct api_passage *p);

/* Environments, in the order of the document. A snapshot may be NULL: just removed. */
size_t status_environment_count(const struct status_document *d);
const struct env_snapshot *status_environment_at(const struct status_document *d, size_t index);

bool status_is_connected(const struct status_document *d, const struct env_snapshot *env);

/* Unix time in ms until which, and including it, the big segments of the environment are not stale
 * (status.md 7); INT64_MAX: nothing can be said of them. */
int64_t status_segments_stale_after(const struct status_document *d,
                                    const struct env_snapshot *env);

/* Every environment is connected, its big segments are there, and the list is known
 * (status.md 10). */
bool status_is_healthy(const struct status_document *d);

/* status_json.c: one object of that shape. */
void status_write(const struct status_shape *shape, const struct status_subject *s,
                  struct str *out);

/* Is this row part of the document now? Scalars may still be absent. */
bool status_row_present(const struct status_row *row, const struct status_subject *s);

/* expect.c (status.md 14). True when the query has assertions: *code and `body` are the answer. */
bool expect_answer(struct view query, const struct status_shape *shape,
                   const struct status_subject *s, int *code, struct str *body);

/* expect_walk.c: one clause. */
enum expect_verdict {
    EXPECT_HOLDS = 200,
    EXPECT_FAILS = 412,
    EXPECT_CANNOT = 422,   /* cannot be evaluated against this document */
    EXPECT_MALFORMED = 400 /* cannot be parsed */
};

struct expect_result {
    enum expect_verdict verdict;
    struct view expected; /* meaningful when it was evaluated; part of the clause */
    bool has_actual;
    struct str actual;
    struct str problem; /* when it was not evaluated */
};

/* Release the two texts afterwards. */
void expect_clause_check(struct view clause, const struct status_shape *shape,
                         const struct status_subject *s, struct expect_result *out);

/* status_find.c (status.md 13), NULL when there is none: by client-side ID or configured name, with
 * or without (empty) a payload filter; by the name under which the document lists it. */
const struct env_snapshot *status_find(const struct status_document *d, struct view identifier,
                                       struct view filter);
const struct env_snapshot *status_find_listed(const struct status_document *d, struct view name);

#endif
