/* http/client_proxy.c - [Proxy] url, or HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
#include "http/client_proxy.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>

char *client_proxy_basic(const char *user_and_password)
{
    size_t len = strlen(user_and_password);
    char *text = mem_alloc(sizeof "Basic " + (len + 2) / 3 * 4);
    memcpy(text, "Basic ", sizeof "Basic ");
    EVP_EncodeBlock((unsigned char *)text + strlen(text), (const unsigned char *)user_and_password,
                    (int)len);
    return text;
}

static void client_proxy_free(struct client_proxy *p)
{
    if (p == NULL)
        return;
    client_url_free(&p->url);
    mem_free(p->authorization);
    mem_free(p);
}

void client_proxies_free(struct client_proxies *p)
{
    client_proxy_free(p->fixed);
    client_proxy_free(p->for_https);
    client_proxy_free(p->for_http);
    mem_free(p->exceptions);
    *p = (struct client_proxies){0};
}

/* `source` names where the URL was found. */
static struct client_proxy *client_proxy_new(const char *source, const char *text,
                                             struct error *err)
{
    struct client_proxy *p = mem_zalloc(sizeof *p);
    struct str url = {0};
    if (strstr(text, "://") == NULL)
        str_append_text(&url, "http://");
    str_append_text(&url, text);
    if (client_url_parse(str_view(&url), &p->url, err)) {
        if (p->url.user != NULL)
            p->authorization = client_proxy_basic(p->url.user);
    } else {
        error_prefix(err, "%s: ", source);
        client_proxy_free(p);
        p = NULL;
    }
    str_free(&url);
    return p;
}

static bool client_proxies_configure(struct client_proxies *p,
                                     const struct http_client_settings *settings, struct error *err)
{
    p->fixed = client_proxy_new("Proxy url", settings->proxy_url, err);
    if (p->fixed == NULL)
        return false;
    if (p->fixed->authorization == NULL && settings->proxy_user != NULL &&
        settings->proxy_user[0] != 0) {
        struct str user = {0};
        const char *password = settings->proxy_password != NULL ? settings->proxy_password : "";
        str_append_format(&user, "%s:%s", settings->proxy_user, password);
        p->fixed->authorization = client_proxy_basic(str_text(&user));
        str_free(&user);
    }
    return true;
}

static const char *variable_of_two(char *(*variable)(const char *name), const char *upper,
                                   const char *lower)
{
    const char *value = variable(upper);
    if (value == NULL || value[0] == 0)
        value = variable(lower);
    return value != NULL ? value : "";
}

static bool client_proxies_from_variables(struct client_proxies *p,
                                          char *(*variable)(const char *name), struct error *err)
{
    const char *https = variable_of_two(variable, "HTTPS_PROXY", "https_proxy");
    const char *http = variable_of_two(variable, "HTTP_PROXY", "http_proxy");
    const char *exceptions = variable_of_two(variable, "NO_PROXY", "no_proxy");
    /* In a CGI program HTTP_PROXY is a header of the request. */
    if (variable("REQUEST_METHOD") != NULL)
        http = "";
    if (https[0] != 0 && (p->for_https = client_proxy_new("HTTPS_PROXY", https, err)) == NULL)
        return false;
    if (http[0] != 0 && (p->for_http = client_proxy_new("HTTP_PROXY", http, err)) == NULL)
        return false;
    p->exceptions = mem_copy_text(exceptions, strlen(exceptions));
    return true;
}

bool client_proxies_init(struct client_proxies *out, const struct http_client_settings *settings,
                         char *(*variable)(const char *name), struct error *err)
{
    *out = (struct client_proxies){0};
    if (settings->direct)
        return true;
    bool configured = settings->proxy_url != NULL && settings->proxy_url[0] != 0;
    bool ok = configured ? client_proxies_configure(out, settings, err)
                         : client_proxies_from_variables(out, variable, err);
    if (!ok)
        client_proxies_free(out);
    return ok;
}

