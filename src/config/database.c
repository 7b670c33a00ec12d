/* config/database.c - the four databases as the options name them. */
#include "config/database.h"

#include "config/record.h"

static const char *const names[] = {
    [CONFIG_NO_DATABASE] = "no database", [CONFIG_REDIS] = "Redis",   [CONFIG_CONSUL] = "Consul",
    [CONFIG_DYNAMODB] = "DynamoDB",       [CONFIG_SQLITE] = "SQLite",
};

const char *config_database_name(enum config_database database)
{
    return names[database];
}

enum config_database config_database_of_section(const char *section)
{
    for (size_t i = CONFIG_REDIS; i < ARRAY_LEN(names); i++) {
        if (strcmp(section, names[i]) == 0)
            return (enum config_database)i;
    }
    return CONFIG_NO_DATABASE;
}

static bool redis_is_on(const struct config *c)
{
    return c->redis.use || c->redis.host[0] != '\0' || config_is_set(c, &c->redis.port) ||
           c->redis.nodes.count > 0 || c->redis.url[0] != '\0' ||
           config_slot_at(c, &c->redis.url)->secret_path != NULL;
}

bool config_database_is_on(const struct config *c, enum config_database database)
{
    switch (database) {
    case CONFIG_REDIS:
        return redis_is_on(c);
    case CONFIG_CONSUL:
        return c->consul.use || c->consul.host[0] != '\0';
    case CONFIG_DYNAMODB:
        return c->dynamodb.enabled;
    case CONFIG_SQLITE:
        return c->sqlite.enabled;
    case CONFIG_NO_DATABASE:
        break;
    }
    return false;
}

const struct config_store *config_database_store(const struct config *c,
                                                 enum config_database database)
{
    switch (database) {
    case CONFIG_REDIS:
        return &c->redis.store;
    case CONFIG_CONSUL:
        return &c->consul.store;
    case CONFIG_DYNAMODB:
        return &c->dynamodb.store;
    case CONFIG_SQLITE:
    case CONFIG_NO_DATABASE:
        break;
    }
    return &c->sqlite.store;
}
