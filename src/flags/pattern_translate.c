/* flags/pattern_translate.c - from Go's regular expressions to PCRE2's, where both mean the same
 * (evaluation.md 13.6).
 *
 * One pass over the text. Everything is written in the form that leaves PCRE2 no choice: characters
 * by number, anchors with their mode, classes with their members. Groups are plain parentheses,
 * which do not capture with PCRE2_NO_AUTO_CAPTURE. What is written last, the atom, is remembered,
 * because a repetition may have to put it into a group first.
 */
#include "flags/pattern.h"
#include "flags/pattern_private.h"

#define REPEAT_MAX 1000
#define DEPTH_MAX 999
/* Repetitions of repetitions of long groups would cost quadratic time. */
#define WRAPPED_MAX ((size_t)1 << 20)

struct flags {
    bool fold;       /* i: letter case does not matter */
    bool multi_line; /* m */
    bool dot_all;    /* s */
};

/* An open group. */
struct level {
    size_t group_at; /* in the output */
    struct flags flags;
    bool fold_written;
    unsigned repeat; /* the largest product of repetitions within */
};

struct translation {
    struct pattern_cursor in;
    struct str *out;
    struct flags flags;
    bool fold_written; /* what the output has said of `flags.fold` at this place */
    bool has_atom;
    size_t atom_at;       /* in the output */
    bool atom_is_anchor;  /* or repeated: it needs a group before it can be repeated (again) */
    unsigned atom_repeat; /* product of the repetitions within it */
    bool repeated;        /* the last thing was a repetition */
    unsigned repeat;      /* the largest product in this group so far */
    size_t wrapped;       /* bytes that were put into groups */
    struct level *levels; /* DEPTH_MAX of them */
    size_t depth;
};

static void fold_flush(struct translation *t)
{
    if (t->flags.fold == t->fold_written)
        return;
    str_append_text(t->out, t->flags.fold ? "(?i)" : "(?-i)");
    t->fold_written = t->flags.fold;
}

/* What is written from here on is one atom. */
static void atom_begin(struct translation *t, bool anchor)
{
    fold_flush(t);
    t->has_atom = true;
    t->atom_at = t->out->len;
    t->atom_is_anchor = anchor;
    t->atom_repeat = 1;
}

static void code_write(struct translation *t, uint32_t code)
{
    atom_begin(t, false);
    if (pattern_is_surrogate(code))
        str_append_text(t->out, "(?!)");
    else
        pattern_write_code(t->out, code);
}

static void atom_write(struct translation *t, const char *atom)
{
    atom_begin(t, false);
    str_append_text(t->out, atom);
}

static void anchor_write(struct translation *t, const char *anchor)
{
    atom_begin(t, true);
    str_append_text(t->out, anchor);
}

/* Puts the last atom into a group of its own. */
static void atom_wrap(struct translation *t)
{
    size_t len = t->out->len - t->atom_at;
    t->wrapped += len;
    if (t->wrapped > WRAPPED_MAX)
        t->in.failed = true;
    str_append_text(t->out, "))");
    char *atom = t->out->data + t->atom_at;
    memmove(atom + 1, atom, len);
    atom[0] = '(';
}

/* Digits without superfluous zero; more than eight of them are as good as too many. False when
 * there are none. */
static bool count_take(struct pattern_cursor *c, unsigned *out)
{
    const char *start = c->at;
    unsigned number = 0;
    while (pattern_peek(c) >= '0' && pattern_peek(c) <= '9') {
        number = number < 100000000 ? number * 10 + (unsigned)(*c->at - '0') : number;
        c->at++;
    }
    *out = number;
    return c->at > start && (*start != '0' || c->at == start + 1);
}

/* "{2}", "{2,}", "{2,5}": false, and nothing consumed, when it is none, so that '{' is a character.
 * `most` is 0 for "{2,}" when least is 0, else least. */
