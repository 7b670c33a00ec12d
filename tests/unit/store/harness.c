/* See harness.h. */
#include "harness.h"

#include "base/str.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 20000

/* ---- the log --------------------------------------------------------------------------------- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct str log_text;

static void log_line_kept(enum log_level level, struct view line, void *arg)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR", "NONE"};
    (void)arg;
    (void)pthread_mutex_lock(&log_lock);
    str_append_format(&log_text, "%s: %.*s\n", names[level], VIEW_ARGS(line));
    (void)pthread_mutex_unlock(&log_lock);
}

void log_forget(void)
{
    (void)pthread_mutex_lock(&log_lock);
    str_clear(&log_text);
    (void)pthread_mutex_unlock(&log_lock);
}

unsigned log_count(const char *text)
{
    unsigned count = 0;
    (void)pthread_mutex_lock(&log_lock);
    for (const char *at = strstr(str_text(&log_text), text); at != NULL; at = strstr(at + 1, text))
        count++;
    (void)pthread_mutex_unlock(&log_lock);
    return count;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->table = "";
    w->patience_ms = PATIENCE_MS;
    log_forget();
    log_capture(log_line_kept, NULL);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(uv_timer_init(&w->loop, &w->guard), 0);
    assert_int_equal(uv_timer_start(&w->guard, nothing, 5, 5), 0);
    uv_unref((uv_handle_t *)&w->guard);
    fake_clock_init(&w->clock, 1000000, 1700000000000);
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/store-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof w->path, "%s/flags.db", w->folder);
    w->settings =
        (struct store_settings){.kind = STORE_SQLITE, .path = w->path, .busy_timeout_ms = 100};
}

void world_open(struct world *w)
{
    struct error err;
    w->db_closed = false;
    if (!store_database_open(&w->settings, &w->loop, &w->clock.base, &w->db, &err))
        fail_msg("%s", err.text);
}

static void database_closed(void *arg)
{
    struct world *w = arg;
    w->db_closed = true;
}

static bool is_true(void *arg)
{
    return *(const bool *)arg;
}

void world_close(struct world *w)
{
    if (w->db == NULL)
        return;
    store_database_close(w->db, database_closed, w);
    assert_false(w->db_closed);
    run_until(w, is_true, &w->db_closed, "the database to be closed");
    w->db = NULL;
}

static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);
    char path[512];
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(folder);
}

void world_end(struct world *w)
{
    world_close(w);
    uv_close((uv_handle_t *)&w->guard, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    log_capture(NULL, NULL);
    str_free(&log_text);
    remove_folder(w->folder);
}

void run_turns(struct world *w, unsigned count)
{
    uv_ref((uv_handle_t *)&w->guard);
    while (count-- != 0)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&w->guard);
}

void run_until(struct world *w, bool (*condition)(void *arg), void *arg, const char *what)
{
    uint64_t end = uv_hrtime() + w->patience_ms * 1000000;
    while (!condition(arg)) {
        run_turns(w, 1);
        if (uv_hrtime() > end)
            fail_msg("waited in vain for %s", what);
    }
}

unsigned folder_count(const struct world *w, const char *start, const char *end)
{
    unsigned count = 0;
    DIR *d = opendir(w->folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        size_t len = strlen(e->d_name);
        count += strncmp(e->d_name, start, strlen(start)) == 0 && len >= strlen(end) &&
                 strcmp(e->d_name + len - strlen(end), end) == 0;
    }
    (void)closedir(d);
    return count;
}

/* ---- the listener ---------------------------------------------------------------------------- */

static void read_done(void *owner, const struct store_contents *contents)
{
    struct heard *h = owner;
    h->reads++;
    h->read_ok = contents->ok;
    h->initialized = contents->initialized;
    assert_int_equal(contents->ok, contents->data != NULL);
    dataset_unref(h->data);
    h->data = contents->data;
}

static void released(void *owner, uint64_t number)
{
    struct heard *h = owner;
    assert_true(number > h->released);
    h->released = number;
    h->released_calls++;
}

static void written(void *owner, unsigned kinds, bool whole)
{
    struct heard *h = owner;
    assert_true(kinds != 0 || whole);
    h->written_calls++;
}

static void write_failed(void *owner, const char *problem)
{
    struct heard *h = owner;
    assert_true(strlen(problem) > 0);
    h->failed_writes++;
}

static void state_changed(void *owner, enum store_state state)
{
    struct heard *h = owner;
    assert_int_not_equal(state, h->state);
    h->state = state;
    h->state_changes++;
}

static void refill_wanted(void *owner)
{
    struct heard *h = owner;
    h->refills++;
    if (h->snapshot != NULL)
        store_refill_post(h->store, h->snapshot, h->current);
}

static void closed(void *owner)
{
    struct heard *h = owner;
    h->closed = true;
    h->store = NULL;
}

void heard_open(struct heard *h, struct world *w, const char *prefix)
{
    struct log_scope *log = log_scope_new("...test", prefix, LOG_DEBUG);
    struct store_listener listener = {
        h, read_done, released, written, write_failed, state_changed, refill_wanted, closed};
    memset(h, 0, sizeof *h);
    h->world = w;
    struct store_place place = {prefix, w->table};
    h->store = store_open(w->db, &place, log, &listener);
    assert_string_equal(store_prefix(h->store), prefix);
    log_scope_unref(log);
}

void heard_close(struct heard *h)
{
    store_close(h->store);
    assert_false(h->closed);
    run_until(h->world, is_true, &h->closed, "the store to be closed");
}

