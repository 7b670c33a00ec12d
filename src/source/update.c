/* source/update.c - {"path":"/flags/KEY","data":ITEM} and {"path":"/flags/KEY","version":N}. */
#include "source/update.h"

#include "base/json_reader.h"

/* What both kinds of update consist of; properties in any order. */
struct update {
    struct str path;
    bool has_path;
    struct view data; /* empty: absent */
    bool has_version;
    int64_t version;
};

/* The kind and key that a path names; false for a path nobody knows. */
static bool update_path_split(struct view path, enum item_kind *kind, struct view *key)
{
    if (view_starts(path, "/flags/")) {
        *kind = ITEM_FLAG;
        *key = view_from(path, strlen("/flags/"));
        return true;
    }
    if (view_starts(path, "/segments/")) {
        *kind = ITEM_SEGMENT;
        *key = view_from(path, strlen("/segments/"));
        return true;
    }
    return false;
}

static void update_path_read(struct update *u, struct json_reader *r)
{
    str_clear(&u->path);
    json_read_string(r, &u->path);
    u->has_path = !json_failed(r);
}

/* Reads up to the end, or up to an unknown path: what follows that is not looked at. */
static void update_read(struct update *u, struct json_reader *r, bool patch)
{
    struct view name;
    enum item_kind kind;
    struct view key;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "path")) {
            update_path_read(u, r);
            if (u->has_path && !update_path_split(str_view(&u->path), &kind, &key))
                return;
        } else if (patch && view_is(name, "data")) {
            u->data = json_read_raw(r);
        } else if (!patch && view_is(name, "version")) {
            u->version = json_read_int(r);
            u->has_version = true;
        } else {
            json_skip(r);
        }
    }
}

static enum update_result update_decode(struct view data, bool patch, struct item **out,
                                        struct error *err)
{
    struct update u = {0};
    struct json_reader r;
    enum update_result result = UPDATE_MALFORMED;
    enum item_kind kind;
    struct view key;
    json_reader_init(&r, data);
    update_read(&u, &r, patch);
    if (json_failed(&r)) {
        error_set(err, "%s at offset %zu", r.problem, json_offset(&r));
    } else if (!u.has_path) {
        error_set(err, "missing \"path\"");
    } else if (!update_path_split(str_view(&u.path), &kind, &key)) {
        result = UPDATE_IGNORED;
    } else if (patch ? u.data.len == 0 : !u.has_version) {
        error_set(err, "missing \"%s\"", patch ? "data" : "version");
    } else {
        struct item *it =
            patch ? item_parse(kind, key, u.data, err) : item_tombstone(kind, key, u.version);
        if (it != NULL) {
            *out = it;
            result = UPDATE_ITEM;
        }
    }
    json_reader_done(&r);
    str_free(&u.path);
    return result;
}

enum update_result update_decode_patch(struct view data, struct item **out, struct error *err)
{
    return update_decode(data, true, out, err);
}

enum update_result update_decode_delete(struct view data, struct item **out, struct error *err)
{
    return update_decode(data, false, out, err);
}
