/* health.c - --check-health: is the relay on this host well (status.md 15.2)? For images without
 * curl.
 *
 * One blocking request with a limit of a few seconds. The certificate is not looked at: it is our
 * own, and what is asked is public.
 */
#include "run.h"

#include <inttypes.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HEALTH_PATH "/status?expect=status=healthy"
#define LIMIT_S 5
#define ANSWER_MAX (8 << 20)

/* http[s]://host[:port][/path]; views into the text. */
struct place {
    bool tls;
    struct view host;
    struct view port;
    struct view target;
};

static struct view take_host(struct view *rest)
{
    if (!view_starts(*rest, "["))
        return view_take_until(rest, ":/?");
    *rest = view_from(*rest, 1);
    struct view host = view_take_until(rest, "]");
    *rest = view_from(*rest, 1);
    return host;
}

static bool url_split(struct view url, struct place *out)
{
    out->tls = view_starts(url, "https://");
    if (!out->tls && !view_starts(url, "http://"))
        return false;
    struct view rest = view_from(url, out->tls ? 8 : 7);
    out->host = take_host(&rest);
    out->port = view_of(out->tls ? "443" : "80");
    if (view_starts(rest, ":")) {
        rest = view_from(rest, 1);
        out->port = view_take_until(&rest, "/?");
    }
    out->target = rest.len != 0 ? rest : view_of("/");
    return out->host.len != 0 && out->port.len != 0;
}

/* The relay's own address; a relay that listens on one address only is asked there. */
static void own_url(const struct config *c, struct str *out)
{
    const char *host = c->main.listen_address[0] != '\0' ? c->main.listen_address : "127.0.0.1";
    bool bare_ipv6 = strchr(host, ':') != NULL;
    str_append_format(out, "%s://%s%s%s:%" PRId64 HEALTH_PATH,
                      c->main.tls_enabled ? "https" : "http", bare_ipv6 ? "[" : "", host,
                      bare_ipv6 ? "]" : "", c->main.port);
}

/* ---- the connection -------------------------------------------------------------------------- */

struct probe {
    int fd;
    SSL_CTX *context;
    SSL *tls;
};

static void limits_set(int fd)
{
    struct timeval limit = {.tv_sec = LIMIT_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static int connect_first(const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        limits_set(fd);
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            return fd;
        (void)close(fd);
    }
    return -1;
}

static bool probe_connect(struct probe *p, const struct place *to)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char *host = mem_copy_text(to->host.data, to->host.len);
    char *port = mem_copy_text(to->port.data, to->port.len);
    if (getaddrinfo(host, port, &hints, &list) == 0) {
        p->fd = connect_first(list);
        freeaddrinfo(list);
    }
    mem_free(host);
    mem_free(port);
    return p->fd >= 0;
}

static bool probe_secure(struct probe *p)
{
    p->context = SSL_CTX_new(TLS_client_method());
    if (p->context == NULL)
        return false;
    p->tls = SSL_new(p->context);
    return p->tls != NULL && SSL_set_fd(p->tls, p->fd) == 1 && SSL_connect(p->tls) == 1;
}

static void probe_close(struct probe *p)
{
    SSL_free(p->tls);
    SSL_CTX_free(p->context);
    if (p->fd >= 0)
        (void)close(p->fd);
}

static bool probe_write(struct probe *p, struct view text)
{
    while (text.len != 0) {
        ssize_t n = p->tls != NULL ? SSL_write(p->tls, text.data, (int)text.len)
                                   : send(p->fd, text.data, text.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text = view_from(text, (size_t)n);
    }
    return true;
}

/* Until the server closes, which the request asks for. */
static void probe_read(struct probe *p, struct str *out)
{
    char piece[4096];
    while (out->len < ANSWER_MAX) {
        ssize_t n = p->tls != NULL ? SSL_read(p->tls, piece, sizeof piece)
                                   : recv(p->fd, piece, sizeof piece, 0);
        if (n <= 0)
            return;
        str_append(out, view_make(piece, (size_t)n));
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

/* HTTP/1.0, so that the answer comes in one piece and ends with the connection. */
static bool exchange(const struct place *to, struct str *answer)
{
    struct probe p = {.fd = -1};
    struct str request = {0};
    str_append_format(&request,
                      "GET %.*s HTTP/1.0\r\nHost: %.*s\r\nUser-Agent: flagrelay/%s\r\n\r\n",
                      VIEW_ARGS(to->target), VIEW_ARGS(to->host), FLAGRELAY_VERSION);
    bool asked = probe_connect(&p, to) && (!to->tls || probe_secure(&p)) &&
                 probe_write(&p, str_view(&request));
    if (asked)
        probe_read(&p, answer);
    probe_close(&p);
    str_free(&request);
    return asked;
}

/* "HTTP/1.x 2.." and the body behind the empty line. */
static bool answer_print(struct view answer)
{
    const char *body = memmem(answer.data, answer.len, "\r\n\r\n", 4);
    if (body == NULL || !view_starts(answer, "HTTP/1."))
        return false;
    body += 4;
    (void)printf("%.*s\n", VIEW_ARGS(view_make(body, (size_t)(answer.data + answer.len - body))));
    return answer.len > 9 && answer.data[9] == '2';
}

int health_check(const char *url, const struct config *c)
{
    struct str own = {0};
    struct str answer = {0};
    struct place to;
    bool healthy = false;
    if (url[0] == '\0') {
        own_url(c, &own);
        url = str_text(&own);
    }
    if (!url_split(view_of(url), &to))
        (void)fprintf(stderr, "\"%s\" is no URL of the form http://host:port/path\n", url);
    else if (!exchange(&to, &answer) || answer.len == 0)
        (void)fprintf(stderr, "No answer from %s within %d seconds\n", url, LIMIT_S);
    else
        healthy = answer_print(str_view(&answer));
    str_free(&own);
    str_free(&answer);
    return healthy ? EXIT_SUCCESS : EXIT_FAILURE;
}
