/* config/environ_redis.c - container links set REDIS_PORT to the address of a server; and an
 * address from variables replaces the one of the file, whatever form that has. */
#include "config/environ_redis.h"

#include "config/environ.h"
#include "config/record.h"

static const struct config_origin from_variable = {.source = CONFIG_FROM_VARIABLE};

static bool is_given(char *const *envp, const char *variable)
{
    const char *value = config_environ_get(envp, variable);
    return value != NULL && value[0] != '\0';
}

bool environ_redis_has_url(const struct config *c, char *const *envp)
{
    return c->redis.url[0] != '\0' || c->redis.nodes.count > 0 ||
           config_slot_at(c, &c->redis.url)->secret_path != NULL || is_given(envp, "REDIS_URL") ||
           is_given(envp, "REDIS_URL_FILE") || is_given(envp, "REDIS_NODES");
}

/* Length of "host" or "[::1]" at the beginning. */
static size_t host_length(struct view address)
{
    size_t end = 0;
    if (address.len > 0 && address.data[0] == '[') {
        const char *close = memchr(address.data, ']', address.len);
        return close != NULL ? (size_t)(close - address.data) + 1 : address.len;
    }
    while (end < address.len && address.data[end] != ':')
        end++;
    return end;
}

bool environ_redis_link_assign(struct config *c, struct view value)
{
    struct config_record record = config_record_of(c);
    struct view address = view_from(value, strlen("tcp://"));
    struct view host = view_make(address.data, host_length(address));
    struct view port = view_from(address, host.len);
    struct error err;
    if (port.len == 0)
        port = view_of(":6379");
    if (port.data[0] != ':' || port.len == 1 ||
        !config_record_assign(record, config_option_at(c, &c->redis.port), view_from(port, 1),
                              from_variable, &err))
        return false;
    if (host.len > 1 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = view_make(host.data + 1, host.len - 2);
    return config_record_assign(record, config_option_at(c, &c->redis.host), host, from_variable,
                                &err);
}

void environ_redis_settle(struct config *c)
{
    struct config_record record = config_record_of(c);
    const struct config_option *parts[] = {config_option_at(c, &c->redis.host),
                                           config_option_at(c, &c->redis.port)};
    const struct config_slot *url = config_slot_at(c, &c->redis.url);
    if (url->value.source != CONFIG_FROM_VARIABLE &&
        url->secret_file.source != CONFIG_FROM_VARIABLE)
        return;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (config_record_slot(record, parts[i])->value.source == CONFIG_FROM_FILE)
            config_record_reset(record, parts[i]);
    }
}
