/* Flag files, one or several, as a data set: autoconfig-offline.md 8.2, 8.3. */
#include "source/file_set.h"

#include "test_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each item as "flag KEY vN [VARIATIONS]" or "segment KEY vN"; flags first, in their order. */
static void describe(struct dataset *d, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, ITEM_FLAG, &count);
    for (size_t i = 0; i < count; i++) {
        const char *variations = strstr(items[i]->text->data, "\"variations\":[");
        size_t len = items[i]->deleted ? 0 : strcspn(variations + 13, "]") + 1;
        str_append_format(out, "%.*s%s v%lld %.*s;", VIEW_ARGS(items[i]->key),
                          items[i]->deleted ? " deleted" : "", (long long)items[i]->version,
                          (int)len, variations + 13);
    }
    items = dataset_ordered(d, ITEM_SEGMENT, &count);
    for (size_t i = 0; i < count; i++)
        str_append_format(out, "segment %.*s v%lld;", VIEW_ARGS(items[i]->key),
                          (long long)items[i]->version);
}

static const struct {
    const char *why;
    bool ignore;
    const char *texts[3];
    const char *expected; /* the data set; or the error, "%0" for the path of the first file ... */
    const char *warning;  /* a part of it; NULL: none */
} rows[] = {
    {"JSON",
     false,
     {"{\"flags\":{\"a\":{\"variations\":[1]}},\"segments\":{\"s\":{}}}"},
     "a v1 [1];segment s v1;",
     NULL},
    {"YAML",
     false,
     {"flags:\n  a:\n    variations: [1]\nsegments:\n  s: {}\n"},
     "a v1 [1];segment s v1;",
     NULL},
    {"blanks in front of JSON", false, {" \r\n\t{\"flagValues\":{\"a\":1}}"}, "a v1 [1];", NULL},
    {"a byte order mark, JSON",
     false,
     {"\xEF\xBB\xBF{\"flagValues\":{\"a\":1}}"},
     "a v1 [1];",
     NULL},
    {"a byte order mark, YAML",
     false,
     {"\xEF\xBB\xBF"
      "flagValues: {a: 1}"},
     "a v1 [1];",
     NULL},
    {"nothing listed", false, {"{}"}, "", NULL},
    {"sections without anything", false, {"flags:\nsegments: ~\nflagValues: null\n"}, "", NULL},
    {"values of every type",
     false,
     {"{\"flagValues\":{\"a\":null,\"b\":true,\"c\":\"x\",\"d\":{\"y\":1},\"e\":1.5}}"},
     "a v1 [null];b v1 [true];c v1 [\"x\"];d v1 [{\"y\":1}];e v1 [1.5];",
     NULL},
    {"versions are kept",
     false,
     {"flags: {a: {version: 42}, b: {version: 0}, c: {version: -1}}"},
     "a v42 [];b v1 [];c v1 [];",
     NULL},
    {"a key that is the same", false, {"flags: {a/b: {key: a/b}}"}, "a/b v1 [];", NULL},
    {"an empty key", false, {"flagValues: {'': 1}"}, " v1 [1];", NULL},
    {"deleted", false, {"flags: {a: {version: 3, deleted: true}}"}, "a deleted v3 ;", NULL},
    {"several files",
     false,
     {"flagValues: {a: 1}", "{\"flagValues\":{\"b\":2}}", "segments: {a: {}}"},
     "a v1 [1];b v1 [2];segment a v1;",
     NULL},
    {"a prerequisite in another file",
     false,
     {"flags: {a: {prerequisites: [{key: b, variation: 0}]}}", "flagValues: {b: 1}"},
     "b v1 [1];a v1 [];",
     NULL},
    {"other properties",
     false,
     {"flagValues: {a: 1}\nflagvalues: {b: 1}\n\"e\\\"x\": {}\n"},
     "a v1 [1];",
     "Properties that nobody reads: \"flagvalues\", \"e\\\"x\"; expected \"flags\", "
     "\"flagValues\" or \"segments\" [%0]\n"},
    {"anchors in another property",
     false,
     {"x: &v [1, 2]\nflags: {a: {variations: *v}}"},
     "a v1 [1,2];",
     "\"x\""},

    {"flags and flagValues",
     true,
     {"flagValues: {a: 1}\nflags: {a: {variations: [2]}}\n"},
     "a v1 [2];",
     NULL},
    {"two files", true, {"flagValues: {a: 1}", "flags: {a: {variations: [2]}}"}, "a v1 [1];", NULL},
    {"twice in one object", true, {"{\"flagValues\":{\"a\":1,\"a\":2}}"}, "a v1 [1];", NULL},
    {"segments",
     true,
     {"segments: {a: {version: 2}}", "segments: {a: {version: 3}}"},
     "segment a v2;",
     NULL},
    {"the same key, a flag and a segment",
     false,
     {"flagValues: {a: 1}\nsegments: {a: {}}"},
     "a v1 [1];segment a v1;",
     NULL},

    {"flags and flagValues",
     false,
     {"flagValues: {a: 1}\nflags: {a: {}}\n"},
     "flag 'a' is specified more than once (%0, %0)",
     NULL},
    {"two files",
     false,
     {"flagValues: {a: 1}", "flagValues: {b: 1}", "flags: {a: {}}"},
     "flag 'a' is specified more than once (%0, %2)",
     NULL},
    {"segments",
     false,
     {"segments: {s/1: {}}", "segments: {s/1: {}}"},
     "segment 's/1' is specified more than once (%0, %1)",
     NULL},
    {"twice in one object",
     false,
     {"{\"flagValues\":{\"a\":1,\"a\":1}}"},
     "flag 'a' is specified more than once (%0, %0)",
     NULL},
};

