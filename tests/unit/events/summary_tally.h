/* What summaries say, added up by a reader of its own, for the law of merging: what is said before
 * is what is said afterwards. Compares for each set of other members the dates, for each flag the
 * kinds, and for each flag, default, variation, version (or none) and value the sum of the counts.
 *
 *   tally_add(&t, TALLY_BEFORE, event); ...   tally_add(&t, TALLY_AFTER, merged);
 * tally_balanced(&t)
 */
#ifndef SUMMARY_TALLY_H
#define SUMMARY_TALLY_H

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/map.h"

#include <stdlib.h>

enum tally_side { TALLY_BEFORE, TALLY_AFTER };

struct tally_entry {
    uint64_t of[2]; /* a sum, or the greatest; 0: nothing yet */
};

struct tally {
    struct map entries;
    bool balanced;
};

/* The members of an object as texts without white space; the others joined. */
struct tally_members {
    struct str each[5];
    struct str others;
};

static inline struct tally_members tally_members_read(struct view object, const char *const *names)
{
    struct tally_members m = {0};
    struct json_reader r;
    struct view name;
    json_reader_init(&r, object);
    r.far_numbers = true;
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        size_t i = 0;
        while (i < ARRAY_LEN(m.each) && names[i] != NULL && !view_is(name, names[i]))
            i++;
        bool known = i < ARRAY_LEN(m.each) && names[i] != NULL;
        if (!known)
            json_write_string(&m.others, name);
        json_write_dense(known ? &m.each[i] : &m.others, json_read_raw(&r));
    }
    json_reader_done(&r);
    return m;
}

static inline void tally_members_free(struct tally_members *m)
{
    for (size_t i = 0; i < ARRAY_LEN(m->each); i++)
        str_free(&m->each[i]);
    str_free(&m->others);
}

static inline struct tally_entry *tally_at(struct tally *t, struct view what)
{
    struct tally_entry *e = map_get(&t->entries, what);
    if (e == NULL) {
        e = mem_zalloc(sizeof *e);
        (void)map_set(&t->entries, what, e);
    }
    return e;
}

static inline void tally_most(struct tally *t, enum tally_side side, const struct str *what,
                              uint64_t value)
{
    struct tally_entry *e = tally_at(t, str_view(what));
    if (e->of[side] < value)
        e->of[side] = value;
}

/* The earliest start is the one with the most time behind it. */
static inline void tally_dates(struct tally *t, enum tally_side side, const struct str *others,
                               const struct str *start, const struct str *end)
{
    struct str what = {0};
    str_append_format(&what, "start %s", str_text(others));
    tally_most(t, side, &what, UINT64_MAX - strtoull(str_text(start), NULL, 10));
    str_clear(&what);
    str_append_format(&what, "end %s", str_text(others));
    tally_most(t, side, &what, 1 + strtoull(str_text(end), NULL, 10));
    str_free(&what);
}

/* `flag`: others and key. */
static inline void tally_flag(struct tally *t, enum tally_side side, const struct str *flag,
                              struct view json)
{
    static const char *const of_flag[] = {"default", "counters", "contextKinds", NULL};
    static const char *const of_counter[] = {"variation", "version", "unknown", "value", "count"};
    struct tally_members f = tally_members_read(json, of_flag);
    struct json_reader r;
    struct str key = {0};
    json_reader_init(&r, str_view(&f.each[1]));
    r.far_numbers = true;
    for (json_array_begin(&r); json_array_next(&r);) {
        struct tally_members c = tally_members_read(json_read_raw(&r), of_counter);
        str_clear(&key);
        str_append_format(&key, "counter %s %s %s %s %s %s", str_text(flag), str_text(&f.each[0]),
                          str_text(&c.each[0]), str_text(&c.each[1]), str_text(&c.each[2]),
                          str_text(&c.each[3]));
        tally_at(t, str_view(&key))->of[side] += strtoull(str_text(&c.each[4]), NULL, 10);
        tally_members_free(&c);
    }
    json_reader_init(&r, str_view(&f.each[2]));
    for (json_array_begin(&r); f.each[2].len > 0 && json_array_next(&r);) {
        str_clear(&key);
        str_append_format(&key, "kind %s ", str_text(flag));
        json_read_string(&r, &key);
        tally_most(t, side, &key, 1);
    }
    tally_members_free(&f);
    str_free(&key);
}

/* `event` is a summary event. */
static inline void tally_add(struct tally *t, enum tally_side side, struct view event)
{
    static const char *const of_event[] = {"kind", "startDate", "endDate", "features", NULL};
    struct tally_members m = tally_members_read(event, of_event);
    struct str flag = {0};
    struct json_reader r;
    struct view name;
    tally_dates(t, side, &m.others, &m.each[1], &m.each[2]);
    json_reader_init(&r, str_view(&m.each[3]));
    r.far_numbers = true;
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        str_clear(&flag);
        str_append_format(&flag, "%s ", str_text(&m.others));
        json_write_string(&flag, name);
        tally_flag(t, side, &flag, json_read_raw(&r));
    }
    json_reader_done(&r);
    str_free(&flag);
    tally_members_free(&m);
}

static inline void tally_entry_check(struct view key, void *value, void *arg)
{
    (void)key;
    const struct tally_entry *e = value;
    struct tally *t = arg;
    t->balanced = t->balanced && e->of[TALLY_BEFORE] == e->of[TALLY_AFTER];
}

static inline bool tally_balanced(struct tally *t)
{
    t->balanced = true;
    map_each(&t->entries, tally_entry_check, t);
    return t->balanced;
}

static inline void tally_entry_free(struct view key, void *value, void *arg)
{
    (void)key;
    (void)arg;
    mem_free(value);
}

static inline void tally_free(struct tally *t)
{
    map_each(&t->entries, tally_entry_free, NULL);
    map_free(&t->entries);
}

#endif
