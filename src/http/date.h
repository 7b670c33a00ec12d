/* http/date.h - dates as headers have them (RFC 9110, IMF-fixdate). */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include "base/view.h"

#include <stdint.h>

#define HTTP_DATE_SIZE 40

/* "Tue, 14 Nov 2023 22:13:20 GMT" and a zero byte; `second` is Unix time. */
void http_date_write(int64_t second, char out[static HTTP_DATE_SIZE]);

/* Unix milliseconds of a Date header: that form, or one of the two older ones (RFC 850, asctime).
 * False, with nothing written, when it is none of them. */
bool http_date_parse(struct view text, int64_t *out_ms);

#endif
