/* base/mem.c - see mem.h. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory, size_t size)
{
    if (memory == NULL) {
        (void)fprintf(stderr, "out of memory: could not get %zu bytes\n", size);
        abort();
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    size_t wanted = size != 0 ? size : 1;
    return checked(malloc(wanted), wanted);
}

void *mem_zalloc(size_t size)
{
    size_t wanted = size != 0 ? size : 1;
    return checked(calloc(1, wanted), wanted);
}

void *mem_realloc(void *old, size_t size)
{
    size_t wanted = size != 0 ? size : 1;
    return checked(realloc(old, wanted), wanted);
}

void *mem_extend(void *old, size_t *count, size_t wanted, size_t size)
{
    if (wanted <= *count)
        return old;
    char *array = mem_realloc(old, wanted * size);
    memset(array + *count * size, 0, (wanted - *count) * size);
    *count = wanted;
    return array;
}

char *mem_copy_text(const char *data, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len != 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

void mem_free(void *memory)
{
    free(memory);
}
