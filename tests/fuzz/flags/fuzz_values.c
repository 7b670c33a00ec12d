/* Dates, semantic versions and attribute references: two texts, cut at the first NUL.
 *
 * Laws: comparisons have an order; a version with a build is equal to the one without. */
#include "flags/date.h"
#include "flags/reference.h"
#include "flags/semver.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void dates_check(struct view a, struct view b)
{
    struct date x;
    struct date y;
    struct value va = value_of_text(a);
    struct value vb = value_of_text(b);
    if (!date_parse(&va, &x) || !date_parse(&vb, &y))
        return;
    must(x.ns >= 0 && x.ns < 1000000);
    must(sign(date_compare(&x, &y)) == -sign(date_compare(&y, &x)));
    must(date_compare(&x, &x) == 0);
}

static void versions_check(struct view a, struct view b)
{
    struct semver x;
    struct semver y;
    struct str built = {0};
    if (!semver_parse(a, &x) || !semver_parse(b, &y))
        return;
    must(sign(semver_compare(&x, &y)) == -sign(semver_compare(&y, &x)));
    must(semver_compare(&x, &x) == 0);
    if (memchr(a.data, '+', a.len) == NULL) {
        str_append(&built, a);
        str_append_text(&built, "+build.01");
        must(semver_parse(str_view(&built), &y));
        must(semver_compare(&x, &y) == 0);
    }
    str_free(&built);
}

static void reference_check(struct view text)
{
    struct arena arena = {0};
    struct reference r = reference_parse(&arena, text, true);
    if (r.problem == REFERENCE_VALID)
        must(r.name.data != NULL && r.name.len != 0);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size != 0 ? memchr(data, '\0', size) : NULL;
    size_t len = nul != NULL ? (size_t)(nul - data) : size;
    struct view a = view_make((const char *)data, len);
    struct view b = view_from(view_make((const char *)data, size), len + 1);
    dates_check(a, b);
    versions_check(a, b);
    reference_check(a);
    return 0;
}
