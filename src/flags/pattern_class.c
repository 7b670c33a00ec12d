/* flags/pattern_class.c - classes of patterns: "[a-z\d[:punct:]]", \w, \p{Greek}. */
#include "base/mem.h"
#include "flags/pattern_names.h"
#include "flags/pattern_private.h"

#define SURROGATE_FIRST 0xD800
#define SURROGATE_LAST 0xDFFF

/* The letters outside of ASCII whose other case is an ASCII letter: the long s and the Kelvin sign.
 */
#define FOLDED_LETTERS "\\x{17f}\\x{212a}"

/* ASCII only, and \s without the vertical tab. The complements are for use within a class; PCRE2's
 * own \S lacks the vertical tab. Ranges up to the last character take PCRE2 milliseconds when
 * letter case does not matter. */
static const struct {
    char letter;
    const char *members;
    const char *complement;
    const char *folded_complement; /* when letter case does not matter */
} perl_classes[] = {
    {'d', "0-9", "\\D", "\\D"},
    {'s', "\\x{9}\\x{a}\\x{c}\\x{d}\\x{20}", "\\S\\x{b}", "\\S\\x{b}"},
    {'w', "0-9A-Za-z_", "\\W",
     "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{17e}\\x{180}-\\x{2129}"
     "\\x{212b}-\\x{10ffff}"},
};

/* Members of a class while it is read. */
struct members {
    struct str text;
    bool negative; /* of a single escape: what the members are not */
};

static bool perl_class_take(struct pattern_cursor *c, bool in_class, bool fold, struct members *out)
{
    char letter = pattern_peek_at(c, 1);
    for (size_t i = 0; i < ARRAY_LEN(perl_classes); i++) {
        bool negative = letter == (char)(perl_classes[i].letter - 'a' + 'A');
        if (letter != perl_classes[i].letter && !negative)
            continue;
        c->at += 2;
        if (!in_class)
            out->negative = negative;
        const char *complement =
            fold ? perl_classes[i].folded_complement : perl_classes[i].complement;
        str_append_text(&out->text, negative && in_class ? complement : perl_classes[i].members);
        return true;
    }
    return false;
}

/* "L" or "{Greek}" or "{^Greek}"; sets *negative for the last. */
static struct view name_take(struct pattern_cursor *c, bool *negative)
{
    const char *start = c->at;
    if (!pattern_take(c, "{")) {
        (void)pattern_take_code(c);
        return view_make(start, (size_t)(c->at - start));
    }
    if (pattern_take(c, "^"))
        *negative = !*negative;
    start = c->at;
    while (!c->failed && pattern_peek(c) != '}')
        (void)pattern_take_code(c);
    struct view name = view_make(start, (size_t)(c->at - start));
    (void)pattern_take(c, "}");
    return name;
}

/* "Other" is without unassigned code points in Go, with them in PCRE2. */
static void unicode_class_write(struct view name, bool negative, bool fold, struct str *out)
{
    if (view_is(name, "C"))
        str_append_text(out, negative ? "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{Cn}"
                                      : "\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}");
    else if (fold && negative && (view_is(name, "Lu") || view_is(name, "Ll")))
        str_append_text(out, "\\p{Lm}\\p{Lo}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}");
    else
        str_append_format(out, "\\%c{%.*s}", negative ? 'P' : 'p', VIEW_ARGS(name));
    if (fold && !negative)
        str_append_text(out, pattern_name_folded(name));
}

static bool unicode_class_take(struct pattern_cursor *c, bool in_class, bool fold,
                               struct members *out)
{
    char letter = pattern_peek_at(c, 1);
    if (letter != 'p' && letter != 'P')
        return false;
    c->at += 2;
    bool negative = letter == 'P';
    struct view name = name_take(c, &negative);
    if (c->failed || !pattern_name_is_known(name)) {
        c->failed = true;
        return true;
    }
    if (!in_class)
        out->negative = negative;
    unicode_class_write(name, negative && in_class, fold, &out->text);
    return true;
}

static bool class_escape_take(struct pattern_cursor *c, bool in_class, bool fold,
                              struct members *out)
{
    if (pattern_peek(c) != '\\')
        return false;
    return perl_class_take(c, in_class, fold, out) || unicode_class_take(c, in_class, fold, out);
}

/* Nothing can be in an empty class, anything in its complement. */
static void class_write(const struct members *m, bool negative, struct str *out)
{
    if (m->text.len == 0)
        str_append_text(out, negative ? "." : "(?!)");
    else
        str_append_format(out, "[%s%s]", negative ? "^" : "", str_text(&m->text));
}

bool pattern_take_class_escape(struct pattern_cursor *c, bool fold, struct str *out)
{
    struct members m = {.negative = false};
    bool taken = class_escape_take(c, false, fold, &m);
    if (taken)
        class_write(&m, m.negative, out);
    str_free(&m.text);
    return taken;
}

/* "[:alpha:]" and "[:^alpha:]" are the same in both; without ":]" the bracket is a character. */
static bool named_class_take(struct pattern_cursor *c, bool fold, struct members *m)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
                                        "digit", "graph", "lower", "print", "punct",
                                        "space", "upper", "word",  "xdigit"};
    size_t left = (size_t)(c->end - c->at);
    if (pattern_peek(c) != '[' || pattern_peek_at(c, 1) != ':')
        return false;
    const char *close = memmem(c->at + 2, left - 2, ":]", 2);
    if (close == NULL)
        return false;
    struct view name = view_make(c->at + 2, (size_t)(close - c->at - 2));
    struct view bare = name.len != 0 && name.data[0] == '^' ? view_from(name, 1) : name;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        known = known || view_is(bare, names[i]);
    str_append_format(&m->text, "[:%.*s:]", VIEW_ARGS(name));
    if (fold && (view_is(name, "alpha") || view_is(name, "alnum") || view_is(name, "word")))
        str_append_text(&m->text, FOLDED_LETTERS);
    c->failed = !known;
    c->at = close + 2;
    return true;
}

static uint32_t class_code_take(struct pattern_cursor *c)
{
    return pattern_take(c, "\\") ? pattern_take_escape(c) : pattern_take_code(c);
}

/* Surrogates at the ends are cut off: no text has them. */
static void range_write(uint32_t low, uint32_t high, struct str *out)
{
    if (pattern_is_surrogate(low))
        low = SURROGATE_LAST + 1;
    if (pattern_is_surrogate(high))
        high = SURROGATE_FIRST - 1;
    if (low > high)
        return;
    pattern_write_code(out, low);
    if (high == low)
        return;
    str_append_char(out, '-');
    pattern_write_code(out, high);
}

/* A character, or a range of them. A '-' before the closing bracket is a character. */
static void range_take(struct pattern_cursor *c, struct members *m)
{
    uint32_t low = class_code_take(c);
    uint32_t high = low;
    if (pattern_peek(c) == '-' && pattern_peek_at(c, 1) != ']' && c->end - c->at >= 2) {
        c->at++;
        high = class_code_take(c);
    }
    if (high < low)
        c->failed = true;
    if (!c->failed)
        range_write(low, high, &m->text);
}

void pattern_take_class(struct pattern_cursor *c, bool fold, struct str *out)
{
    struct members m = {.negative = pattern_take(c, "^")};
    for (bool first = true; !c->failed && (first || pattern_peek(c) != ']'); first = false) {
        if (c->at == c->end)
            c->failed = true;
        else if (!named_class_take(c, fold, &m) && !class_escape_take(c, true, fold, &m))
            range_take(c, &m);
    }
    (void)pattern_take(c, "]");
    class_write(&m, m.negative, out);
    str_free(&m.text);
}
