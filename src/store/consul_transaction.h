/* store/consul_transaction.h - the body of PUT /v1/txn while it is being filled (data-store.md
 * 3.3): at most 64 operations and 400 KB, because Consul refuses more than 512 KiB. */
#ifndef STORE_CONSUL_TRANSACTION_H
#define STORE_CONSUL_TRANSACTION_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

#define CONSUL_TRANSACTION_OPERATIONS 64
#define CONSUL_TRANSACTION_BYTES 400000

struct consul_transaction {
    struct str body; /* "[{...},{...}" */
    size_t count;
};

/* False, and nothing changed, when it does not fit any more. `index`: only if this is still the
 * key's ModifyIndex; "" without condition. */
MUST_CHECK bool consul_transaction_set(struct consul_transaction *t, struct view key,
                                       struct view value, struct view index);
MUST_CHECK bool consul_transaction_delete(struct consul_transaction *t, struct view key);

/* The finished body, one reference; the transaction is empty afterwards. */
struct buf *consul_transaction_finish(struct consul_transaction *t);

#endif