static bool braces_take(struct pattern_cursor *c, unsigned *least, unsigned *most)
{
    const char *start = c->at;
    bool open = false;
    bool ok = pattern_take(c, "{") && count_take(c, least);
    *most = *least;
    if (ok && pattern_take(c, ",")) {
        open = pattern_peek(c) == '}';
        ok = open || count_take(c, most);
    }
    ok = ok && pattern_take(c, "}");
    if (!ok)
        c->at = start;
    else if (*least > REPEAT_MAX || *most > REPEAT_MAX || (!open && *least > *most))
        c->failed = true;
    return ok;
}

/* The repetition that comes next, with its limits; an empty view when none does. */
static struct view repeat_take(struct translation *t, unsigned *least, unsigned *most)
{
    const char *start = t->in.at;
    *least = 0;
    *most = 0;
    if (!pattern_take(&t->in, "*") && !pattern_take(&t->in, "+") && !pattern_take(&t->in, "?") &&
        !(pattern_peek(&t->in) == '{' && braces_take(&t->in, least, most)))
        return view_make("", 0);
    struct view text = view_make(start, (size_t)(t->in.at - start));
    (void)pattern_take(&t->in, "?"); /* for yes or no it does not matter how much is taken */
    return text;
}

static void repeat_write(struct translation *t, struct view text, unsigned least, unsigned most)
{
    if (!t->has_atom || t->repeated) {
        t->in.failed = true;
        return;
    }
    if (t->atom_is_anchor)
        atom_wrap(t);
    str_append(t->out, text);
    t->atom_repeat *= most > 0 ? most : 1;
    if (t->atom_repeat > REPEAT_MAX && (least >= 2 || most >= 2))
        t->in.failed = true;
    t->atom_is_anchor = true;
    t->repeated = true;
}

/* The atom is followed by something else than a repetition. */
static void atom_end(struct translation *t)
{
    if (t->has_atom && t->atom_repeat > t->repeat)
        t->repeat = t->atom_repeat;
    t->repeated = false;
}

static void group_open(struct translation *t)
{
    if (t->depth == DEPTH_MAX) {
        t->in.failed = true;
        return;
    }
    fold_flush(t);
    t->levels[t->depth++] = (struct level){.group_at = t->out->len,
                                           .flags = t->flags,
                                           .fold_written = t->fold_written,
                                           .repeat = t->repeat};
    str_append_char(t->out, '(');
    t->has_atom = false;
    t->repeat = 1;
}

static void group_close(struct translation *t)
{
    if (t->depth == 0) {
        t->in.failed = true;
        return;
    }
    struct level *level = &t->levels[--t->depth];
    str_append_char(t->out, ')');
    t->atom_repeat = t->repeat;
    t->repeat = level->repeat;
    t->flags = level->flags;
    t->fold_written = level->fold_written;
    t->has_atom = true;
    t->atom_at = level->group_at;
    t->atom_is_anchor = false;
}

/* Behind "(?<" or "(?P<": a name that nobody can refer to. */
static void group_name_skip(struct translation *t)
{
    const char *start = t->in.at;
    char c = pattern_peek(&t->in);
    while ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') {
        t->in.at++;
        c = pattern_peek(&t->in);
    }
    if (t->in.at == start || !pattern_take(&t->in, ">"))
        t->in.failed = true;
}

static bool flag_set(struct flags *flags, char letter, bool value)
{
    if (letter == 'i')
        flags->fold = value;
    else if (letter == 'm')
        flags->multi_line = value;
    else if (letter == 's')
        flags->dot_all = value;
    return letter == 'i' || letter == 'm' || letter == 's' || letter == 'U';
}

