/* http/server_route.c - see server_route.h. */
#include "http/server_route.h"

#include <assert.h>

/* "before{name}after"; without variable only `before` counts. */
struct segment {
    struct view before;
    struct view after;
    bool variable;
};

struct row {
    const struct http_route *route;
    bool trailing_slash;
    size_t depth;
    struct segment segments[TARGET_SEGMENTS_MAX];
};

struct route_table {
    size_t count;
    struct row rows[];
};

static struct segment segment_of(struct view text)
{
    const char *open = memchr(text.data, '{', text.len);
    if (open == NULL)
        return (struct segment){.before = text};
    size_t at = (size_t)(open - text.data);
    const char *close = memchr(open, '}', text.len - at);
    assert(close != NULL && "a variable's name ends in '}'");
    return (struct segment){.before = view_make(text.data, at),
                            .after = view_from(text, (size_t)(close - text.data) + 1),
                            .variable = true};
}

static void row_init(struct row *row, const struct http_route *route)
{
    struct view rest = view_of(route->pattern);
    assert(rest.len != 0 && rest.data[0] == '/' && "a pattern begins with '/'");
    row->route = route;
    row->trailing_slash = rest.len > 1 && rest.data[rest.len - 1] == '/';
    while (rest.len > 1) {
        rest = view_from(rest, 1);
        const char *slash = memchr(rest.data, '/', rest.len);
        size_t len = slash != NULL ? (size_t)(slash - rest.data) : rest.len;
        assert(row->depth < TARGET_SEGMENTS_MAX && "patterns are short");
        row->segments[row->depth++] = segment_of(view_make(rest.data, len));
        rest = view_from(rest, len);
    }
}

struct route_table *route_table_new(const struct http_route *routes, size_t count)
{
    struct route_table *t = mem_zalloc(sizeof *t + count * sizeof t->rows[0]);
    t->count = count;
    for (size_t i = 0; i < count; i++)
        row_init(&t->rows[i], &routes[i]);
    return t;
}

void route_table_free(struct route_table *t)
{
    mem_free(t);
}

static bool ends_with(struct view text, struct view end)
{
    return text.len >= end.len && view_equal(view_from(text, text.len - end.len), end);
}

/* *value is the variable's text, empty for a segment without one. */
static bool segment_matches(const struct segment *s, struct view text, struct view *value)
{
    *value = view_make(NULL, 0);
    if (!s->variable)
        return view_equal(s->before, text);
    size_t fixed = s->before.len + s->after.len;
    if (text.len <= fixed || !view_equal(view_make(text.data, s->before.len), s->before) ||
        !ends_with(text, s->after))
        return false;
    *value = view_make(text.data + s->before.len, text.len - fixed);
    return true;
}

/* Fills `variables`, which may be NULL. */
static bool row_matches(const struct row *row, const struct target *target,
                        struct view variables[ROUTE_VARIABLES_MAX])
{
    if (!target->has_path || row->depth != target->depth ||
        row->trailing_slash != target->trailing_slash)
        return false;
    size_t used = 0;
    for (size_t i = 0; i < row->depth; i++) {
        struct view value;
        if (!segment_matches(&row->segments[i], target->segments[i], &value))
            return false;
        if (variables != NULL && row->segments[i].variable && used < ROUTE_VARIABLES_MAX)
            variables[used++] = value;
    }
    return true;
}

static bool method_matches(const struct http_route *route, enum http_method method)
{
    if (method == HTTP_HEAD)
        return route->head && (route->methods & (1u << HTTP_GET)) != 0;
    return method != HTTP_METHOD_OTHER && (route->methods & (1u << method)) != 0;
}

void route_match(const struct route_table *t, enum http_method method, const struct target *target,
                 struct route_match *out)
{
    *out = (struct route_match){0};
    for (size_t i = 0; i < t->count; i++) {
        if (!row_matches(&t->rows[i], target, out->variables))
            continue;
        out->path_known = true;
        if (method_matches(t->rows[i].route, method)) {
            out->route = t->rows[i].route;
            return;
        }
    }
}

void route_allowed(const struct route_table *t, const struct target *target, const char *separator,
                   struct str *out)
{
    unsigned written = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (!row_matches(&t->rows[i], target, NULL))
            continue;
        for (unsigned m = 0; m < HTTP_METHOD_OTHER; m++) {
            if ((t->rows[i].route->methods & ~written & (1u << m)) == 0)
                continue;
            if (written != 0)
                str_append_text(out, separator);
            str_append_text(out, http_method_name((enum http_method)m));
            written |= 1u << m;
        }
    }
}
