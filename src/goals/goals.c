/* goals/goals.c - see goals.h: who is answered from what is kept, who waits for whom, and what is
 * asked of upstream. */
#include "goals/goals_private.h"

#include "base/log.h"
#include "http/call.h"

#define TIMEOUT_MS 10000
#define BODY_MAX_BYTES ((size_t)4 << 20)

/* At the same time; further questions wait, and those that find too many waiting are refused. */
#define FETCHES_MAX 64
#define FETCHES_PER_ENVIRONMENT 16
#define QUEUED_PER_ENVIRONMENT 64

/* One request to upstream, and who waits for it. */
struct goals_fetch {
    struct list link;
    struct goals *goals;
    struct http_call *call;
    struct goals_question *question; /* whose headers were sent; it is the first to be answered */
    struct list others;              /* the same question of other clients */
    struct goals_answer *kept;       /* what the request asks to be renewed; NULL: nothing */
    struct goals_answer *answer;     /* since its head came */
};

struct goals {
    struct goals_settings settings;
    char *origin; /* "https://clientsdk.launchdarkly.com" */
    struct goals_cache cache;
    struct list fetches;
    size_t fetch_count;
    struct list queue; /* of questions, the oldest first */
};

/* ---- answering ------------------------------------------------------------------------------- */

struct answer_letter {
    struct letter base;
    struct goals_asker asker;
    struct goals_answer *answer;
};

static void answer_arrived(struct letter *l)
{
    struct answer_letter *letter = CONTAINER_OF(l, struct answer_letter, base);
    letter->asker.answered(letter->asker.owner, letter->asker.id, letter->answer);
    goals_answer_unref(letter->answer);
    mem_free(letter);
}

/* Takes the question. */
static void answer_post(const struct goals *g, struct goals_question *q,
                        struct goals_answer *answer)
{
    const struct goals_route *route = &g->settings.route;
    struct answer_letter *letter = mem_zalloc(sizeof *letter);
    letter->base.deliver = answer_arrived;
    letter->asker = q->asker;
    letter->answer = goals_answer_ref(answer);
    route->post(route->owner, q->asker.thread, &letter->base);
    goals_question_free(q);
}

/* ---- asking upstream ------------------------------------------------------------------------- */

static struct goals_fetch *fetch_of(const struct list *node)
{
    return CONTAINER_OF(node, struct goals_fetch, link);
}

static struct goals_question *question_of(const struct list *node)
{
    return CONTAINER_OF(node, struct goals_question, link);
}

static void fetch_free(struct goals_fetch *f)
{
    list_remove(&f->link);
    f->goals->fetch_count--;
    LIST_EACH_SAFE (node, &f->others)
        goals_question_free(question_of(node));
    goals_question_free(f->question);
    goals_answer_unref(f->kept);
    goals_answer_unref(f->answer);
    mem_free(f);
}

static int64_t wall_ms(const struct goals *g)
{
    return clock_wall_ms(g->settings.clock);
}

/* What is kept is served when upstream cannot be reached, however old it is; goals change rarely.
 * NULL: there is nothing. */
static struct goals_answer *answer_for_failure(const struct goals_fetch *f, const char *problem)
{
    log_line(log_global(), LOG_ERROR, "http: proxy error: %s", problem);
    return f->kept != NULL ? goals_answer_ref(f->kept) : goals_answer_empty(502);
}

static bool is_kept_status(int status)
{
    return status == 200 || status == 404;
}

