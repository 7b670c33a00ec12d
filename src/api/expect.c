/* api/expect.c - "?expect=status=healthy": a verdict instead of the document (status.md 14). */
#include "api/status.h"
#include "base/json_writer.h"
#include "base/percent.h"

#define CLAUSES_MAX 100
#define CLAUSE_BYTES_MAX 1024

/* False when an escape is broken or there is a raw ';'. */
static bool decode(struct view text, struct str *out)
{
    bool clean = text.len == 0 || memchr(text.data, ';', text.len) == NULL;
    return clean && percent_decode(text, true, out);
}

/* Takes "name=value" off the front. */
static struct view take_pair(struct view *query, struct view *value)
{
    struct view pair = view_take_until(query, "&");
    struct view name = view_take_until(&pair, "=");
    *query = view_from(*query, 1);
    *value = view_from(pair, 1);
    return name;
}

/* What kind of answer the query wants. */
struct query_facts {
    size_t clauses;
    bool undecodable;
    bool too_long;
};

static bool is_expect(struct view name, bool *undecodable)
{
    struct str decoded = {0};
    bool good = decode(name, &decoded);
    bool same = good && view_is(str_view(&decoded), "expect");
    *undecodable = *undecodable || !good;
    str_free(&decoded);
    return same;
}

static struct query_facts query_look(struct view query)
{
    struct query_facts facts = {0};
    while (query.len != 0) {
        struct view value;
        struct view name = take_pair(&query, &value);
        struct str decoded = {0};
        if (!decode(value, &decoded))
            facts.undecodable = true;
        if (is_expect(name, &facts.undecodable)) {
            facts.clauses++;
            facts.too_long = facts.too_long || decoded.len > CLAUSE_BYTES_MAX;
        }
        str_free(&decoded);
    }
    return facts;
}

static void write_member(struct str *out, bool *first, const char *name, struct view text)
{
    if (text.len == 0)
        return;
    json_write_name(out, first, name);
    json_write_string_html(out, text);
}

static void write_result(struct view clause, const struct expect_result *r, struct str *out)
{
    bool first = true;
    bool evaluated = r->verdict == EXPECT_HOLDS || r->verdict == EXPECT_FAILS;
    str_append_char(out, '{');
    json_write_name(out, &first, "expr");
    json_write_string_html(out, clause);
    if (evaluated)
        write_member(out, &first, "expected", r->expected);
    if (r->has_actual)
        write_member(out, &first, "actual", str_view(&r->actual));
    write_member(out, &first, "problem", str_view(&r->problem));
    str_append_text(out, r->verdict == EXPECT_HOLDS ? ",\"ok\":true}" : ",\"ok\":false}");
}

/* 400 is worse than 422, that than 412, that than 200. */
static int severity(int verdict)
{
    return verdict == EXPECT_MALFORMED ? 1000 : verdict;
}

static int write_results(struct view query, const struct status_shape *shape,
                         const struct status_subject *s, struct str *out)
{
    int worst = EXPECT_HOLDS;
    bool first = true;
    bool undecodable = false;
    while (query.len != 0) {
        struct view value;
        if (!is_expect(take_pair(&query, &value), &undecodable))
            continue;
        struct str clause = {0};
        struct expect_result result;
        (void)decode(value, &clause);
        expect_clause_check(str_view(&clause), shape, s, &result);
        if (!first)
            str_append_char(out, ',');
        first = false;
        write_result(str_view(&clause), &result, out);
        if (severity((int)result.verdict) > severity(worst))
            worst = (int)result.verdict;
        str_free(&result.actual);
        str_free(&result.problem);
        str_free(&clause);
    }
    return worst;
}

static int refuse(struct str *body, const char *error)
{
    str_append_format(body, "{\"satisfied\":false,\"error\":\"%s\"}", error);
    return EXPECT_MALFORMED;
}

bool expect_answer(struct view query, const struct status_shape *shape,
                   const struct status_subject *s, int *code, struct str *body)
{
    struct query_facts facts = query_look(query);
    if (facts.clauses == 0)
        return false;
    if (facts.undecodable) {
        *code = refuse(body, "could not parse the query string");
    } else if (facts.clauses > CLAUSES_MAX) {
        *code = refuse(body, "too many expect clauses");
    } else if (facts.too_long) {
        *code = refuse(body, "expect clause too long");
    } else {
        struct str results = {0};
        *code = write_results(query, shape, s, &results);
        str_append_format(body, "{\"satisfied\":%s,\"results\":[",
                          *code == EXPECT_HOLDS ? "true" : "false");
        str_append(body, str_view(&results));
        str_append_text(body, "]}");
        str_free(&results);
    }
    return true;
}
