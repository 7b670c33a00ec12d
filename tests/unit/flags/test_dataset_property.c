/* Random edits of a data set against a plain array that is copied as a whole: whatever is found,
 * counted, ordered, rendered and compared must be the same, in every version that is still held. */
#include "flags_test.h"

#define KEYS 60
#define STEPS 3000
#define HELD 8

/* One version: a copy of everything, in received order per kind. */
struct model {
    struct item *items[ITEM_KIND_COUNT][KEYS];
    size_t count[ITEM_KIND_COUNT];
};

struct version {
    struct dataset *data;
    struct model model;
};

static uint32_t chance(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % limit;
}

static void model_put_take(struct model *m, struct item *it)
{
    struct item **items = m->items[it->kind];
    size_t at = 0;
    while (at < m->count[it->kind] && !view_equal(items[at]->key, it->key))
        at++;
    if (at == m->count[it->kind])
        m->count[it->kind]++;
    else
        item_unref(items[at]);
    items[at] = it;
}

static struct model model_copy(const struct model *m)
{
    for (size_t k = 0; k < ITEM_KIND_COUNT; k++) {
        for (size_t i = 0; i < m->count[k]; i++)
            (void)item_ref(m->items[k][i]);
    }
    return *m;
}

static void version_drop(struct version *v)
{
    if (v->data == NULL)
        return;
    dataset_unref(v->data);
    for (size_t k = 0; k < ITEM_KIND_COUNT; k++) {
        for (size_t i = 0; i < v->model.count[k]; i++)
            item_unref(v->model.items[k][i]);
    }
    *v = (struct version){0};
}

static struct item *random_item(uint32_t *seed)
{
    char key[16];
    char needs[32];
    (void)snprintf(key, sizeof key, "k%u", chance(seed, KEYS));
    (void)snprintf(needs, sizeof needs, "k%u k%u", chance(seed, KEYS), chance(seed, KEYS));
    enum item_kind kind = chance(seed, 2) == 0 ? ITEM_FLAG : ITEM_SEGMENT;
    int64_t number = chance(seed, 100);
    if (chance(seed, 4) == 0)
        return item_tombstone(kind, view_of(key), number);
    const char *wanted = chance(seed, 2) == 0 ? needs : "";
    return kind == ITEM_FLAG ? test_flag(key, number, wanted) : test_segment(key, number, wanted);
}

static size_t model_position(const struct model *m, size_t kind, struct view key)
{
    size_t at = 0;
    while (at < m->count[kind] && !view_equal(m->items[kind][at]->key, key))
        at++;
    return at;
}

/* The order of data-store.md 2.2, written as a recursion. */
static void model_visit(const struct model *m, size_t kind, size_t at, bool *begun,
                        struct item **out, size_t *count)
{
    if (at == m->count[kind] || begun[at])
        return;
    begun[at] = true;
    struct item *it = m->items[kind][at];
    for (size_t n = 0; n < it->need_count; n++)
        model_visit(m, kind, model_position(m, kind, it->needs[n]), begun, out, count);
    out[(*count)++] = it;
}

static void items_render(struct item *const *ordered, size_t count, struct str *out)
{
    const char *comma = "";
    str_append_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (ordered[i]->deleted)
            continue;
        str_append_format(out, "%s\"%.*s\":%s", comma, VIEW_ARGS(ordered[i]->key),
                          ordered[i]->text->data);
        comma = ",";
    }
    str_append_char(out, '}');
}

static void kind_check(struct version *v, size_t kind, struct str *rendered)
{
    struct model *m = &v->model;
    bool begun[KEYS] = {false};
    struct item *want[KEYS] = {NULL};
    size_t live = 0;
    size_t count = 0;
    for (size_t i = 0; i < m->count[kind]; i++) {
        model_visit(m, kind, i, begun, want, &count);
        live += !m->items[kind][i]->deleted;
        assert_ptr_equal(dataset_find(v->data, (enum item_kind)kind, m->items[kind][i]->key),
                         m->items[kind][i]);
    }
    assert_int_equal(dataset_count(v->data, (enum item_kind)kind), live);
    size_t got_count;
    struct item *const *got = dataset_ordered(v->data, (enum item_kind)kind, &got_count);
    assert_int_equal(got_count, count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(got[i], want[i]);
    items_render(want, count, rendered);
}

static void version_check(struct version *v)
{
    struct str flags = {0};
    struct str segments = {0};
    struct str all = {0};
    kind_check(v, ITEM_FLAG, &flags);
    kind_check(v, ITEM_SEGMENT, &segments);
    str_append_format(&all, "{\"path\":\"/\",\"data\":{\"flags\":%s,\"segments\":%s}}",
                      str_text(&flags), str_text(&segments));
    test_assert_text(dataset_put_flags(v->data)->data, str_text(&flags), "put of /flags");
    test_assert_text(dataset_put_all(v->data)->data, str_text(&all), "put of /all");
    assert_null(dataset_find(v->data, ITEM_FLAG, view_of("unknown")));
    str_free(&flags);
    str_free(&segments);
    str_free(&all);
}

/* Applying what the comparison says to the old data set must give the new one. */
static void difference_check(struct version *old, struct version *new)
{
    struct dataset_diff diff;
    dataset_diff(old->data, new->data, &diff);
    if (diff.change != DATASET_REPLACED) {
        struct dataset *patched = dataset_ref(old->data);
        for (size_t i = 0; i < diff.changed_count; i++) {
            struct dataset *next = dataset_with_item_take(patched, item_ref(diff.changed[i]));
            dataset_unref(patched);
            patched = next;
        }
        struct dataset_diff rest;
        dataset_diff(patched, new->data, &rest);
        assert_int_equal(rest.change, DATASET_EQUAL);
        dataset_diff_free(&rest);
        dataset_unref(patched);
    }
    dataset_diff_free(&diff);
}

static void random_edits_agree_with_a_plain_copy(void **state)
{
    (void)state;
    struct version held[HELD] = {0};
    uint32_t seed = 20261125;
    held[0].data = dataset_empty();
    for (int step = 0; step < STEPS; step++) {
        struct version *from = &held[step % HELD];
        struct version next = {.model = model_copy(&from->model)};
        struct item *it = random_item(&seed);
        model_put_take(&next.model, item_ref(it));
        next.data = dataset_with_item_take(from->data, it);
        struct version *to = &held[(step + 1) % HELD];
        version_drop(to);
        *to = next;
        if (step % 50 == 0) {
            version_check(to);
            version_check(from);
            difference_check(from, to);
            difference_check(to, from);
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        version_check(&held[i]);
        version_drop(&held[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_edits_agree_with_a_plain_copy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