void heard_forget(struct heard *h)
{
    dataset_unref(h->data);
    dataset_unref(h->snapshot);
    h->data = NULL;
    h->snapshot = NULL;
}

static bool is_idle(void *arg)
{
    const struct heard *h = arg;
    return store_pending(h->store) == 0;
}

void run_until_idle(struct heard *h)
{
    run_until(h->world, is_idle, h, "the queue to be empty");
}

static bool is_valid(void *arg)
{
    const struct heard *h = arg;
    return h->state == STORE_VALID;
}

static bool is_interrupted(void *arg)
{
    return !is_valid(arg);
}

void run_until_state(struct heard *h, enum store_state state)
{
    run_until(h->world, state == STORE_VALID ? is_valid : is_interrupted, h,
              state == STORE_VALID ? "VALID" : "INTERRUPTED");
    assert_int_equal(store_state(h->store), state);
}

static bool has_line(void *arg)
{
    return log_count(arg) != 0;
}

void run_until_line(struct world *w, const char *text)
{
    char copy[256];
    (void)snprintf(copy, sizeof copy, "%s", text);
    run_until(w, has_line, copy, text);
}

struct read_wait {
    const struct heard *heard;
    unsigned count;
};

static bool has_read(void *arg)
{
    const struct read_wait *r = arg;
    return r->heard->reads >= r->count;
}

const struct dataset *read_back(struct heard *h)
{
    struct read_wait wait = {h, h->reads + 1};
    store_read_post(h->store, STORE_ALL_KINDS);
    run_until(h->world, has_read, &wait, "the answer to a read");
    assert_true(h->read_ok);
    return h->data;
}

void write_item(struct heard *h, struct item *it)
{
    (void)store_upsert_post(h->store, it);
    item_unref(it);
    run_until_idle(h);
}

void write_all(struct heard *h, struct dataset *data)
{
    (void)store_init_post(h->store, data);
    dataset_unref(data);
    run_until_idle(h);
}

/* ---- data ------------------------------------------------------------------------------------ */

static struct item *parse(enum item_kind kind, const char *key, const struct str *json)
{
    struct error err;
    struct item *it = item_parse(kind, view_of(key), str_view(json), &err);
    if (it == NULL)
        fail_msg("%s", err.text);
    return it;
}

struct item *flag_sized(const char *key, int64_t version, size_t bytes)
{
    struct str json = {0};
    str_append_format(&json, "{\"key\":\"%s\",\"version\":%" PRId64 ",\"salt\":\"", key, version);
    for (size_t i = 0; i < bytes; i++)
        str_append_char(&json, (char)('a' + (char)((i + (size_t)version) % 26)));
    str_append_text(&json, "\"}");
    struct item *it = parse(ITEM_FLAG, key, &json);
    str_free(&json);
    return it;
}

struct item *flag(const char *key, int64_t version)
{
    return flag_sized(key, version, 0);
}

struct item *segment(const char *key, int64_t version)
{
    struct str json = {0};
    str_append_format(&json, "{\"key\":\"%s\",\"version\":%" PRId64 "}", key, version);
    struct item *it = parse(ITEM_SEGMENT, key, &json);
    str_free(&json);
    return it;
}

/* Calls `each` for every word of "f3 g-5 s:2". */
static void words(const char *text,
                  void (*each)(enum item_kind kind, const char *key, bool deleted, int64_t version,
                               void *arg),
                  void *arg)
{
    char copy[512];
    char *rest = copy;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        size_t len = strcspn(word, ":-0123456789");
        bool is_segment = word[len] == ':';
        char *number = word + len + (is_segment ? 1 : 0);
        bool deleted = *number == '-';
        int64_t version = strtoll(number + (deleted ? 1 : 0), NULL, 10);
        word[len] = '\0';
        each(is_segment ? ITEM_SEGMENT : ITEM_FLAG, word, deleted, version, arg);
    }
}

static void build(enum item_kind kind, const char *key, bool deleted, int64_t version, void *arg)
{
    struct item *it = deleted             ? item_tombstone(kind, view_of(key), version)
                      : kind == ITEM_FLAG ? flag(key, version)
                                          : segment(key, version);
    dataset_builder_add_take(arg, it);
}

struct dataset *dataset_text(const char *text)
{
    struct dataset_builder *b = dataset_builder_new();
    words(text, build, b);
    return dataset_builder_finish_take(b);
}

struct expected {
    const struct dataset *data;
    size_t alive;
};

static void check(enum item_kind kind, const char *key, bool deleted, int64_t version, void *arg)
{
    struct expected *e = arg;
    const struct item *it = dataset_find(e->data, kind, view_of(key));
    if (it == NULL) {
        fail_msg("\"%s\" is missing", key);
        return;
    }
    assert_int_equal(it->version, version);
    assert_int_equal(it->deleted, deleted);
    e->alive += !deleted;
}

void assert_dataset(const struct dataset *d, const char *text)
{
    struct expected e = {d, 0};
    words(text, check, &e);
    assert_int_equal(dataset_count(d, ITEM_FLAG) + dataset_count(d, ITEM_SEGMENT), e.alive);
}

/* ---- SQL ------------------------------------------------------------------------------------- */

static sqlite3 *connect_other(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000);
    return db;
}

void sql(const char *path, const char *text)
{
    sqlite3 *db = connect_other(path);
    char *problem = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", text, problem);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t sql_int(const char *path, const char *text)
{
    sqlite3 *db = connect_other(path);
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    int64_t answer = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}
