/* store/store.c - one environment's store: opened, asked, answered, closed. See store.h. */
#include "store/store_private.h"

#include <assert.h>
#include <string.h>

/* Single items that wait for the database, before the whole data set takes their place. */
#define QUEUE_BYTES ((size_t)16 << 20)
#define CLOSE_PATIENCE_MS 3000

static struct store_job *job_of(const struct list *link)
{
    return CONTAINER_OF(link, struct store_job, link);
}

/* ---- closing --------------------------------------------------------------------------------- */

static void timer_closed(uv_handle_t *handle)
{
    struct store *s = handle->data;
    if (--s->timers_open != 0)
        return;
    struct store_listener listener = s->listener;
    list_remove(&s->link);
    log_scope_unref(s->log);
    mem_free(s->prefix);
    mem_free(s->table);
    mem_free(s);
    listener.closed(listener.owner);
}

static uv_timer_t *timer_of(struct store *s, size_t index)
{
    uv_timer_t *const timers[] = {&s->turn, &s->hold.timer, &s->monitor.timer};
    return timers[index];
}

#define TIMER_COUNT 3

static void close_when_idle(struct store *s)
{
    if (!s->closing || !store_queue_idle(s) || uv_is_closing((uv_handle_t *)&s->turn))
        return;
    for (size_t i = 0; i < TIMER_COUNT; i++)
        uv_close((uv_handle_t *)timer_of(s, i), timer_closed);
}

static void patience_over(uv_timer_t *timer)
{
    struct store *s = CONTAINER_OF(timer, struct store, turn);
    log_always(s->log, LOG_WARN, "%zu update(s) were not written to the data store before the end",
               store_pending(s));
    store_queue_drop(s, true);
    if (store_database_closing(s->db))
        s->db->backend->class->hurry(s->db->backend);
    close_when_idle(s);
}

void store_close(struct store *s)
{
    if (s->closing)
        return;
    s->closing = true;
    for (size_t i = 0; i < TIMER_COUNT; i++)
        (void)uv_timer_stop(timer_of(s, i));
    store_queue_drop(s, store_monitor_hopeless(s));
    (void)uv_timer_start(&s->turn, patience_over, CLOSE_PATIENCE_MS, 0);
    close_when_idle(s);
}

/* ---- opening --------------------------------------------------------------------------------- */

struct store *store_open(struct store_database *db, const struct store_place *place,
                         struct log_scope *log, const struct store_listener *listener)
{
    const char *server = store_database_server(db);
    struct store *s = mem_zalloc(sizeof *s);
    s->db = db;
    s->prefix = mem_copy_text(place->prefix, strlen(place->prefix));
    s->table = mem_copy_text(place->table, strlen(place->table));
    s->log = log_scope_ref(log);
    s->listener = *listener;
    list_append(&db->stores, &s->link);
    store_queue_init(s);
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        (void)uv_timer_init(db->loop, timer_of(s, i));
        timer_of(s, i)->data = s;
        s->timers_open++;
    }
    store_monitor_start(s);
    db->opened++;
    if (db->backend->class->monitored)
        log_always(log_global(), LOG_INFO, "Using %s data store: %s with prefix: %s",
                   db->backend->class->title, place->table[0] != '\0' ? place->table : server,
                   place->prefix);
    if (db->backend->class->opened != NULL)
        db->backend->class->opened(db->backend, place->prefix);
    return s;
}

/* ---- posts ----------------------------------------------------------------------------------- */

uint64_t store_init_post(struct store *s, struct dataset *data)
{
    enum store_purpose purpose = STORE_FOR_SOURCE;
    (void)store_queue_supersede(s, &purpose);
    struct store_job *j = store_queue_add(s, STORE_OP_INIT, purpose, dataset_ref(data), NULL);
    store_hold_posted(s, j);
    uint64_t number = j->number;
    store_queue_next(s);
    return number;
}

uint64_t store_upsert_post(struct store *s, struct item *it)
{
    struct store_job *j = store_queue_add(s, STORE_OP_UPSERT, STORE_FOR_SOURCE, NULL, item_ref(it));
    store_hold_posted(s, j);
    uint64_t number = j->number;
    if (s->queue.waiting_bytes > QUEUE_BYTES)
        store_turn_start(s);
    store_queue_next(s);
    return number;
}

static void read_add(struct store *s, unsigned kinds, bool ask_marker)
{
    struct store_job *j = store_queue_add(s, STORE_OP_READ, STORE_FOR_SOURCE, NULL, NULL);
    j->kinds = kinds;
    j->ask_marker = ask_marker;
}

void store_read_post(struct store *s, unsigned kinds)
{
    read_add(s, kinds, false);
    store_queue_next(s);
}

bool store_keeps(const struct store *s, const struct item *it)
{
    const struct store_backend *b = s->db->backend;
    return b->class->keeps == NULL || b->class->keeps(b, s->prefix, it);
}

