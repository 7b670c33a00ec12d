/* http/server_head.c - see server_head.h. */
#include "http/server_head.h"

#define BLANK_LINES_MAX 4 /* before a request line; some old clients send one after a body */
#define USUAL_HEAD 1024   /* bytes; not a limit */

void head_init(struct head *h, size_t limit)
{
    *h = (struct head){.limit = limit};
}

void head_free(struct head *h)
{
    str_free(&h->text);
}

static void fail(struct head *h, enum head_fault fault)
{
    if (h->fault == HEAD_FAULT_NONE)
        h->fault = fault;
}

/* ---- characters (RFC 9110 5.6.2, 5.5) ------------------------------------------------------- */

static bool is_token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.data[i]))
            return false;
    }
    return text.len != 0;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool has_control(struct view text, bool tab_allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.data[i]) && !(tab_allowed && text.data[i] == '\t'))
            return true;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The text before the first `c`; *rest is what follows it. False when there is no `c`. */
static bool cut(struct view text, char c, struct view *before, struct view *rest)
{
    const char *at = text.len != 0 ? memchr(text.data, c, text.len) : NULL;
    if (at == NULL)
        return false;
    *before = view_make(text.data, (size_t)(at - text.data));
    *rest = view_from(text, before->len + 1);
    return true;
}

/* ---- the request line ----------------------------------------------------------------------- */

static const char *const method_names[] = {
    [HTTP_GET] = "GET",       [HTTP_HEAD] = "HEAD",       [HTTP_POST] = "POST",
    [HTTP_REPORT] = "REPORT", [HTTP_OPTIONS] = "OPTIONS", [HTTP_PUT] = "PUT",
    [HTTP_DELETE] = "DELETE", [HTTP_PATCH] = "PATCH",     [HTTP_METHOD_OTHER] = "OTHER",
};

const char *http_method_name(enum http_method m)
{
    return method_names[m];
}

static enum http_method method_of(struct view name)
{
    for (int m = 0; m < HTTP_METHOD_OTHER; m++) {
        if (view_is(name, method_names[m]))
            return (enum http_method)m;
    }
    return HTTP_METHOD_OTHER;
}

static void read_version(struct head *h, struct view version)
{
    if (version.len != 8 || !view_starts(version, "HTTP/") || !is_digit(version.data[5]) ||
        version.data[6] != '.' || !is_digit(version.data[7])) {
        fail(h, HEAD_FAULT_MALFORMED);
        return;
    }
    if (version.data[5] != '1')
        fail(h, HEAD_FAULT_VERSION);
    h->http_1_0 = version.data[7] == '0';
}

static void read_request_line(struct head *h, struct view line)
{
    struct view method;
    struct view rest;
    struct view target;
    struct view version;
    if (!cut(line, ' ', &method, &rest) || !is_token(method) ||
        !cut(rest, ' ', &target, &version) || target.len == 0 || has_control(target, false)) {
        fail(h, HEAD_FAULT_MALFORMED);
        return;
    }
    read_version(h, version);
    h->method = method_of(method);
    h->target_at = (size_t)(target.data - h->text.data);
    h->target_len = target.len;
}

/* ---- headers that concern the transport ----------------------------------------------------- */

static void on_host(struct head *h, struct view value)
{
    (void)value;
    if (h->has_host)
        fail(h, HEAD_FAULT_MALFORMED);
    h->has_host = true;
}

