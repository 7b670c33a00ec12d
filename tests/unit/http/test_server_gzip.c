/* Compressed answers: for whom, for what, and how often the work is done (http-api.md 10.5). */
#include "http/server_gzip.h"
#include "server_support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *accept_encoding;
    bool accepted;
    const char *why;
} accepts[] = {
    {"gzip", true, "plain"},
    {"deflate, gzip;q=1.0, *;q=0.5", true, "in a list"},
    {"GZIP", true, "codings have no case"},
    {"x-gzip", true, "the old name"},
    {"gzip;q=0.001", true, "little, but wanted"},
    {"gzip ; q=0.8", true, "blanks"},
    {"*", true, "anything"},
    {"gzip;q=0", false, "refused"},
    {"gzip;q=0.000", false, "refused precisely"},
    {"*, gzip; Q=0", false, "anything but gzip"},
    {"*;q=0", false, "nothing"},
    {"identity", false, "only plain"},
    {"br, deflate", false, "others"},
    {"gzipped", false, "another name"},
    {"", false, "empty"},
};

static void clients_say_what_they_accept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepts); i++) {
        if (gzip_is_accepted(view_of(accepts[i].accept_encoding)) != accepts[i].accepted)
            fail_msg("\"%s\": %s", accepts[i].accept_encoding, accepts[i].why);
    }
}

static const struct {
    const char *name;
    const char *value;
    size_t len;
    bool worthwhile;
} bodies[] = {
    {"Content-Type", "application/json", 1024, true},
    {"Content-Type", "application/json", 1023, false},
    {"Content-Type", "image/gif", 100000, false},
    {"Content-Encoding", "br", 100000, false},
    {"Etag", "W/\"1\"", 100000, true},
};

static void small_and_compressed_bodies_are_left_alone(void **state)
{
    (void)state;
    assert_true(gzip_is_worthwhile(NULL, 5000));
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct http_headers headers = {0};
        http_header_add_text(&headers, bodies[i].name, bodies[i].value);
        if (gzip_is_worthwhile(&headers, bodies[i].len) != bodies[i].worthwhile)
            fail_msg("%s: %s, %zu bytes", bodies[i].name, bodies[i].value, bodies[i].len);
    }
}

static void assert_unpacks_to(struct view packed, struct view plain)
{
    z_stream z = {.zalloc = Z_NULL};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    char *out = mem_alloc(plain.len + 1);
    z.next_in = (Bytef *)(uintptr_t)packed.data;
    z.avail_in = (uInt)packed.len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)plain.len + 1;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_true(view_equal(view_make(out, z.total_out), plain));
    (void)inflateEnd(&z);
    mem_free(out);
}

static struct buf *json_like(size_t items)
{
    struct str text = {0};
    for (size_t i = 0; i < items; i++)
        str_append_format(&text, "{\"key\":\"flag-%zu\",\"version\":%zu},", i, i * 7919 % 1000);
    struct buf *b = str_to_buf(&text);
    str_free(&text);
    return b;
}

static void a_body_that_is_kept_is_packed_once(void **state)
{
    (void)state;
    struct gzip_cache cache = {0};
    struct buf *plain = json_like(500);
    struct buf *kept = buf_ref(plain); /* by the service */
    struct buf *first = gzip_pack(&cache, plain);
    struct buf *second = gzip_pack(&cache, plain);
    assert_ptr_equal(first, second);
    assert_true(first->len < plain->len / 3);
    assert_unpacks_to(buf_view(first), buf_view(plain));
    buf_unref(first);
    buf_unref(second);
    buf_unref(plain);
    buf_unref(kept);
    struct buf *other = json_like(10);
    buf_unref(gzip_pack(&cache, other)); /* nobody can send the first one again: it is dropped */
    buf_unref(other);
    for (size_t i = 0; i < GZIP_CACHE_MAX; i++)
        assert_null(cache.entries[i].plain);
    gzip_cache_free(&cache);
}

static void a_body_for_one_client_is_not_kept(void **state)
{
    (void)state;
    struct gzip_cache cache = {0};
    for (size_t items = 500; items != 0;
         items /= 10) { /* what was compressed before is forgotten */
        struct buf *plain = json_like(items);
        struct buf *packed = gzip_pack(&cache, plain);
        assert_unpacks_to(buf_view(packed), buf_view(plain));
        for (size_t i = 0; i < GZIP_CACHE_MAX; i++)
            assert_null(cache.entries[i].plain);
        buf_unref(packed);
        buf_unref(plain);
    }
    gzip_cache_free(&cache);
}

