/* Request targets: paths are cleaned and decoded segment by segment, queries searched. */
#include "http/server_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *raw;
    const char *path; /* segments joined by '|', '/' behind it for a trailing slash; NULL: none */
    const char *query;
    const char *why;
} targets[] = {
    {"/", "", "", "root"},
    {"/sdk/flags", "sdk|flags", "", "plain"},
    {"/sdk/flags/", "sdk|flags/", "", "a trailing slash counts"},
    {"/all?filter=a?b", "all", "filter=a?b", "only the first '?' begins the query"},
    {"/all?", "all", "", "empty query"},
    {"/%73dk/flags", "sdk|flags", "", "checklist 8: escapes are decoded"},
    {"/a%2Fb/c%2fd", "a/b|c/d", "", "%2F is data"},
    {"/%252F", "%2F", "", "decoded once"},
    {"/a+b", "a+b", "", "'+' is itself in a path"},
    {"//sdk//flags", "sdk|flags", "", "checklist 7: empty segments"},
    {"/x/../sdk/./flags", "sdk|flags", "", "checklist 7: dot segments"},
    {"/../../all", "all", "", "above the root is the root"},
    {"/x/%2e%2E/all", "all", "", "dot segments in escapes"},
    {"/sdk/..", "", "", "back to the root"},
    {"/sdk/../", "", "", "back to the root, with slash"},
    {"/sdk/flags/.", "sdk|flags", "", "the last dot leaves no slash"},
    {"/1/2/3/4/5/6/7/8/9/10/../../../../../../../../b", "1|2|b", "", "deeper than is kept"},
    {"http://any:80/sdk/flags?x", "sdk|flags", "x", "absolute form"},
    {"HTTPS://u@h/all", "all", "", "absolute form, other scheme"},
    {"http://any", "", "", "absolute form without path"},
    {"http://any?x=1", "", "x=1", "absolute form without path, with query"},
    {"/a#b", "a#b", "", "'#' is itself"},
    {"/a%00b", NULL, NULL, "NUL is data"}, /* compared below */
};

static void join(const struct target *t, struct str *out)
{
    for (size_t i = 0; i < t->depth; i++) {
        if (i != 0)
            str_append_char(out, '|');
        str_append(out, t->segments[i]);
    }
    if (t->trailing_slash)
        str_append_char(out, '/');
}

static void paths_are_cleaned_and_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct target t;
        if (!target_parse(view_of(targets[i].raw), &t))
            fail_msg("%s: refused", targets[i].why);
        struct str path = {0};
        join(&t, &path);
        assert_true(t.has_path);
        if (targets[i].path == NULL)
            assert_true(view_equal(str_view(&path), VIEW_LITERAL("a\0b")));
        else if (!view_is(str_view(&path), targets[i].path) || !view_is(t.query, targets[i].query))
            fail_msg("%s: path \"%s\", query \"%.*s\"", targets[i].why, str_text(&path),
                     VIEW_ARGS(t.query));
        str_free(&path);
        target_free(&t);
    }
}

static void targets_without_a_path_are_well_formed(void **state)
{
    (void)state;
    struct target t;
    assert_true(target_parse(VIEW_LITERAL("*"), &t));
    assert_true(t.asterisk && !t.has_path);
    assert_true(target_parse(VIEW_LITERAL("example.com:443"), &t));
    assert_true(!t.asterisk && !t.has_path);
}

static void malformed_targets_are_refused(void **state)
{
    (void)state;
    static const char *const raws[] = {"/%zz",  "/a%2",   "/%",      "/a%2x/b", "foo",
                                       "?x=1",  "1x://a", "http:/a", "a:b",     ":80",
                                       "http:", "a:",     "://a/b",  "/ok/%g0"};
    for (size_t i = 0; i < ARRAY_LEN(raws); i++) {
        struct target t;
        if (target_parse(view_of(raws[i]), &t))
            fail_msg("\"%s\" was taken", raws[i]);
    }
}

static const struct {
    const char *query;
    const char *value; /* of "filter"; NULL: absent */
    const char *why;
} queries[] = {
    {"filter=a", "a", "alone"},
    {"x=1&filter=a&filter=b", "a", "the first counts"},
    {"filter", "", "no '='"},
    {"filter=", "", "empty"},
    {"filter=a=b", "a=b", "only the first '=' divides"},
    {"filter=a+b%20c%2B", "a b c+", "form decoding"},
    {"%66ilter=a", "a", "names are decoded too"},
    {"filter=a;b&filter=c", "c", "a raw ';' drops the pair"},
    {"filter=%zz&filter=c", "c", "a broken escape drops the pair"},
    {"filter=%4", NULL, "a cut escape"},
    {"Filter=a", NULL, "names have case"},
    {"filters=a&xfilter=b", NULL, "other names"},
    {"", NULL, "no query"},
    {"&&filter=a&&", "a", "empty pairs"},
    {"=a", NULL, "empty name"},
};

static void queries_are_searched_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct str value = {0};
        bool found = query_find(view_of(queries[i].query), "filter", &value);
        bool expected = queries[i].value != NULL;
        if (found != expected || (found && !view_is(str_view(&value), queries[i].value)))
            fail_msg("%s: \"%s\"", queries[i].why, str_text(&value));
        str_free(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_cleaned_and_decoded),
        cmocka_unit_test(targets_without_a_path_are_well_formed),
        cmocka_unit_test(malformed_targets_are_refused),
        cmocka_unit_test(queries_are_searched_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
