/* store/consul_upsert.c - items are written where they are newer (data-store.md 3.3).
 *
 *   for each item   GET p/KIND/KEY                          what is stored?
 *                   PUT p/KIND/KEY?cas=ModifyIndex  true    the next item
 *                                                   false   somebody was faster: again, after 1-20
 * ms
 */
#include "store/consul_answer.h"
#include "store/consul_private.h"
#include "store/item_version.h"

#define UPSERT_MAX_PAUSE_MS 20

static struct consul_upsert *upsert_of(struct consul_task *t)
{
    return CONTAINER_OF(t, struct consul_upsert, task);
}

static const struct item *item_of(const struct consul_upsert *u)
{
    return u->task.op->items[u->next];
}

static void upsert_look(struct consul_task *t);

static void upsert_next(struct consul_upsert *u)
{
    u->next++;
    u->attempts = 0;
    upsert_look(&u->task);
}

static void upsert_disturbed(struct consul_upsert *u)
{
    const struct item *it = item_of(u);
    struct consul_backend *b = u->task.backend;
    struct error problem;
    if (++u->attempts < CONSUL_MAX_ATTEMPTS) {
        log_line(u->task.op->log, LOG_DEBUG,
                 "ConsulDataStore: Concurrent modification detected, retrying");
        double chance = b->random->unit(b->random);
        consul_pause(&u->task, 1 + (int64_t)(chance * (UPSERT_MAX_PAUSE_MS - 1)), upsert_look);
        return;
    }
    error_set(&problem, "failed to update key \"%.*s\" in \"%s\" after %d attempts",
              VIEW_ARGS(it->key), item_kind_store_name(it->kind), CONSUL_MAX_ATTEMPTS);
    consul_fail(&u->task, problem.text);
}

static void upsert_written(struct consul_task *t, const struct http_call_answer *a)
{
    if (!consul_answer_counts(t, a, 200))
        return;
    if (view_starts(a->body, "true"))
        upsert_next(upsert_of(t));
    else if (view_starts(a->body, "false"))
        upsert_disturbed(upsert_of(t));
    else
        consul_fail(t, "Consul's answer to a write is neither true nor false");
}

static void upsert_write(struct consul_upsert *u)
{
    const struct item *it = item_of(u);
    struct str key = {0};
    struct str path = {0};
    struct str query = {0};
    consul_item_append(&key, u->task.op->prefix, it);
    str_append_text(&path, "/kv/");
    consul_key_encode(str_view(&key), &path);
    str_append_format(&query, "cas=%s", u->index.len > 0 ? str_text(&u->index) : "0");
    struct consul_request r = {"PUT", str_view(&path), str_text(&query), it->text,
                               CONSUL_MAX_ANSWER};
    consul_ask(&u->task, &r, upsert_written);
    str_free(&key);
    str_free(&path);
    str_free(&query);
}

static void entry_note(void *arg, const struct consul_entry *e)
{
    struct consul_upsert *u = arg;
    u->entries++;
    u->version = store_item_version(e->value);
    str_clear(&u->index);
    str_append(&u->index, e->index);
}

/* The stored version; -1 when there is none. False when the task has failed. */
static bool upsert_found(struct consul_upsert *u, const struct http_call_answer *a)
{
    struct error problem;
    u->entries = 0;
    u->version = -1;
    str_clear(&u->index);
    if (a->status == 404)
        return true;
    if (!consul_entries_read(a->body, entry_note, u, &problem)) {
        consul_fail(&u->task, problem.text);
        return false;
    }
    if (u->entries == 1 && u->index.len > 0)
        return true;
    consul_fail(&u->task, "Consul's answer has not one entry with a ModifyIndex");
    return false;
}

static void upsert_looked(struct consul_task *t, const struct http_call_answer *a)
{
    struct consul_upsert *u = upsert_of(t);
    const struct item *it = item_of(u);
    if (!consul_answer_counts(t, a, 404) || !upsert_found(u, a))
        return;
    if (it->version > u->version) {
        upsert_write(u);
        return;
    }
    log_line(t->op->log, LOG_DEBUG,
             "ConsulDataStore: Attempted to %s key: %.*s version: %lld in \"%s\" with a version "
             "that is the same or older: %lld",
             it->deleted ? "delete" : "update", VIEW_ARGS(it->key), (long long)u->version,
             item_kind_store_name(it->kind), (long long)it->version);
    upsert_next(u);
}

static bool upsert_wants(struct consul_upsert *u)
{
    return (u->pending == NULL || u->pending[u->next]) &&
           consul_keeps_or_logs(&u->task, item_of(u));
}

static void upsert_look(struct consul_task *t)
{
    struct consul_upsert *u = upsert_of(t);
    struct str key = {0};
    while (u->next < u->end && !upsert_wants(u))
        u->next++;
    if (u->next == u->end) {
        u->finished(u);
        return;
    }
    consul_item_append(&key, t->op->prefix, item_of(u));
    consul_get(t, &key, "", CONSUL_MAX_ANSWER, upsert_looked);
    str_free(&key);
}

void consul_upsert_run(struct consul_upsert *u)
{
    u->attempts = 0;
    upsert_look(&u->task);
}

static void upsert_finished(struct consul_upsert *u)
{
    consul_succeed(&u->task);
}

static void upsert_begin(struct consul_task *t)
{
    struct consul_upsert *u = upsert_of(t);
    u->end = t->op->item_count;
    u->finished = upsert_finished;
    consul_upsert_run(u);
}

static void upsert_release(struct consul_task *t)
{
    str_free(&upsert_of(t)->index);
}

const struct consul_script consul_script_upsert = {sizeof(struct consul_upsert), upsert_begin,
                                                   upsert_release};
