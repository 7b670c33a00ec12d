/* source/file_set.c - items one by one: key, version, duplicates. */
#include "source/file_set.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/map.h"
#include "source/flag_file.h"

#include <stdlib.h>

struct file_set {
    const struct file_set_settings *settings;
    struct map paths[ITEM_KIND_COUNT]; /* key -> path of the file it was found in */
    struct dataset_builder *builder;
    struct error *err;
};

/* One item of a file. */
struct file_entry {
    const struct flag_file *file;
    enum item_kind kind;
    struct view key;
    struct view json; /* the item, or the value of `flagValues` */
    bool is_value;
};

static const char *kind_name(enum item_kind kind)
{
    return kind == ITEM_FLAG ? "flag" : "segment";
}

/* The flag that always gives this value. */
static void value_flag_write(struct view value, struct str *out)
{
    str_append_text(out, "{\"on\":true,\"prerequisites\":[],\"targets\":[],\"rules\":[],"
                         "\"fallthrough\":{\"variation\":0},\"offVariation\":0,\"variations\":[");
    str_append(out, value);
    str_append_text(out, "],\"clientSideAvailability\":{\"usingMobileKey\":true,"
                         "\"usingEnvironmentId\":true},\"salt\":\"\"}");
}

/* The same item with this key and version. */
static void item_write_as(struct view json, struct view key, int64_t version, struct str *out)
{
    struct json_reader r;
    struct view name;
    str_append_text(out, "{\"key\":");
    json_write_string(out, key);
    str_append_text(out, ",\"version\":");
    str_append_int(out, version);
    json_reader_init(&r, json);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "key") || view_is(name, "version")) {
            json_skip(&r);
            continue;
        }
        str_append_char(out, ',');
        json_write_string(out, name);
        str_append_char(out, ':');
        str_append(out, json_read_raw(&r));
    }
    str_append_char(out, '}');
    json_reader_done(&r);
}

static struct item *item_parse_as(enum item_kind kind, struct view json, struct view key,
                                  int64_t version, struct error *err)
{
    struct str text = {0};
    item_write_as(json, key, version, &text);
    struct item *it = item_parse(kind, key, str_view(&text), err);
    str_free(&text);
    return it;
}

/* What the version is when the content is as it is, given what the file says and what was before.
 */
static int64_t version_next(int64_t given, const struct item *previous, bool changed)
{
    if (previous == NULL)
        return given > 0 ? given : 1;
    if (given > previous->version)
        return given;
    return changed && previous->version < INT64_MAX ? previous->version + 1 : previous->version;
}

/* Cuts " at offset N" off the end of the text; false when there is none. */
static bool offset_take(struct error *err, size_t *offset)
{
    static const char mark[] = " at offset ";
    char *found = NULL;
    for (char *next = strstr(err->text, mark); next != NULL; next = strstr(next + 1, mark))
        found = next;
    char *end;
    if (found == NULL)
        return false;
    unsigned long long number = strtoull(found + sizeof mark - 1, &end, 10);
    if (end == found + sizeof mark - 1 || *end != 0)
        return false;
    *found = 0;
    *offset = (size_t)number;
    return true;
}

/* `problem` may end in an offset into the item's text; without one the place is the item's start.
 */
static void entry_fail(const struct file_set *s, const struct file_entry *e, struct error *problem)
{
    size_t offset = (size_t)(e->json.data - str_text(&e->file->json));
    size_t within;
    if (offset_take(problem, &within) && !e->is_value && within <= e->json.len)
        offset += within;
    error_prefix(problem, "%s \"%.*s\": ", kind_name(e->kind), VIEW_ARGS(e->key));
    flag_file_fail(e->file, offset, problem->text, s->err);
}

/* False with *err when the item names another key than the one it is listed under. */
static bool entry_key_check(const struct file_entry *e, struct error *err)
{
    struct json_reader r;
    struct view name;
    struct str key = {0};
    size_t at = 0;
    bool ok = true;
    json_reader_init(&r, e->json);
    for (json_object_begin(&r); ok && json_object_next(&r, &name);) {
        if (!view_is(name, "key")) {
            json_skip(&r);
            continue;
        }
        (void)json_peek(&r);
        at = json_offset(&r);
        str_clear(&key);
        json_read_string(&r, &key);
        ok = view_equal(str_view(&key), e->key);
    }
    if (!ok)
        error_set(err, "\"key\" is \"%s\"; remove it or make it the same at offset %zu",
                  str_text(&key), at);
    json_reader_done(&r);
    str_free(&key);
    return ok;
}

