/* flags/pattern_machine.h - a pattern as an automaton that follows all ways at once, so that a
 * search takes time in proportion to the text whatever the pattern (evaluation.md 13.6).
 *
 *   PCRE2 text of pattern_translate() --pattern_program_make()--> steps --pattern_run()--> yes or
 * no
 *
 * PCRE2 is quicker on short texts and says what is in a class; see pattern.c for who does what.
 */
#ifndef FLAGS_PATTERN_MACHINE_H
#define FLAGS_PATTERN_MACHINE_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pattern_op {
    PATTERN_CODE,       /* one character: `a` */
    PATTERN_ANY,        /* any character */
    PATTERN_NO_NEWLINE, /* any but a line feed */
    PATTERN_SET,        /* one that set `a` has */
    PATTERN_FAIL,
    PATTERN_SPLIT, /* go on at `a` and at `b` */
    PATTERN_JUMP,  /* go on at `a` */
    PATTERN_TEXT_BEGIN,
    PATTERN_TEXT_END,
    PATTERN_LINE_BEGIN,
    PATTERN_LINE_END,
    PATTERN_WORD_EDGE,
    PATTERN_NO_WORD_EDGE,
    PATTERN_FOUND,
};

struct pattern_step {
    enum pattern_op op;
    uint32_t a;
    uint32_t b;
};

struct pattern_set;

struct pattern_program {
    struct pattern_step *steps;
    size_t count;
    size_t room;
    struct pattern_set *sets;
    size_t set_count;
    bool from_begin; /* it can be found at the beginning of a text only */
};

/* False when it would be too large. To be freed in either case. `text` is kept as a view. */
bool pattern_program_make(struct view text, struct pattern_program *out);
void pattern_program_free(struct pattern_program *p);

/* Is the character in the set? Not for use by two threads at once. */
bool pattern_set_has(struct pattern_program *p, size_t set, uint32_t code);

/* Is it found anywhere in the text? Takes from *work what it did; false when nothing is left. */
bool pattern_run(struct pattern_program *p, struct view text, size_t *work);

#endif
