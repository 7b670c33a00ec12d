/* flags/pattern.c - see pattern.h: compiling and searching. */
#include "flags/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A step takes some 20 ns: about 2 ms at worst. */
#define PATTERN_STEPS 100000
#define PATTERN_HEAP_KIB 4096
/* Groups within groups: 1000 in the text, and those that the translation adds. */
#define PATTERN_NESTING 3000

struct pattern {
    pcre2_code *code;
};

struct pattern_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
    size_t given_up;
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
    str_free(&text);
    if (code == NULL)
        return NULL;
    struct pattern *p = mem_alloc(sizeof *p);
    p->code = code;
    return p;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    pcre2_code_free(p->code);
    mem_free(p);
}

struct pattern_matcher *pattern_matcher_new(void)
{
    struct pattern_matcher *m = mem_zalloc(sizeof *m);
    pcre2_general_context *general = general_context_new();
    m->data = pcre2_match_data_create(1, general);
    m->context = pcre2_match_context_create(general);
    (void)pcre2_set_match_limit(m->context, PATTERN_STEPS);
    (void)pcre2_set_heap_limit(m->context, PATTERN_HEAP_KIB);
    pcre2_general_context_free(general);
    return m;
}

void pattern_matcher_free(struct pattern_matcher *m)
{
    if (m == NULL)
        return;
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    mem_free(m);
}

bool pattern_search(const struct pattern *p, struct pattern_matcher *m, struct view text)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len != 0 ? text.data : "");
    int result = pcre2_match(p->code, subject, text.len, 0, 0, m->data, m->context);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        m->given_up++;
    return result >= 0;
}

size_t pattern_matcher_given_up(const struct pattern_matcher *m)
{
    return m->given_up;
}
