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
    h->listener = *listener;
    h->fanouts.each = fanouts;
    h->fanouts.count = fanout_count;
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
    struct directory *d = directory_new();
    for (size_t i = 0; i < h->count; i++) {
        const struct env *e = h->envs[i];
        struct view filter = view_of(e->filter_key);
        directory_add(d, CREDENTIAL_SDK_KEY, view_of(e->sdk_key), filter, e->slot);
        directory_add(d, CREDENTIAL_MOBILE_KEY, view_of(e->mobile_key), filter, e->slot);
        directory_add(d, CREDENTIAL_ENVIRONMENT_ID, view_of(e->facts->env_id), filter, e->slot);
    }
    fanout_directory_post(&h->fanouts, d);
    directory_unref(d);
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
    mem_free(h);
    listener.closed(listener.owner);
}

void house_env_closed(struct house *h, struct env *e)
{
    mem_free(e);
    if (--h->open_count == 0 && h->closing)
        house_free(h);
}

void house_close(struct house *h)
{
    h->closing = true;
    if (h->open_count == 0) {
        house_free(h);
        return;
    }
    size_t count = h->count;
    for (size_t i = 0; i < count; i++)
        env_close(h->envs[i]);
}

size_t house_count(const struct house *h)
{
    return h->count;
}

const struct store_database *house_database(const struct house *h)
{
    return h->settings.database;
}

void house_status(struct house *h, size_t index, struct env_status *out)
{
    const struct env *e = h->by_name[index];
    const struct connection *c = &e->connection;
    *out = (struct env_status){
        .name = e->facts->name,
        .sdk_key = e->sdk_key,
        .mobile_key = e->mobile_key,
        .env_id = e->facts->env_id,
        .filter_key = e->filter_key,
        .file_source = e->data_files != NULL,
        .start_ended = e->start != START_WAITING,
        .refused = e->start == START_REFUSED && !e->initialized,
        .connected = connection_connected(e),
        .connection = c->state,
        .connection_since_ms = c->since_wall_ms,
        .has_error = c->has_error,
        .error_kind = c->error_kind,
        .error_status_code = c->error_status_code,
        .error_time_ms = c->error_wall_ms,
        .store = e->store_state,
        .store_since_ms = e->store_since_wall_ms,
        .store_prefix = e->store != NULL ? store_prefix(e->store) : "",
        .created_ms = e->created_wall_ms,
        .has_data = e->data != NULL,
        .flag_count = e->data != NULL ? dataset_count(e->data, ITEM_FLAG) : 0,
        .segment_count = e->data != NULL ? dataset_count(e->data, ITEM_SEGMENT) : 0,
    };
}
