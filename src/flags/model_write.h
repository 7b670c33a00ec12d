/* flags/model_write.h - canonical text of what flags and segments have in common. */
#ifndef FLAGS_MODEL_WRITE_H
#define FLAGS_MODEL_WRITE_H

#include "base/json_writer.h"
#include "flags/model.h"

/* Each appends one property, with the comma before it. */
void model_write_texts(struct str *out, bool *first, const char *name,
                       const struct model_list *texts);
void model_write_raws(struct str *out, bool *first, const char *name,
                      const struct model_list *raws);
void model_write_clauses(struct str *out, bool *first, const struct model_list *clauses);

/* An array of objects: `write` appends the members of one, the braces are put around them. */
typedef void model_members_write(struct str *out, bool *first, const void *item);
void model_write_objects(struct str *out, bool *first, const char *name,
                         const struct model_list *list, size_t item_size,
                         model_members_write *write);

/* Only when it is defined, true, or not empty. */
void model_write_optional(struct str *out, bool *first, const char *name,
                          const struct model_int *value);
void model_write_bool_if_true(struct str *out, bool *first, const char *name, bool value);
void model_write_text_if_any(struct str *out, bool *first, const char *name, struct view value);

/* The number, or null when it is undefined. */
void model_write_int_or_null(struct str *out, bool *first, const char *name,
                             const struct model_int *value);

#endif
