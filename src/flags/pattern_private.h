/* flags/pattern_private.h - what the files that translate patterns share. */
#ifndef FLAGS_PATTERN_PRIVATE_H
#define FLAGS_PATTERN_PRIVATE_H

#include "base/str.h"

/* A place in an RE2 text, which is valid UTF-8. Remembers failure. */
struct pattern_cursor {
    const char *at;
    const char *end;
    bool failed;
};

/* The next byte, without consuming it; 0 at the end. */
static inline char pattern_peek(const struct pattern_cursor *c)
{
    if (c->failed || c->at == c->end)
        return '\0';
    return *c->at;
}

/* The byte `ahead` bytes on; 0 at the end. */
static inline char pattern_peek_at(const struct pattern_cursor *c, size_t ahead)
{
    if (c->failed || (size_t)(c->end - c->at) <= ahead)
        return '\0';
    return c->at[ahead];
}

/* Consumes `text` when it comes next. */
bool pattern_take(struct pattern_cursor *c, const char *text);

/* One code point; fails at the end. */
uint32_t pattern_take_code(struct pattern_cursor *c);

/* What a backslash (consumed) and what follows stand for as one character: "n", "x{1f600}", ".";
 * fails for everything else. */
uint32_t pattern_take_escape(struct pattern_cursor *c);

/* Appends a character that stands for itself in or outside of a class. */
void pattern_write_code(struct str *out, uint32_t code);

/* Is it half of a surrogate pair? No text has one, and PCRE2 refuses to look for it. */
static inline bool pattern_is_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDFFF;
}

/* A class that a single escape stands for: \d and the like, \pL, \p{Greek}. Appends it as a class
 * of its own; false, and nothing consumed, when no such escape comes next. */
bool pattern_take_class_escape(struct pattern_cursor *c, bool fold, struct str *out);

/* A class in brackets, of which the '[' is consumed. `fold`: letter case does not matter. */
void pattern_take_class(struct pattern_cursor *c, bool fold, struct str *out);

#endif
