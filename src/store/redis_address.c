/* store/redis_address.c - see redis_address.h. */
#include "store/redis_address.h"

#include "base/percent.h"

static char *copy_view(struct view v)
{
    return mem_copy_text(v.data, v.len);
}

#define NUMBER_DIGITS_MAX 10
#define NUMBER_LIMIT INT64_C(10000000000) /* any number of so many digits */

bool redis_number_parse(struct view text, int64_t limit, int64_t *out)
{
    int64_t number = 0;
    if (text.len == 0 || text.len > NUMBER_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - '0');
    }
    if (number >= limit)
        return false;
    *out = number;
    return true;
}

/* The view up to `c`, which is taken off `rest` with it; all of it when there is none. */
static struct view take_until(struct view *rest, char c)
{
    const char *at = rest->len > 0 ? memchr(rest->data, c, rest->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - rest->data) : rest->len;
    struct view taken = view_make(rest->data, len);
    *rest = view_from(*rest, len + (at != NULL ? 1 : 0));
    return taken;
}

bool redis_address_parse_host(struct view text, uint16_t default_port, char **host, uint16_t *port)
{
    struct view rest = text;
    struct view name;
    if (rest.len > 0 && rest.data[0] == '[') {
        rest = view_from(rest, 1);
        name = take_until(&rest, ']');
        if (rest.len > 0 && rest.data[0] == ':')
            rest = view_from(rest, 1);
        else if (rest.len > 0)
            return false;
    } else {
        name = take_until(&rest, ':');
    }
    int64_t number = default_port;
    if (name.len == 0 || (rest.len > 0 && !redis_number_parse(rest, UINT16_MAX + 1, &number)) ||
        number < 1)
        return false;
    *host = copy_view(name);
    *port = (uint16_t)number;
    return true;
}

/* user:pw, :pw or pw. */
static void parse_credentials(struct view text, struct redis_address *out)
{
    struct view rest = text;
    bool colon = memchr(text.data, ':', text.len) != NULL;
    struct view user = colon ? take_until(&rest, ':') : view_of("");
    mem_free(out->username);
    mem_free(out->password);
    out->username = percent_decode_lenient(user);
    out->password = percent_decode_lenient(rest);
}

static bool parse_unix(struct view rest, struct redis_address *out, struct error *err)
{
    struct view path = take_until(&rest, '?');
    if (path.len == 0 || path.data[0] != '/') {
        error_set(err, "Redis unix:// address: the path of the socket is missing; "
                       "use unix:///path/to/socket");
        return false;
    }
    if (view_starts(rest, "db=") &&
        !redis_number_parse(view_from(rest, 3), NUMBER_LIMIT, &out->database)) {
        error_set(err, "redis: invalid database number: \"%.*s\"", VIEW_ARGS(view_from(rest, 3)));
        return false;
    }
    out->unix_path = percent_decode_lenient(path);
    return true;
}

static bool parse_tcp(struct view rest, struct redis_address *out, struct error *err)
{
    struct view authority = take_until(&rest, '/');
    const char *at = NULL;
    for (size_t i = 0; i < authority.len; i++)
        at = authority.data[i] == '@' ? authority.data + i : at;
    if (at != NULL) {
        parse_credentials(view_make(authority.data, (size_t)(at - authority.data)), out);
        authority = view_from(authority, (size_t)(at - authority.data) + 1);
    }
    if (authority.len == 0)
        authority = view_of("localhost");
    struct view number = take_until(&rest, '?');
    if (number.len > 0 && !redis_number_parse(number, NUMBER_LIMIT, &out->database)) {
        error_set(err, "redis: invalid database number: \"%.*s\"", VIEW_ARGS(number));
        return false;
    }
    bool bare_port = authority.data[0] == ':';
    struct str local = {0};
    str_append_text(&local, bare_port ? "localhost" : "");
    str_append(&local, authority);
    bool fine =
        redis_address_parse_host(str_view(&local), REDIS_DEFAULT_PORT, &out->host, &out->port);
    str_free(&local);
    if (!fine)
        error_set(err, "invalid Redis hostname");
    return fine;
}

bool redis_address_parse(struct view text, struct redis_address *out, struct error *err)
{
    *out =
        (struct redis_address){.username = mem_copy_text("", 0), .password = mem_copy_text("", 0)};
    bool fine = false;
    if (view_starts(text, "unix://"))
        fine = parse_unix(view_from(text, 7), out, err);
    else if (view_starts(text, "redis://"))
        fine = parse_tcp(view_from(text, 8), out, err);
    else if (view_starts(text, "rediss://"))
        fine = parse_tcp(view_from(text, 9), out, err);
    else
        error_set(err, "Redis url must begin with redis://, rediss:// or unix://");
    out->tls = view_starts(text, "rediss://");
    if (!fine)
        redis_address_free(out);
    return fine;
}

void redis_address_free(struct redis_address *a)
{
    mem_free(a->host);
    mem_free(a->unix_path);
    mem_free(a->username);
    mem_free(a->password);
    *a = (struct redis_address){0};
}

bool redis_nodes_parse(const char *const *texts, uint16_t default_port, struct redis_nodes *out,
                       struct error *err)
{
    *out = (struct redis_nodes){0};
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
        struct redis_node node;
        if (!redis_address_parse_host(view_of(texts[i]), default_port, &node.host, &node.port)) {
            error_set(err, "Redis node \"%s\" is not a host and port; use host:port", texts[i]);
            redis_nodes_free(out);
            return false;
        }
        out->each = mem_realloc(out->each, (out->count + 1) * sizeof node);
        out->each[out->count++] = node;
    }
    if (out->count == 0)
        error_set(err, "no Redis nodes are given; set nodes to host:port,...");
    return out->count > 0;
}

void redis_nodes_free(struct redis_nodes *n)
{
    for (size_t i = 0; i < n->count; i++)
        mem_free(n->each[i].host);
    mem_free(n->each);
    *n = (struct redis_nodes){0};
}
