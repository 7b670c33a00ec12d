/* Puts, patches and deletes: what changes, who hears of it, what is written (streaming.md 9, 13.6,
 * data-store.md 5.1). Checklist of streaming.md: 25-27, 41, 53, 73. */
#include "bench.h"

static const struct {
    const char *before; /* what the streams do not see */
    const char *steps;
    const char *all;
    const char *flags;
    const char *store;
    const char *why;
} rows[] = {
    {"put a:1 b:1 c:1 /s:1", "patch a:2", "patch /flags/a;", "patch /a;", "upsert a 2;", "a flag"},
    {"put a:1 b:1 c:1 /s:1", "patch /s:2", "patch /segments/s;", "", "upsert s 2;",
     "53: a segment"},
    {"put a:1 b:1 c:1 /s:1", "patch a:x2", "delete /flags/a;", "delete /a;", "upsert a 2;",
     "27: a deleted flag"},
    {"put a:1 b:1 c:1 /s:1", "patch /s:x2", "delete /segments/s;", "", "upsert s 2;",
     "a deleted segment"},
    {"put a:1 b:1 c:1 /s:1", "patch n:1", "patch /flags/n;", "patch /n;", "upsert n 1;",
     "a new flag"},
    {"put a:2 b:1 c:1 /s:1", "patch a:2; patch a:1; patch a:x2", "", "", "",
     "25: not newer: nothing is sent or written"},
    {"put a:2 b:1 c:1 /s:1; patch a:x3", "patch a:2; patch a:3", "", "", "",
     "26: older than a deletion"},
    {"put a:2 b:1 c:1 /s:1; patch a:x3", "patch a:4", "patch /flags/a;", "patch /a;", "upsert a 4;",
     "newer than a deletion"},
    {"put a:2 b:1 c:1 /s:1", "patch z:x5; patch z:4", "delete /flags/z;", "delete /z;",
     "upsert z 5;", "an unknown flag's deletion"},
    {"put a:1 b:1 c:1 /s:1", "lost; put a:1 b:1 c:1 /s:1", "", "", "init 4;",
     "73: an equal put is not sent"},
    {"put a:1 b:1 c:1 /s:1", "put a:1 b:2 c:1 /s:1", "patch /flags/b;", "patch /b;", "init 4;",
     "73: one is newer"},
    {"put a:1 b:1 c:1 /s:1", "put a:1 b:1 c:1 /s:2", "patch /segments/s;", "", "init 4;",
     "a newer segment"},
    {"put a:1 b:1 c:1 /s:1", "put a:1 b:1 /s:1", "put 3;", "put 2;", "init 3;",
     "73: a key disappeared"},
    {"put a:2 b:1 c:1 /s:1", "put a:1 b:1 c:1 /s:1", "put 4;", "put 3;", "init 4;",
     "a version went down"},
    {"put a:1 b:1", "put a:2 b:2", "put 2;", "put 2;", "init 2;", "half of it is new"},
    {"put a:1 b:1", "put ", "put 0;", "put 0;", "init 0;", "everything is gone"},
    {"timeout; stored a:1 b:1 c:1", "put a:1 b:1 c:1", "", "", "init 3;",
     "equal to what was stored"},
    {"timeout; stored a:1 b:1 c:1", "put a:2 b:1 c:1", "patch /flags/a;", "patch /a;", "init 3;",
     "newer than what was stored"},
    {"timeout", "stored a:1", "put 1;", "put 1;", "", "streams that wait get what was stored"},
    {"timeout", "put a:1", "put 1;", "put 1;", "init 1;", "or what LaunchDarkly sends"},
    {"put a:1 b:1 c:1", "patch a:2; patch b:2; patch a:3",
     "patch /flags/a;patch /flags/b;patch /flags/a;", "patch /a;patch /b;patch /a;",
     "upsert a 2;upsert b 2;upsert a 3;", "in upstream order"},
    {"put a:1 b:1 c:1", "store-down; patch a:2; write-fails", "patch /flags/a;", "patch /a;",
     "upsert a 2;", "41: a refused write reaches SDKs all the same"},
};

static void streams_and_database_get_what_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench_member all;
        struct bench_member flags;
        struct bench b;
        bench_setup(&b);
        b.settings.init_timeout_ms = 20;
        bench_add(&b, &(struct env_settings){0});
        bench_start(&b);
        bench_script(&b, rows[i].before);
        str_clear(&b.stores[0].log);
        bench_join(&b, &all, 0, FANOUT_ALL);
        bench_join(&b, &flags, 0, FANOUT_FLAGS);
        bench_script(&b, rows[i].steps);
        bench_expect_events(&all, rows[i].all, rows[i].why);
        bench_expect_events(&flags, rows[i].flags, rows[i].why);
        bench_expect(&b.stores[0].log, rows[i].store, rows[i].why);
        bench_leave(&all);
        bench_leave(&flags);
        bench_teardown(&b);
    }
}

static void a_put_that_changes_nothing_keeps_its_renderings(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    bench_script(&b, "put a:1 b:1");
    struct frame *before = dataset_put_all(bench_snapshot(&b, 0)->data);
    bench_script(&b, "put b:1 a:1");
    assert_ptr_equal(dataset_put_all(bench_snapshot(&b, 0)->data), before);
    bench_teardown(&b);
}

/* An embedded database has an update before any SDK (store/store.h, "writing"). */
static void with_an_embedded_database_updates_wait_for_it(void **state)
{
    struct bench_member all;
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    struct bench_store *s = &b.stores[0];
    s->writes_first = true;
    bench_join(&b, &all, 0, FANOUT_ALL);
    bench_script(&b, "put a:1 b:1 c:1");
    bench_expect_events(&all, "", "not yet");
    s->listener.released(s->listener.owner, 1);
    bench_expect_events(&all, "put 3;", "released");
    bench_script(&b, "patch a:2; patch b:2; patch a:1");
    bench_expect_events(&all, "", "not yet");
    s->listener.released(s->listener.owner, 2);
    bench_expect_events(&all, "patch /flags/a;", "the first");
    s->writes_first = false;
    bench_script(&b, "patch c:2");
    bench_expect_events(&all, "patch /flags/b;patch /flags/c;",
                        "a database that falls behind delays nothing, order is kept");
    s->writes_first = true;
    bench_script(&b, "patch c:3");
    bench_leave(&all);
    bench_teardown(&b); /* frees what still waits */
}

static void nobody_is_told_anything_after_the_house_was_closed(void **state)
{
    struct bench_member all;
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    bench_script(&b, "put a:1");
    bench_join(&b, &all, 0, FANOUT_ALL);
    house_close(b.house);
    struct store_listener *l = &b.stores[0].listener;
    l->state_changed(l->owner, STORE_INTERRUPTED);
    l->write_failed(l->owner, "late");
    assert_false(bench_snapshot(&b, 0)->state.store_failing);
    bench_expect_events(&all, "", "nothing");
    for (int i = 0; i < 3; i++)
        bench_turn(&b);
    assert_true(b.closed);
    b.house = NULL;
    bench_leave(&all);
    bench_teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_and_database_get_what_the_row_says),
        cmocka_unit_test(a_put_that_changes_nothing_keeps_its_renderings),
        cmocka_unit_test(with_an_embedded_database_updates_wait_for_it),
        cmocka_unit_test(nobody_is_told_anything_after_the_house_was_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
