/* A spool whose disk is full or fails, and one whose process is killed: events.md 13.6, 13.7;
 * checklist 81, 82, 84. */
#include "spool_bench.h"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

static size_t lines_with(const struct spool_bench *b, const char *text)
{
    return text_count(str_text(&b->log), text);
}

#define CANNOT "Cannot write to events spool: "

/* Files of the process may become no larger than that; 0: no limit again. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes != 0 ? bytes : limit.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void without_room_memory_goes_on_alone(void **state)
{
    struct spool_bench *b = *state;
    b->settings.max_bytes = 4000;
    bench_open(b);
    assert_true(spool_works(b->s));
    int taken = 0;
    while (bench_post(b, "", "[1]") != 0)
        taken++;
    assert_in_range(taken, 8, 40);
    bench_settle(b);
    assert_int_equal(b->written.len, taken);
    assert_false(spool_works(b->s) && bench_post(b, "", "[1]") != 0);
    assert_int_equal(lines_with(b, CANNOT "the limit of 4000 bytes is reached; events are kept in "
                                          "memory only"),
                     1);
    fake_clock_advance(&b->clock, 59999);
    assert_int_equal(bench_post(b, "", "[1]"), 0);
    assert_int_equal(lines_with(b, CANNOT), 1);
    fake_clock_advance(&b->clock, 1);
    assert_int_equal(bench_post(b, "", "[1]"), 0);
    assert_int_equal(lines_with(b, CANNOT), 2);
    assert_in_range(spool_bytes(b->s), 1000, 4000);
}

/* A batch that found no room: its posts stay until its outcome, which always finds room. */
static void posts_stay_until_the_batch_in_memory_has_an_outcome(void **state)
{
    struct spool_bench *b = *state;
    b->settings.max_bytes = 4000;
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    (void)bench_post(b, "", "[2]");
    while (bench_post(b, "full", "[0]") != 0)
        continue;
    uint64_t last = b->s->next_seq;
    assert_false(bench_batch(b, "", "memory-1", 1, true, "[1]"));
    assert_false(bench_batch(b, "", "memory-2", 2, false, "[2]"));
    struct spool_group full = bench_group("full");
    spool_posts_forget(b->s, &full, last);
    bench_settle(b);
    bench_again_is(b, "P 1 env/ [1]\nP 2 env/ [2]\n");

    b->settings.max_bytes = 1500; /* no room for a batch */
    bench_shut(b);
    bench_open(b);
    assert_false(bench_batch(b, "", "memory-3", 1, true, "[1]"));
    assert_false(bench_batch(b, "", "memory-4", 2, false, "[2]"));
    bench_outcome(b, "memory-3");
    bench_again_is(b, "P 1 env/ [1]\nP 2 env/ [2]\n");
    assert_false(bench_batch(b, "", "memory-5", 1, true, "[1]"));
    assert_false(bench_batch(b, "", "memory-6", 2, false, "[2]"));
    bench_outcome(b, "memory-6");
    bench_outcome(b, "memory-5");
    bench_again_is(b, "");
    assert_int_equal(b->s->index.groups.count, 0);
}

/* Posts behind such a batch that come to nothing go with it. */
static void posts_behind_a_batch_in_memory_are_forgotten_with_it(void **state)
{
    struct spool_bench *b = *state;
    struct spool_group group = bench_group("");
    char large[4000];
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    b->settings.max_bytes = 4000;
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    assert_false(bench_batch(b, "", "large", 1, false, large));
    (void)bench_post(b, "", "[{}]");
    spool_posts_forget(b->s, &group, 2);
    bench_settle(b);
    assert_int_equal(b->s->index.groups.count, 1);
    bench_outcome(b, "large");
    bench_settle(b);
    assert_int_equal(b->s->index.groups.count, 0);
    bench_again_is(b, "");
}

