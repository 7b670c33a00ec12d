/* source/file_watch.h - hears at once when one of some files is written or replaced, where the
 * system can tell. Only a hint: what it misses (network file systems, swapped links) polling finds.
 */
#ifndef SOURCE_FILE_WATCH_H
#define SOURCE_FILE_WATCH_H

#include <uv.h>

struct file_watch;

/* `changed` is called in later turns of the loop. `paths` is NULL-terminated and copied. A folder
 * that cannot be watched is left out. */
struct file_watch *file_watch_start(uv_loop_t *loop, const char *const *paths,
                                    void (*changed)(void *owner), void *owner);

/* Nothing is called any more; the memory goes in a later turn. */
void file_watch_stop(struct file_watch *w);

#endif
