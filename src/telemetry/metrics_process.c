/* telemetry/metrics_process.c - the process as the system sees it, and its connections. */
#include "telemetry/metric.h"

#include <dirent.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

void gather_build_info(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)s;
    metric_put(w,
               (const char *[]){COMPILER, uv_version_string(),
                                OpenSSL_version(OPENSSL_VERSION_STRING), sqlite3_libversion(),
                                FLAGRELAY_VERSION},
               1);
}

/* ---- /proc/self/stat ------------------------------------------------------------------------- */

/* Numbers of its fields, as proc(5) counts them. */
enum { STAT_UTIME = 14, STAT_STIME = 15, STAT_START = 22, STAT_VSIZE = 23, STAT_RSS = 24 };

/* Reads a small file whole; an empty text when it cannot. */
static void file_read(const char *path, struct str *out)
{
    char piece[4096];
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return;
    for (size_t got; (got = fread(piece, 1, sizeof piece, f)) > 0;)
        str_append(out, view_make(piece, got));
    (void)fclose(f);
}

/* The value of a field behind the program's name, which may hold blanks; -1: unknown. */
static int64_t stat_field(int number)
{
    struct str text = {0};
    int64_t value = -1;
    file_read("/proc/self/stat", &text);
    const char *at = strrchr(str_text(&text), ')');
    for (int field = 2; at != NULL && field < number; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at != NULL)
        value = strtoll(at, NULL, 10);
    str_free(&text);
    return value;
}

static int64_t ms_of_ticks(int64_t ticks)
{
    return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

void gather_cpu(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t user = stat_field(STAT_UTIME);
    int64_t system = stat_field(STAT_STIME);
    (void)s;
    if (user >= 0 && system >= 0)
        metric_put_ms(w, NULL, ms_of_ticks(user + system));
}

void gather_resident(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t pages = stat_field(STAT_RSS);
    (void)s;
    if (pages >= 0)
        metric_put(w, NULL, pages * sysconf(_SC_PAGESIZE));
}

void gather_virtual(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t bytes = stat_field(STAT_VSIZE);
    (void)s;
    if (bytes >= 0)
        metric_put(w, NULL, bytes);
}

/* Since when the machine runs, Unix seconds; -1: unknown. */
static int64_t boot_time(void)
{
    struct str text = {0};
    file_read("/proc/stat", &text);
    const char *at = strstr(str_text(&text), "\nbtime ");
    int64_t time = at != NULL ? strtoll(at + strlen("\nbtime "), NULL, 10) : -1;
    str_free(&text);
    return time;
}

void gather_start_time(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t boot = boot_time();
    int64_t ticks = stat_field(STAT_START);
    (void)s;
    if (boot >= 0 && ticks >= 0)
        metric_put_ms(w, NULL, boot * 1000 + ms_of_ticks(ticks));
}

/* ---- descriptors ----------------------------------------------------------------------------- */

void gather_open_fds(const struct telemetry_subject *s, struct metric_writer *w)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = -1; /* the folder itself is open now */
    (void)s;
    if (folder == NULL)
        return;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    (void)closedir(folder);
    metric_put(w, NULL, count);
}

void gather_max_fds(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct rlimit limit;
    (void)s;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        metric_put(w, NULL, (int64_t)limit.rlim_cur);
}

/* ---- connections ----------------------------------------------------------------------------- */

void gather_connections(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct http_counts counts;
    if (s->server == NULL)
        return;
    http_server_counts(s->server, &counts);
    metric_put(w, (const char *[]){"h1", s->tls ? "true" : "false"}, counts.connections);
}

void gather_rejected(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct http_counts counts;
    if (s->server == NULL)
        return;
    http_server_counts(s->server, &counts);
    metric_put(w, (const char *[]){"limit"}, counts.refused_over_limit);
    metric_put(w, (const char *[]){"tls"}, counts.refused_tls);
}
