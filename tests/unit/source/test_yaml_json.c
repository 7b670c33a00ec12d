/* YAML as JSON: autoconfig-offline.md 8.2. */
#include "source/yaml_json.h"

#include "base/json_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *yaml;
    const char *json;
    const char *why;
} good[] = {
    {"a: 1", "{\"a\":1}", "a mapping"},
    {"- 1\n- [2, 3]\n- {a: b}\n", "[1,[2,3],{\"a\":\"b\"}]", "lists in both styles"},
    {"a:\n  b:\n    - c: d\n      e: f\n", "{\"a\":{\"b\":[{\"c\":\"d\",\"e\":\"f\"}]}}", "nested"},
    {"{}", "{}", "empty mapping"},
    {"[]", "[]", "empty list"},
    {"[~, null, Null, NULL, '', \"null\"]", "[null,null,null,null,\"\",\"null\"]", "null"},
    {"a:\nb:\n", "{\"a\":null,\"b\":null}", "nothing is null"},
    {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]", "booleans"},
    {"[yes, no, on, off, y, n, tRUE]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"tRUE\"]",
     "no booleans of YAML 1.1"},
    {"on: true", "{\"on\":true}", "the trap of the specification"},
    {"\"on\": true", "{\"on\":true}", "the same in quotes"},
    {"[0, 7, -7, +7, 007, 9007199254740993]", "[0,7,-7,7,7,9007199254740992]", "integers"},
    {"[0x1F, 0xff, 0o17, 0o0]", "[31,255,15,0]", "other bases"},
    {"[0x, 0o, 0o8, 0xG, 0X1F, -0x1]", "[\"0x\",\"0o\",\"0o8\",\"0xG\",\"0X1F\",\"-0x1\"]",
     "what looks like it"},
    {"[1.5, .5, 5., -1.5e3, 1e3, 1E+2, 1e-2]", "[1.5,0.5,5,-1500,1000,100,0.01]", "floats"},
    {"[1.2.3, 1e, ., -, +, e5, 1_000, 12:30, 2024-01-01, 1e+]",
     "[\"1.2.3\",\"1e\",\".\",\"-\",\"+\",\"e5\",\"1_000\",\"12:30\",\"2024-01-01\",\"1e+\"]",
     "what looks like it"},
    {"['1', \"1\", 'true', !!str 1, ! 1]", "[\"1\",\"1\",\"true\",\"1\",\"1\"]",
     "what is in quotes, or marked, is a string"},
    {"[!!int \"5\", !!float 1, !!bool 'true', !!null '', !!map {}, !!seq []]",
     "[5,1,true,null,{},[]]", "core tags"},
    {"1: a\ntrue: b\nnull: c\n1.50: d\n'': e\n",
     "{\"1\":\"a\",\"true\":\"b\",\"null\":\"c\",\"1.50\":\"d\",\"\":\"e\"}",
     "keys are their text"},
    {"a: &x [1, {b: 2}]\nc: *x\nd: [*x, *x]\n",
     "{\"a\":[1,{\"b\":2}],\"c\":[1,{\"b\":2}],\"d\":[[1,{\"b\":2}],[1,{\"b\":2}]]}", "aliases"},
    {"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}", "the last anchor of a name counts"},
    {"&k a: &v v\nb: *k\nc: *v\n", "{\"a\":\"v\",\"b\":\"a\",\"c\":\"v\"}", "an anchor on a key"},
    {"a: &x [&x 1]\nb: *x\n", "{\"a\":[1],\"b\":1}", "an anchor that hides an open one"},
    {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}", "blocks"},
    {"a: \"\\t\\u00e9\\x41\"",
     "{\"a\":\"\\t\xC3\xA9"
     "A\"}",
     "escapes"},
    {"a: '<<'\n\"<<\": 1\n", "{\"a\":\"<<\",\"<<\":1}", "no merge key but a text in quotes"},
    {"---\na: 1\n...\n", "{\"a\":1}", "document marks"},
    {"%YAML 1.2\n---\na: 1\n", "{\"a\":1}", "a directive"},
    {"# only a comment\n", "", "nothing at all"},
    {"", "", "empty"},
    {"---\n", "null", "a document without anything"},
};

