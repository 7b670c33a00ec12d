/* store/aws_call.c - see aws_call.h. */
#include "store/aws_call.h"

#include "store/aws_file.h"

/* What stands behind the host; "/" when nothing does. */
static struct view path_of(const char *url)
{
    struct view rest = view_of(url);
    (void)view_take_until(&rest, ":");
    rest = view_from(rest, strlen("://"));
    (void)view_take_until(&rest, "/?#");
    struct view path = view_take_until(&rest, "?#");
    return path.len > 0 ? path : VIEW_LITERAL("/");
}

static void sign(const struct aws_call *call, const struct aws_key *key, struct view host,
                 struct str *out)
{
    struct aws_header headers[] = {{"content-type", view_of(call->content_type)},
                                   {"x-amz-target", view_of(call->target)}};
    struct aws_request r = {.region = call->region,
                            .service = call->service,
                            .wall_ms = call->wall_ms,
                            .method = "POST",
                            .host = host,
                            .path = path_of(call->url),
                            .headers = headers,
                            .header_count = call->target != NULL ? 2 : 1,
                            .payload_hash = call->payload_hash};
    aws_sign(&r, key, out);
}

struct http_call *aws_call_start(struct http_client *client, uv_loop_t *loop,
                                 const struct aws_call *call, const struct aws_key *key,
                                 http_called *done, void *owner)
{
    struct http_client_header headers[6];
    size_t count = 0;
    char time[AWS_TIME_SIZE];
    struct str host = {0};
    struct str authorization = {0};
    struct error unusable; /* the call itself will say so */
    headers[count++] = (struct http_client_header){"Content-Type", view_of(call->content_type)};
    headers[count++] = (struct http_client_header){"Accept-Encoding", VIEW_LITERAL("identity")};
    if (call->target != NULL)
        headers[count++] = (struct http_client_header){"X-Amz-Target", view_of(call->target)};
    if (key != NULL && http_client_host(view_of(call->url), &host, &unusable)) {
        aws_time(call->wall_ms, time);
        sign(call, key, str_view(&host), &authorization);
        headers[count++] = (struct http_client_header){"X-Amz-Date", view_of(time)};
        headers[count++] = (struct http_client_header){"Authorization", str_view(&authorization)};
        if (key->token[0] != '\0')
            headers[count++] =
                (struct http_client_header){"X-Amz-Security-Token", view_of(key->token)};
    }
    struct http_call_request request = {.exchange = {.method = "POST",
                                                     .url = view_of(call->url),
                                                     .headers = headers,
                                                     .header_count = count,
                                                     .body = call->body},
                                        .max_body = call->max_body,
                                        .timeout_ms = call->timeout_ms};
    struct http_call *c = http_call_start(client, &request, loop, done, owner);
    aws_file_wipe(&authorization);
    str_free(&host);
    return c;
}
