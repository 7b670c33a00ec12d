/* http/client_head.c - status line and the few headers that the client needs to know. */
#include "http/client_head.h"

#define CLIENT_HEAD_MAX ((size_t)64 << 10)

void client_head_init(struct client_head *h)
{
    *h = (struct client_head){.content_length = -1};
}

void client_head_free(struct client_head *h)
{
    str_free(&h->text);
    client_head_init(h);
}

/* Takes the next line out of *rest, without its end. */
static struct view head_line(struct view *rest)
{
    const char *lf = memchr(rest->data, '\n', rest->len);
    size_t len = lf != NULL ? (size_t)(lf - rest->data) : rest->len;
    struct view line = view_make(rest->data, len);
    *rest = view_from(*rest, len + 1);
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" */
static bool head_status_parse(struct client_head *h, struct view line, struct error *err)
{
    if (!view_starts(line, "HTTP/1.") || line.len < 12 || !is_digit(line.data[7]) ||
        line.data[8] != ' ' || !is_digit(line.data[9]) || !is_digit(line.data[10]) ||
        !is_digit(line.data[11]) || (line.len > 12 && line.data[12] != ' ')) {
        error_set(err, "malformed HTTP status line");
        return false;
    }
    h->status = (line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + line.data[11] - '0';
    h->reason = view_trim(view_from(line, 12));
    if (h->status < 100)
        error_set(err, "malformed HTTP status code %d", h->status);
    return h->status >= 100;
}

static bool head_length_parse(struct client_head *h, struct view value, struct error *err)
{
    int64_t length = 0;
    bool ok = value.len > 0;
    for (size_t i = 0; i < value.len && ok; i++) {
        ok = is_digit(value.data[i]) && length < INT64_MAX / 16;
        length = ok ? length * 10 + (value.data[i] - '0') : 0;
    }
    if (!ok || (h->content_length >= 0 && h->content_length != length)) {
        error_set(err, "unusable Content-Length in the answer");
        return false;
    }
    h->content_length = length;
    return true;
}

static bool head_field_parse(struct client_head *h, struct view line, struct error *err)
{
    const char *colon = memchr(line.data, ':', line.len);
    size_t len = colon != NULL ? (size_t)(colon - line.data) : 0;
    if (len == 0) {
        error_set(err, "malformed HTTP header line in the answer");
        return false;
    }
    struct view name = view_make(line.data, len);
    struct view value = view_trim(view_from(line, len + 1));
    if (view_equal_nocase(name, VIEW_LITERAL("content-length")))
        return head_length_parse(h, value, err);
    if (view_equal_nocase(name, VIEW_LITERAL("transfer-encoding"))) {
        h->chunked = view_equal_nocase(value, VIEW_LITERAL("chunked"));
        if (!h->chunked)
            error_set(err, "unsupported Transfer-Encoding \"%.*s\"", VIEW_ARGS(value));
        return h->chunked;
    }
    if (view_equal_nocase(name, VIEW_LITERAL("content-encoding"))) {
        h->gzip = view_equal_nocase(value, VIEW_LITERAL("gzip")) ||
                  view_equal_nocase(value, VIEW_LITERAL("x-gzip"));
        bool known =
            h->gzip || value.len == 0 || view_equal_nocase(value, VIEW_LITERAL("identity"));
        if (!known)
            error_set(err, "unsupported Content-Encoding \"%.*s\"", VIEW_ARGS(value));
        return known;
    }
    if (view_equal_nocase(name, VIEW_LITERAL("content-type")))
        h->content_type = value;
    else if (view_equal_nocase(name, VIEW_LITERAL("retry-after")))
        h->retry_after = value;
    else if (view_equal_nocase(name, VIEW_LITERAL("location")))
        h->location = value;
    return true;
}

static bool head_parse(struct client_head *h, struct error *err)
{
    struct view rest = str_view(&h->text);
    if (!head_status_parse(h, head_line(&rest), err))
        return false;
    for (;;) {
        struct view line = head_line(&rest);
        if (line.len == 0)
            return true;
        if (!head_field_parse(h, line, err))
            return false;
    }
}

/* Does the text end with an empty line? */
static bool head_is_whole(struct view text)
{
    if (text.len < 2 || text.data[text.len - 1] != '\n')
        return false;
    size_t at = text.len - 2;
    if (text.data[at] == '\r' && at > 0)
        at--;
    return text.data[at] == '\n';
}

enum client_head_state client_head_feed(struct client_head *h, struct view bytes, size_t *used,
                                        struct error *err)
{
    *used = 0;
    while (*used < bytes.len) {
        struct view rest = view_from(bytes, *used);
        const char *lf = memchr(rest.data, '\n', rest.len);
        struct view part =
            view_make(rest.data, lf != NULL ? (size_t)(lf - rest.data) + 1 : rest.len);
        if (h->text.len + part.len > CLIENT_HEAD_MAX) {
            error_set(err, "the head of the answer is larger than 64 KiB");
            return CLIENT_HEAD_BROKEN;
        }
        str_append(&h->text, part);
        *used += part.len;
        if (head_is_whole(str_view(&h->text)))
            return head_parse(h, err) ? CLIENT_HEAD_WHOLE : CLIENT_HEAD_BROKEN;
    }
    return CLIENT_HEAD_MORE;
}