static const struct {
    const char *why;
    const char *text;
    const char *problem; /* between "error parsing file: " and the path */
} bad[] = {
    {"another key", "{\n \"flags\": {\"a\":\n  {\"on\":true, \"key\" : \"b\"}}}",
     "flag \"a\": \"key\" is \"b\"; remove it or make it the same at line 3, column 23"},
    {"another key in YAML", "flags:\n  a:\n    on: true\n    key: b\n",
     "flag \"a\": \"key\" is \"b\"; remove it or make it the same at line 4, column 10"},
    {"a wrong type", "{\"flags\":{\"a\":{\n\"on\":\"yes\"}}}",
     "flag \"a\": \"on\": expected a boolean "
     "at line 2, column 6"},
    {"a wrong type in YAML", "segments:\n  s:\n    included:\n      - x\n      - 1\n",
     "segment \"s\": \"included\": expected a string at line 5, column 9"},
    {"an item that is none", "flags:\n  a: true\n",
     "flag \"a\": expected an object at line 2, column 6"},
    {"an item that is null", "flags:\n  a:\n",
     "flag \"a\": expected an object at line 2, column 5"},
    {"a section that is none", "{\"flags\":[]}",
     "a section that is no object; list its items by their keys at line 1, column 10"},
    {"a section that is none in YAML", "flagValues:\n- a\n",
     "a section that is no object; list its items by their keys at line 2, column 1"},
    {"a section twice", "{\"flags\":{\"a\":{}},\n\"flags\":{}}",
     "a section for the second time; put both together at line 2, column 9"},
    {"no mapping", "- 1\n",
     "expected an object with \"flags\", \"flagValues\" or \"segments\" in it at line 1, column 1"},
    {"a text", "hello\n",
     "expected an object with \"flags\", \"flagValues\" or \"segments\" in it at line 1, column 1"},
    {"empty", "",
     "nothing in it; write \"flags\", \"flagValues\" or \"segments\" at line 1, column 1"},
    {"blank", " \n\n",
     "nothing in it; write \"flags\", \"flagValues\" or \"segments\" at line 1, "
     "column 1"},
    {"a comment", "# soon\n",
     "nothing in it; write \"flags\", \"flagValues\" or \"segments\" at line "
     "1, column 1"},
    {"half a file", "{\"flags\":{\"a\":{\"on\":tr", NULL},
    {"half a file", "{\"flags\":{\"a\"", NULL},
    {"text behind it", "{}\n{}", "unexpected text after the value at line 2, column 1"},
    {"a syntax error in YAML", "flags: {a: {on: true}\n", NULL},
};

