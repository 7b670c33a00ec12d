/* store/dynamodb_marker.c - is the marker there? That is the health check, too: a row that is read
 * consistently proves that service, table and credentials are all right. */
#include "store/dynamodb_private.h"

static void on_marker(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    int64_t version;
    struct error err;
    if (!result->ok)
        dynamodb_fail(t, "", result->problem);
    else if (!dynamodb_answer_row(result->body, &t->op->marked, &version, &err))
        dynamodb_fail(t, "", err.text);
    else
        dynamodb_succeed(t);
}

void dynamodb_marker_ask(struct dynamodb_task *t)
{
    struct str body = {0};
    dynamodb_body_marker(&body, &t->place);
    dynamodb_ask_text(t, "GetItem", &body, on_marker);
}

void dynamodb_look(struct dynamodb_task *t)
{
    dynamodb_marker_ask(t);
}
