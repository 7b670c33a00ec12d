/* Records of spool files: events.md 13.6, example 16.6; checklist 83 without files. */
#include "events/spool_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct spool_group group(void)
{
    return (struct spool_group){
        .env = VIEW_LITERAL("507f1f77bcf86cd799439011"),
        .filter = VIEW_LITERAL("small"),
        .family = VIEW_LITERAL("server"),
        .path = VIEW_LITERAL("verbatim"),
        .schema = 4,
        .tags = VIEW_LITERAL("application-id/a\"b"),
    };
}

static void record_append(struct str *out, struct str *head, struct view body)
{
    spool_head_seal(head, body);
    str_append(out, str_view(head));
    str_append(out, body);
    str_free(head);
}

static void post_append(struct str *out, uint64_t seq, struct view body)
{
    struct str head = {0};
    struct spool_post post = {
        .group = group(), .wall_ms = 1700000000000, .payload_id = VIEW_LITERAL("p"), .seq = seq};
    spool_post_head(&post, body.len, &head);
    record_append(out, &head, body);
}

/* Example 16.6, byte by byte. */
static void an_outcome_is_written_as_specified(void **state)
{
    (void)state;
    static const char want[] =
        "\x4c\x00\x00\x00\xb3\x89\xaa\xd9"
        "D{\"payloadId\":\"9b2f6c1e-2d7a-4c53-8a8e-0f6f0e7f4a11\",\"outcome\":\"delivered\"}\n";
    struct str head = {0};
    spool_done_head(VIEW_LITERAL("9b2f6c1e-2d7a-4c53-8a8e-0f6f0e7f4a11"), "delivered", &head);
    spool_head_seal(&head, view_make("", 0));
    assert_int_equal(head.len, sizeof want - 1);
    assert_memory_equal(head.data, want, head.len);
    str_free(&head);
}

static void posts_and_batches_are_written_as_specified(void **state)
{
    (void)state;
    struct str head = {0};
    struct spool_post post = {
        .group = group(), .wall_ms = 1700000000000, .payload_id = VIEW_LITERAL("p"), .seq = 7};
    spool_post_head(&post, 2, &head);
    assert_string_equal(head.data + 8,
                        "P{\"seq\":7,\"time\":1700000000000,\"env\":\"507f1f77bcf86cd799439011\","
                        "\"filter\":\"small\",\"family\":\"server\",\"path\":\"verbatim\","
                        "\"schema\":4,\"tags\":\"application-id/a\\\"b\",\"payloadId\":\"p\","
                        "\"bytes\":2}\n");
    str_free(&head);
    struct spool_batch batch = {.group = group(),
                                .wall_ms = 1,
                                .payload_id = VIEW_LITERAL("b"),
                                .up_to = 9,
                                .count = 3,
                                .more = true};
    spool_batch_head(&batch, 20, &head);
    assert_string_equal(head.data + 8,
                        "B{\"payloadId\":\"b\",\"time\":1,\"env\":\"507f1f77bcf86cd799439011\","
                        "\"filter\":\"small\",\"family\":\"server\",\"path\":\"verbatim\","
                        "\"schema\":4,\"tags\":\"application-id/a\\\"b\",\"count\":3,\"upTo\":9,"
                        "\"more\":true,\"bytes\":20}\n");
    str_free(&head);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct str file = {0};
    struct str head = {0};
    struct spool_record r = {0};
    struct spool_batch batch = {.group = group(),
                                .wall_ms = 5,
                                .payload_id = VIEW_LITERAL("b"),
                                .up_to = 9,
                                .count = 3,
                                .more = true};
    str_append_text(&file, SPOOL_MAGIC);
    post_append(&file, 7, VIEW_LITERAL("[1,\n2]"));
    spool_batch_head(&batch, 3, &head);
    record_append(&file, &head, VIEW_LITERAL("[3]"));
    spool_done_head(VIEW_LITERAL("b"), "split", &head);
    record_append(&file, &head, view_make("", 0));

    struct view rest = str_view(&file);
    assert_true(spool_magic_take(&rest));
    assert_int_equal(spool_record_take(&rest, &r), SPOOL_FOUND);
    assert_int_equal(r.type, SPOOL_POST);
    struct spool_post post = spool_record_post(&r);
    assert_int_equal(post.seq, 7);
    assert_int_equal(post.wall_ms, 1700000000000);
    assert_true(view_is(post.payload_id, "p"));
    assert_true(view_is(post.group.env, "507f1f77bcf86cd799439011"));
    assert_true(view_is(post.group.filter, "small"));
    assert_true(view_is(post.group.family, "server"));
    assert_true(view_is(post.group.path, "verbatim"));
    assert_true(view_is(post.group.tags, "application-id/a\"b"));
    assert_int_equal(post.group.schema, 4);
    assert_true(view_is(r.body, "[1,\n2]"));

    assert_int_equal(spool_record_take(&rest, &r), SPOOL_FOUND);
    struct spool_batch read = spool_record_batch(&r);
    assert_true(r.type == SPOOL_BATCH && view_is(read.payload_id, "b") && view_is(r.body, "[3]"));
    assert_true(read.up_to == 9 && read.count == 3 && read.more && read.wall_ms == 5);

    assert_int_equal(spool_record_take(&rest, &r), SPOOL_FOUND);
    assert_int_equal(r.type, SPOOL_DONE);
    assert_true(view_is(str_view(&r.texts[SPOOL_OUTCOME]), "split"));
    assert_false(r.more);
    assert_int_equal(spool_record_take(&rest, &r), SPOOL_END);
    spool_record_done(&r);
    str_free(&file);
}

