/* http/client.c - what the requests of one client share. */
#include "http/client_private.h"

#include "base/mask.h"

#include <stdlib.h>

static void client_free(struct http_client *c)
{
    client_lookups_done(&c->lookups);
    client_proxies_free(&c->proxies);
    client_tls_trust_free(c->trust);
    mem_free(c->user_agent);
    mem_free(c->unix_path);
    mem_free(c->proxy_shown);
    mem_free(c);
}

bool http_client_open(const struct http_client_settings *settings, uv_loop_t *loop,
                      const struct clock *clock, struct http_client **out, struct error *err)
{
    struct http_client *c = mem_zalloc(sizeof *c);
    c->loop = loop;
    c->clock = clock;
    client_lookups_init(&c->lookups);
    c->user_agent = mem_copy_text(settings->user_agent, strlen(settings->user_agent));
    if (settings->unix_path != NULL)
        c->unix_path = mem_copy_text(settings->unix_path, strlen(settings->unix_path));
    if (!client_proxies_init(&c->proxies, settings, getenv, err))
        goto fail;
    if (c->proxies.fixed != NULL) {
        struct str shown = {0};
        mask_url(view_of(settings->proxy_url), &shown);
        c->proxy_shown = str_take_text(&shown);
    }
    c->trust = settings->trust != NULL ? client_tls_trust_open(settings->trust, err)
                                       : client_tls_trust_new(settings->ca_files, err);
    if (c->trust == NULL)
        goto fail;
    list_init(&c->idle);
    (void)uv_timer_init(loop, &c->idle_timer);
    c->idle_timer.data = c;
    uv_unref((uv_handle_t *)&c->idle_timer);
    *out = c;
    return true;
fail:
    client_free(c);
    return false;
}

void client_free_when_closed(struct http_client *c)
{
    if (c->timer_closed && c->links == 0)
        client_free(c);
}

static void client_on_timer_closed(uv_handle_t *timer)
{
    struct http_client *c = timer->data;
    c->timer_closed = true;
    client_free_when_closed(c);
}

void http_client_close(struct http_client *c)
{
    client_links_close(c);
    uv_close((uv_handle_t *)&c->idle_timer, client_on_timer_closed);
}

const char *http_client_proxy(struct http_client *c)
{
    return c->proxy_shown;
}

bool http_client_host(struct view url, struct str *out, struct error *err)
{
    struct client_url parts;
    if (!client_url_parse(url, &parts, err))
        return false;
    client_url_print_host(&parts, false, out);
    client_url_free(&parts);
    return true;
}
