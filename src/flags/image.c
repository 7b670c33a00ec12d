/* flags/image.c - see image.h. */
#include "flags/image.h"

#include "flags/dataset_private.h"
#include "flags/evaluate.h"

#include <stdatomic.h>

static const struct compiled_variation *variation_at(const struct compiled_flag *flag,
                                                     int64_t variation)
{
    bool known = variation >= 0 && variation < flag->variation_count;
    return known ? &flag->variations[variation] : NULL;
}

/* A flag that is off, or that has nothing but a fixed fallthrough which is no experiment. One that
 * is malformed is evaluated, so that somebody hears of it. */
static const struct compiled_variation *fixed_find(const struct compiled_flag *flag)
{
    if (!flag->on)
        return flag->has_off_variation ? variation_at(flag, flag->off_variation) : &flag->none;
    if (flag->has_conditions || flag->fallthrough.rollout != NULL || flag->track_events_fallthrough)
        return NULL;
    return variation_at(flag, flag->fallthrough.variation);
}

static struct image_entry entry_of(const struct item *it, const struct compiled_flag *flag,
                                   uint32_t position)
{
    const struct compiled_variation *fixed = fixed_find(flag);
    return (struct image_entry){.flag = flag,
                                .fixed = fixed != NULL ? fixed->text : NULL,
                                .fixed_len = fixed != NULL ? fixed->len : 0,
                                .position = position,
                                .visible_environment = it->visible_environment,
                                .visible_mobile = it->visible_mobile};
}

static struct image *image_new(const struct collection *flags, const struct key_order *order)
{
    struct image *image = mem_alloc(sizeof *image + flags->live * sizeof image->entries[0]);
    image->count = 0;
    for (size_t i = 0; i < order->count; i++) {
        struct item *it = sequence_at(&flags->items, order->positions[i]);
        if (!it->deleted)
            image->entries[image->count++] =
                entry_of(it, compiled_flag_of(it), order->positions[i]);
    }
    return image;
}

const struct image *dataset_image(struct dataset *d)
{
    struct image *image = atomic_load_explicit(&d->image, memory_order_acquire);
    if (image != NULL)
        return image;
    const struct key_order *order = dataset_by_key(d);
    (void)pthread_mutex_lock(&d->making);
    image = atomic_load_explicit(&d->image, memory_order_relaxed);
    if (image == NULL) {
        image = image_new(&d->collections[ITEM_FLAG], order);
        atomic_store_explicit(&d->image, image, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return image;
}

void evaluation_prepare(struct dataset *d)
{
    (void)dataset_image(d);
}

bool evaluation_is_prepared(struct dataset *d)
{
    return atomic_load_explicit(&d->image, memory_order_acquire) != NULL;
}
