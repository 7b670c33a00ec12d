#include "bench.h"

#include "base/log.h"

#include <string.h>

struct bench *bench;

/* ---- fake stores ----------------------------------------------------------------------------- */

static struct bench_store *store_of(struct store *s)
{
    return (struct bench_store *)s;
}

struct store *store_open(struct store_database *db, const struct store_place *place,
                         struct log_scope *log, const struct store_listener *listener)
{
    struct bench_store *s = &bench->stores[bench->store_count++];
    (void)db, (void)log;
    s->listener = *listener;
    s->prefix = mem_copy_text(place->prefix, strlen(place->prefix));
    s->open = true;
    return (struct store *)s;
}

uint64_t store_init_post(struct store *s, struct dataset *data)
{
    str_append_format(&store_of(s)->log, "init %zu;",
                      dataset_count(data, ITEM_FLAG) + dataset_count(data, ITEM_SEGMENT));
    return ++store_of(s)->writes;
}

uint64_t store_upsert_post(struct store *s, struct item *it)
{
    str_append_format(&store_of(s)->log, "upsert %.*s %d;", VIEW_ARGS(it->key), (int)it->version);
    return ++store_of(s)->writes;
}

void store_refill_post(struct store *s, struct dataset *data, bool current)
{
    str_append_format(&store_of(s)->log, "refill %zu %s;", dataset_count(data, ITEM_FLAG),
                      current ? "current" : "old");
}

void store_read_post(struct store *s, unsigned kinds)
{
    str_append_format(&store_of(s)->log, "read%s%s;",
                      (kinds & (1u << ITEM_FLAG)) != 0 ? "" : " no flags",
                      (kinds & (1u << ITEM_SEGMENT)) != 0 ? "" : " no segments");
}

const char *store_database_name(const struct store_database *db)
{
    (void)db;
    return "bench";
}

const char *store_database_server(const struct store_database *db)
{
    (void)db;
    return NULL;
}

bool store_keeps(const struct store *s, const struct item *it)
{
    (void)s;
    (void)it;
    return true;
}

bool store_writes_first(const struct store *s)
{
    return ((const struct bench_store *)s)->writes_first;
}

enum store_state store_state(const struct store *s)
{
    return ((const struct bench_store *)s)->state;
}

size_t store_pending(const struct store *s)
{
    return ((const struct bench_store *)s)->pending;
}

void store_close(struct store *s)
{
    store_of(s)->closing = true;
}

/* ---- the bench ------------------------------------------------------------------------------- */

static void log_line_seen(enum log_level level, struct view line, void *arg)
{
    struct bench *b = arg;
    if (level >= LOG_INFO)
        str_append_format(&b->log, "%.*s\n", VIEW_ARGS(line));
}

static void start_ended(void *owner, const char *name, const char *reason, bool refused)
{
    struct bench *b = owner;
    if (reason == NULL)
        str_append_format(&b->starts, "%s ok;", name);
    else
        str_append_format(&b->starts, "%s %s: %s;", name, refused ? "refused" : "failed", reason);
}

static void house_closed(void *owner)
{
    ((struct bench *)owner)->closed = true;
}

static void member_push(struct fanout_member *m, struct frame *f)
{
    str_append(&CONTAINER_OF(m, struct bench_member, member)->text, f->event);
    frame_unref(f);
}

void bench_setup(struct bench *b)
{
    static const struct fanout_hooks hooks = {.push = member_push};
    *b = (struct bench){0};
    bench = b;
    fake_clock_init(&b->clock, 1000000, 1700000000000);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    log_capture(log_line_seen, b);
    b->fanout = fanout_new(&hooks);
    b->settings = (struct house_settings){.clock = &b->clock.base,
                                          .loop = &b->loop,
                                          .base_uri = "http://up",
                                          .stream_uri = "http://up",
                                          .init_timeout_ms = 10000,
                                          .local_ttl_ms = -1,
                                          .disconnected_status_ms = 60000};
}

