/* events/summary.c - see summary.h.
 *
 * One map finds all parts, so that neither many versions nor many kinds of one flag make it slow:
 *
 *   "f" flag key                        -> flag
 *   "c" flag number, variation, version -> counter
 *   "k" flag number, kind               -> kind
 *
 * The first counters and kinds of a flag are not in it: hardly a flag has more, and to look at a
 * few takes less time and memory than to look them up.
 */
#include "events/summary.h"

#include "base/json_writer.h"

#define PART_BYTES 96
#define FEW 8

struct summary_counter {
    struct summary_counter *next;
    struct summary_count at; /* its value is behind the struct */
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
    size_t counter_count;
    struct summary_kind *kinds;
    struct summary_kind **last_kind;
    size_t kind_count;
    bool has_kinds;            /* the list is there, even if it is empty */
    struct view default_value; /* JSON, owned; empty: there is none */
    struct view key;           /* behind the struct */
    char memory[];
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
                                const struct summary_count *c)
{
    str_clear(&s->scratch);
    str_append_char(&s->scratch, 'c');
    number_append(&s->scratch, f->number);
    number_append(&s->scratch, c->variation.defined);
    number_append(&s->scratch, (uint64_t)c->variation.value);
    number_append(&s->scratch, c->version.defined);
    number_append(&s->scratch, (uint64_t)c->version.value);
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

/* The part is found under this name from now on. */
static void part_name(struct summary *s, struct view name, void *part)
{
    (void)map_set(&s->by_key, name, part);
    s->bytes += name.len;
}

struct summary_flag *summary_flag_add(struct summary *s, struct view key)
{
    struct view name = flag_name(s, key);
    if (map_get(&s->by_key, name) != NULL)
        return NULL;
    struct summary_flag *f = mem_zalloc(sizeof *f + key.len);
    f->number = s->flag_count++;
    f->last_counter = &f->counters;
    f->last_kind = &f->kinds;
    if (key.len > 0)
        memcpy(f->memory, key.data, key.len);
    f->key = view_make(f->memory, key.len);
    part_name(s, name, f);
    if (s->last != NULL)
        s->last->next = f;
    else
        s->first = f;
    s->last = f;
    s->bytes += key.len + PART_BYTES;
    return f;
}

void summary_default_set(struct summary *s, struct summary_flag *f, struct view json)
{
    struct str text = {0};
    json_write_dense(&text, json);
    f->default_value.len = text.len;
    f->default_value.data = str_take_text(&text);
    s->bytes += f->default_value.len;
}

/* The flag with this key, made with this default when it is not there; an empty one: none. */
static struct summary_flag *flag_at(struct summary *s, struct view key, struct view default_value)
{
    struct summary_flag *f = map_get(&s->by_key, flag_name(s, key));
    if (f != NULL)
        return f;
    f = summary_flag_add(s, key);
    if (default_value.len > 0)
        summary_default_set(s, f, default_value);
    return f;
}

static bool is_same_int(struct input_int a, struct input_int b)
{
    return a.defined == b.defined && a.value == b.value;
}

/* The counter of this variation and version, or NULL. */
static struct summary_counter *counter_find(struct summary *s, const struct summary_flag *f,
                                            const struct summary_count *at)
{
    struct summary_counter *c = f->counters;
    for (int few = FEW; c != NULL && few > 0; few--, c = c->next)
        if (is_same_int(c->at.variation, at->variation) && is_same_int(c->at.version, at->version))
            return c;
    return c != NULL ? map_get(&s->by_key, counter_name(s, f, at)) : NULL;
}

/* The same; one that is made here has counted nothing. */
static struct summary_counter *counter_at(struct summary *s, struct summary_flag *f,
                                          const struct summary_count *at)
{
    struct summary_counter *c = counter_find(s, f, at);
    if (c != NULL)
        return c;
    struct str value = {0};
    json_write_dense(&value, at->value);
    c = mem_zalloc(sizeof *c + value.len);
    if (value.len > 0)
        memcpy(c->memory, value.data, value.len);
    c->at = (struct summary_count){.variation = at->variation,
                                   .version = at->version,
                                   .value = view_make(c->memory, value.len)};
    str_free(&value);
    *f->last_counter = c;
    f->last_counter = &c->next;
    s->bytes += c->at.value.len + PART_BYTES;
    if (f->counter_count++ >= FEW)
        part_name(s, counter_name(s, f, at), c);
    return c;
}

static bool has_kind(struct summary *s, const struct summary_flag *f, struct view kind)
{
    const struct summary_kind *k = f->kinds;
    for (int few = FEW; k != NULL && few > 0; few--, k = k->next)
        if (view_equal(k->name, kind))
            return true;
    return k != NULL && map_get(&s->by_key, kind_name(s, f, kind)) != NULL;
}

void summary_kinds_begin(struct summary_flag *f)
{
    f->has_kinds = true;
}

void summary_kind_add(struct summary *s, struct summary_flag *f, struct view kind)
{
    summary_kinds_begin(f);
    if (has_kind(s, f, kind))
        return;
    struct summary_kind *k = mem_zalloc(sizeof *k + kind.len);
    if (kind.len > 0)
        memcpy(k->memory, kind.data, kind.len);
    k->name = view_make(k->memory, kind.len);
    *f->last_kind = k;
    f->last_kind = &k->next;
    s->bytes += kind.len + PART_BYTES;
    if (f->kind_count++ >= FEW)
        part_name(s, kind_name(s, f, kind), k);
}

void summary_add(struct summary *s, struct view key, const struct input_event *e,
                 struct input_int variation)
{
    struct summary_flag *f = flag_at(s, key, e->default_value);
    struct summary_count at = {.variation = variation, .version = e->version, .value = e->value};
    counter_at(s, f, &at)->at.count++;
    for (size_t i = 0; i < context_kind_count(e->context); i++)
        summary_kind_add(s, f, context_kind_at(e->context, i));
    if (s->start_ms == 0 || s->start_ms > e->creation_ms)
        s->start_ms = e->creation_ms;
    if (s->end_ms < e->creation_ms)
        s->end_ms = e->creation_ms;
}

/* `json` may have white space that `dense` has not. */
static bool is_same_json(struct view dense, struct view json)
{
    if (view_equal(dense, json))
        return true;
    if (dense.len >= json.len)
        return false;
    struct str text = {0};
    json_write_dense(&text, json);
    bool same = view_equal(dense, str_view(&text));
    str_free(&text);
    return same;
}

/* Can these be counted there, too? */
static bool counter_takes(const struct summary_counter *c, const struct summary_count *more)
{
    return more->count <= SUMMARY_COUNT_MOST && c->at.count <= SUMMARY_COUNT_MOST - more->count &&
           is_same_json(c->at.value, more->value);
}

bool summary_count_add(struct summary *s, struct summary_flag *f, const struct summary_count *more)
{
    struct summary_counter *c = counter_at(s, f, more);
    bool takes = counter_takes(c, more);
    c->at.count += takes ? more->count : 0;
    return takes;
}

static bool flag_fits(struct summary *into, const struct summary_flag *f)
{
    const struct summary_flag *there = map_get(&into->by_key, flag_name(into, f->key));
    if (there == NULL)
        return true;
    bool fits = view_equal(there->default_value, f->default_value);
    for (const struct summary_counter *c = f->counters; c != NULL && fits; c = c->next) {
        const struct summary_counter *same = counter_find(into, there, &c->at);
        fits = same == NULL || counter_takes(same, &c->at);
    }
    return fits;
}

bool summary_fits(struct summary *into, const struct summary *from)
{
    const struct summary_flag *f = from->first;
    while (f != NULL && flag_fits(into, f))
        f = f->next;
    return f == NULL;
}

static void flag_join(struct summary *into, const struct summary_flag *from)
{
    struct summary_flag *f = flag_at(into, from->key, from->default_value);
    for (const struct summary_counter *c = from->counters; c != NULL; c = c->next)
        counter_at(into, f, &c->at)->at.count += c->at.count;
    if (from->has_kinds)
        summary_kinds_begin(f);
    for (const struct summary_kind *k = from->kinds; k != NULL; k = k->next)
        summary_kind_add(into, f, k->name);
}

void summary_join(struct summary *into, const struct summary *from)
{
    for (const struct summary_flag *f = from->first; f != NULL; f = f->next)
        flag_join(into, f);
    if (into->start_ms > from->start_ms)
        into->start_ms = from->start_ms;
    if (into->end_ms < from->end_ms)
        into->end_ms = from->end_ms;
}

static void counter_write(const struct summary_count *c, struct str *out)
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
    if (c->value.len > 0)
        str_append_text(out, ",\"value\":");
    str_append(out, c->value);
    str_append_text(out, ",\"count\":");
    str_append_int(out, (int64_t)c->count);
    str_append_char(out, '}');
}

