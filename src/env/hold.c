/* env/hold.c - updates that wait at the door until the embedded database has them (store/store.h,
 * "writing"), so that no SDK has seen what the next start would not know.
 *
 *   put, patch --store_*_post()--> held, in order --store_listener.released--> accepted, broadcast
 *
 * The environment is as before until then: what a held update will do is decided when its turn
 * comes.
 */
#include "env/env_private.h"

struct held {
    struct list link;
    uint64_t number; /* of the write */
    struct dataset *data;
    struct item *it;
};

void env_hold(struct env *e, uint64_t number, struct dataset *data, struct item *it)
{
    struct held *h = mem_alloc(sizeof *h);
    *h = (struct held){.number = number, .data = data, .it = it};
    list_append(&e->held, &h->link);
}

static struct held *first(const struct env *e)
{
    return list_empty(&e->held) ? NULL : CONTAINER_OF(e->held.next, struct held, link);
}

void env_hold_end(struct env *e, uint64_t number)
{
    for (struct held *h = first(e); h != NULL && h->number <= number; h = first(e)) {
        list_remove(&h->link);
        if (h->data != NULL)
            env_put_accept(e, h->data);
        else
            (void)env_patch_accept(e, h->it);
        mem_free(h);
    }
}

void env_hold_end_all(struct env *e)
{
    env_hold_end(e, UINT64_MAX);
}

void env_hold_forget(struct env *e)
{
    for (struct held *h = first(e); h != NULL; h = first(e)) {
        list_remove(&h->link);
        dataset_unref(h->data);
        item_unref(h->it);
        mem_free(h);
    }
}
