/* store/dynamodb.h - flags and segments in a table of DynamoDB (data-store.md 3.2).
 *
 *   store.c --run(op)--> dynamodb.c: a task
 *                          |  dynamodb_init.c, dynamodb_upsert.c, dynamodb_read.c,
 * dynamodb_marker.c: |  what is asked for, in which order, and what the answers mean
 *                          v
 *                        dynamodb_request.c: credentials, signature, HTTP, retries --> service
 *
 *   dynamodb_body.c makes requests, dynamodb_answer.c reads answers: pure functions; for anything
 *   big they run on the thread pool. dynamodb_listing.c goes through the rows of a namespace.
 *
 * Each environment has its own task; a task asks one thing after the other.
 */
#ifndef STORE_DYNAMODB_H
#define STORE_DYNAMODB_H

#include "base/clock.h"
#include "store/store_kind.h"

/* Reads AWS's environment variables and shared files. NULL with *err when the process must not
 * start: an unknown profile, a damaged file. */
MUST_CHECK struct store_backend *store_dynamodb_open(const struct store_dynamodb_settings *settings,
                                                     uv_loop_t *loop, const struct clock *clock,
                                                     struct error *err);

#endif
