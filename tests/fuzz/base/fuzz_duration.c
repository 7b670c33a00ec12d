/* Any text as a duration.
 *
 * Law: a duration that was parsed and printed parses to the same value. */
#include "base/duration.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ns = 0;
    int64_t again = 0;
    if (!duration_parse(view_make((const char *)data, size), &ns))
        return 0;
    struct str printed = {0};
    duration_print(ns, &printed);
    if (!duration_parse(str_view(&printed), &again) || again != ns)
        abort();
    str_free(&printed);
    return 0;
}