/* What those who wait are told; one reference. Keeps it if it is worth it. */
static struct goals_answer *answer_of(struct goals_fetch *f, const struct http_call_answer *got)
{
    struct goals *g = f->goals;
    struct goals_answer *a = f->answer;
    if (!got->ok || a == NULL)
        return answer_for_failure(f, got->problem);
    goals_answer_set_body(a, got->body);
    if (a->status == 304 && f->kept != NULL) {
        struct goals_answer *renewed = goals_answer_renew(f->kept, a, wall_ms(g));
        goals_cache_keep(&g->cache, f->question, renewed);
        return renewed;
    }
    if (a->status >= 500 && f->kept != NULL && wall_ms(g) < f->kept->rules.usable_until_ms)
        return goals_answer_ref(f->kept);
    if (is_kept_status(a->status))
        goals_cache_keep(&g->cache, f->question, a);
    else if (a->status < 500)
        goals_cache_drop(&g->cache, f->question);
    return goals_answer_ref(a);
}

/* The answer to one client's question may be for that client alone. */
static bool is_for(const struct goals_fetch *f, const struct goals_answer *a,
                   const struct goals_question *q)
{
    return a->rules.may_keep && goals_answer_fits(a, f->question, q);
}

static bool is_room(const struct goals *g, const struct goals_question *q);

/* The first in the queue for which there is room; NULL: none. */
static struct goals_question *queue_take(struct goals *g)
{
    LIST_EACH_SAFE (node, &g->queue) {
        if (is_room(g, question_of(node))) {
            list_remove(node);
            return question_of(node);
        }
    }
    return NULL;
}

/* Those in the queue for whom there is room now, and then those who have to ask for themselves. */
static void go_on(struct goals *g, struct list *again)
{
    for (struct goals_question *q = queue_take(g); q != NULL; q = queue_take(g))
        goals_take(g, q);
    LIST_EACH_SAFE (node, again) {
        list_remove(node);
        goals_take(g, question_of(node));
    }
}

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct goals_fetch *f = owner;
    goals_answer_unref(f->answer);
    f->answer = goals_answer_new(status, head, wall_ms(f->goals));
}

static void on_done(void *owner, const struct http_call_answer *got)
{
    struct goals_fetch *f = owner;
    struct goals *g = f->goals;
    struct list again;
    list_init(&again);
    struct goals_answer *a = answer_of(f, got);
    LIST_EACH_SAFE (node, &f->others) {
        struct goals_question *q = question_of(node);
        list_remove(node);
        if (is_for(f, a, q)) {
            answer_post(g, q, a);
        } else {
            q->alone = true;
            list_append(&again, node);
        }
    }
    answer_post(g, f->question, a);
    f->question = NULL;
    goals_answer_unref(a);
    fetch_free(f);
    go_on(g, &again);
}

/* The client's headers, but for its own condition when ours is sent. */
static size_t headers_write(const struct goals_question *q, const struct goals_answer *kept,
                            struct http_client_header *out)
{
    size_t count = 0;
    struct view tag = kept != NULL ? goals_answer_value(kept, "etag") : view_make("", 0);
    struct view modified =
        kept != NULL ? goals_answer_value(kept, "last-modified") : view_make("", 0);
    for (size_t i = 0; i < q->header_count; i++) {
        const struct goals_header *h = &q->headers[i];
        if (kept == NULL || !view_equal_nocase(view_of(h->name), VIEW_LITERAL("if-none-match")))
            out[count++] = (struct http_client_header){h->name, view_of(h->value)};
    }
    if (tag.len != 0)
        out[count++] = (struct http_client_header){"If-None-Match", tag};
    if (modified.len != 0)
        out[count++] = (struct http_client_header){"If-Modified-Since", modified};
    if (goals_question_value(q, VIEW_LITERAL("user-agent"))[0] == '\0')
        out[count++] = (struct http_client_header){"User-Agent", view_make("", 0)};
    return count;
}

