/* flags/reference.c - see reference.h. */
#include "flags/reference.h"

const char *reference_problem_text(enum reference_problem problem)
{
    static const char *const texts[] = {
        [REFERENCE_VALID] = "",
        [REFERENCE_UNDEFINED] = "attribute reference cannot be empty",
        [REFERENCE_EMPTY] = "attribute reference cannot be empty",
        [REFERENCE_EMPTY_PART] = "attribute reference contained a double slash or a trailing slash",
        [REFERENCE_BAD_ESCAPE] = ("attribute reference contained an escape character (~) that "
                                  "was not followed by 0 or 1"),
    };
    return texts[problem];
}

/* "a~1b" to "a/b", "~0" to "~". */
static enum reference_problem part_decode(struct arena *arena, struct view raw, struct view *out)
{
    *out = raw;
    if (raw.len == 0)
        return REFERENCE_EMPTY_PART;
    if (memchr(raw.data, '~', raw.len) == NULL)
        return REFERENCE_VALID;
    char *text = arena_alloc(arena, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        if (c == '~') {
            if (++i == raw.len || (raw.data[i] != '0' && raw.data[i] != '1'))
                return REFERENCE_BAD_ESCAPE;
            c = raw.data[i] == '0' ? '~' : '/';
        }
        text[len++] = c;
    }
    *out = view_make(text, len);
    return REFERENCE_VALID;
}

/* The text up to the next '/', which goes as well. */
static struct view part_take(struct view *path)
{
    const char *slash = memchr(path->data, '/', path->len);
    size_t len = slash != NULL ? (size_t)(slash - path->data) : path->len;
    struct view part = view_make(path->data, len);
    *path = view_from(*path, slash != NULL ? len + 1 : len);
    return part;
}

/* "address/city": the first part is the attribute, the others lead into it. */
static enum reference_problem path_parse(struct arena *arena, struct view path,
                                         struct reference *out)
{
    struct view *inner = NULL;
    bool more = true;
    for (bool first = true; more; first = false) {
        struct view part;
        more = memchr(path.data, '/', path.len) != NULL;
        enum reference_problem problem = part_decode(arena, part_take(&path), &part);
        if (problem != REFERENCE_VALID)
            return problem;
        if (first) {
            out->name = name_of(part);
        } else {
            inner = arena_extend(arena, inner, out->inner_count, sizeof *inner);
            inner[out->inner_count++] = part;
        }
    }
    out->inner = inner;
    return REFERENCE_VALID;
}

struct reference reference_parse(struct arena *arena, struct view text, bool as_path)
{
    struct reference reference = {.problem = REFERENCE_VALID};
    if (text.len == 0)
        reference.problem = REFERENCE_UNDEFINED;
    else if (!as_path || text.data[0] != '/')
        reference.name = name_of(text);
    else if (text.len == 1)
        reference.problem = REFERENCE_EMPTY;
    else
        reference.problem = path_parse(arena, view_from(text, 1), &reference);
    if (reference.problem != REFERENCE_VALID)
        reference.name = name_of(text);
    return reference;
}