static void turn(uv_timer_t *timer)
{
    struct store *s = CONTAINER_OF(timer, struct store, turn);
    if (store_monitor_hopeless(s))
        store_queue_fail_writes(s, "the data store is unavailable");
    else if (s->queue.waiting_bytes > QUEUE_BYTES)
        (void)store_monitor_refill(s, STORE_FOR_SOURCE);
    store_queue_next(s);
}

void store_turn_start(struct store *s)
{
    if (!s->closing)
        (void)uv_timer_start(&s->turn, turn, 0, 0);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void log_failed_write(const struct store *s, const struct store_job *j)
{
    if (j->purpose != STORE_FOR_SOURCE)
        return;
    if (j->it == NULL)
        log_line(s->log, LOG_ERROR,
                 "Failed to store initial streaming data in data store; will try again once data "
                 "store is working");
    else
        log_line(s->log, LOG_ERROR,
                 "Failed to store streaming %s of %.*s in data store; will try again once data "
                 "store is working",
                 j->it->deleted ? "deletion" : "update", VIEW_ARGS(j->it->key));
}

void store_writes_failed(struct store *s, const struct list *jobs, const char *problem)
{
    if (!s->monitor.failing)
        log_always(s->log, LOG_WARN,
                   "Unexpected data store error when trying to store an update received from the "
                   "data source: %s",
                   problem);
    s->monitor.failing = true;
    LIST_EACH (link, jobs) {
        log_failed_write(s, job_of(link));
    }
    if (!s->closing)
        s->listener.write_failed(s->listener.owner, problem);
}

static void write_tell(struct store *s, const struct store_op *op)
{
    unsigned kinds = op->type == STORE_OP_INIT ? STORE_ALL_KINDS : 0;
    bool whole = job_of(s->queue.running.next)->data != NULL;
    for (size_t i = 0; i < op->item_count; i++)
        kinds |= 1u << op->items[i]->kind;
    if (!s->closing)
        s->listener.written(s->listener.owner, kinds, whole);
}

static void write_finished(struct store *s, const struct store_op *op)
{
    const struct list *jobs = &s->queue.running;
    enum store_purpose purpose = job_of(jobs->next)->purpose;
    if (op->ok) {
        s->monitor.failing = false;
        s->monitor.marked = s->monitor.marked || op->type == STORE_OP_INIT;
        write_tell(s, op);
        if (!op->lost) /* else what fills the database again contains this write and releases it */
            store_hold_release(s, job_of(jobs->prev)->number);
    } else if (purpose == STORE_FOR_SOURCE) {
        store_monitor_failed(s, op->problem.text);
        store_writes_failed(s, jobs, op->problem.text);
    }
    if (purpose != STORE_FOR_SOURCE && !s->closing)
        store_monitor_refilled(s, purpose, op);
}

/* Nothing at all where the marker was known to be: is it still there? */
static bool looks_lost(const struct store *s, const struct store_op *op)
{
    return s->db->backend->class->monitored && op->ok && !op->ask_marker &&
           dataset_count(op->read, ITEM_FLAG) == 0 && dataset_count(op->read, ITEM_SEGMENT) == 0;
}

static void read_finished(struct store *s, const struct store_op *op)
{
    struct store_contents contents = {op->ok, op->kinds, op->marked, op->read, op->problem.text};
    if (s->closing) {
        dataset_unref(op->read);
        return;
    }
    if (looks_lost(s, op)) {
        dataset_unref(op->read);
        read_add(s, op->kinds, true);
        return;
    }
    if (!op->ok)
        store_monitor_failed(s, op->problem.text);
    else if (op->ask_marker && s->monitor.marked)
        store_monitor_marker(s, op->marked);
    else
        s->monitor.marked = op->marked;
    s->listener.read_done(s->listener.owner, &contents);
}

static void probe_finished(struct store *s, const struct store_op *op)
{
    if (!s->closing)
        store_monitor_probed(s, op);
}

static void check_finished(struct store *s, const struct store_op *op)
{
    if (!s->closing)
        store_monitor_checked(s, op);
}

static void (*const finished[STORE_OP_TYPE_COUNT])(struct store *s, const struct store_op *op) = {
    [STORE_OP_INIT] = write_finished,  [STORE_OP_UPSERT] = write_finished,
    [STORE_OP_READ] = read_finished,   [STORE_OP_PROBE] = probe_finished,
    [STORE_OP_CHECK] = check_finished,
};

void store_op_finished(struct store_op *op)
{
    struct store *s = CONTAINER_OF(op, struct store, queue.op);
    assert(!op->ok || op->type != STORE_OP_READ || op->read != NULL);
    if (op->lost)
        store_database_lost(s->db);
    finished[op->type](s, op);
    store_queue_done(s);
    store_hold_caught_up(s);
    store_queue_next(s);
    close_when_idle(s);
}

enum store_state store_state(const struct store *s)
{
    return s->monitor.state;
}

const char *store_prefix(const struct store *s)
{
    return s->prefix;
}