static void good_yaml_becomes_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct str json = {0};
        struct text_marks marks = {0};
        struct error err;
        if (!yaml_json_convert(view_of(good[i].yaml), &json, &marks, &err))
            fail_msg("row \"%s\": %s", good[i].why, err.text);
        if (strcmp(str_text(&json), good[i].json) != 0)
            fail_msg("row \"%s\": %s", good[i].why, str_text(&json));
        text_marks_free(&marks);
        str_free(&json);
    }
}

static const struct {
    const char *yaml;
    const char *problem;
} bad[] = {
    {"a: [1, 2\nb: 3\n",
     "did not find expected ',' or ']' while parsing a flow sequence that begins "
     "at line 1, column 4, at line 2, column 2"},
    {"a:\n\t- 1\n",
     "a tab, where YAML wants blanks; use blanks for indentation at line 2, column 1"},
    {"a: b: c\n", "mapping values are not allowed in this context at line 1, column 5"},
    {"a: 'x\n",
     "found unexpected end of stream while scanning a quoted scalar that begins at line 1, "
     "column 4, at line 2, column 1"},
    {"a: 1\n---\nb: 2\n", "a second document; keep one, without \"---\" in between at line 2, "
                          "column 1"},
    {"a: 1\nb: 2\na: 3\n",
     "the key \"a\" for the second time in one mapping; remove one at line 3, "
     "column 1"},
    {"a: {b: 1, 'b': 2}\n",
     "the key \"b\" for the second time in one mapping; remove one at line 1, "
     "column 11"},
    {"a: &b {c: 1}\nd:\n  <<: *b\n",
     "a merge key \"<<\", which is not supported; write the properties "
     "out at line 3, column 3"},
    {"a: !foo 1\n", "a tag that is not supported; remove it at line 1, column 4"},
    {"a: !!python/object:os.system ls\n", "a tag that is not supported; remove it at line 1, "
                                          "column 4"},
    {"a: !!binary aGk=\n", "a tag that is not supported; remove it at line 1, column 4"},
    {"a: !!set {b}\n", "a tag that is not supported; remove it at line 1, column 4"},
    {"a: !!map [1]\n", "a tag that is not supported; remove it at line 1, column 4"},
    {"a: !!int x\n",
     "a value that its tag does not fit; remove the tag or change the value at line "
     "1, column 4"},
    {"a: !!int 1.5\n",
     "a value that its tag does not fit; remove the tag or change the value at line "
     "1, column 4"},
    {"a: *b\n", "an alias without an anchor before it; check its name at line 1, column 4"},
    {"a: &a [*a]\n", "an alias that stands within what it names; write the value out at line 1, "
                     "column 8"},
    {"a: &a {b: {c: *a}}\n",
     "an alias that stands within what it names; write the value out at line "
     "1, column 15"},
    {"a: &b c\n*b : 1\n", "a key that is no plain text; write it as text at line 2, column 1"},
    {"? [a]\n: 1\n", "a key that is no plain text; write it as text at line 1, column 3"},
    {"{a: 1}: 2\n", "a key that is no plain text; write it as text at line 1, column 1"},
    {"a: .inf\n",
     "a number that JSON does not have; use a finite one, or put it in quotes at line 1, "
     "column 4"},
    {"a: -.Inf\n",
     "a number that JSON does not have; use a finite one, or put it in quotes at line "
     "1, column 4"},
    {"a: .NaN\n",
     "a number that JSON does not have; use a finite one, or put it in quotes at line 1, "
     "column 4"},
    {"a: 1e999\n",
     "a number that JSON does not have; use a finite one, or put it in quotes at line "
     "1, column 4"},
    {"a: \xFF\n", "invalid leading UTF-8 octet at line 1, column 4"},
    {"\xC3\xA4: ok\nb: \x01\n", "control characters are not allowed at line 2, column 4"},
};

static void bad_yaml_says_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str json = {0};
        struct text_marks marks = {0};
        struct error err;
        if (yaml_json_convert(view_of(bad[i].yaml), &json, &marks, &err))
            fail_msg("accepted: %s", bad[i].yaml);
        assert_string_equal(err.text, bad[i].problem);
        text_marks_free(&marks);
        str_free(&json);
    }
}

