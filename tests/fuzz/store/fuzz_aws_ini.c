/* One of AWS's shared files with any contents: properties, or an error that shows nothing of it. A
 * newline at the end changes nothing.
 *
 * Input: config or credentials (one byte), the file.
 */
#include "store/aws_ini.h"

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK "s3cr3t"

static void check_error(const struct error *err)
{
    if (strncmp(err->text, "AWS file \"x\"", 12) != 0 || strstr(err->text, MARK) != NULL)
        abort();
}

/* The same properties, or none. */
static void compare(const struct aws_ini *a, const struct aws_ini *b)
{
    static const char *const names[] = {"region", "role_arn", "aws_secret_access_key"};
    if (aws_ini_has_profile(a, "default") != aws_ini_has_profile(b, "default"))
        abort();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(aws_ini_get(a, "default", names[i]), aws_ini_get(b, "default", names[i])) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aws_ini plain;
    struct aws_ini ended;
    struct error err = {""};
    struct str text = {0};
    if (size == 0)
        return 0;
    bool is_config = data[0] % 2 != 0;
    str_append(&text, view_make((const char *)data + 1, size - 1));
    bool ok = aws_ini_parse(str_view(&text), is_config, "x", &plain, &err);
    if (!ok)
        check_error(&err);
    str_append_char(&text, '\n');
    if (aws_ini_parse(str_view(&text), is_config, "x", &ended, &err) != ok)
        abort();
    compare(&plain, &ended);
    aws_ini_free(&plain);
    aws_ini_free(&ended);
    str_free(&text);
    return 0;
}
