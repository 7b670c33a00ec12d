/* base/error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void mark_cut(struct error *err, int needed)
{
    if (needed >= (int)sizeof err->text)
        memcpy(err->text + sizeof err->text - 4, "...", 4);
}

void error_set(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    mark_cut(err, needed);
}

void error_prefix(struct error *err, const char *format, ...)
{
    struct error old = *err;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (used >= 0 && used < (int)sizeof err->text)
        used += snprintf(err->text + used, sizeof err->text - (size_t)used, "%s", old.text);
    mark_cut(err, used);
}
