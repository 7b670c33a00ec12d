/* flags/tracking.c - see tracking.h. */
#include "flags/tracking.h"

#include "flags/compiled.h"
#include "flags/value.h"

static const struct compiled_flag *flag_find(struct dataset *d, struct view key)
{
    struct item *it = dataset_find(d, ITEM_FLAG, key);
    return it != NULL && !it->deleted ? compiled_flag_of(it) : NULL;
}

bool flag_tracking_find(struct dataset *d, struct view key, struct flag_tracking *out)
{
    const struct compiled_flag *flag = flag_find(d, key);
    *out = (struct flag_tracking){0};
    if (flag == NULL)
        return false;
    out->track_events = flag->track_events;
    out->debug_until_ms = flag->debug_events_until_ms;
    return true;
}

/* False when the text is no value, or too deep. */
static bool value_parse(struct view json, struct arena *arena, struct value *out)
{
    struct json_reader r;
    struct str scratch = {0};
    json_reader_init(&r, json);
    value_read(&r, arena, &scratch, out);
    bool ok = !json_failed(&r);
    json_reader_done(&r);
    str_free(&scratch);
    return ok;
}

int64_t flag_variation_of(struct dataset *d, struct view key, struct view value)
{
    const struct compiled_flag *flag = flag_find(d, key);
    struct arena arena = {0};
    struct value wanted;
    int64_t found = FLAG_NO_VARIATION;
    uint32_t count =
        flag != NULL && value_parse(value, &arena, &wanted) ? flag->variation_count : 0;
    for (uint32_t i = 0; i < count && found == FLAG_NO_VARIATION; i++) {
        const struct compiled_variation *v = &flag->variations[i];
        struct value candidate;
        if (value_parse(view_make(v->text + v->value_at, v->value_len), &arena, &candidate) &&
            value_equal(&candidate, &wanted))
            found = i;
    }
    arena_free(&arena);
    return found;
}
