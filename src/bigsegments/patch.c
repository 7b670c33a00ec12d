/* bigsegments/patch.c - see patch.h. */
#include "bigsegments/patch.h"

/* Null is an empty string. */
static void read_text(struct json_reader *r, struct str *out)
{
    str_clear(out);
    if (!json_read_null(r))
        json_read_string(r, out);
}

/* Null is an empty list; so is null among the hashes. */
static void read_list(struct json_reader *r, struct patch *p, enum patch_list list)
{
    const char *start = r->pos;
    p->lists[list] = view_make("", 0);
    p->counts[list] = 0;
    if (json_read_null(r))
        return;
    for (json_array_begin(r); json_array_next(r);) {
        if (json_read_null(r))
            continue;
        if (json_peek(r) != JSON_STRING)
            json_fail(r, "expected a string");
        json_skip(r);
        p->counts[list]++;
    }
    p->lists[list] = view_make(start, (size_t)(r->pos - start));
}

static void read_lists(struct json_reader *r, struct patch *p, enum patch_list add,
                       enum patch_list remove)
{
    struct view name;
    if (json_read_null(r))
        return;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "add"))
            read_list(r, p, add);
        else if (view_is(name, "remove"))
            read_list(r, p, remove);
        else
            json_skip(r);
    }
}

static void read_changes(struct json_reader *r, struct patch *p)
{
    struct view name;
    if (json_read_null(r))
        return;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "included"))
            read_lists(r, p, PATCH_INCLUDED_ADD, PATCH_INCLUDED_REMOVE);
        else if (view_is(name, "excluded"))
            read_lists(r, p, PATCH_EXCLUDED_ADD, PATCH_EXCLUDED_REMOVE);
        else
            json_skip(r);
    }
}

static void read_patch(struct json_reader *r, struct patch *p)
{
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "segmentId"))
            read_text(r, &p->segment_id);
        else if (view_is(name, "version"))
            read_text(r, &p->version);
        else if (view_is(name, "previousVersion"))
            read_text(r, &p->previous_version);
        else if (view_is(name, "changes"))
            read_changes(r, p);
        else
            json_skip(r);
    }
    json_expect_end(r);
}

bool patch_parse(struct view text, struct patch *out, struct error *err)
{
    struct json_reader r;
    struct patch p = {.text = text};
    json_reader_init(&r, text);
    read_patch(&r, &p);
    bool ok = !json_failed(&r);
    if (!ok)
        error_set(err, "%s at byte %zu of a patch", r.problem, json_offset(&r));
    json_reader_done(&r);
    if (ok)
        *out = p;
    else
        patch_free(&p);
    return ok;
}

void patch_free(struct patch *p)
{
    str_free(&p->segment_id);
    str_free(&p->version);
    str_free(&p->previous_version);
}

size_t patch_size(const struct patch *p)
{
    size_t size = 0;
    for (size_t i = 0; i < PATCH_LIST_COUNT; i++)
        size += p->counts[i];
    return size;
}

void patch_hashes_begin(struct patch_hashes *h, const struct patch *p, enum patch_list list)
{
    *h = (struct patch_hashes){.empty = p->counts[list] == 0};
    json_reader_init(&h->reader, p->lists[list]);
    if (!h->empty)
        json_array_begin(&h->reader);
}

bool patch_hashes_next(struct patch_hashes *h, struct view *hash)
{
    while (!h->empty && json_array_next(&h->reader)) {
        if (json_read_null(&h->reader))
            continue;
        str_clear(&h->scratch);
        json_read_string(&h->reader, &h->scratch);
        *hash = str_view(&h->scratch);
        return true;
    }
    return false;
}

void patch_hashes_end(struct patch_hashes *h)
{
    json_reader_done(&h->reader);
    str_free(&h->scratch);
}

struct view patch_segment_key(struct view segment_id)
{
    size_t at = segment_id.len;
    while (at > 0 && segment_id.data[at - 1] != '.')
        at--;
    return at > 1 ? view_make(segment_id.data, at - 1) : segment_id;
}
