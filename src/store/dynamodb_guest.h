/* store/dynamodb_guest.h - requests of one's own to the DynamoDB of an open data store:
 * bigsegments/.
 *
 *   dynamodb_guest_open() -> ask -> answered -> ask or later ... -> close -> closed
 *
 * Address, credentials, signatures and repetitions are those of the data store. A guest asks one
 * thing at a time; there may be any number of guests.
 *
 * 1. Nothing is called from inside of these functions.
 * 2. `closed` comes exactly once and is the last call; also uninvited, when the database ends.
 */
#ifndef STORE_DYNAMODB_GUEST_H
#define STORE_DYNAMODB_GUEST_H

#include "store/dynamodb_answer.h"
#include "store/dynamodb_body.h"
#include "store/store.h"

struct dynamodb_guest;

/* The database is one of DynamoDB and outlives the guest; so do the texts of `place`. */
struct dynamodb_guest *dynamodb_guest_open(struct store_database *db,
                                           const struct dynamodb_place *place,
                                           void (*closed)(void *owner), void *owner);

/* Takes the body; `operation` outlives the request. */
void dynamodb_guest_ask(struct dynamodb_guest *g, const char *operation, struct str *body,
                        void (*answered)(void *owner, const struct dynamodb_result *result));

/* After that time, unless the guest is closed before. */
void dynamodb_guest_later(struct dynamodb_guest *g, int64_t ms, void (*due)(void *owner));

/* What is being asked is given up. May be called from any callback, and twice. */
void dynamodb_guest_close(struct dynamodb_guest *g);

#endif
