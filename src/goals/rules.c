/* goals/rules.c - how long an answer may be used: Cache-Control, Expires, Age (RFC 9111, and 5861
 * for stale-if-error). */
#include "goals/goals_private.h"
#include "http/date.h"

#define FOR_EVER_S ((int64_t)1 << 32) /* longer than anybody can mean */

/* What stands in Cache-Control; -1: it is not there. */
struct directives {
    bool no_store;
    bool no_cache;
    int64_t max_age_s;
    int64_t stale_if_error_s;
};

/* "60", also in quotes. What is no number is 0: then it is asked again. */
static int64_t seconds_read(struct view text)
{
    int64_t seconds = 0;
    struct view digits = view_trim(text);
    if (digits.len >= 2 && digits.data[0] == '"')
        digits = view_make(digits.data + 1, digits.len - 2);
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return 0;
        seconds = seconds * 10 + (digits.data[i] - '0');
        if (seconds > FOR_EVER_S)
            return FOR_EVER_S;
    }
    return seconds;
}

static void directive_read(struct view text, struct directives *d)
{
    struct view rest = text;
    struct view name = view_trim(view_take_until(&rest, "="));
    struct view value = view_from(rest, 1);
    if (view_equal_nocase(name, VIEW_LITERAL("no-store")))
        d->no_store = true;
    else if (view_equal_nocase(name, VIEW_LITERAL("no-cache")))
        d->no_cache = true;
    else if (view_equal_nocase(name, VIEW_LITERAL("max-age")))
        d->max_age_s = seconds_read(value);
    else if (view_equal_nocase(name, VIEW_LITERAL("stale-if-error")))
        d->stale_if_error_s = rest.len == 0 ? FOR_EVER_S : seconds_read(value);
}

/* Age when it came. */
static int64_t age_ms(const struct goals_answer *a, int64_t date_ms, int64_t now_ms)
{
    int64_t told_ms = seconds_read(goals_answer_value(a, "age")) * 1000;
    int64_t seen_ms = now_ms - date_ms;
    return told_ms > seen_ms ? told_ms : (seen_ms > 0 ? seen_ms : 0);
}

static int64_t lifetime_ms(const struct goals_answer *a, const struct directives *d,
                           int64_t date_ms)
{
    int64_t expires_ms;
    if (d->no_cache)
        return 0;
    if (d->max_age_s >= 0)
        return d->max_age_s * 1000;
    if (!http_date_parse(goals_answer_value(a, "expires"), &expires_ms))
        return 0;
    return expires_ms > date_ms ? expires_ms - date_ms : 0;
}

void goals_rules_read(const struct goals_answer *a, int64_t now_ms, struct goals_rules *out)
{
    struct directives d = {.max_age_s = -1, .stale_if_error_s = -1};
    struct view rest = goals_answer_value(a, "cache-control");
    struct view element;
    int64_t date_ms = now_ms;
    while (view_take_element(&rest, &element))
        directive_read(element, &d);
    (void)http_date_parse(goals_answer_value(a, "date"), &date_ms);
    out->may_keep = !d.no_store;
    out->fresh_until_ms = now_ms + lifetime_ms(a, &d, date_ms) - age_ms(a, date_ms, now_ms);
    out->usable_until_ms =
        d.stale_if_error_s >= 0 ? out->fresh_until_ms + d.stale_if_error_s * 1000 : 0;
}
