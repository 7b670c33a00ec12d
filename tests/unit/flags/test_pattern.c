/* Regular expressions as Go takes them (evaluation.md 13.6, checklist 41, 42, 99). */
#include "flags_test.h"

#include "flags/pattern.h"
#include "flags/pattern_machine.h"

enum expected { NO, YES, REFUSED };

/* A length of 0 is that of the text. */
static const struct {
    const char *pattern;
    const char *subject;
    enum expected expected;
} rows[] = {
    /* 13.6, row by row */
    {"^abc$", "abc\n", NO},
    {"(?m)^$", "abc\n", YES},
    {"[\\w-.]", "-", YES},
    {"[[:alpha:]-z]", "-", YES},
    {"^\\s$", "\v", NO},
    {"[\\s]", "\v", NO},
    {"^\\v$", "\n", NO},
    {"^\\v$", "\v", YES},
    {"a(?=b)", "ab", REFUSED},
    {"(?<!a)b", "b", REFUSED},
    {"(?<=a)b", "ab", REFUSED},
    {"(?!x)y", "y", REFUSED},
    {"(a)\\1", "aa", REFUSED},
    {"(a)\\g{1}", "aa", REFUSED},
    {"(?P<n>a)\\k<n>", "aa", REFUSED},
    {"(?P<n>a)(?P=n)", "aa", REFUSED},
    {"a++b", "aab", REFUSED},
    {"a*+b", "aab", REFUSED},
    {"(?>a+)b", "aab", REFUSED},
    {"abc\\Z", "abc", REFUSED},
    {"\\Ga", "a", REFUSED},
    {"a\\Kb", "ab", REFUSED},
    {"\\R", "\n", REFUSED},
    {"\\X", "a", REFUSED},
    {"\\h", " ", REFUSED},
    {"\\N", "a", REFUSED},
    {"\\e", "\x1b", REFUSED},
    {"\\cA", "\x01", REFUSED},
    {"\\o{101}", "A", REFUSED},
    {"a\\E", "a", REFUSED},
    {"[\\b]", "\b", REFUSED},
    {"\\x4", "\x04", REFUSED},
    {"(?x)a b", "ab", REFUSED},
    {"(?#c)a", "a", REFUSED},
    {"(?|a|b)", "a", REFUSED},
    {"(?J)a", "a", REFUSED},
    {"(?n)a", "a", REFUSED},
    {"(?^)a", "a", REFUSED},
    {"(?'n'a)", "a", REFUSED},
    {"(*UTF)a", "a", REFUSED},
    {"(*FAIL)", "a", REFUSED},
    {"(?1)(a)", "a", REFUSED},
    {"(?C1)a", "a", REFUSED},
    {"a{1001}", "a", REFUSED},
    {"x{0,1001}", "x", REFUSED},
    {"(((x{7}){11}){13})", "x", REFUSED},
    {"(((x{7}){11}){12})", "x", NO},
    {"^*a", "a", YES},
    {"$*", "a", YES},
    {"\\b*a", "a", YES},
    {"[[.a.]]", "a]", YES},
    {"[[=a=]]", "a]", YES},
    {"(?P<1n>a)", "a", YES},
    {"(?P<n>a)|(?P<n>b)", "b", YES},
    {"\\p{greek}", "\xce\xb1", REFUSED},
    {"\\p{L&}", "a", REFUSED},
    {"\\p{Xan}", "a", REFUSED},
    {"\\p{Alphabetic}", "a", REFUSED},
    {"\\p{Script=Greek}", "\xce\xb1", REFUSED},
    {"(?i)\\p{Lu}", "a", YES},
    {"\\C", "a", REFUSED},
    {"a{,5}", "a{,5}", YES},
    {"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaab", NO},
    /* the same in both */
    {"(?i)k", "\xe2\x84\xaa", YES},
    {"\\w", "\xc3\xa9", NO},
    {"\\d", "\xd9\xa1", NO},
    {".", "\n", NO},
    {"(?s).", "\n", YES},
    {".", "\r", YES},
    {"[^a]", "\n", YES},
    {"(?i)ss", "\xc3\x9f", NO},
    {"a{b}]", "a{b}]", YES},
    {"\\Qa.b\\E", "a.b", YES},
    {"\\Qa.b\\E", "axb", NO},
    {"\\Qa.b", "a.b", YES},
    {"\\Qab\\E+c", "abbc", YES},
    {"(a(?i)b|c)", "C", YES},
    {"(a(?i)b|c)d", "CD", NO},
    /* what is taken */
    {"", "", YES},
    {"b", "abc", YES},
    {"^b", "abc", NO},
    {"\\Aabc\\z", "abc", YES},
    {"a|b|", "c", YES},
    {"[]a]", "]", YES},
    {"[^]a]", "]", NO},
    {"[a-]", "-", YES},
    {"[-a]", "-", YES},
    {"[a\\]]", "]", YES},
    {"[+--]", ",", YES},
    {"[\\x41-\\x43]", "B", YES},
    {"\\x{1F600}", "\xf0\x9f\x98\x80", YES},
    {"\\101\\12", "A\n", YES},
    {"\\0", "a", NO},
    {"\\_\\-\\/\\@", "_-/@", YES},
    {"\\pN", "7", YES},
    {"\\PN", "7", NO},
    {"\\p{^N}", "7", NO},
    {"\\P{^N}", "7", YES},
    {"[\\p{Greek}x]", "\xce\xb1", YES},
    {"[^\\p{Greek}]", "\xce\xb1", NO},
    {"[\\PN]", "7", NO},
    {"\\p{Any}", "a", YES},
    {"[[:^alpha:]]", "a", NO},
    {"[[:word:]]", "_", YES},
    {"[\\S]", " ", NO},
    {"[\\D\\d]", "a", YES},
    {"(?i)ABC", "abc", YES},
    {"(?i:A)b", "ab", YES},
    {"(?i:A)b", "aB", NO},
    {"(?i)a(?-i)b", "AB", NO},
    {"(?i)[a-c]", "B", YES},
    {"(?U)a+", "aa", YES},
    {"(?ims-U)a", "A", YES},
    {"(?)a", "a", YES},
    {"a{2}", "aa", YES},
    {"a{2}", "a", NO},
    {"^a{2,}$", "aaa", YES},
    {"^a{1,2}?$", "aaa", NO},
    {"a{0}", "", YES},
    {"(?:ab)+?c", "ababc", YES},
    {"(?<name>a)", "a", YES},
    {"(?P<_Zz9aA0>a)", "a", YES},
    {"a*(?i)*b", "B", YES},
    {"{", "{", YES},
    {"^a{01}$", "a{01}", YES},
    {"^\\1012$", "A2", YES},
    {"^$*$*a", "a", YES},
    {"^(^*)*a$", "a", YES},
    {"x{-1}", "x{-1}", YES},
    {"\xc3\xa9+", "\xc3\xa9\xc3\xa9", YES},
    {"[\\x{d7ff}-\\x{e000}]", "\xee\x80\x80", YES},
    {"\\x{d800}|a", "a", YES},
    {"[\\x{d800}]|a", "b", NO},
    {"[^\\x{d800}]", "b", YES},
    {"(?i)[\\W]", "\xc5\xbf", NO},
    {"(?i)[[:alpha:]]", "\xe2\x84\xaa", YES},
    {"(?i)[\\P{Lu}b]", "x", NO},
    {"\\pC", "\xcd\xb8", NO},
    {"[\\S]", "\v", YES},
    {"[\\S]", " \t\n\f\r", NO},
    {"[^\\S]", "\v", NO},
    {"[^\\S]", "\f", YES},
    {"[\\S]", "\xc2\x85", YES},
    {"[\\S]", "\xc2\xa0", YES},
    {"[^\\S]", "\xe2\x80\xa8", NO},
    {"(?i)[\\S]", "\v", YES},
    {"(?i)[\\S]", " \t\n\f\r", NO},
    {"(?i)[^\\S]", "\xc5\xbf", NO},
    {"(?i)[\\Sx]", " ", NO},
    /* what is refused */
    {"(", "", REFUSED},
    {")", "", REFUSED},
    {"a)", "a", REFUSED},
    {"[", "", REFUSED},
    {"[a", "a", REFUSED},
    {"[b-a]", "a", REFUSED},
    {"[a-\\d]", "a", REFUSED},
    {"[[:nope:]]", "a", REFUSED},
    {"*a", "a", REFUSED},
    {"a|*", "a", REFUSED},
    {"(*a)", "a", REFUSED},
    {"a**", "a", REFUSED},
    {"a{2}{3}", "a", REFUSED},
    {"a??"
     "?",
     "a", REFUSED},
    {"a{5,2}", "a", REFUSED},
    {"\\", "a", REFUSED},
    {"\\8", "a", REFUSED},
    {"\\y", "a", REFUSED},
    {"\\x{110000}", "a", REFUSED},
    {"\\x{}", "a", REFUSED},
    {"\\p", "a", REFUSED},
    {"\\p{", "a", REFUSED},
    {"\\pX", "a", REFUSED},
    {"(?i", "a", REFUSED},
    {"(?i-)a", "a", REFUSED},
    {"(?--i)a", "a", REFUSED},
    {"(?P<>a)", "a", REFUSED},
    {"(?P<n", "a", REFUSED},
    {"(?P>n)", "a", REFUSED},
    {"(?<n a>b)", "b", REFUSED},
};

