/* telemetry/metric_text.c - the text format 0.0.4 of Prometheus (telemetry.md 2, 11). */
#include "base/utf8.h"
#include "telemetry/metric.h"

static const char *const kind_names[] = {[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge"};

/* A scraper refuses the whole answer when one label is no UTF-8. */
static void label_value_write(struct str *out, const char *value)
{
    const char *end = value + strlen(value);
    for (const char *p = value; p < end;) {
        size_t len = utf8_sequence_len(p, end);
        if (len == 0)
            str_append_text(out, UTF8_REPLACEMENT);
        else if (*p == '\\' || *p == '"')
            str_append_format(out, "\\%c", *p);
        else if (*p == '\n')
            str_append_text(out, "\\n");
        else
            str_append(out, view_make(p, len));
        p += len != 0 ? len : 1;
    }
}

static void labels_write(struct metric_writer *w, const char *const *values)
{
    const char *const *names = w->metric->labels;
    if (names[0] == NULL)
        return;
    for (size_t i = 0; i < METRIC_LABELS_MAX && names[i] != NULL; i++) {
        str_append_format(w->out, "%c%s=\"", i == 0 ? '{' : ',', names[i]);
        label_value_write(w->out, values[i]);
        str_append_char(w->out, '"');
    }
    str_append_char(w->out, '}');
}

/* Up to the value. */
static void series_begin(struct metric_writer *w, const char *const *values)
{
    const struct metric *m = w->metric;
    if (!w->begun)
        str_append_format(w->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
                          kind_names[m->kind]);
    w->begun = true;
    str_append_text(w->out, m->name);
    labels_write(w, values);
    str_append_char(w->out, ' ');
}

void metric_begin(struct metric_writer *w, const struct metric *m)
{
    w->metric = m;
    w->begun = false;
}

void metric_put(struct metric_writer *w, const char *const *values, int64_t number)
{
    series_begin(w, values);
    str_append_int(w->out, number);
    str_append_char(w->out, '\n');
}

void metric_put_ms(struct metric_writer *w, const char *const *values, int64_t ms)
{
    char fraction[16];
    int digits = 3;
    int rest = (int)(ms % 1000);
    for (; digits > 0 && rest % 10 == 0; digits--)
        rest /= 10;
    (void)snprintf(fraction, sizeof fraction, ".%0*d", digits, rest);
    series_begin(w, values);
    str_append_int(w->out, ms / 1000);
    str_append_text(w->out, digits > 0 ? fraction : "");
    str_append_char(w->out, '\n');
}

void telemetry_write(const struct telemetry_subject *subject, struct str *out)
{
    struct metric_writer w = {.out = out};
    struct telemetry_subject s = *subject;
    struct events_counts *counts = gather_events_counts(subject);
    s.counts = counts;
    for (size_t i = 0; i < metric_count; i++) {
        metric_begin(&w, &metrics[i]);
        metrics[i].gather(&s, &w);
    }
    mem_free(counts);
}
