/* run.h - the relay from its first to its last moment: main.c's one call.
 *
 *   run_relay:  limits -> loop, signals -> client, database -> house (environments) -> server ->
 * loop
 *               ... SIGTERM -> house and server close -> database closes -> the loop is empty ->
 * exit code
 *
 * Everything here lives on the control thread, which is the one that calls. Spec:
 * configuration.md 14.
 */
#ifndef RUN_H
#define RUN_H

#include "config/config.h"

/* Runs until a signal or a failure ends it; the exit code. `cmd` and `envp` are read again on
 * SIGHUP. */
int run_relay(const struct config *c, const struct config_command *cmd, char *const *envp);

/* check.c: reads the flag files that a valid configuration names, and logs what is wrong with them.
 */
bool check_data_files(const struct config *c);

/* health.c: asks a running relay for its status and prints the answer; the exit code. `url` may be
 * "": then it is the relay that `c` describes. */
int health_check(const char *url, const struct config *c);

#endif
