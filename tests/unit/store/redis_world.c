/* See redis_world.h. */
#include "redis_world.h"

#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AWAIT_MS 30000

void redis_settings(struct redis_world *r)
{
    r->w.settings = (struct store_settings){.kind = STORE_REDIS,
                                            .redis = {.address = r->address,
                                                      .username = "",
                                                      .password = "",
                                                      .ca_file = "",
                                                      .certificate_file = "",
                                                      .key_file = "",
                                                      .database = -1,
                                                      .sentinel_master = "",
                                                      .sentinel_username = "",
                                                      .sentinel_password = "",
                                                      .connect_timeout_ms = 2000,
                                                      .read_timeout_ms = 500,
                                                      .random = random_system()}};
}

void redis_begin(struct redis_world *r)
{
    memset(r, 0, sizeof *r);
    world_begin(&r->w);
    redis_start(&r->server, 0);
    (void)snprintf(r->address, sizeof r->address, "redis://127.0.0.1:%u", r->server.port);
    redis_settings(r);
}

void redis_open(struct redis_world *r)
{
    world_open(&r->w);
    heard_open(&r->h, &r->w, "prod");
}

void redis_end(struct redis_world *r)
{
    heard_close(&r->h);
    heard_forget(&r->h);
    world_end(&r->w);
    server_end(&r->server);
}

void server_file(struct server *s, const char *name, const char *text)
{
    char path[128];
    if (s->folder[0] == '\0') {
        (void)snprintf(s->folder, sizeof s->folder, "/tmp/store-server-XXXXXX");
        assert_non_null(mkdtemp(s->folder));
    }
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

void redis_await(const struct server *s, const char *words, const char *wanted)
{
    const char *answer = redis_cli(s, words);
    for (int waited = 0; strstr(answer, wanted) == NULL; waited += 20) {
        if (waited > AWAIT_MS)
            fail_msg("redis-cli %s: waited in vain for %s in %s", words, wanted, answer);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        answer = redis_cli(s, words);
    }
}

void redis_cluster_master_start(struct server *s, uint16_t port)
{
    char bus[16];
    const char *const words[] = {"redis-server",
                                 "--port",
                                 "{port}",
                                 "--bind",
                                 "127.0.0.1",
                                 "--save",
                                 "",
                                 "--dir",
                                 "{folder}",
                                 "--cluster-enabled",
                                 "yes",
                                 "--cluster-port",
                                 bus,
                                 "--cluster-node-timeout",
                                 "10000",
                                 NULL};
    (void)snprintf(bus, sizeof bus, "%u", free_port());
    server_start(s, port, words);
}

void redis_replica_start(struct server *s, uint16_t master)
{
    char of[32];
    const char *const words[] = {"redis-server", "--port",      "{port}", "--bind",
                                 "127.0.0.1",    "--save",      "",       "--dir",
                                 "{folder}",     "--replicaof", of,       NULL};
    (void)snprintf(of, sizeof of, "127.0.0.1 %u", master);
    server_start(s, 0, words);
    redis_await(s, "info replication", "master_link_status:up");
}

void redis_sentinel_start(struct server *s, uint16_t master, unsigned quorum,
                          unsigned down_after_ms)
{
    static const char *const words[] = {"redis-sentinel", "{folder}/sentinel.conf", NULL};
    char text[512];
    uint16_t port = free_port();
    (void)snprintf(text, sizeof text,
                   "port %u\nbind 127.0.0.1\nsentinel monitor flags 127.0.0.1 %u %u\n"
                   "sentinel down-after-milliseconds flags %u\n"
                   "sentinel failover-timeout flags 3000\n",
                   port, master, quorum, down_after_ms);
    server_file(s, "sentinel.conf", text);
    server_start(s, port, words);
}
