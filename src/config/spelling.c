/* config/spelling.c - what the operator may have meant. */
#include "config/spelling.h"

#include "base/mem.h"
#include "config/options.h"
#include "config/value.h"

#include <stdbool.h>

enum { LONGEST_NAME = 64 };
static const unsigned most_edits = 2;

/* Options of older releases. An empty replacement: there is none. */
static const struct {
    const char *section;
    const char *property;
    const char *instead;
} removed[] = {
    {"Events", "samplingInterval", ""},
    {"Environment", "ttlMinutes", "ttl"},
    {"Environment", "apiKey", "sdkKey"},
    {"Environment", "insecureSkipVerify", ""},
    {"Main", "insecureSkipVerify", ""},
    {"Proxy", "insecureSkipVerify", ""},
    {"Main", "heartbeatIntervalSecs", "heartbeatInterval"},
    {"Events", "flushIntervalSecs", "flushInterval"},
    {"Redis", "localTtlSecs", "localTtl"},
    {"Main", "disableInternalUsageMetrics", ""},
};

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned config_spelling_distance(struct view a, struct view b, unsigned limit)
{
    unsigned rows[3][LONGEST_NAME + 1];
    if (a.len > LONGEST_NAME || b.len > LONGEST_NAME)
        return limit + 1;
    for (unsigned k = 0; k <= b.len; k++)
        rows[0][k] = k;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned k = 1; k <= b.len; k++) {
            unsigned same = config_lower(a.data[i - 1]) == config_lower(b.data[k - 1]) ? 0 : 1;
            row[k] = smaller(smaller(above[k] + 1, row[k - 1] + 1), above[k - 1] + same);
            if (i > 1 && k > 1 && config_lower(a.data[i - 1]) == config_lower(b.data[k - 2]) &&
                config_lower(a.data[i - 2]) == config_lower(b.data[k - 1]))
                row[k] = smaller(row[k], two_above[k - 2] + 1);
        }
    }
    return smaller(rows[a.len % 3][b.len], limit + 1);
}

/* Keeps the better of two candidates; at most two edits, and fewer than half of the letters. */
static void candidate_consider(struct view typed, const char *name, const char **best,
                               unsigned *edits)
{
    unsigned distance = config_spelling_distance(typed, view_of(name), most_edits);
    if (distance > 0 && distance <= most_edits && distance < (typed.len + 1) / 2 &&
        distance < *edits) {
        *best = name;
        *edits = distance;
    }
}

static bool removed_append(const char *section, struct view property, struct str *out)
{
    for (size_t i = 0; i < ARRAY_LEN(removed); i++) {
        if (strcmp(section, removed[i].section) != 0 ||
            !view_equal_nocase(property, view_of(removed[i].property)))
            continue;
        if (removed[i].instead[0] == '\0')
            str_append_text(out, " (removed without replacement)");
        else
            str_append_format(out, " (removed; use \"%s\")", removed[i].instead);
        return true;
    }
    return false;
}

void config_spelling_property(const char *section, struct view property, struct str *out)
{
    const char *best = NULL;
    const char *home = NULL;
    unsigned edits = most_edits + 1;
    if (removed_append(section, property, out))
        return;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->property == NULL)
            continue;
        if (strcmp(o->section, section) == 0)
            candidate_consider(property, o->property, &best, &edits);
        else if (home == NULL && view_equal_nocase(property, view_of(o->property)))
            home = o->section;
    }
    if (home != NULL)
        str_append_format(out, " (it belongs to [%s])", home);
    else if (best != NULL)
        str_append_format(out, " (did you mean \"%s\"?)", best);
}

void config_spelling_section(struct view section, struct str *out)
{
    const char *best = NULL;
    unsigned edits = most_edits + 1;
    for (size_t i = 0; i < config_option_count; i++)
        candidate_consider(section, config_options[i].section, &best, &edits);
    if (best != NULL)
        str_append_format(out, " (did you mean \"%s\"?)", best);
}
