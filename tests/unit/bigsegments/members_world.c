/* See members_world.h. */
#include "members_world.h"

#include <inttypes.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------ */

static void note(void *arg)
{
    *(bool *)arg = true;
}

static bool is_set(void *arg)
{
    return *(bool *)arg;
}

struct membership_store *members_store(struct members *m, const char *prefix)
{
    struct store_place place = {prefix, m->world->table};
    struct log_scope *log = log_scope_new("...test", "test", LOG_DEBUG);
    struct membership_store *s = membership_store_open(m->db, &place, log);
    log_scope_unref(log);
    return s;
}

void members_store_close(struct members *m, struct membership_store *s)
{
    m->store_closed = false;
    membership_store_close(s, note, &m->store_closed);
    assert_false(m->store_closed);
    run_until(m->world, is_set, &m->store_closed, "the end of a store");
}

void members_open(struct members *m, struct world *w)
{
    *m = (struct members){.world = w};
    m->db = membership_database_open(&w->settings, w->db, &w->loop);
    assert_non_null(m->db);
    m->store = members_store(m, "prod");
}

void members_close(struct members *m)
{
    members_store_close(m, m->store);
    membership_database_close(m->db, note, &m->closed);
    assert_false(m->closed);
    run_until(m->world, is_set, &m->closed, "the end of the database");
}

/* ---- operations ------------------------------------------------------------------------------ */

struct asked {
    struct membership_op op;
    bool done;
};

static void answered(struct membership_op *op)
{
    CONTAINER_OF(op, struct asked, op)->done = true;
}

static void ask(struct membership_store *s, struct world *w, struct asked *a)
{
    a->op.done = answered;
    membership_run(s, &a->op);
    assert_false(a->done);
    run_until(w, is_set, &a->done, "the answer of a database");
}

static struct str *fresh(void)
{
    static struct str said;
    str_clear(&said);
    return &said;
}

static const char *say(const struct asked *a, const char *text)
{
    struct str *said = fresh();
    str_append_text(said, a->op.ok ? text : a->op.problem.text);
    str_append_text(said, "");
    return str_text(said);
}

static void list_text(struct view words, char mark, struct str *out)
{
    bool first = true;
    str_append_char(out, '[');
    while (words.len > 0) {
        struct view word = view_take_until(&words, " ");
        words = view_from(words, 1);
        if (word.len == 0 || word.data[0] != mark)
            continue;
        str_append_format(out, "%s\"%.*s\"", first ? "" : ",", VIEW_ARGS(view_from(word, 1)));
        first = false;
    }
    str_append_char(out, ']');
}

void patch_text(const char *text, struct str *out)
{
    struct view rest = view_of(text);
    struct view segment = view_take_until(&rest, " ");
    rest = view_from(rest, 1);
    struct view previous = view_take_until(&rest, ">");
    rest = view_from(rest, 1);
    struct view version = view_take_until(&rest, " ");
    str_append_format(out,
                      "{\"segmentId\":\"%.*s\",\"previousVersion\":\"%.*s\",\"version\":\"%.*s\","
                      "\"changes\":{\"included\":{\"add\":",
                      VIEW_ARGS(segment), VIEW_ARGS(previous), VIEW_ARGS(version));
    list_text(rest, '+', out);
    str_append_text(out, ",\"remove\":");
    list_text(rest, '-', out);
    str_append_text(out, "},\"excluded\":{\"add\":");
    list_text(rest, '*', out);
    str_append_text(out, ",\"remove\":");
    list_text(rest, '/', out);
    str_append_text(out, "}}}");
}

const char *members_apply_raw(struct membership_store *s, struct world *w, struct view text)
{
    struct patch patch;
    struct error err;
    struct asked a = {.op = {.type = MEMBERSHIP_OP_APPLY, .patch = &patch}};
    if (!patch_parse(text, &patch, &err))
        fail_msg("%s", err.text);
    ask(s, w, &a);
    patch_free(&patch);
    return say(&a, a.op.mismatch ? "mismatch" : "applied");
}

const char *members_apply(struct membership_store *s, struct world *w, const char *patch)
{
    struct str text = {0};
    patch_text(patch, &text);
    const char *said = members_apply_raw(s, w, str_view(&text));
    str_free(&text);
    return said;
}

const char *members_cursor(struct membership_store *s, struct world *w)
{
    struct asked a = {.op = {.type = MEMBERSHIP_OP_READ_CURSOR}};
    ask(s, w, &a);
    const char *said = say(&a, str_text(&a.op.cursor));
    str_free(&a.op.cursor);
    return said;
}

const char *members_reset(struct membership_store *s, struct world *w)
{
    struct asked a = {.op = {.type = MEMBERSHIP_OP_RESET_CURSOR}};
    ask(s, w, &a);
    return say(&a, "ok");
}

const char *members_time(struct membership_store *s, struct world *w)
{
    struct asked a = {.op = {.type = MEMBERSHIP_OP_READ_TIME}};
    char text[32];
    ask(s, w, &a);
    (void)snprintf(text, sizeof text, "%" PRId64, a.op.time_ms);
    return say(&a, text);
}

const char *members_time_set(struct membership_store *s, struct world *w, int64_t time_ms)
{
    struct asked a = {.op = {.type = MEMBERSHIP_OP_WRITE_TIME, .time_ms = time_ms}};
    ask(s, w, &a);
    return say(&a, "ok");
}

/* Of the segments that the tests use. */
const char *members_of(struct membership_store *s, struct world *w, const char *hash)
{
    static const char *const segments[] = {"vip.g1", "vip.g2", "beta.g1", "eu.g4"};
    struct asked a = {.op = {.type = MEMBERSHIP_OP_QUERY, .hash = view_of(hash)}};
    struct str text = {0};
    ask(s, w, &a);
    for (size_t i = 0; a.op.ok && i < ARRAY_LEN(segments); i++) {
        enum membership found = memberships_find(a.op.found, view_of(segments[i]));
        if (found == MEMBERSHIP_UNKNOWN)
            continue;
        str_append_format(&text, "%s%s%c", text.len != 0 ? " " : "", segments[i],
                          found == MEMBERSHIP_INCLUDED ? '+' : '-');
    }
    memberships_unref(a.op.found);
    const char *said = say(&a, str_text(&text));
    str_free(&text);
    return said;
}
