/* http/date.c - see date.h. */
#include "http/date.h"

#include <stdio.h>
#include <time.h>

void http_date_write(int64_t second, char out[static HTTP_DATE_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t moment = (time_t)second;
    struct tm parts = {0};
    (void)gmtime_r(&moment, &parts);
    (void)snprintf(out, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                   parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
}

bool http_date_parse(struct view text, int64_t *out_ms)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    char copy[HTTP_DATE_SIZE];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, 0, text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm parts = {0};
        const char *end = strptime(copy, forms[i], &parts);
        if (end != NULL && *end == '\0') {
            *out_ms = (int64_t)timegm(&parts) * 1000;
            return true;
        }
    }
    return false;
}