static void the_cache_is_bounded(void **state)
{
    (void)state;
    enum { BODIES = 3 * GZIP_CACHE_MAX };
    struct gzip_cache cache = {0};
    struct buf *plain[BODIES];
    for (size_t i = 0; i < BODIES; i++) {
        plain[i] = json_like(100 + i);
        struct buf *kept = buf_ref(plain[i]);
        struct buf *packed = gzip_pack(&cache, plain[i]);
        assert_unpacks_to(buf_view(packed), buf_view(plain[i]));
        buf_unref(packed);
        buf_unref(kept);
    }
    unsigned held = 0;
    for (size_t i = 0; i < BODIES; i++)
        held += atomic_load(&plain[i]->refs) > 1;
    assert_in_range(held, 1, GZIP_CACHE_MAX);
    for (size_t i = 0; i < BODIES; i++)
        buf_unref(plain[i]);
    gzip_cache_free(&cache);
}

/* Polls of single flags must not make the next poll of all flags wait for its compression. */
static void small_bodies_do_not_drive_a_large_one_out(void **state)
{
    (void)state;
    enum { SMALL = 3 * GZIP_CACHE_MAX };
    struct gzip_cache cache = {0};
    struct buf *small[SMALL];
    struct buf *large = json_like(500);
    struct buf *kept = buf_ref(large);
    struct buf *packed = gzip_pack(&cache, large);
    for (size_t i = 0; i < SMALL; i++) {
        small[i] = buf_ref(json_like(50));
        buf_unref(gzip_pack(&cache, small[i]));
    }
    struct buf *again = gzip_pack(&cache, large);
    assert_ptr_equal(again, packed);
    buf_unref(again);
    buf_unref(packed);
    for (size_t i = 0; i < SMALL; i++) {
        buf_unref(small[i]);
        buf_unref(small[i]);
    }
    buf_unref(large);
    buf_unref(kept);
    gzip_cache_free(&cache);
}

/* ---- at the server -------------------------------------------------------------------------- */

static struct test_server *compressing_server(void)
{
    struct http_server_settings settings = test_settings();
    settings.compress = true;
    return test_server_open(&settings);
}

#define CLOSE "Host: x\r\nConnection: close\r\n"

static void answers_are_compressed_for_those_who_ask(void **state)
{
    (void)state;
    struct test_server *s = compressing_server();
    int fd = test_connect(s);
    test_send(fd, "GET /big HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE "\r\n");
    struct str got = {0};
    test_read_all(fd, &got);
    const char *end = strstr(str_text(&got), "\r\n\r\n");
    assert_non_null(end);
    size_t head_len = (size_t)(end - got.data) + 4;
    char expected[300];
    (void)snprintf(expected, sizeof expected,
                   "HTTP/1.1 200 OK\r\nVary: Accept-Encoding\r\n" DATE "Content-Encoding: gzip\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                   got.len - head_len);
    assert_int_equal(strlen(expected), head_len);
    assert_memory_equal(got.data, expected, head_len);
    struct buf *plain = buf_new(BIG_BYTES);
    memset(plain->data, 'x', BIG_BYTES);
    assert_unpacks_to(view_from(str_view(&got), head_len), buf_view(plain));
    buf_unref(plain);
    str_free(&got);
    (void)close(fd);
    test_server_close(s, 0, 5000);
}

static void others_get_plain_answers_that_vary(void **state)
{
    (void)state;
    struct test_server *s = compressing_server();
    int fd = test_connect(s);
    test_send(fd, "GET /big HTTP/1.1\r\n" CLOSE "\r\n");
    test_expect(fd, "HTTP/1.1 200 OK\r\nVary: Accept-Encoding\r\n" DATE
                    "Content-Length: 8000000\r\nConnection: close\r\n\r\nxxxxx");
    (void)close(fd);
    fd = test_connect(s);
    test_send(fd, "GET /hello HTTP/1.1\r\nAccept-Encoding: gzip\r\n" CLOSE "\r\n");
    test_expect(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Vary: Accept-Encoding\r\n" DATE
                    "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    (void)close(fd);
    test_server_close(s, 0, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_say_what_they_accept),
        cmocka_unit_test(small_and_compressed_bodies_are_left_alone),
        cmocka_unit_test(a_body_that_is_kept_is_packed_once),
        cmocka_unit_test(a_body_for_one_client_is_not_kept),
        cmocka_unit_test(the_cache_is_bounded),
        cmocka_unit_test(small_bodies_do_not_drive_a_large_one_out),
        cmocka_unit_test(answers_are_compressed_for_those_who_ask),
        cmocka_unit_test(others_get_plain_answers_that_vary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