/* "%0" -> the path of file 0. */
static void paths_fill_in(const char *text, const struct test_files *files, struct str *out)
{
    for (; *text != 0; text++) {
        if (*text == '%')
            str_append_text(out, files->paths[*++text - '0']);
        else
            str_append_char(out, *text);
    }
}

static void rows_load_or_say_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct test_files files;
        size_t count = 0;
        while (count < ARRAY_LEN(rows[i].texts) && rows[i].texts[count] != NULL)
            count++;
        test_files_open(&files, count);
        for (size_t k = 0; k < count; k++)
            test_file_write(files.paths[k], rows[i].texts[k]);
        struct file_set_settings settings = {(const char *const *)files.paths, rows[i].ignore,
                                             NULL};
        struct str warnings = {0};
        struct str seen = {0};
        struct str expected = {0};
        struct str warning = {0};
        struct error err;
        struct dataset *d = file_set_load(&settings, &warnings, &err);
        if (d != NULL)
            describe(d, &seen);
        else
            str_append_text(&seen, err.text);
        paths_fill_in(rows[i].expected, &files, &expected);
        if (strcmp(str_text(&seen), str_text(&expected)) != 0)
            fail_msg("row %zu, %s: %s", i, rows[i].why, str_text(&seen));
        if (rows[i].warning != NULL)
            paths_fill_in(rows[i].warning, &files, &warning);
        if (rows[i].warning != NULL ? strstr(str_text(&warnings), str_text(&warning)) == NULL
                                    : warnings.len > 0)
            fail_msg("row %zu, %s: warning %s", i, rows[i].why, str_text(&warnings));
        dataset_unref(d);
        str_free(&warnings);
        str_free(&seen);
        str_free(&expected);
        str_free(&warning);
        test_files_close(&files);
    }
}

static void bad_files_say_where(void **state)
{
    (void)state;
    struct test_files files;
    test_files_open(&files, 1);
    struct file_set_settings settings = {(const char *const *)files.paths, false, NULL};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str warnings = {0};
        struct str expected = {0};
        struct error err;
        test_file_write(files.paths[0], bad[i].text);
        assert_null(file_set_load(&settings, &warnings, &err));
        str_append_format(&expected, "Unable to load flags: error parsing file: %s [%s]",
                          bad[i].problem, files.paths[0]);
        if (bad[i].problem != NULL)
            assert_string_equal(err.text, str_text(&expected));
        else if (strstr(err.text, " at line ") == NULL)
            fail_msg("%s: %s", bad[i].why, err.text);
        assert_int_equal(warnings.len, 0);
        str_free(&warnings);
        str_free(&expected);
    }
    test_files_close(&files);
}

static void every_cut_of_a_json_file_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"flagValues\":{\"a\":[1.5,\"x\"]},\"flags\":{\"b\":{\"on\":false}}}";
    struct test_files files;
    test_files_open(&files, 1);
    struct file_set_settings settings = {(const char *const *)files.paths, false, NULL};
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct str warnings = {0};
        struct error err;
        test_file_write_bytes(files.paths[0], view_make(text, len));
        assert_null(file_set_load(&settings, &warnings, &err));
        str_free(&warnings);
    }
    test_files_close(&files);
}

