/* flags/item.c - see item.h. */
#include "flags/item.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "flags/compiled.h"
#include "flags/model.h"

#include <stdatomic.h>

static const struct {
    const char *stream_name;
    const char *store_name;
} item_kinds[ITEM_KIND_COUNT] = {
    [ITEM_FLAG] = {.stream_name = "flags", .store_name = "features"},
    [ITEM_SEGMENT] = {.stream_name = "segments", .store_name = "segments"},
};

const char *item_kind_stream_name(enum item_kind kind)
{
    return item_kinds[kind].stream_name;
}

const char *item_kind_store_name(enum item_kind kind)
{
    return item_kinds[kind].store_name;
}

static size_t needs_bytes(const struct model_list *needs)
{
    const struct view *keys = needs->items;
    size_t bytes = needs->count * sizeof(struct view);
    for (size_t i = 0; i < needs->count; i++)
        bytes += keys[i].len;
    return bytes;
}

static struct view copy_into(char **memory, struct view text)
{
    struct view copy = view_make(*memory, text.len);
    if (text.len != 0)
        memcpy(*memory, text.data, text.len);
    *memory += text.len;
    return copy;
}

/* Lays out `memory`: the needs, their texts, the quoted key, and the key, which is the inside of
 * the quoted key unless something in it had to be escaped. */
static struct item *item_new(enum item_kind kind, struct view key, const struct model_list *needs)
{
    struct str quoted = {0};
    json_write_string(&quoted, key);
    bool plain = view_equal(view_make(quoted.data + 1, quoted.len - 2), key);
    size_t bytes = needs_bytes(needs) + quoted.len + (plain ? 0 : key.len);
    struct item *it = mem_zalloc(sizeof *it + bytes);
    struct view *copies = (struct view *)(void *)it->memory;
    char *memory = it->memory + needs->count * sizeof(struct view);
    const struct view *keys = needs->items;
    for (size_t i = 0; i < needs->count; i++)
        copies[i] = copy_into(&memory, keys[i]);
    it->quoted_key = copy_into(&memory, str_view(&quoted));
    it->key = plain ? view_make(it->quoted_key.data + 1, key.len) : copy_into(&memory, key);
    it->needs = copies;
    it->need_count = (uint32_t)needs->count;
    it->kind = kind;
    atomic_init(&it->refs, 1);
    str_free(&quoted);
    return it;
}

/* The two constant texts around the version (data-store.md 2.1), and their version. */
static struct buf *tombstone_text(enum item_kind kind, int64_t version)
{
    struct str text = {0};
    struct model_flag flag = {.key = VIEW_LITERAL("$deleted"), .version = version, .deleted = true};
    struct model_segment segment = {
        .key = VIEW_LITERAL("$deleted"), .version = version, .deleted = true};
    if (kind == ITEM_FLAG)
        model_flag_write(&flag, &text);
    else
        model_segment_write(&segment, &text);
    struct buf *b = str_to_buf(&text);
    str_free(&text);
    return b;
}

struct item *item_tombstone(enum item_kind kind, struct view key, int64_t version)
{
    struct model_list none = {0};
    struct item *it = item_new(kind, key, &none);
    it->deleted = true;
    it->version = version;
    it->text = tombstone_text(kind, version);
    return it;
}

static void need_add(struct arena *arena, struct model_list *needs, struct view key)
{
    needs->items = arena_extend(arena, needs->items, needs->count, sizeof(struct view));
    ((struct view *)needs->items)[needs->count++] = key;
}

/* Every string among the values of a segmentMatch clause names a segment. */
static void clause_needs(const struct model_clause *clause, struct arena *arena,
                         struct model_list *needs)
{
    if (!view_is(clause->op, "segmentMatch"))
        return;
    const struct view *values = clause->values.items;
    struct str key = {0};
    for (size_t i = 0; i < clause->values.count; i++) {
        struct json_reader r;
        json_reader_init(&r, values[i]);
        if (json_peek(&r) == JSON_STRING) {
            str_clear(&key);
            json_read_string(&r, &key);
            need_add(arena, needs, arena_copy(arena, str_view(&key)));
        }
        json_reader_done(&r);
    }
    str_free(&key);
}

