/* store/aws_credentials.h - credentials that are there when somebody needs them, and new ones
 * before they expire (data-store.md 3.2).
 *
 *   aws_credentials_key()   now? --yes--> sign
 *                                --no---> aws_credentials_wait() --later--> done
 *
 *   fetching:  thread pool: environment, files, credential_process     (aws_chain.h, aws_process.h)
 *              loop: web identity | container | instance               (aws_fetch.c)
 *              loop: one AssumeRole after the other
 *
 * Everything is read anew for each fetch, so files and variables that were replaced take effect.
 * Lives on the control thread. Who uses it: dynamodb*.c, redis*.c.
 *
 * 1. No `done` comes from inside a call; a waiter that was withdrawn gets none.
 * 2. aws_credentials_close() comes when nobody waits; `closed` comes from a later turn, and the
 *    memory is gone then.
 */
#ifndef STORE_AWS_CREDENTIALS_H
#define STORE_AWS_CREDENTIALS_H

#include "base/clock.h"
#include "base/list.h"
#include "http/client.h"
#include "store/aws_chain.h"

#include <stdint.h>
#include <uv.h>

struct aws_credentials;

/* Reads the environment (`lookup` is getenv or like it) and the shared files: this may block. NULL
 * with *err when they are not what they should be (an unknown profile). */
MUST_CHECK struct aws_credentials *aws_credentials_open(char *(*lookup)(const char *name),
                                                        uv_loop_t *loop, const struct clock *clock,
                                                        struct error *err);
void aws_credentials_close(struct aws_credentials *c, void (*closed)(void *arg), void *arg);

/* As read at the start: region, URLs. Borrowed. */
const struct aws_chain *aws_credentials_chain(const struct aws_credentials *c);

/* For requests to AWS's services: proxies of the environment, AWS_CA_BUNDLE. Borrowed. */
struct http_client *aws_credentials_client(const struct aws_credentials *c);

/* What is valid now, borrowed for this turn; NULL: wait for it. Near their end new ones are fetched
 * while these are still used. */
const struct aws_key *aws_credentials_key(struct aws_credentials *c);

/* The member of whoever waits. */
struct aws_waiter {
    struct list link;
    /* `problem` NULL: aws_credentials_key() has them. */
    void (*done)(struct aws_waiter *w, const char *problem);
};

void aws_credentials_wait(struct aws_credentials *c, struct aws_waiter *w);

/* Does nothing for one that does not wait (an initialised link). */
void aws_credentials_withdraw(struct aws_waiter *w);

/* Whoever waits hears soon that there are none. */
void aws_credentials_hurry(struct aws_credentials *c);

/* A service refused this key (by its id): whoever asks next gets another one. */
void aws_credentials_refused(struct aws_credentials *c, const char *id);

#endif