/* Checklist 83: wherever the last record is cut off, it is broken and nothing else is read. */
static void a_record_cut_anywhere_ends_the_file(void **state)
{
    (void)state;
    struct str file = {0};
    struct spool_record r = {0};
    post_append(&file, 1, VIEW_LITERAL("[1]"));
    size_t first = file.len;
    post_append(&file, 2, VIEW_LITERAL("[2]"));
    for (size_t len = first; len < file.len; len++) {
        char *memory = mem_alloc(len);
        memcpy(memory, file.data, len);
        struct view rest = view_make(memory, len);
        assert_int_equal(spool_record_take(&rest, &r), SPOOL_FOUND);
        assert_int_equal(r.seq, 1);
        assert_int_equal(spool_record_take(&rest, &r), len == first ? SPOOL_END : SPOOL_BROKEN);
        mem_free(memory);
    }
    spool_record_done(&r);
    str_free(&file);
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    struct str file = {0};
    struct spool_record r = {0};
    post_append(&file, 1, VIEW_LITERAL("[\"some events\"]"));
    for (size_t i = 0; i < file.len * 8; i++) {
        struct view rest = str_view(&file);
        file.data[i / 8] = (char)(file.data[i / 8] ^ 1 << (i % 8));
        assert_int_equal(spool_record_take(&rest, &r), SPOOL_BROKEN);
        file.data[i / 8] = (char)(file.data[i / 8] ^ 1 << (i % 8));
    }
    spool_record_done(&r);
    str_free(&file);
}

static const struct {
    const char *inner; /* type, line, body */
    const char *why;
} unknown[] = {
    {"X{}\n", "another type"},
    {"P", "no line"},
    {"P\n", "an empty line"},
    {"P{\"seq\":1}", "a line without an end"},
    {"P{\"seq\":\"1\",\"bytes\":0}\n", "a number that is none"},
    {"P{\"seq\":1,\"bytes\":2}\n[]x", "more body than it says"},
    {"D{\"payloadId\":5}\n", "a text that is none"},
    {"D{\"payloadId\":\"x\"} x\n", "something behind the line"},
    {"B[]\n", "no object"},
    {"\n", "a line alone"},
};

/* They are whole, so the ones behind them count. */
static void records_that_say_nothing_are_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        struct str file = {0};
        struct str head = {0};
        struct spool_record r = {0};
        str_append(&head, view_make("\0\0\0\0\0\0\0\0", 8));
        str_append_text(&head, unknown[i].inner);
        record_append(&file, &head, view_make("", 0));
        post_append(&file, 2, VIEW_LITERAL("[]"));
        struct view rest = str_view(&file);
        enum spool_found first = spool_record_take(&rest, &r);
        enum spool_found second = spool_record_take(&rest, &r);
        if (first != SPOOL_UNKNOWN || second != SPOOL_FOUND || r.seq != 2)
            fail_msg("%s", unknown[i].why);
        spool_record_done(&r);
        str_free(&file);
    }
}

static void a_file_begins_with_its_name(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "FRSPOOL", "FRSPOOL2", "frspool1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct view rest = view_of(bad[i]);
        assert_false(spool_magic_take(&rest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outcome_is_written_as_specified),
        cmocka_unit_test(posts_and_batches_are_written_as_specified),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_record_cut_anywhere_ends_the_file),
        cmocka_unit_test(a_changed_bit_anywhere_is_noticed),
        cmocka_unit_test(records_that_say_nothing_are_passed_over),
        cmocka_unit_test(a_file_begins_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
