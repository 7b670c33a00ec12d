/* store/aws_process.h - credential_process: a command of the user's own prints credentials. Blocks:
 * on the thread pool. */
#ifndef STORE_AWS_PROCESS_H
#define STORE_AWS_PROCESS_H

#include "base/error.h"
#include "store/aws_key.h"

#include <stdatomic.h>

/* Runs the command with /bin/sh, for at most `limit_ms`, and until *stop. False with *err, which
 * never holds what the command printed. */
MUST_CHECK bool aws_process_run(const char *command, int64_t limit_ms, const atomic_bool *stop,
                                struct aws_key *out, struct error *err);

#endif
