/* flags/date.c - see date.h. */
#include "flags/date.h"

#define DATE_ZERO_MS INT64_C(-62135596800000)

/* Reads forward; after the first thing that does not fit nothing more is read. */
struct cursor {
    const char *at;
    const char *end;
    bool failed;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool digit_follows(const struct cursor *c)
{
    return !c->failed && c->at < c->end && is_digit(*c->at);
}

/* A number of `least` to `most` digits, at most `limit`. */
static int64_t number_take(struct cursor *c, int least, int most, int64_t limit)
{
    int64_t number = 0;
    int digits = 0;
    for (; digits < most && digit_follows(c); digits++)
        number = number * 10 + (*c->at++ - '0');
    if (digits < least || number > limit)
        c->failed = true;
    return number;
}

/* One of the characters in `choices`; 0 when something else stands there. */
static char char_take(struct cursor *c, const char *choices)
{
    if (c->failed || c->at == c->end || *c->at == '\0' || strchr(choices, *c->at) == NULL) {
        c->failed = true;
        return '\0';
    }
    return *c->at++;
}

/* Days from 1970-01-01 to the first day of a month, in the Gregorian calendar. */
static int64_t days_before(int64_t year, int64_t month)
{
    int64_t y =
        month <= 2 ? year - 1 : year; /* years begin in March, so that leap days come last */
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* ".5" to 500000000; 0 when there is no point. */
static int64_t nanoseconds_take(struct cursor *c)
{
    if (c->failed || c->at == c->end || *c->at != '.')
        return 0;
    const char *first = ++c->at;
    int64_t ns = number_take(c, 1, 9, INT64_MAX);
    for (int64_t digits = c->at - first; digits < 9; digits++)
        ns *= 10;
    return ns;
}

/* Seconds east of Greenwich. What stands behind 'Z' is not looked at, as in other implementations.
 */
static int64_t zone_take(struct cursor *c)
{
    char sign = char_take(c, "Zz+-");
    if (sign == 'Z' || sign == 'z' || c->failed)
        return 0;
    int64_t hours = number_take(c, 2, 2, 99);
    (void)char_take(c, ":");
    int64_t minutes = number_take(c, 2, 2, 59);
    if (c->at != c->end)
        c->failed = true;
    int64_t seconds = hours * 3600 + minutes * 60;
    return sign == '-' ? -seconds : seconds;
}

static bool text_parse(struct view text, struct date *out)
{
    struct cursor c = {.at = text.data, .end = text.data + text.len};
    int64_t year = number_take(&c, 4, 4, 9999);
    (void)char_take(&c, "-");
    int64_t month = number_take(&c, 2, 2, 12);
    (void)char_take(&c, "-");
    int64_t day = number_take(&c, 2, 2, 31);
    (void)char_take(&c, "Tt");
    int64_t hour = number_take(&c, 1, 2, 23);
    (void)char_take(&c, ":");
    int64_t minute = number_take(&c, 2, 2, 59);
    (void)char_take(&c, ":");
    int64_t second = number_take(&c, 2, 2, 60);
    int64_t ns = nanoseconds_take(&c);
    int64_t zone = zone_take(&c);
    if (c.failed || month == 0 || day == 0)
        return false;
    int64_t seconds =
        (days_before(year, month) + day - 1) * 86400 + hour * 3600 + minute * 60 + second - zone;
    out->ms = seconds * 1000 + ns / 1000000;
    out->ns = (int32_t)(ns % 1000000);
    return true;
}

bool date_parse(const struct value *v, struct date *out)
{
    *out = (struct date){0};
    if (v->type == JSON_STRING)
        return v->is.text.len != 0 && text_parse(v->is.text, out);
    if (v->type != JSON_NUMBER)
        return false;
    double ms = v->is.number;
    if (ms >= 0x1p63)
        out->ms = INT64_MAX;
    else
        out->ms = ms <= -0x1p63 ? INT64_MIN : (int64_t)ms;
    return true;
}

bool date_is_zero(const struct date *d)
{
    return d->ms == DATE_ZERO_MS && d->ns == 0;
}

int date_compare(const struct date *a, const struct date *b)
{
    if (a->ms != b->ms)
        return a->ms < b->ms ? -1 : 1;
    return (a->ns > b->ns) - (a->ns < b->ns);
}
