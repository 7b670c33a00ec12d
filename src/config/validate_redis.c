/* config/validate_redis.c - the address of Redis in its several forms (8.2, 17.6), and what its
 * options need of each other. */
#include "config/database.h"
#include "config/record.h"
#include "config/uri.h"
#include "config/validate.h"
#include "config/value.h"

#include <arpa/inet.h>
#include <inttypes.h>

enum { DEFAULT_PORT = 6379 };

/* ---- one server ------------------------------------------------------------------------------ */

/* "::1", with or without a zone */
static bool is_ipv6(struct view host)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    const char *zone = host.len > 0 ? memchr(host.data, '%', host.len) : NULL;
    size_t len = zone != NULL ? (size_t)(zone - host.data) : host.len;
    if (len >= sizeof text)
        return false;
    memcpy(text, host.data, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* A name that means the same inside a URL. */
static bool is_plain_host(const char *host)
{
    struct str url = {0};
    struct config_uri parts;
    str_append_format(&url, "redis://%s:1", host);
    bool ok = config_uri_split(str_view(&url), &parts) && view_is(parts.host, host) &&
              strpbrk(host, ":@[]<>\"") == NULL;
    str_free(&url);
    return ok;
}

static void host_error(const char *host, struct config_report *r)
{
    struct config_uri parts;
    struct str url = {0};
    if (strncmp(host, "redis://", 8) != 0 && strncmp(host, "rediss://", 9) != 0)
        str_append_text(&url, "redis://");
    str_append_text(&url, host);
    bool helpful = config_uri_split(str_view(&url), &parts) && parts.host.len > 0 &&
                   strpbrk(host, "@?#%") == NULL && (parts.port.len > 0 || url.len == strlen(host));
    if (helpful)
        config_report_error(r, "invalid Redis hostname (did you mean url = \"%s\"?)",
                            str_text(&url));
    else
        config_report_error(r, "invalid Redis hostname");
    str_free(&url);
}

/* Host and port become a URL. */
static void host_join(struct config *c, struct str *address, struct config_report *r)
{
    struct view host = view_of(c->redis.host[0] != '\0' ? c->redis.host : "localhost");
    bool bracketed = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (bracketed)
        host = view_make(host.data + 1, host.len - 2);
    bool ipv6 = is_ipv6(host);
    if (!ipv6 && (bracketed || !is_plain_host(c->redis.host[0] != '\0' ? c->redis.host : "x"))) {
        host_error(c->redis.host, r);
        return;
    }
    int64_t port = c->redis.port != 0 ? c->redis.port : DEFAULT_PORT;
    str_append_format(address, ipv6 ? "%s://[%.*s]:%" PRId64 : "%s://%.*s:%" PRId64,
                      c->redis.tls ? "rediss" : "redis", VIEW_ARGS(host), port);
}

/* A URL without a host means this machine, as in the reference. */
static void url_take(struct config *c, struct str *address, struct config_report *r)
{
    struct view url = view_of(c->redis.url);
    struct config_uri parts;
    if (!config_uri_split(url, &parts))
        return;
    if (view_is(parts.scheme, "unix")) {
        if (c->redis.tls)
            config_report_error(r, "Redis over a Unix socket cannot use TLS");
        str_append(address, url);
        return;
    }
    if (!view_is(parts.scheme, "redis") && !view_is(parts.scheme, "rediss")) {
        config_report_start_error(r, "redis: invalid URL scheme: %.*s", VIEW_ARGS(parts.scheme));
        return;
    }
    if (!parts.has_authority) {
        config_report_error(r, "Redis url must begin with redis://, rediss:// or unix://");
        return;
    }
    size_t host_at = (size_t)(parts.host.data - url.data);
    str_append_text(address, c->redis.tls ? "rediss" : "");
    str_append(address,
               view_from(view_make(url.data, host_at), c->redis.tls ? parts.scheme.len : 0));
    str_append_text(address, parts.host.len == 0 ? "localhost" : "");
    str_append(address, view_from(url, host_at));
}

static void single_check(struct config *c, struct str *address, struct config_report *r)
{
    bool parts = c->redis.host[0] != '\0' || c->redis.port != 0;
    if (c->redis.nodes.count > 0 || c->redis.sentinel_master[0] != '\0' ||
        c->redis.sentinel_username[0] != '\0' || c->redis.sentinel_password[0] != '\0')
        config_report_error(r, "Redis nodes and sentinel options need mode \"sentinel\" or "
                               "\"cluster\"");
    if (c->redis.url[0] != '\0' && parts)
        config_report_error(r, "please specify Redis URL or host/port, but not both");
    else if (c->redis.url[0] != '\0')
        url_take(c, address, r);
    else
        host_join(c, address, r);
}

/* ---- several servers (17.6) ------------------------------------------------------------------ */

/* "host", "host:port" or "[::1]:port" */
static bool node_append(struct view node, unsigned default_port, struct str *out)
{
    struct str url = {0};
    struct config_uri parts;
    int64_t port;
    str_append_format(&url, "redis://%.*s", VIEW_ARGS(node));
    bool ok = config_uri_split(str_view(&url), &parts) && parts.host.len > 0 &&
              parts.rest.len == 0 && memchr(node.data, '@', node.len) == NULL;
    if (ok && parts.host.data[0] == '[')
        ok = is_ipv6(view_make(parts.host.data + 1, parts.host.len - 2));
    else if (ok)
        ok = memchr(parts.host.data, ':', parts.host.len) == NULL;
    if (ok && parts.port.len > 0)
        ok = config_integer_parse(parts.port, &port) && port > 0 && port <= 65535;
    if (ok && parts.port.len > 0)
        str_append(out, node);
    else if (ok)
        str_append_format(out, "%.*s:%u", VIEW_ARGS(parts.host), default_port);
    str_free(&url);
    return ok;
}

static void nodes_join(const struct config *c, unsigned default_port, struct str *address,
                       struct config_report *r)
{
    for (size_t i = 0; i < c->redis.nodes.count; i++) {
        struct view node = view_of(c->redis.nodes.items[i]);
        if (i > 0)
            str_append_char(address, ',');
        if (node_append(node, default_port, address))
            continue;
        struct str quoted = {0};
        config_quote(node, &quoted);
        config_report_error(r, "invalid Redis node %s (must be host:port)", str_text(&quoted));
        str_free(&quoted);
    }
}

/* "{}" in front of everything else would hash whole keys, so that transactions cross slots
 * (data-store.md 8.2). */
static void hash_tag_check(const char *prefix, struct config_report *r)
{
    const char *brace = strchr(prefix, '{');
    struct str quoted = {0};
    if (brace == NULL || brace[1] != '}')
        return;
    config_quote(view_of(prefix), &quoted);
    config_report_error(r, "Redis prefix %s contains an empty hash tag", str_text(&quoted));
    str_free(&quoted);
}

static void hash_tags_check(const struct config *c, struct config_report *r)
{
    hash_tag_check(c->redis.cluster_hash_tag, r);
    hash_tag_check(c->auto_config.env_datastore_prefix, r);
    hash_tag_check(c->offline_mode.env_datastore_prefix, r);
    for (size_t i = 0; i < c->environment_count; i++)
        hash_tag_check(c->environments[i]->prefix, r);
}

static void several_check(struct config *c, struct str *address, struct config_report *r)
{
    bool sentinel = c->redis.mode == CONFIG_REDIS_SENTINEL;
    const char *mode = sentinel ? "sentinel" : "cluster";
    if (c->redis.url[0] != '\0' || c->redis.host[0] != '\0' || c->redis.port != 0)
        config_report_error(r, "Redis url, host and port cannot be used with mode \"%s\"", mode);
    if (sentinel && (c->redis.nodes.count == 0 || c->redis.sentinel_master[0] == '\0'))
        config_report_error(r, "Redis mode \"sentinel\" needs nodes and sentinelMaster");
    if (!sentinel && c->redis.nodes.count == 0)
        config_report_error(r, "Redis mode \"cluster\" needs nodes");
    if (!sentinel && c->redis.sentinel_master[0] != '\0')
        config_report_error(r, "Redis sentinelMaster cannot be used with mode \"cluster\"");
    if (!sentinel && c->redis.database != 0)
        config_report_error(r,
                            "Redis database %" PRId64 " cannot be used with mode \"cluster\"; "
                            "a cluster has only database 0",
                            c->redis.database);
    str_append_text(address, sentinel ? "redis-sentinel://" : "redis-cluster://");
    nodes_join(c, sentinel ? 26379 : DEFAULT_PORT, address, r);
    if (!sentinel)
        hash_tags_check(c, r);
    if (sentinel)
        str_append_format(address, "/%s", c->redis.sentinel_master);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool uses_tls(const struct config *c)
{
    return c->redis.tls || strncmp(c->redis.url, "rediss:", 7) == 0;
}

/* data-store.md 8.3 */
static void login_check(struct config *c, struct config_report *r)
{
    const char *certificate = c->redis.client_certificate_file;
    const char *key = c->redis.client_key_file;
    if ((certificate[0] == '\0') != (key[0] == '\0'))
        config_report_error(
            r, "Redis client certificate requires both a certificate file and a key file");
    for (char *p = c->redis.aws_iam_cache_name; *p != '\0'; p++)
        *p = config_lower(*p);
    if (!c->redis.aws_iam_auth)
        return;
    if (!uses_tls(c))
        config_report_error(r, "Redis IAM authentication requires TLS");
    if (c->redis.password[0] != '\0')
        config_report_error(r,
                            "specify either a Redis password or IAM authentication, but not both");
    if (c->redis.username[0] == '\0' || c->redis.aws_iam_cache_name[0] == '\0')
        config_report_error(r, "Redis IAM authentication requires username and awsIamCacheName");
}

void config_redis_check(struct config *c, struct config_report *r)
{
    struct str address = {0};
    bool several = c->redis.mode != CONFIG_REDIS_SINGLE;
    if (!several && !config_database_is_on(c, CONFIG_REDIS))
        return;
    if (several)
        several_check(c, &address, r);
    else
        single_check(c, &address, r);
    login_check(c, r);
    config_text_set(&c->redis_address, str_text(&address));
    if (address.data != NULL)
        explicit_bzero(address.data, address.room);
    str_free(&address);
}