static void check_unreadable(const struct test_files *files, const char *reason)
{
    struct file_set_settings settings = {(const char *const *)files->paths, false, NULL};
    struct str warnings = {0};
    struct str expected = {0};
    struct error err;
    assert_null(file_set_load(&settings, &warnings, &err));
    str_append_format(&expected, "Unable to load flags: unable to read file: %s [%s]", reason,
                      files->paths[1]);
    assert_string_equal(err.text, str_text(&expected));
    str_free(&expected);
    str_free(&warnings);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct test_files files;
    test_files_open(&files, 2);
    test_file_write(files.paths[0], "{}");
    check_unreadable(&files, "no such file or directory");
    assert_int_equal(mkdir(files.paths[1], 0700), 0);
    check_unreadable(&files, "illegal operation on a directory");
    assert_int_equal(rmdir(files.paths[1]), 0);
    assert_int_equal(mkfifo(files.paths[1], 0600), 0);
    check_unreadable(&files, "not a regular file");
    assert_int_equal(unlink(files.paths[1]), 0);
    assert_int_equal(symlink(files.paths[1], files.paths[1]), 0);
    check_unreadable(&files, "too many symbolic links encountered");
    assert_int_equal(unlink(files.paths[1]), 0);
    test_file_write(files.paths[1], "");
    assert_int_equal(truncate(files.paths[1], ((off_t)200 << 20) + 1), 0);
    check_unreadable(&files, "larger than 200 MiB");
    test_files_close(&files);
}

/* One file, loaded again and again. */
static const struct {
    const char *why;
    const char *text;
    const char *expected;
} history[] = {
    {"no version: 1", "flags: {a: {variations: [1]}, b: {variations: [1], version: 5}}",
     "a v1 [1];b v5 [1];"},
    {"the same content",
     "{\"flags\":{\"a\":{\"variations\":[1]},\"b\":{\"version\":5,\"variations\":[1]}}}",
     "a v1 [1];b v5 [1];"},
    {"a change raises it", "flags: {a: {variations: [2]}, b: {variations: [2], version: 5}}",
     "a v2 [2];b v6 [2];"},
    {"and it stays", "flags: {a: {variations: [2]}, b: {variations: [2], version: 5}}",
     "a v2 [2];b v6 [2];"},
    {"a higher version counts",
     "flags: {a: {variations: [3], version: 9}, b: {variations: [2], version: 7}}",
     "a v9 [3];b v7 [2];"},
    {"a lower one does not",
     "flags: {a: {variations: [4], version: 2}, b: {variations: [2], version: 1}}",
     "a v10 [4];b v7 [2];"},
    {"the other form with the same content",
     "flagValues: {b: 2}\nflags: {a: {variations: [4], version: 2}}", "a v10 [4];b v8 [2];"},
    {"gone", "flagValues: {b: 2}", "b v8 [2];"},
    {"and back", "flagValues: {a: 1, b: 2}", "a v1 [1];b v8 [2];"},
    {"the order of properties of a value is content", "flagValues: {a: {x: 1, y: 2}, b: 2}",
     "a v2 [{\"x\":1,\"y\":2}];b v8 [2];"},
};

static void versions_rise_with_the_content(void **state)
{
    (void)state;
    struct test_files files;
    struct dataset *previous = NULL;
    test_files_open(&files, 1);
    for (size_t i = 0; i < ARRAY_LEN(history); i++) {
        struct file_set_settings settings = {(const char *const *)files.paths, false, previous};
        struct str warnings = {0};
        struct str seen = {0};
        struct error err;
        test_file_write(files.paths[0], history[i].text);
        struct dataset *d = file_set_load(&settings, &warnings, &err);
        if (d == NULL)
            fail_msg("%s: %s", history[i].why, err.text);
        describe(d, &seen);
        if (strcmp(str_text(&seen), history[i].expected) != 0)
            fail_msg("%s: %s", history[i].why, str_text(&seen));
        dataset_unref(previous);
        previous = d;
        str_free(&seen);
        str_free(&warnings);
    }
    dataset_unref(previous);
    test_files_close(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_load_or_say_why),
        cmocka_unit_test(bad_files_say_where),
        cmocka_unit_test(every_cut_of_a_json_file_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why),
        cmocka_unit_test(versions_rise_with_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
