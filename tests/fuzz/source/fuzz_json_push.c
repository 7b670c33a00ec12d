/* JSON in pieces. The first two bytes choose how the rest is cut.
 *
 * Laws: nothing depends on where the bytes are cut; and what is accepted is what the reader in base
 * accepts, but for a number alone, which has no end, and for numbers too large to be one. */
#include "source/json_push.h"

#include "cuts.h"

struct reader {
    struct json_push push;
    struct str events;
};

static void feed(void *owner, struct view piece)
{
    struct reader *r = owner;
    enum json_push_event event;
    do {
        size_t used = json_push_step(&r->push, piece, &event);
        must(used <= piece.len);
        piece = view_from(piece, used);
        if (event != JSON_PUSH_MORE && event != JSON_PUSH_FAILED)
            str_append_format(&r->events, "%d %u at %zu,", event, r->push.depth, r->push.offset);
    } while (event != JSON_PUSH_MORE && event != JSON_PUSH_FAILED);
}

static void digest(struct view bytes, unsigned seed, struct reader *r)
{
    *r = (struct reader){0};
    json_push_init(&r->push, 3);
    feed_in_pieces(bytes, seed, feed, r);
    str_append_text(&r->events, r->push.problem != NULL ? r->push.problem : "");
    if (r->push.problem != NULL)
        return;
    str_append_format(&r->events, "%d at %zu", json_push_whole(&r->push), r->push.offset);
}

/* Does the reader say the same about the whole text? */
static bool reader_agrees(struct view bytes, bool accepted)
{
    struct json_reader r;
    json_reader_init(&r, bytes);
    bool number = json_peek(&r) == JSON_NUMBER;
    json_skip(&r);
    json_expect_end(&r);
    bool range = json_failed(&r) && strcmp(r.problem, "a number is out of range") == 0;
    bool same = json_failed(&r) != accepted;
    json_reader_done(&r);
    return same || number || range;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct view bytes = view_make((const char *)data + 2, size - 2);
    struct reader whole;
    struct reader pieces;
    digest(bytes, 0, &whole);
    digest(bytes, (unsigned)(data[0] << 8 | data[1]) + 1, &pieces);
    must(view_equal(str_view(&whole.events), str_view(&pieces.events)));
    must(reader_agrees(bytes, json_push_whole(&whole.push)));
    str_free(&whole.events);
    str_free(&pieces.events);
    return 0;
}
