/* Memberships in DynamoDB: what SDKs read, and what the service may say (big-segments.md 6.2;
 * checklist 24, 26, 32, 33, 35). */
#include "members_world.h"

#include "../store/dynamodb_world.h"
#include "../store/fake_http.h"
#include "bigsegments/membership_dynamodb_body.h"

#include <string.h>

/* ---- a real one ------------------------------------------------------------------------------ */

static struct server server;

static int begin_server(void **state)
{
    (void)state;
    dynamodb_start(&server, 0);
    dynamodb_table(&server, "flags");
    return 0;
}

static int end_server(void **state)
{
    (void)state;
    server_end(&server);
    return 0;
}

static bool row_has(const char *namespace, const char *key, const char *text)
{
    return strstr(dynamodb_row(&server, namespace, key), text) != NULL;
}

/* 32, 33, 35; with a prefix and without. */
static void what_is_written_has_the_layout_that_sdks_read(void **state)
{
    static const char *const prefixes[] = {"env1", ""};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        struct dynamodb_world d;
        struct members m;
        char metadata[64];
        char contexts[64];
        const char *colon = prefixes[i][0] != '\0' ? ":" : "";
        (void)snprintf(metadata, sizeof metadata, "%s%sbig_segments_metadata", prefixes[i], colon);
        (void)snprintf(contexts, sizeof contexts, "%s%sbig_segments_user", prefixes[i], colon);
        dynamodb_begin(&d, server.port);
        dynamodb_open(&d, prefixes[i]);
        members_open(&m, &d.w);
        struct membership_store *s = members_store(&m, prefixes[i]);
        assert_string_equal(members_apply(s, &d.w, "vip.g2 > +h"), "applied");
        assert_true(row_has(metadata, metadata, "\"lastVersion\":{\"S\":\"\"}"));
        assert_string_equal(members_apply(s, &d.w, "eu.g4 >65a0 +h *i"), "applied");
        assert_string_equal(members_time_set(s, &d.w, INT64_C(1760000000000)), "ok");
        assert_true(row_has(metadata, metadata, "\"lastVersion\":{\"S\":\"65a0\"}"));
        assert_true(row_has(metadata, metadata, "\"synchronizedOn\":{\"N\":\"1760000000000\"}"));
        assert_true(row_has(contexts, "h", "\"included\":{\"SS\":[\"eu.g4\",\"vip.g2\"]}"));
        assert_true(row_has(contexts, "i", "\"excluded\":{\"SS\":[\"eu.g4\"]}"));
        assert_false(row_has(contexts, "i", "included"));
        write_all(&d.h, dataset_text("f3 g1")); /* an Init leaves them alone */
        assert_string_equal(members_apply(s, &d.w, "eu.g4 65a0>65a1 -h"), "applied");
        assert_string_equal(members_apply(s, &d.w, "vip.g2 65a1>65a2 -h"), "applied");
        assert_true(row_has(contexts, "h", "\"key\":{\"S\":\"h\"}"));
        assert_false(row_has(contexts, "h", "included")); /* the last one takes it away */
        assert_string_equal(members_time(s, &d.w), "1760000000000");
        members_store_close(&m, s);
        members_close(&m);
        dynamodb_end(&d);
    }
}

/* A set of some 400 KB takes no more; the others of the patch are written all the same. */
static void a_context_in_too_many_segments_is_left_out(void **state)
{
    struct dynamodb_world d;
    struct members m;
    struct str row = {0};
    (void)state;
    str_append_text(&row, ",\"included\":{\"SS\":[");
    for (unsigned i = 0; i < 1922; i++) /* 409,386 bytes of 409,600, less 47 for names and keys */
        str_append_format(&row, "\"segment-%04u-%0200u\",", i, i);
    str_append_format(&row, "\"%0164u\"]}", 0);
    dynamodb_begin(&d, server.port);
    dynamodb_open(&d, "large");
    dynamodb_put(&server, "large:big_segments_user", "full", str_text(&row));
    str_free(&row);
    members_open(&m, &d.w);
    struct membership_store *s = members_store(&m, "large");
    assert_string_equal(members_apply(s, &d.w, "vip.g1 >1 +a +full +b"), "applied");
    assert_string_equal(members_of(s, &d.w, "a"), "vip.g1+");
    assert_string_equal(members_of(s, &d.w, "b"), "vip.g1+");
    assert_string_equal(members_of(s, &d.w, "full"), "");
    assert_logged("ERROR: [env: ...test] DynamoDBBigSegmentStore: A context is in too many Big "
                  "Segments");
    members_store_close(&m, s);
    members_close(&m);
    dynamodb_end(&d);
}

