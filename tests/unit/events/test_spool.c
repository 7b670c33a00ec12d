/* The spool between two starts: events.md 13.6; checklist 81 to 84 as far as the spool alone shows
 * them. */
#include "spool_bench.h"

#include <fcntl.h>

static void posts_come_back_until_a_batch_covers_them(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    assert_string_equal(str_text(&b->found), "");
    assert_int_equal(bench_post(b, "", "[1]"), 1);
    assert_int_equal(bench_post(b, "x", "[2]"), 2);
    assert_int_equal(bench_post(b, "", "[3]"), 3);
    bench_settle(b);
    assert_string_equal(str_text(&b->written), "yyy");
    bench_again_is(b, "P 1 env/ [1]\nP 2 env/x [2]\nP 3 env/ [3]\n");
    assert_true(bench_batch(b, "", "b1", 3, false, "[1,3]"));
    assert_int_equal(bench_post(b, "", "[4]"), 4);
    bench_again_is(b, "B b1 env/ count=1 upTo=3 more=0 [1,3]\nP 2 env/x [2]\nP 4 env/ [4]\n");
    bench_outcome(b, "b1");
    bench_again_is(b, "P 2 env/x [2]\nP 4 env/ [4]\n");
}

/* Checklist 82: without its outcome a batch comes again as it was. */
static void a_batch_comes_back_until_it_has_an_outcome(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    assert_true(bench_batch(b, "", "one", 0, false, "[1]"));
    assert_true(bench_batch(b, "x", "two", 0, false, "[2]"));
    bench_outcome(b, "one");
    bench_again_is(b, "B two env/x count=1 upTo=0 more=0 [2]\n");
    bench_again_is(b, "B two env/x count=1 upTo=0 more=0 [2]\n");
    bench_outcome(b, "two");
    bench_outcome(b, "never heard of");
    bench_again_is(b, "");
}

static void a_flush_counts_when_its_last_batch_is_there(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    (void)bench_post(b, "", "[1,2]");
    assert_true(bench_batch(b, "", "b1", 1, true, "[1]"));
    bench_again_is(b, "P 1 env/ [1,2]\n");
    assert_true(bench_batch(b, "", "b2", 1, true, "[1]"));
    assert_true(bench_batch(b, "", "b3", 1, false, "[2]"));
    bench_again_is(b, "B b2 env/ count=1 upTo=1 more=1 [1]\nB b3 env/ count=1 upTo=1 more=0 [2]\n");
}

/* Groups that differ in one text alone are different groups. */
static void groups_are_told_apart(void **state)
{
    struct spool_bench *b = *state;
    struct spool_post post = {.group = bench_group("t"), .wall_ms = 1};
    struct buf *body = buf_copy(VIEW_LITERAL("[]"));
    bench_open(b);
    (void)spool_post_append(b->s, &post, body, on_written, b);
    post.group.env = VIEW_LITERAL("envserver");
    post.group.family = view_make("", 0);
    (void)spool_post_append(b->s, &post, body, on_written, b);
    post.group = bench_group("t");
    post.group.schema = 3;
    (void)spool_post_append(b->s, &post, body, on_written, b);
    post.group = bench_group("t");
    post.group.path = VIEW_LITERAL("summarize");
    (void)spool_post_append(b->s, &post, body, on_written, b);
    post.group = bench_group("t");
    post.group.filter = VIEW_LITERAL("f");
    (void)spool_post_append(b->s, &post, body, on_written, b);
    buf_unref(body);
    assert_true(bench_batch(b, "t", "b", 99, false, "[]"));
    bench_outcome(b, "b");
    bench_again_is(b, "P 2 envserver/t []\nP 3 env/t []\nP 4 env/t []\nP 5 env/t []\n");
}

static void payload_ids_of_posts_come_back(void **state)
{
    struct spool_bench *b = *state;
    struct buf *body = buf_copy(VIEW_LITERAL("[]"));
    bench_open(b);
    (void)bench_post_buf(b, "", "id-1", body);
    (void)bench_post_buf(b, "", "", body);
    assert_true(bench_batch(b, "", "b", 2, false, "[]"));
    bench_outcome(b, "b");
    (void)bench_post_buf(b, "", "id-3", body);
    buf_unref(body);
    bench_again_is(b, "I id-1\nP 3 env/ []\nI id-3\n");
}

