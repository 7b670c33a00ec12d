/* env/member_wishes.c - requests that wait for memberships: one question per context key to the
 * control thread for all of them, one answer that wakes them (member_wishes.h). */
#include "env/member_wishes.h"

#include "env/fanout_private.h"

#include "base/mem.h"

/* What this thread has asked about one context key. */
struct member_question {
    struct list link; /* of the environment's */
    struct list wishes;
    bool outdated; /* the memberships have changed since: whoever comes now asks anew */
    size_t key_len;
    char key[];
};

static struct view question_key(const struct member_question *q)
{
    return view_make(q->key, q->key_len);
}

/* ---- wishes ---------------------------------------------------------------------------------- */

struct member_wishes *member_wishes_new(void)
{
    struct member_wishes *w = mem_zalloc(sizeof *w);
    list_init(&w->all);
    return w;
}

static void waits_no_longer(struct member_wishes *w)
{
    if (w->count != NULL)
        (*w->count)--;
    w->count = NULL;
}

void member_wishes_free(struct member_wishes *w)
{
    if (w == NULL)
        return;
    waits_no_longer(w);
    LIST_EACH_SAFE (node, &w->all) {
        struct member_wish *wish = CONTAINER_OF(node, struct member_wish, link);
        list_remove(&wish->wait);
        memberships_unref(wish->found);
        mem_free(wish);
    }
    mem_free(w);
}

const struct member_wish *member_wishes_add(struct member_wishes *w, struct view context_key,
                                            struct memberships *known)
{
    struct member_wish *wish = mem_zalloc(sizeof *wish + context_key.len);
    wish->of = w;
    wish->key_len = context_key.len;
    if (context_key.len != 0)
        memcpy(wish->key, context_key.data, context_key.len);
    list_init(&wish->wait);
    list_append(&w->all, &wish->link);
    wish->answered = known != NULL;
    wish->found = known != NULL ? memberships_ref(known) : NULL;
    w->open += known == NULL;
    return wish;
}

const struct member_wish *member_wishes_find(const struct member_wishes *w, struct view context_key)
{
    LIST_EACH (node, &w->all) {
        const struct member_wish *wish = CONTAINER_OF(node, struct member_wish, link);
        if (view_equal(view_make(wish->key, wish->key_len), context_key))
            return wish;
    }
    return NULL;
}

/* ---- the question ---------------------------------------------------------------------------- */

struct question_letter {
    struct letter base;
    struct fanout_control control;
    struct member_asker asker;
    size_t key_len;
    char key[];
};

static void question_arrived(struct letter *l)
{
    struct question_letter *letter = CONTAINER_OF(l, struct question_letter, base);
    letter->control.members_wanted(letter->control.owner, &letter->asker,
                                   view_make(letter->key, letter->key_len));
    mem_free(letter);
}

static void question_post(const struct fanout *f, unsigned slot, struct member_question *q)
{
    struct question_letter *letter = mem_zalloc(sizeof *letter + q->key_len);
    letter->base.deliver = question_arrived;
    letter->control = f->control;
    letter->asker = (struct member_asker){f->thread, slot, q};
    letter->key_len = q->key_len;
    memcpy(letter->key, q->key, q->key_len);
    mailbox_post(f->control.mailbox, &letter->base);
}

static struct member_question *question_new(struct fanout_slot *s, struct view context_key)
{
    struct member_question *q = mem_zalloc(sizeof *q + context_key.len);
    q->key_len = context_key.len;
    if (context_key.len != 0)
        memcpy(q->key, context_key.data, context_key.len);
    list_init(&q->wishes);
    list_append(&s->memberships.questions, &q->link);
    (void)map_set(&s->memberships.asked, context_key, q);
    return q;
}

static void question_free(struct fanout_slot *s, struct member_question *q)
{
    if (!q->outdated)
        (void)map_remove(&s->memberships.asked, question_key(q));
    list_remove(&q->link);
    mem_free(q);
}