static void kinds_write(const struct summary_flag *f, struct str *out)
{
    str_append_text(out, ",\"contextKinds\":[");
    for (const struct summary_kind *k = f->kinds; k != NULL; k = k->next) {
        json_write_string(out, k->name);
        if (k->next != NULL)
            str_append_char(out, ',');
    }
    str_append_char(out, ']');
}

static void flag_write(const struct summary_flag *f, struct str *out)
{
    json_write_string(out, f->key);
    str_append_text(out, ":{");
    if (f->default_value.len > 0) {
        str_append_text(out, "\"default\":");
        str_append(out, f->default_value);
        str_append_char(out, ',');
    }
    str_append_text(out, "\"counters\":[");
    for (const struct summary_counter *c = f->counters; c != NULL; c = c->next) {
        counter_write(&c->at, out);
        str_append_char(out, c->next != NULL ? ',' : ']');
    }
    if (f->has_kinds)
        kinds_write(f, out);
    str_append_char(out, '}');
}

void summary_write(const struct summary *s, struct view more, struct str *out)
{
    str_append_format(out,
                      "{\"kind\":\"summary\",\"startDate\":%lld,\"endDate\":%lld,\"features\":{",
                      (long long)s->start_ms, (long long)s->end_ms);
    for (const struct summary_flag *f = s->first; f != NULL; f = f->next) {
        flag_write(f, out);
        if (f->next != NULL)
            str_append_char(out, ',');
    }
    str_append_char(out, '}');
    str_append(out, more);
    str_append_char(out, '}');
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
    mem_free((char *)f->default_value.data);
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