/* Behind "(?": flags, then ':' for a group or ')' for the rest of the present one. */
static void flags_take(struct translation *t)
{
    struct flags flags = t->flags;
    bool value = true;
    bool any = true; /* a '-' must be followed by one */
    for (;;) {
        char c = pattern_peek(&t->in);
        t->in.at += c != '\0';
        if (c == '-' && value) {
            value = false;
            any = false;
        } else if ((c == ':' || c == ')') && any) {
            if (c == ':')
                group_open(t);
            t->flags = flags;
            return;
        } else if (flag_set(&flags, c, value)) {
            any = true;
        } else {
            t->in.failed = true;
            return;
        }
    }
}

/* Behind '('. */
static void group_take(struct translation *t)
{
    if (pattern_take(&t->in, "?P<") || pattern_take(&t->in, "?<")) {
        group_name_skip(t);
        group_open(t);
    } else if (pattern_take(&t->in, "?")) {
        flags_take(t);
    } else {
        group_open(t);
    }
}

/* Behind "\Q": characters up to "\E" or the end. */
static void quoted_take(struct translation *t)
{
    while (!t->in.failed && t->in.at < t->in.end && !pattern_take(&t->in, "\\E")) {
        code_write(t, pattern_take_code(&t->in));
        atom_end(t);
    }
}

static void escape_take(struct translation *t)
{
    static const struct {
        const char *re2;
        const char *pcre2;
    } anchors[] = {{"\\A", "\\A"}, {"\\z", "\\z"}, {"\\b", "\\b"}, {"\\B", "\\B"}};
    for (size_t i = 0; i < ARRAY_LEN(anchors); i++) {
        if (pattern_take(&t->in, anchors[i].re2)) {
            anchor_write(t, anchors[i].pcre2);
            return;
        }
    }
    if (pattern_take(&t->in, "\\Q")) {
        quoted_take(t);
        return;
    }
    fold_flush(t);
    size_t at = t->out->len;
    if (pattern_take_class_escape(&t->in, t->flags.fold, t->out)) {
        atom_begin(t, false);
        t->atom_at = at;
        return;
    }
    t->in.at++;
    code_write(t, pattern_take_escape(&t->in));
}

static void class_take(struct translation *t)
{
    atom_begin(t, false);
    pattern_take_class(&t->in, t->flags.fold, t->out);
}

static void alternative_begin(struct translation *t)
{
    fold_flush(t);
    str_append_char(t->out, '|');
    t->has_atom = false;
}

/* Anything but a repetition. */
static void token_take(struct translation *t)
{
    if (pattern_peek(&t->in) == '\\')
        escape_take(t);
    else if (pattern_take(&t->in, "("))
        group_take(t);
    else if (pattern_take(&t->in, ")"))
        group_close(t);
    else if (pattern_take(&t->in, "|"))
        alternative_begin(t);
    else if (pattern_take(&t->in, "["))
        class_take(t);
    else if (pattern_take(&t->in, "^"))
        anchor_write(t, t->flags.multi_line ? "(?m:^)" : "\\A");
    else if (pattern_take(&t->in, "$"))
        anchor_write(t, t->flags.multi_line ? "(?m:$)" : "\\z");
    else if (pattern_take(&t->in, "."))
        atom_write(t, t->flags.dot_all ? "." : "\\N");
    else
        code_write(t, pattern_take_code(&t->in));
}

bool pattern_translate(struct view re2, struct str *out)
{
    const char *text = re2.len != 0 ? re2.data : "";
    struct translation t = {.in = {.at = text, .end = text + re2.len},
                            .out = out,
                            .repeat = 1,
                            .levels = mem_alloc(DEPTH_MAX * sizeof(struct level))};
    while (!t.in.failed && t.in.at < t.in.end) {
        unsigned least;
        unsigned most;
        struct view repeat = repeat_take(&t, &least, &most);
        if (repeat.len != 0) {
            repeat_write(&t, repeat, least, most);
        } else if (!t.in.failed) {
            atom_end(&t);
            token_take(&t);
        }
    }
    mem_free(t.levels);
    return !t.in.failed && t.depth == 0;
}
