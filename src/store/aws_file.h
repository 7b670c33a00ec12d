/* store/aws_file.h - small files with secrets in them. Blocks: before the loop runs, or on the
 * thread pool. */
#ifndef STORE_AWS_FILE_H
#define STORE_AWS_FILE_H

#include "base/error.h"
#include "base/str.h"

enum aws_file_result { AWS_FILE_READ, AWS_FILE_ABSENT, AWS_FILE_FAILED };

/* Appends what is in the file; "" is absent. FAILED with *err: the reason alone. */
MUST_CHECK enum aws_file_result aws_file_read(const char *path, size_t max_bytes, struct str *out,
                                              struct error *err);

/* The user's home; false, and nothing appended, when there is none. */
bool aws_file_home(struct str *out);

/* Frees the text after its memory was overwritten. */
void aws_file_wipe(struct str *text);

#endif
