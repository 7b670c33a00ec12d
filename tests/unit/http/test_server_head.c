/* Request heads: every malformed one has its answer (http-api.md 10.1), whatever way it was cut. */
#include "http/server_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LIMIT ((size_t)300)
#define HOST "Host: x\r\n"

static const struct {
    const char *text;
    enum head_fault fault; /* HEAD_FAULT_NONE: it is whole and well-formed */
    const char *why;
} heads[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", HEAD_FAULT_NONE, "the least"},
    {"GET / HTTP/1.0\r\n\r\n", HEAD_FAULT_NONE, "1.0 needs no Host"},
    {"GET / HTTP/1.7\r\n" HOST "\r\n", HEAD_FAULT_NONE, "any 1.x"},
    {"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", HEAD_FAULT_NONE, "blank lines before"},
    {"GET / HTTP/1.1\n"
     "Host: x\n\n",
     HEAD_FAULT_NONE, "LF alone ends a line"},
    {"REPORT /a?b=%zz HTTP/1.1\r\n" HOST "\r\n", HEAD_FAULT_NONE, "queries are not looked at"},
    {"B-R+E*W /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", HEAD_FAULT_NONE, "token method, raw UTF-8"},
    {"GET / HTTP/1.1\r\n" HOST "A: b\tc \xff\r\n\r\n", HEAD_FAULT_NONE,
     "tab and obs-text in a value"},
    {"GET / HTTP/1.1\r\n" HOST "A:\r\n\r\n", HEAD_FAULT_NONE, "empty value"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", HEAD_FAULT_NONE, "empty Host is a Host"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HEAD_FAULT_NONE,
     "equal repeated length"},
    {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: CHUNKED\r\n\r\n", HEAD_FAULT_NONE,
     "encodings have no case"},
    {"GET / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", HEAD_FAULT_NONE,
     "expectations have no case"},

    {"\r\n\r\n\r\n\r\n\r\n", HEAD_FAULT_MALFORMED, "nothing but blank lines"},
    {"GET /\r\n", HEAD_FAULT_MALFORMED, "no version"},
    {"GET\r\n", HEAD_FAULT_MALFORMED, "method alone"},
    {" GET / HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "blank first"},
    {"GET  / HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "two blanks"},
    {"GET / HTTP/1.1 \r\n", HEAD_FAULT_MALFORMED, "blank behind the version"},
    {"GET /a b HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "blank in the target"},
    {"GET /a\tb HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "tab in the target"},
    {"GET /a\x7f HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "DEL in the target"},
    {"G(T / HTTP/1.1\r\n", HEAD_FAULT_MALFORMED, "method is no token"},
    {"GET / http/1.1\r\n", HEAD_FAULT_MALFORMED, "version in lower case"},
    {"GET / HTTP/1.10\r\n", HEAD_FAULT_MALFORMED, "version too long"},
    {"GET / HTTP/11\r\n", HEAD_FAULT_MALFORMED, "version without dot"},
    {"\x16\x03\x01\x02\x01\n", HEAD_FAULT_MALFORMED, "TLS on a plain port"},
    {"GET / HTTP/1.1\r\n" HOST " folded\r\n", HEAD_FAULT_MALFORMED, "obsolete folding"},
    {"GET / HTTP/1.1\r\n\tHost: x\r\n", HEAD_FAULT_MALFORMED, "folding of the first header"},
    {"GET / HTTP/1.1\r\n" HOST "no colon\r\n", HEAD_FAULT_MALFORMED, "no colon"},
    {"GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n", HEAD_FAULT_MALFORMED, "control in a value"},
    {"GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n", HEAD_FAULT_MALFORMED, "CR alone in a value"},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", HEAD_FAULT_MALFORMED, "two Hosts"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n", HEAD_FAULT_MALFORMED, "signed length"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n", HEAD_FAULT_MALFORMED, "list of lengths"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: \r\n", HEAD_FAULT_MALFORMED, "empty length"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n", HEAD_FAULT_MALFORMED, "hex length"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n", HEAD_FAULT_MALFORMED,
     "length out of range"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n", HEAD_FAULT_MALFORMED,
     "differing lengths"},
    {"GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     HEAD_FAULT_MALFORMED, "two framings"},
    {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HEAD_FAULT_MALFORMED,
     "chunks in HTTP/1.0"},

    {"GET / HTTP/1.1\r\n\r\n", HEAD_FAULT_NO_HOST, "no Host"},
    {"GET http://x/ HTTP/1.1\r\nA: b\r\n\r\n", HEAD_FAULT_NO_HOST, "no Host, absolute form"},
    {"GET / HTTP/1.1\r\nHost : x\r\n", HEAD_FAULT_HEADER_NAME, "blank before the colon"},
    {"GET / HTTP/1.1\r\n" HOST ": x\r\n", HEAD_FAULT_HEADER_NAME, "no name"},
    {"GET / HTTP/1.1\r\n" HOST "A\xc3: x\r\n", HEAD_FAULT_HEADER_NAME, "name beyond ASCII"},
    {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n", HEAD_FAULT_TRANSFER_ENCODING, "gzip"},
    {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n", HEAD_FAULT_TRANSFER_ENCODING,
     "gzip and chunked"},
    {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
     HEAD_FAULT_TRANSFER_ENCODING, "chunked twice"},
    {"GET / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\n", HEAD_FAULT_EXPECTATION, "unknown expectation"},
    {"GET / HTTP/2.0\r\n", HEAD_FAULT_VERSION, "version 2.0"},
    {"GET / HTTP/0.9\r\n", HEAD_FAULT_VERSION, "version 0.9"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HEAD_FAULT_VERSION, "HTTP/2 by prior knowledge"},
};

/* Pushes `first` bytes, then the rest, then a byte that belongs to the next request. */
static void push_in_two(struct head *h, struct view text, size_t first, enum head_state *state,
                        size_t *taken)
{
    struct view parts[] = {view_make(text.data, first), view_from(text, first), VIEW_LITERAL("N")};
    *state = HEAD_MORE;
    *taken = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts) && *state == HEAD_MORE; i++) {
        struct view part = parts[i];
        *state = head_push(h, &part);
        *taken += parts[i].len - part.len;
    }
}

static void every_head_has_its_answer_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct view text = view_of(heads[i].text);
        for (size_t cut = 0; cut <= text.len; cut++) {
            struct head h;
            head_init(&h, LIMIT);
            enum head_state result;
            size_t taken;
            push_in_two(&h, text, cut, &result, &taken);
            bool whole = heads[i].fault == HEAD_FAULT_NONE;
            if (h.fault != heads[i].fault || result != (whole ? HEAD_DONE : HEAD_BAD) ||
                (whole && taken != text.len))
                fail_msg("%s, cut at %zu: fault %d, state %d, %zu bytes taken", heads[i].why, cut,
                         h.fault, result, taken);
            head_free(&h);
        }
    }
}

static struct head pushed(const char *text)
{
    struct head h;
    head_init(&h, 4096);
    struct view bytes = view_of(text);
    assert_int_equal(head_push(&h, &bytes), HEAD_DONE);
    return h;
}

static void the_head_tells_what_the_transport_needs(void **state)
{
    (void)state;
    struct head h = pushed("POST /bulk?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0012\r\n"
                           "Connection: Keep-Alive, x , CLOSE\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(h.method, HTTP_POST);
    assert_true(view_is(head_target(&h), "/bulk?x=1"));
    assert_true(h.has_length && h.length == 12);
    assert_true(h.close && h.keep_alive && h.expects_continue && !h.chunked && !h.http_1_0);
    assert_false(head_wants_keep_alive(&h));
    head_free(&h);
}

/* Checklist 16 of http-api.md: two Authorization headers, the first counts. */
static void the_first_header_of_a_name_is_found_trimmed(void **state)
{
    (void)state;
    struct head h = pushed("GET / HTTP/1.1\r\nHost: x\r\nauthorization:  \t key 1 \t\r\n"
                           "Authorization: key2\r\nX-Authorization: no\r\nEmpty:\r\n\r\n");
    struct view value;
    assert_true(head_find(&h, "Authorization", &value));
    assert_true(view_is(value, "key 1"));
    assert_true(head_find(&h, "EMPTY", &value));
    assert_int_equal(value.len, 0);
    assert_false(head_find(&h, "Author", &value));
    assert_false(head_find(&h, "GET", &value));
    head_free(&h);
}

static const struct {
    const char *version;
    const char *connection;
    bool keep;
    const char *why;
} keeps[] = {
    {"1.1", "", true, "1.1 stays"},
    {"1.1", "Connection: close\r\n", false, "1.1 told to close"},
    {"1.0", "", false, "1.0 closes"},
    {"1.0", "Connection: keep-alive\r\n", true, "1.0 told to stay"},
    {"1.0", "Connection: keep-alive, close\r\n", false, "close wins"},
    {"1.1", "Connection: upgrade\r\n", true, "other options mean nothing"},
};

static void keep_alive_follows_version_and_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keeps); i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "GET / HTTP/%s\r\nHost: x\r\n%s\r\n", keeps[i].version,
                       keeps[i].connection);
        struct head h = pushed(text);
        if (head_wants_keep_alive(&h) != keeps[i].keep)
            fail_msg("%s", keeps[i].why);
        head_free(&h);
    }
}

