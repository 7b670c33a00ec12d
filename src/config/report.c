/* config/report.c - collects errors and warnings in the order in which they are found. */
#include "config/report.h"

PRINTF_LIKE(2, 0) static void joined_append(struct str *list, const char *format, va_list args)
{
    if (list->len > 0)
        str_append_text(list, ", ");
    str_append_vformat(list, format, args);
}

void config_report_error(struct config_report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    joined_append(&r->errors, format, args);
    va_end(args);
}

void config_report_start_error(struct config_report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    joined_append(&r->start_errors, format, args);
    va_end(args);
}

void config_report_warning(struct config_report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_append_vformat(r->warnings, format, args);
    str_append_char(r->warnings, '\n');
    va_end(args);
}