/* ---- a scripted one -------------------------------------------------------------------------- */

#define TYPE(name) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" name "\","
#define CANCELLED(code)                                                                            \
    TYPE("TransactionCanceledException")                                                           \
    "\"Message\":\"Transaction cancelled\",\"CancellationReasons\":[{\"Code\":\"None\"},{"         \
    "\"Code\":\"" code "\",\"Message\":\"m\"}]}"
#define CONDITION                                                                                  \
    TYPE("TransactionCanceledException")                                                           \
    "\"Message\":\"Transaction cancelled\",\"CancellationReasons\":[{\"Code\":"                    \
    "\"ConditionalCheckFailed\",\"Message\":\"The conditional request failed\"},{\"Code\":"        \
    "\"None\"}]}"
#define USUAL                                                                                      \
    {.status = 200, .body = "{}"},                                                                 \
    {                                                                                              \
        .status = 0                                                                                \
    }

static const struct {
    const char *why;
    const char *result;
    size_t transactions;
    struct fake_rule rules[4];
} scripts[] = {
    {"all is well", "applied", 1, {USUAL}},
    {"the cursor is another one",
     "mismatch",
     1,
     {{.status = 400, .body = CONDITION, .contains = "TransactWriteItems"}, USUAL}},
    {"it has become another one at the end",
     "mismatch",
     1,
     {{.status = 400,
       .body = TYPE("ConditionalCheckFailedException") "\"message\":\"The conditional request "
                                                       "failed\"}",
       .contains = "UpdateItem"},
      USUAL}},
    {"others disturb it, for a while",
     "applied",
     4,
     {{.status = 400,
       .body = CANCELLED("TransactionConflict"),
       .contains = "TransactWriteItems",
       .times = 3},
      USUAL}},
    {"others disturb it, all the time",
     "TransactionCanceledException",
     5,
     {{.status = 400, .body = CANCELLED("TransactionConflict"), .contains = "TransactWriteItems"},
      USUAL}},
    {"something else is wrong",
     "AccessDeniedException",
     1,
     {{.status = 400,
       .body = TYPE("AccessDeniedException") "\"Message\":\"not authorized\"}",
       .contains = "TransactWriteItems"},
      USUAL}},
    {"the cursor cannot be set",
     "ResourceNotFoundException",
     1,
     {{.status = 400,
       .body = TYPE("ResourceNotFoundException") "\"message\":\"no table\"}",
       .contains = "UpdateItem"},
      USUAL}},
};

struct faulty {
    struct dynamodb_world d;
    struct fake_http fake;
    struct members m;
};

static void faulty_begin(struct faulty *f, const struct fake_rule *rules)
{
    dynamodb_begin(&f->d, 1);
    fake_http_open(&f->fake, &f->d.w.loop, rules);
    (void)snprintf(f->d.url, sizeof f->d.url, "http://127.0.0.1:%u", f->fake.port);
    world_open(&f->d.w);
    members_open(&f->m, &f->d.w);
}

static void faulty_end(struct faulty *f)
{
    members_close(&f->m);
    fake_http_close(&f->fake);
    world_end(&f->d.w);
}

/* The bodies of these requests; NULL: there are fewer. */
static const char *body_of(const struct faulty *f, const char *operation, size_t number)
{
    for (size_t i = 0; i < f->fake.request_count; i++) {
        if (strstr(f->fake.requests[i].head, operation) != NULL && number-- == 0)
            return str_text(&f->fake.requests[i].body);
    }
    return NULL;
}

static size_t count_of(const struct faulty *f, const char *operation)
{
    size_t count = 0;
    while (body_of(f, operation, count) != NULL)
        count++;
    return count;
}

