/* Any bytes as a spool file; checksums are put right first where the lengths allow it, so that what
 * is behind them is reached.
 *
 * Laws: records are taken from the front and never more than there is; one that was found is
 * written and read again as the same. */
#include "base/crc32c.h"
#include "events/spool_record.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void sums_repair(char *data, size_t len)
{
    for (size_t at = 0; len - at > 8;) {
        uint32_t inner;
        memcpy(&inner, data + at, sizeof inner);
        if (inner == 0 || inner > len - at - 8)
            return;
        uint32_t sum = crc32c(0, view_make(data + at + 8, inner));
        memcpy(data + at + 4, &sum, sizeof sum);
        at += 8 + inner;
    }
}

static void head_again(const struct spool_record *r, struct str *head)
{
    struct spool_post post = spool_record_post(r);
    struct spool_batch batch = spool_record_batch(r);
    if (r->type == SPOOL_POST)
        spool_post_head(&post, r->body.len, head);
    else if (r->type == SPOOL_BATCH)
        spool_batch_head(&batch, r->body.len, head);
    else
        spool_done_head(batch.payload_id, str_text(&r->texts[SPOOL_OUTCOME]), head);
}

static void check_again(const struct spool_record *r)
{
    struct str file = {0};
    struct spool_record again = {0};
    if (r->type == SPOOL_DONE && r->body.len != 0)
        return;
    if (r->type == SPOOL_DONE &&
        memchr(str_text(&r->texts[SPOOL_OUTCOME]), 0, r->texts[SPOOL_OUTCOME].len) != NULL)
        return;
    head_again(r, &file);
    spool_head_seal(&file, r->body);
    str_append(&file, r->body);
    struct view rest = str_view(&file);
    must(spool_record_take(&rest, &again) == SPOOL_FOUND && rest.len == 0);
    must(again.type == r->type && view_equal(again.body, r->body));
    must(view_equal(str_view(&again.texts[SPOOL_PAYLOAD_ID]),
                    str_view(&r->texts[SPOOL_PAYLOAD_ID])));
    must(r->type != SPOOL_POST || again.time == r->time);
    must(r->type != SPOOL_BATCH || again.more == r->more);
    spool_record_done(&again);
    str_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *memory = mem_alloc(size);
    struct spool_record r = {0};
    enum spool_found found;
    if (size > 0)
        memcpy(memory, data, size);
    sums_repair(memory, size);
    struct view rest = view_make(memory, size);
    do {
        size_t before = rest.len;
        found = spool_record_take(&rest, &r);
        must(rest.len <= before);
        must(found != SPOOL_FOUND || rest.len < before);
        if (found == SPOOL_FOUND)
            check_again(&r);
    } while (found == SPOOL_FOUND || found == SPOOL_UNKNOWN);
    must(found != SPOOL_END || rest.len == 0);
    spool_record_done(&r);
    mem_free(memory);
    return 0;
}
