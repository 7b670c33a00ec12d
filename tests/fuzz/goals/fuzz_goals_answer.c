/* Any bytes as the heads of two answers of upstream, of which the second renews the first.
 *
 * Laws: what clients are sent is whole lines, each with one CR LF at its end and no other control
 * character; none of the headers that are ours; times that can be counted with. */
#include "goals/goals_private.h"
#include "http/client_head.h"

#include <stdlib.h>

#define NOW_MS 1700000000000
#define FAR_MS ((int64_t)1 << 48)

static void must(bool law)
{
    if (!law)
        abort();
}

static void check_line(struct view line)
{
    static const char *const ours[] = {"access-control-allow-origin:", "content-length:",
                                       "transfer-encoding:", "connection:", "set-cookie:"};
    for (size_t i = 0; i < line.len; i++)
        must(line.data[i] == '\t' || (unsigned char)line.data[i] >= 0x20);
    must(memchr(line.data, ':', line.len) != NULL);
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        must(line.len < strlen(ours[i]) ||
             !view_equal_nocase(view_make(line.data, strlen(ours[i])), view_of(ours[i])));
}

static void check(const struct goals_answer *a)
{
    struct view rest = str_view(&a->lines);
    while (rest.len != 0) {
        check_line(view_take_until(&rest, "\r"));
        must(view_starts(rest, "\r\n"));
        rest = view_from(rest, 2);
    }
    must(goals_answer_value(a, "date").len != 0);
    must(a->rules.fresh_until_ms > -FAR_MS && a->rules.fresh_until_ms < FAR_MS);
    must(a->rules.usable_until_ms > -FAR_MS && a->rules.usable_until_ms < FAR_MS);
}

/* NULL: the client would not have taken it. */
static struct goals_answer *answer_of(struct view text)
{
    struct http_head head;
    struct error err;
    size_t used;
    struct goals_answer *a = NULL;
    client_head_init(&head);
    if (client_head_feed(&head, text, &used, &err) == CLIENT_HEAD_WHOLE) {
        a = goals_answer_new(head.status, &head, NOW_MS);
        goals_answer_set_body(a, VIEW_LITERAL("[]"));
        check(a);
    }
    client_head_free(&head);
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_make((const char *)data, size);
    const char *cut = size != 0 ? memchr(data, 0, size) : NULL;
    size_t first = cut != NULL ? (size_t)(cut - text.data) : size;
    struct goals_answer *old = answer_of(view_make(text.data, first));
    struct goals_answer *fresh = answer_of(view_from(text, first + 1));
    if (old != NULL && fresh != NULL) {
        struct goals_answer *renewed = goals_answer_renew(old, fresh, NOW_MS);
        check(renewed);
        must(renewed->status == old->status && renewed->body == old->body);
        goals_answer_unref(renewed);
    }
    goals_answer_unref(old);
    goals_answer_unref(fresh);
    return 0;
}
