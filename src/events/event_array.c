/* events/event_array.c - one pass over the bytes of a post. */
#include "events/event_array.h"

#include "base/mem.h"

void event_array_free(struct event_array *a)
{
    mem_free(a->each);
    *a = (struct event_array){0};
}
