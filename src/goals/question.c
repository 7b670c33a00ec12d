/* goals/question.c - what a client asks, and which of its headers LaunchDarkly gets to see: none of
 * the cookies and credentials that belong to the relay's own domain (http-api.md 7). */
#include "goals/goals_private.h"

static const char *const passed_on[] = {"accept", "accept-language", "if-none-match",
                                        "origin", "referer",         "user-agent"};

static bool is_passed_on(struct view name)
{
    static const char ours[] = "x-launchdarkly-";
    if (name.len >= sizeof ours && view_starts_nocase(name, ours))
        return true;
    return view_is_among(name, passed_on, ARRAY_LEN(passed_on));
}

struct goals_question *goals_question_new(struct view environment, struct view target,
                                          const struct goals_asker *asker)
{
    struct goals_question *q = mem_zalloc(sizeof *q);
    list_init(&q->link);
    q->environment = mem_copy_text(environment.data, environment.len);
    q->target = mem_copy_text(target.data, target.len);
    q->asker = *asker;
    return q;
}

static void header_add(struct goals_question *q, struct view name, struct view value)
{
    if (q->header_count == GOALS_HEADERS_MAX)
        return;
    struct goals_header *h = &q->headers[q->header_count++];
    h->name = mem_copy_text(name.data, name.len);
    h->value = mem_copy_text(value.data, value.len);
}

void goals_question_header(struct goals_question *q, struct view name, struct view value)
{
    if (is_passed_on(name))
        header_add(q, name, value);
}

void goals_question_forwarded(struct goals_question *q, struct view said, struct view address)
{
    struct str value = {0};
    str_append(&value, said);
    if (said.len != 0 && address.len != 0)
        str_append_text(&value, ", ");
    str_append(&value, address);
    if (value.len != 0)
        header_add(q, VIEW_LITERAL("X-Forwarded-For"), str_view(&value));
    str_free(&value);
}

const char *goals_question_value(const struct goals_question *q, struct view name)
{
    for (size_t i = 0; i < q->header_count; i++)
        if (view_equal_nocase(view_of(q->headers[i].name), name))
            return q->headers[i].value;
    return "";
}

void goals_question_free(struct goals_question *q)
{
    if (q == NULL)
        return;
    for (size_t i = 0; i < q->header_count; i++) {
        mem_free(q->headers[i].name);
        mem_free(q->headers[i].value);
    }
    mem_free(q->environment);
    mem_free(q->target);
    mem_free(q);
}

static void question_arrived(struct letter *l)
{
    struct goals_question *q = CONTAINER_OF(l, struct goals_question, letter);
    q->door.asked(q->door.owner, q);
}

void goals_ask_post(const struct goals_door *door, struct goals_question *q)
{
    q->door = *door;
    q->letter.deliver = question_arrived;
    mailbox_post(door->mailbox, &q->letter);
}
