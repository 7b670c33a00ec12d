/* From the control thread to the streams of other threads: nothing is missed, nothing comes twice
 * (streaming.md 9.4, 15.2). Checklist of streaming.md: 61. */
#include "bench.h"

#include "base/mailbox.h"

#include <stdatomic.h>

enum { THREADS = 3, UPDATES = 400, STREAMS = 5 };

/* ---- one thread ------------------------------------------------------------------------------ */

static struct env_snapshot *snapshot_of(struct env_facts *facts, uint64_t number, struct dataset *d)
{
    struct env_state state = {.readiness = ENV_READY};
    return env_snapshot_new(facts, number, &state, d);
}

static struct env_facts *facts_new(void)
{
    struct env_settings settings = {"prod", "sdk-prod-0001", "", "", "", "prod", "", LOG_INFO};
    return env_facts_new(&settings, 0);
}

static void push_counted(struct fanout_member *m, struct frame *f)
{
    (void)m;
    frame_unref(f);
}

static void a_broadcast_reaches_the_members_of_its_channel(void **state)
{
    struct bench b;
    struct bench_member first;
    struct bench_member second;
    struct bench_member flags;
    struct bench_member other;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_add(&b, &(struct env_settings){.name = "other", .sdk_key = "sdk-other-0002"});
    bench_start(&b);
    bench_script(&b, "put a:1 b:1 c:1");
    uint64_t generation = fanout_generation(b.fanout);
    bench_join(&b, &first, 0, FANOUT_ALL);
    bench_join(&b, &second, 0, FANOUT_ALL);
    bench_join(&b, &flags, 0, FANOUT_FLAGS);
    bench_join(&b, &other, 1, FANOUT_ALL);
    bench_script(&b, "patch a:2");
    bench_expect_events(&first, "patch /flags/a;", "first");
    bench_expect_events(&second, "patch /flags/a;", "second");
    bench_expect_events(&flags, "patch /a;", "the other kind");
    bench_expect_events(&other, "", "another environment");
    assert_int_not_equal(fanout_generation(b.fanout), generation);
    bench_leave(&first);
    fanout_leave(&first.member); /* twice is allowed */
    bench_script(&b, "patch a:3");
    bench_expect_events(&second, "patch /flags/a;", "who stays");
    assert_int_equal(first.text.len, 0);
    bench_leave(&second);
    bench_leave(&flags);
    bench_leave(&other);
    bench_teardown(&b);
}

static void an_unknown_slot_has_no_snapshot(void **state)
{
    static const struct fanout_hooks hooks = {.push = push_counted};
    struct fanout *f = fanout_new(&hooks);
    (void)state;
    assert_null(fanout_snapshot(f, 0));
    fanout_free(f);
}

/* ---- many threads ---------------------------------------------------------------------------- */

struct stream {
    struct fanout_member member;
    int64_t version; /* of flag "n", the last that was seen */
};

struct serving_thread {
    uv_thread_t id;
    uv_loop_t loop;
    struct mailbox mailbox;
    struct fanout *fanout;
    struct stream streams[STREAMS];
    size_t open;
    uv_idle_t joining;
    uv_timer_t alive; /* the mailbox alone does not keep a loop running */
    struct letter stop;
};

static struct serving_thread threads[THREADS];

/* The text ends without a NUL, but not with the number. */
static int64_t version_in(struct view text)
{
    const char *at = memmem(text.data, text.len, "\"version\":", 10);
    assert_non_null(at);
    int64_t version = 0;
    for (at += 10; *at >= '0' && *at <= '9'; at++)
        version = version * 10 + (*at - '0');
    return version;
}

/* Each update is exactly one higher than the last thing this stream has seen. */
static void push_checked(struct fanout_member *m, struct frame *f)
{
    struct stream *s = CONTAINER_OF(m, struct stream, member);
    int64_t version = version_in(f->data);
    if (version != s->version + 1)
        abort();
    s->version = version;
    frame_unref(f);
}

/* A stream joins in every turn, between whatever letters there are, with the replay of that moment.
 */
static void join_one(uv_idle_t *idle)
{
    struct serving_thread *t = CONTAINER_OF(idle, struct serving_thread, joining);
    const struct env_snapshot *snapshot = fanout_snapshot(t->fanout, 0);
    if (t->open == STREAMS) {
        (void)uv_idle_stop(idle);
        return;
    }
    struct stream *s = &t->streams[t->open++];
    s->version = version_in(dataset_put_all(snapshot->data)->data);
    fanout_join(t->fanout, 0, FANOUT_ALL, &s->member);
}

