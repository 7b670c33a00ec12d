/* What SQLite costs (data-store.md 9): opening, a full data set in and out, single updates, memory.
 * Wall-clock time, and the processor time of all threads, which other programs disturb less.
 *
 * bench_sqlite [FLAGS [BYTES]]: 10000 flags of 5000 bytes unless said otherwise. */
#include "base/random.h"
#include "store/store.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UPDATES 2000

struct bench {
    uv_loop_t loop;
    struct store_database *db;
    struct store *store;
    struct dataset *read;
    uint64_t released;
    bool read_done;
    bool closed;
    char folder[64];
    char path[96];
};

static double ms_since(uint64_t start)
{
    return (double)(uv_hrtime() - start) / 1e6;
}

static double cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One row of figures. */
struct figures {
    uint64_t start;
    double cpu;
    long rss_kib;
};

/* A line of /proc/self/status in KiB. */
static long status_kib(const char *name)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return kib;
}

static struct item *flag(unsigned number, int64_t version, size_t bytes)
{
    struct str json = {0};
    struct error err;
    char key[32];
    (void)snprintf(key, sizeof key, "flag-%u", number);
    str_append_format(&json,
                      "{\"key\":\"%s\",\"version\":%" PRId64 ",\"on\":true,\"variations\":[\"", key,
                      version);
    while (json.len < bytes)
        str_append_format(&json, "value %zu of a variation\",\"", json.len + (size_t)version);
    str_append_text(&json, "\"]}");
    struct item *it = item_parse(ITEM_FLAG, view_of(key), str_view(&json), &err);
    str_free(&json);
    if (it == NULL) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return it;
}

/* ---- the listener ---------------------------------------------------------------------------- */

static void read_done(void *owner, const struct store_contents *contents)
{
    struct bench *b = owner;
    dataset_unref(b->read);
    b->read = contents->data;
    b->read_done = true;
}

static void released(void *owner, uint64_t number)
{
    ((struct bench *)owner)->released = number;
}

static void failed(void *owner, const char *problem)
{
    (void)owner;
    (void)fprintf(stderr, "%s\n", problem);
    exit(1);
}

static void changed(void *owner, enum store_state state)
{
    (void)owner;
    (void)state;
}

static void written(void *owner, unsigned kinds, bool whole)
{
    (void)owner;
    (void)kinds;
    (void)whole;
}

static void refill(void *owner)
{
    (void)owner;
}

static void closed(void *owner)
{
    ((struct bench *)owner)->closed = true;
}

static void run_until(struct bench *b, const bool *condition)
{
    while (!*condition)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
}

static struct figures figures_begin(void)
{
    return (struct figures){uv_hrtime(), cpu_ms(), status_kib("VmRSS:")};
}

static void figures_print(const struct figures *f, const char *what)
{
    printf("%-28s %8.2f ms   %8.2f ms CPU   RSS %+6ld KiB\n", what, ms_since(f->start),
           cpu_ms() - f->cpu, status_kib("VmRSS:") - f->rss_kib);
}

static void bench_open(struct bench *b, const char *what)
{
    struct store_settings settings = {
        .kind = STORE_SQLITE, .path = b->path, .busy_timeout_ms = 5000};
    struct store_listener listener = {b,      read_done, released, written,
                                      failed, changed,   refill,   closed};
    const struct store_place place = {"bench", ""};
    struct log_scope *log = log_scope_new("...b", "bench", LOG_WARN);
    struct figures f = figures_begin();
    struct error err;
    if (!store_database_open(&settings, &b->loop, clock_system(), &b->db, &err))
        failed(b, err.text);
    figures_print(&f, what);
    b->store = store_open(b->db, &place, log, &listener);
    b->released = 0;
    log_scope_unref(log);
}

static void bench_close(struct bench *b, const char *what)
{
    struct figures f = figures_begin();
    b->closed = false;
    store_close(b->store);
    run_until(b, &b->closed);
    b->closed = false;
    store_database_close(b->db, closed, b);
    run_until(b, &b->closed);
    figures_print(&f, what);
}

static void bench_read(struct bench *b, const char *what)
{
    struct figures f = figures_begin();
    b->read_done = false;
    store_read_post(b->store, STORE_ALL_KINDS);
    run_until(b, &b->read_done);
    figures_print(&f, what);
}

static void wait_for(struct bench *b, uint64_t number)
{
    while (b->released < number)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
}

static void bench_init(struct bench *b, const char *what, struct dataset *data)
{
    struct figures f = figures_begin();
    (void)store_init_post(b->store, data);
    while (store_pending(b->store) != 0)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    figures_print(&f, what);
}

static int order(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* From the post to the release, one after the other. */
static void bench_updates(struct bench *b, unsigned flags, size_t bytes)
{
    static double us[UPDATES];
    for (unsigned i = 0; i < UPDATES; i++) {
        struct item *it = flag(i % flags, 2 + i, bytes);
        uint64_t start = uv_hrtime();
        wait_for(b, store_upsert_post(b->store, it));
        us[i] = ms_since(start) * 1000;
        item_unref(it);
    }
    qsort(us, UPDATES, sizeof us[0], order);
    printf(
        "one update, post to release    p50 %6.0f us  p99 %6.0f us  p99.9 %6.0f us  max %6.0f us\n",
        us[UPDATES / 2], us[UPDATES * 99 / 100], us[UPDATES * 999 / 1000], us[UPDATES - 1]);
}

static struct dataset *make_data(unsigned flags, size_t bytes, int64_t version)
{
    struct dataset_builder *b = dataset_builder_new();
    for (unsigned i = 0; i < flags; i++)
        dataset_builder_add_take(b, flag(i, version, bytes));
    return dataset_builder_finish_take(b);
}

static void bench_all(struct bench *b, unsigned flags, size_t bytes)
{
    struct stat file;
    bench_open(b, "open, new file");
    bench_read(b, "read, nothing there");
    struct dataset *data = make_data(flags, bytes, 1);
    bench_init(b, "init, empty database", data);
    bench_init(b, "init, the same again", data);
    bench_updates(b, flags, bytes);
    struct dataset *other = make_data(flags, bytes, 3000);
    bench_init(b, "init, all items changed", other);
    bench_close(b, "close, with checkpoint");
    dataset_unref(data);
    dataset_unref(other);
    (void)malloc_trim(0);
    printf("file: %.1f MB\n", stat(b->path, &file) == 0 ? (double)file.st_size / 1e6 : 0);
    bench_open(b, "open, existing file");
    bench_read(b, "read, with check of the file");
    bench_read(b, "read again");
    bench_close(b, "close");
    dataset_unref(b->read);
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = "/tmp/store-bench-XXXXXX"};
    unsigned flags = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
    size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000;
    if (flags == 0 || mkdtemp(b.folder) == NULL || uv_loop_init(&b.loop) != 0)
        return 1;
    (void)snprintf(b.path, sizeof b.path, "%s/flags.db", b.folder);
    printf("%u flags of %zu bytes\n", flags, bytes);
    bench_all(&b, flags, bytes);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&b.loop);
    (void)unlink(b.path);
    (void)rmdir(b.folder);
    return 0;
}