/* The item with its final version; `json` is the item's text, already known to be good but for the
 * key. */
static struct item *entry_item(const struct file_set *s, const struct file_entry *e,
                               struct view json, struct error *err)
{
    struct item *given = item_parse(e->kind, e->key, json, err);
    if (given == NULL || (!e->is_value && !entry_key_check(e, err))) {
        item_unref(given);
        return NULL;
    }
    const struct dataset *before = s->settings->previous;
    const struct item *previous = before != NULL ? dataset_find(before, e->kind, e->key) : NULL;
    int64_t version = version_next(given->version, previous, false);
    item_unref(given);
    struct item *it = item_parse_as(e->kind, json, e->key, version, err);
    if (it == NULL || previous == NULL || version > previous->version ||
        view_equal(buf_view(it->text), buf_view(previous->text)))
        return it;
    item_unref(it);
    return item_parse_as(e->kind, json, e->key, version_next(0, previous, true), err);
}

/* False when the load fails, also for a duplicate that must not be. */
static bool entry_add(struct file_set *s, const struct file_entry *e)
{
    const char *first = map_get(&s->paths[e->kind], e->key);
    if (first != NULL) {
        if (s->settings->ignore_duplicate_keys)
            return true;
        error_set(s->err, "%s '%.*s' is specified more than once (%s, %s)", kind_name(e->kind),
                  VIEW_ARGS(e->key), first, e->file->path);
        return false;
    }
    map_set(&s->paths[e->kind], e->key, (void *)(uintptr_t)e->file->path);
    struct str flag = {0};
    struct error problem;
    if (e->is_value)
        value_flag_write(e->json, &flag);
    struct item *it = entry_item(s, e, e->is_value ? str_view(&flag) : e->json, &problem);
    str_free(&flag);
    if (it == NULL) {
        entry_fail(s, e, &problem);
        return false;
    }
    dataset_builder_add_take(s->builder, it);
    return true;
}

static bool section_add(struct file_set *s, const struct flag_file *f,
                        enum flag_file_section section)
{
    struct file_entry e = {.file = f,
                           .kind = section == SECTION_SEGMENTS ? ITEM_SEGMENT : ITEM_FLAG,
                           .is_value = section == SECTION_VALUES};
    struct json_reader r;
    struct view name;
    struct str key = {0};
    bool ok = true;
    json_reader_init(&r, f->sections[section]);
    for (json_object_begin(&r); ok && json_object_next(&r, &name);) {
        str_clear(&key);
        str_append(&key, name);
        e.key = str_view(&key);
        e.json = json_read_raw(&r);
        ok = entry_add(s, &e);
    }
    json_reader_done(&r);
    str_free(&key);
    return ok;
}

static bool file_add(struct file_set *s, const char *path, struct str *warnings)
{
    struct flag_file f;
    bool ok = flag_file_read(&f, path, s->err);
    for (unsigned i = 0; ok && i < SECTION_COUNT; i++)
        if (f.sections[i].len > 0)
            ok = section_add(s, &f, (enum flag_file_section)i);
    if (ok && f.unknown.len > 0)
        str_append_format(warnings,
                          "Properties that nobody reads: %s; expected \"flags\", \"flagValues\" or "
                          "\"segments\" [%s]\n",
                          str_text(&f.unknown), path);
    flag_file_free(&f);
    return ok;
}

struct dataset *file_set_load(const struct file_set_settings *settings, struct str *warnings,
                              struct error *err)
{
    struct file_set s = {.settings = settings, .builder = dataset_builder_new(), .err = err};
    bool ok = true;
    for (size_t i = 0; ok && settings->paths[i] != NULL; i++)
        ok = file_add(&s, settings->paths[i], warnings);
    for (unsigned kind = 0; kind < ITEM_KIND_COUNT; kind++)
        map_free(&s.paths[kind]);
    if (!ok) {
        dataset_builder_free(s.builder);
        return NULL;
    }
    return dataset_builder_finish_take(s.builder);
}
