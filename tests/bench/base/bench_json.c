/* How fast JSON is skipped, read and written again: 50 MB of flags as they come in a put.
 *
 * The figures are processor time, so that other programs on the machine count little. Wanted: at
 * least 500 MB/s for skipping, because a put of 300 MB is skipped over once and read once. */
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define TEXT_BYTES 50000000
#define ROUNDS 5

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void flag_write(struct str *out, unsigned number)
{
    str_append_format(out,
                      "\"flag-%u\":{\"key\":\"flag-%u\",\"on\":%s,\"prerequisites\":[],"
                      "\"targets\":[{\"variation\":0,\"values\":[",
                      number, number, number % 3 ? "true" : "false");
    for (unsigned i = 0; i < number % 20; i++)
        str_append_format(out, "%s\"user-%08x\"", i > 0 ? "," : "", i * 2654435761u + number);
    str_append_text(out, "]}],\"contextTargets\":[],\"rules\":[");
    for (unsigned i = 0; i < number % 4; i++)
        str_append_format(out,
                          "%s{\"rollout\":{\"contextKind\":\"user\",\"variations\":["
                          "{\"variation\":0,\"weight\":60000},{\"variation\":1,\"weight\":40000}]},"
                          "\"id\":\"%08x-1234-4abc-8def-0123456789ab\",\"clauses\":[{"
                          "\"contextKind\":\"user\",\"attribute\":\"email\",\"op\":\"endsWith\","
                          "\"values\":[\"@example.com\"],\"negate\":false}],"
                          "\"trackEvents\":false}",
                          i > 0 ? "," : "", i * 2654435761u + number);
    str_append_format(out,
                      "],\"fallthrough\":{\"variation\":0},\"offVariation\":1,\"variations\":["
                      "\"control\",\"treatment: %s\",{\"a\":1.5,\"b\":[1,2,3]}],"
                      "\"clientSide\":false,\"salt\":\"%08x%08x\",\"trackEvents\":false,"
                      "\"trackEventsFallthrough\":false,\"debugEventsUntilDate\":null,"
                      "\"version\":%u,\"deleted\":false}",
                      number % 8 ? "plain" : "\xC3\xA4\xC3\xB6 \\\"quoted\\\"", number, ~number,
                      number % 1000);
}

static void text_write(struct str *out)
{
    str_reserve(out, TEXT_BYTES + 10000);
    str_append_char(out, '{');
    for (unsigned i = 0; out->len < TEXT_BYTES; i++) {
        if (i > 0)
            str_append_char(out, ',');
        flag_write(out, i);
    }
    str_append_char(out, '}');
}

/* Reads everything; returns something that depends on it. */
static uint64_t read_value(struct json_reader *r, struct str *scratch)
{
    uint64_t sum = 0;
    struct view name;
    switch (json_peek(r)) {
    case JSON_OBJECT:
        for (json_object_begin(r); json_object_next(r, &name);)
            sum += name.len + read_value(r, scratch);
        return sum;
    case JSON_ARRAY:
        for (json_array_begin(r); json_array_next(r);)
            sum += read_value(r, scratch);
        return sum;
    case JSON_STRING:
        str_clear(scratch);
        json_read_string(r, scratch);
        return scratch->len;
    case JSON_NUMBER:
        return (uint64_t)json_read_int(r);
    case JSON_BOOL:
        return json_read_bool(r);
    default:
        return json_read_null(r);
    }
}

enum job { SKIP, READ, COMPACT, JOB_COUNT };

static const char *const job_names[] = {"skip", "read", "write compact"};

static uint64_t job_run(enum job job, struct view text, struct str *scratch)
{
    uint64_t sum = 0;
    struct json_reader r;
    json_reader_init(&r, text);
    str_clear(scratch);
    if (job == SKIP)
        json_skip(&r);
    else if (job == READ)
        sum = read_value(&r, scratch);
    else
        json_write_compact(scratch, text);
    sum += json_offset(&r) + scratch->len;
    json_reader_done(&r);
    return sum;
}

int main(void)
{
    struct str text = {0};
    struct str scratch = {0};
    uint64_t sum = 0;
    text_write(&text);
    for (enum job job = SKIP; job < JOB_COUNT; job++) {
        double best_s = 1e9;
        for (int i = 0; i < ROUNDS; i++) {
            double start_s = cpu_s();
            sum += job_run(job, str_view(&text), &scratch);
            double used_s = cpu_s() - start_s;
            best_s = used_s < best_s ? used_s : best_s;
        }
        printf("%-14s %5.0f MB/s\n", job_names[job], (double)text.len / best_s / 1e6);
    }
    printf("(checksum %" PRIu64 ")\n", sum);
    str_free(&scratch);
    str_free(&text);
    return 0;
}