static void convert_fails(const struct str *yaml, const char *problem)
{
    struct str json = {0};
    struct text_marks marks = {0};
    struct error err;
    assert_false(yaml_json_convert(str_view(yaml), &json, &marks, &err));
    if (strstr(err.text, problem) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", err.text, problem);
    assert_true(json.len < 3 * YAML_JSON_MAX_BYTES);
    text_marks_free(&marks);
    str_free(&json);
}

/* Each line has ten times the values of the one before. */
static void a_billion_laughs_stay_a_million(void **state)
{
    (void)state;
    struct str yaml = {0};
    str_append_text(&yaml, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 10; i++) {
        str_append_format(&yaml, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            str_append_format(&yaml, "%s*a%d", k > 0 ? "," : "", i - 1);
        str_append_text(&yaml, "]\n");
    }
    convert_fails(&yaml,
                  "more than 1000000 values, aliases expanded; make the file smaller at line 6");
    str_free(&yaml);
}

static void a_long_text_that_is_repeated_is_limited_by_bytes(void **state)
{
    (void)state;
    struct str yaml = {0};
    str_append_text(&yaml, "a: &a ");
    for (int i = 0; i < 1 << 20; i++)
        str_append_char(&yaml, 'x');
    str_append_text(&yaml, "\nb:\n");
    for (int i = 0; i < 300; i++)
        str_append_text(&yaml, "- *a\n");
    convert_fails(&yaml, "more than 256 MiB, aliases expanded; make the file smaller");
    str_free(&yaml);
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct str yaml = {0};
    for (int i = 0; i <= JSON_MAX_DEPTH; i++)
        str_append_text(&yaml, "- ");
    str_append_text(&yaml, "1\n");
    convert_fails(&yaml, "nested too deeply; use fewer levels at line 1");
    str_clear(&yaml);
    for (int i = 0; i < 100000; i++)
        str_append_text(&yaml, "[");
    convert_fails(&yaml, "at line 1");
    str_free(&yaml);
}

static void marks_lead_back_to_the_lines(void **state)
{
    (void)state;
    struct str json = {0};
    struct text_marks marks = {0};
    struct error err;
    static const char yaml[] = "a: 1\nlong:\n  - x\n  -  [y, z]\nend: &e {k: v}\nagain: *e\n";
    static const struct {
        const char *part;
        size_t line;
        size_t column;
    } parts[] = {{"\"a\"", 1, 1},   {"1,", 1, 4},     {"[\"x", 3, 3},   {"\"x\"", 3, 5},
                 {"\"y\"", 4, 7},   {"\"z\"", 4, 10}, {"\"k\"", 5, 10}, {"\"v\"", 5, 13},
                 {"\"again", 6, 1}, {"{\"a", 1, 1},   {"x\"", 3, 5}};
    assert_true(yaml_json_convert(view_of(yaml), &json, &marks, &err));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *found = strstr(str_text(&json), parts[i].part);
        struct text_place place = text_marks_find(&marks, (size_t)(found - json.data));
        if (place.line != parts[i].line || place.column != parts[i].column)
            fail_msg("%s is at %zu, %zu", parts[i].part, place.line, place.column);
    }
    /* Within an alias the place is the alias. */
    struct text_place place = text_marks_find(&marks, json.len - 2);
    assert_int_equal(place.line, 6);
    assert_int_equal(place.column, 8);
    text_marks_free(&marks);
    str_free(&json);
}

static void places_are_counted_in_characters(void **state)
{
    (void)state;
    static const char text[] = "\xC3\xA4"
                               "b\n\nc";
    static const struct text_place places[] = {{1, 1}, {1, 2}, {1, 2}, {1, 3},
                                               {2, 1}, {3, 1}, {3, 2}};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct text_place place = text_place_of(view_of(text), i);
        if (i == 1)
            continue; /* within a character */
        assert_int_equal(place.line, places[i].line);
        assert_int_equal(place.column, places[i].column);
    }
    struct text_place behind = text_place_of(view_of(text), 1000);
    assert_int_equal(behind.line, 3);
    assert_int_equal(behind.column, 2);
    struct text_marks none = {0};
    assert_int_equal(text_marks_find(&none, 7).line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_yaml_becomes_json),
        cmocka_unit_test(bad_yaml_says_where),
        cmocka_unit_test(a_billion_laughs_stay_a_million),
        cmocka_unit_test(a_long_text_that_is_repeated_is_limited_by_bytes),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(marks_lead_back_to_the_lines),
        cmocka_unit_test(places_are_counted_in_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