/* A head of `size` bytes in all, pushed in pieces of `piece`. */
static enum head_fault fault_of_size(size_t size, size_t piece)
{
    struct str text = {0};
    str_append_text(&text, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
    while (text.len + 4 < size)
        str_append_char(&text, 'a');
    str_append_text(&text, "\r\n\r\n");
    struct head h;
    head_init(&h, LIMIT);
    enum head_state state = HEAD_MORE;
    for (size_t at = 0; at < text.len && state == HEAD_MORE; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        struct view bytes = view_make(text.data + at, len);
        state = head_push(&h, &bytes);
    }
    enum head_fault fault = h.fault;
    assert_true(h.text.len <= LIMIT);
    head_free(&h);
    str_free(&text);
    return fault;
}

static void a_head_over_the_limit_is_too_large(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 64, 100000};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        assert_int_equal(fault_of_size(LIMIT, pieces[i]), HEAD_FAULT_NONE);
        assert_int_equal(fault_of_size(LIMIT + 1, pieces[i]), HEAD_FAULT_TOO_LARGE);
        assert_int_equal(fault_of_size(50 * LIMIT, pieces[i]), HEAD_FAULT_TOO_LARGE);
    }
}

/* The faulty line comes before the limit is reached: it decides, also when all arrived at once. */
static void the_first_faulty_line_decides(void **state)
{
    (void)state;
    struct str text = {0};
    str_append_text(&text, "GET / HTTP/1.1\r\nno colon\r\nA: ");
    for (size_t i = 0; i < 2 * LIMIT; i++)
        str_append_char(&text, 'a');
    struct head h;
    head_init(&h, LIMIT);
    struct view bytes = str_view(&text);
    assert_int_equal(head_push(&h, &bytes), HEAD_BAD);
    assert_int_equal(h.fault, HEAD_FAULT_MALFORMED);
    head_free(&h);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_head_has_its_answer_however_it_is_cut),
        cmocka_unit_test(the_head_tells_what_the_transport_needs),
        cmocka_unit_test(the_first_header_of_a_name_is_found_trimmed),
        cmocka_unit_test(keep_alive_follows_version_and_connection),
        cmocka_unit_test(a_head_over_the_limit_is_too_large),
        cmocka_unit_test(the_first_faulty_line_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
