/* Any text as X-LaunchDarkly-Event-Schema.
 *
 * Law: what strtoll() reads as one positive integer, from a text of nothing else, is that;
 * everything else is 1. */
#include "events/event.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static int64_t expected(const char *text, size_t len)
{
    size_t sign = len != 0 && (text[0] == '+' || text[0] == '-');
    if (len == sign || strspn(text + sign, "0123456789") != len - sign)
        return 1;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    return errno != 0 || number <= 0 ? 1 : number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_copy_text((const char *)data, size);
    must(event_schema_parse(view_make(text, size)) == expected(text, size));
    mem_free(text);
    return 0;
}
