/* Every event that was accepted is delivered, counted as dropped for one reason, or still there:
 * whatever posts come and whatever the upstream answers (events.md 13.7, 15). The runs are by
 * chance, each with its own seed, which a failure names. */
#include "fake_spool.h"
#include "world.h"

#include <string.h>

#define RUNS 12
#define STEPS 300

struct dice {
    uint32_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state = d->state * 1664525 + 1013904223;
    return (d->state >> 8) % sides;
}

static const struct fake_rule moods[][2] = {
    {{.status = 202}, END},
    {{.status = 202}, END},
    {{.status = 503}, END},
    {{.status = 429, .header = "Retry-After: 20\r\n"}, END},
    {{.status = 413}, END},
    {{.status = 401}, END},
    {{.status = 404}, END},
    {{.status = 1, .manner = FAKE_RESET}, END},
    {{.status = 200, .body = "x", .manner = FAKE_HALF}, END},
};

/* Summaries, which are merged when memory runs out. */
static char *summaries(struct dice *d, int count)
{
    struct str text = {0};
    for (int i = 0; i < count; i++)
        str_append_format(&text,
                          "%c{\"kind\":\"summary\",\"startDate\":%u,\"endDate\":9,\"features\":{"
                          "\"f%u\":{\"counters\":[{\"version\":%u,\"value\":1,\"count\":%u}]}}}",
                          i == 0 ? '[' : ',', roll(d, 9), roll(d, 99), roll(d, 9), roll(d, 99) + 1);
    str_append_char(&text, ']');
    return str_take_text(&text);
}

static int64_t post_something(struct world *w, struct dice *d)
{
    static const char *const tags[] = {"", "application-id/a", "application-id/b"};
    struct world_post how = {.family = (enum event_family)roll(d, EVENT_USAGE),
                             .schema = 3 + roll(d, 2),
                             .tags = tags[roll(d, ARRAY_LEN(tags))],
                             .slot = roll(d, 2)};
    int count = (int)(roll(d, 8) == 0 ? roll(d, 1500) : roll(d, 20));
    char *body =
        roll(d, 3) == 0 ? summaries(d, count + 1) : world_numbers((int)roll(d, 1000000), count + 1);
    world_post(w, &how, body);
    mem_free(body);
    return count + 1;
}

static int64_t accounted(const struct world *w)
{
    return w->door.sent_events + w->door.pending_events + w->door.merged_events + world_dropped(w);
}

static void some_turns(struct world *w, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* Until the pool has done what it was given: merging depends on that. */
static void pool_wait(struct world *w)
{
    for (int i = 0; i < 200 && w->events->presses != 0; i++)
        world_turn(w);
}

/* What the environments have is what the door has: metrics are as true as /status. */
static void shares_check(const struct world *w, int64_t posted)
{
    struct events_counts sum = {.sent = 0};
    int64_t received = 0;
    for (unsigned slot = 0; slot < 2; slot++) {
        struct events_counts one;
        events_counts(w->events, slot, &one);
        for (int i = 0; i < EVENTS_KIND_COUNT; i++)
            received += one.received[i];
        for (int i = 0; i < EVENT_DROP_COUNT; i++)
            sum.dropped[i] += one.dropped[i];
        sum.merged += one.merged;
        sum.sent += one.sent;
        sum.sent_bytes += one.sent_bytes;
        sum.queue += one.queue;
        sum.queue_bytes += one.queue_bytes;
    }
    for (int i = 0; i < EVENT_DROP_COUNT; i++)
        assert_int_equal(sum.dropped[i], w->door.dropped[i]);
    assert_int_equal(received, posted);
    assert_int_equal(sum.merged, w->door.merged_events);
    assert_int_equal(sum.sent, w->door.sent_events);
    assert_int_equal(sum.sent_bytes, w->door.sent_bytes);
    assert_int_equal(sum.queue, w->door.pending_events);
    assert_int_equal(sum.queue_bytes, w->door.held_bytes);
}

/* What a 413 has unpacked waits for the press: so much of each family as may be under way. */
static int64_t unpacked_bytes(const struct world *w)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < w->events->env_count * EVENT_FAMILY_COUNT; i++) {
        const struct events_env *env = w->events->envs[i / EVENT_FAMILY_COUNT];
        const struct events_family *f = env != NULL ? env->families[i % EVENT_FAMILY_COUNT] : NULL;
        size_t count = 0;
        if (f == NULL)
            continue;
        LIST_EACH (node, &f->batches) {
            const struct events_batch *b = CONTAINER_OF(node, struct events_batch, each);
            count += b->unpacked;
            bytes += b->unpacked ? (int64_t)b->held : 0;
        }
        assert_int_equal(count, f->unpacked_count);
        assert_true(count <= 2 * (size_t)w->settings.max_in_flight);
    }
    return bytes;
}

