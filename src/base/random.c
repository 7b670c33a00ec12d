/* base/random.c - see random.h. */
#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* getrandom() gives up to 256 bytes whole once the system's generator is ready. */
void random_fill(void *out, size_t size)
{
    ssize_t got;
    do {
        got = getrandom(out, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)size) {
        (void)fprintf(stderr, "the operating system's random generator failed\n");
        abort();
    }
}

static double system_unit(struct random *r)
{
    (void)r;
    uint64_t bits;
    random_fill(&bits, sizeof bits);
    return (double)(bits >> 11) * 0x1p-53;
}

struct random *random_system(void)
{
    static struct random system_random = {system_unit};
    return &system_random;
}

void random_uuid(char out[static 37])
{
    static const char digits[] = "0123456789abcdef";
    static const char pattern[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    unsigned char bytes[36];
    random_fill(bytes, sizeof bytes);
    for (size_t i = 0; i < 36; i++) {
        if (pattern[i] == 'x')
            out[i] = digits[bytes[i] & 15];
        else if (pattern[i] == 'y')
            out[i] = digits[8 + (bytes[i] & 3)];
        else
            out[i] = pattern[i];
    }
    out[36] = '\0';
}
