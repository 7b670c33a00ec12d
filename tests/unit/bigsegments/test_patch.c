/* Patches and arrays of them, in whatever pieces they come (big-segments.md 5). */
#include "bigsegments/patch_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LIMIT 200

/* "SEGMENT PREVIOUS>VERSION +included -included *excluded /excluded" */
static void print_patch(const struct patch *p, struct str *out)
{
    static const char marks[PATCH_LIST_COUNT] = {'+', '-', '*', '/'};
    str_append_format(out, "%s %s>%s", str_text(&p->segment_id), str_text(&p->previous_version),
                      str_text(&p->version));
    for (int list = 0; list < PATCH_LIST_COUNT; list++) {
        struct patch_hashes hashes;
        struct view hash;
        size_t count = 0;
        patch_hashes_begin(&hashes, p, (enum patch_list)list);
        while (patch_hashes_next(&hashes, &hash)) {
            str_append_format(out, " %c%.*s", marks[list], VIEW_ARGS(hash));
            count++;
        }
        patch_hashes_end(&hashes);
        assert_int_equal(count, p->counts[list]);
    }
}

/* ---- one patch ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *patch; /* or the problem */
    const char *why;
} patches[] = {
    {"{\"environmentId\":\"e\",\"segmentId\":\"vip.g2\",\"version\":\"b\",\"previousVersion\":"
     "\"a\","
     "\"changes\":{\"included\":{\"add\":[\"h1\",\"h2\"],\"remove\":[\"h3\"]},"
     "\"excluded\":{\"add\":[\"h4\"],\"remove\":[\"h5\",\"h6\"]}}}",
     "vip.g2 a>b +h1 +h2 -h3 *h4 /h5 /h6", "everything"},
    {"{}", " >", "nothing"},
    {"{\"segmentId\":null,\"version\":null,\"previousVersion\":null,\"changes\":null}", " >",
     "null is empty"},
    {"{\"changes\":{\"included\":null,\"excluded\":{\"add\":null,\"remove\":[]}}}", " >",
     "null and nothing are empty lists"},
    {"{\"changes\":{\"included\":{\"add\":[null,\"h\",null]}}}", " > +h", "null is no hash"},
    {"{\"other\":{\"a\":[1,{}]},\"changes\":{\"x\":1,\"included\":{\"y\":[2]}}}", " >",
     "unknown properties are ignored"},
    {" { \"version\" : \"v\\u0031\" , \"changes\" : { \"included\" : { \"add\" : [ \"a\\/b\" ] } } "
     "} ",
     " >v1 +a/b", "escapes and blanks"},
    {"{\"version\":\"a\",\"version\":\"b\"}", " >b", "the last one counts"},
    {"{\"changes\":{\"included\":{\"add\":[\"a\"]},\"included\":{\"add\":[\"b\"]}}}", " > +b",
     "so it does in lists"},
    {"{\"version\":1}", "expected a string at byte 11 of a patch", "a version is text"},
    {"{\"segmentId\":{}}", "expected a string at byte 13 of a patch", "so is a segment"},
    {"{\"changes\":[]}", "expected an object at byte 11 of a patch", "changes have names"},
    {"{\"changes\":{\"included\":{\"add\":{}}}}", "expected an array at byte 30 of a patch",
     "hashes have none"},
    {"{\"changes\":{\"excluded\":{\"remove\":[1]}}}", "expected a string at byte 34 of a patch",
     "a hash is text"},
    {"[]", "expected an object at byte 0 of a patch", "an array is none"},
    {"{} {}", "unexpected text after the value at byte 3 of a patch", "one at a time"},
};

static void a_patch_is_what_its_properties_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
        struct patch p;
        struct error err;
        struct str said = {0};
        if (patch_parse(view_of(patches[i].text), &p, &err)) {
            print_patch(&p, &said);
            patch_free(&p);
        } else {
            str_append_text(&said, err.text);
        }
        if (strcmp(str_text(&said), patches[i].patch) != 0)
            fail_msg("%s: %s", patches[i].why, str_text(&said));
        str_free(&said);
    }
}