static void posts_that_come_to_nothing_are_forgotten(void **state)
{
    struct spool_bench *b = *state;
    struct spool_group group = bench_group("");
    bench_open(b);
    (void)bench_post(b, "", "[{}]");
    (void)bench_post(b, "x", "[1]");
    spool_posts_forget(b->s, &group, 1);
    bench_again_is(b, "P 2 env/x [1]\n");
}

/* Checklist 83, with files: the last record cut at every byte. */
static void a_file_cut_anywhere_gives_what_is_before(void **state)
{
    struct spool_bench *b = *state;
    char path[128];
    struct stat st;
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    bench_shut(b);
    (void)snprintf(path, sizeof path, "%s/events-0000000001.spool", b->dir);
    assert_int_equal(stat(path, &st), 0);
    off_t first = st.st_size;
    bench_open(b);
    (void)bench_post(b, "", "[2]");
    bench_shut(b);
    bench_files_are(b, "1 2");
    (void)snprintf(path, sizeof path, "%s/events-0000000002.spool", b->dir);
    assert_int_equal(stat(path, &st), 0);
    for (off_t size = st.st_size - 1; size >= 0; size--) {
        assert_int_equal(truncate(path, size), 0);
        str_clear(&b->log);
        bench_again_is(b, "P 1 env/ [1]\n");
        bool whole = size == SPOOL_MAGIC_LEN;
        assert_true((strstr(str_text(&b->log), "ends in a damaged record") == NULL) == whole);
    }
    assert_int_equal(st.st_size, first);
}

/* What is appended after a cut is in a file of its own, and so not behind the damage. */
static void damage_hides_nothing_that_comes_later(void **state)
{
    struct spool_bench *b = *state;
    char path[128];
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    (void)bench_post(b, "", "[2]");
    bench_shut(b);
    (void)snprintf(path, sizeof path, "%s/events-0000000001.spool", b->dir);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "xx", 2, 60), 2);
    (void)close(fd);
    bench_again_is(b, "");
    assert_int_equal(bench_post(b, "", "[3]"), 1);
    bench_again_is(b, "P 1 env/ [3]\n");
}

