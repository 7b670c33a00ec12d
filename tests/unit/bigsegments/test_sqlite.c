/* Memberships in SQLite (big-segments.md 11): the layout, long patches, a file that is replaced. */
#include "members_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct world w;
    struct heard h;
    struct members m;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    world_begin(&b->w);
    world_open(&b->w);
    heard_open(&b->h, &b->w, "prod");
    members_open(&b->m, &b->w);
}

static void bench_close(struct bench *b)
{
    members_close(&b->m);
    heard_close(&b->h);
    heard_forget(&b->h);
    world_end(&b->w);
}

/* 35: an Init leaves them alone. */
static void rows_are_those_of_the_documentation(void **state)
{
    static const char *const ones[] = {
        "select count(*) from big_segment_meta where prefix = 'prod' and cursor = 'b' and "
        "synchronized_on = 1760000000000",
        "select count(*) from big_segment_ref where prefix = 'prod' and ref = 'vip.g1'",
        "select count(*) from big_segment_member m join big_segment_ref r on r.id = m.ref where "
        "m.hash = 'h' and r.ref = 'vip.g1' and m.included = 1",
        "select count(*) from big_segment_member where hash = 'i' and included = 0",
    };
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 >a +h *i"), "applied");
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 a>b +h"), "applied");
    assert_string_equal(members_time_set(b.m.store, &b.w, INT64_C(1760000000000)), "ok");
    write_all(&b.h, dataset_text("f3 g1"));
    for (size_t i = 0; i < ARRAY_LEN(ones); i++) {
        if (sql_int(b.w.path, ones[i]) != 1)
            fail_msg("%s", ones[i]);
    }
    assert_int_equal(sql_int(b.w.path, "select count(*) from big_segment_member"), 2);
    bench_close(&b);
}

/* ---- a long patch ---------------------------------------------------------------------------- */

struct waiting {
    struct membership_op op;
    struct str text;
    struct patch patch;
    bool done;
};

static void note(struct membership_op *op)
{
    memberships_unref(op->found);
    CONTAINER_OF(op, struct waiting, op)->done = true;
}

static bool is_done(void *arg)
{
    return ((struct waiting *)arg)->done;
}

static void long_patch(struct str *text)
{
    str_append_text(text, "{\"segmentId\":\"vip.g1\",\"version\":\"1\",\"changes\":{\"included\":{"
                          "\"add\":[\"first\"");
    for (unsigned i = 0; i < 400000; i++)
        str_append_format(text, ",\"%06u-%u\"", i * 7919 % 1000003, i);
    str_append_text(text, "]}}}");
}

static void apply_long_patch(struct waiting *w, struct membership_store *s)
{
    struct error err;
    memset(w, 0, sizeof *w);
    long_patch(&w->text);
    assert_true(patch_parse(str_view(&w->text), &w->patch, &err));
    w->op = (struct membership_op){.type = MEMBERSHIP_OP_APPLY, .patch = &w->patch, .done = note};
    membership_run(s, &w->op);
}

static void waiting_free(struct waiting *w)
{
    patch_free(&w->patch);
    str_free(&w->text);
}

static void a_long_patch_keeps_no_question_waiting(void **state)
{
    struct bench b;
    struct waiting apply;
    (void)state;
    bench_open(&b);
    apply_long_patch(&apply, b.m.store);
    assert_string_equal(members_of(b.m.store, &b.w, "first"), "");
    assert_false(apply.done);
    run_until(&b.w, is_done, &apply, "the end of a long patch");
    assert_true(apply.op.ok && !apply.op.mismatch);
    assert_string_equal(members_of(b.m.store, &b.w, "first"), "vip.g1+");
    waiting_free(&apply);
    bench_close(&b);
}

static void closing_gives_a_long_patch_up(void **state)
{
    struct bench b;
    struct waiting apply;
    (void)state;
    bench_open(&b);
    struct membership_store *s = members_store(&b.m, "other");
    apply_long_patch(&apply, s);
    members_store_close(&b.m, s);
    assert_true(apply.done);
    assert_false(apply.op.ok);
    assert_int_equal(sql_int(b.w.path, "select count(*) from big_segment_member"), 0);
    waiting_free(&apply);
    bench_close(&b);
}

/* ---- another file ---------------------------------------------------------------------------- */

/* data-store.md 9.5: the path's own file gets what is written, and is what is read. */
static void questions_follow_to_a_new_file(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 >a +h"), "applied");
    assert_string_equal(members_of(b.m.store, &b.w, "h"), "vip.g1+");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", b.w.path, ends[i]);
        (void)unlink(path);
    }
    assert_string_equal(members_cursor(b.m.store, &b.w), "");
    assert_logged("was deleted or replaced; opening it again");
    assert_string_equal(members_of(b.m.store, &b.w, "h"), "");
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 >b +i"), "applied");
    assert_string_equal(members_of(b.m.store, &b.w, "i"), "vip.g1+");
    assert_string_equal(members_time(b.m.store, &b.w), "0");
    bench_close(&b);
}

static void two_processes_share_a_file(void **state)
{
    struct bench b;
    (void)state;
    bench_open(&b);
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 >a +h"), "applied");
    sql(b.w.path, "update big_segment_meta set cursor = 'z'");
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 a>b +i"), "mismatch");
    assert_string_equal(members_cursor(b.m.store, &b.w), "z");
    sql(b.w.path, "update big_segment_meta set cursor = null");
    assert_string_equal(members_cursor(b.m.store, &b.w), "");
    assert_string_equal(members_apply(b.m.store, &b.w, "vip.g1 >b +i"), "applied");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_documentation),
        cmocka_unit_test(a_long_patch_keeps_no_question_waiting),
        cmocka_unit_test(closing_gives_a_long_patch_up),
        cmocka_unit_test(questions_follow_to_a_new_file),
        cmocka_unit_test(two_processes_share_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
