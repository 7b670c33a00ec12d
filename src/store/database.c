/* store/database.c - what the stores of all environments share: one backend of one kind. */
#include "store/consul.h"
#include "store/dynamodb.h"
#include "store/redis.h"
#include "store/store_private.h"

#include <assert.h>

static struct store_backend *backend_open(const struct store_settings *settings, uv_loop_t *loop,
                                          const struct clock *clock, struct error *err)
{
    switch (settings->kind) {
    case STORE_SQLITE:
        return store_sqlite_open(settings, loop, err);
    case STORE_REDIS:
        return store_redis_open(&settings->redis, loop, clock, err);
    case STORE_CONSUL:
        return store_consul_open(&settings->consul, loop, clock, err);
    case STORE_DYNAMODB:
        return store_dynamodb_open(&settings->dynamodb, loop, clock, err);
    default:
        return store_memory_open(loop);
    }
}

bool store_database_open(const struct store_settings *settings, uv_loop_t *loop,
                         const struct clock *clock, struct store_database **out, struct error *err)
{
    struct store_backend *backend = backend_open(settings, loop, clock, err);
    if (backend == NULL)
        return false;
    struct store_database *db = mem_zalloc(sizeof *db);
    db->backend = backend;
    db->loop = loop;
    db->clock = clock;
    db->health_check_interval_ms = settings->health_check_interval_ms;
    list_init(&db->stores);
    *out = db;
    return true;
}

static struct store *store_of(struct list *link)
{
    return CONTAINER_OF(link, struct store, link);
}

void store_database_lost(struct store_database *db)
{
    LIST_EACH (link, &db->stores) {
        store_monitor_lost(store_of(link));
    }
}

bool store_database_closing(const struct store_database *db)
{
    LIST_EACH (link, &db->stores) {
        if (!store_of(link)->closing)
            return false;
    }
    return true;
}

void store_database_close(struct store_database *db, void (*closed)(void *arg), void *arg)
{
    assert(list_empty(&db->stores) && "stores are closed before their database");
    struct store_backend *backend = db->backend;
    mem_free(db);
    backend->class->close(backend, closed, arg);
}

const char *store_database_name(const struct store_database *db)
{
    return db->backend->class->name;
}

const char *store_database_server(const struct store_database *db)
{
    return db->backend->class->server(db->backend);
}