static void a_segment_key_ends_at_the_last_dot(void **state)
{
    static const char *const rows[][2] = {{"vip.g2", "vip"}, {"a.b.g7", "a.b"}, {"plain", "plain"},
                                          {".g1", ".g1"},    {"a.", "a"},       {"", ""}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(view_is(patch_segment_key(view_of(rows[i][0])), rows[i][1]));
}

/* ---- arrays of them -------------------------------------------------------------------------- */

/* '~' ends an array, '^' asks what there is. */
static const struct {
    const char *bytes;
    const char *said; /* '.' needs more, ']' the end of an array, '!' a problem */
    const char *why;
} arrays[] = {
    {"[]~^", "]", "an empty array"},
    {"null~^", "]", "null is one, too"},
    {"~^", ".", "nothing is no array"},
    {" \n~^", ".", "nor are blanks"},
    {" [ ] \n~^", "]", "blanks around it"},
    {"[{\"version\":\"1\"}]~^", "( >1)]", "one patch"},
    {"[{\"version\":\"1\"},{\"version\":\"2\"}]~^", "( >1)( >2)]", "two patches"},
    {"[{\"version\":\"1\"}^,{\"version\":\"2\"^}]~^", "( >1)..( >2)]",
     "a patch comes before the array is whole"},
    {"[{\"version\":\"1\"}]~[{\"version\":\"2\"}]~^", "( >1)]( >2)]", "one array after the other"},
    {" ~[]~^", "]", "an empty event between others"},
    {"[{\"changes\":{\"included\":{\"add\":[\"a\",\"b\"]}}}]~^", "( > +a +b)]", "members"},
    {"[{\"version\":\"]}\\\"\"}]~^", "( >]}\")]", "brackets in a text"},
    {"{}~^", "!expected an array of patches", "an object"},
    {"7~^", "!expected an array of patches", "a number"},
    {"[null]~^", "!expected an array of patches", "null among the patches"},
    {"[[]]~^", "!expected an array of patches", "an array among the patches"},
    {"[{}~^", "( >)!unexpected end of data", "it was cut off"},
    {"[~[]~^", "!unexpected end of data", "what follows does not complete it"},
    {"[] x~^", "!unexpected text after the array of patches", "something behind it"},
    {"[{\"version\":1}]~^^",
     "!expected a string at byte 11 of a patch!expected a string at byte 11 "
     "of a patch",
     "a problem stays"},
    {"[{\"version\":\"1\"},{\"version\":2}]~^", "( >1)!expected a string at byte 11 of a patch",
     "what comes before a malformed patch is good"},
    {"[{sorry", "", "nobody has asked"},
    {"[{sorry^", "!expected a property name in quotes in an array of patches", "syntax"},
};

static void tell(struct patch_reader *r, struct str *said)
{
    struct patch *p;
    struct error err;
    for (;;) {
        switch (patch_reader_next(r, &p, &err)) {
        case PATCH_READ_PATCH:
            str_append_char(said, '(');
            print_patch(p, said);
            str_append_char(said, ')');
            break;
        case PATCH_READ_ARRAY_END:
            str_append_char(said, ']');
            break;
        case PATCH_READ_FAILED:
            str_append_format(said, "!%s", err.text);
            return;
        case PATCH_READ_MORE:
            assert_int_equal(patch_reader_waiting(r), 0);
            if (said->len == 0 || said->data[said->len - 1] != ']')
                str_append_char(said, '.');
            return;
        }
    }
}

static void feed(struct patch_reader *r, const char *bytes, size_t step, struct str *said)
{
    size_t pending = 0;
    for (const char *c = bytes; *c != '\0'; c++) {
        if (*c != '~' && *c != '^' && ++pending < step)
            continue;
        size_t marks = *c == '~' || *c == '^';
        patch_reader_feed(r, view_make(c - pending + (marks ? 0 : 1), pending));
        pending = 0;
        if (*c == '~')
            patch_reader_array_end(r);
        else if (*c == '^')
            tell(r, said);
    }
    patch_reader_feed(r, view_make(bytes + strlen(bytes) - pending, pending));
}

static void arrays_become_patches_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++) {
        for (size_t step = 1; step < 60; step++) {
            struct patch_reader *r = patch_reader_new(LIMIT);
            struct str said = {0};
            feed(r, arrays[i].bytes, step, &said);
            if (strcmp(str_text(&said), arrays[i].said) != 0)
                fail_msg("%s, in pieces of %zu: %s", arrays[i].why, step, str_text(&said));
            str_free(&said);
            patch_reader_free(r);
        }
    }
}

/* 12: above the limit the error names the option. */
static void a_patch_above_the_limit_is_refused(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct patch_reader *r = patch_reader_new(LIMIT);
        struct patch *p;
        struct error err;
        struct str text = {0};
        str_append_text(&text, "[{\"version\":\"");
        while (text.len < LIMIT + extra - 1)
            str_append_char(&text, 'x');
        str_append_text(&text, "\"}]");
        patch_reader_feed(r, str_view(&text));
        patch_reader_array_end(r);
        enum patch_read read = patch_reader_next(r, &p, &err);
        assert_int_equal(read, extra == 0 ? PATCH_READ_PATCH : PATCH_READ_FAILED);
        if (extra != 0)
            assert_string_equal(err.text, "a patch has more than 200 bytes; raise "
                                          "bigSegmentsMaxPatchBytes to accept it");
        str_free(&text);
        patch_reader_free(r);
    }
}

/* The array is longer than the limit of a patch, and longer than what is forgotten at a time. */
static void what_was_read_is_forgotten(void **state)
{
    (void)state;
    struct patch_reader *r = patch_reader_new(LIMIT);
    struct str text = {0};
    struct patch *p;
    struct error err;
    size_t count = 0;
    str_append_text(&text, "[");
    while (text.len < 1000000)
        str_append_text(&text, "{\"version\":\"0123456789\"},");
    str_append_text(&text, "{}]");
    patch_reader_feed(r, str_view(&text));
    while (patch_reader_next(r, &p, &err) == PATCH_READ_PATCH)
        count++;
    assert_int_equal(count, 40001);
    assert_int_equal(patch_reader_waiting(r), 0);
    str_free(&text);
    patch_reader_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_is_what_its_properties_say),
        cmocka_unit_test(a_segment_key_ends_at_the_last_dot),
        cmocka_unit_test(arrays_become_patches_however_they_are_cut),
        cmocka_unit_test(a_patch_above_the_limit_is_refused),
        cmocka_unit_test(what_was_read_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
