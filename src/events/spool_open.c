/* events/spool_open.c - a spool's folder at the start: lock, what is there, handing it over (13.6).
 *
 * The files are walked over more than once, so that no more than one of them is in memory.
 */
#include "events/spool_private.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folder and lock ------------------------------------------------------------------------- */

static bool folder_make(struct spool *s, struct error *err)
{
    const char *dir = s->settings.dir;
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        error_set(err, "events spool directory \"%s\" cannot be made: %s", dir, strerror(errno));
        return false;
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        error_set(err, "events spool directory \"%s\" is not a directory", dir);
        return false;
    }
    if ((st.st_mode & 077) != 0 && chmod(dir, 0700) != 0)
        log_always(log_global(), LOG_WARN,
                   "Others may look into events spool directory \"%s\"; give it the mode 0700",
                   dir);
    return true;
}

static bool lock_take(struct spool *s, struct error *err)
{
    struct str path = {0};
    str_append_format(&path, "%s/lock", s->settings.dir);
    s->lock_fd = open(str_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = s->lock_fd >= 0;
    if (!ok)
        error_set(err, "events spool directory \"%s\" is not writable: %s", s->settings.dir,
                  strerror(errno));
    if (ok && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        ok = false;
        if (errno == EWOULDBLOCK)
            error_set(err, "events spool directory %s is in use by another process",
                      s->settings.dir);
        else
            error_set(err, "events spool directory \"%s\" cannot be locked: %s", s->settings.dir,
                      strerror(errno));
    }
    str_free(&path);
    return ok;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The number in "events-NNNNNNNNNN.spool"; 0 when it is another name. */
static uint64_t number_of(const char *name)
{
    struct str again = {0};
    char *end = NULL;
    if (strncmp(name, "events-", 7) != 0)
        return 0;
    uint64_t number = strtoull(name + 7, &end, 10);
    spool_file_path("", number, &again); /* "/events-..." */
    bool same = strcmp(str_text(&again) + 1, name) == 0;
    str_free(&again);
    return same ? number : 0;
}

static int file_filter(const struct dirent *entry)
{
    return number_of(entry->d_name) != 0;
}

static int number_compare(const struct dirent **a, const struct dirent **b)
{
    uint64_t x = number_of((*a)->d_name);
    uint64_t y = number_of((*b)->d_name);
    return x < y ? -1 : x > y;
}

static bool segments_find(struct spool *s, struct error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(s->settings.dir, &entries, file_filter, number_compare);
    if (count < 0)
        error_set(err, "events spool directory \"%s\" is not readable: %s", s->settings.dir,
                  strerror(errno));
    for (int i = 0; i < count; i++) {
        s->newest = number_of(entries[i]->d_name);
        (void)spool_index_segment(&s->index, s->newest);
        free(entries[i]);
    }
    free(entries);
    return count >= 0;
}

/* False with errno set. */
static bool read_all(int fd, struct str *out)
{
    struct stat st;
    errno = EFBIG;
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > 2 * (off_t)SPOOL_RECORD_MAX)
        return false;
    str_reserve(out, (size_t)st.st_size);
    while (out->len < (size_t)st.st_size) {
        ssize_t n = read(fd, out->data + out->len, (size_t)st.st_size - out->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        out->len += (size_t)n;
    }
    return true;
}

/* What is done with each record of a walk. */
struct walk {
    struct spool *s;
    void (*visit)(struct walk *w, struct spool_segment *segment);
    struct spool_record record;        /* the present one */
    struct spool_place place;          /* where it is */
    const struct spool_reader *reader; /* of a replay */
    bool first;                        /* damage is told, sizes are noted */
};

static void damage_tell(const char *path, size_t ignored)
{
    log_always(log_global(), LOG_WARN,
               "Events spool file \"%s\" ends in a damaged record; %zu bytes are ignored", path,
               ignored);
}

static void text_walk(struct walk *w, struct spool_segment *segment, const char *path,
                      struct view rest)
{
    size_t whole = rest.len;
    enum spool_found found = spool_magic_take(&rest) ? SPOOL_FOUND : SPOOL_BROKEN;
    while (found == SPOOL_FOUND || found == SPOOL_UNKNOWN) {
        size_t from = whole - rest.len;
        found = spool_record_take(&rest, &w->record);
        w->place = (struct spool_place){(uint32_t)from, (uint32_t)(whole - rest.len - from)};
        if (found == SPOOL_FOUND)
            w->visit(w, segment);
    }
    if (w->first && found == SPOOL_BROKEN)
        damage_tell(path, rest.len);
}

/* A file that cannot be read is nobody's business any more, but it stays. */
static void segment_walk(struct walk *w, struct spool_segment *segment)
{
    struct str path = {0};
    struct str text = {0};
    spool_file_path(w->s->settings.dir, segment->number, &path);
    int fd = open(str_text(&path), O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read_all(fd, &text);
    if (!ok)
        log_always(log_global(), LOG_WARN,
                   "Events spool file \"%s\" cannot be read: %s; it is left as it is",
                   str_text(&path), strerror(errno));
    if (ok && w->first)
        spool_index_grow(&w->s->index, segment, (int64_t)text.len);
    if (ok)
        text_walk(w, segment, str_text(&path), str_view(&text));
    else if (segment->needed == 0)
        spool_index_remove(&w->s->index, segment);
    if (fd >= 0)
        (void)close(fd);
    str_free(&text);
    str_free(&path);
}

static void files_walk(struct walk *w)
{
    LIST_EACH_SAFE (node, &w->s->index.segments)
        segment_walk(w, CONTAINER_OF(node, struct spool_segment, node));
    spool_record_done(&w->record);
}

/* ---- what is there --------------------------------------------------------------------------- */

static void record_index(struct walk *w, struct spool_segment *segment)
{
    const struct spool_record *r = &w->record;
    struct spool *s = w->s;
    struct spool_group group = spool_record_group(r);
    struct view id = str_view(&r->texts[SPOOL_PAYLOAD_ID]);
    if (r->type == SPOOL_DONE) {
        spool_index_done(&s->index, id);
        return;
    }
    struct spool_members *m = spool_index_members(&s->index, &group);
    if (r->type == SPOOL_BATCH) {
        spool_index_batch(&s->index, m, id, (uint64_t)r->up_to, r->more, segment, w->place);
    } else if (r->seq > 0) {
        spool_index_post(m, (uint64_t)r->seq, segment);
        if (s->next_seq <= (uint64_t)r->seq)
            s->next_seq = (uint64_t)r->seq + 1;
    }
    spool_index_members_unref(&s->index, m);
}

/* Their posts are handled again; the next flush must not complete them. */
static void on_unfinished(void *arg, struct view payload_id)
{
    spool_done_queue(arg, payload_id, "dropped");
}

bool spool_folder_open(struct spool *s, struct error *err)
{
    struct walk w = {.s = s, .visit = record_index, .first = true};
    if (!folder_make(s, err) || !lock_take(s, err) || !segments_find(s, err))
        return false;
    files_walk(&w);
    spool_index_forget_unfinished(&s->index, on_unfinished, s);
    return true;
}

/* ---- handing over ---------------------------------------------------------------------------- */

static void batch_hand_over(struct walk *w, struct spool_segment *segment)
{
    struct spool_batch batch = spool_record_batch(&w->record);
    if (w->record.type == SPOOL_BATCH &&
        spool_index_wants_batch(&w->s->index, batch.payload_id, segment))
        w->reader->batch(w->reader->owner, &batch, w->record.body);
}

static void post_hand_over(struct walk *w, struct spool_segment *segment)
{
    const struct spool_record *r = &w->record;
    const struct spool_reader *reader = w->reader;
    (void)segment;
    if (r->type != SPOOL_POST || r->seq <= 0)
        return;
    struct spool_post post = spool_record_post(r);
    if (spool_index_wants_post(&w->s->index, &post.group, post.seq))
        reader->post(reader->owner, &post, buf_copy(r->body));
    if (post.payload_id.len != 0)
        reader->payload_id(reader->owner, &post.group, post.payload_id, post.wall_ms);
}

void spool_replay(struct spool *s, const struct spool_reader *reader)
{
    struct walk batches = {.s = s, .visit = batch_hand_over, .reader = reader};
    struct walk posts = {.s = s, .visit = post_hand_over, .reader = reader};
    files_walk(&batches);
    files_walk(&posts);
    spool_index_read(&s->index);
    spool_job_schedule(s);
}
