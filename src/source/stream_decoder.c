/* source/stream_decoder.c - what to do with the data of an event, depending on its name. */
#include "source/stream_decoder.h"

#include "source/put_scan.h"
#include "source/update.h"

#define DECODER_KEEP_BYTES ((size_t)64 << 10)

/* Where the data of the present event goes. */
enum decoder_route {
    ROUTE_NONE,    /* no data yet */
    ROUTE_COLLECT, /* name unknown as yet, or patch, or delete */
    ROUTE_PUT,     /* into put_scan, nothing is held */
    ROUTE_DROP     /* an event that nobody reads */
};

struct stream_decoder {
    const struct stream_decoder_listener *listener;
    void *owner;
    struct sse_reader reader;
    enum decoder_route route;
    bool stopped;
    struct str collected;
    struct put_scan put; /* in use while route is ROUTE_PUT */
};

static void decoder_event_reset(struct stream_decoder *d)
{
    if (d->route == ROUTE_PUT)
        put_scan_done(&d->put);
    d->route = ROUTE_NONE;
    if (d->collected.room > DECODER_KEEP_BYTES)
        str_free(&d->collected);
    str_clear(&d->collected);
}

static void decoder_malformed(struct stream_decoder *d, struct view name, const char *problem)
{
    sse_reader_stop(&d->reader);
    d->stopped = true;
    d->listener->malformed(d->owner, name, problem);
}

static enum decoder_route decoder_route_of(struct view name)
{
    if (view_is(name, "put"))
        return ROUTE_PUT;
    bool collect = name.len == 0 || view_is(name, "patch") || view_is(name, "delete");
    return collect ? ROUTE_COLLECT : ROUTE_DROP;
}

static void decoder_put_feed(struct stream_decoder *d, struct view piece)
{
    if (!put_scan_feed(&d->put, piece))
        decoder_malformed(d, VIEW_LITERAL("put"), d->put.problem.text);
}

/* From now on the data is that of a put; what came before the name was known goes first. */
static void decoder_put_begin(struct stream_decoder *d)
{
    d->route = ROUTE_PUT;
    put_scan_init(&d->put);
    decoder_put_feed(d, str_view(&d->collected));
    str_free(&d->collected);
}

static void decoder_on_data(void *owner, struct view name, struct view piece)
{
    struct stream_decoder *d = owner;
    enum decoder_route wanted = decoder_route_of(name);
    if (d->route == ROUTE_NONE || d->route == ROUTE_COLLECT) {
        if (wanted == ROUTE_PUT)
            decoder_put_begin(d);
        d->route = wanted;
    }
    if (d->stopped)
        return;
    if (d->route == ROUTE_PUT)
        decoder_put_feed(d, piece);
    else if (d->route == ROUTE_COLLECT)
        str_append(&d->collected, piece);
}

static void decoder_put_ended(struct stream_decoder *d)
{
    if (d->route != ROUTE_PUT)
        decoder_put_begin(d);
    if (d->stopped)
        return;
    struct dataset *data = put_scan_finish(&d->put);
    if (data == NULL)
        decoder_malformed(d, VIEW_LITERAL("put"), d->put.problem.text);
    else
        d->listener->put(d->owner, data); /* source_stream, then env_put_apply() */
}

static void decoder_update_ended(struct stream_decoder *d, struct view name)
{
    struct error err;
    struct item *it = NULL;
    struct view data = str_view(&d->collected);
    enum update_result result = view_is(name, "patch") ? update_decode_patch(data, &it, &err)
                                                       : update_decode_delete(data, &it, &err);
    if (result == UPDATE_ITEM)
        d->listener->patch(d->owner, it); /* source_stream, then env_patch_apply() */
    else if (result == UPDATE_IGNORED)
        d->listener->ignored(d->owner);
    else
        decoder_malformed(d, name, err.text);
}

static void decoder_on_event(void *owner, struct view name, bool has_data)
{
    struct stream_decoder *d = owner;
    bool put = view_is(name, "put");
    bool update = view_is(name, "patch") || view_is(name, "delete");
    bool lost = d->route == ROUTE_DROP || (update && d->route == ROUTE_PUT);
    if ((put || update) && !has_data)
        decoder_malformed(d, name, "no data");
    else if ((put || update) && lost)
        decoder_malformed(d, name, "the name of the event changed after its data had begun");
    else if (put)
        decoder_put_ended(d);
    else if (update)
        decoder_update_ended(d, name);
    else if (has_data)
        d->listener->unexpected(d->owner, name);
    decoder_event_reset(d);
}

static void decoder_on_retry(void *owner, int64_t ms)
{
    struct stream_decoder *d = owner;
    d->listener->retry(d->owner, ms);
}

static const struct sse_reader_listener decoder_reader_listener = {
    .on_data = decoder_on_data,
    .on_event = decoder_on_event,
    .on_retry = decoder_on_retry,
};

struct stream_decoder *stream_decoder_new(size_t max_event,
                                          const struct stream_decoder_listener *listener,
                                          void *owner)
{
    struct stream_decoder *d = mem_zalloc(sizeof *d);
    d->listener = listener;
    d->owner = owner;
    sse_reader_init(&d->reader, max_event, &decoder_reader_listener, d);
    return d;
}

void stream_decoder_free(struct stream_decoder *d)
{
    if (d == NULL)
        return;
    decoder_event_reset(d);
    str_free(&d->collected);
    sse_reader_done(&d->reader);
    mem_free(d);
}

void stream_decoder_feed(struct stream_decoder *d, struct view bytes)
{
    if (!sse_reader_feed(&d->reader, bytes) && !d->stopped)
        decoder_malformed(d, str_view(&d->reader.name), "the event is too large");
}

void stream_decoder_stop(struct stream_decoder *d)
{
    d->stopped = true;
    sse_reader_stop(&d->reader);
}

void stream_decoder_reset(struct stream_decoder *d)
{
    decoder_event_reset(d);
    d->stopped = false;
    sse_reader_reset(&d->reader);
}

bool stream_decoder_in_event(const struct stream_decoder *d)
{
    return sse_reader_in_event(&d->reader);
}

struct view stream_decoder_last_id(const struct stream_decoder *d)
{
    return str_view(&d->reader.last_id);
}
