/* config/file.h - the configuration file into the option fields (section 2); private to the room.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/config.h"

#define CONFIG_FILE_LIMIT ((size_t)16 << 20)

/* A whole file of at most `limit` bytes. False with the reason in Go's words ("open x: permission
 * denied", "read x: is a directory"); `what` names the kind of file when it is too large. */
MUST_CHECK bool config_file_read(const char *path, size_t limit, const char *what, struct str *out,
                                 struct error *err);

/* The text of errno as the reference writes it, in lower case. */
void config_reason_append(int number, struct str *out);

/* Parses text that was read from `path`. False: `problem` gets everything that is wrong, in file
 * order, as "failed to read configuration file ..." (2.5). */
MUST_CHECK bool config_file_parse(struct config *c, const char *path, struct view text,
                                  struct str *warnings, struct str *problem);

/* Both. A missing file is reported like any other that cannot be opened. */
MUST_CHECK bool config_file_load(struct config *c, const char *path, struct str *warnings,
                                 struct str *problem);

#endif
