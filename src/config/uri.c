/* config/uri.c - what counts as a URI. The rules are those of the language that the reference is
 * written in, because a file that loads there must load here; scheme and host are checked on top.
 */
#include "config/uri.h"

#include "base/percent.h"
#include "config/value.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of the scheme; 0: none; -1: the text begins with a colon. */
static int scheme_length(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (is_letter(c))
            continue;
        if (i > 0 && (is_digit(c) || c == '+' || c == '-' || c == '.'))
            continue;
        if (c == ':')
            return i == 0 ? -1 : (int)i;
        return 0;
    }
    return 0;
}

static size_t find_any(struct view text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\0' && strchr(set, text.data[i]) != NULL)
            return i;
    }
    return text.len;
}

/* Every '%' begins an escape. In a host only bytes above 127 and '%' itself may be escaped. */
static bool escapes_are_valid(struct view text, bool in_host)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '%')
            continue;
        if (percent_byte(text, i) < 0)
            return false;
        if (in_host && hex_value(text.data[i + 1]) < 8 && memcmp(text.data + i, "%25", 3) != 0)
            return false;
    }
    return true;
}

static bool host_is_valid(struct view host)
{
    if (!escapes_are_valid(host, true))
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        if ((unsigned char)c >= 0x80 || is_letter(c) || is_digit(c) || c == '%')
            continue;
        if (strchr("-_.~!$&'()*+,;=:[]<>\"", c) == NULL)
            return false;
    }
    return true;
}

static bool user_is_valid(struct view user)
{
    for (size_t i = 0; i < user.len; i++) {
        char c = user.data[i];
        if (!is_letter(c) && !is_digit(c) && strchr("-._:~!$&'()*+,;=%@", c) == NULL)
            return false;
    }
    return escapes_are_valid(user, false);
}

static bool digits_only(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    return true;
}

/* "user@host:port" */
static bool authority_split(struct view authority, struct config_uri *out)
{
    for (size_t i = authority.len; i > 0; i--) {
        if (authority.data[i - 1] != '@')
            continue;
        if (!user_is_valid(view_make(authority.data, i - 1)))
            return false;
        authority = view_from(authority, i);
        break;
    }
    size_t end = authority.len;
    if (authority.len > 0 && authority.data[0] == '[') {
        end = find_any(authority, "]");
        if (end == authority.len)
            return false;
        end++;
    } else {
        for (size_t i = authority.len; i > 0; i--) {
            if (authority.data[i - 1] == ':') {
                end = i - 1;
                break;
            }
        }
    }
    struct view port = view_from(authority, end);
    if (port.len > 0 && (port.data[0] != ':' || !digits_only(view_from(port, 1))))
        return false;
    out->host = view_make(authority.data, end);
    out->port = view_from(port, 1);
    return host_is_valid(out->host);
}

bool config_uri_split(struct view text, struct config_uri *out)
{
    *out = (struct config_uri){0};
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    }
    int scheme = scheme_length(text);
    if (scheme < 0)
        return false;
    out->scheme = view_make(text.data, (size_t)scheme);
    struct view rest = view_from(text, scheme > 0 ? (size_t)scheme + 1 : 0);
    out->rest = rest;
    size_t fragment = find_any(rest, "#");
    if (!escapes_are_valid(view_from(rest, fragment), false))
        return false;
    rest.len = find_any(view_make(rest.data, fragment), "?");
    if (rest.len == 0 || rest.data[0] != '/') {
        if (scheme > 0)
            return true;
        size_t segment = find_any(rest, "/");
        return find_any(view_make(rest.data, segment), ":") == segment &&
               escapes_are_valid(rest, false);
    }
    if (view_starts(rest, "//") && (scheme > 0 || !view_starts(rest, "///"))) {
        struct view authority = view_from(rest, 2);
        authority.len = find_any(authority, "/");
        out->has_authority = true;
        if (!authority_split(authority, out))
            return false;
        out->rest = view_from(out->rest, 2 + authority.len);
        rest = view_from(rest, 2 + authority.len);
    }
    return escapes_are_valid(rest, false);
}

static void schemes_append(const char *schemes, struct str *out)
{
    for (const char *p = schemes; *p != '\0';) {
        size_t len = strcspn(p, " ");
        bool last = p[len] == '\0';
        if (p != schemes)
            str_append_text(out, last ? " or " : ", ");
        str_append(out, view_make(p, len));
        p += len + (last ? 0 : 1);
    }
}

/* "localhost:8080" was meant to be "http://localhost:8080". */
static bool looks_like_host_and_port(struct view text, const struct config_uri *uri)
{
    size_t digits = 0;
    while (digits < uri->rest.len && is_digit(uri->rest.data[digits]))
        digits++;
    return !uri->has_authority && digits > 0 && find_any(text, "@") == text.len &&
           (digits == uri->rest.len || uri->rest.data[digits] == '/');
}

bool config_uri_check(struct view text, const char *schemes, struct str *out, struct error *err)
{
    struct config_uri uri;
    if (!config_uri_split(text, &uri)) {
        error_set(err, "not a valid URL/URI");
        return false;
    }
    if (uri.scheme.len == 0) {
        error_set(err, "must be an absolute URL/URI");
        return false;
    }
    if (schemes != NULL && (config_word_find(schemes, uri.scheme) < 0 || uri.host.len == 0)) {
        struct str names = {0};
        schemes_append(schemes, &names);
        error_set(err, "must be an absolute URL/URI with scheme %s", str_text(&names));
        if (looks_like_host_and_port(text, &uri)) {
            error_set(err,
                      "must be an absolute URL/URI with scheme %s (did you mean \"%.*s://%.*s\"?)",
                      str_text(&names), (int)strcspn(schemes, " "), schemes, VIEW_ARGS(text));
        }
        str_free(&names);
        return false;
    }
    for (size_t i = 0; i < uri.scheme.len; i++)
        str_append_char(out, config_lower(uri.scheme.data[i]));
    str_append(out, view_from(text, uri.scheme.len));
    return true;
}

static struct view port_or_default(const struct config_uri *uri)
{
    if (uri->port.len > 0)
        return uri->port;
    return view_equal_nocase(uri->scheme, view_of("https")) ? view_of("443") : view_of("80");
}

static struct view without_slash(struct view path)
{
    if (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    return path;
}

bool config_uri_same(struct view a, struct view b)
{
    struct config_uri left, right;
    if (!config_uri_split(a, &left) || !config_uri_split(b, &right))
        return false;
    return view_equal_nocase(left.scheme, right.scheme) &&
           view_equal_nocase(left.host, right.host) &&
           view_equal(port_or_default(&left), port_or_default(&right)) &&
           view_equal(without_slash(left.rest), without_slash(right.rest));
}
