/* http/server_target.c - see server_target.h. */
#include "http/server_target.h"

#include "base/percent.h"

/* Decodes into `to`, which has room for text.len bytes; false for a broken escape. */
static bool decode_segment(struct view text, char *to, size_t *len)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '%') {
            to[used++] = text.data[i];
            continue;
        }
        int byte = percent_byte(text, i);
        if (byte < 0)
            return false;
        to[used++] = (char)byte;
        i += 2;
    }
    *len = used;
    return true;
}

/* The text up to the first `c`, which is taken off *rest together with `c`. */
static struct view take_until(struct view *rest, char c, bool *found)
{
    const char *at = rest->len != 0 ? memchr(rest->data, c, rest->len) : NULL;
    struct view before = *rest;
    *found = at != NULL;
    if (at != NULL)
        before.len = (size_t)(at - rest->data);
    *rest = view_from(*rest, before.len + 1);
    return before;
}

static void add_segment(struct target *t, struct view segment)
{
    if (segment.len == 0 || view_is(segment, "."))
        return;
    if (view_is(segment, "..")) {
        t->depth -= t->depth != 0;
        return;
    }
    if (t->depth < TARGET_SEGMENTS_MAX)
        t->segments[t->depth] = segment;
    t->depth++;
}

static bool split_path(struct target *t, struct view path)
{
    char *to = NULL;
    if (memchr(path.data, '%', path.len) != NULL)
        to = t->decoded = mem_alloc(path.len);
    t->trailing_slash = path.len > 1 && path.data[path.len - 1] == '/';
    struct view rest = view_from(path, 1);
    for (bool more = true; more;) {
        struct view segment = take_until(&rest, '/', &more);
        if (to != NULL) {
            size_t len;
            if (!decode_segment(segment, to, &len))
                return false;
            segment = view_make(to, len);
            to += len;
        }
        add_segment(t, segment);
    }
    t->trailing_slash = t->trailing_slash && t->depth != 0;
    return true;
}

static bool is_scheme(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && !(later && i != 0))
            return false;
    }
    return text.len != 0;
}

/* "http://host:1/path" -> "/path". False when it is not of that form. */
static bool strip_origin(struct view *text)
{
    struct view rest = *text;
    bool found;
    struct view scheme = take_until(&rest, ':', &found);
    if (!found || !is_scheme(scheme) || !view_starts(rest, "//"))
        return false;
    rest = view_from(rest, 2);
    const char *slash = rest.len != 0 ? memchr(rest.data, '/', rest.len) : NULL;
    *text = slash != NULL ? view_from(rest, (size_t)(slash - rest.data)) : VIEW_LITERAL("/");
    return true;
}

/* "host:port", the form of CONNECT: well-formed, but no path. */
static bool is_authority(struct view text)
{
    const char *colon = memrchr(text.data, ':', text.len);
    if (colon == NULL || colon == text.data)
        return false;
    struct view port = view_from(text, (size_t)(colon - text.data) + 1);
    for (size_t i = 0; i < port.len; i++) {
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
    }
    return port.len != 0;
}

bool target_parse(struct view raw, struct target *out)
{
    *out = (struct target){0};
    bool found;
    struct view rest = raw;
    struct view path = take_until(&rest, '?', &found);
    out->query = rest;
    if (view_is(raw, "*")) {
        out->asterisk = true;
        return true;
    }
    if (path.len == 0)
        return false;
    if (path.data[0] != '/' && !strip_origin(&path))
        return is_authority(raw);
    out->has_path = true;
    if (!split_path(out, path)) {
        target_free(out);
        return false;
    }
    return true;
}

void target_free(struct target *t)
{
    mem_free(t->decoded);
    t->decoded = NULL;
}

/* ---- query ---------------------------------------------------------------------------------- */

static bool is_broken(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ';' || (text.data[i] == '%' && percent_byte(text, i) < 0))
            return true;
    }
    return false;
}

static bool name_is(struct view encoded, const char *name)
{
    struct str decoded = {0};
    (void)percent_decode(encoded, true, &decoded); /* it is not broken */
    bool equal = view_is(str_view(&decoded), name);
    str_free(&decoded);
    return equal;
}

bool query_find(struct view query, const char *name, struct str *out)
{
    bool more = query.len != 0;
    while (more) {
        struct view pair = take_until(&query, '&', &more);
        if (pair.len == 0 || is_broken(pair))
            continue;
        bool has_value;
        struct view value = pair;
        struct view key = take_until(&value, '=', &has_value);
        if (!name_is(key, name))
            continue;
        (void)percent_decode(value, true, out);
        return true;
    }
    return false;
}
