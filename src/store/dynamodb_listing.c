/* store/dynamodb_listing.c - the rows of one namespace after the other, page by page.
 *
 *   Query --answer--> thread pool: rows --> LastEvaluatedKey? the next page : the next kind : done
 */
#include "store/dynamodb_private.h"

static void next_page(struct dynamodb_task *t);

static void on_row(void *arg, const struct dynamodb_row *row)
{
    struct dynamodb_task *t = arg;
    if (row->has_key)
        t->listing.row(t, t->listing.kind, row);
}

/* On the thread pool. */
static void read_page(uv_work_t *work)
{
    struct dynamodb_task *t = work->data;
    struct dynamodb_listing *l = &t->listing;
    struct str last = {0};
    if (dynamodb_answer_page(buf_view(l->page), on_row, t, &last, &l->problem))
        l->problem.text[0] = '\0';
    str_free(&l->start_key);
    l->start_key = last;
}

static void page_read(struct dynamodb_task *t)
{
    struct dynamodb_listing *l = &t->listing;
    buf_unref(l->page);
    l->page = NULL;
    if (l->problem.text[0] != '\0') {
        dynamodb_fail(t, l->failure, l->problem.text);
        return;
    }
    if (l->start_key.len == 0) {
        l->kinds_left &= ~(1u << l->kind);
        l->kind = l->kind == ITEM_FLAG ? ITEM_SEGMENT : ITEM_FLAG;
        l->pages = 0;
    }
    next_page(t);
}

static void on_page(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    struct dynamodb_listing *l = &t->listing;
    if (!result->ok) {
        dynamodb_fail(t, l->failure, result->problem);
        return;
    }
    l->page = buf_copy(result->body);
    l->bytes += result->body.len;
    dynamodb_work(t, read_page, page_read);
}

static void next_page(struct dynamodb_task *t)
{
    struct dynamodb_listing *l = &t->listing;
    struct str body = {0};
    if (l->kinds_left == 0) {
        l->done(t);
        return;
    }
    if ((l->kinds_left & (1u << l->kind)) == 0)
        l->kind = l->kind == ITEM_FLAG ? ITEM_SEGMENT : ITEM_FLAG;
    if (l->pages++ == DYNAMODB_MAX_PAGES || l->bytes > DYNAMODB_MAX_BYTES) {
        dynamodb_fail(t, l->failure, "the table holds more than can be read");
        return;
    }
    dynamodb_body_query(&body, &t->place, l->kind, l->columns, str_view(&l->start_key));
    dynamodb_ask_text(t, "Query", &body, on_page);
}

void dynamodb_list(struct dynamodb_task *t, enum item_kind first)
{
    t->listing.kind = first;
    next_page(t);
}