static void files_have_narrow_rights(void **state)
{
    struct spool_bench *b = *state;
    char path[128];
    struct stat st;
    assert_int_equal(chmod(b->dir, 0755), 0);
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    bench_settle(b);
    assert_int_equal(stat(b->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    (void)snprintf(path, sizeof path, "%s/events-0000000001.spool", b->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/lock", b->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* Checklist 84. */
static void a_folder_has_one_user(void **state)
{
    struct spool_bench *b = *state;
    struct spool *second = NULL;
    struct error err;
    char want[128];
    bench_open(b);
    assert_false(spool_open(&b->settings, &second, &err));
    (void)snprintf(want, sizeof want, "events spool directory %s is in use by another process",
                   b->dir);
    assert_string_equal(err.text, want);
    bench_again_is(b, "");
}

static void a_folder_must_be_one(void **state)
{
    struct spool_bench *b = *state;
    struct error err;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/file", b->dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    (void)close(fd);
    b->settings.dir = path;
    assert_false(bench_try_open(b, &err));
    assert_non_null(strstr(err.text, "/file\" is not a directory"));
    (void)snprintf(path, sizeof path, "%s/no/such", b->dir);
    assert_false(bench_try_open(b, &err));
    assert_non_null(strstr(err.text, "/no/such\" cannot be made: No such file or directory"));
}

static void other_files_are_left_alone(void **state)
{
    struct spool_bench *b = *state;
    static const char *const names[] = {"events-1.spool", "events-0000000001.spool.bak",
                                        "events-000000000x.spool", "notes"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, names[i]);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        assert_int_equal(write(fd, "x", 1), 1);
        (void)close(fd);
    }
    bench_open(b);
    assert_string_equal(str_text(&b->found), "");
    assert_null(strstr(str_text(&b->log), "damaged"));
    (void)bench_post(b, "", "[1]");
    bench_again_is(b, "P 1 env/ [1]\n");
}

/* 16 MiB a file; a file goes when nothing in it or before it is needed. */
static void files_come_and_go(void **state)
{
    struct spool_bench *b = *state;
    struct buf *body = buf_new(5 << 20);
    memset(body->data, ' ', body->len);
    bench_open(b);
    for (int i = 0; i < 7; i++)
        assert_int_equal(bench_post_buf(b, i < 4 ? "a" : "b", "", body), i + 1);
    bench_settle(b);
    bench_files_are(b, "1 2 3");
    assert_true(bench_batch(b, "b", "second", 7, false, "[]"));
    bench_outcome(b, "second");
    bench_settle(b);
    bench_files_are(b, "1 2 3");
    assert_true(bench_batch(b, "a", "first", 3, false, "[]"));
    bench_settle(b);
    bench_files_are(b, "2 3");
    assert_true(bench_batch(b, "a", "last", 4, false, "[]"));
    bench_settle(b);
    bench_files_are(b, "3");
    bench_outcome(b, "first");
    bench_outcome(b, "last");
    bench_settle(b);
    assert_int_equal(b->s->index.groups.count, 0);
    assert_int_equal(b->s->index.batches.count, 0);
    buf_unref(body);
}

static void a_record_larger_than_a_file_has_its_own(void **state)
{
    struct spool_bench *b = *state;
    struct buf *body = buf_new(20 << 20);
    memset(body->data, ' ', body->len);
    bench_open(b);
    (void)bench_post(b, "", "[1]");
    (void)bench_post_buf(b, "", "", body);
    (void)bench_post(b, "", "[3]");
    bench_settle(b);
    assert_string_equal(str_text(&b->written), "yyy");
    bench_files_are(b, "1 2 3");
    bench_shut(b);
    bench_open(b);
    assert_non_null(strstr(str_text(&b->found), "P 3 env/ [3]\n"));
    buf_unref(body);
}

/* A batch comes back as it was written, by this run or an earlier one, until it has an outcome. */
static void a_batch_can_be_read_again(void **state)
{
    struct spool_bench *b = *state;
    bench_open(b);
    (void)bench_post(b, "", "[1,2]");
    assert_true(bench_batch(b, "", "b1", 1, true, "[1]"));
    assert_true(bench_batch(b, "x", "b2", 1, false, "[2,3]"));
    bench_settle(b);
    bench_read_is(b, "b1", "B b1 env/ count=1 upTo=1 more=1 [1]\n");
    bench_read_is(b, "b2", "B b2 env/x count=1 upTo=1 more=0 [2,3]\n");
    bench_read_is(b, "b3", "-\n");
    assert_true(bench_batch(b, "", "b4", 1, false, "[4]"));
    bench_again_is(b, "B b1 env/ count=1 upTo=1 more=1 [1]\nB b2 env/x count=1 upTo=1 more=0 "
                      "[2,3]\nB b4 env/ count=1 upTo=1 more=0 [4]\n");
    bench_read_is(b, "b2", "B b2 env/x count=1 upTo=1 more=0 [2,3]\n");
    bench_outcome(b, "b2");
    bench_settle(b);
    bench_read_is(b, "b2", "-\n");
    bench_read_is(b, "b4", "B b4 env/ count=1 upTo=1 more=0 [4]\n");
    assert_null(strstr(str_text(&b->log), "cannot be read"));
}

/* Each batch of many files is where the index says; the file stays until the outcome is there. */
static void batches_are_read_from_all_files(void **state)
{
    struct spool_bench *b = *state;
    char *text = mem_alloc((5 << 20) + 1);
    char id[16];
    memset(text, ' ', 5 << 20);
    text[5 << 20] = '\0';
    bench_open(b);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof id, "big-%d", i);
        memcpy(text, id, strlen(id));
        assert_true(bench_batch(b, "", id, 0, false, text));
        bench_settle(b);
    }
    bench_files_are(b, "1 2 3 4");
    for (int i = 9; i >= 0; i--) {
        char want[80];
        (void)snprintf(id, sizeof id, "big-%d", i);
        (void)snprintf(want, sizeof want, "B %s env/ count=1 upTo=0 more=0 %s ", id, id);
        str_clear(&b->got);
        spool_batch_read(b->s, view_of(id), on_got, b);
        bench_settle(b);
        assert_memory_equal(str_text(&b->got), want, strlen(want));
        bench_outcome(b, id);
        bench_settle(b);
    }
    bench_settle(b);
    bench_files_are(b, "4");
    mem_free(text);
}

/* What cannot be read is told, is nobody's loss yet, and stands in no one's way. */
static void a_file_that_is_gone_is_told(void **state)
{
    struct spool_bench *b = *state;
    char path[128];
    bench_open(b);
    assert_true(bench_batch(b, "", "b1", 1, false, "[1]"));
    bench_settle(b);
    (void)snprintf(path, sizeof path, "%s/events-0000000001.spool", b->dir);
    assert_int_equal(truncate(path, 40), 0);
    bench_read_is(b, "b1", "-\n");
    assert_non_null(strstr(str_text(&b->log), "cannot be read any more; a batch in it waits"));
    assert_int_equal(unlink(path), 0);
    bench_read_is(b, "b1", "-\n");
}

/* A wish is granted, or not, before the end; whenever that comes. */
static void the_end_answers_who_waits(void **state)
{
    struct spool_bench *b = *state;
    for (int busy = 0; busy < 2; busy++) {
        bench_open(b);
        assert_true(bench_batch(b, "", "b1", 1, false, "[1]"));
        if (busy == 0)
            bench_settle(b);
        str_clear(&b->got);
        spool_batch_read(b->s, VIEW_LITERAL("b1"), on_got, b);
        bench_shut(b);
        assert_string_equal(str_text(&b->got), "-\n");
    }
}

/* Every mode of spoolSync gives the same files. */
static void all_ways_to_sync_write_the_same(void **state)
{
    struct spool_bench *b = *state;
    static const enum spool_sync modes[] = {SPOOL_SYNC_ALWAYS, SPOOL_SYNC_INTERVAL,
                                            SPOOL_SYNC_NEVER};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        b->settings.sync = modes[i];
        bench_open(b);
        for (int k = 0; k < 100; k++)
            (void)bench_post(b, "", "[1]");
        bench_settle(b);
        assert_int_equal(b->written.len, 100);
        assert_null(strchr(str_text(&b->written), 'n'));
        assert_int_equal(b->s->dirty, modes[i] != SPOOL_SYNC_ALWAYS);
        assert_int_equal(uv_is_active((uv_handle_t *)&b->s->timer),
                         modes[i] == SPOOL_SYNC_INTERVAL);
        spool_job_on_timer(&b->s->timer); /* a second is over */
        bench_settle(b);
        assert_int_equal(b->s->dirty, modes[i] == SPOOL_SYNC_NEVER);
        assert_int_equal(uv_is_active((uv_handle_t *)&b->s->timer), 0);
        bench_shut(b);
    }
    bench_open(b);
    assert_int_equal(b->s->next_seq, 301);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPOOL_TEST(posts_come_back_until_a_batch_covers_them),
        SPOOL_TEST(a_batch_comes_back_until_it_has_an_outcome),
        SPOOL_TEST(a_flush_counts_when_its_last_batch_is_there),
        SPOOL_TEST(groups_are_told_apart),
        SPOOL_TEST(payload_ids_of_posts_come_back),
        SPOOL_TEST(posts_that_come_to_nothing_are_forgotten),
        SPOOL_TEST(a_file_cut_anywhere_gives_what_is_before),
        SPOOL_TEST(damage_hides_nothing_that_comes_later),
        SPOOL_TEST(files_have_narrow_rights),
        SPOOL_TEST(a_folder_has_one_user),
        SPOOL_TEST(a_folder_must_be_one),
        SPOOL_TEST(other_files_are_left_alone),
        SPOOL_TEST(files_come_and_go),
        SPOOL_TEST(a_record_larger_than_a_file_has_its_own),
        SPOOL_TEST(a_batch_can_be_read_again),
        SPOOL_TEST(batches_are_read_from_all_files),
        SPOOL_TEST(a_file_that_is_gone_is_told),
        SPOOL_TEST(the_end_answers_who_waits),
        SPOOL_TEST(all_ways_to_sync_write_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
