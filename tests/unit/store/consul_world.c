/* See consul_world.h. */
#include "consul_world.h"

#include "base/random.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LEADER_PATIENCE_MS 30000
#define MAX_OPTIONS 16

static int last_status;

int consul_build(void **state)
{
    (void)state;
    return system(SERVERS "/consul build");
}

void consul_settings(struct consul_world *c)
{
    c->w.settings = (struct store_settings){.kind = STORE_CONSUL,
                                            .consul = {.host = c->host,
                                                       .token = "",
                                                       .token_file = "",
                                                       .timeout_ms = 5000,
                                                       .random = random_system()}};
}

/* ---- requests -------------------------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_all(int fd, struct view bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes = view_from(bytes, (size_t)sent);
    }
}

const char *consul_say(const struct consul_world *c, const char *method, const char *target,
                       const char *body)
{
    static struct str answer;
    char bytes[65536];
    struct str request = {0};
    int fd = connect_to(c->server.port);
    str_append_format(&request, "%s %s HTTP/1.0\r\nContent-Length: %zu\r\n", method, target,
                      body != NULL ? strlen(body) : 0);
    if (c->token != NULL)
        str_append_format(&request, "X-Consul-Token: %s\r\n", c->token);
    str_append_format(&request, "\r\n%s", body != NULL ? body : "");
    send_all(fd, str_view(&request));
    str_free(&request);
    str_free(&answer);
    for (ssize_t len; (len = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        str_append(&answer, view_make(bytes, (size_t)len));
    (void)close(fd);
    char *head_end = strstr(str_text(&answer), "\r\n\r\n");
    assert_non_null(head_end);
    last_status = (int)strtol(strchr(answer.data, ' '), NULL, 10);
    while (answer.len > 0 && answer.data[answer.len - 1] == '\n' &&
           answer.data + answer.len > head_end + 4)
        answer.data[--answer.len] = '\0';
    return head_end + 4;
}

int consul_status(void)
{
    return last_status;
}

const char *consul_value(const struct consul_world *c, const char *key)
{
    char target[512];
    (void)snprintf(target, sizeof target, "/v1/kv/%s?raw=", key);
    return consul_say(c, "GET", target, NULL);
}

/* ---- the server ------------------------------------------------------------------------------ */

void consul_await_leader(struct consul_world *c)
{
    for (int waited = 0; strstr(consul_say(c, "GET", "/v1/status/leader", NULL), ":8300") == NULL;
         waited += 20) {
        if (waited > LEADER_PATIENCE_MS)
            fail_msg("Consul has no leader; see %s/log", c->server.folder);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

void consul_start(struct consul_world *c, uint16_t port, const char *const *options)
{
    const char *words[MAX_OPTIONS + 3] = {SERVERS "/consul", "{port}"};
    for (size_t i = 0; options != NULL && options[i] != NULL; i++) {
        assert_true(i < MAX_OPTIONS);
        words[i + 2] = options[i];
    }
    server_start(&c->server, port, words);
    (void)snprintf(c->host, sizeof c->host, "127.0.0.1:%u", c->server.port);
    consul_await_leader(c);
}

void consul_open(struct consul_world *c)
{
    world_open(&c->w);
    heard_open(&c->h, &c->w, "prod");
}

void consul_begin(struct consul_world *c)
{
    memset(c, 0, sizeof *c);
    world_begin(&c->w);
    consul_start(c, 0, NULL);
    consul_settings(c);
    consul_open(c);
}

void consul_end(struct consul_world *c)
{
    heard_close(&c->h);
    heard_forget(&c->h);
    world_end(&c->w);
    server_end(&c->server);
}

/* ---- a scripted server ----------------------------------------------------------------------- */

void consul_fake_begin(struct consul_fake *f, const struct fake_rule *rules)
{
    memset(f, 0, sizeof *f);
    world_begin(&f->c.w);
    fake_http_open(&f->fake, &f->c.w.loop, rules);
    (void)snprintf(f->c.host, sizeof f->c.host, "127.0.0.1:%u", f->fake.port);
    consul_settings(&f->c);
}

void consul_fake_end(struct consul_fake *f)
{
    heard_close(&f->c.h);
    heard_forget(&f->c.h);
    world_close(&f->c.w);
    fake_http_close(&f->fake);
    world_end(&f->c.w);
}
