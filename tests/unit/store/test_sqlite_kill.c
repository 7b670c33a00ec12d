/* kill -9 at any moment (data-store.md 9.4, checklist 70 and 71; issue 3).
 *
 *   parent: starts a writer, kills it, opens the file, compares
 *   writer: posts; what the store releases - what SDKs would have got - goes into a pipe
 */
#include "harness.h"

#include "store/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 50
#define KEYS 10
#define INIT_FLAGS 400
#define PIPE 3

/* ---- the writer ------------------------------------------------------------------------------ */

/* The write with number n wrote version n of the key n % KEYS, or of all keys. */
struct writer {
    uv_loop_t loop;
    uv_check_t turn;
    struct store *store;
    bool inits;
    uint64_t posted;
    uint64_t base;
};

static void key_of(uint64_t number, char out[static 16])
{
    (void)snprintf(out, 16, "flag-%u", (unsigned)(number % KEYS));
}

static void post_upsert(struct writer *w)
{
    char key[16];
    uint64_t version = w->base + w->posted + 1;
    key_of(version, key);
    struct item *it = flag_sized(key, (int64_t)version, (version * 37) % 3000);
    w->posted = store_upsert_post(w->store, it);
    item_unref(it);
}

static void post_init(struct writer *w)
{
    struct dataset_builder *b = dataset_builder_new();
    int64_t version = (int64_t)(w->base + w->posted + 1);
    for (unsigned i = 0; i < INIT_FLAGS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "flag-%u", i);
        dataset_builder_add_take(b, flag_sized(key, version, 300));
    }
    struct dataset *data = dataset_builder_finish_take(b);
    w->posted = store_init_post(w->store, data);
    dataset_unref(data);
}

static void post(uv_check_t *turn)
{
    struct writer *w = turn->data;
    if (store_pending(w->store) < (w->inits ? 1 : 3)) /* always something on its way */
        (w->inits ? post_init : post_upsert)(w);
}

/* Too late to be a promise when the store does not wait any more (STORE_HOLD_UPSERT_MS). */
static void released(void *owner, uint64_t number)
{
    struct writer *w = owner;
    uint64_t version = w->base + number;
    if (store_writes_first(w->store) && write(PIPE, &version, sizeof version) != sizeof version)
        _exit(2);
}

static void read_done(void *owner, const struct store_contents *contents)
{
    (void)owner;
    dataset_unref(contents->data);
}

static void failed(void *owner, const char *problem)
{
    (void)owner;
    (void)fprintf(stderr, "%s\n", problem);
    _exit(3);
}

static void written(void *owner, unsigned kinds, bool whole)
{
    (void)owner;
    (void)kinds;
    (void)whole;
}

static void changed(void *owner, enum store_state state)
{
    (void)owner;
    (void)state;
}

static void nothing(void *owner)
{
    (void)owner;
}

static int write_for_ever(const char *path, const char *mode, const char *base, const char *full)
{
    struct store_settings settings = {.kind = STORE_SQLITE, .path = path, .busy_timeout_ms = 5000};
    struct writer w = {.inits = strcmp(mode, "inits") == 0};
    struct store_listener listener = {&w,     read_done, released, written,
                                      failed, changed,   nothing,  nothing};
    struct store_database *db;
    struct error err;
    w.base = strtoull(base, NULL, 10);
    settings.synchronous_full = strcmp(full, "full") == 0;
    if (uv_loop_init(&w.loop) != 0 || uv_check_init(&w.loop, &w.turn) != 0)
        return 4;
    if (!store_database_open(&settings, &w.loop, clock_system(), &db, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 5;
    }
    w.store = store_open(db, &(struct store_place){"prod", ""},
                         log_scope_new("...kill", "prod", LOG_ERROR), &listener);
    w.turn.data = &w;
    (void)uv_check_start(&w.turn, post);
    post(&w.turn);
    for (;;)
        (void)uv_run(&w.loop, UV_RUN_ONCE);
}

/* ---- the parent ------------------------------------------------------------------------------ */

static pid_t writer_start(const char *path, const char *mode, uint64_t base, bool full, int *from)
{
    int ends[2];
    char number[32];
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)base);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], PIPE);
        (void)execl("/proc/self/exe", "writer", path, mode, number, full ? "full" : "normal",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    *from = ends[0];
    return child;
}

/* Kills the writer some time after its first promise; the last promise of each key, and the last
 * one of all at the end. Returns the number of promises. */
