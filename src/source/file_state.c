/* source/file_state.c - the facts that change when a file is written or replaced. */
#include "source/file_state.h"

#include <errno.h>
#include <sys/stat.h>

struct file_state file_state_read(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return (struct file_state){.problem = errno};
    return (struct file_state){
        .device = (uint64_t)facts.st_dev,
        .inode = (uint64_t)facts.st_ino,
        .size = (int64_t)facts.st_size,
        .modified_ns = (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec,
    };
}

bool file_states_equal(const struct file_state *a, const struct file_state *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].problem != b[i].problem || a[i].device != b[i].device ||
            a[i].inode != b[i].inode || a[i].size != b[i].size ||
            a[i].modified_ns != b[i].modified_ns)
            return false;
    return true;
}