static void on_content_length(struct head *h, struct view value)
{
    uint64_t length = 0;
    if (value.len == 0 || value.len > 18)
        fail(h, HEAD_FAULT_MALFORMED);
    for (size_t i = 0; i < value.len && h->fault == HEAD_FAULT_NONE; i++) {
        if (!is_digit(value.data[i]))
            fail(h, HEAD_FAULT_MALFORMED);
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    if (h->has_length && length != h->length)
        fail(h, HEAD_FAULT_MALFORMED);
    h->has_length = true;
    h->length = length;
}

static void on_transfer_encoding(struct head *h, struct view value)
{
    if (h->chunked || !view_equal_nocase(value, VIEW_LITERAL("chunked")))
        fail(h, HEAD_FAULT_TRANSFER_ENCODING);
    h->chunked = true;
}

static void on_connection(struct head *h, struct view value)
{
    struct view option;
    while (view_take_element(&value, &option)) {
        if (view_equal_nocase(option, VIEW_LITERAL("close")))
            h->close = true;
        else if (view_equal_nocase(option, VIEW_LITERAL("keep-alive")))
            h->keep_alive = true;
    }
}

static void on_expect(struct head *h, struct view value)
{
    if (!view_equal_nocase(value, VIEW_LITERAL("100-continue")))
        fail(h, HEAD_FAULT_EXPECTATION);
    h->expects_continue = true;
}

static const struct {
    struct view name;
    void (*read)(struct head *h, struct view value);
} transport_headers[] = {
    {VIEW_LITERAL("host"), on_host},
    {VIEW_LITERAL("content-length"), on_content_length},
    {VIEW_LITERAL("transfer-encoding"), on_transfer_encoding},
    {VIEW_LITERAL("connection"), on_connection},
    {VIEW_LITERAL("expect"), on_expect},
};

static void read_header_line(struct head *h, struct view line)
{
    struct view name;
    struct view value;
    if (line.data[0] == ' ' || line.data[0] == '\t' || !cut(line, ':', &name, &value)) {
        fail(h, HEAD_FAULT_MALFORMED); /* obsolete folding, or no header at all */
        return;
    }
    if (!is_token(name)) {
        fail(h, HEAD_FAULT_HEADER_NAME);
        return;
    }
    if (has_control(value, true)) {
        fail(h, HEAD_FAULT_MALFORMED);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(transport_headers); i++) {
        if (view_equal_nocase(name, transport_headers[i].name))
            transport_headers[i].read(h, view_trim(value));
    }
}

/* What only the whole head can tell. */
static void check_whole(struct head *h)
{
    if (!h->has_host && !h->http_1_0)
        fail(h, HEAD_FAULT_NO_HOST);
    /* Two framings, or one that HTTP/1.0 does not know: somebody in front may see other borders
     * between requests than we do (RFC 9112 6.1). */
    if (h->chunked && (h->has_length || h->http_1_0))
        fail(h, HEAD_FAULT_MALFORMED);
    if (h->http_1_0)
        h->expects_continue = false;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* The line that ends with the text, without its line end. */
static struct view whole_line(const struct head *h)
{
    struct view line = view_make(h->text.data + h->line_at, h->text.len - h->line_at - 1);
    if (line.len != 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool skip_blank_line(struct head *h)
{
    if (++h->blank_lines > BLANK_LINES_MAX)
        fail(h, HEAD_FAULT_MALFORMED);
    str_clear(&h->text);
    return false;
}

/* True when this was the last line of the head. */
static bool read_line(struct head *h)
{
    struct view line = whole_line(h);
    if (h->headers_at == 0 && line.len == 0)
        return skip_blank_line(h);
    bool last = line.len == 0;
    if (h->headers_at == 0) {
        read_request_line(h, line);
        h->headers_at = h->text.len;
    } else if (last) {
        check_whole(h);
    } else {
        read_header_line(h, line);
    }
    h->line_at = h->text.len;
    return last;
}

/* Moves bytes up to and with the next LF into the text; false when there is no LF. */
static bool take_line(struct head *h, struct view *bytes)
{
    const char *end = memchr(bytes->data, '\n', bytes->len);
    size_t len = end != NULL ? (size_t)(end - bytes->data) + 1 : bytes->len;
    if (len > h->limit - h->text.len) {
        fail(h, HEAD_FAULT_TOO_LARGE);
        return false;
    }
    str_append(&h->text, view_make(bytes->data, len));
    *bytes = view_from(*bytes, len);
    return end != NULL;
}

enum head_state head_push(struct head *h, struct view *bytes)
{
    if (h->text.data == NULL) /* most heads arrive whole: one allocation of about the right size */
        str_reserve(&h->text, bytes->len < USUAL_HEAD ? bytes->len : USUAL_HEAD);
    while (bytes->len != 0 && h->fault == HEAD_FAULT_NONE) {
        if (take_line(h, bytes) && read_line(h) && h->fault == HEAD_FAULT_NONE)
            return HEAD_DONE;
    }
    return h->fault == HEAD_FAULT_NONE ? HEAD_MORE : HEAD_BAD;
}

/* ---- afterwards ----------------------------------------------------------------------------- */

struct view head_target(const struct head *h)
{
    return view_make(h->text.data + h->target_at, h->target_len);
}

bool head_find(const struct head *h, const char *name, struct view *value)
{
    struct view wanted = view_of(name);
    struct view rest = view_from(str_view(&h->text), h->headers_at);
    struct view line;
    while (cut(rest, '\n', &line, &rest)) {
        if (line.len <= wanted.len || line.data[wanted.len] != ':' ||
            !view_equal_nocase(view_make(line.data, wanted.len), wanted))
            continue;
        *value = view_trim(view_from(line, wanted.len + 1));
        return true;
    }
    return false;
}

bool head_next(const struct head *h, size_t *at, struct view *name, struct view *value)
{
    struct view text = view_from(str_view(&h->text), h->headers_at);
    struct view line;
    struct view rest;
    if (!cut(view_from(text, *at), '\n', &line, &rest))
        return false;
    *at += line.len + 1;
    return cut(line, ':', name, value) && (*value = view_trim(*value), true);
}

bool head_wants_keep_alive(const struct head *h)
{
    return !h->close && (!h->http_1_0 || h->keep_alive);
}
