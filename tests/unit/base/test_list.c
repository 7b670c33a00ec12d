/* Rings of nodes. */
#include "base/list.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct thing {
    int number;
    struct list node;
};

static int number_of(struct list *node)
{
    return CONTAINER_OF(node, struct thing, node)->number;
}

static void check_numbers(struct list *head, const int *numbers, size_t count)
{
    size_t i = 0;
    LIST_EACH (node, head) {
        assert_true(i < count);
        assert_int_equal(number_of(node), numbers[i++]);
    }
    assert_int_equal(i, count);
    for (struct list *node = head->prev; node != head; node = node->prev)
        assert_int_equal(number_of(node), numbers[--i]);
    assert_int_equal(i, 0);
}

static void nodes_keep_their_order(void **state)
{
    (void)state;
    struct list head;
    struct thing things[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    list_init(&head);
    assert_true(list_empty(&head));
    for (size_t i = 0; i < ARRAY_LEN(things); i++)
        list_append(&head, &things[i].node);
    assert_false(list_empty(&head));
    check_numbers(&head, (int[]){1, 2, 3}, 3);
    list_remove(&things[1].node);
    check_numbers(&head, (int[]){1, 3}, 2);
    list_append(&head, &things[1].node);
    check_numbers(&head, (int[]){1, 3, 2}, 3);
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct list head;
    struct thing alone = {.number = 1};
    list_init(&head);
    list_init(&alone.node);
    list_remove(&alone.node);
    list_append(&head, &alone.node);
    list_remove(&alone.node);
    list_remove(&alone.node);
    assert_true(list_empty(&head));
    assert_true(list_empty(&alone.node));
}

static void a_walk_may_remove_where_it_stands(void **state)
{
    (void)state;
    struct list head;
    struct thing things[5];
    list_init(&head);
    for (int i = 0; i < 5; i++) {
        things[i].number = i;
        list_append(&head, &things[i].node);
    }
    LIST_EACH_SAFE (node, &head) {
        if (number_of(node) % 2 == 0)
            list_remove(node);
    }
    check_numbers(&head, (int[]){1, 3}, 2);
}

static void everything_moves_behind_what_is_there(void **state)
{
    (void)state;
    struct list from;
    struct list to;
    struct thing things[4] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
    list_init(&from);
    list_init(&to);
    list_move_all(&from, &to);
    assert_true(list_empty(&to));
    list_append(&to, &things[0].node);
    for (int i = 1; i < 4; i++)
        list_append(&from, &things[i].node);
    list_move_all(&from, &to);
    assert_true(list_empty(&from));
    check_numbers(&to, (const int[]){1, 2, 3, 4}, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_moves_behind_what_is_there),
        cmocka_unit_test(nodes_keep_their_order),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(a_walk_may_remove_where_it_stands),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