void bench_use_fanout(struct bench *b, struct fanout *f)
{
    fanout_free(b->fanout);
    b->fanout = f;
    b->foreign_fanout = true;
}

static void open_house(struct bench *b)
{
    struct house_listener listener = {b, start_ended, house_closed};
    b->house = house_open(&b->settings, &listener, &b->fanout, 1);
}

void bench_add(struct bench *b, const struct env_settings *settings)
{
    struct env_settings s = *settings;
    if (b->house == NULL)
        open_house(b);
    s.name = s.name != NULL ? s.name : "prod";
    s.sdk_key = s.sdk_key != NULL ? s.sdk_key : "sdk-prod-0001";
    s.mobile_key = s.mobile_key != NULL ? s.mobile_key : "";
    s.env_id = s.env_id != NULL ? s.env_id : "";
    s.filter_key = s.filter_key != NULL ? s.filter_key : "";
    s.prefix = s.prefix != NULL ? s.prefix : s.name;
    s.table = "";
    s.log_level = LOG_DEBUG;
    house_add(b->house, &s);
}

void bench_start(struct bench *b)
{
    house_start(b->house);
}

void bench_turn(struct bench *b)
{
    for (size_t i = 0; i < BENCH_ENVIRONMENTS; i++) {
        if (b->sources[i].open && b->sources[i].closing) {
            b->sources[i].open = false;
            b->sources[i].sink.closed(b->sources[i].sink.owner);
        }
        if (b->stores[i].open && b->stores[i].closing) {
            b->stores[i].open = false;
            b->stores[i].listener.closed(b->stores[i].listener.owner);
        }
    }
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

void bench_time_out(struct bench *b)
{
    while (bench_snapshot(b, 0)->state.readiness == ENV_STARTING)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
}

void bench_teardown(struct bench *b)
{
    if (b->house != NULL) {
        house_close(b->house);
        assert_false(b->closed); /* only from a later turn */
        for (int i = 0; i < 3; i++)
            bench_turn(b);
        assert_true(b->closed);
    }
    if (!b->foreign_fanout)
        fanout_free(b->fanout);
    for (size_t i = 0; i < BENCH_ENVIRONMENTS; i++) {
        str_free(&b->sources[i].opened_with);
        str_free(&b->stores[i].log);
        mem_free(b->stores[i].prefix);
    }
    str_free(&b->log);
    str_free(&b->starts);
    log_capture(NULL, NULL);
    /* What the thread pool does for an environment outlives it (env/prepare.c). */
    while (uv_loop_close(&b->loop) == UV_EBUSY)
        assert_true(uv_run(&b->loop, UV_RUN_ONCE) != 0 || !uv_loop_alive(&b->loop));
}

/* ---- what the outside does ------------------------------------------------------------------- */

struct item *bench_item(const char *word)
{
    bool segment = word[0] == '/';
    word += segment;
    const char *colon = strchr(word, ':');
    struct view key = view_make(word, (size_t)(colon - word));
    enum item_kind kind = segment ? ITEM_SEGMENT : ITEM_FLAG;
    if (colon[1] == 'x')
        return item_tombstone(kind, key, strtol(colon + 2, NULL, 10));
    struct str json = {0};
    struct error err;
    str_append_format(&json, "{\"key\":\"%.*s\",\"version\":%d}", VIEW_ARGS(key),
                      (int)strtol(colon + 1, NULL, 10));
    struct item *it = item_parse(kind, key, str_view(&json), &err);
    assert_non_null(it);
    str_free(&json);
    return it;
}

struct dataset *bench_dataset(const char *words)
{
    struct dataset_builder *b = dataset_builder_new();
    char copy[256];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        dataset_builder_add_take(b, bench_item(word));
    return dataset_builder_finish_take(b);
}

void bench_stored(struct bench *b, size_t i, const char *words)
{
    struct store_contents contents = {
        .ok = true, .kinds = STORE_ALL_KINDS, .initialized = words != NULL};
    contents.data = words != NULL ? bench_dataset(words) : dataset_empty();
    b->stores[i].listener.read_done(b->stores[i].listener.owner, &contents);
}

void bench_store_failed_to_read(struct bench *b, size_t i)
{
    struct store_contents contents = {.problem = "disk I/O error"};
    b->stores[i].listener.read_done(b->stores[i].listener.owner, &contents);
}

void bench_store_state(struct bench *b, size_t i, enum store_state state)
{
    b->stores[i].state = state;
    b->stores[i].listener.state_changed(b->stores[i].listener.owner, state);
}

/* ---- what can be seen ------------------------------------------------------------------------ */

struct env_snapshot *bench_snapshot(struct bench *b, size_t slot)
{
    return fanout_snapshot(b->fanout, (unsigned)slot);
}

void bench_join(struct bench *b, struct bench_member *m, size_t slot, enum fanout_kind kind)
{
    *m = (struct bench_member){0};
    fanout_join(b->fanout, (unsigned)slot, kind, &m->member);
}

void bench_leave(struct bench_member *m)
{
    fanout_leave(&m->member);
    str_free(&m->text);
}

void bench_expect(struct str *got, const char *want, const char *row)
{
    if (!view_is(str_view(got), want))
        fail_msg("%s\ngot  %s\nwant %s", row, str_text(got), want);
    str_clear(got);
}

bool bench_log_has(const struct bench *b, const char *text)
{
    return strstr(str_text(&b->log), text) != NULL;
}

static size_t item_count(struct dataset *d)
{
    return dataset_count(d, ITEM_FLAG) + dataset_count(d, ITEM_SEGMENT);
}

void bench_expect_readiness(struct bench *b, size_t slot, const char *want, const char *row)
{
    static const char *const names[] = {"STARTING", "READY", "REFUSED"};
    const struct env_snapshot *s = bench_snapshot(b, slot);
    struct str got = {0};
    str_append_text(&got, names[s->state.readiness]);
    if (s->state.readiness == ENV_READY && s->data == NULL)
        str_append_text(&got, " -");
    else if (s->state.readiness == ENV_READY)
        str_append_format(&got, " %zu", item_count(s->data));
    bench_expect(&got, want, row);
    str_free(&got);
}

static size_t occurrences(const char *text, const char *end, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at != NULL && at < end; at = strstr(at + 1, what))
        count++;
    return count;
}

