/* flags/pattern_machine.c - see pattern_machine.h: from PCRE2 text to the steps of an automaton.
 *
 * The text is what pattern_translate() writes: characters by number, classes with their members,
 * anchors with their mode, plain groups. What is repeated is read as often as it is needed.
 */
#include "flags/pattern_machine.h"

#include "base/utf8.h"
#include "flags/pattern_private.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX 20000
#define SETS_MAX 1000
#define DEPTH_MAX 200
#define ASCII 128

struct pattern_set {
    const char *text; /* where it stands, which with `fold` says which one it is */
    bool fold;
    unsigned char known[ASCII]; /* 0: not asked yet; 1: no; 2: yes */
    pcre2_code *code;
    pcre2_match_data *data;
};

/* Steps are written to `out` while the text is read. */
struct making {
    struct pattern_cursor in;
    struct pattern_program *out;
    size_t depth;
};

/* ---- steps ----------------------------------------------------------------------------------- */

static size_t step_add(struct making *m, enum pattern_op op, size_t a, size_t b)
{
    struct pattern_program *p = m->out;
    if (p->count == STEPS_MAX)
        m->in.failed = true;
    if (m->in.failed)
        return 0;
    if (p->count == p->room) {
        p->room = p->room != 0 ? p->room * 2 : 32;
        p->steps = mem_realloc(p->steps, p->room * sizeof *p->steps);
    }
    p->steps[p->count] = (struct pattern_step){.op = op, .a = (uint32_t)a, .b = (uint32_t)b};
    return p->count++;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static pcre2_code *set_compile(struct view text, bool fold)
{
    int problem;
    PCRE2_SIZE place;
    uint32_t options =
        PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_DOTALL | PCRE2_ANCHORED | (fold ? PCRE2_CASELESS : 0);
    return pcre2_compile((PCRE2_SPTR)text.data, text.len, options, &problem, &place, NULL);
}

/* The set that one character or class of the text stands for; made when it is not there yet. */
static size_t set_find(struct making *m, struct view text, bool fold)
{
    struct pattern_program *p = m->out;
    for (size_t i = 0; i < p->set_count; i++) {
        if (p->sets[i].text == text.data && p->sets[i].fold == fold)
            return i;
    }
    if (p->set_count == SETS_MAX || m->in.failed) {
        m->in.failed = true;
        return 0;
    }
    p->sets = mem_realloc(p->sets, (p->set_count + 1) * sizeof *p->sets);
    struct pattern_set *set = &p->sets[p->set_count++];
    *set = (struct pattern_set){.text = text.data, .fold = fold, .code = set_compile(text, fold)};
    set->data = set->code != NULL ? pcre2_match_data_create(1, NULL) : NULL;
    if (set->code == NULL)
        m->in.failed = true;
    return p->set_count - 1;
}

static bool set_ask(const struct pattern_set *set, uint32_t code)
{
    char text[4];
    size_t len = utf8_encode(code, text);
    return pcre2_match(set->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_UTF_CHECK, set->data, NULL) >=
           0;
}

bool pattern_set_has(struct pattern_program *p, size_t at, uint32_t code)
{
    struct pattern_set *set = &p->sets[at];
    if (code >= ASCII)
        return set_ask(set, code);
    if (set->known[code] == 0)
        set->known[code] = set_ask(set, code) ? 2 : 1;
    return set->known[code] == 2;
}

/* ---- atoms ----------------------------------------------------------------------------------- */

static void class_skip(struct pattern_cursor *c)
{
    while (!c->failed && !pattern_take(c, "]")) {
        bool named = pattern_take(c, "[:");
        while (named && !c->failed && !pattern_take(c, ":]"))
            (void)pattern_take_code(c);
        if (!named)
            (void)pattern_take_code(c);
    }
}

static void braces_skip(struct pattern_cursor *c)
{
    while (!c->failed && !pattern_take(c, "}"))
        (void)pattern_take_code(c);
}

/* Anything that is no group. */
static void item_skip(struct pattern_cursor *c)
{
    if (pattern_take(c, "["))
        class_skip(c);
    else if (pattern_take(c, "\\x{"))
        braces_skip(c);
    else {
        (void)pattern_take(c, "\\");
        (void)pattern_take_code(c);
    }
}

static void atom_skip(struct pattern_cursor *c)
{
    size_t open = 0;
    do {
        if (pattern_take(c, "("))
            open++;
        else if (pattern_take(c, ")"))
            open--;
        else
            item_skip(c);
    } while (open != 0 && !c->failed);
}

static uint32_t number_take(struct pattern_cursor *c, unsigned base, const char *end)
{
    uint32_t number = 0;
    while (!c->failed && !pattern_take(c, end)) {
        char digit = pattern_peek(c);
        if (base == 10 && (digit < '0' || digit > '9'))
            break;
        c->at++;
        number = number * base + (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return number;
}

static bool has_case(uint32_t code)
{
    return code >= ASCII || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/* A character or a class. */
static void item_make(struct making *m, bool fold)
{
    const char *start = m->in.at;
    item_skip(&m->in);
    struct view text = view_make(start, (size_t)(m->in.at - start));
    struct pattern_cursor c = {.at = start, .end = m->in.at};
    if (m->in.failed)
        return;
    uint32_t code = pattern_take(&c, "\\x{") ? number_take(&c, 16, "}") : (unsigned char)*start;
    if (*start == '[' || (fold && has_case(code)))
        (void)step_add(m, PATTERN_SET, set_find(m, text, fold), 0);
    else
        (void)step_add(m, PATTERN_CODE, code, 0);
}

static void group_make(struct making *m, bool fold);

static void atom_make(struct making *m, bool fold)
{
    static const struct {
        const char *text;
        enum pattern_op op;
    } fixed[] = {
        {"(?!)", PATTERN_FAIL},        {"(?m:^)", PATTERN_LINE_BEGIN}, {"(?m:$)", PATTERN_LINE_END},
        {"\\A", PATTERN_TEXT_BEGIN},   {"\\z", PATTERN_TEXT_END},      {"\\b", PATTERN_WORD_EDGE},
        {"\\B", PATTERN_NO_WORD_EDGE}, {"\\N", PATTERN_NO_NEWLINE},    {".", PATTERN_ANY},
    };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (pattern_take(&m->in, fixed[i].text)) {
            (void)step_add(m, fixed[i].op, 0, 0);
            return;
        }
    }
    if (pattern_take(&m->in, "("))
        group_make(m, fold);
    else
        item_make(m, fold);
}

/* ---- repetitions ----------------------------------------------------------------------------- */

struct repetition {
    unsigned least;
    unsigned most; /* if not without limit */
    bool unlimited;
};

static struct repetition repetition_take(struct pattern_cursor *c)
{
    if (pattern_take(c, "*"))
        return (struct repetition){.unlimited = true};
    if (pattern_take(c, "+"))
        return (struct repetition){.least = 1, .unlimited = true};
    if (pattern_take(c, "?"))
        return (struct repetition){.most = 1};
    if (!pattern_take(c, "{"))
        return (struct repetition){.least = 1, .most = 1};
    struct repetition r = {.least = number_take(c, 10, "}")};
    r.most = r.least;
    if (pattern_take(c, ",")) {
        r.unlimited = pattern_peek(c) == '}';
        r.most = number_take(c, 10, "}");
    }
    return r;
}

static void atom_make_at(struct making *m, const char *start, bool fold)
{
    m->in.at = start;
    atom_make(m, fold);
}

/* One atom with what says how often. */
static void piece_make(struct making *m, bool fold)
{
    const char *start = m->in.at;
    atom_skip(&m->in);
    struct repetition r = repetition_take(&m->in);
    const char *end = m->in.at;
    for (unsigned i = 0; i < r.least && !m->in.failed; i++)
        atom_make_at(m, start, fold);
    if (r.unlimited) {
        size_t split = step_add(m, PATTERN_SPLIT, m->out->count + 1, 0);
        atom_make_at(m, start, fold);
        (void)step_add(m, PATTERN_JUMP, split, 0);
        if (!m->in.failed)
            m->out->steps[split].b = (uint32_t)m->out->count;
    }
    for (unsigned i = r.least; i < r.most && !r.unlimited && !m->in.failed; i++) {
        size_t split = step_add(m, PATTERN_SPLIT, m->out->count + 1, 0);
        atom_make_at(m, start, fold);
        if (!m->in.failed)
            m->out->steps[split].b = (uint32_t)m->out->count;
    }
    m->in.at = end;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Alternatives up to a ')' or the end. Each begins with a split that leads to the next one. A
 * change of letter case holds for all that comes behind it. */
static void alternatives_make(struct making *m, bool fold)
{
    size_t last_jump =
        0; /* each jump to the end holds the place of the one before until it is known */
    bool more = true;
    while (more && !m->in.failed) {
        size_t split = step_add(m, PATTERN_SPLIT, m->out->count + 1, 0);
        while (!m->in.failed && m->in.at < m->in.end && *m->in.at != '|' && *m->in.at != ')') {
            if (pattern_take(&m->in, "(?i)"))
                fold = true;
            else if (pattern_take(&m->in, "(?-i)"))
                fold = false;
            else
                piece_make(m, fold);
        }
        more = pattern_take(&m->in, "|");
        last_jump = step_add(m, PATTERN_JUMP, last_jump, 0);
        if (m->in.failed)
            return;
        if (more)
            m->out->steps[split].b = (uint32_t)m->out->count;
        else
            m->out->steps[split].op = PATTERN_JUMP;
    }
    while (last_jump != 0) {
        size_t before = m->out->steps[last_jump].a;
        m->out->steps[last_jump].a = (uint32_t)m->out->count;
        last_jump = before;
    }
}

/* Behind '('. */
static void group_make(struct making *m, bool fold)
{
    if (++m->depth > DEPTH_MAX)
        m->in.failed = true;
    else
        alternatives_make(m, fold);
    m->depth--;
    if (!pattern_take(&m->in, ")"))
        m->in.failed = true;
}

/* Does it begin with \A, in its only alternative? */
static bool is_from_begin(struct view text)
{
    struct pattern_cursor c = {.at = text.data, .end = text.data + text.len};
    if (!pattern_take(&c, "\\A"))
        return false;
    while (!c.failed && c.at < c.end && *c.at != '|') {
        atom_skip(&c);
        (void)repetition_take(&c);
    }
    return c.at == c.end;
}

bool pattern_program_make(struct view text, struct pattern_program *out)
{
    *out = (struct pattern_program){.from_begin = false};
    const char *start = text.len != 0 ? text.data : "";
    struct making m = {.in = {.at = start, .end = start + text.len}, .out = out};
    alternatives_make(&m, false);
    (void)step_add(&m, PATTERN_FOUND, 0, 0);
    out->from_begin = is_from_begin(view_make(start, text.len));
    return !m.in.failed && m.in.at == m.in.end;
}

void pattern_program_free(struct pattern_program *p)
{
    for (size_t i = 0; i < p->set_count; i++) {
        pcre2_match_data_free(p->sets[i].data);
        pcre2_code_free(p->sets[i].code);
    }
    mem_free(p->sets);
    mem_free(p->steps);
    *p = (struct pattern_program){.from_begin = false};
}
