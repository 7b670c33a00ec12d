/* Which If-None-Match names a version (http-api.md 6.2). Checklist of http-api.md: 57. */
#include "ask.h"

static const struct {
    const char *header;
    bool matches; /* version 7 */
    const char *why;
} rows[] = {
    {"W/\"7\"", true, "ours"},
    {"\"7\"", true, "a cache made it strong"},
    {"relay-7", true, "ld-relay's"},
    {"\"relay-7\"", true, "a cache put quotes around ld-relay's"},
    {"*", true, "whatever there is"},
    {" * ", true, "blanks do not count"},
    {"x, relay-7", true, "a list"},
    {"\"1\",W/\"7\"", true, "a list without blanks"},
    {"\"1\" , \"7\" ,", true, "blanks and an empty element"},
    {"", false, "absent"},
    {"7", false, "no tag of anybody"},
    {"W/7", false, "quotes are missing"},
    {"\"7", false, "half a pair of quotes"},
    {"\"", false, "a quote alone"},
    {"relay-", false, "no version"},
    {"relay-70", false, "another version"},
    {"\"07\"", false, "versions are compared as text"},
    {"w/\"7\"", false, "W is upper case"},
    {"x, *", false, "* only counts alone"},
    {",,,", false, "nothing but commas"},
};

static void a_header_matches_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (etag_matches(view_of(rows[i].header), VIEW_LITERAL("7")) != rows[i].matches)
            fail_msg("%s: %s", rows[i].header, rows[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_matches_as_its_row_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
