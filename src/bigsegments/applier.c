/* bigsegments/applier.c - see applier.h. */
#include "bigsegments/applier.h"

#include <string.h>

#define WAITING_MAX_BYTES ((size_t)8 << 20) /* more is not read while the database is busy */

void progress_free(struct progress *p)
{
    str_free(&p->cursor);
    map_free(&p->changed);
    log_scope_unref(p->log);
}

/* Versions are opaque; none that is sent holds a zero byte. */
static bool same_version(const struct str *a, const struct str *b)
{
    return strcmp(str_text(a), str_text(b)) == 0;
}

static void cursor_set(struct progress *p, struct view cursor)
{
    str_clear(&p->cursor);
    str_append(&p->cursor, cursor);
}

/* ---- what a patch leads to ------------------------------------------------------------------- */

/* A set: any value will do. */
static void note_changed(struct map *keys, const struct patch *patch)
{
    if (patch_size(patch) != 0)
        (void)map_set(keys, patch_segment_key(str_view(&patch->segment_id)), keys);
}

static void move_key(struct view key, void *value, void *arg)
{
    (void)value;
    (void)map_set(arg, key, arg);
}

void applier_admit(struct applier *a)
{
    map_each(&a->skipped, move_key, &a->progress->changed);
    map_free(&a->skipped);
}

static void note_applied(struct applier *a)
{
    struct progress *p = a->progress;
    const struct patch *patch = a->patch;
    a->present.applied++;
    p->counts.patches_applied++;
    p->counts.members_added +=
        patch->counts[PATCH_INCLUDED_ADD] + patch->counts[PATCH_EXCLUDED_ADD];
    p->counts.members_removed +=
        patch->counts[PATCH_INCLUDED_REMOVE] + patch->counts[PATCH_EXCLUDED_REMOVE];
    cursor_set(p, str_view(&patch->version));
    note_changed(&p->changed, patch);
}

void applier_warn_of_mismatch(const struct applier *a)
{
    log_line(a->progress->log, LOG_WARN,
             "Received a patch to previous version \"%s\" which was not the latest known version; "
             "skipping",
             str_text(&a->stray));
}

static void log_count(const struct applier *a)
{
    size_t count = a->present.applied;
    if (count == 1)
        log_line(a->progress->log, LOG_INFO, "Applied 1 update");
    else if (count > 1)
        log_line(a->progress->log, LOG_INFO, "Applied %zu updates", count);
}

static void log_patch(const struct applier *a)
{
    const struct patch *patch = a->patch;
    if (a->progress->trace)
        log_line(a->progress->log, LOG_DEBUG, "Received patch: %.*s", VIEW_ARGS(patch->text));
    else
        log_line(a->progress->log, LOG_DEBUG,
                 "Received patch for version \"%s\" (from previous version \"%s\")",
                 str_text(&patch->version), str_text(&patch->previous_version));
}

/* ---- one patch ------------------------------------------------------------------------------- */

static void applier_go(struct applier *a);
static void applier_done(struct membership_op *op);

static void ask(struct applier *a, enum membership_op_type type)
{
    a->busy = true;
    a->op = (struct membership_op){.type = type, .patch = a->patch, .done = applier_done};
    membership_run(a->progress->store, &a->op);
}

static void fail(struct applier *a, const char *problem)
{
    applier_stop(a);
    log_count(a);
    a->listener->failed(a->owner, problem); /* poll.c, segment_stream.c */
}

static void mismatch(struct applier *a)
{
    a->skipping = true;
    a->present.mismatched = true;
    a->present.skipped = 1;
    map_free(&a->skipped);
    str_clear(&a->stray);
    str_append(&a->stray, str_view(&a->patch->previous_version));
    ask(a, MEMBERSHIP_OP_READ_CURSOR);
}

/* Patches up to the one that led to the cursor were applied by another relay, or came on another
 * way; those behind it are to be applied again. */
