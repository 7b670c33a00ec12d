/* events/event.c - words, and the end of posts. */
#include "events/event.h"

#include "base/mem.h"

const char *event_drop_name(enum event_drop reason)
{
#define AS_TEXT(constant, name) #name,
    static const char *const names[EVENT_DROP_COUNT] = {EVENT_DROPS(AS_TEXT)};
#undef AS_TEXT
    return names[reason];
}

int64_t event_schema_parse(struct view text)
{
    int64_t number = 0;
    bool sign = text.len != 0 && (text.data[0] == '+' || text.data[0] == '-');
    struct view digits = view_from(text, sign ? 1 : 0);
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return 1;
    }
    return number == 0 || text.data[0] == '-' ? 1 : number;
}

void event_post_free(struct event_post *post)
{
    if (post->safe != NULL)
        post->safe(post->owner);
    env_snapshot_unref(post->snapshot);
    event_array_free(&post->events);
    buf_unref(post->body);
    mem_free(post->tags);
    mem_free(post);
}
