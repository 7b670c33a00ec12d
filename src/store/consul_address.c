/* store/consul_address.c - see consul_address.h. */
#include "store/consul_address.h"

#include "http/client.h"

#include <ctype.h>

/* The text behind "scheme://", and the scheme in *scheme; without one all of it. */
static struct view scheme_cut(struct view text, struct view *scheme)
{
    struct view rest = text;
    *scheme = view_take_until(&rest, ":/?#");
    if (view_starts(rest, "://"))
        return view_from(rest, 3);
    *scheme = view_of("");
    return text;
}

/* "user:password@[::1]:8500" */
static bool has_port(struct view authority)
{
    const char *at = memrchr(authority.data, '@', authority.len);
    struct view host =
        at != NULL ? view_from(authority, (size_t)(at - authority.data) + 1) : authority;
    const char *end = memrchr(host.data, ']', host.len);
    if (end != NULL)
        host = view_from(host, (size_t)(end - host.data));
    return memchr(host.data, ':', host.len) != NULL;
}

static bool parse_unix(struct view path, bool tls, struct consul_address *out, struct error *err)
{
    if (path.len == 0 || path.data[0] != '/') {
        error_set(err,
                  "Consul host: the path of the socket is missing; use unix:///path/to/socket");
        return false;
    }
    if (tls) {
        error_set(err, "Consul over a Unix socket cannot use TLS; remove CONSUL_HTTP_SSL");
        return false;
    }
    out->unix_path = mem_copy_text(path.data, path.len);
    out->base = mem_copy_text("http://localhost/v1", strlen("http://localhost/v1"));
    return true;
}

static bool parse_tcp(struct view rest, struct consul_address *out, struct error *err)
{
    struct str base = {0};
    struct str host = {0};
    struct view path = rest;
    struct view authority = view_take_until(&path, "/?#");
    str_append_text(&base, out->tls ? "https://" : "http://");
    while (rest.len > 0 && rest.data[rest.len - 1] == '/')
        rest.len--;
    str_append(&base, rest);
    bool sound = http_client_host(str_view(&base), &host, err);
    if (!sound)
        error_prefix(err, "Consul host: ");
    (void)view_take_until(&path, "?#");
    if (sound && path.len > 0) {
        error_set(err, "Consul host: a query or fragment has no place in it; remove it");
        sound = false;
    }
    str_free(&host);
    str_append_text(&base, "/v1");
    out->no_port = !has_port(authority);
    out->base = str_take_text(&base);
    return sound;
}

bool consul_address_parse(struct view text, bool tls, struct consul_address *out, struct error *err)
{
    struct view scheme;
    struct view rest = scheme_cut(text, &scheme);
    *out = (struct consul_address){0};
    out->tls = tls || view_equal_nocase(scheme, VIEW_LITERAL("https"));
    bool sound = false;
    if (view_equal_nocase(scheme, VIEW_LITERAL("unix")))
        sound = parse_unix(rest, tls, out, err);
    else if (scheme.len == 0 || view_equal_nocase(scheme, VIEW_LITERAL("http")) ||
             view_equal_nocase(scheme, VIEW_LITERAL("https")))
        sound = parse_tcp(rest, out, err);
    else
        error_set(err, "Consul host: unknown protocol scheme \"%.*s\"; use http, https or unix",
                  VIEW_ARGS(scheme));
    if (!sound)
        consul_address_free(out);
    return sound;
}

void consul_address_free(struct consul_address *a)
{
    mem_free(a->base);
    mem_free(a->unix_path);
    *a = (struct consul_address){0};
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-_~$/.", c) != NULL);
}

void consul_key_encode(struct view key, struct str *out)
{
    bool behind_slash = true;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.data[i];
        bool tidied = behind_slash && (c == '/' || c == '.');
        if (is_plain(c) && !tidied)
            str_append_char(out, c);
        else
            str_append_format(out, "%%%02X", (unsigned)(unsigned char)c);
        behind_slash = c == '/';
    }
}

bool consul_key_allowed(struct view key)
{
    for (size_t i = 0; i < key.len; i++) {
        if ((unsigned char)key.data[i] < 0x20 || key.data[i] == 0x7F)
            return false;
    }
    return true;
}
