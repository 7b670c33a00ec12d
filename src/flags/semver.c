/* flags/semver.c - see semver.h. */
#include "flags/semver.h"

#include "base/mem.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool is_numeric(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    return text.len != 0;
}

static bool has_leading_zero(struct view number)
{
    return number.len > 1 && number.data[0] == '0';
}

static bool begins_with(struct view text, char c)
{
    return text.len != 0 && text.data[0] == c;
}

static bool numbers_parse(struct view *rest, struct semver *out)
{
    for (size_t i = 0; i < ARRAY_LEN(out->numbers); i++) {
        bool present = i == 0 || begins_with(*rest, '.');
        if (i != 0 && present)
            *rest = view_from(*rest, 1);
        out->numbers[i] = present ? view_take_until(rest, ".-+") : VIEW_LITERAL("0");
        if (!is_numeric(out->numbers[i]) || has_leading_zero(out->numbers[i]))
            return false;
    }
    return true;
}

/* "rc.1": identifiers between dots. Numbers with leading zeros are refused where `strict`. */
static bool identifiers_check(struct view text, bool strict)
{
    bool more = true;
    while (more) {
        struct view part = view_take_until(&text, ".");
        more = text.len != 0;
        text = view_from(text, 1);
        for (size_t i = 0; i < part.len; i++) {
            if (!is_identifier_char(part.data[i]))
                return false;
        }
        if (part.len == 0 || (strict && is_numeric(part) && has_leading_zero(part)))
            return false;
    }
    return true;
}

bool semver_parse(struct view text, struct semver *out)
{
    struct view rest = text;
    *out = (struct semver){0};
    if (text.len == 0 || !numbers_parse(&rest, out))
        return false;
    if (begins_with(rest, '-')) {
        rest = view_from(rest, 1);
        out->prerelease = view_take_until(&rest, "+");
        if (!identifiers_check(out->prerelease, true))
            return false;
    }
    if (begins_with(rest, '+')) {
        struct view build = view_from(rest, 1);
        return identifiers_check(build, false);
    }
    return rest.len == 0;
}

/* Digits without leading zeros. */
static int numbers_compare(struct view a, struct view b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return view_compare(a, b);
}

/* Numbers are lower than words. */
static int identifiers_compare(struct view a, struct view b)
{
    bool a_numeric = is_numeric(a);
    bool b_numeric = is_numeric(b);
    if (a_numeric != b_numeric)
        return a_numeric ? -1 : 1;
    return a_numeric ? numbers_compare(a, b) : view_compare(a, b);
}

static int prereleases_compare(struct view a, struct view b)
{
    if (a.len == 0 || b.len == 0)
        return (a.len == 0) - (b.len == 0); /* a version without one is higher */
    int order = 0;
    while (order == 0 && a.len != 0 && b.len != 0) {
        order = identifiers_compare(view_take_until(&a, "."), view_take_until(&b, "."));
        if (order == 0 && (a.len == 0) != (b.len == 0))
            return a.len == 0 ? -1 : 1; /* fewer identifiers are lower */
        a = view_from(a, 1);
        b = view_from(b, 1);
    }
    return order;
}

int semver_compare(const struct semver *a, const struct semver *b)
{
    for (size_t i = 0; i < ARRAY_LEN(a->numbers); i++) {
        int order = numbers_compare(a->numbers[i], b->numbers[i]);
        if (order != 0)
            return order;
    }
    return prereleases_compare(a->prerelease, b->prerelease);
}
