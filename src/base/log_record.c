/* base/log_record.c - see log_record.h. */
#include "base/log_record.h"

#include "base/json_writer.h"

#include <inttypes.h>
#include <time.h>

static const char *const level_labels[] = {"DEBUG", "INFO", "WARN", "ERROR"};

/* Date and time up to the seconds. Lines come in bursts, and localtime_r() takes a process-wide
 * lock: so the text of the last second is kept per thread. */
static const char *second_text(int64_t second, bool utc)
{
    static _Thread_local struct {
        int64_t second;
        bool utc;
        char text[32];
    } last;
    if (last.text[0] != '\0' && last.second == second && last.utc == utc)
        return last.text;
    time_t seconds = (time_t)second;
    struct tm parts;
    size_t len = 0;
    if (utc && gmtime_r(&seconds, &parts) != NULL)
        len = strftime(last.text, sizeof last.text, "%Y-%m-%dT%H:%M:%S", &parts);
    else if (!utc && localtime_r(&seconds, &parts) != NULL)
        len = strftime(last.text, sizeof last.text, "%Y/%m/%d %H:%M:%S", &parts);
    if (len == 0)
        memcpy(last.text, "?", 2);
    last.second = second;
    last.utc = utc;
    return last.text;
}

static void time_print(int64_t wall_us, bool utc, struct str *out)
{
    int64_t us = wall_us % 1000000;
    if (us < 0)
        us += 1000000;
    str_append_format(out, "%s.%06" PRId64, second_text((wall_us - us) / 1000000, utc), us);
}

/* Control characters in visible form, so that a line is a record and a terminal stays as it is. */
static void text_print(struct view text, struct str *out)
{
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c >= 0x20 && c != 0x7F) || c == '\t')
            continue;
        str_append(out, view_make(text.data + run, i - run));
        if (c == '\n' || c == '\r')
            str_append_text(out, c == '\n' ? "\\n" : "\\r");
        else
            str_append_format(out, "\\x%02x", c);
        run = i + 1;
    }
    str_append(out, view_from(text, run));
}

static void record_print_text(const struct log_record *record, struct str *out)
{
    time_print(record->wall_us, false, out);
    str_append_format(out, " %s: ", level_labels[record->level]);
    if (record->tail != NULL) {
        str_append_text(out, "[env: ");
        if (record->name != NULL) {
            text_print(view_of(record->name), out);
            str_append_char(out, ' ');
        }
        text_print(view_of(record->tail), out);
        str_append_text(out, "] ");
    }
    if (record->component != NULL)
        str_append_format(out, "%s ", record->component);
    text_print(record->message, out);
    if (record->held > 0)
        str_append_format(out, " (repeated %" PRIu64 " times)", record->held);
}

/* "BigSegmentSynchronizer:" and "(event proxy)" without what sets them off in text. */
static struct view component_bare(const char *component)
{
    struct view bare = view_of(component);
    if (view_starts(bare, "("))
        bare = view_from(bare, 1);
    if (bare.len > 0 && (bare.data[bare.len - 1] == ':' || bare.data[bare.len - 1] == ')'))
        bare.len--;
    return bare;
}

static void record_print_json(const struct log_record *record, struct str *out)
{
    bool first = false;
    str_append_text(out, "{\"timestamp\":\"");
    time_print(record->wall_us, true, out);
    str_append_text(out, "Z\"");
    json_write_member_text(out, &first, "level", view_of(level_labels[record->level]));
    json_write_member_text(out, &first, "message", record->message);
    if (record->tail != NULL) {
        struct view tail = view_of(record->tail);
        json_write_member_text(out, &first, "env",
                               view_starts(tail, "...") ? view_from(tail, 3) : tail);
    }
    if (record->name != NULL)
        json_write_member_text(out, &first, "envName", view_of(record->name));
    if (record->component != NULL)
        json_write_member_text(out, &first, "component", component_bare(record->component));
    if (record->held > 0)
        str_append_format(out, ",\"count\":%" PRIu64, record->held);
    str_append_char(out, '}');
}

void log_record_print(const struct log_record *record, enum log_format format, struct str *out)
{
    if (format == LOG_FORMAT_JSON)
        record_print_json(record, out);
    else
        record_print_text(record, out);
    str_append_char(out, '\n');
}
