/* base/decimal.c - see decimal.h.
 *
 * The C library does the hard part, but only ever sees an integer with an exponent ("12345e-2"), in
 * which no locale has a say.
 */
#include "base/decimal.h"

#include "base/json_scan.h"
#include "base/mem.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* No value halfway between two f64 has more significant digits than 767. */
#define SIGNIFICANT_DIGITS 800

/* Larger exponents than these change nothing any more, whatever the digits are. */
#define EXPONENT_LIMIT INT64_C(1000000000000)

/* digits * 10^exponent; zeros in front are left out. */
struct decimal {
    uint64_t small; /* the digits as a number while there are at most 19 of them */
    size_t count;
    size_t dropped; /* digits beyond SIGNIFICANT_DIGITS */
    bool inexact;   /* and one of those was not zero */
    int64_t exponent;
    char digits[SIGNIFICANT_DIGITS + 32]; /* room for a sticky digit and the exponent as text */
};

static void decimal_add_digit(struct decimal *d, char c)
{
    if (d->count == 0 && c == '0')
        return;
    if (d->count == SIGNIFICANT_DIGITS) {
        d->dropped++;
        d->inexact |= c != '0';
        return;
    }
    if (d->count < 19)
        d->small = d->small * 10 + (uint64_t)(c - '0');
    d->digits[d->count++] = c;
}

static int64_t exponent_read(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    int64_t value = 0;
    for (; p < end && json_is_digit(*p) && value < EXPONENT_LIMIT; p++)
        value = value * 10 + (*p - '0');
    return negative ? -value : value;
}

/* `p` is behind the sign. */
static void decimal_read(struct decimal *d, const char *p, const char *end)
{
    d->small = 0;
    d->count = 0;
    d->dropped = 0;
    d->inexact = false;
    int64_t behind_point = 0;
    for (; p < end && json_is_digit(*p); p++)
        decimal_add_digit(d, *p);
    if (p < end && *p == '.') {
        for (p++; p < end && json_is_digit(*p); p++, behind_point++)
            decimal_add_digit(d, *p);
    }
    d->exponent = p < end && (*p == 'e' || *p == 'E') ? exponent_read(p + 1, end) : 0;
    d->exponent += (int64_t)d->dropped - behind_point;
}

/* Both factors are exact, so one rounding gives the nearest f64. */
static bool decimal_to_exact(const struct decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->count > 19 || d->small > (UINT64_C(1) << 53) || d->exponent < -22 || d->exponent > 22)
        return false;
    double number = (double)d->small;
    *out = d->exponent < 0 ? number / powers[-d->exponent] : number * powers[d->exponent];
    return true;
}

static double decimal_to_f64(struct decimal *d)
{
    double exact;
    if (d->count == 0)
        return 0;
    if (decimal_to_exact(d, &exact))
        return exact;
    size_t len = d->count;
    if (d->inexact) {
        d->digits[len++] = '1';
        d->exponent--;
    }
    (void)snprintf(d->digits + len, sizeof d->digits - len, "e%" PRId64, d->exponent);
    return strtod(d->digits, NULL);
}

double decimal_parse(struct view text)
{
    const char *p = text.data;
    const char *end = text.data + text.len;
    bool negative = p < end && *p == '-';
    uint64_t whole = 0;
    if (negative)
        p++;
    if (end - p <= 15) {
        const char *digit = p;
        for (; digit < end && json_is_digit(*digit); digit++)
            whole = whole * 10 + (uint64_t)(*digit - '0');
        if (digit == end)
            return negative ? -(double)whole : (double)whole;
    }
    struct decimal d;
    decimal_read(&d, p, end);
    double number = decimal_to_f64(&d);
    return negative ? -number : number;
}

/* The first `count` significant digits of a positive number, rounded, as an integer; its value is
 * that integer * 10^*exponent. */
static uint64_t digits_of(double number, int count, int *exponent)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*e", count - 1, number);
    uint64_t digits = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (json_is_digit(*p)) /* the point has the shape that the locale gives it */
            digits = digits * 10 + (uint64_t)(*p - '0');
    }
    *exponent = (int)exponent_read(p + 1, text + strlen(text)) - (count - 1);
    return digits;
}

static bool digits_are(uint64_t digits, int exponent, double number)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
    return strtod(text, NULL) == number;
}

/* The fewest digits that parse back. Every text of 15 digits survives the way through a normal f64,
 * so fewer need not be tried but for the subnormal ones. At a power of two the next f64 below is
 * nearer than the one above: there the digits rounded up may do when the nearest ones do not. */
static uint64_t digits_shortest(double number, int *exponent)
{
    int part;
    bool power_of_two = frexp(number, &part) == 0.5;
    for (int count = number < DBL_MIN ? 1 : 15; count < 17; count++) {
        uint64_t digits = digits_of(number, count, exponent);
        if (digits_are(digits, *exponent, number))
            return digits;
        if (power_of_two && digits_are(digits + 1, *exponent, number))
            return digits + 1;
    }
    return digits_of(number, 17, exponent);
}

/* %g: digits with an exponent when that is below -4 or above 5, otherwise with zeros as needed. */
static size_t digits_print(uint64_t digits, int exponent, char *out)
{
    char text[24];
    int count = snprintf(text, sizeof text, "%" PRIu64, digits);
    while (count > 1 && text[count - 1] == '0') {
        count--;
        exponent++;
    }
    int first = exponent + count - 1; /* the exponent of the first digit */
    int used;
    if (first < -4 || first >= 6)
        used = snprintf(out, DECIMAL_SIZE, "%c%s%.*se%c%02d", text[0], count > 1 ? "." : "",
                        count - 1, text + 1, first < 0 ? '-' : '+', abs(first));
    else if (first < 0)
        used = snprintf(out, DECIMAL_SIZE, "0.%.*s%.*s", -first - 1, "000", count, text);
    else
        used = snprintf(out, DECIMAL_SIZE, "%.*s.%.*s", first + 1, text, count - first - 1,
                        text + first + 1);
    return (size_t)used;
}

size_t decimal_print(double number, char out[static DECIMAL_SIZE])
{
    if (number >= -0x1p63 && number < 0x1p63 && number == trunc(number))
        return (size_t)snprintf(out, DECIMAL_SIZE, "%" PRId64, (int64_t)number);
    size_t sign = number < 0;
    if (sign != 0)
        out[0] = '-';
    int exponent;
    uint64_t digits = digits_shortest(fabs(number), &exponent);
    return sign + digits_print(digits, exponent, out + sign);
}
