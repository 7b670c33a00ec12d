/* flags/pattern.c - see pattern.h: compiling and searching.
 *
 *   pattern_search(): a short text  --PCRE2, a few steps only--> yes or no
 *                     else, and when they do not suffice --pattern_run()--> yes or no, or given up
 *
 * PCRE2 tries one way after the other, from every place of the text: quick as a rule, but there are
 * ordinary patterns for which the time grows with the square of the text. Contexts come from
 * anybody, and an array has any number of elements, so a matcher does a limited number of searches
 * that way. What the automaton does is counted, and limited for all searches of a matcher together.
 */
#include "flags/pattern.h"

#include "flags/pattern_machine.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* PCRE2 does at most so many steps of some 20 ns from each place of a text, in texts of this length
 * and of that length together. */
#define QUICK_STEPS 500
#define QUICK_TEXT 128
#define QUICK_TEXTS ((size_t)64 * 1024)
/* What a search counts as, at least. */
#define QUICK_TEXT_LEAST 16
#define QUICK_HEAP_KIB 256
/* Visits of steps, of some 5 ns. */
#define WORK_MAX ((size_t)10000000)
/* What making a program costs, in visits per step. */
#define WORK_PER_STEP 20
/* Programs that a matcher keeps. */
#define PROGRAMS 64
/* Groups within groups: 1000 in the text, and those that the translation adds. */
#define PATTERN_NESTING 3000

struct pattern {
    pcre2_code *code;
    struct str text; /* the same for PCRE2 */
};

struct made_program {
    const struct pattern *pattern; /* NULL: none */
    struct pattern_program program;
    bool usable; /* false: it is too large */
};

struct pattern_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    size_t quick_left; /* bytes of texts for PCRE2 */
    size_t work_left;  /* visits */
    size_t given_up;
    struct made_program *programs; /* PROGRAMS of them, or NULL while none is needed */
    size_t next_program;           /* where the next one goes */
};

static void *pcre_alloc(size_t size, void *unused)
{
    (void)unused;
    return mem_alloc(size);
}

static void pcre_free(void *memory, void *unused)
{
    (void)unused;
    mem_free(memory);
}

static pcre2_general_context *general_context_new(void)
{
    return pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
}

static pcre2_code *code_compile(struct view text)
{
    int problem;
    PCRE2_SIZE place;
    pcre2_general_context *general = general_context_new();
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(context, PATTERN_NESTING);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text.data, text.len,
                      PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX |
                          PCRE2_DOTALL | PCRE2_NO_AUTO_CAPTURE,
                      &problem, &place, context);
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    return code;
}

struct pattern *pattern_compile(struct view re2)
{
    struct str text = {0};
    pcre2_code *code = NULL;
    if (pattern_translate(re2, &text))
        code = code_compile(view_make(str_text(&text), text.len));
    if (code == NULL) {
        str_free(&text);
        return NULL;
    }
    struct pattern *p = mem_alloc(sizeof *p);
    *p = (struct pattern){.code = code, .text = text};
    return p;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    pcre2_code_free(p->code);
    str_free(&p->text);
    mem_free(p);
}

struct pattern_matcher *pattern_matcher_new(void)
{
    struct pattern_matcher *m = mem_zalloc(sizeof *m);
    pcre2_general_context *general = general_context_new();
    m->data = pcre2_match_data_create(1, general);
    m->context = pcre2_match_context_create(general);
    m->quick_left = QUICK_TEXTS;
    m->work_left = WORK_MAX;
    (void)pcre2_set_match_limit(m->context, QUICK_STEPS);
    (void)pcre2_set_heap_limit(m->context, QUICK_HEAP_KIB);
    pcre2_general_context_free(general);
    return m;
}

void pattern_matcher_free(struct pattern_matcher *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; m->programs != NULL && i < PROGRAMS; i++)
        pattern_program_free(&m->programs[i].program);
    mem_free(m->programs);
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    mem_free(m);
}

/* The pattern's program, made when it is not there; NULL when it is too large. */
static struct pattern_program *program_of(struct pattern_matcher *m, const struct pattern *p)
{
    if (m->programs == NULL)
        m->programs = mem_zalloc(PROGRAMS * sizeof *m->programs);
    for (size_t i = 0; i < PROGRAMS; i++) {
        if (m->programs[i].pattern == p)
            return m->programs[i].usable ? &m->programs[i].program : NULL;
    }
    struct made_program *made = &m->programs[m->next_program];
    m->next_program = (m->next_program + 1) % PROGRAMS;
    pattern_program_free(&made->program);
    made->pattern = p;
    made->usable = pattern_program_make(str_view(&p->text), &made->program);
    size_t work = made->program.count * WORK_PER_STEP;
    m->work_left -= work < m->work_left ? work : m->work_left;
    return made->usable ? &made->program : NULL;
}

/* PCRE2's answer; less than 0 and not PCRE2_ERROR_NOMATCH when it has none. */
static int quick_search(const struct pattern *p, struct pattern_matcher *m, struct view text)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len != 0 ? text.data : "");
    size_t counts_as = text.len > QUICK_TEXT_LEAST ? text.len : QUICK_TEXT_LEAST;
    if (text.len > QUICK_TEXT || m->quick_left < counts_as)
        return PCRE2_ERROR_MATCHLIMIT;
    m->quick_left -= counts_as;
    return pcre2_match(p->code, subject, text.len, 0, 0, m->data, m->context);
}

bool pattern_search(const struct pattern *p, struct pattern_matcher *m, struct view text)
{
    int result = quick_search(p, m, text);
    if (result >= 0 || result == PCRE2_ERROR_NOMATCH)
        return result >= 0;
    struct pattern_program *program = m->work_left != 0 ? program_of(m, p) : NULL;
    bool found = program != NULL && pattern_run(program, text, &m->work_left);
    if (program == NULL || m->work_left == 0)
        m->given_up++;
    return found;
}

size_t pattern_matcher_given_up(const struct pattern_matcher *m)
{
    return m->given_up;
}

size_t pattern_matcher_work(const struct pattern_matcher *m)
{
    return (WORK_MAX - m->work_left) / 2 + (QUICK_TEXTS - m->quick_left);
}
