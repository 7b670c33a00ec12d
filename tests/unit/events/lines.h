/* Log lines as a text, and how often something stands in a text. */
#ifndef TEST_EVENTS_LINES_H
#define TEST_EVENTS_LINES_H

#include "base/log.h"
#include "base/str.h"

/* For log_capture(): each line goes to the end of a struct str. */
static inline void lines_append(enum log_level level, struct view line, void *str)
{
    (void)level;
    str_append(str, line);
    str_append_char(str, '\n');
}

static inline size_t text_count(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

#endif
