/* store/dynamodb.c - the kind "dynamodb": operations become tasks. See dynamodb.h. */
#include "store/dynamodb_private.h"

#include "base/mask.h"

#include <inttypes.h>

#define LOCAL_REGION "us-east-1" /* what requests to a configured URL are signed for */

/* ---- the end of a task ----------------------------------------------------------------------- */

static void maps_free(struct dynamodb_task *t)
{
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        map_free(&t->wanted[kind]);
        map_free(&t->same[kind]);
    }
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct dynamodb_task *t = timer->data;
    struct store_op *op = t->op;
    for (size_t i = 0; i < t->stale_count; i++)
        mem_free(t->stale[i].key);
    mem_free(t->stale);
    mem_free(t->dropped);
    mem_free(t->steps);
    maps_free(t);
    buf_unref(t->batch);
    buf_unref(t->listing.page);
    str_free(&t->listing.start_key);
    dataset_builder_free(t->builder);
    list_remove(&t->link);
    mem_free(t);
    op->done(op);
}

static void task_end(struct dynamodb_task *t, bool ok)
{
    t->ended = true;
    t->op->ok = ok;
    dynamodb_request_drop(t);
    if (!ok) {
        dataset_unref(t->op->read);
        t->op->read = NULL;
    }
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
}

void dynamodb_succeed(struct dynamodb_task *t)
{
    task_end(t, true);
}

void dynamodb_fail(struct dynamodb_task *t, const char *before, const char *problem)
{
    error_set(&t->op->problem, "%s%s", before, problem);
    task_end(t, false);
}

/* ---- pauses and work ------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct dynamodb_task *t = timer->data;
    t->due(t);
}

void dynamodb_later(struct dynamodb_task *t, int64_t ms, void (*due)(struct dynamodb_task *t))
{
    t->due = due;
    (void)uv_timer_start(&t->timer, on_timer, (uint64_t)ms, 0);
}

static void hurry_task(struct dynamodb_task *t)
{
    dynamodb_fail(t, "", "the program ends");
}

static void on_worked(uv_work_t *work, int status)
{
    struct dynamodb_task *t = work->data;
    (void)status; /* nobody cancels it */
    t->working = false;
    if (t->backend->hurried)
        hurry_task(t);
    else
        t->worked(t);
}

