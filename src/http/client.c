/* http/client.c - what all upstream requests share: proxy, certificates, one read buffer. */
#include "http/client_private.h"

#include "base/mask.h"

#include <stdlib.h>

bool http_client_open(const struct http_client_settings *settings, uv_loop_t *loop,
                      const struct clock *clock, struct http_client **out, struct error *err)
{
    struct http_client *c = mem_zalloc(sizeof *c);
    c->loop = loop;
    c->clock = clock;
    c->user_agent = mem_copy_text(settings->user_agent, strlen(settings->user_agent));
    if (!client_proxies_init(&c->proxies, settings, getenv, err))
        goto fail;
    if (c->proxies.fixed != NULL) {
        struct str shown = {0};
        mask_url(view_of(settings->proxy_url), &shown);
        c->proxy_shown = str_take_text(&shown);
    }
    c->trust = client_tls_trust_new(settings->ca_files, err);
    if (c->trust == NULL)
        goto fail;
    *out = c;
    return true;
fail:
    http_client_close(c);
    return false;
}

void http_client_close(struct http_client *c)
{
    client_proxies_free(&c->proxies);
    client_tls_trust_free(c->trust);
    mem_free(c->user_agent);
    mem_free(c->proxy_shown);
    mem_free(c->read_buffer);
    mem_free(c);
}

const char *http_client_proxy(struct http_client *c)
{
    return c->proxy_shown;
}
