/* events/summary.c - see summary.h.
 *
 * One map finds all parts, so that neither many versions nor many kinds of one flag make it slow:
 *
 *   "f" flag key                        -> flag
 *   "c" flag number, variation, version -> counter
 *   "k" flag number, kind               -> kind
 */
#include "events/summary.h"

#include "base/json_writer.h"

#define PART_BYTES 96

struct summary_counter {
    struct summary_counter *next;
    struct input_int variation;
    struct input_int version;
    uint64_t count;
    struct view value; /* JSON, behind the struct */
    char memory[];
};

struct summary_kind {
    struct summary_kind *next;
    struct view name;
    char memory[];
};

struct summary_flag {
    struct summary_flag *next;
    uint64_t number;
    struct summary_counter *counters;
    struct summary_counter **last_counter;
    struct summary_kind *kinds;
    struct summary_kind **last_kind;
    char *default_value; /* JSON */
    char *key;
    size_t default_len;
    size_t key_len;
};

static void number_append(struct str *out, uint64_t number)
{
    str_append(out, view_make((const char *)&number, sizeof number));
}

static struct view flag_name(struct summary *s, struct view key)
{
    str_clear(&s->scratch);
    str_append_char(&s->scratch, 'f');
    str_append(&s->scratch, key);
    return str_view(&s->scratch);
}

static struct view counter_name(struct summary *s, const struct summary_flag *f,
                                struct input_int variation, struct input_int version)
{
    str_clear(&s->scratch);
    str_append_char(&s->scratch, 'c');
    number_append(&s->scratch, f->number);
    number_append(&s->scratch, variation.defined);
    number_append(&s->scratch, (uint64_t)variation.value);
    number_append(&s->scratch, version.defined);
    number_append(&s->scratch, (uint64_t)version.value);
    return str_view(&s->scratch);
}

static struct view kind_name(struct summary *s, const struct summary_flag *f, struct view kind)
{
    str_clear(&s->scratch);
    str_append_char(&s->scratch, 'k');
    number_append(&s->scratch, f->number);
    str_append(&s->scratch, kind);
    return str_view(&s->scratch);
}

/* A copy without white space. */
static char *dense_copy(struct view json, size_t *len)
{
    struct str text = {0};
    json_write_dense(&text, json);
    *len = text.len;
    return str_take_text(&text);
}

static struct summary_flag *flag_find(struct summary *s, struct view key,
                                      const struct input_event *e)
{
    struct view name = flag_name(s, key);
    struct summary_flag *f = map_get(&s->by_key, name);
    if (f != NULL)
        return f;
    f = mem_zalloc(sizeof *f);
    f->number = s->flag_count++;
    f->last_counter = &f->counters;
    f->last_kind = &f->kinds;
    f->key = mem_copy_text(key.data, key.len);
    f->key_len = key.len;
    f->default_value = dense_copy(e->default_value, &f->default_len);
    (void)map_set(&s->by_key, name, f);
    if (s->last != NULL)
        s->last->next = f;
    else
        s->first = f;
    s->last = f;
    s->bytes += name.len + f->key_len + f->default_len + PART_BYTES;
    return f;
}

static struct summary_counter *counter_find(struct summary *s, struct summary_flag *f,
                                            const struct input_event *e, struct input_int variation)
{
    struct view name = counter_name(s, f, variation, e->version);
    struct summary_counter *c = map_get(&s->by_key, name);
    if (c != NULL)
        return c;
    struct str value = {0};
    json_write_dense(&value, e->value);
    c = mem_zalloc(sizeof *c + value.len);
    memcpy(c->memory, value.data, value.len);
    c->value = view_make(c->memory, value.len);
    c->variation = variation;
    c->version = e->version;
    str_free(&value);
    (void)map_set(&s->by_key, name, c);
    *f->last_counter = c;
    f->last_counter = &c->next;
    s->bytes += name.len + c->value.len + PART_BYTES;
    return c;
}

static void kind_add(struct summary *s, struct summary_flag *f, struct view kind)
{
    struct view name = kind_name(s, f, kind);
    if (map_get(&s->by_key, name) != NULL)
        return;
    struct summary_kind *k = mem_zalloc(sizeof *k + kind.len);
    memcpy(k->memory, kind.data, kind.len);
    k->name = view_make(k->memory, kind.len);
    (void)map_set(&s->by_key, name, k);
    *f->last_kind = k;
    f->last_kind = &k->next;
    s->bytes += name.len + kind.len + PART_BYTES;
}

void summary_add(struct summary *s, struct view key, const struct input_event *e,
                 struct input_int variation)
{
    struct summary_flag *f = flag_find(s, key, e);
    counter_find(s, f, e, variation)->count++;
    for (size_t i = 0; i < context_kind_count(e->context); i++)
        kind_add(s, f, context_kind_at(e->context, i));
    if (s->start_ms == 0 || s->start_ms > e->creation_ms)
        s->start_ms = e->creation_ms;
    if (s->end_ms < e->creation_ms)
        s->end_ms = e->creation_ms;
}

static void counter_write(const struct summary_counter *c, struct str *out)
{
    str_append_char(out, '{');
    if (c->variation.defined) {
        str_append_text(out, "\"variation\":");
        str_append_int(out, c->variation.value);
        str_append_char(out, ',');
    }
    if (c->version.defined) {
        str_append_text(out, "\"version\":");
        str_append_int(out, c->version.value);
    } else {
        str_append_text(out, "\"unknown\":true");
    }
    str_append_text(out, ",\"value\":");
    str_append(out, c->value);
    str_append_text(out, ",\"count\":");
    str_append_int(out, (int64_t)c->count);
    str_append_char(out, '}');
}

static void flag_write(const struct summary_flag *f, struct str *out)
{
    json_write_string(out, view_make(f->key, f->key_len));
    str_append_text(out, ":{\"default\":");
    str_append(out, view_make(f->default_value, f->default_len));
    str_append_text(out, ",\"counters\":[");
    for (const struct summary_counter *c = f->counters; c != NULL; c = c->next) {
        counter_write(c, out);
        str_append_text(out, c->next != NULL ? "," : "],\"contextKinds\":[");
    }
    for (const struct summary_kind *k = f->kinds; k != NULL; k = k->next) {
        json_write_string(out, k->name);
        str_append_text(out, k->next != NULL ? "," : "]}");
    }
}

void summary_write(const struct summary *s, struct str *out)
{
    str_append_format(out,
                      "{\"kind\":\"summary\",\"startDate\":%lld,\"endDate\":%lld,\"features\":{",
                      (long long)s->start_ms, (long long)s->end_ms);
    for (const struct summary_flag *f = s->first; f != NULL; f = f->next) {
        flag_write(f, out);
        str_append_text(out, f->next != NULL ? "," : "}}");
    }
}

static void flag_free(struct summary_flag *f)
{
    while (f->counters != NULL) {
        struct summary_counter *next = f->counters->next;
        mem_free(f->counters);
        f->counters = next;
    }
    while (f->kinds != NULL) {
        struct summary_kind *next = f->kinds->next;
        mem_free(f->kinds);
        f->kinds = next;
    }
    mem_free(f->default_value);
    mem_free(f->key);
    mem_free(f);
}

void summary_clear(struct summary *s)
{
    while (s->first != NULL) {
        struct summary_flag *next = s->first->next;
        flag_free(s->first);
        s->first = next;
    }
    map_free(&s->by_key);
    str_free(&s->scratch);
    *s = (struct summary){0};
}
