/* The routing table: which row a request belongs to, and which methods a path has. */
#include "http/server_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GET (1u << HTTP_GET)
#define REPORT (1u << HTTP_REPORT)
#define OPTIONS (1u << HTTP_OPTIONS)
#define POST (1u << HTTP_POST)

/* An excerpt of http-api.md 2.1, in its order; `id` is the number of the row there. */
static const struct http_route routes[] = {
    {.methods = GET, .head = true, .pattern = "/status", .id = 1},
    {.methods = GET | OPTIONS, .pattern = "/sdk/evalx/{envId}/contexts/{context}", .id = 3},
    {.methods = REPORT | OPTIONS, .pattern = "/sdk/evalx/{envId}/context", .id = 4},
    {.methods = GET, .pattern = "/sdk/evalx/contexts/{context}", .id = 7},
    {.methods = REPORT, .pattern = "/sdk/evalx/context", .id = 8},
    {.methods = GET, .head = true, .pattern = "/sdk/flags", .id = 11},
    {.methods = GET, .head = true, .pattern = "/sdk/flags/{key}", .id = 12},
    {.methods = POST, .pattern = "/mobile/events/bulk", .id = 24},
    {.methods = GET | OPTIONS, .pattern = "/a/{envId}.gif", .id = 30},
    {.methods = GET, .pattern = "/", .id = 99},
};

static const struct {
    enum http_method method;
    const char *target;
    int row;           /* 0: none */
    bool path_known;   /* without a row: 405, else 404 */
    const char *first; /* variable */
    const char *second;
    const char *why;
} matches[] = {
    {HTTP_GET, "/status", 1, true, "", "", "plain"},
    {HTTP_HEAD, "/status", 1, true, "", "", "checklist 9: HEAD where a row answers it"},
    {HTTP_HEAD, "/sdk/evalx/contexts/x", 0, true, "", "", "HEAD where no row does"},
    {HTTP_PUT, "/status", 0, true, "", "", "checklist 1: wrong method"},
    {HTTP_METHOD_OTHER, "/status", 0, true, "", "", "unknown method"},
    {HTTP_OPTIONS, "/status", 0, true, "", "", "checklist 5: OPTIONS without CORS"},
    {HTTP_GET, "/status/", 0, false, "", "", "checklist 4: trailing slash"},
    {HTTP_GET, "/STATUS", 0, false, "", "", "checklist 4: letter case"},
    {HTTP_GET, "/robots.txt", 0, false, "", "", "checklist 11: unknown"},
    {HTTP_GET, "/", 99, true, "", "", "root"},
    {HTTP_GET, "/sdk/flags", 11, true, "", "", "shorter pattern"},
    {HTTP_GET, "//sdk/flags", 11, true, "", "", "checklist 7: uncanonical"},
    {HTTP_GET, "/sdk/flags/a%2Fb", 12, true, "a/b", "", "%2F in a variable"},
    {HTTP_GET, "/sdk/flags/a/b", 0, false, "", "", "a variable is one segment"},
    {HTTP_GET, "/sdk/evalx/E/contexts/C", 3, true, "E", "C", "two variables"},
    {HTTP_GET, "/sdk/evalx/contexts/context", 7, true, "context", "", "checklist 10: overlap, GET"},
    {HTTP_REPORT, "/sdk/evalx/contexts/context", 4, true, "contexts", "", "checklist 10: REPORT"},
    {HTTP_GET, "/a/E.gif", 30, true, "E", "", "text behind a variable"},
    {HTTP_GET, "/a/E.x.gif", 30, true, "E.x", "", "the last text counts"},
    {HTTP_GET, "/a/.gif", 0, false, "", "", "a variable is not empty"},
    {HTTP_GET, "/a/E.png", 0, false, "", "", "other text behind"},
    {HTTP_GET, "*", 0, false, "", "", "no path at all"},
    {HTTP_GET, "/1/2/3/4/5/6/7/8/9/10", 0, false, "", "", "deeper than any pattern"},
};

static void requests_find_their_row(void **state)
{
    struct route_table *table = *state;
    for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
        struct target target;
        assert_true(target_parse(view_of(matches[i].target), &target));
        struct route_match m;
        route_match(table, matches[i].method, &target, &m);
        int row = m.route != NULL ? m.route->id : 0;
        bool variables = row == 0 || (view_is(m.variables[0], matches[i].first) &&
                                      view_is(m.variables[1], matches[i].second));
        if (row != matches[i].row || m.path_known != matches[i].path_known || !variables)
            fail_msg("%s: row %d, variables \"%.*s\" \"%.*s\"", matches[i].why, row,
                     VIEW_ARGS(m.variables[0]), VIEW_ARGS(m.variables[1]));
        target_free(&target);
    }
}

static const struct {
    const char *target;
    const char *allowed;
} lists[] = {
    {"/status", "GET"},
    {"/sdk/evalx/E/context", "REPORT, OPTIONS"},
    {"/sdk/evalx/contexts/context", "REPORT, OPTIONS, GET"},
    {"/mobile/events/bulk", "POST"},
    {"/unknown", ""},
};

static void methods_are_listed_once_in_table_order(void **state)
{
    struct route_table *table = *state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct target target;
        assert_true(target_parse(view_of(lists[i].target), &target));
        struct str allowed = {0};
        route_allowed(table, &target, ", ", &allowed);
        assert_string_equal(str_text(&allowed), lists[i].allowed);
        str_free(&allowed);
        target_free(&target);
    }
}

static int open_table(void **state)
{
    *state = route_table_new(routes, ARRAY_LEN(routes));
    return 0;
}

static int free_table(void **state)
{
    route_table_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_find_their_row),
        cmocka_unit_test(methods_are_listed_once_in_table_order),
    };
    return cmocka_run_group_tests(tests, open_table, free_table);
}