static void clauses_need(const struct model_list *clauses, struct arena *arena,
                         struct model_list *needs)
{
    const struct model_clause *each = clauses->items;
    for (size_t i = 0; i < clauses->count; i++)
        clause_needs(&each[i], arena, needs);
}

static void segment_needs(const struct model_segment *segment, struct arena *arena,
                          struct model_list *needs)
{
    const struct model_segment_rule *rules = segment->rules.items;
    for (size_t i = 0; i < segment->rules.count; i++)
        clauses_need(&rules[i].clauses, arena, needs);
}

static void flag_needs(const struct model_flag *flag, struct arena *arena, struct model_list *needs)
{
    const struct model_prerequisite *prerequisites = flag->prerequisites.items;
    for (size_t i = 0; i < flag->prerequisites.count; i++)
        need_add(arena, needs, prerequisites[i].key);
}

static void flag_asks(const struct model_flag *flag, struct arena *arena, struct model_list *needs)
{
    const struct model_rule *rules = flag->rules.items;
    for (size_t i = 0; i < flag->rules.count; i++)
        clauses_need(&rules[i].clauses, arena, needs);
}

static struct item *flag_parse(struct view key, struct view json, struct arena *arena,
                               struct error *err)
{
    struct model_flag flag = {0};
    struct model_list needs = {0};
    struct str text = {0};
    if (!model_flag_parse(json, arena, &flag, err))
        return NULL;
    if (flag.deleted)
        return item_tombstone(ITEM_FLAG, key, flag.version);
    flag_needs(&flag, arena, &needs);
    flag_asks(&flag, arena, &needs);
    struct item *it = item_new(ITEM_FLAG, key, &needs);
    it->need_count = (uint32_t)flag.prerequisites.count;
    it->asked_count = (uint32_t)(needs.count - flag.prerequisites.count);
    it->version = flag.version;
    it->visible_environment = model_flag_is_for_environment(&flag);
    it->visible_mobile = model_flag_is_for_mobile(&flag);
    model_flag_write(&flag, &text);
    it->text = str_to_buf(&text);
    str_free(&text);
    return it;
}

static struct item *segment_parse(struct view key, struct view json, struct arena *arena,
                                  struct error *err)
{
    struct model_segment segment = {0};
    struct model_list needs = {0};
    struct str text = {0};
    if (!model_segment_parse(json, arena, &segment, err))
        return NULL;
    if (segment.deleted)
        return item_tombstone(ITEM_SEGMENT, key, segment.version);
    segment_needs(&segment, arena, &needs);
    struct item *it = item_new(ITEM_SEGMENT, key, &needs);
    it->version = segment.version;
    it->unbounded = segment.unbounded;
    model_segment_write(&segment, &text);
    it->text = str_to_buf(&text);
    str_free(&text);
    return it;
}

struct item *item_parse(enum item_kind kind, struct view key, struct view json, struct error *err)
{
    struct arena arena = {0};
    struct item *it = kind == ITEM_FLAG ? flag_parse(key, json, &arena, err)
                                        : segment_parse(key, json, &arena, err);
    arena_free(&arena);
    return it;
}

struct item *item_ref(struct item *it)
{
    atomic_fetch_add_explicit(&it->refs, 1, memory_order_relaxed);
    return it;
}

void item_unref(struct item *it)
{
    if (it == NULL || atomic_fetch_sub_explicit(&it->refs, 1, memory_order_acq_rel) != 1)
        return;
    compiled_free(it->kind, atomic_load_explicit(&it->compiled, memory_order_relaxed));
    buf_unref(it->text);
    mem_free(it);
}
