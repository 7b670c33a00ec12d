/* flags/reference.h - how a clause or rollout names an attribute (evaluation.md 2.2, 3.5). */
#ifndef FLAGS_REFERENCE_H
#define FLAGS_REFERENCE_H

#include "flags/name.h"

/* Why a reference is none; REFERENCE_VALID when it is one. */
enum reference_problem {
    REFERENCE_VALID,
    REFERENCE_UNDEFINED,  /* there is no attribute name at all */
    REFERENCE_EMPTY,      /* "/" */
    REFERENCE_EMPTY_PART, /* "//", "/a/" */
    REFERENCE_BAD_ESCAPE  /* "~" without 0 or 1 behind it */
};

struct reference {
    enum reference_problem problem;
    uint32_t inner_count;
    struct name name;         /* the attribute; of an invalid reference all of its text */
    const struct view *inner; /* names of properties within it, from the outside to the inside */
};

/* `as_path`: the context kind beside the attribute is set, so a leading '/' begins a path;
 * otherwise the text is a plain name. Views of `text` are kept, which must live as long as the
 * arena. */
struct reference reference_parse(struct arena *arena, struct view text, bool as_path);

/* A sentence, e.g. "attribute reference cannot be empty". */
const char *reference_problem_text(enum reference_problem problem);

#endif
