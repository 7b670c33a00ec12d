/* source/file.c - keeps the data of an environment equal to its flag files.
 *
 *   timer --> look (worker: stat, and read when something is new) --> looked (loop) --> timer ...
 *     ^                                                                  |
 *     file_watch: sooner                                                 +--> sink, which is env/
 *
 * One look at a time. The worker reads of the source only what stays as it is during a look.
 */
#include "source/file.h"

#include "base/mem.h"
#include "source/file_set.h"
#include "source/file_state.h"
#include "source/file_watch.h"
#include "source/source_private.h"

/* A file that has just changed may still be being written: it is read once it rests this long. */
#define FILE_REST_MS 25
#define FILE_MAX_UNRESTED 40 /* looks in a row that see another change; then it is read anyway */

enum look_outcome {
    LOOK_SAME,   /* as at the last good load */
    LOOK_MOVING, /* changed since the last look */
    LOOK_LOADED,
    LOOK_FAILED
};

/* What a worker gets and gives back. */
struct file_look {
    uv_work_t work;
    struct source_file *source;
    struct file_state *now;
    enum look_outcome outcome;
    struct dataset *data; /* LOOK_LOADED */
    struct str warnings;
    struct error problem; /* LOOK_FAILED */
};

struct source_file {
    struct source base;
    uv_loop_t *loop;
    struct log_scope *log;
    char **paths; /* NULL-terminated */
    size_t path_count;
    int64_t interval_ms;
    bool ignore_duplicate_keys;
    uv_timer_t timer;
    bool timer_closed;
    struct file_watch *watch;
    struct file_look *look; /* under way; NULL: none */
    unsigned unrested;
    bool hinted;             /* a change was heard of during a look */
    struct file_state *seen; /* at the last look; NULL: there was none */
    struct file_state *good; /* before the last good load; NULL: none yet */
    struct dataset *data;    /* of the last good load */
    char *problem;           /* of the last load, when it failed; NULL: it did not */
};

static struct file_set_settings file_set_settings_of(const struct source_file *s)
{
    return (struct file_set_settings){.paths = (const char *const *)s->paths,
                                      .ignore_duplicate_keys = s->ignore_duplicate_keys,
                                      .previous = s->data};
}

/* On a worker thread. */
static void look_work(uv_work_t *work)
{
    struct file_look *k = CONTAINER_OF(work, struct file_look, work);
    const struct source_file *s = k->source;
    for (size_t i = 0; i < s->path_count; i++)
        k->now[i] = file_state_read(s->paths[i]);
    bool moved = s->seen != NULL && !file_states_equal(k->now, s->seen, s->path_count);
    if (s->good != NULL && file_states_equal(k->now, s->good, s->path_count)) {
        k->outcome = LOOK_SAME;
    } else if (moved && s->unrested < FILE_MAX_UNRESTED) {
        k->outcome = LOOK_MOVING;
    } else {
        if (s->unrested > 0)
            log_always(s->log, LOG_INFO, "Reloading flag data after detecting a change");
        struct file_set_settings settings = file_set_settings_of(s);
        k->data = file_set_load(&settings, &k->warnings, &k->problem);
        k->outcome = k->data != NULL ? LOOK_LOADED : LOOK_FAILED;
    }
}

static void look_free(struct file_look *k)
{
    str_free(&k->warnings);
    mem_free(k->now);
    mem_free(k);
}

/* The timer and the look are gone: nobody knows the source any more. */
static void file_finish(struct source_file *s)
{
    if (s->look != NULL || !s->timer_closed)
        return;
    struct source_sink sink = s->base.sink;
    for (size_t i = 0; i < s->path_count; i++)
        mem_free(s->paths[i]);
    mem_free(s->paths);
    mem_free(s->seen);
    mem_free(s->good);
    mem_free(s->problem);
    dataset_unref(s->data);
    log_scope_unref(s->log);
    mem_free(s);
    sink.closed(sink.owner); /* env_source_closed() */
}

static void warnings_log(struct log_scope *log, const struct str *warnings)
{
    struct view rest = str_view(warnings);
    while (rest.len > 0) {
        size_t len = (size_t)((const char *)memchr(rest.data, '\n', rest.len) - rest.data);
        log_always(log, LOG_WARN, "%.*s", (int)len, rest.data);
        rest = view_from(rest, len + 1);
    }
}

static void loaded_log(struct log_scope *log, const struct dataset *data, size_t file_count)
{
    log_always(log, LOG_INFO, "Loaded %zu flag(s) and %zu segment(s) from %zu file(s)",
               dataset_count(data, ITEM_FLAG), dataset_count(data, ITEM_SEGMENT), file_count);
}

static void file_loaded(struct source_file *s, struct file_look *k)
{
    mem_free(s->good);
    s->good = mem_alloc(s->path_count * sizeof *s->good);
    memcpy(s->good, s->seen, s->path_count * sizeof *s->good);
    dataset_unref(s->data);
    s->data = k->data;
    mem_free(s->problem);
    s->problem = NULL;
    warnings_log(s->log, &k->warnings);
    loaded_log(s->log, s->data, s->path_count);
    s->base.sink.put(s->base.sink.owner, dataset_ref(s->data)); /* env_put_apply(), env/put.c */
}

