/* store/redis_guest.c - see redis_guest.h.
 *
 *   STARTING --turn--> CREDENTIALS --> LOCATING --> LINKED --> ENDED: the turn's closing is on_end
 */
#include "store/redis_guest.h"

#include "store/redis_private.h"
#include "store/store_private.h"

struct redis_guest {
    struct redis_backend *backend;
    const struct redis_link_listener *listener;
    void *owner;
    struct str key;
    struct aws_waiter waiter;
    bool locating;
    struct redis_link *link; /* NULL: not connected */
    int64_t login_ms;
    bool ended;
    uv_timer_t turn;
    struct error problem;
};

static void on_turn_closed(uv_handle_t *handle)
{
    struct redis_guest *g = CONTAINER_OF((uv_timer_t *)handle, struct redis_guest, turn);
    const struct redis_link_listener *listener = g->listener;
    void *owner = g->owner;
    struct error problem = g->problem;
    str_free(&g->key);
    mem_free(g);
    listener->on_end(owner, problem.text); /* membership_redis.c */
}

static void end_when_free(struct redis_guest *g)
{
    if (g->ended && g->link == NULL && !g->locating && !uv_is_closing((uv_handle_t *)&g->turn))
        uv_close((uv_handle_t *)&g->turn, on_turn_closed);
}

static void end(struct redis_guest *g, const char *problem)
{
    if (!g->ended)
        error_set(&g->problem, "%s", problem);
    g->ended = true;
    aws_credentials_withdraw(&g->waiter);
    end_when_free(g);
}

/* ---- what the link says ---------------------------------------------------------------------- */

static void on_ready(void *owner)
{
    struct redis_guest *g = owner;
    if (!g->ended)
        g->listener->on_ready(g->owner);
}

static void on_reply(void *owner, struct redis_reply *reply)
{
    struct redis_guest *g = owner;
    if (!g->ended)
        g->listener->on_reply(g->owner, reply);
    else
        redis_reply_free(reply);
}

static void on_room(void *owner)
{
    struct redis_guest *g = owner;
    if (!g->ended)
        g->listener->on_room(g->owner);
}

/* Whoever is master, or has the slot, may be another one by now. */
static void on_link_end(void *owner, const char *problem)
{
    struct redis_guest *g = owner;
    struct redis_places *places = g->backend->places;
    g->link = NULL;
    if (!g->ended && places != NULL)
        places->class->forget(places);
    end(g, problem);
}

static const struct redis_link_listener link_listener = {on_ready, on_reply, on_room, on_link_end};

/* ---- connecting ------------------------------------------------------------------------------ */

static void open_link(struct redis_guest *g, const char *host, uint16_t port)
{
    struct redis_link_settings settings = redis_link_settings_of(g->backend);
    if (host != NULL) {
        settings.host = host;
        settings.port = port;
    }
    g->login_ms = redis_iam_now_ms(g->backend->iam);
    g->link = redis_link_open(&settings, g->backend->loop, &link_listener, g);
}

static void on_located(void *owner, const char *host, uint16_t port, const char *problem)
{
    struct redis_guest *g = owner;
    g->locating = false;
    if (g->ended)
        end_when_free(g);
    else if (host == NULL)
        end(g, problem);
    else
        open_link(g, host, port);
}

static void locate(struct redis_guest *g)
{
    struct redis_places *places = g->backend->places;
    g->locating = places != NULL;
    if (places != NULL)
        places->class->locate(places, str_view(&g->key), on_located, g);
    else
        open_link(g, NULL, 0);
}

static void on_credentials(struct aws_waiter *w, const char *problem)
{
    struct redis_guest *g = CONTAINER_OF(w, struct redis_guest, waiter);
    if (problem != NULL)
        end(g, problem);
    else
        locate(g);
}

static void on_turn(uv_timer_t *turn)
{
    struct redis_guest *g = CONTAINER_OF(turn, struct redis_guest, turn);
    if (g->backend->iam == NULL || !redis_iam_wait(g->backend->iam, &g->waiter))
        locate(g);
}

/* ---- the face -------------------------------------------------------------------------------- */

struct redis_guest *redis_guest_open(struct store_database *db, struct view key,
                                     const struct redis_link_listener *listener, void *owner)
{
    struct redis_guest *g = mem_zalloc(sizeof *g);
    g->backend = CONTAINER_OF(db->backend, struct redis_backend, base);
    g->listener = listener;
    g->owner = owner;
    str_append(&g->key, key);
    list_init(&g->waiter.link);
    g->waiter.done = on_credentials;
    (void)uv_timer_init(g->backend->loop, &g->turn);
    (void)uv_timer_start(&g->turn, on_turn, 0, 0);
    return g;
}

void redis_guest_send_take(struct redis_guest *g, struct str *bytes, size_t answers)
{
    if (!g->ended && g->link != NULL)
        redis_link_send_take(g->link, bytes, answers);
    else
        str_free(bytes);
}

void redis_guest_set_patience(struct redis_guest *g, int64_t ms)
{
    if (!g->ended && g->link != NULL)
        redis_link_set_patience(g->link, ms);
}

bool redis_guest_is_old(const struct redis_guest *g)
{
    return redis_iam_is_old(g->backend->iam, g->login_ms);
}

void redis_guest_close(struct redis_guest *g, const char *why, bool moved)
{
    struct redis_places *places = g->backend->places;
    if (moved && places != NULL)
        places->class->forget(places);
    if (g->link != NULL)
        redis_link_close(g->link, why);
    end(g, why);
}
