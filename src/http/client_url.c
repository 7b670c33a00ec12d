/* http/client_url.c - URLs; refuses every byte that could break out of a request line. */
#include "http/client_url.h"

#include "base/percent.h"

#include <ctype.h>
#include <uv.h>

void client_url_free(struct client_url *u)
{
    mem_free(u->host);
    mem_free(u->target);
    mem_free(u->user);
    *u = (struct client_url){0};
}

static bool url_bytes_allowed(struct view text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] <= 0x20 || text.data[i] == 0x7F)
            return false;
    return true;
}

static struct view url_until(struct view text, const char *stops)
{
    size_t len = 0;
    while (len < text.len && strchr(stops, text.data[len]) == NULL)
        len++;
    return view_make(text.data, len);
}

/* A name or an IPv4 address; within brackets an IPv6 address, without a zone. */
static bool url_host_allowed(struct view host, bool brackets)
{
    struct sockaddr_in6 v6;
    if (host.len == 0 || host.len > 255)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.data[i];
        if (!isalnum(c) && strchr(brackets ? ":." : ".-_", c) == NULL)
            return false;
    }
    if (!brackets)
        return true;
    char *text = mem_copy_text(host.data, host.len);
    bool address = uv_ip6_addr(text, 0, &v6) == 0;
    mem_free(text);
    return address;
}

static bool url_port_parse(struct view text, uint16_t *port)
{
    unsigned number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || number > UINT16_MAX)
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    if (number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* user:password@host:port */
static bool url_authority_parse(struct view text, struct client_url *out, struct error *err)
{
    const char *at = memrchr(text.data, '@', text.len);
    if (at != NULL) {
        size_t len = (size_t)(at - text.data);
        out->user = percent_decode_lenient(view_make(text.data, len));
        text = view_from(text, len + 1);
    }
    bool brackets = view_starts(text, "[");
    struct view host = brackets ? url_until(view_from(text, 1), "]") : url_until(text, ":");
    if (!url_host_allowed(host, brackets) || (brackets && text.len < host.len + 2)) {
        error_set(err, "URL without a usable host name; expected http://host or https://host");
        return false;
    }
    struct view rest = view_from(text, host.len + (brackets ? 2 : 0));
    bool port_ok = rest.len == 0 || view_is(rest, ":") ||
                   (rest.data[0] == ':' && url_port_parse(view_from(rest, 1), &out->port));
    if (!port_ok) {
        error_set(err, "URL with an unusable port \"%.*s\"; use 1 to 65535",
                  VIEW_ARGS(view_from(rest, 1)));
        return false;
    }
    out->host = mem_copy_text(host.data, host.len);
    for (char *c = out->host; *c != 0; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

bool client_url_parse(struct view text, struct client_url *out, struct error *err)
{
    struct client_url u = {0};
    struct view scheme = url_until(text, ":/?#");
    struct view rest = view_from(text, scheme.len);
    u.tls = view_equal_nocase(scheme, VIEW_LITERAL("https"));
    if (!url_bytes_allowed(text)) {
        error_set(err, "URL with a blank or control character in it; write it as %%XX");
        return false;
    }
    if (!u.tls && !view_equal_nocase(scheme, VIEW_LITERAL("http"))) {
        error_set(err, "URL with scheme \"%.*s\"; use http or https", VIEW_ARGS(scheme));
        return false;
    }
    if (!view_starts(rest, "://")) {
        error_set(err, "URL without \"//\"; expected http://host or https://host");
        return false;
    }
    u.port = u.tls ? 443 : 80;
    struct view authority = url_until(view_from(rest, 3), "/?#");
    if (!url_authority_parse(authority, &u, err)) {
        client_url_free(&u);
        return false;
    }
    struct view target = url_until(view_from(rest, 3 + authority.len), "#");
    struct str path = {0};
    if (!view_starts(target, "/"))
        str_append_char(&path, '/');
    str_append(&path, target);
    u.target = str_take_text(&path);
    *out = u;
    return true;
}

void client_url_print_host(const struct client_url *u, bool always_port, struct str *out)
{
    bool brackets = strchr(u->host, ':') != NULL;
    str_append_format(out, brackets ? "[%s]" : "%s", u->host);
    if (always_port || u->port != (u->tls ? 443 : 80))
        str_append_format(out, ":%u", u->port);
}

bool client_url_resolve(const struct client_url *base, struct view location, struct client_url *out,
                        struct error *err)
{
    struct view scheme = url_until(location, ":/?#");
    struct str text = {0};
    location = url_until(location, "#");
    if (scheme.len < location.len && location.data[scheme.len] == ':') {
        str_append(&text, location);
    } else {
        str_append_text(&text, base->tls ? "https:" : "http:");
        if (!view_starts(location, "//")) {
            str_append_text(&text, "//");
            client_url_print_host(base, true, &text);
            struct view path = url_until(view_of(base->target), "?");
            if (location.len == 0)
                path = view_of(base->target);
            else if (view_starts(location, "/"))
                path.len = 0;
            else if (!view_starts(location, "?"))
                path.len =
                    (size_t)((const char *)memrchr(path.data, '/', path.len) - path.data) + 1;
            str_append(&text, path);
        }
        str_append(&text, location);
    }
    bool ok = client_url_parse(str_view(&text), out, err);
    str_free(&text);
    return ok;
}

bool client_url_host_within(const char *host, const char *parent)
{
    size_t host_len = strlen(host);
    size_t parent_len = strlen(parent);
    if (host_len < parent_len || strcmp(host + host_len - parent_len, parent) != 0)
        return false;
    return host_len == parent_len ||
           (host[host_len - parent_len - 1] == '.' && !client_url_host_is_address(parent));
}

bool client_url_host_is_address(const char *host)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    return uv_ip4_addr(host, 0, &v4) == 0 || uv_ip6_addr(host, 0, &v6) == 0;
}