/* With a matcher of its own. */
static enum expected outcome_of(struct view pattern, struct view subject)
{
    struct pattern *p = pattern_compile(pattern);
    if (p == NULL)
        return REFUSED;
    struct pattern_matcher *m = pattern_matcher_new();
    bool found = pattern_search(p, m, subject);
    assert_int_equal(pattern_matcher_given_up(m), 0);
    pattern_matcher_free(m);
    pattern_free(p);
    return found ? YES : NO;
}

/* By the automaton alone, which PCRE2 spares most searches. */
static enum expected outcome_of_program(struct view pattern, struct view subject)
{
    struct str text = {0};
    struct pattern_program program;
    size_t work = 1000000;
    if (!pattern_translate(pattern, &text)) {
        str_free(&text);
        return REFUSED;
    }
    assert_true(pattern_program_make(str_view(&text), &program));
    bool found = pattern_run(&program, subject, &work);
    assert_true(work > 0);
    pattern_program_free(&program);
    str_free(&text);
    return found ? YES : NO;
}

static void patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct view pattern = view_of(rows[i].pattern);
        struct view subject = view_of(rows[i].subject);
        test_assert_int(outcome_of(pattern, subject), rows[i].expected, rows[i].pattern);
        test_assert_int(outcome_of_program(pattern, subject), rows[i].expected, rows[i].pattern);
    }
}

