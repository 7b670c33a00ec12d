/* A URL, a line end, and a location that is found in an answer from there.
 *
 * Laws: what was parsed can be put on a request line, and parses to the same again. */
#include "http/client_url.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_bytes(const char *text)
{
    for (; *text != 0; text++)
        must((unsigned char)*text > 0x20 && *text != 0x7F);
}

static void check(const struct client_url *u)
{
    struct str text = {0};
    struct client_url again;
    struct error err;
    must(u->port != 0 && u->host[0] != 0 && u->target[0] == '/');
    check_bytes(u->host);
    check_bytes(u->target);
    str_append_text(&text, u->tls ? "https://" : "http://");
    client_url_print_host(u, false, &text);
    str_append_text(&text, u->target);
    must(client_url_parse(str_view(&text), &again, &err));
    must(again.tls == u->tls && again.port == u->port && strcmp(again.host, u->host) == 0 &&
         strcmp(again.target, u->target) == 0 && again.user == NULL);
    must(client_url_host_within(again.host, u->host));
    client_url_free(&again);
    str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view all = view_make((const char *)data, size);
    const char *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = end != NULL ? (size_t)(end - all.data) : size;
    struct client_url base;
    struct client_url next;
    struct error err;
    if (!client_url_parse(view_make(all.data, len), &base, &err))
        return 0;
    check(&base);
    if (client_url_resolve(&base, view_from(all, len + 1), &next, &err)) {
        check(&next);
        client_url_free(&next);
    }
    client_url_free(&base);
    return 0;
}
