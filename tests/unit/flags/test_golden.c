/* The canonical text of every item of the conformance data sets is, byte for byte, what the
 * reference relay put on /all (fixtures/make_golden.mjs). */
#include "flags_test.h"

/* Cuts the next column off a line. */
static struct view column_take(char **line)
{
    char *start = *line;
    size_t len = strcspn(start, "\t\n");
    *line = start + len + (start[len] != '\0');
    return view_make(start, len);
}

static void row_check(char *line)
{
    struct error err;
    enum item_kind kind = view_is(column_take(&line), "flags") ? ITEM_FLAG : ITEM_SEGMENT;
    struct view key = column_take(&line);
    struct view input = column_take(&line);
    struct view want = column_take(&line);
    struct item *it = item_parse(kind, key, input, &err);
    if (it == NULL) {
        fail_msg("%.*s: %s", VIEW_ARGS(key), err.text);
        return;
    }
    assert_int_equal(it->deleted, want.len == 0);
    if (!it->deleted && !view_equal(buf_view(it->text), want))
        fail_msg("%.*s\ngot  %s\nwant %.*s", VIEW_ARGS(key), it->text->data, VIEW_ARGS(want));
    item_unref(it);
}

static void canonical_text_is_that_of_the_reference(void **state)
{
    (void)state;
    FILE *rows = fopen(TEST_FOLDER "/fixtures/golden.tsv", "r");
    assert_non_null(rows);
    char *line = NULL;
    size_t room = 0;
    size_t count = 0;
    while (getline(&line, &room, rows) > 0) {
        row_check(line);
        count++;
    }
    free(line);
    assert_int_equal(fclose(rows), 0);
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(canonical_text_is_that_of_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
