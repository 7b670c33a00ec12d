/* What the tests of this room share: a configuration loaded from a text and variables, as the
 * program would load it from a file and its environment. */
#ifndef TESTS_CONFIG_SUPPORT_H
#define TESTS_CONFIG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

/* Variables for load(): VARIABLES("PORT=1", "LD_ENV_a=k"). */
#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

struct loaded {
    const struct config *config; /* NULL when it was refused */
    struct str warnings;
    struct str problem;
};

/* For cmocka_run_group_tests(): a temporary working directory, so that files can have short names
 * and messages are exact. */
int folder_enter(void **state);
int folder_leave(void **state);

void file_write(const char *path, const char *text);

/* `text` becomes the file r.conf, unless NULL; with variables (not NULL) --from-env is given.
 * Whether this version can do what is asked for is not looked at. Release with loaded_free(). */
struct loaded load(const char *text, const char *const *variables);
void loaded_free(struct loaded *l);

/* Refused with exactly this text. `why` is printed when it is not so. */
void assert_refused(const char *text, const char *const *variables, const char *problem,
                    const char *why);

/* Accepted, with exactly these warnings, each followed by a line end. */
void assert_warned(const char *text, const char *const *variables, const char *warnings,
                   const char *why);

/* Both print what they got before they fail. */
void assert_text(const char *got, const char *want, const char *why);

#endif
