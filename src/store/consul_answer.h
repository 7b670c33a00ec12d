/* store/consul_answer.h - what Consul answers, taken apart; any thread.
 *
 *   [{"LockIndex":0,"Key":"p/features/f","Flags":0,"Value":"eyJr...","CreateIndex":16,
 *     "ModifyIndex":16}, ...]                                        GET /v1/kv/..., ?recurse=
 *   ["p/features/f", ...]                                            GET /v1/kv/...?keys=
 *   {"Results":null,"Errors":[{"OpIndex":0,"What":"..."}]}           PUT /v1/txn, status 409
 */
#ifndef STORE_CONSUL_ANSWER_H
#define STORE_CONSUL_ANSWER_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/* Borrowed for the call that hands it over. */
struct consul_entry {
    struct view key;   /* complete */
    struct view value; /* decoded; empty for null */
    struct view index; /* ModifyIndex, in digits; "" when there is none */
};

/* Calls `each` for one entry after the other: the decoded value of only one is in memory at a time.
 * False with *err when the text is no such list; `each` may have been called for a part of it. */
MUST_CHECK bool consul_entries_read(struct view json,
                                    void (*each)(void *arg, const struct consul_entry *e),
                                    void *arg, struct error *err);

/* Likewise for a list of keys. */
MUST_CHECK bool consul_keys_read(struct view json, void (*each)(void *arg, struct view key),
                                 void *arg, struct error *err);

/* Appends "What, What" of a refused transaction; nothing when the text says no more. */
void consul_refusal_append(struct view json, struct str *out);

#endif
