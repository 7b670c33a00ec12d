/* base/mem.h - heap memory that is there or the process ends.
 *
 * Nobody checks for NULL: a relay that cannot get a few bytes cannot keep a promise either, so the
 * functions print one line and abort. Sizes that come from outside are bounded before they arrive
 * here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that `pointer` is the member `member` of. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Never NULL; contents undefined. Release with mem_free(). */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* Never NULL; all bytes zero. */
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull));

/* Never NULL; `old` may be NULL and must not be used afterwards. */
void *mem_realloc(void *old, size_t size) __attribute__((returns_nonnull));

/* An array, NULL at first, of *count elements of that size: it has at least `wanted` of them from
 * now on; those that are new are zero. Returns the array, and `old` must not be used afterwards. */
void *mem_extend(void *old, size_t *count, size_t wanted, size_t size);

/* A zero-terminated copy of `len` bytes. */
char *mem_copy_text(const char *data, size_t len) __attribute__((malloc, returns_nonnull));

/* Accepts NULL. */
void mem_free(void *memory);

#endif
