/* api/expect_path.c - see expect_path.h. */
#include "api/expect_path.h"

static const char operators[] = "=!<>~";

void expect_quote(struct str *out, struct view text)
{
    str_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f)
            str_append_format(out, "\\x%02x", c);
        else if (c == '"' || c == '\\')
            str_append_format(out, "\\%c", c);
        else
            str_append_char(out, (char)c);
    }
    str_append_char(out, '"');
}

static bool is_operator(char c)
{
    return c != '\0' && strchr(operators, c) != NULL;
}

/* The place of the first operator outside brackets; the length of the text when there is none. */
static size_t find_operator(struct view clause, bool *open)
{
    *open = false;
    for (size_t i = 0; i < clause.len; i++) {
        char c = clause.data[i];
        if (*open)
            *open = c != ']';
        else if (c == '[')
            *open = true;
        else if (is_operator(c))
            return i;
    }
    return clause.len;
}

bool expect_clause_split(struct view clause, struct view *path, bool *negated, struct view *value,
                         bool *malformed, struct str *problem)
{
    bool open;
    size_t at = find_operator(clause, &open);
    size_t end = at;
    while (end < clause.len && is_operator(clause.data[end]))
        end++;
    *path = view_make(clause.data, at);
    *value = view_from(clause, end);
    struct view op = view_make(view_from(clause, at).data, end - at);
    *negated = view_is(op, "!=");
    *malformed = op.len == 0 || at == 0;
    if (op.len == 0) {
        str_append_text(problem,
                        open ? "unterminated '[' in path" : "missing \"=\" or \"!=\" operator");
        return false;
    }
    if (at == 0) {
        str_append_format(problem, "missing path before the \"%.*s\" operator", VIEW_ARGS(op));
        return false;
    }
    if (!*negated && !view_is(op, "=")) {
        str_append_format(problem, "operator \"%.*s\" is not supported; use \"=\" or \"!=\"",
                          VIEW_ARGS(op));
        return false;
    }
    return true;
}

/* 'x' or "x" without its quotes. */
static bool unquote(struct view *text)
{
    if (text->len < 2)
        return false;
    char first = text->data[0];
    if ((first != '"' && first != '\'') || text->data[text->len - 1] != first)
        return false;
    *text = view_make(text->data + 1, text->len - 2);
    return true;
}

static bool all_digits(struct view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len != 0;
}

/* Too big a number is an index that no array has. */
static size_t number(struct view digits)
{
    size_t n = 0;
    for (size_t i = 0; i < digits.len; i++)
        n = n > SIZE_MAX / 10 - 1 ? SIZE_MAX / 10 - 1 : n * 10 + (size_t)(digits.data[i] - '0');
    return n;
}

static bool filter_parse(struct view inside, size_t equals, struct expect_step *out,
                         struct str *problem)
{
    if (equals == 0) {
        str_append_text(problem, "missing field name in filter");
        return false;
    }
    out->kind = STEP_FILTER;
    out->name = view_make(inside.data, equals);
    out->value = view_from(inside, equals + 1);
    (void)unquote(&out->value);
    return true;
}

static bool bracket_parse(struct view inside, struct expect_step *out, struct str *problem)
{
    const char *equals = memchr(inside.data, '=', inside.len);
    out->name = inside;
    if (inside.len == 0) {
        str_append_text(problem, "empty '[]' in path");
        return false;
    }
    if (unquote(&out->name)) {
        out->kind = STEP_MEMBER;
        return true;
    }
    if (equals != NULL)
        return filter_parse(inside, (size_t)(equals - inside.data), out, problem);
    if (all_digits(inside)) {
        out->kind = STEP_INDEX;
        out->index = number(inside);
        return true;
    }
    if (inside.data[0] == '-' && all_digits(view_from(inside, 1)))
        str_append_format(problem, "negative array index %.*s", VIEW_ARGS(inside));
    else
        str_append_format(problem, "unrecognized '[%.*s]' in path", VIEW_ARGS(inside));
    return false;
}

static bool bracket_take(struct view *path, struct expect_step *out, struct str *problem)
{
    const char *end = memchr(path->data, ']', path->len);
    if (end == NULL) {
        str_append_text(problem, "unterminated '[' in path");
        return false;
    }
    size_t len = (size_t)(end - path->data) + 1;
    *out = (struct expect_step){0};
    out->text = view_make(path->data, len);
    *path = view_from(*path, len);
    return bracket_parse(view_make(out->text.data + 1, len - 2), out, problem);
}

bool expect_step_take(struct view *path, struct expect_step *out, struct str *problem)
{
    while (path->len != 0 && path->data[0] == '.')
        *path = view_from(*path, 1);
    if (path->len == 0)
        return false;
    if (path->data[0] == '[')
        return bracket_take(path, out, problem);
    size_t len = 0;
    while (len < path->len && path->data[len] != '.' && path->data[len] != '[')
        len++;
    *out = (struct expect_step){.kind = STEP_MEMBER, .name = view_make(path->data, len)};
    out->text = out->name;
    *path = view_from(*path, len);
    return true;
}