/* One step of a run; the number of events that were posted. */
static int64_t step(struct world *w, struct dice *d)
{
    static const int64_t waits_ms[] = {10, 1000, 5000, 60000, 400000};
    switch (roll(d, 8)) {
    case 0:
        world_advance(w, waits_ms[roll(d, ARRAY_LEN(waits_ms))]);
        return 0;
    case 1:
        fake_http_rules(&w->upstream, moods[roll(d, ARRAY_LEN(moods))]);
        fake_http_forget(&w->upstream);
        return 0;
    case 2:
        some_turns(w, roll(d, 30));
        pool_wait(w);
        return 0;
    case 3:
        if (roll(d, 10) == 0)
            world_keys(w, roll(d, 2) ? "sdk-a" : "sdk-b", roll(d, 2) ? "mob-a" : "mob-b");
        return 0;
    default:
        return post_something(w, d);
    }
}

/* The upstream works again: whatever state all is in, nothing stays. */
static void drain(struct world *w)
{
    fake_disk.refuses = false;
    fake_http_rules(&w->upstream, moods[0]);
    for (int i = 0; i < 200 && w->door.pending_events != 0; i++) {
        world_pass(w, 70000);
        for (int k = 0; k < 20; k++) {
            some_turns(w, 10);
            world_settle(w);
        }
    }
}

/* What happened besides. */
struct seen {
    int64_t merged; /* summaries */
    size_t reads;   /* batches that came back from the disk */
};

static void run(uint32_t seed, bool spool, struct seen *seen)
{
    struct world w;
    struct dice d = {seed * 7919};
    int64_t posted = 0;
    world_init(&w, moods[0]);
    w.door.settings.max_queue_bytes = 100000 + roll(&d, 200000);
    w.settings.capacity_set = roll(&d, 2) == 0;
    w.settings.max_batch_bytes = 2000 + roll(&d, 20000);
    w.settings.max_in_flight = 1 + (int)roll(&d, 4);
    w.settings.retry_max_age_ms = roll(&d, 3) == 0 ? 0 : 300000;
    w.settings.spool_dir = spool ? "/somewhere" : "";
    world_open(&w);
    for (int i = 0; i < STEPS; i++) {
        posted += step(&w, &d);
        if (accounted(&w) != posted)
            fail_msg("seed %u, step %d: %lld events were posted, %lld are accounted for",
                     (unsigned)seed, i, (long long)posted, (long long)accounted(&w));
        shares_check(&w, posted);
        assert_true(w.door.held_bytes - unpacked_bytes(&w) <=
                    w.door.settings.max_queue_bytes + 50000);
        fake_disk.refuses = roll(&d, 20) == 0;
    }
    drain(&w);
    if (w.door.pending_events != 0)
        fail_msg("seed %u: %lld events are stuck", (unsigned)seed,
                 (long long)w.door.pending_events);
    world_end(&w, 1); /* nothing is held then */
    if (!spool)
        assert_int_equal(accounted(&w), posted);
    seen->merged += w.door.merged_events;
    seen->reads += fake_disk.reads;
    world_close(&w);
    fake_disk_clear();
}

static void without_a_spool(void **state)
{
    struct seen seen = {0};
    (void)state;
    for (uint32_t seed = 1; seed <= RUNS; seed++)
        run(seed, false, &seen);
    assert_true(seen.merged > 0);
}

static void with_a_spool(void **state)
{
    struct seen seen = {0};
    (void)state;
    for (uint32_t seed = 1; seed <= RUNS; seed++)
        run(seed, true, &seen);
    assert_true(seen.reads > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_spool),
        cmocka_unit_test(with_a_spool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
