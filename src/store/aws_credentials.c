/* store/aws_credentials.c - see aws_credentials.h. */
#include "store/aws_credentials.h"

#include "base/log.h"
#include "http/client_trust.h"
#include "store/aws_fetch.h"

#include <string.h>

#define REFRESH_EARLY_MS 300000 /* before they expire */
#define REFRESH_PAUSE_MS 10000  /* after a refresh failed while there are valid ones */
#define EXTENDED_MS 60000       /* credentials that came late are used for that long */
#define USER_AGENT "flagrelay/" FLAGRELAY_VERSION

struct aws_credentials {
    struct aws_fetch_tools tools;
    struct aws_chain chain; /* as read at the start */
    struct aws_key key;
    struct aws_fetch *fetch; /* NULL: none is under way */
    struct list waiters;
    int64_t pause_until_ms;
    uv_timer_t later;          /* answers waiters whose credentials are there */
    void (*closed)(void *arg); /* not NULL: closing */
    void *closed_arg;
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool clients_open(struct aws_credentials *c, struct error *err)
{
    const char *bundle = c->tools.lookup("AWS_CA_BUNDLE");
    struct client_trust_settings trust = {.only_ca_file = bundle, .subject = "AWS"};
    struct http_client_settings settings = {.trust = &trust, .user_agent = USER_AGENT};
    if (!http_client_open(&settings, c->tools.loop, c->tools.clock, &c->tools.client, err))
        return false;
    settings.direct = true;
    return http_client_open(&settings, c->tools.loop, c->tools.clock, &c->tools.direct, err);
}

static void credentials_free(struct aws_credentials *c)
{
    if (c->tools.client != NULL)
        http_client_close(c->tools.client);
    if (c->tools.direct != NULL)
        http_client_close(c->tools.direct);
    aws_chain_free(&c->chain);
    aws_key_clear(&c->key);
    mem_free(c);
}

struct aws_credentials *aws_credentials_open(char *(*lookup)(const char *name), uv_loop_t *loop,
                                             const struct clock *clock, struct error *err)
{
    struct aws_credentials *c = mem_zalloc(sizeof *c);
    c->tools = (struct aws_fetch_tools){.lookup = lookup, .loop = loop, .clock = clock};
    list_init(&c->waiters);
    if (!aws_chain_load(lookup, &c->chain, err) || !clients_open(c, err)) {
        credentials_free(c);
        return NULL;
    }
    (void)uv_timer_init(loop, &c->later);
    c->later.data = c;
    return c;
}

static void on_later_closed(uv_handle_t *timer)
{
    struct aws_credentials *c = timer->data;
    void (*closed)(void *arg) = c->closed;
    void *arg = c->closed_arg;
    credentials_free(c);
    closed(arg);
}

void aws_credentials_close(struct aws_credentials *c, void (*closed)(void *arg), void *arg)
{
    c->closed = closed;
    c->closed_arg = arg;
    if (c->fetch != NULL)
        aws_fetch_stop(c->fetch);
    else
        uv_close((uv_handle_t *)&c->later, on_later_closed);
}

const struct aws_chain *aws_credentials_chain(const struct aws_credentials *c)
{
    return &c->chain;
}

struct http_client *aws_credentials_client(const struct aws_credentials *c)
{
    return c->tools.client;
}

/* ---- fetching -------------------------------------------------------------------------------- */

static bool valid_for(const struct aws_credentials *c, int64_t ms)
{
    return aws_key_is_set(&c->key) && (c->key.expires_wall_ms == 0 ||
                                       c->key.expires_wall_ms - clock_wall_ms(c->tools.clock) > ms);
}

/* Those that wait now; whoever waits again from inside its call waits for the next ones. */
static void waiters_answer(struct aws_credentials *c, const char *problem)
{
    struct list answered;
    list_init(&answered);
    while (!list_empty(&c->waiters)) {
        struct list *first = c->waiters.next;
        list_remove(first);
        list_append(&answered, first);
    }
    while (!list_empty(&answered)) {
        struct aws_waiter *w = CONTAINER_OF(answered.next, struct aws_waiter, link);
        list_remove(&w->link);
        w->done(w, problem);
    }
}

/* What has expired when it comes is used all the same: the metadata service extends credentials in
 * an outage without saying so, and this machine's clock may be wrong. */
static void key_keep(struct aws_credentials *c, const struct aws_key *key)
{
    aws_key_clear(&c->key);
    c->key = aws_key_copy(key);
    if (valid_for(c, 0))
        return;
    c->key.expires_wall_ms = clock_wall_ms(c->tools.clock) + EXTENDED_MS;
    log_line(log_global(), LOG_WARN,
             "The AWS credentials that were fetched have expired already; using them");
}

static void on_fetched(void *owner, const struct aws_key *key, const char *problem)
{
    struct aws_credentials *c = owner;
    c->fetch = NULL;
    if (c->closed != NULL) {
        uv_close((uv_handle_t *)&c->later, on_later_closed);
        return;
    }
    if (key != NULL) {
        key_keep(c, key);
        waiters_answer(c, NULL);
        return;
    }
    c->pause_until_ms = clock_now_ms(c->tools.clock) + REFRESH_PAUSE_MS;
    if (valid_for(c, 0))
        log_line(log_global(), LOG_WARN, "Cannot refresh the AWS credentials: %s", problem);
    waiters_answer(c, problem);
}

static void fetch_start(struct aws_credentials *c)
{
    if (c->fetch == NULL && c->closed == NULL)
        c->fetch = aws_fetch_start(&c->tools, on_fetched, c);
}

const struct aws_key *aws_credentials_key(struct aws_credentials *c)
{
    if (!valid_for(c, 0))
        return NULL;
    if (!valid_for(c, REFRESH_EARLY_MS) && clock_now_ms(c->tools.clock) >= c->pause_until_ms)
        fetch_start(c);
    return &c->key;
}

static void on_later(uv_timer_t *timer)
{
    struct aws_credentials *c = timer->data;
    if (valid_for(c, 0))
        waiters_answer(c, NULL);
    else
        fetch_start(c);
}

void aws_credentials_wait(struct aws_credentials *c, struct aws_waiter *w)
{
    list_append(&c->waiters, &w->link);
    if (c->fetch == NULL)
        (void)uv_timer_start(&c->later, on_later, 0, 0);
}

void aws_credentials_hurry(struct aws_credentials *c)
{
    if (c->fetch != NULL)
        aws_fetch_stop(c->fetch);
}

void aws_credentials_withdraw(struct aws_waiter *w)
{
    list_remove(&w->link);
}

void aws_credentials_refused(struct aws_credentials *c, const char *id)
{
    if (aws_key_is_set(&c->key) && strcmp(c->key.id, id) == 0)
        aws_key_clear(&c->key);
}
