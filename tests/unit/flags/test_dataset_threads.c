/* Several threads ask one data set for the same renderings, compare it, drop it, and make new ones
 * from it. The thread sanitizer is the judge; here everybody must get the same buffer. */
#include "flags_test.h"

#include <pthread.h>

#define THREADS 4
#define FLAGS 200
#define ROUNDS 100

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    struct dataset *data; /* a reference of its own */
    struct frame *all;
    struct frame *flags;
    struct item *const *ordered;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    size_t count;
    (void)pthread_barrier_wait(w->start);
    w->all = frame_ref(dataset_put_all(w->data));
    w->flags = frame_ref(dataset_put_flags(w->data));
    w->ordered = dataset_ordered(w->data, ITEM_FLAG, &count);
    struct dataset *next = dataset_with_item_take(w->data, test_flag("f7", 2, ""));
    struct dataset_diff diff;
    dataset_diff(w->data, next, &diff);
    dataset_diff_free(&diff);
    dataset_unref(w->data);
    dataset_unref(next);
    return NULL;
}

static struct dataset *dataset_new(void)
{
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < FLAGS; i++) {
        char key[16];
        char need[16];
        (void)snprintf(key, sizeof key, "f%d", i);
        (void)snprintf(need, sizeof need, "f%d", (i * 7) % FLAGS);
        dataset_builder_add_take(b, test_flag(key, 1, need));
    }
    return dataset_builder_finish_take(b);
}

static void round_run(void)
{
    struct worker workers[THREADS] = {0};
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    struct dataset *data = dataset_new();
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].start = &start;
        workers[i].data = dataset_ref(data);
    }
    dataset_unref(data);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_ptr_equal(workers[i].all, workers[0].all);
        assert_ptr_equal(workers[i].flags, workers[0].flags);
        assert_ptr_equal(workers[i].ordered, workers[0].ordered);
    }
    for (size_t i = 0; i < THREADS; i++) {
        frame_unref(workers[i].all);
        frame_unref(workers[i].flags);
    }
    (void)pthread_barrier_destroy(&start);
}

static void renderings_are_made_once(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        round_run();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(renderings_are_made_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