static void what_the_service_may_say_to_a_patch(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        struct faulty f;
        faulty_begin(&f, scripts[i].rules);
        const char *result = members_apply(f.m.store, &f.d.w, "vip.g1 >1 +h");
        if (strstr(result, scripts[i].result) == NULL)
            fail_msg("%s: %s", scripts[i].why, result);
        assert_int_equal(count_of(&f, "TransactWriteItems"), scripts[i].transactions);
        if (scripts[i].transactions > 1) /* it is the same one, again */
            assert_string_equal(body_of(&f, "TransactWriteItems", 0),
                                body_of(&f, "TransactWriteItems", 1));
        faulty_end(&f);
    }
}

/* 6.2, byte for byte but for the token. */
static void what_is_said_to_the_service(void **state)
{
    static const struct fake_rule usual[] = {USUAL};
    static const char key[] =
        "\"TableName\":\"flags\",\"Key\":{\"namespace\":{\"S\":\"prod:big_segments_metadata\"},"
        "\"key\":{\"S\":\"prod:big_segments_metadata\"}}";
    struct faulty f;
    struct str wanted = {0};
    (void)state;
    faulty_begin(&f, usual);
    assert_string_equal(members_apply(f.m.store, &f.d.w, "vip.g2 a>b +h /i *j -j"), "applied");
    str_append_format(
        &wanted,
        "{\"TransactItems\":[{\"ConditionCheck\":{%s,\"ConditionExpression\":\"#0 = :0\","
        "\"ExpressionAttributeNames\":{\"#0\":\"lastVersion\"},\"ExpressionAttributeValues\":{"
        "\":0\":{\"S\":\"a\"}},\"ReturnValuesOnConditionCheckFailure\":\"NONE\"}},",
        key);
    str_append_text(
        &wanted,
        "{\"Update\":{\"TableName\":\"flags\",\"Key\":{\"namespace\":{\"S\":"
        "\"prod:big_segments_user\"},\"key\":{\"S\":\"h\"}},\"UpdateExpression\":\"ADD #i :r\","
        "\"ExpressionAttributeNames\":{\"#i\":\"included\"},\"ExpressionAttributeValues\":{\":r\":{"
        "\"SS\":[\"vip.g2\"]}}}},"
        "{\"Update\":{\"TableName\":\"flags\",\"Key\":{\"namespace\":{\"S\":"
        "\"prod:big_segments_user\"},\"key\":{\"S\":\"j\"}},\"UpdateExpression\":\"ADD #e :r "
        "DELETE "
        "#i :r\",\"ExpressionAttributeNames\":{\"#i\":\"included\",\"#e\":\"excluded\"},"
        "\"ExpressionAttributeValues\":{\":r\":{\"SS\":[\"vip.g2\"]}}}},"
        "{\"Update\":{\"TableName\":\"flags\",\"Key\":{\"namespace\":{\"S\":"
        "\"prod:big_segments_user\"},\"key\":{\"S\":\"i\"}},\"UpdateExpression\":\"DELETE #e :r\","
        "\"ExpressionAttributeNames\":{\"#e\":\"excluded\"},\"ExpressionAttributeValues\":{\":r\":{"
        "\"SS\":[\"vip.g2\"]}}}}],\"ClientRequestToken\":\"");
    assert_memory_equal(body_of(&f, "TransactWriteItems", 0), str_text(&wanted), wanted.len);
    str_clear(&wanted);
    str_append_format(&wanted,
                      "{%s,\"UpdateExpression\":\"SET #0 = :1\",\"ConditionExpression\":\"#0 = "
                      ":0\",\"ExpressionAttributeNames\":{\"#0\":\"lastVersion\"},"
                      "\"ExpressionAttributeValues\":{\":0\":{\"S\":\"a\"},\":1\":{\"S\":\"b\"}}}",
                      key);
    assert_string_equal(body_of(&f, "UpdateItem", 0), str_text(&wanted));
    str_free(&wanted);
    assert_string_equal(members_apply(f.m.store, &f.d.w, "vip.g2 >b"), "applied");
    assert_int_equal(count_of(&f, "TransactWriteItems"), 1); /* without changes there is none */
    assert_non_null(strstr(body_of(&f, "UpdateItem", 1), "attribute_not_exists(#0) or #0 = :0"));
    faulty_end(&f);
}

