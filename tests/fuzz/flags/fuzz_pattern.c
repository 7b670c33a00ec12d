/* Regular expressions: the pattern up to the first NUL, then the text.
 *
 * Laws: a search ends; PCRE2 and the automaton have the same answer; a group around the pattern,
 * and an alternative that nothing matches, do not change it. */
#include "base/utf8.h"
#include "flags/pattern.h"
#include "flags/pattern_machine.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* -1: refused. */
static int search(struct view re2, struct view text, size_t *given_up)
{
    struct pattern *p = pattern_compile(re2);
    if (p == NULL)
        return -1;
    struct pattern_matcher *m = pattern_matcher_new();
    int found = pattern_search(p, m, text);
    *given_up += pattern_matcher_given_up(m);
    pattern_matcher_free(m);
    pattern_free(p);
    return found;
}

static bool is_utf8(struct view text)
{
    const char *end = text.data + text.len;
    for (const char *at = text.data; at < end; at += utf8_sequence_len(at, end)) {
        if (utf8_sequence_len(at, end) == 0)
            return false;
    }
    return true;
}

/* What pattern_search() found, which for short texts PCRE2 did. */
static void run_check(struct view re2, struct view text, bool found)
{
    struct str translated = {0};
    struct pattern_program program;
    size_t work = 1000000;
    must(pattern_translate(re2, &translated));
    if (pattern_program_make(str_view(&translated), &program)) {
        bool run = pattern_run(&program, text, &work);
        must(run == found || work == 0);
    }
    pattern_program_free(&program);
    str_free(&translated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size != 0 ? memchr(data, '\0', size) : NULL;
    size_t len = nul != NULL ? (size_t)(nul - data) : size;
    struct view re2 = view_make((const char *)data, len);
    struct view text = view_from(view_make((const char *)data, size), len + 1);
    size_t given_up = 0;
    struct str group = {0};
    int found = search(re2, text, &given_up);
    if (found >= 0 && given_up == 0 && is_utf8(text))
        run_check(re2, text, found);
    bool quotes = len != 0 && memmem(re2.data, len, "\\Q", 2) != NULL;
    if (found >= 0 && !quotes) {
        str_append_text(&group, "(?:");
        str_append(&group, re2);
        str_append_text(&group, ")|[^\\x00-\\x{10ffff}]");
        int grouped = search(str_view(&group), text, &given_up);
        must(grouped < 0 || grouped == found || given_up != 0);
    }
    str_free(&group);
    return 0;
}
