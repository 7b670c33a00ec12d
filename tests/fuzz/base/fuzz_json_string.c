/* Any bytes as text to be written.
 *
 * Laws: what was written reads back as the text with broken UTF-8 replaced, in both forms; the form
 * for HTML has none of the characters that it escapes. */
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void read_back(const struct str *json, struct str *text)
{
    struct json_reader r;
    json_reader_init(&r, str_view(json));
    json_read_string(&r, text);
    json_expect_end(&r);
    must(!json_failed(&r));
    json_reader_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str plain = {0};
    struct str html = {0};
    struct str again = {0};
    struct str plain_text = {0};
    struct str html_text = {0};
    json_write_string(&plain, view_make((const char *)data, size));
    json_write_string_html(&html, view_make((const char *)data, size));
    read_back(&plain, &plain_text);
    read_back(&html, &html_text);
    must(view_equal(str_view(&plain_text), str_view(&html_text)));
    json_write_string(&again, str_view(&plain_text));
    must(view_equal(str_view(&again), str_view(&plain)));
    for (size_t i = 0; i < html.len; i++)
        must(strchr("<>&\n", html.data[i]) == NULL);
    str_free(&html_text);
    str_free(&plain_text);
    str_free(&again);
    str_free(&html);
    str_free(&plain);
    return 0;
}
