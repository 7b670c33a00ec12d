/* One look-up per name, however many wait. */
#include "http/client_lookup.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct waiter {
    struct client_lookup_waiter base;
    struct client_lookup_waiter *drops; /* leaves when this one is told */
    bool told;
    bool found;
};

static void on_done(struct client_lookup_waiter *base, int status, const struct addrinfo *all)
{
    struct waiter *w = CONTAINER_OF(base, struct waiter, base);
    assert_false(w->told);
    assert_true((status == 0) == (all != NULL));
    w->told = true;
    w->found = all != NULL;
    if (w->drops != NULL)
        client_lookup_leave(w->drops);
}

static void waiter_join(struct waiter *w, struct client_lookups *l, uv_loop_t *loop,
                        const char *host)
{
    *w = (struct waiter){.base = {.done = on_done}};
    list_init(&w->base.node);
    assert_int_equal(client_lookup_join(l, loop, host, &w->base), 0);
    assert_false(w->told);
}

static void those_who_ask_for_one_name_share_a_look_up(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct client_lookups lookups;
    struct waiter waiters[100];
    struct waiter other;
    uv_loop_init(&loop);
    client_lookups_init(&lookups);
    for (size_t i = 0; i < ARRAY_LEN(waiters); i++)
        waiter_join(&waiters[i], &lookups, &loop, "localhost");
    assert_int_equal(loop.active_reqs.count, 1);
    waiter_join(&other, &lookups, &loop, "nowhere.invalid");
    assert_int_equal(loop.active_reqs.count, 2);
    client_lookup_leave(&waiters[7].base);
    client_lookup_leave(&waiters[7].base); /* twice is once */
    waiters[10].drops = &waiters[11].base;
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < ARRAY_LEN(waiters); i++)
        assert_int_equal(waiters[i].told && waiters[i].found, i != 7 && i != 11);
    assert_true(other.told);
    assert_false(other.found);
    assert_true(list_empty(&lookups.running));
    waiter_join(&other, &lookups, &loop, "localhost");
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(other.found);
    client_lookups_done(&lookups);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* The worker is busy with the name when nobody wants to know any more. */
static void a_look_up_outlives_those_who_asked(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct client_lookups *lookups = mem_zalloc(sizeof *lookups);
    struct waiter *waiter = mem_zalloc(sizeof *waiter);
    client_lookups_init(lookups);
    waiter_join(waiter, lookups, &loop, "localhost");
    client_lookup_leave(&waiter->base);
    mem_free(waiter);
    client_lookups_done(lookups);
    mem_free(lookups);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_ask_for_one_name_share_a_look_up),
        cmocka_unit_test(a_look_up_outlives_those_who_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