static unsigned writer_kill(pid_t child, int from, uint64_t promised[static KEYS + 1])
{
    uint64_t version;
    unsigned count = 0;
    int status = 0;
    while (read(from, &version, sizeof version) == sizeof version) {
        promised[version % KEYS] = version;
        promised[KEYS] = version;
        if (count++ == 0) {
            (void)usleep((useconds_t)(rand() % 15000));
            assert_int_equal(kill(child, SIGKILL), 0);
        }
    }
    (void)close(from);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return count;
}

static struct dataset *read_alone(const char *path)
{
    struct world w;
    struct heard h;
    char file[96];
    (void)snprintf(file, sizeof file, "%s", path);
    world_begin(&w);
    w.settings.path = file;
    world_open(&w);
    heard_open(&h, &w, "prod");
    (void)read_back(&h);
    struct dataset *d = dataset_ref(h.data);
    assert_int_equal(log_count("damaged"), 0);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
    return d;
}

/* 70: what was released before the kill is there afterwards. */
static void released_upserts_survive(void **state)
{
    struct world w;
    uint64_t promised[KEYS + 1] = {0};
    uint64_t base = 0;
    unsigned total = 0;
    (void)state;
    world_begin(&w);
    for (unsigned round = 0; round < ROUNDS; round++) {
        int from;
        pid_t child = writer_start(w.path, "upserts", base, round % 5 == 4, &from);
        total += writer_kill(child, from, promised);
        struct dataset *d = read_alone(w.path);
        for (uint64_t k = 0; k < KEYS; k++) {
            char key[16];
            key_of(k, key);
            const struct item *it = dataset_find(d, ITEM_FLAG, view_of(key));
            uint64_t have = it != NULL ? (uint64_t)it->version : 0;
            if (have < promised[k])
                fail_msg("round %u: %s is %llu, was promised as %llu", round, key,
                         (unsigned long long)have, (unsigned long long)promised[k]);
            base = have > base ? have : base;
        }
        base = (base / KEYS + 1) * KEYS;
        dataset_unref(d);
    }
    print_message("%u promises kept\n", total);
    world_end(&w);
}

/* 71: one data set or the other, never a mixture, and none older than released. */
static void an_init_is_there_as_a_whole(void **state)
{
    struct world w;
    uint64_t promised[KEYS + 1] = {0};
    uint64_t base = 0;
    (void)state;
    world_begin(&w);
    for (unsigned round = 0; round < ROUNDS; round++) {
        int from;
        pid_t child = writer_start(w.path, "inits", base, round % 5 == 4, &from);
        (void)writer_kill(child, from, promised);
        struct dataset *d = read_alone(w.path);
        size_t count;
        struct item *const *items = dataset_ordered(d, ITEM_FLAG, &count);
        assert_int_equal(count, INIT_FLAGS);
        for (size_t i = 1; i < count; i++)
            assert_int_equal(items[i]->version, items[0]->version);
        assert_true((uint64_t)items[0]->version >= promised[KEYS]);
        base = (uint64_t)items[0]->version + KEYS;
        dataset_unref(d);
    }
    world_end(&w);
}

/* 76: two processes write into one file as fast as they can; neither fails, and both are read. */
static void two_processes_share_a_file(void **state)
{
    struct world w;
    struct heard h;
    uint64_t promised[KEYS + 1] = {0};
    int from;
    (void)state;
    world_begin(&w);
    w.settings.busy_timeout_ms = 20000;
    world_open(&w);
    heard_open(&h, &w, "prod");
    pid_t child = writer_start(w.path, "upserts", 0, false, &from);
    for (int64_t version = 1; version <= 200; version++)
        write_item(&h, flag("mine", version));
    assert_true(writer_kill(child, from, promised) > 0);
    const struct dataset *d = read_back(&h);
    const struct item *mine = dataset_find(d, ITEM_FLAG, view_of("mine"));
    assert_true(mine != NULL && mine->version == 200);
    char key[16];
    key_of(promised[KEYS], key);
    const struct item *theirs = dataset_find(d, ITEM_FLAG, view_of(key));
    assert_true(theirs != NULL && (uint64_t)theirs->version >= promised[KEYS]);
    assert_int_equal(h.failed_writes, 0);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_upserts_survive),
        cmocka_unit_test(an_init_is_there_as_a_whole),
        cmocka_unit_test(two_processes_share_a_file),
    };
    if (argc == 5)
        return write_for_ever(argv[1], argv[2], argv[3], argv[4]);
    srand((unsigned)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
