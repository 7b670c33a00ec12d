/* store/redis_link.c - see redis_link.h.
 *
 *   OPENING --on_open--> GREETING --the last greeting is answered--> READY --> ENDED
 *                        AUTH, SELECT, ROLE, CONFIG GET in one write
 */
#include "store/redis_link.h"

#include "base/log.h"

#define LINK_TLS_TIMEOUT_MS 10000

/* What is said first, in this order. */
enum link_greeting { GREETING_AUTH, GREETING_SELECT, GREETING_ROLE, GREETING_POLICY };

enum link_state { LINK_OPENING, LINK_GREETING, LINK_READY, LINK_ENDED };

struct redis_link {
    const struct redis_link_listener *listener;
    void *owner;
    enum link_state state;
    struct transport *transport;
    struct redis_reader *reader;
    struct str greeting;             /* commands of the handshake */
    size_t expected;                 /* answers that are still to come */
    enum link_greeting greetings[4]; /* in the order of their answers */
    size_t greeting_count;
    size_t greeting_next;
    uv_timer_t timer;
    int64_t reply_timeout_ms; /* of the settings */
    int64_t patience_ms;      /* in force */
    bool timer_closed;
    bool transport_ended;
    struct error problem;
};

static void link_free_when_ended(struct redis_link *l)
{
    if (!l->timer_closed || !l->transport_ended)
        return;
    redis_reader_free(l->reader);
    str_free(&l->greeting);
    l->listener->on_end(l->owner, l->problem.text); /* redis_lane.c and others */
    mem_free(l);
}

static void link_on_timer_closed(uv_handle_t *timer)
{
    struct redis_link *l = timer->data;
    l->timer_closed = true;
    link_free_when_ended(l);
}

static void link_end(struct redis_link *l, const char *problem)
{
    if (l->state == LINK_ENDED)
        return;
    l->state = LINK_ENDED;
    if (problem != l->problem.text)
        error_set(&l->problem, "%s", problem);
    if (!l->transport_ended)
        transport_close(l->transport);
    uv_close((uv_handle_t *)&l->timer, link_on_timer_closed);
}

void redis_link_close(struct redis_link *l, const char *why)
{
    link_end(l, why);
}

static void link_on_silence(uv_timer_t *timer)
{
    struct redis_link *l = timer->data;
    error_set(&l->problem, "Redis gave no answer within %lld ms", (long long)l->patience_ms);
    link_end(l, l->problem.text);
}

/* The clock runs while answers are expected. */
static void silence_begin(struct redis_link *l)
{
    if (l->expected == 0)
        (void)uv_timer_stop(&l->timer);
    else
        (void)uv_timer_start(&l->timer, link_on_silence, (uint64_t)l->patience_ms, 0);
}

void redis_link_set_patience(struct redis_link *l, int64_t ms)
{
    l->patience_ms = ms > l->reply_timeout_ms ? ms : l->reply_timeout_ms;
    if (l->state == LINK_READY)
        silence_begin(l);
}

void redis_link_send_take(struct redis_link *l, struct str *bytes, size_t answers)
{
    if (l->state == LINK_ENDED || l->state == LINK_OPENING) {
        str_free(bytes);
        return;
    }
    l->expected += answers;
    silence_begin(l);
    transport_write_take(l->transport, bytes);
}

/* ---- the handshake --------------------------------------------------------------------------- */

static void link_ready(struct redis_link *l)
{
    l->state = LINK_READY;
    silence_begin(l);
    l->listener->on_ready(l->owner);
}

/* Our keys have no time to live, so volatile policies never touch them. */
static void policy_look(const struct redis_reply *r)
{
    if (r->type != REDIS_LIST || r->count != 2)
        return;
    struct view policy = r->elements[1]->text;
    if (!view_is(policy, "noeviction") && !view_starts(policy, "volatile-"))
        log_line(log_global(), LOG_WARN,
                 "Redis maxmemory-policy is \"%.*s\"; flag data may be evicted. Use noeviction",
                 VIEW_ARGS(policy));
}

