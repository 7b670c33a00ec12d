/* api/expect_path.h - the path of an assertion (status.md 14.2), private to the room.
 *
 *   environments["a.b"].sdkKeys[0].value      member, member, member, index, member
 */
#ifndef API_EXPECT_PATH_H
#define API_EXPECT_PATH_H

#include "base/str.h"

#include <stdbool.h>

enum expect_step_kind { STEP_MEMBER, STEP_INDEX, STEP_FILTER };

/* Views point into the clause. */
struct expect_step {
    enum expect_step_kind kind;
    struct view name;  /* member; field of a filter */
    struct view value; /* of a filter */
    size_t index;
    struct view text; /* as it is written, brackets included */
};

/* Splits "path op value". False: `problem` is set, *malformed tells 400 from 422. */
bool expect_clause_split(struct view clause, struct view *path, bool *negated, struct view *value,
                         bool *malformed, struct str *problem);

/* Takes the next step off `path`. False at its end (`problem` empty) or when it cannot be parsed.
 */
bool expect_step_take(struct view *path, struct expect_step *out, struct str *problem);

/* Appends text for a message: '"' and '\\' escaped, control bytes as \x01. */
void expect_quote(struct str *out, struct view text);

#endif
