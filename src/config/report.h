/* config/report.h - what validation has to say; private to the room. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "base/str.h"

/* Errors are joined with ", " (section 6.1), warnings stand one per line. */
struct config_report {
    struct str errors;       /* of the configuration itself */
    struct str start_errors; /* those that the reference meets when it creates the relay */
    struct str *warnings;    /* borrowed */
};

void config_report_error(struct config_report *r, const char *format, ...) PRINTF_LIKE(2, 3);
void config_report_start_error(struct config_report *r, const char *format, ...) PRINTF_LIKE(2, 3);
void config_report_warning(struct config_report *r, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