static void ask(struct fanout *f, unsigned slot, struct member_wish *wish)
{
    struct fanout_slot *s = fanout_slot_at(f, slot);
    struct view key = view_make(wish->key, wish->key_len);
    struct member_question *q = map_get(&s->memberships.asked, key);
    if (q == NULL) {
        q = question_new(s, key);
        question_post(f, slot, q);
    }
    list_append(&q->wishes, &wish->wait);
}

bool fanout_wish(struct fanout *f, unsigned slot, struct member_wishes *w)
{
    struct fanout_slot *s = fanout_slot_at(f, slot);
    if (s->memberships.waiter_count >= MEMBER_WAITERS_MAX)
        return false;
    s->memberships.waiter_count++;
    w->count = &s->memberships.waiter_count;
    LIST_EACH (node, &w->all) {
        struct member_wish *wish = CONTAINER_OF(node, struct member_wish, link);
        if (!wish->answered)
            ask(f, slot, wish);
    }
    return true;
}

/* ---- what is known --------------------------------------------------------------------------- */

struct memberships *fanout_memberships(struct fanout *f, unsigned slot, struct view context_key,
                                       int64_t now_mono_ms)
{
    struct fanout_slot *s = fanout_slot_at(f, slot);
    int64_t until_ms;
    if (s->memberships.cache == NULL)
        return NULL;
    return member_cache_find(s->memberships.cache, context_key, now_mono_ms, &until_ms);
}

void fanout_members_outdate(struct fanout_slot *s)
{
    if (s->memberships.cache != NULL)
        member_cache_clear(s->memberships.cache);
    LIST_EACH (node, &s->memberships.questions)
        CONTAINER_OF(node, struct member_question, link)->outdated = true;
    map_free(&s->memberships.asked);
}

void fanout_members_free(struct fanout_slot *s)
{
    member_cache_free(s->memberships.cache);
    map_free(&s->memberships.asked);
    while (!list_empty(&s->memberships.questions)) {
        struct list *node = s->memberships.questions.next;
        list_remove(node);
        mem_free(CONTAINER_OF(node, struct member_question, link));
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct members_letter {
    struct letter base;
    struct fanout *to;
    struct member_asker asker;
    struct member_answer answer; /* with a reference */
};

static void keep(struct fanout_slot *s, const struct member_question *q,
                 const struct member_answer *answer)
{
    if (answer->found == NULL || answer->until_ms == 0)
        return;
    if (s->memberships.cache == NULL)
        s->memberships.cache = member_cache_new(answer->cache_size);
    member_cache_put(s->memberships.cache, question_key(q), answer->found, answer->until_ms);
}

static void grant(struct member_wish *wish, struct memberships *found)
{
    struct member_wishes *w = wish->of;
    wish->answered = true;
    wish->found = found != NULL ? memberships_ref(found) : NULL;
    if (--w->open != 0)
        return;
    waits_no_longer(w);
    w->ready(w);
}

static void members_arrived(struct letter *l)
{
    struct members_letter *letter = CONTAINER_OF(l, struct members_letter, base);
    struct fanout_slot *s = fanout_slot_at(letter->to, letter->asker.slot);
    struct member_question *q = letter->asker.question;
    struct list wishes;
    list_init(&wishes);
    list_move_all(&q->wishes, &wishes);
    keep(s, q, &letter->answer);
    question_free(s, q);
    while (!list_empty(&wishes)) {
        struct list *node = wishes.next;
        list_remove(node);
        grant(CONTAINER_OF(node, struct member_wish, wait), letter->answer.found);
    }
    memberships_unref(letter->answer.found);
    mem_free(letter);
}

void fanout_members_post(struct fanout_group *g, const struct member_asker *asker,
                         const struct member_answer *answer)
{
    struct members_letter *letter = mem_zalloc(sizeof *letter);
    letter->base.deliver = members_arrived;
    letter->to = g->each[asker->thread];
    letter->asker = *asker;
    letter->answer = *answer;
    if (answer->found != NULL)
        (void)memberships_ref(answer->found);
    fanout_letter_post(g, asker->thread, &letter->base);
}
