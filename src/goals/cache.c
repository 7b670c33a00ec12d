/* goals/cache.c - answers that are kept, within bounds for each environment: who makes up query
 * strings for one of them takes nothing from the others. */
#include "goals/goals_private.h"

void goals_cache_open(struct goals_cache *c)
{
    *c = (struct goals_cache){0};
    list_init(&c->by_use);
}

static void entry_drop(struct goals_cache *c, struct goals_entry *e)
{
    (void)map_remove(&c->entries, view_of(e->target));
    list_remove(&e->link);
    goals_answer_unref(e->answer);
    str_free(&e->depends);
    mem_free(e->target);
    mem_free(e->environment);
    mem_free(e);
}

void goals_cache_close(struct goals_cache *c)
{
    LIST_EACH_SAFE (node, &c->by_use)
        entry_drop(c, CONTAINER_OF(node, struct goals_entry, link));
    map_free(&c->entries);
}

/* ---- whom an answer is for ------------------------------------------------------------------- */

/* Accept-Encoding is ours, the same for all. */
static bool is_ours(struct view name)
{
    return view_equal_nocase(name, VIEW_LITERAL("accept-encoding"));
}

static void depends_write(struct view vary, const struct goals_question *q, struct str *out)
{
    struct view name;
    while (view_take_element(&vary, &name))
        if (name.len != 0 && !is_ours(name))
            str_append_format(out, "%s\n", goals_question_value(q, name));
}

static bool is_for_nobody(struct view vary)
{
    return view_list_has(vary, VIEW_LITERAL("*"));
}

/* The same values of the headers in Vary as were sent for it? */
static bool fits(const struct goals_answer *a, struct view depends, const struct goals_question *q)
{
    struct str theirs = {0};
    struct view vary = goals_answer_value(a, "vary");
    depends_write(vary, q, &theirs);
    bool same = !is_for_nobody(vary) && view_equal(str_view(&theirs), depends);
    str_free(&theirs);
    return same;
}

bool goals_answer_fits(const struct goals_answer *a, const struct goals_question *asked,
                       const struct goals_question *q)
{
    struct str depends = {0};
    depends_write(goals_answer_value(a, "vary"), asked, &depends);
    bool same = fits(a, str_view(&depends), q);
    str_free(&depends);
    return same;
}

/* ---- entries --------------------------------------------------------------------------------- */

struct goals_entry *goals_cache_find(struct goals_cache *c, const struct goals_question *q)
{
    struct goals_entry *e = map_get(&c->entries, view_of(q->target));
    if (e == NULL || !fits(e->answer, str_view(&e->depends), q))
        return NULL;
    list_remove(&e->link);
    list_append(&c->by_use, &e->link);
    return e;
}

void goals_cache_drop(struct goals_cache *c, const struct goals_question *q)
{
    struct goals_entry *e = map_get(&c->entries, view_of(q->target));
    if (e != NULL)
        entry_drop(c, e);
}

/* The least used of the environment, and how much of it there is. */
static struct goals_entry *oldest_of(const struct goals_cache *c, const char *environment,
                                     size_t *count, size_t *bytes)
{
    struct goals_entry *oldest = NULL;
    *count = 0;
    *bytes = 0;
    LIST_EACH (node, &c->by_use) {
        struct goals_entry *e = CONTAINER_OF(node, struct goals_entry, link);
        if (strcmp(e->environment, environment) != 0)
            continue;
        oldest = oldest != NULL ? oldest : e;
        (*count)++;
        *bytes += e->bytes;
    }
    return oldest;
}

static void make_room(struct goals_cache *c, const char *environment, size_t bytes)
{
    size_t count;
    size_t used;
    for (struct goals_entry *e = oldest_of(c, environment, &count, &used);
         e != NULL && (count >= GOALS_CACHE_ENTRIES || used + bytes > GOALS_CACHE_BYTES);
         e = oldest_of(c, environment, &count, &used))
        entry_drop(c, e);
}

static char *copy(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

void goals_cache_keep(struct goals_cache *c, const struct goals_question *q,
                      struct goals_answer *answer)
{
    struct view vary = goals_answer_value(answer, "vary");
    goals_cache_drop(c, q);
    if (!answer->rules.may_keep || is_for_nobody(vary) ||
        answer->body->len > GOALS_CACHE_BODY_BYTES)
        return;
    struct goals_entry *e = mem_zalloc(sizeof *e);
    list_init(&e->link);
    e->target = copy(q->target);
    e->environment = copy(q->environment);
    e->answer = goals_answer_ref(answer);
    depends_write(vary, q, &e->depends);
    e->bytes = sizeof *e + strlen(e->target) + answer->lines.len + answer->body->len;
    make_room(c, e->environment, e->bytes);
    list_append(&c->by_use, &e->link);
    (void)map_set(&c->entries, view_of(e->target), e);
}
