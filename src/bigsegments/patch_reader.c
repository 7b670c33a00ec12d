/* bigsegments/patch_reader.c - see patch_reader.h.
 *
 *   arrays: [ text, whole ] [ text, whole ] [ text ]      the oldest is being read
 *                 ^pos: what is before it is done with
 */
#include "bigsegments/patch_reader.h"

#include "base/list.h"
#include "source/json_push.h"

#define READER_FORGET_BYTES ((size_t)256 << 10) /* of an array, before its text moves up */
#define READER_KEEP_BYTES ((size_t)64 << 10)    /* of memory, between two patches */

/* What was fed of one array. */
struct reader_array {
    struct list link;
    struct str text;
    size_t pos;
    bool whole; /* nothing more will come */
};

struct patch_reader {
    size_t max_patch;
    struct list arrays;
    size_t waiting;
    struct json_push push; /* of the oldest array */
    bool begun;            /* it is more than blanks so far */
    bool in_patch;
    struct str text; /* of the patch that is being read, or was handed out */
    struct patch patch;
    struct error problem;
    bool failed;
};

static struct reader_array *reader_array_of(struct list *link)
{
    return CONTAINER_OF(link, struct reader_array, link);
}

struct patch_reader *patch_reader_new(size_t max_patch)
{
    struct patch_reader *r = mem_zalloc(sizeof *r);
    r->max_patch = max_patch;
    list_init(&r->arrays);
    json_push_init(&r->push, 1);
    return r;
}

static void array_drop(struct reader_array *a)
{
    list_remove(&a->link);
    str_free(&a->text);
    mem_free(a);
}

void patch_reader_free(struct patch_reader *r)
{
    if (r == NULL)
        return;
    LIST_EACH_SAFE (link, &r->arrays)
        array_drop(reader_array_of(link));
    patch_free(&r->patch);
    str_free(&r->text);
    mem_free(r);
}

/* The one that is still growing. */
static struct reader_array *array_last(struct patch_reader *r)
{
    if (!list_empty(&r->arrays) && !reader_array_of(r->arrays.prev)->whole)
        return reader_array_of(r->arrays.prev);
    struct reader_array *a = mem_zalloc(sizeof *a);
    list_append(&r->arrays, &a->link);
    return a;
}

void patch_reader_feed(struct patch_reader *r, struct view bytes)
{
    if (bytes.len == 0)
        return;
    str_append(&array_last(r)->text, bytes);
    r->waiting += bytes.len;
}

void patch_reader_array_end(struct patch_reader *r)
{
    array_last(r)->whole = true;
}

size_t patch_reader_waiting(const struct patch_reader *r)
{
    return r->waiting;
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum patch_read reader_fail(struct patch_reader *r, struct error *err)
{
    r->failed = true;
    *err = r->problem;
    return PATCH_READ_FAILED;
}

/* What was handed out is done with. */
static void patch_forget(struct patch_reader *r)
{
    patch_free(&r->patch);
    r->patch = (struct patch){0};
    if (r->in_patch)
        return;
    if (r->text.room > READER_KEEP_BYTES)
        str_free(&r->text);
    else
        str_clear(&r->text);
}

static void bytes_forget(struct patch_reader *r, struct reader_array *a, size_t count)
{
    a->pos += count;
    r->waiting -= count;
    if (a->pos == a->text.len) {
        str_clear(&a->text);
        a->pos = 0;
    } else if (a->pos >= READER_FORGET_BYTES && a->pos >= a->text.len / 2) {
        memmove(a->text.data, a->text.data + a->pos, a->text.len - a->pos + 1);
        a->text.len -= a->pos;
        a->pos = 0;
    }
}

static bool value_begins(struct patch_reader *r)
{
    bool fits = r->push.depth == 0 ? r->push.type == JSON_ARRAY || r->push.type == JSON_NULL
                                   : r->push.type == JSON_OBJECT;
    r->begun = true;
    r->in_patch = r->push.depth == 1;
    if (!fits)
        error_set(&r->problem, "expected an array of patches");
    return fits;
}

/* One step of the syntax. False: r->problem. */
static bool step(struct patch_reader *r, struct reader_array *a, bool *patch_whole)
{
    enum json_push_event event;
    struct view bytes = view_from(str_view(&a->text), a->pos);
    size_t used = json_push_step(&r->push, bytes, &event);
    if (r->in_patch && r->text.len + used > r->max_patch) {
        error_set(&r->problem,
                  "a patch has more than %zu bytes; raise bigSegmentsMaxPatchBytes to accept it",
                  r->max_patch);
        return false;
    }
    if (r->in_patch)
        str_append(&r->text, view_make(bytes.data, used));
    bytes_forget(r, a, used);
    switch (event) {
    case JSON_PUSH_VALUE_BEGIN:
        return value_begins(r);
    case JSON_PUSH_VALUE_END:
        *patch_whole = r->in_patch && r->push.depth == 1;
        r->in_patch = r->in_patch && r->push.depth != 1;
        return true;
    case JSON_PUSH_FAILED:
        error_set(&r->problem, "%s in an array of patches", r->push.problem);
        return false;
    default:
        return true;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Behind the array only blanks may stand. */
static bool skip_blanks(struct patch_reader *r, struct reader_array *a)
{
    struct view rest = view_from(str_view(&a->text), a->pos);
    size_t count = 0;
    while (count < rest.len && is_blank(rest.data[count]))
        count++;
    bytes_forget(r, a, count);
    if (count < rest.len)
        error_set(&r->problem, "unexpected text after the array of patches");
    return count == rest.len;
}

/* All of a whole array was read. MORE: there was nothing in it. */
static enum patch_read array_finish(struct patch_reader *r, struct reader_array *a,
                                    struct error *err)
{
    bool begun = r->begun;
    if (begun && !json_push_whole(&r->push)) {
        error_set(&r->problem, "unexpected end of data");
        return reader_fail(r, err);
    }
    array_drop(a);
    json_push_init(&r->push, 1);
    r->begun = false;
    return begun ? PATCH_READ_ARRAY_END : PATCH_READ_MORE;
}

enum patch_read patch_reader_next(struct patch_reader *r, struct patch **patch, struct error *err)
{
    if (r->failed)
        return reader_fail(r, err);
    patch_forget(r);
    while (!list_empty(&r->arrays)) {
        struct reader_array *a = reader_array_of(r->arrays.next);
        bool whole = false;
        bool fine = true;
        while (fine && !whole && a->pos < a->text.len)
            fine = json_push_whole(&r->push) ? skip_blanks(r, a) : step(r, a, &whole);
        if (!fine || (whole && !patch_parse(str_view(&r->text), &r->patch, &r->problem)))
            return reader_fail(r, err);
        *patch = &r->patch;
        if (whole)
            return PATCH_READ_PATCH;
        if (!a->whole)
            break;
        enum patch_read end = array_finish(r, a, err);
        if (end != PATCH_READ_MORE)
            return end;
    }
    return PATCH_READ_MORE;
}
