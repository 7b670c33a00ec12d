/* base/duration.c - see duration.h. Integers only: a locale cannot change what "1.5h" means. */
#include "base/duration.h"

#include <inttypes.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS (1000 * NS_PER_US)
#define NS_PER_S (1000 * NS_PER_MS)
#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MINUTE)

/* The magnitude of INT64_MIN; every sum of parts stays within it. */
#define DURATION_MAX_NS ((uint64_t)INT64_MAX + 1)

/* More digits behind the point are below a nanosecond in every unit. */
#define FRACTION_MAX_DIGITS 18

static const struct duration_unit {
    const char *name;
    uint64_t ns;
} duration_units[] = {
    {"ns", 1},
    {"us", NS_PER_US},
    {"\xC2\xB5s", NS_PER_US}, /* micro sign */
    {"\xCE\xBCs", NS_PER_US}, /* Greek mu */
    {"ms", NS_PER_MS},
    {"s", NS_PER_S},
    {"m", NS_PER_MINUTE},
    {"h", NS_PER_HOUR},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at the start of `text`; they leave the view. False when they pass DURATION_MAX_NS. */
static bool whole_take(struct view *text, uint64_t *whole)
{
    *whole = 0;
    for (; text->len > 0 && is_digit(text->data[0]); *text = view_from(*text, 1)) {
        uint64_t digit = (uint64_t)(text->data[0] - '0');
        if (*whole > (DURATION_MAX_NS - digit) / 10)
            return false;
        *whole = *whole * 10 + digit;
    }
    return true;
}

/* The digits behind a point, as numerator and power of ten; they leave the view. */
static void fraction_take(struct view *text, uint64_t *numerator, uint64_t *scale)
{
    *numerator = 0;
    *scale = 1;
    unsigned digits = 0;
    for (; text->len > 0 && is_digit(text->data[0]); *text = view_from(*text, 1)) {
        if (digits++ >= FRACTION_MAX_DIGITS)
            continue;
        *numerator = *numerator * 10 + (uint64_t)(text->data[0] - '0');
        *scale *= 10;
    }
}

/* The unit's length in ns; its name leaves the view. 0 when there is none of that name. */
static uint64_t unit_take(struct view *text)
{
    size_t len = 0;
    while (len < text->len && text->data[len] != '.' && !is_digit(text->data[len]))
        len++;
    struct view name = view_make(text->data, len);
    for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
        if (view_is(name, duration_units[i].name)) {
            *text = view_from(*text, len);
            return duration_units[i].ns;
        }
    }
    return 0;
}

/* One number and its unit, added to *sum. */
static bool part_take(struct view *text, uint64_t *sum)
{
    uint64_t whole;
    uint64_t numerator = 0;
    uint64_t scale = 1;
    size_t before = text->len;
    if (!whole_take(text, &whole))
        return false;
    size_t digits = before - text->len;
    if (text->len > 0 && text->data[0] == '.') {
        *text = view_from(*text, 1);
        before = text->len;
        fraction_take(text, &numerator, &scale);
        digits += before - text->len;
    }
    uint64_t unit = unit_take(text);
    if (digits == 0 || unit == 0 || whole > DURATION_MAX_NS / unit)
        return false;
    uint64_t ns = whole * unit + (uint64_t)((unsigned __int128)numerator * unit / scale);
    if (ns > DURATION_MAX_NS || ns > DURATION_MAX_NS - *sum)
        return false;
    *sum += ns;
    return true;
}

bool duration_parse(struct view text, int64_t *nanoseconds)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        text = view_from(text, 1);
    if (text.len == 0)
        return false;
    uint64_t sum = 0;
    if (!view_is(text, "0")) {
        while (text.len > 0) {
            if (!part_take(&text, &sum))
                return false;
        }
    }
    if (sum == DURATION_MAX_NS && !negative)
        return false;
    *nanoseconds = (int64_t)(negative ? 0 - sum : sum);
    return true;
}

/* `ns` in a unit: the whole part, then the fraction without trailing zeros. */
static void amount_print(struct str *out, uint64_t ns, uint64_t unit, const char *name)
{
    str_append_format(out, "%" PRIu64, ns / unit);
    uint64_t rest = ns % unit;
    if (rest != 0)
        str_append_char(out, '.');
    for (uint64_t place = unit / 10; rest != 0; place /= 10) {
        str_append_char(out, (char)('0' + rest / place));
        rest %= place;
    }
    str_append_text(out, name);
}

void duration_print(int64_t nanoseconds, struct str *out)
{
    uint64_t ns = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
    if (nanoseconds < 0)
        str_append_char(out, '-');
    if (ns == 0) {
        str_append_text(out, "0s");
    } else if (ns < (uint64_t)NS_PER_US) {
        amount_print(out, ns, 1, "ns");
    } else if (ns < (uint64_t)NS_PER_MS) {
        amount_print(out, ns, NS_PER_US, "\xC2\xB5s");
    } else if (ns < (uint64_t)NS_PER_S) {
        amount_print(out, ns, NS_PER_MS, "ms");
    } else {
        uint64_t hours = ns / NS_PER_HOUR;
        uint64_t minutes = ns % NS_PER_HOUR / NS_PER_MINUTE;
        if (hours != 0)
            str_append_format(out, "%" PRIu64 "h", hours);
        if (hours != 0 || minutes != 0)
            str_append_format(out, "%" PRIu64 "m", minutes);
        amount_print(out, ns % NS_PER_MINUTE, NS_PER_S, "s");
    }
}
