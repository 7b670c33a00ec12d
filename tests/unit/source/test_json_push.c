/* The grammar of JSON in pieces, against the reader that has all of it. */
#include "source/json_push.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char
        *events; /* depth, '(' name begins, ')' ends, '<' value begins, '>' ends, '!' failed */
} rows[] = {
    {"{}", "<0 >0"},
    {"[]", "<0 >0"},
    {" \t\r\n{ } ", "<0 >0"},
    {"{\"a\":1}", "<0 (1 )1 <1 >1 >0"},
    {"{\"a\":1,\"b\":[2,3]}", "<0 (1 )1 <1 >1 (1 )1 <1 <2 >2 <2 >2 >1 >0"},
    {"{\"a\":{\"b\":{\"c\":{}}}}", "<0 (1 )1 <1 (2 )2 <2 >2 >1 >0"},
    {"[[[[1]]]]", "<0 <1 <2 >2 >1 >0"},
    {"\"a\"", "<0 >0"},
    {"true", "<0 >0"},
    {"null", "<0 >0"},
    {"12", "<0"}, /* more digits could follow */
    {"[12]", "<0 <1 >1 >0"},
    {"[-0, 1.5e+10, 0.1E-2]", "<0 <1 >1 <1 >1 <1 >1 >0"},
    {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"]", "<0 <1 >1 >0"},
    {"[\"\xFF\"]", "<0 <1 >1 >0"}, /* text is not judged here */
    {"{}x", "<0 >0 !"},
    {"{} {}", "<0 >0 !"},
    {"", ""},
    {"x", "<0 !"},
    {"{sorry", "<0 !"},
    {"{\"a\"}", "<0 (1 )1 !"},
    {"{\"a\" 1}", "<0 (1 )1 !"},
    {"{\"a\":}", "<0 (1 )1 <1 !"},
    {"{\"a\":1,}", "<0 (1 )1 <1 >1 !"},
    {"{,}", "<0 !"},
    {"{1:2}", "<0 !"},
    {"[1,]", "<0 <1 >1 <1 !"},
    {"[,]", "<0 <1 !"},
    {"[1 2]", "<0 <1 >1 !"},
    {"[1}", "<0 <1 >1 !"},
    {"{\"a\":1]", "<0 (1 )1 <1 >1 !"},
    {"]", "<0 !"},
    {"[01]", "<0 <1 >1 !"},
    {"[-]", "<0 <1 !"},
    {"[1.]", "<0 <1 !"},
    {"[1e]", "<0 <1 !"},
    {"[1e+]", "<0 <1 !"},
    {"[+1]", "<0 <1 !"},
    {"[.5]", "<0 <1 !"},
    {"[tru]", "<0 <1 !"},
    {"[truE]", "<0 <1 !"},
    {"[nulll]", "<0 <1 >1 !"},
    {"[\"\\x\"]", "<0 <1 !"},
    {"[\"\\u12G4\"]", "<0 <1 !"},
    {"[\"a\nb\"]", "<0 <1 !"},
};

static void feed(struct json_push *p, struct view bytes, struct str *seen)
{
    static const char marks[] = {[JSON_PUSH_NAME_BEGIN] = '(',
                                 [JSON_PUSH_NAME_END] = ')',
                                 [JSON_PUSH_VALUE_BEGIN] = '<',
                                 [JSON_PUSH_VALUE_END] = '>'};
    enum json_push_event event = JSON_PUSH_VALUE_BEGIN;
    while (event != JSON_PUSH_MORE && event != JSON_PUSH_FAILED) {
        size_t used = json_push_step(p, bytes, &event);
        assert_true(used <= bytes.len);
        bytes = view_from(bytes, used);
        if (event == JSON_PUSH_MORE)
            break;
        if (seen->len > 0)
            str_append_char(seen, ' ');
        if (event == JSON_PUSH_FAILED)
            str_append_char(seen, '!');
        else
            str_append_format(seen, "%c%u", marks[event], p->depth);
    }
}

static void check_row(size_t i, size_t a, size_t b, const char **problem, size_t *offset)
{
    struct json_push p;
    struct str seen = {0};
    struct view text = view_of(rows[i].text);
    json_push_init(&p, 2);
    feed(&p, view_make(text.data, a), &seen);
    if (p.problem == NULL)
        feed(&p, view_make(text.data + a, b - a), &seen);
    if (p.problem == NULL)
        feed(&p, view_from(text, b), &seen);
    if (strcmp(str_text(&seen), rows[i].events) != 0)
        fail_msg("%s, cut at %zu and %zu: %s", rows[i].text, a, b, str_text(&seen));
    if (a == 0 && b == 0) {
        *problem = p.problem;
        *offset = p.offset;
    }
    assert_ptr_equal(p.problem, *problem);
    assert_int_equal(p.offset, *offset);
    str_free(&seen);
}

static void events_do_not_depend_on_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *problem = NULL;
        size_t offset = 0;
        size_t len = strlen(rows[i].text);
        for (size_t a = 0; a <= len; a++)
            for (size_t b = a; b <= len; b++)
                check_row(i, a, b, &problem, &offset);
    }
}

/* Both must accept the same texts; a number alone is the one exception. */
static void it_agrees_with_the_reader(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_push p;
        struct json_reader r;
        struct str seen = {0};
        json_push_init(&p, 0);
        feed(&p, view_of(rows[i].text), &seen);
        json_reader_init(&r, view_of(rows[i].text));
        json_skip(&r);
        json_expect_end(&r);
        bool number = strcmp(rows[i].text, "12") == 0;
        if (json_failed(&r) == (json_push_whole(&p) || number))
            fail_msg("%s: reader: %s", rows[i].text, r.problem);
        json_reader_done(&r);
        str_free(&seen);
    }
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct json_push p;
    struct str seen = {0};
    json_push_init(&p, 0);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        feed(&p, VIEW_LITERAL("["), &seen);
    assert_null(p.problem);
    feed(&p, VIEW_LITERAL("["), &seen);
    assert_string_equal(p.problem, "nested too deeply");
    feed(&p, VIEW_LITERAL("]"), &seen);
    assert_string_equal(str_text(&seen), "<0 ! !");
    str_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_do_not_depend_on_cuts),
        cmocka_unit_test(it_agrees_with_the_reader),
        cmocka_unit_test(depth_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
