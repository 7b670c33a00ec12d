/* env/house.c - all environments together: opened, looked up, told about, closed. */
#include "env/env_private.h"

#include <stdlib.h>
#include <string.h>

struct house *house_open(const struct house_settings *settings,
                         const struct house_listener *listener, struct fanout **fanouts,
                         size_t fanout_count)
{
    struct house *h = mem_zalloc(sizeof *h);
    h->settings = *settings;
    h->stream_uri = mem_copy_text(settings->stream_uri, strlen(settings->stream_uri));
    h->settings.stream_uri = h->stream_uri;
    h->base_uri = mem_copy_text(settings->base_uri, strlen(settings->base_uri));
    h->settings.base_uri = h->base_uri;
    h->listener = *listener;
    h->fanouts.each = fanouts;
    h->fanouts.count = fanout_count;
    (void)uv_timer_init(settings->loop, &h->turn);
    shared_exchanges_init(&h->shared, settings->client, settings->loop, settings->random);
    h->open_count = 1;
    return h;
}

static int order_by_name(const void *a, const void *b)
{
    const struct env *const *left = a;
    const struct env *const *right = b;
    return view_compare(view_of((*left)->facts->name), view_of((*right)->facts->name));
}

void house_add(struct house *h, const struct env_settings *settings)
{
    size_t size = (h->count + 1) * sizeof(struct env *);
    h->envs = mem_realloc(h->envs, size);
    h->by_name = mem_realloc(h->by_name, size);
    struct env *e = env_open(h, settings, (unsigned)h->count);
    h->envs[h->count] = e;
    h->by_name[h->count] = e;
    h->count++;
    h->open_count++;
    qsort(h->by_name, h->count, sizeof(struct env *), order_by_name);
}

static void directory_publish(struct house *h)
{
    unsigned *by_name = mem_alloc(h->count * sizeof *by_name);
    for (size_t i = 0; i < h->count; i++)
        by_name[i] = h->by_name[i]->slot;
    struct directory *d = directory_new(by_name, h->count);
    for (size_t i = 0; i < h->count; i++) {
        const struct env *e = h->envs[i];
        struct view filter = view_of(e->facts->filter_key);
        directory_add(d, CREDENTIAL_SDK_KEY, view_of(e->sdk_key), filter, e->slot);
        directory_add(d, CREDENTIAL_MOBILE_KEY, view_of(e->mobile_key), filter, e->slot);
        directory_add(d, CREDENTIAL_ENVIRONMENT_ID, view_of(e->facts->env_id), filter, e->slot);
    }
    fanout_directory_post(&h->fanouts, d);
    directory_unref(d);
    mem_free(by_name);
}

void house_start(struct house *h)
{
    for (size_t i = 0; i < h->count; i++)
        env_start_sources(h->envs[i]);
    directory_publish(h);
}

void house_attach(struct house *h, const struct fanout_route *route)
{
    h->fanouts.route = *route;
}

static void house_free(struct house *h)
{
    struct house_listener listener = h->listener;
    mem_free(h->envs);
    mem_free(h->by_name);
    mem_free(h->stream_uri);
    mem_free(h->base_uri);
    mem_free(h);
    listener.closed(listener.owner);
}

void house_env_closed(struct house *h)
{
    if (--h->open_count == 0)
        house_free(h);
}

static void turn_closed(uv_handle_t *handle)
{
    house_env_closed(handle->data);
}

void house_close(struct house *h)
{
    h->closing = true;
    h->turn.data = h;
    uv_close((uv_handle_t *)&h->turn, turn_closed);
    for (size_t i = 0; i < h->count; i++)
        env_close(h->envs[i]);
}

void house_data_wanted(struct house *h, unsigned slot, size_t thread, unsigned kinds)
{
    if (slot < h->count)
        env_cache_want(h->envs[slot], thread, kinds);
}

void house_members_wanted(struct house *h, const struct member_asker *asker,
                          struct view context_key)
{
    if (asker->slot < h->count)
        env_members_want(h->envs[asker->slot], asker, context_key);
}

size_t house_count(const struct house *h)
{
    return h->count;
}

const struct env_snapshot *house_snapshot(const struct house *h, size_t index)
{
    return h->by_name[index]->published;
}

const struct env_snapshot *house_current(const struct house *h, unsigned slot)
{
    return h->envs[slot]->published;
}

size_t house_pending_writes(const struct house *h)
{
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++)
        count += store_pending(h->envs[i]->store);
    return count;
}

const struct synchronizer_counts *house_segment_counts(const struct house *h, unsigned slot)
{
    const struct synchronizer *s = h->envs[slot]->segments.synchronizer;
    return s != NULL ? synchronizer_counts(s) : NULL;
}

bool house_set_log_level(struct house *h, const char *name, enum log_level level)
{
    for (size_t i = 0; i < h->count; i++) {
        if (view_is(view_of(h->envs[i]->facts->name), name)) {
            log_scope_set_level(h->envs[i]->facts->log, level);
            return true;
        }
    }
    return false;
}
