/* goals/answer.c - what upstream answered, as clients get it: without the headers that concern the
 * connection, upstream's own CORS, or another domain's cookies. */
#include "goals/goals_private.h"
#include "http/date.h"

#include <stdatomic.h>

/* Content-Length and -Encoding are those of our own answer; Content-Type is kept apart. */
static const char *const left_out[] = {"connection",
                                       "keep-alive",
                                       "proxy-authenticate",
                                       "proxy-authorization",
                                       "proxy-connection",
                                       "te",
                                       "trailer",
                                       "transfer-encoding",
                                       "upgrade",
                                       "content-length",
                                       "content-encoding",
                                       "content-type",
                                       "set-cookie",
                                       "set-cookie2"};

static bool is_passed_on(struct view name, struct view value, struct view connection)
{
    if (value.len == 0)
        return false; /* it says nothing */
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] == 0x7F)
            return false; /* it could end its line */
    if (view_starts_nocase(name, "access-control"))
        return false;
    return !view_is_among(name, left_out, ARRAY_LEN(left_out)) && !view_list_has(connection, name);
}

static void line_add(struct str *lines, struct view name, struct view value)
{
    str_append(lines, name);
    str_append_text(lines, ": ");
    str_append(lines, value);
    str_append_text(lines, "\r\n");
}

/* False at the end. */
static bool line_take(struct view *rest, struct view *line, struct view *name, struct view *value)
{
    if (rest->len == 0)
        return false;
    struct view start = *rest;
    struct view text = view_take_until(rest, "\r");
    *rest = view_from(*rest, 2);
    *line = view_make(start.data, start.len - rest->len);
    *name = view_take_until(&text, ":");
    *value = view_from(text, 2);
    return true;
}

static struct view value_in(struct view lines, struct view wanted)
{
    struct view line;
    struct view name;
    struct view value;
    while (line_take(&lines, &line, &name, &value))
        if (view_equal_nocase(name, wanted))
            return value;
    return view_make("", 0);
}

struct view goals_answer_value(const struct goals_answer *a, const char *name)
{
    return value_in(str_view(&a->lines), view_of(name));
}

static struct goals_answer *answer_begin(int status, struct view type)
{
    struct goals_answer *a = mem_zalloc(sizeof *a);
    atomic_init(&a->refs, 1);
    a->status = status;
    a->type = mem_copy_text(type.data, type.len);
    return a;
}

struct goals_answer *goals_answer_empty(int status)
{
    struct goals_answer *a = answer_begin(status, view_make("", 0));
    a->body = buf_new(0);
    a->rules.may_keep = true; /* it is for anybody */
    return a;
}

struct goals_answer *goals_answer_busy(void)
{
    struct goals_answer *a = goals_answer_empty(503);
    str_append_text(&a->lines, "Retry-After: 1\r\n");
    return a;
}

/* Its age is counted from a Date, so there is always one. */
static void answer_date(struct goals_answer *a, int64_t now_ms)
{
    char date[HTTP_DATE_SIZE];
    if (goals_answer_value(a, "date").len == 0) {
        http_date_write(now_ms / 1000, date);
        line_add(&a->lines, VIEW_LITERAL("Date"), view_of(date));
    }
    a->dated = true;
}

struct goals_answer *goals_answer_new(int status, const struct http_head *head, int64_t now_ms)
{
    struct view connection = http_head_value(head, "Connection");
    struct view type = http_head_value(head, "Content-Type");
    struct goals_answer *a = answer_begin(
        status, is_passed_on(VIEW_LITERAL("x"), type, view_make("", 0)) ? type : view_make("", 0));
    struct view name;
    struct view value;
    for (size_t at = 0; http_head_next(head, &at, &name, &value);)
        if (is_passed_on(name, value, connection))
            line_add(&a->lines, name, value);
    answer_date(a, now_ms);
    goals_rules_read(a, now_ms, &a->rules);
    return a;
}

void goals_answer_set_body(struct goals_answer *a, struct view body)
{
    a->body = buf_copy(body);
}

struct goals_answer *goals_answer_renew(const struct goals_answer *old,
                                        const struct goals_answer *fresh, int64_t now_ms)
{
    struct goals_answer *a =
        answer_begin(old->status, view_of(fresh->type[0] != '\0' ? fresh->type : old->type));
    struct view rest = str_view(&old->lines);
    struct view line;
    struct view name;
    struct view value;
    str_append(&a->lines, str_view(&fresh->lines));
    while (line_take(&rest, &line, &name, &value))
        if (value_in(str_view(&fresh->lines), name).len == 0)
            str_append(&a->lines, line);
    a->dated = true;
    a->body = buf_ref(old->body);
    goals_rules_read(a, now_ms, &a->rules);
    return a;
}

struct goals_answer *goals_answer_ref(struct goals_answer *a)
{
    atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
    return a;
}

void goals_answer_unref(struct goals_answer *a)
{
    if (a == NULL || atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) != 1)
        return;
    buf_unref(a->body);
    str_free(&a->lines);
    mem_free(a->type);
    mem_free(a);
}
