#include "bench_segments.h"

#include <string.h>

struct bench_segments *bench_segments;

/* ---- the database ---------------------------------------------------------------------------- */

static struct memberships *memberships_of(const char *text)
{
    struct view included[8];
    struct view excluded[8];
    size_t in = 0;
    size_t out = 0;
    struct view rest = view_of(text);
    while (rest.len != 0) {
        struct view word = view_take_until(&rest, " ");
        rest = view_from(rest, 1);
        if (word.len == 0)
            continue;
        struct view segment = view_make(word.data, word.len - 1);
        if (word.data[word.len - 1] == '+')
            included[in++] = segment;
        else
            excluded[out++] = segment;
    }
    return memberships_new(included, in, excluded, out);
}

/* "alice: vip.g1+; bob: ..." -> " vip.g1+" */
static struct memberships *found_for(const char *members, struct view hash)
{
    char copy[256];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", members != NULL ? members : "");
    for (char *one = strtok_r(copy, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        char want[MEMBERSHIPS_HASH_LEN + 1];
        one += strspn(one, " ");
        char *colon = strchr(one, ':');
        memberships_hash(view_make(one, (size_t)(colon - one)), want);
        if (view_is(hash, want))
            return memberships_of(colon + 1);
    }
    return memberships_of("");
}

static void op_answer(const struct bench_segments *s, struct membership_op *op)
{
    bool is_query = op->type == MEMBERSHIP_OP_QUERY;
    op->ok = !s->is_closing && !(is_query ? s->fails : s->time_fails);
    error_set(&op->problem, "connection lost");
    if (is_query && op->ok)
        op->found = found_for(s->members, op->hash);
    if (!is_query)
        op->time_ms = s->time_ms;
    op->done(op);
}

static void turn_closed(uv_handle_t *handle)
{
    struct bench_segments *s = handle->data;
    s->is_open = false;
    if (s->synchronizer_open)
        s->listener.closed(s->listener.owner);
    s->closed(s->arg);
}

static void on_turn(uv_timer_t *timer)
{
    struct bench_segments *s = timer->data;
    size_t count = s->count;
    struct membership_op *ops[BENCH_OPS];
    memcpy(ops, s->ops, sizeof ops);
    s->count = 0;
    for (size_t i = 0; i < count; i++)
        op_answer(s, ops[i]);
    if (s->is_closing)
        uv_close((uv_handle_t *)&s->turn, turn_closed);
}

void bench_segments_answer(struct bench_segments *s)
{
    (void)uv_timer_start(&s->turn, on_turn, 0, 0);
}

struct membership_store *membership_store_open(struct membership_database *db,
                                               const struct store_place *place,
                                               struct log_scope *log)
{
    struct bench_segments *s = (struct bench_segments *)db;
    (void)place, (void)log;
    assert_false(s->is_open);
    s->is_open = true;
    (void)uv_timer_init(&bench->loop, &s->turn);
    s->turn.data = s;
    return (struct membership_store *)s;
}

void membership_store_close(struct membership_store *store, void (*closed)(void *arg), void *arg)
{
    struct bench_segments *s = (struct bench_segments *)store;
    s->is_closing = true;
    s->closed = closed;
    s->arg = arg;
    bench_segments_answer(s);
}

void membership_run(struct membership_store *store, struct membership_op *op)
{
    struct bench_segments *s = (struct bench_segments *)store;
    assert_true(!s->is_closing && s->count < BENCH_OPS);
    op->found = NULL;
    s->queries += op->type == MEMBERSHIP_OP_QUERY;
    s->time_reads += op->type == MEMBERSHIP_OP_READ_TIME;
    s->ops[s->count++] = op;
    if (!s->hold)
        bench_segments_answer(s);
}

/* ---- the synchroniser ------------------------------------------------------------------------ */

struct synchronizer *synchronizer_open(const struct synchronizer_settings *settings,
                                       const struct synchronizer_listener *listener)
{
    (void)settings;
    bench_segments->listener = *listener;
    bench_segments->synchronizer_open = true;
    return (struct synchronizer *)bench_segments;
}

void synchronizer_close(struct synchronizer *s)
{
    (void)s; /* with the store, in a later turn */
}

const struct synchronizer_counts *synchronizer_counts(const struct synchronizer *s)
{
    static const struct synchronizer_counts none;
    (void)s;
    return &none;
}

void bench_segments_changed(struct bench_segments *s, const char *segment)
{
    struct view key = view_of(segment);
    s->listener.changed(s->listener.owner, &key, 1);
}

void bench_segments_synchronized(struct bench_segments *s, int64_t wall_ms)
{
    s->listener.synchronized(s->listener.owner, wall_ms);
}

/* ---- the bench ------------------------------------------------------------------------------- */

void bench_segments_setup(struct bench_segments *s, struct bench *b)
{
    *s = (struct bench_segments){.time_ms = b->clock.wall_ms};
    bench_segments = s;
    b->settings.memberships = (struct membership_database *)s;
    b->settings.members_cache_size = 3;
    b->settings.members_cache_ms = 5000;
    b->settings.segments_poll_ms = 20;
}

static struct item *item_of(enum item_kind kind, const char *key, const char *json)
{
    struct error err;
    struct item *it = item_parse(kind, view_of(key), view_of(json), &err);
    assert_non_null(it);
    return it;
}

struct dataset *bench_segments_dataset(void)
{
    struct dataset_builder *b = dataset_builder_new();
    dataset_builder_add_take(
        b, item_of(ITEM_FLAG, "f",
                   "{\"key\":\"f\",\"version\":1,\"on\":true,\"variations\":[\"in\",\"out\"],"
                   "\"clientSide\":true,\"fallthrough\":{\"variation\":1},\"rules\":[{\"id\":\"r\","
                   "\"variation\":0,\"clauses\":[{\"op\":\"segmentMatch\",\"values\":[\"vip\"]}]}]"
                   "}"));
    dataset_builder_add_take(
        b, item_of(ITEM_SEGMENT, "vip",
                   "{\"key\":\"vip\",\"version\":1,\"unbounded\":true,\"generation\":1,\"rules\":["
                   "{\"clauses\":[{\"attribute\":\"key\",\"op\":\"startsWith\",\"values\":["
                   "\"ruled\"]}]}]}"));
    return dataset_builder_finish_take(b);
}
