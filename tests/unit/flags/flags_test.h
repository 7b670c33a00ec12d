/* What the tests of flags/ have in common: cmocka with what it needs, and short ways to make items.
 */
#ifndef FLAGS_TEST_H
#define FLAGS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "flags/dataset.h"

/* `row` says which case it is when the texts differ. */
static inline void test_assert_text(struct view got, const char *want, const char *row)
{
    if (!view_is(got, want))
        fail_msg("%s\ngot  %.*s\nwant %s", row, VIEW_ARGS(got), want);
}

static inline void test_assert_int(int64_t got, int64_t want, const char *row)
{
    if (got != want)
        fail_msg("%s: got %lld, want %lld", row, (long long)got, (long long)want);
}

/* An item that must parse; the key is that of its map. */
static inline struct item *test_item(enum item_kind kind, const char *key, const char *json)
{
    struct error err;
    struct item *it = item_parse(kind, view_of(key), view_of(json), &err);
    if (it == NULL)
        fail_msg("%s: %s", json, err.text);
    return it;
}

/* A flag of a version with prerequisites, "a b c" or "". */
static inline struct item *test_flag(const char *key, int64_t version, const char *prerequisites)
{
    struct str json = {0};
    const char *comma = "";
    str_append_format(&json, "{\"key\":\"%s\",\"version\":%lld,\"prerequisites\":[", key,
                      (long long)version);
    while (*prerequisites != '\0') {
        int len = (int)strcspn(prerequisites, " ");
        str_append_format(&json, "%s{\"key\":\"%.*s\",\"variation\":0}", comma, len, prerequisites);
        prerequisites += len + (prerequisites[len] == ' ');
        comma = ",";
    }
    str_append_text(&json, "]}");
    struct item *it = test_item(ITEM_FLAG, key, str_text(&json));
    str_free(&json);
    return it;
}

/* A segment with one rule that refers to other segments, "a b c" or "". */
static inline struct item *test_segment(const char *key, int64_t version, const char *segments)
{
    struct str json = {0};
    const char *comma = "";
    str_append_format(
        &json,
        "{\"key\":\"%s\",\"version\":%lld,\"rules\":[{\"clauses\":[{\"attribute\":\"\","
        "\"op\":\"segmentMatch\",\"values\":[",
        key, (long long)version);
    while (*segments != '\0') {
        int len = (int)strcspn(segments, " ");
        str_append_format(&json, "%s\"%.*s\"", comma, len, segments);
        segments += len + (segments[len] == ' ');
        comma = ",";
    }
    str_append_text(&json, "]}]}]}");
    struct item *it = test_item(ITEM_SEGMENT, key, str_text(&json));
    str_free(&json);
    return it;
}

/* The keys of a kind in dependency order, separated by blanks. */
static inline void test_order(struct dataset *d, enum item_kind kind, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, kind, &count);
    str_clear(out);
    for (size_t i = 0; i < count; i++)
        str_append_format(out, "%s%.*s", i == 0 ? "" : " ", VIEW_ARGS(items[i]->key));
}

#endif