static void nested(struct str *out, const char *open, const char *close, size_t depth)
{
    str_clear(out);
    for (size_t i = 0; i < depth; i++)
        str_append_text(out, open);
    str_append_char(out, 'a');
    for (size_t i = 0; i < depth; i++)
        str_append_text(out, close);
}

/* 300 are taken, as 13.6 says; a hundred thousand are refused without falling over. */
static void nesting(void **state)
{
    (void)state;
    struct str text = {0};
    nested(&text, "(", ")", 300);
    assert_int_equal(outcome_of(str_view(&text), view_of("a")), YES);
    nested(&text, "(", ")", 999);
    assert_int_equal(outcome_of(str_view(&text), view_of("a")), YES);
    nested(&text, "(", ")", 1000);
    assert_int_equal(outcome_of(str_view(&text), view_of("a")), REFUSED);
    nested(&text, "(", ")*", 100);
    assert_int_equal(outcome_of(str_view(&text), view_of("a")), YES);
    nested(&text, "(", ")", 100000);
    assert_int_equal(outcome_of(str_view(&text), view_of("a")), REFUSED);
    nested(&text, "a(?i)*", "", 100000);
    (void)outcome_of(str_view(&text), view_of("a"));
    str_free(&text);
}

/* What takes PCRE2 exponential time, or time that grows with the square of the text. 42, 99. */
static void catastrophes_are_answered(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *end; /* of a text of 100,000 letters */
        enum expected expected;
    } doom[] = {
        {"(a+)+$", "!", NO},
        {"(a+)+$", "a", YES},
        {"(a|aa)+$", "!", NO},
        {"(.*)(.*)(.*)(.*)(.*)x$", "!", NO},
        {"(.*)(.*)(.*)(.*)(.*)x$", "x", YES},
        {"([a-zA-Z]+)*$", "!", YES},
        {"^(([a-z])+.)+[A-Z]([a-z])+$", "!", NO},
        {"^(([a-z])+.)+[A-Z]([a-z])+$", "Aa", YES},
        {"[a-z]+@corp\\.com$", "m", NO},
        {"[a-z]+@corp\\.com$", "@corp.com", YES},
        {"a*a*a*c", "b", NO},
        {"(a?){20}b", "b", YES},
        {"^b", "b", NO},
        {"a!", "!", YES},
    };
    struct str subject = {0};
    for (size_t i = 0; i < 100000; i++)
        str_append_char(&subject, 'a');
    for (size_t i = 0; i < ARRAY_LEN(doom); i++) {
        subject.len = 100000;
        str_append_text(&subject, doom[i].end);
        enum expected got = outcome_of(view_of(doom[i].pattern), str_view(&subject));
        test_assert_int(got, doom[i].expected, doom[i].pattern);
    }
    str_free(&subject);
}