static void stop_thread(struct letter *l)
{
    struct serving_thread *t = CONTAINER_OF(l, struct serving_thread, stop);
    mailbox_close(&t->mailbox);
    uv_close((uv_handle_t *)&t->joining, NULL);
    uv_close((uv_handle_t *)&t->alive, NULL);
}

static void never(uv_timer_t *timer)
{
    (void)timer;
}

static void serve(void *arg)
{
    struct serving_thread *t = arg;
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
}

static void post(void *owner, size_t thread, struct letter *l)
{
    (void)owner;
    mailbox_post(&threads[thread].mailbox, l);
}

static struct item *numbered(int64_t version)
{
    struct str json = {0};
    struct error err;
    str_append_format(&json, "{\"key\":\"n\",\"version\":%lld}", (long long)version);
    struct item *it = item_parse(ITEM_FLAG, view_of("n"), str_view(&json), &err);
    assert_non_null(it);
    str_free(&json);
    return it;
}

static struct dataset *first_dataset(void)
{
    struct dataset_builder *builder = dataset_builder_new();
    dataset_builder_add_take(builder, numbered(1));
    return dataset_builder_finish_take(builder);
}

static void threads_open(struct fanout_group *g, struct fanout **fanouts)
{
    static const struct fanout_hooks hooks = {.push = push_checked};
    for (size_t i = 0; i < THREADS; i++) {
        struct serving_thread *t = &threads[i];
        *t = (struct serving_thread){.fanout = fanout_new(&hooks)};
        fanouts[i] = t->fanout;
        assert_int_equal(uv_loop_init(&t->loop), 0);
        mailbox_open(&t->mailbox, &t->loop);
        (void)uv_idle_init(&t->loop, &t->joining);
        (void)uv_idle_start(&t->joining, join_one);
        (void)uv_timer_init(&t->loop, &t->alive);
        (void)uv_timer_start(&t->alive, never, 3600000, 0);
    }
    *g = (struct fanout_group){.each = fanouts, .count = THREADS};
}

static void threads_close(void)
{
    for (size_t i = 0; i < THREADS; i++) {
        threads[i].stop.deliver = stop_thread;
        mailbox_post(&threads[i].mailbox, &threads[i].stop);
    }
    for (size_t i = 0; i < THREADS; i++) {
        struct serving_thread *t = &threads[i];
        assert_int_equal(uv_thread_join(&t->id), 0);
        for (size_t s = 0; s < t->open; s++)
            fanout_leave(&t->streams[s].member);
        fanout_free(t->fanout);
        assert_int_equal(uv_loop_close(&t->loop), 0);
    }
}

/* The control thread's part: a change, one letter to each thread with snapshot and frame. */
static void update(struct fanout_group *g, struct env_facts *facts, struct dataset **data,
                   int64_t version)
{
    struct item *it = numbered(version);
    struct frame *frame = frame_new(FRAME_CHANGE, "patch", buf_view(it->text));
    struct fanout_news news = {.frames = {[FANOUT_ALL] = &frame},
                               .frame_count = {[FANOUT_ALL] = 1}};
    struct dataset *next = dataset_with_item_take(*data, it);
    struct env_snapshot *s = snapshot_of(facts, (uint64_t)version, next);
    fanout_broadcast_post(g, 0, s, &news);
    env_snapshot_unref(s);
    frame_unref(frame);
    dataset_unref(*data);
    *data = next;
}

static void streams_that_join_at_any_moment_see_every_version_once(void **state)
{
    struct fanout *fanouts[THREADS];
    struct fanout_group g;
    struct env_facts *facts = facts_new();
    struct dataset *data = first_dataset();
    (void)state;
    threads_open(&g, fanouts);
    struct env_snapshot *s = snapshot_of(facts, 1, data);
    fanout_broadcast_post(&g, 0, s, NULL); /* directly: no thread runs yet */
    env_snapshot_unref(s);
    for (size_t i = 0; i < THREADS; i++) {
        assert_ptr_equal(fanout_snapshot(fanouts[i], 0)->data, data);
        assert_int_equal(uv_thread_create(&threads[i].id, serve, &threads[i]), 0);
    }
    g.route = (struct fanout_route){NULL, post};
    for (int64_t version = 2; version <= UPDATES; version++)
        update(&g, facts, &data, version);
    threads_close();
    for (size_t i = 0; i < THREADS; i++)
        for (size_t n = 0; n < threads[i].open; n++)
            assert_int_equal(threads[i].streams[n].version, UPDATES);
    dataset_unref(data);
    env_facts_unref(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broadcast_reaches_the_members_of_its_channel),
        cmocka_unit_test(an_unknown_slot_has_no_snapshot),
        cmocka_unit_test(streams_that_join_at_any_moment_see_every_version_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