static void fetch_start(struct goals *g, struct goals_question *q, struct goals_answer *kept)
{
    struct http_client_header headers[GOALS_HEADERS_MAX + 3];
    struct goals_fetch *f = mem_zalloc(sizeof *f);
    struct str url = {0};
    f->goals = g;
    f->question = q;
    f->kept = kept != NULL ? goals_answer_ref(kept) : NULL;
    list_init(&f->others);
    list_append(&g->fetches, &f->link);
    g->fetch_count++;
    str_append_format(&url, "%s%s", g->origin, q->target);
    struct http_call_request request = {
        .exchange = {.method = "GET",
                     .url = str_view(&url),
                     .headers = headers,
                     .header_count = headers_write(q, kept, headers),
                     .stays = true},
        .max_body = BODY_MAX_BYTES,
        .timeout_ms = TIMEOUT_MS,
        .on_head = on_head,
    };
    f->call = http_call_start(g->settings.client, &request, g->settings.loop, on_done, f);
    str_free(&url);
}

/* ---- questions ------------------------------------------------------------------------------- */

/* A fetch whose answer should do for this client, too; NULL: there is none. */
static struct goals_fetch *fetch_to_join(const struct goals *g, const struct goals_question *q)
{
    struct view condition = VIEW_LITERAL("if-none-match");
    if (q->alone)
        return NULL;
    LIST_EACH (node, &g->fetches) {
        struct goals_fetch *f = fetch_of(node);
        if (strcmp(f->question->target, q->target) == 0 &&
            (f->kept != NULL || strcmp(goals_question_value(f->question, condition),
                                       goals_question_value(q, condition)) == 0))
            return f;
    }
    return NULL;
}

static bool is_room(const struct goals *g, const struct goals_question *q)
{
    size_t same = 0;
    if (g->fetch_count >= FETCHES_MAX)
        return false;
    LIST_EACH (node, &g->fetches)
        same += strcmp(fetch_of(node)->question->environment, q->environment) == 0;
    return same < FETCHES_PER_ENVIRONMENT;
}

static void queue_add(struct goals *g, struct goals_question *q)
{
    size_t same = 0;
    LIST_EACH (node, &g->queue)
        same += strcmp(question_of(node)->environment, q->environment) == 0;
    if (same < QUEUED_PER_ENVIRONMENT) {
        list_append(&g->queue, &q->link);
        return;
    }
    log_line(log_global(), LOG_WARN, "Requests for goals are refused: too many wait for upstream");
    struct goals_answer *busy = goals_answer_busy();
    answer_post(g, q, busy);
    goals_answer_unref(busy);
}

void goals_take(struct goals *g, struct goals_question *q)
{
    struct goals_entry *e = goals_cache_find(&g->cache, q);
    struct goals_answer *kept = e != NULL ? e->answer : NULL;
    if (kept != NULL && wall_ms(g) < kept->rules.fresh_until_ms) {
        answer_post(g, q, kept);
        return;
    }
    struct goals_fetch *f = fetch_to_join(g, q);
    if (f != NULL)
        list_append(&f->others, &q->link);
    else if (is_room(g, q))
        fetch_start(g, q, kept);
    else
        queue_add(g, q);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* "https://host:1/path" -> "https://host:1" */
static char *origin_of(struct view uri)
{
    struct view rest = uri;
    (void)view_take_until(&rest, "/");
    rest = view_from(rest, 2);
    (void)view_take_until(&rest, "/?#");
    return mem_copy_text(uri.data, uri.len - rest.len);
}

struct goals *goals_open(const struct goals_settings *settings)
{
    struct goals *g = mem_zalloc(sizeof *g);
    g->settings = *settings;
    g->origin = origin_of(view_of(settings->base_uri));
    g->settings.base_uri = g->origin;
    list_init(&g->fetches);
    list_init(&g->queue);
    goals_cache_open(&g->cache);
    return g;
}

void goals_close(struct goals *g)
{
    if (g == NULL)
        return;
    LIST_EACH_SAFE (node, &g->fetches) {
        struct goals_fetch *f = fetch_of(node);
        http_call_cancel(f->call);
        fetch_free(f);
    }
    LIST_EACH_SAFE (node, &g->queue)
        goals_question_free(question_of(node));
    goals_cache_close(&g->cache);
    mem_free(g->origin);
    mem_free(g);
}
