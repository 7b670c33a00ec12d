/* flags/model_reader.h - JSON objects into structs by tables: one row per property.
 *
 * Repeated properties follow evaluation.md 2.1: the last scalar wins, arrays are joined. Where a
 * row allows null, null is the same as leaving the property out.
 */
#ifndef FLAGS_MODEL_READER_H
#define FLAGS_MODEL_READER_H

#include "base/json_reader.h"
#include "flags/model.h"

struct model_reader {
    struct json_reader json;
    struct arena *arena;
    struct str scratch; /* the string being decoded */
};

/* Property `name` is read by `read` into the member `at` bytes from the start of its struct. */
struct model_property {
    struct view name;
    void (*read)(struct model_reader *m, void *field);
    size_t at;
};

#define MODEL_PROPERTY(property, reader, type, member)                                             \
    {                                                                                              \
        .name = {(property), sizeof(property) - 1}, .read = (reader), .at = offsetof(type, member) \
    }

struct model_properties {
    const struct model_property *rows;
    size_t count;
};

#define MODEL_PROPERTIES(array)                                                                    \
    {                                                                                              \
        .rows = (array), .count = ARRAY_LEN(array)                                                 \
    }

/* One object; properties without a row are skipped. */
void model_read_object(struct model_reader *m, const struct model_properties *properties,
                       void *object);

/* A whole text that is one such object. False with *err set. */
MUST_CHECK bool model_parse(struct view json, struct arena *arena,
                            const struct model_properties *properties, void *object,
                            struct error *err);

/* An array of objects of `item_size` bytes; with `null_ok` null is an empty one. */
void model_read_objects(struct model_reader *m, const struct model_properties *properties,
                        size_t item_size, bool null_ok, struct model_list *list);

/* Readers of single members, for rows. */
void model_read_bool(struct model_reader *m, void *field);             /* bool */
void model_read_int(struct model_reader *m, void *field);              /* int64_t */
void model_read_int_or_null(struct model_reader *m, void *field);      /* int64_t, null is 0 */
void model_read_optional(struct model_reader *m, void *field);         /* struct model_int */
void model_read_optional_or_null(struct model_reader *m, void *field); /* struct model_int */
void model_read_text(struct model_reader *m, void *field);             /* struct view */
void model_read_text_or_null(struct model_reader *m, void *field);     /* struct view, null is "" */
void model_read_texts_or_null(struct model_reader *m, void *field);    /* list of struct view */
void model_read_raws_or_null(struct model_reader *m, void *field);     /* list of struct view */
void model_read_clauses(struct model_reader *m, void *field);          /* list of model_clause */

#endif
