/* base/json_compact.c - JSON text written again without white space (json_writer.h), in its one
 * canonical form or unchanged.
 *
 * What is canonical already is copied in long runs; only white space, strings with escapes or
 * broken UTF-8, and numbers in another form break a run.
 */
#include "base/decimal.h"
#include "base/json_private.h"
#include "base/json_writer.h"

struct compact {
    struct str *out;
    const char *run; /* start of what is to be copied as it is */
    struct str scratch;
};

static void compact_flush(struct compact *c, const char *upto)
{
    str_append(c->out, view_make(c->run, (size_t)(upto - c->run)));
    c->run = upto;
}

static bool is_in_number(char c)
{
    return json_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static const char *digits_end(const char *p, const char *end)
{
    while (p < end && json_is_digit(*p))
        p++;
    return p;
}

/* Would json_write_number() give the same text, without trying? So for integers of at most 15
 * digits, and for fractions of at most 15 digits from 0.0001 to below 1000000 that end in no zero:
 * fifteen digits survive the way through an f64. */
static bool is_canonical_number(const char *p, const char *end)
{
    const char *whole = p + (*p == '-');
    const char *point = digits_end(whole, end);
    if (point == whole || end - whole > 15 || (*whole == '0' && point - whole > 1))
        return false;
    if (point == end)
        return *whole != '0' || whole == p;
    if (*point != '.' || digits_end(point + 1, end) != end || end[-1] == '0' || end == point + 1)
        return false;
    bool tiny = *whole == '0' && end - point > 4 && memcmp(point, ".0000", 5) == 0;
    return point - whole <= 6 && !tiny;
}

static const char *compact_number(struct compact *c, const char *p, const char *end)
{
    const char *stop = p;
    while (stop < end && is_in_number(*stop))
        stop++;
    if (!is_canonical_number(p, stop)) {
        compact_flush(c, p);
        json_write_number(c->out, decimal_parse(view_make(p, (size_t)(stop - p))));
        c->run = stop;
    }
    return stop;
}

static const char *compact_string(struct compact *c, const char *p, const char *end)
{
    const char *problem = NULL;
    struct view text;
    const char *stop = json_string_view(p, end, &c->scratch, &text, &problem);
    if (problem != NULL)
        return end;
    if (text.data != p + 1) {
        compact_flush(c, p);
        json_write_string(c->out, text);
        c->run = stop;
    }
    return stop;
}

static const char *string_end(const char *p, const char *end)
{
    const char *problem = NULL;
    const char *stop = json_string_end(p, end, &problem);
    return problem != NULL ? end : stop;
}

static void tokens_write(struct str *out, struct view raw, bool canonical)
{
    const char *p = raw.data != NULL ? raw.data : "";
    const char *end = p + raw.len;
    struct compact c = {.out = out, .run = p};
    str_reserve(out, raw.len);
    while (p < end) {
        if (*p == '"') {
            p = canonical ? compact_string(&c, p, end) : string_end(p, end);
        } else if (json_is_blank(*p)) {
            compact_flush(&c, p);
            p = json_blanks_skip(p, end);
            c.run = p;
        } else if (canonical && (json_is_digit(*p) || *p == '-')) {
            p = compact_number(&c, p, end);
        } else {
            p++;
        }
    }
    compact_flush(&c, end);
    str_free(&c.scratch);
}

void json_write_compact(struct str *out, struct view raw)
{
    tokens_write(out, raw, true);
}

void json_write_dense(struct str *out, struct view raw)
{
    tokens_write(out, raw, false);
}
