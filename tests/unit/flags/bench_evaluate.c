/* What evaluation costs: all flags for contexts of which no two are the same.
 *
 *   meson test -C build --benchmark flags_evaluate --verbose       or the program with FLAGS
 * REQUESTS
 *
 * Times are CPU time. Flags as in the stand-in upstream of the other measurements: half have a rule
 * of two clauses, a third a rollout, a fifth a target. */
#include "base/mem.h"
#include "base/str.h"
#include "flags/evalx.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 20

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

static void rule_write(int number, struct str *out)
{
    str_append_format(
        out,
        "{\"id\":\"r%d\",\"variation\":1,\"clauses\":[{\"attribute\":\"email\",\"op\":"
        "\"endsWith\",\"values\":[\"@example-%d.com\",\"@corp.example\"],\"negate\":"
        "false},{\"attribute\":\"country\",\"op\":\"in\",\"values\":[\"de\",\"fr\","
        "\"it\"],\"negate\":false}]}",
        number, number);
}

static struct item *flag_new(int number, int version)
{
    char key[32];
    struct str json = {0};
    struct error err;
    (void)snprintf(key, sizeof key, "flag-%d", number);
    str_append_format(
        &json,
        "{\"key\":\"%s\",\"version\":%d,\"on\":true,\"salt\":\"salt-%d\",\"variations\":["
        "\"on-xxxxxxxxxxxxxxxx\",\"off-xxxxxxxxxxxxxxxx\"],\"offVariation\":1,",
        key, version, number);
    str_append_text(&json, number % 3 == 0
                               ? "\"fallthrough\":{\"rollout\":{\"variations\":[{\"variation\":0,"
                                 "\"weight\":60000},{\"variation\":1,\"weight\":40000}]}},"
                               : "\"fallthrough\":{\"variation\":0},");
    str_append_text(&json, "\"rules\":[");
    if (number % 2 == 0)
        rule_write(number, &json);
    str_append_text(&json, "],\"targets\":[");
    if (number % 5 == 0)
        str_append_format(&json, "{\"variation\":1,\"values\":[\"alice\",\"bob\",\"user-%d\"]}",
                          number);
    str_append_text(&json, "],\"clientSide\":true,\"clientSideAvailability\":{\"usingMobileKey\":"
                           "true,\"usingEnvironmentId\":true}}");
    struct item *it = item_parse(ITEM_FLAG, view_of(key), str_view(&json), &err);
    str_free(&json);
    if (it == NULL)
        abort();
    return it;
}

static struct dataset *dataset_new(int flags)
{
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < flags; i++)
        dataset_builder_add_take(b, flag_new(i, 1));
    return dataset_builder_finish_take(b);
}

static struct context *context_new(int number)
{
    char json[256];
    struct error err;
    (void)snprintf(
        json, sizeof json,
        "{\"kind\":\"user\",\"key\":\"user-key-%d\",\"name\":\"User %d\",\"email\":\"user%d@"
        "corp.example\",\"country\":\"%s\",\"age\":%d,\"plan\":\"gold\"}",
        number, number, number, number % 2 == 0 ? "de" : "us", number % 90);
    struct context *c = context_parse(view_of(json), &err);
    if (c == NULL)
        abort();
    return c;
}

static void request_make(struct dataset *d, int number, bool with_reasons, struct str *body)
{
    struct evalx_facts facts;
    struct context *c = context_new(number);
    struct evalx_request request = {
        .data = d, .context = c, .filter = EVALX_ENVIRONMENT, .with_reasons = with_reasons};
    str_clear(body);
    evalx_write(&request, body, &facts);
    context_free(c);
}

static void measure_first(struct dataset *d, int flags)
{
    struct str body = {0};
    size_t before = heap_bytes();
    double begun = now_us();
    request_make(d, 0, false, &body);
    double first = now_us();
    printf("%d flags: first request %.0f us (all are compiled, %.0f bytes each), body %zu bytes\n",
           flags, first - begun, (double)(heap_bytes() - before - body.room) / flags, body.len);
    str_free(&body);
}

/* The fastest of several rounds: what else the machine does is not ours. */
static void measure_requests(struct dataset *d, int requests, bool with_reasons)
{
    struct str body = {0};
    double best = 0;
    int each_round = requests / ROUNDS;
    for (int round = 0; round < ROUNDS; round++) {
        double begun = now_us();
        for (int i = 0; i < each_round; i++)
            request_make(d, i, with_reasons, &body);
        double each = (now_us() - begun) / each_round;
        best = round == 0 || each < best ? each : best;
    }
    printf("%s: %.1f us a request\n", with_reasons ? "with reasons" : "without reasons", best);
    str_free(&body);
}

static void measure_contexts(int count)
{
    double begun = now_us();
    for (int i = 0; i < count; i++)
        context_free(context_new(i));
    printf("a context: %.2f us\n", (now_us() - begun) / count);
}

/* One changed flag between two requests. */
static struct dataset *measure_patched(struct dataset *d, int requests)
{
    struct str body = {0};
    double patching = 0;
    for (int i = 0; i < requests; i++) {
        struct dataset *next = dataset_with_item_take(d, flag_new(i % 7, i + 2));
        dataset_unref(d);
        d = next;
        double begun = now_us();
        request_make(d, i, false, &body);
        patching += now_us() - begun;
    }
    printf("after a patch: %.1f us a request\n", patching / requests);
    str_free(&body);
    return d;
}

int main(int argc, char **argv)
{
    int flags = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000;
    int requests = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20000;
    struct dataset *d = dataset_new(flags);
    measure_first(d, flags);
    measure_contexts(100000);
    measure_requests(d, requests, false);
    measure_requests(d, requests, true);
    d = measure_patched(d, requests / 10);
    dataset_unref(d);
    return 0;
}
