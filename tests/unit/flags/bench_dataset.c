/* What a data set costs: building, one patch, the renderings, the order.
 *
 *   meson test -C build --benchmark flags_dataset --verbose        or the program with FLAGS
 * PATCHES
 *
 * Times are CPU time. Memory per patch is measured by keeping every version: what a patch allocates
 * and does not share.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "flags/dataset.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* About 580 bytes, as in shared/bench. */
static struct item *flag_new(int number, int version)
{
    char key[32];
    struct str json = {0};
    struct error err;
    (void)snprintf(key, sizeof key, "flag-%d", number);
    str_append_format(
        &json,
        "{\"key\":\"%s\",\"version\":%d,\"on\":true,\"salt\":\"abcdef0123456789\",\"variations\":["
        "\"first value\",\"second value\",\"third value\"],\"offVariation\":2,\"fallthrough\":"
        "{\"variation\":0},\"rules\":[{\"id\":\"rule-1\",\"variation\":1,\"clauses\":[{"
        "\"attribute\":"
        "\"email\",\"op\":\"endsWith\",\"values\":[\"@corp.example\",\"@example.com\"],\"negate\":"
        "false}],\"trackEvents\":false}],\"prerequisites\":[],\"clientSideAvailability\":"
        "{\"usingMobileKey\":true,\"usingEnvironmentId\":true},\"targets\":[{\"variation\":1,"
        "\"values\":[\"alice\",\"bob\"]}]}",
        key, version);
    struct item *it = item_parse(ITEM_FLAG, view_of(key), str_view(&json), &err);
    str_free(&json);
    if (it == NULL)
        abort();
    return it;
}

static struct dataset *measure_building(int flags)
{
    size_t before = heap_bytes();
    struct item **items = mem_alloc((size_t)flags * sizeof(struct item *));
    double begun = now_us();
    for (int i = 0; i < flags; i++)
        items[i] = flag_new(i, 1);
    double parsed = now_us();
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < flags; i++)
        dataset_builder_add_take(b, items[i]);
    struct dataset *d = dataset_builder_finish_take(b);
    double built = now_us();
    mem_free(items);
    printf("%d flags: parse %.2f us each, build %.3f us each, %.0f bytes of heap each\n", flags,
           (parsed - begun) / flags, (built - parsed) / flags,
           (double)(heap_bytes() - before) / flags);
    return d;
}

static void measure_renderings(struct dataset *d)
{
    size_t count;
    double begun = now_us();
    (void)dataset_ordered(d, ITEM_FLAG, &count);
    double ordered = now_us();
    size_t bytes = dataset_put_all(d)->wire.len;
    double rendered = now_us();
    printf("order %.0f us, put of %zu bytes %.0f us\n", ordered - begun, bytes, rendered - ordered);
}

/* `added` says whether the keys are new ones. */
static struct dataset *measure_patches(struct dataset *d, int flags, int patches, bool added)
{
    struct item **items = mem_alloc((size_t)patches * sizeof(struct item *));
    for (int i = 0; i < patches; i++)
        items[i] = flag_new(added ? flags + i : (int)((i * 7919LL) % flags), i + 2);
    double begun = now_us();
    for (int i = 0; i < patches; i++) {
        struct dataset *next = dataset_with_item_take(d, items[i]);
        dataset_unref(d);
        d = next;
    }
    printf("%d patches with %s keys: %.2f us each\n", patches, added ? "new" : "known",
           (now_us() - begun) / patches);
    mem_free(items);
    return d;
}

static void measure_patch_memory(struct dataset *d, int flags)
{
    enum { VERSIONS = 1000 };
    struct dataset *versions[VERSIONS];
    struct item *it = flag_new(flags / 2, 99);
    size_t before = heap_bytes();
    for (int i = 0; i < VERSIONS; i++)
        versions[i] = dataset_with_item_take(d, item_ref(it));
    printf("%.0f bytes a patch, without the item\n", (double)(heap_bytes() - before) / VERSIONS);
    for (int i = 0; i < VERSIONS; i++)
        dataset_unref(versions[i]);
    item_unref(it);
}

int main(int argc, char **argv)
{
    int flags = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10000;
    int patches = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100000;
    struct dataset *d = measure_building(flags);
    measure_renderings(d);
    d = measure_patches(d, flags, patches, false);
    measure_patch_memory(d, flags);
    d = measure_patches(d, flags, patches, true);
    dataset_unref(d);
    return 0;
}
