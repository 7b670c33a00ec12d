/* What can happen between the store and Redis (data-store.md 4.6, 6.2): each fault is seen, costs
 * no more than its limit, and is over as soon as it is over. */
#include "proxy.h"
#include "redis_world.h"

#include <stdio.h>
#include <string.h>

struct faulty {
    struct redis_world r;
    struct proxy proxy;
};

static void begin(struct faulty *f)
{
    memset(f, 0, sizeof *f);
    redis_begin(&f->r);
    proxy_open(&f->proxy, &f->r.w.loop, f->r.server.port);
    (void)snprintf(f->r.address, sizeof f->r.address, "redis://127.0.0.1:%u", f->proxy.port);
    redis_open(&f->r);
    write_all(&f->r.h, dataset_text("f1 s:1"));
    f->r.h.snapshot = dataset_text("f2 s:1");
    f->r.h.current = true;
}

static void end(struct faulty *f)
{
    heard_close(&f->r.h);
    heard_forget(&f->r.h);
    world_close(&f->r.w);
    proxy_close(&f->proxy);
    world_end(&f->r.w);
    server_end(&f->r.server);
}

enum what { READ, WRITE_ONE, WRITE_ALL };

static void do_it(struct heard *h, enum what what)
{
    if (what == READ)
        store_read_post(h->store, STORE_ALL_KINDS);
    else if (what == WRITE_ALL)
        (void)store_init_post(h->store, h->snapshot);
    else
        (void)store_upsert_post(h->store, dataset_find(h->snapshot, ITEM_FLAG, view_of("f")));
}

/* With an old connection and with a new one; then all is well within a second. */
static void every_fault_is_an_outage_and_then_over(void **state)
{
    static const struct {
        enum proxy_fault fault;
        size_t half;
        uint64_t delay_ms;
        const char *text;
    } rows[] = {
        {PROXY_RESET, 0, 0, "connection reset by peer"},
        {PROXY_BLACK_HOLE, 0, 0, "Redis gave no answer within 500 ms"},
        {PROXY_SLOW, 0, 2000, "Redis gave no answer within 500 ms"},
        {PROXY_HALF, 1, 0, "EOF"},
        {PROXY_HALF, 12, 0, "EOF"},
        {PROXY_GARBAGE, 0, 0, "Redis"},
    };
    struct faulty f;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int what = READ; what <= WRITE_ALL; what++) {
            begin(&f);
            f.proxy.half = rows[i].half;
            f.proxy.delay_ms = rows[i].delay_ms;
            f.proxy.fault = rows[i].fault;
            uint64_t start_ns = uv_hrtime();
            do_it(&f.r.h, (enum what)what);
            run_until_state(&f.r.h, STORE_INTERRUPTED);
            assert_true(uv_hrtime() - start_ns < 5000000000);
            if (log_count(rows[i].text) == 0)
                fail_msg("row %zu, %d: not logged: %s", i, what, rows[i].text);
            f.proxy.fault = PROXY_PASS;
            start_ns = uv_hrtime();
            run_until_state(&f.r.h, STORE_VALID);
            print_message("row %zu, %d: over after %.2f s\n", i, what,
                          (double)(uv_hrtime() - start_ns) / 1e9);
            run_until_idle(&f.r.h);
            assert_dataset(read_back(&f.r.h), "f2 s:1");
            assert_true(f.r.h.initialized);
            assert_in_range(proxy_connections(&f.proxy), 1, 2);
            end(&f);
        }
    }
}

/* Answers that come late but within the limit are no fault. */
static void what_is_only_slow_is_waited_for(void **state)
{
    struct faulty f;
    (void)state;
    begin(&f);
    f.proxy.delay_ms = 100;
    f.proxy.fault = PROXY_SLOW;
    do_it(&f.r.h, WRITE_ALL);
    run_until_idle(&f.r.h);
    do_it(&f.r.h, WRITE_ONE);
    run_until_idle(&f.r.h);
    assert_dataset(read_back(&f.r.h), "f2 s:1");
    assert_int_equal(f.r.h.state_changes + f.r.h.failed_writes, 0);
    end(&f);
}

/* A connection that died while nobody used it costs nothing: the task begins again on a new one. */
static void an_idle_connection_that_died_is_not_an_outage(void **state)
{
    struct faulty f;
    (void)state;
    for (int what = READ; what <= WRITE_ALL; what++) {
        begin(&f);
        (void)read_back(&f.r.h);
        (void)redis_cli(&f.r.server, "client kill type normal");
        do_it(&f.r.h, (enum what)what);
        run_until_idle(&f.r.h);
        (void)read_back(&f.r.h);
        assert_int_equal(f.r.h.state_changes + f.r.h.failed_writes, 0);
        end(&f);
    }
}

/* Checklist 63: comes and goes, again and again. */
static void twenty_faults_leave_nothing_behind(void **state)
{
    struct faulty f;
    (void)state;
    begin(&f);
    for (int i = 0; i < 20; i++) {
        f.proxy.fault = i % 2 == 0 ? PROXY_RESET : PROXY_GARBAGE;
        do_it(&f.r.h, i % 3 == 0 ? READ : WRITE_ONE);
        run_until_state(&f.r.h, STORE_INTERRUPTED);
        f.proxy.fault = PROXY_PASS;
        run_until_state(&f.r.h, STORE_VALID);
        assert_in_range(proxy_connections(&f.proxy), 1, 2);
    }
    run_until_idle(&f.r.h);
    assert_dataset(read_back(&f.r.h), "f2 s:1");
    end(&f);
}

/* The end comes in the middle of a write to a server that is silent. */
static void the_end_waits_for_no_silent_server(void **state)
{
    struct faulty f;
    (void)state;
    begin(&f);
    heard_close(&f.r.h);
    heard_forget(&f.r.h);
    world_close(&f.r.w);
    f.r.w.settings.redis.read_timeout_ms = 60000;
    redis_open(&f.r);
    (void)read_back(&f.r.h);
    write_all(&f.r.h, dataset_text("f2"));
    f.proxy.fault = PROXY_BLACK_HOLE;
    struct dataset *d = dataset_text("f3");
    (void)store_init_post(f.r.h.store, d);
    dataset_unref(d);
    run_turns(&f.r.w, 3);
    uint64_t start_ns = uv_hrtime();
    end(&f);
    assert_true(uv_hrtime() - start_ns < 4500000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_an_outage_and_then_over),
        cmocka_unit_test(what_is_only_slow_is_waited_for),
        cmocka_unit_test(an_idle_connection_that_died_is_not_an_outage),
        cmocka_unit_test(twenty_faults_leave_nothing_behind),
        cmocka_unit_test(the_end_waits_for_no_silent_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
