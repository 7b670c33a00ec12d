/* store/redis_iam.h - passwords for Redis that are made of AWS credentials (data-store.md 8.3). For
 * the files redis*.c only.
 *
 *   a task comes --redis_iam_wait()--> credentials are there --> a lane connects:
 *   redis_iam_password(), a new one for each connection
 *
 * The server ends a connection 12 h after its last AUTH; a lane that has nothing to do gives up one
 * that is 11 h old, and the next task gets a new one.
 */
#ifndef STORE_REDIS_IAM_H
#define STORE_REDIS_IAM_H

#include "store/aws_credentials.h"
#include "store/settings.h"

struct redis_iam;

/* NULL with *err when region, profile or files are not what they should be. */
MUST_CHECK struct redis_iam *redis_iam_open(const struct store_redis_settings *settings,
                                            uv_loop_t *loop, const struct clock *clock,
                                            struct error *err);

/* As aws_credentials_close(). `i` NULL: `closed` is called at once. `closed` NULL: nobody wants to
 * know. */
void redis_iam_close(struct redis_iam *i, void (*closed)(void *arg), void *arg);

/* False: passwords can be made at once. True: `w` hears of it in a later turn. */
bool redis_iam_wait(struct redis_iam *i, struct aws_waiter *w);

/* Whoever waits hears soon that it was in vain. */
void redis_iam_hurry(struct redis_iam *i);

/* Borrowed until the next call; "" when the credentials have just expired. */
const char *redis_iam_password(struct redis_iam *i);

/* Now, and is a connection of that time too old to go on? `i` NULL: 0; no. */
int64_t redis_iam_now_ms(const struct redis_iam *i);
bool redis_iam_is_old(const struct redis_iam *i, int64_t since_ms);

#endif
