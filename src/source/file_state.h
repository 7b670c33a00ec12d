/* source/file_state.h - is a file still the one that was read? (autoconfig-offline.md 5.6, 8.3) */
#ifndef SOURCE_FILE_STATE_H
#define SOURCE_FILE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two files with the same facts are taken for the same. */
struct file_state {
    int problem; /* errno of a file that cannot be looked at; the rest is 0 then */
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_ns;
};

/* Symbolic links are followed. Blocks on the file system. */
struct file_state file_state_read(const char *path);

bool file_states_equal(const struct file_state *a, const struct file_state *b, size_t count);

#endif