/* A matcher's work is limited whatever it is asked, and it says that it gave up. */
static void work_is_limited(void **state)
{
    (void)state;
    struct pattern *p = pattern_compile(view_of("(a|b|c|d|e|f|g|h)+([a-h]{1,100}x)+"));
    struct pattern_matcher *m = pattern_matcher_new();
    struct str subject = {0};
    for (size_t i = 0; i < 100000; i++)
        str_append_char(&subject, (char)('a' + i % 8));
    for (int i = 0; i < 1000; i++)
        assert_false(pattern_search(p, m, str_view(&subject)));
    assert_true(pattern_matcher_given_up(m) > 900);
    assert_false(pattern_search(p, m, view_of("abc")));
    pattern_matcher_free(m);
    pattern_free(p);
    str_free(&subject);
}

/* More patterns than a matcher keeps programs of, again and again. */
static void many_patterns(void **state)
{
    (void)state;
    struct pattern *patterns_made[100];
    struct pattern_matcher *m = pattern_matcher_new();
    struct str subject = {0};
    for (size_t i = 0; i < 300; i++)
        str_append_char(&subject, 'a');
    for (size_t i = 0; i < ARRAY_LEN(patterns_made); i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "^(a+)+%s$", i % 2 == 0 ? "" : "b");
        patterns_made[i] = pattern_compile(view_of(text));
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(pattern_search(patterns_made[i % 100], m, str_view(&subject)), i % 2 == 0);
    assert_int_equal(pattern_matcher_given_up(m), 0);
    pattern_matcher_free(m);
    for (size_t i = 0; i < ARRAY_LEN(patterns_made); i++)
        pattern_free(patterns_made[i]);
    str_free(&subject);
}

static void a_subject_may_be_any_bytes(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(view_of("b"), view_make("a\0b", 3)), YES);
    assert_int_equal(outcome_of(view_make("a\0b", 3), view_make("a\0b", 3)), YES);
    assert_int_equal(outcome_of(view_of("a"), view_of("\xff\xfe a")), NO);
    assert_int_equal(outcome_of(view_of("\xff"), view_of("a")), REFUSED);
    assert_int_equal(outcome_of(view_make(NULL, 0), view_make(NULL, 0)), YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(nesting),
        cmocka_unit_test(catastrophes_are_answered),
        cmocka_unit_test(work_is_limited),
        cmocka_unit_test(many_patterns),
        cmocka_unit_test(a_subject_may_be_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
