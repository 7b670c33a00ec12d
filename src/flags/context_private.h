/* flags/context_private.h - the inside of a context, for the files of flags/ only. */
#ifndef FLAGS_CONTEXT_PRIVATE_H
#define FLAGS_CONTEXT_PRIVATE_H

#include "flags/context.h"
#include "flags/reference.h"
#include "flags/value.h"

#define CONTEXT_USER "user"

/* Attributes by name: open addressing, at most half in use. Those that every context has ("kind",
 * "key", "anonymous", "name") are among them. A value of type JSON_NULL means there is none. */
struct attribute {
    struct name name; /* data is NULL: not in use */
    struct value value;
};

struct attributes {
    struct attribute *slots;
    size_t slot_count; /* 0 or a power of two */
    size_t used;
};

/* Sets an attribute; the last value of a name counts. The name must live as long as the arena. */
void attributes_set(struct attributes *a, struct arena *arena, struct view name,
                    const struct value *value);

/* NULL when there is none of this name. */
const struct value *attributes_find(const struct attributes *a, const struct name *name);

/* One individual context. */
struct context_part {
    struct view kind;
    struct view key;
    uint32_t key_hash;
    bool has_secondary; /* legacy users only */
    struct view secondary;
    struct attributes attributes;
};

struct context {
    struct arena arena;
    struct context_part *parts; /* sorted by kind */
    size_t part_count;          /* at least 1 */
    struct view source;         /* what OpenFeature sent; empty: it came from elsewhere */
};

/* The individual context of a kind, "" being user; NULL when there is none. */
const struct context_part *context_part_find(const struct context *c, struct view kind);

/* Resolves a valid reference (evaluation.md 3.5). NULL: no value. */
const struct value *context_part_resolve(const struct context_part *part,
                                         const struct reference *reference);

/* What the parsers of the schemas share. */
struct context_reading {
    struct json_reader json;
    struct arena *arena;
    struct str scratch;
    bool keys_only;    /* attributes are skipped */
    char problem[128]; /* semantic: what the client is told; empty while all is well */
};

/* False, with the problem set, unless the next value is of the type, or null where that is allowed.
 */
bool context_expect(struct context_reading *r, enum json_type type, bool null_ok);

/* Sets the problem unless there is one already. */
void context_fail(struct context_reading *r, const char *problem);

bool context_failed(const struct context_reading *r);

/* A string, or null where that is allowed; false when it was null or nothing could be read. */
bool context_read_text(struct context_reading *r, bool null_ok, struct view *out);

/* Reads any value into the attribute `name`, which is copied. */
void context_read_attribute(struct context_reading *r, struct attributes *attributes,
                            struct view name);

/* An array of strings, or null, which are checked and forgotten. */
void context_skip_texts(struct context_reading *r);

/* Single-kind context, also inside a multi-kind one, where `outer_kind` is the property's name. */
void context_part_read(struct context_reading *r, struct view outer_kind, struct context_part *out);

/* Legacy user. */
void context_user_read(struct context_reading *r, struct context_part *out);

/* The kind is allowed and the key not empty; sets the problem otherwise. */
void context_part_check(struct context_reading *r, const struct context_part *part);

/* A further individual context, empty. Pointers to earlier ones are no longer valid. */
struct context_part *context_part_add(struct context *c);

/* All parts of a multi-kind context are there: sorts them, and sets a problem unless there is at
 * least one and each kind only once. */
void context_multi_check(struct context_reading *r, struct context *c);

/* Reads a whole text with `read`, which may set more in the reading. NULL with *err set when that,
 * or anything else, fails. */
struct context *context_read_whole(struct view json,
                                   void (*read)(struct context_reading *r, struct context *c),
                                   struct error *err);

/* Puts the attributes that every context has beside the others. */
void context_part_finish(struct context_reading *r, struct context_part *part, bool anonymous,
                         bool has_name, struct view name);

#endif