static void greeting_answered(struct redis_link *l, const struct redis_reply *r)
{
    enum link_greeting greeting = l->greetings[l->greeting_next++];
    if (greeting == GREETING_POLICY) {
        policy_look(r); /* many users may not ask; then nobody knows */
    } else if (r->type == REDIS_FAILURE) {
        error_set(&l->problem, "Redis refused the connection: %.*s", VIEW_ARGS(r->text));
        link_end(l, l->problem.text);
        return;
    } else if (greeting == GREETING_ROLE && !(r->type == REDIS_LIST && r->count > 0 &&
                                              view_is(r->elements[0]->text, "master"))) {
        link_end(l, REDIS_LINK_NO_MASTER);
        return;
    }
    if (l->greeting_next == l->greeting_count)
        link_ready(l);
}

static void greet(struct redis_link *l, enum link_greeting greeting, const char *name,
                  struct view a, struct view b)
{
    redis_command_short(&l->greeting, name, a, b, view_of(""));
    l->greetings[l->greeting_count++] = greeting;
}

static void greeting_write(struct redis_link *l, const struct redis_link_settings *settings)
{
    struct view none = {0};
    struct view user = view_of(settings->username);
    struct view password = view_of(settings->password);
    if (password.len > 0)
        greet(l, GREETING_AUTH, "AUTH", user.len > 0 ? user : password,
              user.len > 0 ? password : none);
    if (settings->database != 0) {
        struct str number = {0};
        str_append_int(&number, settings->database);
        greet(l, GREETING_SELECT, "SELECT", str_view(&number), none);
        str_free(&number);
    }
    if (settings->must_be_master)
        greet(l, GREETING_ROLE, "ROLE", none, none);
    if (settings->asks_policy)
        greet(l, GREETING_POLICY, "CONFIG", VIEW_LITERAL("GET"), VIEW_LITERAL("maxmemory-policy"));
    l->expected = l->greeting_count;
}

/* ---- what the transport says ----------------------------------------------------------------- */

static void link_on_open(void *owner)
{
    struct redis_link *l = owner;
    if (l->state == LINK_ENDED)
        return;
    l->state = LINK_GREETING;
    if (l->expected == 0) {
        link_ready(l);
        return;
    }
    silence_begin(l);
    transport_write_take(l->transport, &l->greeting);
}

static void link_on_reply(struct redis_link *l, struct redis_reply *r)
{
    if (l->expected > 0)
        l->expected--;
    if (l->state == LINK_GREETING) {
        greeting_answered(l, r);
        redis_reply_free(r);
    } else {
        l->listener->on_reply(l->owner, r);
    }
}

static void link_on_data(void *owner, struct view bytes)
{
    struct redis_link *l = owner;
    if (l->state == LINK_ENDED)
        return;
    struct redis_reply *r = NULL;
    bool fine = redis_reader_feed(l->reader, bytes, &l->problem);
    while (fine && l->state != LINK_ENDED) {
        fine = redis_reader_next(l->reader, &r, &l->problem);
        if (!fine || r == NULL)
            break;
        link_on_reply(l, r);
    }
    if (!fine)
        link_end(l, l->problem.text);
    else if (l->state != LINK_ENDED)
        silence_begin(l);
}

static void link_on_drained(void *owner)
{
    struct redis_link *l = owner;
    if (l->state != LINK_READY)
        return;
    silence_begin(l);
    l->listener->on_room(l->owner);
}

static void link_on_transport_end(void *owner, const char *problem)
{
    struct redis_link *l = owner;
    l->transport_ended = true;
    link_end(l, problem);
    link_free_when_ended(l);
}

static const struct transport_listener transport_listener = {
    link_on_open, link_on_data, link_on_drained, link_on_transport_end};

struct redis_link *redis_link_open(const struct redis_link_settings *settings, uv_loop_t *loop,
                                   const struct redis_link_listener *listener, void *owner)
{
    struct redis_link *l = mem_zalloc(sizeof *l);
    l->listener = listener;
    l->owner = owner;
    l->reader = redis_reader_new();
    l->reply_timeout_ms = settings->reply_timeout_ms;
    l->patience_ms = settings->reply_timeout_ms;
    greeting_write(l, settings);
    (void)uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    struct transport_settings transport = {.host = settings->host,
                                           .port = settings->port,
                                           .unix_path = settings->unix_path,
                                           .trust = settings->trust,
                                           .connect_timeout_ms = settings->connect_timeout_ms,
                                           .tls_timeout_ms = LINK_TLS_TIMEOUT_MS};
    l->transport = transport_open(&transport, loop, &transport_listener, l);
    return l;
}