/* A service with the limit of 25 gets groups of that size from then on. */
static void an_older_service_gets_small_groups(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 400,
         .body = TYPE("ValidationException") "\"message\":\"Member must have length less than or "
                                             "equal to 25\"}",
         .contains = "TransactWriteItems",
         .times = 1},
        USUAL};
    struct faulty f;
    struct str words = {0};
    (void)state;
    str_append_text(&words, "vip.g1 >1");
    for (unsigned i = 0; i < 60; i++)
        str_append_format(&words, " +h%u", i);
    faulty_begin(&f, rules);
    assert_string_equal(members_apply(f.m.store, &f.d.w, str_text(&words)), "applied");
    assert_int_equal(count_of(&f, "TransactWriteItems"), 4); /* 60; 24, 24, 12 */
    assert_null(strstr(body_of(&f, "TransactWriteItems", 1), "\"h24\""));
    assert_non_null(strstr(body_of(&f, "TransactWriteItems", 2), "\"h24\""));
    assert_non_null(strstr(body_of(&f, "TransactWriteItems", 3), "\"h59\""));
    str_free(&words);
    faulty_end(&f);
}

struct question {
    struct membership_op op;
    size_t *done;
};

static void count_answer(struct membership_op *op)
{
    assert_true(op->ok);
    memberships_unref(op->found);
    ++*CONTAINER_OF(op, struct question, op)->done;
}

static bool all_answered(void *arg)
{
    return *(size_t *)arg == 100;
}

/* The scripted server takes no more than FAKE_MAX_CONNECTIONS at a time. */
static void a_hundred_questions_take_turns(void **state)
{
    static const struct fake_rule usual[] = {USUAL};
    struct faulty f;
    struct question questions[100];
    size_t done = 0;
    (void)state;
    faulty_begin(&f, usual);
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        questions[i] = (struct question){
            .op = {.type = MEMBERSHIP_OP_QUERY, .hash = VIEW_LITERAL("h"), .done = count_answer},
            .done = &done};
        membership_run(f.m.store, &questions[i].op);
    }
    run_until(&f.d.w, all_answered, &done, "a hundred answers");
    assert_int_equal(count_of(&f, "GetItem"), 100);
    faulty_end(&f);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void what_answers_may_hold(void **state)
{
    static const struct {
        const char *body;
        const char *cursor; /* NULL: an error */
    } cursors[] = {
        {"{}", ""},
        {"{\"Item\":{}}", ""},
        {"{\"Item\":{\"lastVersion\":{\"S\":\"a\"},\"x\":{\"L\":[]}},\"y\":1}", "a"},
        {"{\"Item\":{\"lastVersion\":{\"N\":\"1\"}}}", ""},
        {"{\"Item\":{\"lastVersion\":{\"S\":1}}}", NULL},
        {"{\"Item\":[]}", NULL},
        {"", NULL},
    };
    static const struct {
        const char *body;
        int64_t time_ms; /* -1: an error */
    } times[] = {
        {"{}", 0},
        {"{\"Item\":{\"synchronizedOn\":{\"N\":\"1760000000000\"}}}", INT64_C(1760000000000)},
        {"{\"Item\":{\"synchronizedOn\":{\"N\":\"1.76E12\"}}}", INT64_C(1760000000000)},
        {"{\"Item\":{\"synchronizedOn\":{\"N\":\"soon\"}}}", -1},
        {"{\"Item\":{\"synchronizedOn\":{\"N\":\"1 2\"}}}", -1},
    };
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
        struct str cursor = {0};
        bool ok = membership_answer_cursor(view_of(cursors[i].body), &cursor, &err);
        assert_int_equal(ok, cursors[i].cursor != NULL);
        assert_string_equal(str_text(&cursor), ok ? cursors[i].cursor : "");
        str_free(&cursor);
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t time_ms = -1;
        bool ok = membership_answer_time(view_of(times[i].body), &time_ms, &err);
        assert_int_equal(ok, times[i].time_ms >= 0);
        assert_int_equal(ok ? time_ms : -1, times[i].time_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_has_the_layout_that_sdks_read),
        cmocka_unit_test(a_context_in_too_many_segments_is_left_out),
        cmocka_unit_test(what_the_service_may_say_to_a_patch),
        cmocka_unit_test(what_is_said_to_the_service),
        cmocka_unit_test(an_older_service_gets_small_groups),
        cmocka_unit_test(a_hundred_questions_take_turns),
        cmocka_unit_test(what_answers_may_hold),
    };
    return cmocka_run_group_tests(tests, begin_server, end_server);
}