static void look(struct applier *a)
{
    struct progress *p = a->progress;
    note_changed(&a->skipped, a->patch);
    if (!same_version(&a->patch->version, &p->cursor))
        return;
    p->counts.patches_already += a->present.skipped;
    a->present.skipped = 0;
    a->present.mismatched = false;
    a->skipping = false;
    applier_admit(a);
}

static void note_cursor(struct applier *a, const struct str *cursor)
{
    struct progress *p = a->progress;
    a->present.foreign = a->present.foreign || !same_version(cursor, &p->cursor);
    cursor_set(p, str_view(cursor));
}

static void applier_done(struct membership_op *op)
{
    struct applier *a = CONTAINER_OF(op, struct applier, op);
    struct error problem = op->problem;
    bool applying = op->type == MEMBERSHIP_OP_APPLY;
    a->busy = false;
    if (op->ok && !applying)
        note_cursor(a, &op->cursor);
    if (op->ok && applying && !op->mismatch)
        note_applied(a);
    str_free(&op->cursor);
    if (a->stopped) {
        a->listener->idle(a->owner);
        return;
    }
    if (!op->ok) {
        a->progress->counts.patches_failed++;
        fail(a, problem.text);
        return;
    }
    if (applying && op->mismatch)
        mismatch(a);
    else if (!applying)
        look(a);
    applier_go(a);
}

/* ---- one after the other --------------------------------------------------------------------- */

static void patch_begin(struct applier *a)
{
    log_patch(a);
    a->present.any = true;
    if (!a->skipping) {
        ask(a, MEMBERSHIP_OP_APPLY);
        return;
    }
    a->present.skipped++;
    look(a);
}

static void array_finish(struct applier *a)
{
    struct applied applied = a->present;
    log_count(a);
    a->skipping = false;
    a->present = (struct applied){0};
    a->listener->array(a->owner, &applied); /* poll.c, segment_stream.c */
}

static void tell_room(struct applier *a)
{
    size_t waiting = patch_reader_waiting(a->reader);
    bool room = a->room ? waiting <= WAITING_MAX_BYTES : waiting <= WAITING_MAX_BYTES / 2;
    if (room == a->room)
        return;
    a->room = room;
    a->listener->room(a->owner, room);
}

/* What the listener does from inside may lead here again. */
static void applier_go(struct applier *a)
{
    struct error problem;
    bool idle = false;
    if (a->going)
        return;
    a->going = true;
    while (!a->busy && !a->held && !a->stopped && !idle) {
        switch (patch_reader_next(a->reader, &a->patch, &problem)) {
        case PATCH_READ_PATCH:
            patch_begin(a);
            break;
        case PATCH_READ_ARRAY_END:
            array_finish(a);
            break;
        case PATCH_READ_FAILED:
            fail(a, problem.text);
            break;
        case PATCH_READ_MORE:
            idle = true;
            break;
        }
    }
    a->going = false;
    if (!a->stopped)
        tell_room(a);
    if (idle)
        a->listener->idle(a->owner);
}

void applier_feed(struct applier *a, struct view bytes)
{
    if (a->stopped)
        return;
    patch_reader_feed(a->reader, bytes);
    applier_go(a);
}

void applier_array_end(struct applier *a)
{
    if (a->stopped)
        return;
    patch_reader_array_end(a->reader);
    applier_go(a);
}

void applier_hold(struct applier *a)
{
    a->held = true;
}

void applier_let_go(struct applier *a)
{
    a->held = false;
    if (!a->stopped)
        applier_go(a);
}

void applier_stop(struct applier *a)
{
    a->stopped = true;
}

void applier_open(struct applier *a, struct progress *progress, size_t max_patch,
                  const struct applier_listener *listener, void *owner)
{
    *a = (struct applier){.progress = progress,
                          .listener = listener,
                          .owner = owner,
                          .reader = patch_reader_new(max_patch),
                          .room = true};
}

void applier_free(struct applier *a)
{
    patch_reader_free(a->reader);
    a->reader = NULL;
    str_free(&a->stray);
    map_free(&a->skipped);
}
