/* source/text_place.h - from an offset in JSON text to the line and column a person sees. Pure.
 *
 * For a JSON file the text is the file itself. For a YAML file it was made from the file, and a
 * list of marks says where each part of it came from.
 */
#ifndef SOURCE_TEXT_PLACE_H
#define SOURCE_TEXT_PLACE_H

#include "base/view.h"

struct text_place {
    size_t line;   /* from 1 */
    size_t column; /* from 1, in characters */
};

struct text_mark {
    size_t offset; /* in the JSON text */
    struct text_place place;
};

/* Offsets rise. `struct text_marks m = {0};` is an empty list. */
struct text_marks {
    struct text_mark *marks;
    size_t count;
    size_t room;
};

void text_marks_add(struct text_marks *m, size_t offset, struct text_place place);
void text_marks_free(struct text_marks *m);

/* The place of the last mark at or before `offset`; line 1, column 1 when there is none. */
struct text_place text_marks_find(const struct text_marks *m, size_t offset);

/* By counting lines and UTF-8 characters in the text itself. */
struct text_place text_place_of(struct view text, size_t offset);

#endif
