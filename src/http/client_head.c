/* http/client_head.c - status line, and what the headers say about the body and the connection. */
#include "http/client_head.h"

#define CLIENT_HEAD_MAX ((size_t)64 << 10)

void client_head_init(struct http_head *h)
{
    *h = (struct http_head){.content_length = -1};
}

void client_head_free(struct http_head *h)
{
    str_free(&h->text);
    client_head_init(h);
}

struct view client_head_line(struct view *rest)
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
static bool head_status_parse(struct http_head *h, struct view line, struct error *err)
{
    if (!view_starts(line, "HTTP/1.") || line.len < 12 || !is_digit(line.data[7]) ||
        line.data[8] != ' ' || !is_digit(line.data[9]) || !is_digit(line.data[10]) ||
        !is_digit(line.data[11]) || (line.len > 12 && line.data[12] != ' ')) {
        error_set(err, "malformed HTTP status line");
        return false;
    }
    h->status = (line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + line.data[11] - '0';
    h->reason = view_trim(view_from(line, 12));
    h->keeps = line.data[7] != '0';
    if (h->status < 100)
        error_set(err, "malformed HTTP status code %d", h->status);
    return h->status >= 100;
}

bool client_head_split(struct view line, struct view *name, struct view *value)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (colon == NULL || colon == line.data)
        return false;
    *name = view_make(line.data, (size_t)(colon - line.data));
    *value = view_trim(view_from(line, name->len + 1));
    for (size_t i = 0; i < name->len; i++)
        if ((unsigned char)name->data[i] <= ' ' || name->data[i] == 0x7F)
            return false;
    return true;
}

static bool read_content_length(struct http_head *h, struct view value, struct error *err)
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

static bool read_transfer_encoding(struct http_head *h, struct view value, struct error *err)
{
    bool chunked = !h->chunked && view_equal_nocase(value, VIEW_LITERAL("chunked"));
    if (!chunked)
        error_set(err, "unsupported Transfer-Encoding \"%.*s\"", VIEW_ARGS(value));
    h->chunked = true;
    return chunked;
}

static bool read_content_encoding(struct http_head *h, struct view value, struct error *err)
{
    bool gzip = view_equal_nocase(value, VIEW_LITERAL("gzip")) ||
                view_equal_nocase(value, VIEW_LITERAL("x-gzip"));
    bool known = gzip || value.len == 0 || view_equal_nocase(value, VIEW_LITERAL("identity"));
    if (!known || (gzip && h->gzip))
        error_set(err, "unsupported Content-Encoding \"%.*s\"", VIEW_ARGS(value));
    known = known && !(gzip && h->gzip);
    h->gzip = h->gzip || gzip;
    return known;
}

static bool read_connection(struct http_head *h, struct view value, struct error *err)
{
    (void)err;
    if (view_list_has(value, VIEW_LITERAL("close")))
        h->keeps = false;
    else if (view_list_has(value, VIEW_LITERAL("keep-alive")))
        h->keeps = true;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct http_head *h, struct view value, struct error *err);
} head_fields[] = {
    {"content-length", read_content_length},
    {"transfer-encoding", read_transfer_encoding},
    {"content-encoding", read_content_encoding},
    {"connection", read_connection},
};

static bool head_field_read(struct http_head *h, struct view line, struct error *err)
{
    struct view name;
    struct view value;
    if (!client_head_split(line, &name, &value)) {
        error_set(err, "malformed HTTP header line in the answer");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(head_fields); i++)
        if (view_equal_nocase(name, view_of(head_fields[i].name)))
            return head_fields[i].read(h, value, err);
    return true;
}

static bool head_parse(struct http_head *h, struct error *err)
{
    struct view rest = str_view(&h->text);
    if (!head_status_parse(h, client_head_line(&rest), err))
        return false;
    h->fields_at = h->text.len - rest.len;
    for (struct view line = client_head_line(&rest); line.len > 0; line = client_head_line(&rest))
        if (!head_field_read(h, line, err))
            return false;
    if (h->chunked && h->content_length >= 0)
        h->keeps = false; /* somebody on the way may see another end (RFC 9112 6.3) */
    return true;
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

enum client_head_state client_head_feed(struct http_head *h, struct view bytes, size_t *used,
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
