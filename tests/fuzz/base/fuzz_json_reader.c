/* Any bytes as JSON text.
 *
 * Laws: skipping and reading agree on what is valid and where it is not; canonical text is valid,
 * means the same, and is its own canonical text; nothing reads beyond the end (the text lies in
 * memory of just its size). */
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

/* Reads a value by the calls for its type and notes what it means. */
static void digest_value(struct json_reader *r, struct str *digest)
{
    struct view name;
    double number;
    enum json_type type = json_peek(r);
    str_append_char(digest, (char)('0' + type));
    switch (type) {
    case JSON_NULL:
        must(json_read_null(r) || json_failed(r));
        break;
    case JSON_BOOL:
        str_append_char(digest, json_read_bool(r) ? 't' : 'f');
        break;
    case JSON_NUMBER:
        number = json_read_number(r);
        number = number == 0 ? 0 : number; /* canonical text knows no -0 */
        str_append(digest, view_make((const char *)&number, sizeof number));
        break;
    case JSON_STRING:
        json_read_string(r, digest);
        break;
    case JSON_ARRAY:
        for (json_array_begin(r); json_array_next(r);)
            digest_value(r, digest);
        break;
    case JSON_OBJECT:
        for (json_object_begin(r); json_object_next(r, &name);) {
            str_append(digest, name);
            str_append_char(digest, ':');
            digest_value(r, digest);
        }
        break;
    case JSON_NONE:
        json_skip(r);
        break;
    }
}

static void digest_text(struct json_reader *r, struct view text, struct str *digest)
{
    json_reader_init(r, text);
    digest_value(r, digest);
    json_expect_end(r);
}

static void check_canonical(struct view text, const struct str *digest)
{
    struct str once = {0};
    struct str twice = {0};
    struct str meaning = {0};
    struct json_reader r;
    json_write_compact(&once, text);
    digest_text(&r, str_view(&once), &meaning);
    must(!json_failed(&r));
    must(view_equal(str_view(&meaning), str_view(digest)));
    json_reader_done(&r);
    json_write_compact(&twice, str_view(&once));
    must(view_equal(str_view(&once), str_view(&twice)));
    str_free(&meaning);
    str_free(&twice);
    str_free(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *memory = mem_alloc(size);
    if (size > 0)
        memcpy(memory, data, size);
    struct view text = view_make(memory, size);
    struct json_reader skipped;
    struct json_reader read;
    struct str digest = {0};
    json_reader_init(&skipped, text);
    struct view raw = json_read_raw(&skipped);
    json_expect_end(&skipped);
    digest_text(&read, text, &digest);
    must(json_failed(&skipped) == json_failed(&read));
    must(json_offset(&skipped) == json_offset(&read));
    must(!json_failed(&read) || strcmp(skipped.problem, read.problem) == 0);
    if (!json_failed(&read)) {
        check_canonical(text, &digest);
        check_canonical(raw, &digest);
    } else {
        struct str out = {0};
        json_write_compact(&out, text);
        str_free(&out);
    }
    str_free(&digest);
    json_reader_done(&read);
    json_reader_done(&skipped);
    mem_free(memory);
    return 0;
}