/* A later batch must not cover the posts of one that is in memory alone. */
static void behind_a_batch_in_memory_all_of_the_group_are(void **state)
{
    struct spool_bench *b = *state;
    b->settings.max_bytes = 2000;
    char large[1500];
    memset(large, ' ', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    (void)bench_post(b, "", "[2]");
    assert_false(bench_batch(b, "", "large", 1, false, large));
    assert_false(bench_batch(b, "", "small", 2, false, "[2]"));
    assert_true(bench_batch(b, "x", "other", 0, false, "[3]"));
    bench_again_is(b, "B other env/x count=1 upTo=0 more=0 [3]\nP 1 env/ [1]\nP 2 env/ [2]\n");
}

/* Who tidies the folder up costs no more than what was in it; without the folder all goes on in
 * memory. */
static void files_that_are_removed_are_begun_anew(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    bench_settle(b);
    bench_remove_files(b);
    (void)bench_post(b, "", "[2]");
    bench_settle(b);
    assert_string_equal(str_text(&b->written), "yy");
    bench_again_is(b, "P 2 env/ [2]\n");
    bench_remove_files(b);
    assert_int_equal(rmdir(b->dir), 0);
    (void)bench_post(b, "", "[3]");
    bench_settle(b);
    assert_string_equal(str_text(&b->written), "n");
    assert_int_equal(lines_with(b, CANNOT "No such file or directory; events are kept in"), 1);
    assert_int_equal(mkdir(b->dir, 0700), 0);
}

/* The disk takes half a record, then nothing: the half goes again, everybody is told, and after ten
 * seconds all is well. */
static void a_failing_disk_is_tried_again(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    bench_settle(b);
    limit_files((rlim_t)spool_bytes(b->s) + 50);
    assert_int_not_equal(bench_post(b, "", "[2]"), 0);
    assert_int_not_equal(bench_post(b, "", "[3]"), 0); /* behind it in the queue */
    bench_settle(b);
    limit_files(0);
    assert_string_equal(str_text(&b->written), "ynn");
    assert_int_equal(
        lines_with(b, CANNOT "File too large; events are kept in memory only (spoolDir \""), 1);
    assert_false(spool_works(b->s));
    fake_clock_advance(&b->clock, 9999);
    assert_int_equal(bench_post(b, "", "[4]"), 0);
    assert_false(bench_batch(b, "", "early", 1, false, "[1]"));
    fake_clock_advance(&b->clock, 1);
    assert_true(spool_works(b->s));
    assert_int_not_equal(bench_post(b, "", "[5]"), 0);
    bench_settle(b);
    assert_string_equal(str_text(&b->written), "ynny");
    assert_int_equal(lines_with(b, "Events spool can be written again"), 1);
    bench_files_are(b, "1");
    bench_again_is(b, "P 1 env/ [1]\nP 4 env/ [5]\n");
}

/* Outcomes wait for the disk. */
static void outcomes_are_written_when_the_disk_works_again(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    assert_true(bench_batch(b, "", "one", 0, false, "[1]"));
    assert_true(bench_batch(b, "", "two", 0, false, "[2]"));
    bench_settle(b);
    limit_files((rlim_t)spool_bytes(b->s) + 10);
    bench_outcome(b, "one");
    bench_settle(b);
    assert_true(uv_is_active((uv_handle_t *)&b->s->timer));
    bench_outcome(b, "two");
    assert_false(b->s->job.running);
    fake_clock_advance(&b->clock, 10000);
    spool_job_on_timer(&b->s->timer);
    bench_settle(b);
    limit_files(0);
    fake_clock_advance(&b->clock, 10000);
    spool_job_on_timer(&b->s->timer);
    bench_settle(b);
    assert_int_equal(lines_with(b, CANNOT), 1);
    bench_again_is(b, "");
}

/* A spool that cannot be written at its end ends nevertheless. */
static void a_failing_disk_does_not_hold_the_end(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    (void)bench_batch(b, "", "one", 0, false, "[1]");
    bench_settle(b);
    limit_files((rlim_t)spool_bytes(b->s) + 10);
    bench_outcome(b, "one");
    (void)bench_post(b, "", "[2]");
    bench_shut(b);
    limit_files(0);
    assert_string_equal(str_text(&b->written), "yn");
    bench_again_is(b, "B one env/ count=1 upTo=0 more=0 [1]\n");
}

/* ---- a process that is killed ---------------------------------------------------------------- */

struct child_append {
    struct spool_bench *bench;
    char line[32];
};

static void on_child_written(void *owner, bool ok)
{
    struct child_append *a = owner;
    size_t len = strlen(a->line);
    if (ok && write(STDOUT_FILENO, a->line, len) != (ssize_t)len)
        _exit(1);
    mem_free(a);
}

static struct child_append *child_append_new(struct spool_bench *b, const char *kind,
                                             uint64_t number)
{
    struct child_append *a = mem_zalloc(sizeof *a);
    a->bench = b;
    (void)snprintf(a->line, sizeof a->line, "%s %llu\n", kind, (unsigned long long)number);
    return a;
}

static void child_turn(struct spool_bench *b)
{
    struct buf *body = buf_copy(VIEW_LITERAL("[{\"kind\":\"x\"}]"));
    struct spool_post post = {.group = bench_group(""), .wall_ms = 1};
    struct spool_batch batch = {.group = bench_group(""), .wall_ms = 1, .count = 1};
    for (int i = 0; i < 3; i++)
        (void)spool_post_append(b->s, &post, body, on_child_written,
                                child_append_new(b, "P", b->s->next_seq));
    if (b->s->next_seq % 10 == 0) {
        char id[32];
        batch.up_to = b->s->next_seq - 3;
        (void)snprintf(id, sizeof id, "%llu", (unsigned long long)batch.up_to);
        batch.payload_id = view_of(id);
        (void)spool_batch_append(b->s, &batch, body, on_child_written,
                                 child_append_new(b, "B", batch.up_to));
    }
    buf_unref(body);
}

/* Appends, three posts a turn and now and then a batch, and tells what is safe, until it is killed.
 */
static int child_run(const char *dir)
{
    struct spool_bench b = {0};
    struct spool_reader reader = {&b, on_batch, on_post, on_payload_id};
    struct error err;
    (void)uv_loop_init(&b.loop);
    fake_clock_init(&b.clock, 1, 1);
    b.settings = (struct spool_settings){.dir = dir,
                                         .max_bytes = INT64_C(1) << 30,
                                         .sync = SPOOL_SYNC_NEVER,
                                         .clock = &b.clock.base,
                                         .loop = &b.loop};
    if (!spool_open(&b.settings, &b.s, &err))
        return 1;
    spool_replay(b.s, &reader);
    for (;;) {
        child_turn(&b);
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    }
}

/* Reads what the child says until there are so many lines, and kills it. */
static void child_watch(const char *dir, size_t lines, struct str *said)
{
    int ends[2];
    pid_t pid;
    char *arguments[] = {"test_spool_faults", "child", (char *)dir, NULL};
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe(ends), 0);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, arguments, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    char part[4096];
    ssize_t n;
    while ((n = read(ends[0], part, sizeof part)) > 0) {
        str_append(said, view_make(part, (size_t)n));
        for (ssize_t i = 0; i < n; i++)
            lines -= lines > 0 && part[i] == '\n';
        if (lines == 0)
            (void)kill(pid, SIGKILL);
    }
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* The last post that a batch covers which was handed over. */
static uint64_t covered_find(const struct spool_bench *b)
{
    uint64_t covered = 0;
    for (const char *p = str_text(&b->found); (p = strstr(p, "upTo=")) != NULL; p += 5) {
        uint64_t up_to = strtoull(p + 5, NULL, 10);
        covered = up_to > covered ? up_to : covered;
    }
    return covered;
}

/* The line "P 12" or "B 12" of the child: what it says is safe was handed over, or is covered. */
static void said_check(const struct spool_bench *b, const char *line, uint64_t covered)
{
    char want[64];
    uint64_t number = strtoull(line + 2, NULL, 10);
    (void)snprintf(want, sizeof want, "%c %llu env/ ", *line, (unsigned long long)number);
    bool there = strstr(str_text(&b->found), want) != NULL;
    if (!there && (*line == 'B' || number > covered))
        fail_msg("lost: %s", want);
}

/* Checklist 81 and 82: what was said to be safe is there. */
static void what_was_written_survives_a_kill(void **state)
{
    struct spool_bench *b = *state;
    for (size_t round = 0; round < 3; round++) {
        struct str said = {0};
        size_t lines = 0;
        child_watch(b->dir, 200 + 150 * round, &said);
        bench_open(b);
        uint64_t covered = covered_find(b);
        const char *end;
        for (const char *line = str_text(&said); (end = strchr(line, '\n')) != NULL;
             line = end + 1) {
            said_check(b, line, covered);
            lines++;
        }
        assert_true(lines >= 200 && covered > 100);
        bench_shut(b);
        str_free(&said);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0)
        return child_run(argv[2]);
    const struct CMUnitTest tests[] = {
        SPOOL_TEST(without_room_memory_goes_on_alone),
        SPOOL_TEST(posts_stay_until_the_batch_in_memory_has_an_outcome),
        SPOOL_TEST(posts_behind_a_batch_in_memory_are_forgotten_with_it),
        SPOOL_TEST(behind_a_batch_in_memory_all_of_the_group_are),
        SPOOL_TEST(files_that_are_removed_are_begun_anew),
        SPOOL_TEST(a_failing_disk_is_tried_again),
        SPOOL_TEST(outcomes_are_written_when_the_disk_works_again),
        SPOOL_TEST(a_failing_disk_does_not_hold_the_end),
        SPOOL_TEST(what_was_written_survives_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
