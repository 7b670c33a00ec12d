/* What DynamoDB answers about memberships. No law but that nothing breaks, and that an answer that
 * cannot be read leaves nothing behind. */
#include "bigsegments/membership_dynamodb_body.h"

#include "../source/cuts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = mem_copy_text((const char *)data, size); /* so that looking too far is caught */
    struct view body = view_make(copy, size);
    struct memberships *found = NULL;
    struct membership_cancelled why;
    struct str cursor = {0};
    int64_t time_ms = -1;
    struct error err;
    if (membership_answer_context(body, &found, &err))
        (void)memberships_find(found, view_of("vip.g2"));
    else
        must(found == NULL);
    must(membership_answer_cursor(body, &cursor, &err) || cursor.len == 0);
    must(membership_answer_time(body, &time_ms, &err) || time_ms == -1);
    membership_answer_cancelled(body, &why);
    memberships_unref(found);
    str_free(&cursor);
    mem_free(copy);
    return 0;
}
