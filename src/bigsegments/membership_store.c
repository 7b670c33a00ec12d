/* bigsegments/membership_store.c - what all kinds have in common: how operations end, and stores.
 *
 *   membership_store_close() -> hurry -> last done() -> release -> released -> later: closed
 */
#include "bigsegments/membership_kind.h"

#include <assert.h>
#include <string.h>

static char *copy_text(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

struct membership_database *membership_database_open(const struct store_settings *settings,
                                                     struct store_database *database,
                                                     uv_loop_t *loop)
{
    struct membership_database *db = NULL;
    if (settings->kind == STORE_SQLITE)
        db = membership_sqlite_open();
    else if (settings->kind == STORE_REDIS)
        db = membership_redis_open();
    else if (settings->kind == STORE_DYNAMODB)
        db = membership_dynamodb_open();
    if (db == NULL)
        return NULL;
    db->database = database;
    db->loop = loop;
    return db;
}

static void database_closed(uv_handle_t *turn)
{
    struct membership_database *db =
        CONTAINER_OF((uv_timer_t *)turn, struct membership_database, turn);
    void (*closed)(void *arg) = db->closed;
    void *arg = db->arg;
    mem_free(db);
    closed(arg);
}

void membership_database_close(struct membership_database *db, void (*closed)(void *arg), void *arg)
{
    db->closed = closed;
    db->arg = arg;
    if (db->kind->close != NULL)
        db->kind->close(db);
    (void)uv_timer_init(db->loop, &db->turn);
    uv_close((uv_handle_t *)&db->turn, database_closed);
}

struct membership_store *membership_store_open(struct membership_database *db,
                                               const struct store_place *place,
                                               struct log_scope *log)
{
    struct membership_store *s = db->kind->open();
    s->db = db;
    s->prefix = copy_text(place->prefix);
    s->table = copy_text(place->table);
    s->log = log_scope_part(log, db->kind->title);
    (void)uv_timer_init(db->loop, &s->turn);
    if (db->kind->opened != NULL)
        db->kind->opened(s);
    return s;
}

void membership_run(struct membership_store *s, struct membership_op *op)
{
    assert(!s->closing && "nothing is asked of a store that is being closed");
    op->ok = false;
    op->mismatch = false;
    op->found = NULL;
    op->cursor = (struct str){0};
    op->problem.text[0] = '\0';
    s->under_way++;
    s->db->kind->run(s, op);
}

static void release_when_idle(struct membership_store *s)
{
    if (!s->closing || s->releasing || s->under_way != 0)
        return;
    s->releasing = true;
    s->db->kind->release(s);
}

void membership_op_finish(struct membership_store *s, struct membership_op *op)
{
    op->done(op);
    s->under_way--;
    release_when_idle(s);
}

void membership_store_close(struct membership_store *s, void (*closed)(void *arg), void *arg)
{
    s->closing = true;
    s->closed = closed;
    s->arg = arg;
    if (s->under_way != 0)
        s->db->kind->hurry(s);
    release_when_idle(s);
}

static void turn_closed(uv_handle_t *turn)
{
    struct membership_store *s = CONTAINER_OF((uv_timer_t *)turn, struct membership_store, turn);
    void (*closed)(void *arg) = s->closed;
    void *arg = s->arg;
    log_scope_unref(s->log);
    mem_free(s->prefix);
    mem_free(s->table);
    mem_free(s);
    closed(arg);
}

void membership_store_released(struct membership_store *s)
{
    uv_close((uv_handle_t *)&s->turn, turn_closed);
}