void dynamodb_work(struct dynamodb_task *t, uv_work_cb work,
                   void (*worked)(struct dynamodb_task *t))
{
    t->worked = worked;
    t->working = true;
    t->work.data = t;
    (void)uv_queue_work(t->backend->loop, &t->work, work, on_worked);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static struct dynamodb_spot *spot_of(struct dynamodb_backend *b, const struct store_op *op)
{
    struct str name = {0};
    str_append_format(&name, "%s\n%s", op->table, op->prefix);
    struct dynamodb_spot *spot = map_get(&b->spots, str_view(&name));
    if (spot == NULL) {
        spot = mem_zalloc(sizeof *spot);
        (void)map_set(&b->spots, str_view(&name), spot);
        log_always(op->log, LOG_INFO, "DynamoDBDataStore: Using DynamoDB table %s", op->table);
    }
    str_free(&name);
    return spot;
}

static void version_free(struct view key, void *version, void *arg)
{
    (void)key;
    (void)arg;
    mem_free(version);
}

static void spot_free(struct view key, void *value, void *arg)
{
    struct dynamodb_spot *spot = value;
    (void)key;
    (void)arg;
    map_each(&spot->dropped, version_free, NULL);
    map_free(&spot->dropped);
    mem_free(spot);
}

void dynamodb_drop(struct dynamodb_task *t, const struct item *it)
{
    struct dynamodb_spot *spot = spot_of(t->backend, t->op);
    struct str name = {0};
    str_append_format(&name, "%s\n%.*s", item_kind_store_name(it->kind), VIEW_ARGS(it->key));
    int64_t *version = map_get(&spot->dropped, str_view(&name));
    bool known = version != NULL && *version == it->version;
    bool large = dynamodb_fit(t->place.prefix, it) == DYNAMODB_TOO_LARGE;
    if (version == NULL) {
        version = mem_zalloc(sizeof *version);
        (void)map_set(&spot->dropped, str_view(&name), version);
    }
    *version = it->version;
    str_free(&name);
    if (!known && !large)
        log_always(t->op->log, LOG_ERROR,
                   "DynamoDBDataStore: The item \"%.*s\" in \"%s\" was dropped; keys in DynamoDB "
                   "have 1 to 1024 bytes",
                   VIEW_ARGS(it->key), item_kind_store_name(it->kind));
    else if (!known)
        log_always(t->op->log, LOG_ERROR,
                   "DynamoDBDataStore: The item \"%.*s\" in \"%s\" was too large to store in "
                   "DynamoDB and was dropped",
                   VIEW_ARGS(it->key), item_kind_store_name(it->kind));
}

/* ---- operations ------------------------------------------------------------------------------ */

static struct dynamodb_backend *dynamodb_of(struct store_backend *base)
{
    return CONTAINER_OF(base, struct dynamodb_backend, base);
}

static void (*const begin[STORE_OP_TYPE_COUNT])(struct dynamodb_task *t) = {
    [STORE_OP_INIT] = dynamodb_init,  [STORE_OP_UPSERT] = dynamodb_upsert,
    [STORE_OP_READ] = dynamodb_read,  [STORE_OP_PROBE] = dynamodb_look,
    [STORE_OP_CHECK] = dynamodb_look,
};

struct dynamodb_task *dynamodb_task_new(struct dynamodb_backend *b, struct store_op *op)
{
    struct dynamodb_task *t = mem_zalloc(sizeof *t);
    t->backend = b;
    t->op = op;
    t->place = (struct dynamodb_place){op->table, op->prefix};
    (void)uv_timer_init(b->loop, &t->timer);
    t->timer.data = t;
    list_append(&b->tasks, &t->link);
    return t;
}

static void dynamodb_run(struct store_backend *base, struct store_op *op)
{
    struct dynamodb_backend *b = dynamodb_of(base);
    struct dynamodb_task *t = dynamodb_task_new(b, op);
    (void)spot_of(b, op);
    if (b->hurried)
        hurry_task(t);
    else
        begin[op->type](t);
}

static bool dynamodb_keeps(const struct store_backend *base, const char *prefix,
                           const struct item *it)
{
    (void)base;
    return dynamodb_fit(prefix, it) == DYNAMODB_FITS;
}

static void dynamodb_hurry(struct store_backend *base)
{
    struct dynamodb_backend *b = dynamodb_of(base);
    b->hurried = true;
    LIST_EACH (link, &b->tasks) {
        struct dynamodb_task *t = CONTAINER_OF(link, struct dynamodb_task, link);
        if (!t->working && !t->ended)
            hurry_task(t);
    }
}

static void dynamodb_close(struct store_backend *base, void (*closed)(void *arg), void *arg)
{
    struct dynamodb_backend *b = dynamodb_of(base);
    struct aws_credentials *credentials = b->credentials;
    map_each(&b->spots, spot_free, NULL);
    map_free(&b->spots);
    mem_free(b->url);
    mem_free(b->shown);
    mem_free(b->address);
    mem_free(b);
    aws_credentials_close(credentials, closed, arg);
}

static const char *dynamodb_server(const struct store_backend *base)
{
    return CONTAINER_OF(base, const struct dynamodb_backend, base)->shown;
}

static const struct store_backend_class dynamodb_class = {.name = "dynamodb",
                                                          .title = "DynamoDB",
                                                          .embedded = false,
                                                          .monitored = true,
                                                          .run = dynamodb_run,
                                                          .keeps = dynamodb_keeps,
                                                          .hurry = dynamodb_hurry,
                                                          .close = dynamodb_close,
                                                          .server = dynamodb_server};

/* ---- opening --------------------------------------------------------------------------------- */

static char *masked(const char *url)
{
    struct str shown = {0};
    mask_url(view_of(url), &shown);
    str_append_text(&shown, "");
    return str_take_text(&shown);
}

/* The configured URL, AWS's own variable, or the service in the region. */
static void find_service(struct dynamodb_backend *b, const char *configured)
{
    const struct aws_chain *chain = aws_credentials_chain(b->credentials);
    const char *fixed = configured[0] != '\0' ? configured : chain->dynamodb_url;
    struct str url = {0};
    b->region = chain->region[0] == '\0' && fixed[0] != '\0' ? LOCAL_REGION : chain->region;
    if (fixed[0] != '\0')
        str_append_text(&url, fixed);
    else
        aws_endpoint("dynamodb", b->region, &url);
    b->url = str_take_text(&url);
    b->shown = masked(configured);
    b->address = masked(b->url);
}

struct store_backend *store_dynamodb_open(const struct store_dynamodb_settings *settings,
                                          uv_loop_t *loop, const struct clock *clock,
                                          struct error *err)
{
    struct aws_credentials *credentials =
        aws_credentials_open(settings->variable, loop, clock, err);
    if (credentials == NULL)
        return NULL;
    struct dynamodb_backend *b = mem_zalloc(sizeof *b);
    b->base.class = &dynamodb_class;
    b->loop = loop;
    b->clock = clock;
    b->random = settings->random;
    b->credentials = credentials;
    list_init(&b->tasks);
    find_service(b, settings->url);
    return &b->base;
}