void bench_expect_events(struct bench_member *m, const char *want, const char *row)
{
    struct str got = {0};
    const char *at = str_text(&m->text);
    while (strncmp(at, "event: ", 7) == 0) {
        const char *end = strstr(at, "\n\n");
        const char *path = strstr(at, "\"path\":\"/");
        int name_len = (int)strcspn(at + 7, "\n");
        str_append_format(&got, "%.*s ", name_len, at + 7);
        if (strncmp(at + 7, "put", 3) == 0)
            str_append_format(&got, "%zu;", occurrences(at, end, "\"version\":"));
        else
            str_append_format(&got, "%.*s;", (int)strcspn(path + 8, "\""), path + 8);
        at = end + 2;
    }
    bench_expect(&got, want, row);
    str_free(&got);
    str_clear(&m->text);
}

void bench_expect_connection(struct bench *b, size_t slot, const char *want, const char *row)
{
    const struct env_state *s = &bench_snapshot(b, slot)->state;
    struct str got = {0};
    str_append_text(&got, connection_state_name(s->connection));
    if (s->has_error)
        str_append_format(&got, " %s", connection_error_name(s->error_kind));
    if (s->error_status_code != 0)
        str_append_format(&got, "(%d)", s->error_status_code);
    bench_expect(&got, want, row);
    str_free(&got);
}