/* An IPv4 or IPv6 address as 16 bytes, an IPv4 address in its mapped form. */
static bool address_parse(const char *text, unsigned char out[static 16])
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    if (uv_inet_pton(AF_INET, text, out + 12) == 0) {
        memcpy(out, mapped, sizeof mapped);
        return true;
    }
    return uv_inet_pton(AF_INET6, text, out) == 0;
}

static bool address_is_loopback(const char *host)
{
    unsigned char a[16];
    if (!address_parse(host, a))
        return false;
    if (a[10] == 0xFF && a[11] == 0xFF)
        return a[12] == 127;
    static const unsigned char loopback[16] = {[15] = 1};
    return memcmp(a, loopback, sizeof a) == 0;
}

/* Is `host` an address in the network "10.0.0.0/8"? */
static bool address_in_network(const char *host, const char *network, const char *slash)
{
    unsigned char a[16];
    unsigned char b[16];
    char *base = mem_copy_text(network, (size_t)(slash - network));
    bool v4 = strchr(base, ':') == NULL;
    bool ok = address_parse(host, a) && address_parse(base, b);
    mem_free(base);
    char *end;
    unsigned long bits = strtoul(slash + 1, &end, 10);
    if (!ok || end == slash + 1 || *end != 0 || bits > (v4 ? 32 : 128))
        return false;
    bits += v4 ? 96 : 0;
    unsigned long whole = bits / 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    unsigned rest = (unsigned)(bits % 8);
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

/* Cuts ":port" off; false when it is there and another one. */
static bool exception_port_matches(char *entry, uint16_t port)
{
    char *colon = strrchr(entry, ':');
    bool address = client_url_host_is_address(entry);
    if (colon == NULL || address || colon[1] == 0)
        return true;
    *colon = 0;
    size_t len = strlen(entry);
    if (entry[0] == '[' && len > 1 && entry[len - 1] == ']') {
        memmove(entry, entry + 1, len - 2);
        entry[len - 2] = 0;
    }
    return strtoul(colon + 1, NULL, 10) == port;
}

/* One entry of NO_PROXY, lower case, without blanks. */
static bool exception_matches(char *entry, const struct client_url *target)
{
    if (strcmp(entry, "*") == 0)
        return true;
    const char *slash = strchr(entry, '/');
    if (slash != NULL)
        return address_in_network(target->host, entry, slash);
    if (!exception_port_matches(entry, target->port))
        return false;
    unsigned char a[16];
    unsigned char b[16];
    if (address_parse(entry, a))
        return address_parse(target->host, b) && memcmp(a, b, sizeof a) == 0;
    if (entry[0] == '*' && entry[1] == '.')
        entry++;
    if (entry[0] == '.')
        return strcmp(target->host, entry + 1) != 0 &&
               client_url_host_within(target->host, entry + 1);
    return entry[0] != 0 && client_url_host_within(target->host, entry);
}

static bool exceptions_match(const char *exceptions, const struct client_url *target)
{
    bool found = false;
    while (*exceptions != 0 && !found) {
        size_t len = strcspn(exceptions, ",");
        struct view entry = view_trim(view_make(exceptions, len));
        char *text = mem_copy_text(entry.data, entry.len);
        for (char *c = text; *c != 0; c++)
            *c = (char)tolower((unsigned char)*c);
        found = exception_matches(text, target);
        mem_free(text);
        exceptions += len + (exceptions[len] == ',');
    }
    return found;
}

const struct client_proxy *client_proxies_find(const struct client_proxies *p,
                                               const struct client_url *target)
{
    if (p->fixed != NULL)
        return p->fixed;
    const struct client_proxy *found = target->tls ? p->for_https : p->for_http;
    if (found == NULL || strcmp(target->host, "localhost") == 0 ||
        address_is_loopback(target->host) || exceptions_match(p->exceptions, target))
        return NULL;
    return found;
}
