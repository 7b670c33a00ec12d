/* config/environ_redis.h - the address of Redis from variables, which may come from a container
 * link (8.2, 15); private to the room. */
#ifndef CONFIG_ENVIRON_REDIS_H
#define CONFIG_ENVIRON_REDIS_H

#include "config/config.h"

/* Is there an address of another form than host and port, here or in the variables? */
bool environ_redis_has_url(const struct config *c, char *const *envp);

/* REDIS_PORT="tcp://host:port" sets both. False: the port is not a valid integer. */
MUST_CHECK bool environ_redis_link_assign(struct config *c, struct view value);

/* A URL from a variable replaces host and port of the file. */
void environ_redis_settle(struct config *c);

#endif
