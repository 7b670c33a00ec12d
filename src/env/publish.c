/* env/publish.c - hop 3 of a changed flag: bytes are made, once per stream kind, and sent to every
 * thread.
 *
 * Before: env_patch_apply() or env_put_apply() made a new data set. After: fanout_broadcast_post().
 */
#include "base/json_writer.h"
#include "env/env_private.h"

/* {"path":"<prefix>KEY", - the beginning of every patch and delete (streaming.md 8). */
static void write_path(struct str *out, const char *prefix, struct view key)
{
    struct str path = {0};
    str_append_text(&path, prefix);
    str_append(&path, key);
    str_append_text(out, "{\"path\":");
    json_write_string(out, str_view(&path));
    str_free(&path);
}

static struct frame *render_item(const struct item *it, const char *prefix)
{
    struct frame_builder b;
    frame_begin(&b, it->deleted ? "delete" : "patch", it->text->len + it->key.len + 64);
    write_path(&b.text, prefix, it->key);
    if (it->deleted) {
        str_append_text(&b.text, ",\"version\":");
        str_append_int(&b.text, it->version);
    } else {
        str_append_text(&b.text, ",\"data\":");
        str_append(&b.text, buf_view(it->text));
    }
    str_append_char(&b.text, '}');
    return frame_finish(&b, FRAME_CHANGE);
}

/* Adds a ping for each of these kinds. */
static void news_add_pings(struct fanout_news *news, struct frame *const *ping, unsigned kinds)
{
    for (int kind = 0; kind < FANOUT_KIND_COUNT; kind++) {
        if ((kinds & 1u << kind) == 0)
            continue;
        news->frames[kind] = ping;
        news->frame_count[kind] = 1;
    }
}

/* The new snapshot with its news, and pings for those whom it concerns. */
static void post(struct env *e, struct fanout_news *news, unsigned concerned)
{
    if (e->closing)
        return;
    struct frame *ping = frame_ping();
    news_add_pings(news, &ping, env_pings_now(e, concerned));
    env_prepare(e);
    fanout_broadcast_post(&e->house->fanouts, e->slot, env_snapshot_take(e), news);
    frame_unref(ping);
}

void env_publish_items(struct env *e, struct item *const *items, size_t count, unsigned concerned)
{
    struct frame **all = mem_alloc(count * sizeof(struct frame *));
    struct frame **flags = mem_alloc(count * sizeof(struct frame *));
    size_t flag_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_flag = items[i]->kind == ITEM_FLAG;
        all[i] = render_item(items[i], is_flag ? "/flags/" : "/segments/");
        if (is_flag)
            flags[flag_count++] = render_item(items[i], "/");
    }
    struct fanout_news news = {.frames = {[FANOUT_ALL] = all, [FANOUT_FLAGS] = flags},
                               .frame_count = {[FANOUT_ALL] = count, [FANOUT_FLAGS] = flag_count}};
    post(e, &news, concerned);
    for (size_t i = 0; i < count; i++)
        frame_unref(all[i]);
    for (size_t i = 0; i < flag_count; i++)
        frame_unref(flags[i]);
    mem_free(all);
    mem_free(flags);
}

void env_publish_put(struct env *e)
{
    struct fanout_news news = {.put = true};
    post(e, &news, PING_ALL);
}

void env_publish_state(struct env *e)
{
    if (!e->closing)
        fanout_broadcast_post(&e->house->fanouts, e->slot, env_snapshot_take(e), NULL);
}

void env_publish_pings(struct env *e, unsigned kinds)
{
    struct fanout_news news = {0};
    struct frame *ping = frame_ping();
    news_add_pings(&news, &ping, kinds);
    fanout_broadcast_post(&e->house->fanouts, e->slot, env_snapshot_take(e), &news);
    frame_unref(ping);
}
