/* base/random.h - chance comes in through the door, so that tests can decide it. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

struct random {
    double (*unit)(struct random *r); /* uniform in [0, 1) */
};

/* From the operating system's generator; the same object for everybody, usable on any thread. */
struct random *random_system(void);

/* Up to 256 bytes from the operating system's generator, on any thread. Without it the process
 * ends: nothing that is meant to be unpredictable may be anything else. */
void random_fill(void *out, size_t size);

/* A lower-case version-4 UUID with hyphens and a zero byte, from the operating system's generator.
 */
void random_uuid(char out[static 37]);

#endif