static void file_failed(struct source_file *s, const char *problem)
{
    if (s->problem != NULL && strcmp(s->problem, problem) == 0)
        return;
    mem_free(s->problem);
    s->problem = mem_copy_text(problem, strlen(problem));
    log_always(s->log, LOG_ERROR, "%s", problem);
    log_always(s->log, LOG_INFO, "%s; the files are read again until they can be loaded",
               s->data != NULL ? "The flags loaded before stay in use" : "There are no flags yet");
    struct source_failure failure = {
        .kind = SOURCE_ERROR_INVALID_DATA, .recoverable = true, .message = s->problem};
    s->base.sink.failed(s->base.sink.owner, &failure); /* env_source_failed() */
}

/* The files are what they were at the last good load, after something else had been there. */
static void file_back(struct source_file *s)
{
    if (s->problem == NULL)
        return;
    mem_free(s->problem);
    s->problem = NULL;
    log_always(s->log, LOG_INFO, "The flag data files are as they were when last loaded");
    s->base.sink.put(s->base.sink.owner, dataset_ref(s->data));
}

static void file_on_timer(uv_timer_t *timer);

static void file_wait(struct source_file *s, bool soon)
{
    s->hinted = false;
    uv_timer_start(&s->timer, file_on_timer, soon ? FILE_REST_MS : (uint64_t)s->interval_ms, 0);
}

static void look_done(uv_work_t *work, int status)
{
    struct file_look *k = CONTAINER_OF(work, struct file_look, work);
    struct source_file *s = k->source;
    (void)status; /* a look is only cancelled when the source is closing */
    s->look = NULL;
    if (s->base.closing) {
        dataset_unref(k->data);
        look_free(k);
        file_finish(s);
        return;
    }
    mem_free(s->seen);
    s->seen = k->now;
    k->now = NULL;
    bool moving = k->outcome == LOOK_MOVING;
    s->unrested = moving ? s->unrested + 1 : 0;
    file_wait(s, moving || s->hinted);
    if (k->outcome == LOOK_LOADED)
        file_loaded(s, k);
    else if (k->outcome == LOOK_FAILED)
        file_failed(s, k->problem.text);
    else if (k->outcome == LOOK_SAME)
        file_back(s);
    look_free(k);
}

static void file_on_timer(uv_timer_t *timer)
{
    struct source_file *s = timer->data;
    struct file_look *k = mem_zalloc(sizeof *k);
    k->source = s;
    k->now = mem_alloc(s->path_count * sizeof *k->now);
    s->look = k;
    uv_queue_work(s->loop, &k->work, look_work, look_done);
}

/* Something was written: look soon, but do not put a look off that is due. */
static void file_on_hint(void *owner)
{
    struct source_file *s = owner;
    if (s->look != NULL)
        s->hinted = true;
    else if (uv_timer_get_due_in(&s->timer) > FILE_REST_MS)
        file_wait(s, true);
}

static void file_on_timer_closed(uv_handle_t *handle)
{
    struct source_file *s = handle->data;
    s->timer_closed = true;
    file_finish(s);
}

static void file_close(struct source *base)
{
    struct source_file *s = CONTAINER_OF(base, struct source_file, base);
    file_watch_stop(s->watch);
    if (s->look != NULL)
        uv_cancel((uv_req_t *)&s->look->work);
    uv_close((uv_handle_t *)&s->timer, file_on_timer_closed);
}

/* A store that comes back gets the data from env/; the files have nothing to add. */
static void file_restart(struct source *base)
{
    (void)base;
}

static const struct source_kind file_kind = {.close = file_close, .restart = file_restart};

static void file_paths_copy(struct source_file *s, const char *const *paths)
{
    while (paths[s->path_count] != NULL)
        s->path_count++;
    s->paths = mem_zalloc((s->path_count + 1) * sizeof *s->paths);
    for (size_t i = 0; i < s->path_count; i++)
        s->paths[i] = mem_copy_text(paths[i], strlen(paths[i]));
}

struct source *source_file_open(const struct source_file_settings *settings, uv_loop_t *loop,
                                struct log_scope *log, const struct source_sink *sink)
{
    struct source_file *s = mem_zalloc(sizeof *s);
    s->base.kind = &file_kind;
    s->base.sink = *sink;
    s->loop = loop;
    s->log = log_scope_ref(log);
    s->interval_ms = settings->monitoring_interval_ms;
    s->ignore_duplicate_keys = settings->ignore_duplicate_keys;
    file_paths_copy(s, settings->paths);
    s->watch = file_watch_start(loop, settings->paths, file_on_hint, s);
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    uv_timer_start(&s->timer, file_on_timer, 0, 0);
    return &s->base;
}

struct dataset *source_file_load(const struct source_file_settings *settings, struct log_scope *log,
                                 struct error *err)
{
    struct file_set_settings files = {.paths = settings->paths,
                                      .ignore_duplicate_keys = settings->ignore_duplicate_keys};
    struct str warnings = {0};
    struct dataset *data = file_set_load(&files, &warnings, err);
    if (data != NULL)
        warnings_log(log, &warnings);
    str_free(&warnings);
    return data;
}
