/* source/file_watch.c - watches the folders, because editors replace a file by renaming another. */
#include "source/file_watch.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

struct file_watch_entry {
    uv_fs_event_t handle;
    struct file_watch *watch;
    char *name; /* of the file within its folder */
};

struct file_watch {
    void (*changed)(void *owner);
    void *owner;
    bool stopped;
    size_t open; /* handles */
    size_t count;
    struct file_watch_entry entries[];
};

static void watch_on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct file_watch_entry *e = handle->data;
    (void)events;
    if (status == 0 && (name == NULL || strcmp(name, e->name) == 0) && !e->watch->stopped)
        e->watch->changed(e->watch->owner);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_copy_text(".", 1);
    return mem_copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

static void entry_open(struct file_watch *w, uv_loop_t *loop, const char *path)
{
    struct file_watch_entry *e = &w->entries[w->count++];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder = folder_of(path);
    e->watch = w;
    e->name = mem_copy_text(name, strlen(name));
    e->handle.data = e;
    uv_fs_event_init(loop, &e->handle);
    (void)uv_fs_event_start(&e->handle, watch_on_event, folder, 0);
    mem_free(folder);
    w->open++;
}

struct file_watch *file_watch_start(uv_loop_t *loop, const char *const *paths,
                                    void (*changed)(void *owner), void *owner)
{
    size_t count = 0;
    while (paths[count] != NULL)
        count++;
    struct file_watch *w = mem_zalloc(sizeof *w + count * sizeof w->entries[0]);
    w->changed = changed;
    w->owner = owner;
    for (size_t i = 0; i < count; i++)
        entry_open(w, loop, paths[i]);
    return w;
}

static void watch_on_close(uv_handle_t *handle)
{
    struct file_watch_entry *e = handle->data;
    struct file_watch *w = e->watch;
    mem_free(e->name);
    if (--w->open == 0)
        mem_free(w);
}

void file_watch_stop(struct file_watch *w)
{
    w->stopped = true;
    for (size_t i = 0; i < w->count; i++)
        uv_close((uv_handle_t *)&w->entries[i].handle, watch_on_close);
}
