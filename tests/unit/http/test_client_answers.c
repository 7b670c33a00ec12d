/* Answers in plain HTTP/1.1, good and bad: streaming.md 3.4. */
#include "test_client_bench.h"

#include <zlib.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

static const struct {
    const char *why;
    struct peer_answer answer;
    const char *expected; /* see fetch_check() */
} rows[] = {
    {"known length", {OK_HEAD "Content-Length: 5\r\n\r\nhello"}, "200 text/plain|hello|EOF"},
    {"no body", {OK_HEAD "Content-Length: 0\r\n\r\n"}, "200 text/plain||EOF"},
    {"204", {"HTTP/1.1 204 No Content\r\n\r\n"}, "204||EOF"},
    {"304", {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"}, "304||EOF"},
    {"up to the end", {OK_HEAD "\r\nhello", 0, 0, PEER_CLOSE}, "200 text/plain|hello|EOF"},
    {"HTTP/1.0", {"HTTP/1.0 200 OK\r\n\r\nhello", 0, 0, PEER_CLOSE}, "200|hello|EOF"},
    {"no reason", {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx"}, "200|x|EOF"},
    {"LF alone", {"HTTP/1.1 200 OK\nContent-Length: 1\n\nx"}, "200|x|EOF"},
    {"letter case, blanks",
     {"HTTP/1.1 200 OK\r\ncOntent-tYpe:a\t \r\nCONTENT-LENGTH:  1 \r\n\r\nx"},
     "200 a|x|EOF"},
    {"two lengths that agree",
     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
     "200|x|EOF"},
    {"chunked",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"},
     "200 text/plain|hello|EOF"},
    {"chunked, trailers",
     {OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n005 \r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n"},
     "200 text/plain|hello|EOF"},
    {"chunked, LF alone",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n"},
     "200 text/plain|hello|EOF"},
    {"chunked wins over a length",
     {OK_HEAD "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"},
     "200 text/plain|x|EOF"},
    {"chunked, capital letters",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"},
     "200 text/plain|0123456789|EOF"},
    {"1xx come first",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK_HEAD
      "Content-Length: 1\r\n\r\nx"},
     "200 text/plain|x|EOF"},
    {"a status of its own", {"HTTP/1.1 599 Odd\r\nContent-Length: 1\r\n\r\nx"}, "599|x|EOF"},

    {"nothing", {"", 0, 0, PEER_CLOSE}, "-||EOF"},
    {"half a status line", {"HTTP/1.1 2", 0, 0, PEER_CLOSE}, "-||unexpected EOF"},
    {"half a head", {OK_HEAD, 0, 0, PEER_CLOSE}, "-||unexpected EOF"},
    {"half a body",
     {OK_HEAD "Content-Length: 5\r\n\r\nhel", 0, 0, PEER_CLOSE},
     "-200 text/plain|hel|unexpected EOF"},
    {"half a chunk",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 0, 0, PEER_CLOSE},
     "-200 text/plain|hel|unexpected EOF"},
    {"no last chunk",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", 0, 0, PEER_CLOSE},
     "-200 text/plain|hel|unexpected EOF"},
    {"half a trailer",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", 0, 0, PEER_CLOSE},
     "-200 text/plain||unexpected EOF"},
    {"a reset in the body",
     {OK_HEAD "Content-Length: 5\r\n\r\n", 0, 0, PEER_RESET},
     "-200 text/plain||connection reset by peer"},
    {"a reset at once", {"", 0, 0, PEER_RESET}, "-||connection reset by peer"},

    {"another protocol", {"SSH-2.0-OpenSSH_9.2\r\n\r\n"}, "-||malformed HTTP status line"},
    {"HTTP/2", {"HTTP/2 200\r\n\r\n"}, "-||malformed HTTP status line"},
    {"no blank", {"HTTP/1.1200 OK\r\n\r\n"}, "-||malformed HTTP status line"},
    {"status of four digits", {"HTTP/1.1 2000 OK\r\n\r\n"}, "-||malformed HTTP status line"},
    {"status below 100", {"HTTP/1.1 099 OK\r\n\r\n"}, "-||malformed HTTP status code 99"},
    {"an empty line first", {"\r\n\r\n\r\n"}, "-||malformed HTTP status line"},
    {"TLS", {"\x15\x03\x01\x00\x02\x02\x46\n\n", 9}, "-||malformed HTTP status line"},
    {"a header without colon",
     {"HTTP/1.1 200 OK\r\nfoo\r\n\r\n"},
     "-||malformed HTTP header line in the answer"},
    {"a header without name",
     {"HTTP/1.1 200 OK\r\n: x\r\n\r\n"},
     "-||malformed HTTP header line in the answer"},
    {"a blank before the colon",
     {"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n"},
     "-||malformed HTTP header line in the answer"},
    {"a folded line",
     {"HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n"},
     "-||malformed HTTP header line in the answer"},
    {"a length that is none",
     {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
     "-||unusable Content-Length in the answer"},
    {"an empty length",
     {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"},
     "-||unusable Content-Length in the answer"},
    {"a huge length",
     {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
     "-||unusable Content-Length in the answer"},
    {"two lengths that differ",
     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"},
     "-||unusable Content-Length in the answer"},
    {"an unknown transfer encoding",
     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
     "-||unsupported Transfer-Encoding \"gzip, chunked\""},
    {"chunked twice",
     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
     "-||unsupported Transfer-Encoding \"chunked\""},
    {"an unknown content encoding",
     {"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n"},
     "-||unsupported Content-Encoding \"br\""},
    {"a chunk size that is none",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\n"},
     "-200 text/plain||malformed chunk size"},
    {"an empty chunk size",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n\r\n"},
     "-200 text/plain||malformed chunk size"},
    {"a chunk size of 16 digits",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"},
     "-200 text/plain||malformed chunk size"},
    {"a chunk that is longer than it says",
     {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n"},
     "-200 text/plain|x|malformed chunk: no end of line behind it"},
    {"no gzip",
     {OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
     "-200 text/plain||gzip: incorrect header check"},
};

/* Each answer whole, in pieces, and byte by byte. */
static void answers_are_read_or_refused(void **state)
{
    (void)state;
    static const size_t cuts[] = {0, 1, 7};
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
            struct peer peer;
            struct fetch f = {0};
            struct peer_answer answer = rows[i].answer;
            answer.cut = cuts[k];
            peer_open(&peer, &b.loop, &answer, 1);
            fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
            fetch_check(&f, rows[i].expected, rows[i].why);
            fetch_free(&f);
            peer_close(&peer);
        }
    }
    bench_close(&b);
}

/* ---- gzip ---- */

/* Appends one member; `finish` false leaves it without its end. */
static void gzip_append(struct str *out, struct view text, bool finish)
{
    z_stream z = {0};
    unsigned char bytes[4096];
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text.data;
    z.avail_in = (unsigned)text.len;
    do {
        z.next_out = bytes;
        z.avail_out = sizeof bytes;
        (void)deflate(&z, finish ? Z_FINISH : Z_SYNC_FLUSH);
        str_append(out, view_make((char *)bytes, sizeof bytes - z.avail_out));
    } while (z.avail_out == 0);
    deflateEnd(&z);
}

static void check_gzip(const struct str *packed, const char *head, enum peer_then then,
                       const char *expected, const char *why)
{
    static const size_t cuts[] = {0, 1, 13};
    struct bench b;
    bench_open(&b);
    for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
        struct str text = {0};
        struct peer peer;
        struct fetch f = {0};
        str_append_text(&text, head);
        str_append(&text, str_view(packed));
        struct peer_answer answer = {text.data, text.len, cuts[k], then};
        peer_open(&peer, &b.loop, &answer, 1);
        fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
        fetch_check(&f, expected, why);
        fetch_free(&f);
        peer_close(&peer);
        str_free(&text);
    }
    bench_close(&b);
}

static void gzip_is_decoded_as_it_comes(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    struct str packed = {0};
    gzip_append(&packed, VIEW_LITERAL("hello"), true);
    check_gzip(&packed, head, PEER_CLOSE, "200|hello|EOF", "one member");
    check_gzip(&packed, "HTTP/1.1 200 OK\r\nContent-Encoding: X-GZIP\r\nContent-Length: 25\r\n\r\n",
               PEER_KEEP, "200|hello|EOF", "of known length");
    gzip_append(&packed, VIEW_LITERAL(" again"), true);
    check_gzip(&packed, head, PEER_CLOSE, "200|hello again|EOF", "two members");
    packed.len -= 1;
    check_gzip(&packed, head, PEER_CLOSE, "-200|hello again|unexpected EOF",
               "without its last byte");
    packed.data[packed.len - 6] ^= 1;
    packed.len++;
    check_gzip(&packed, head, PEER_CLOSE, "-200|hello again|gzip: incorrect data check",
               "with a wrong checksum");
    str_clear(&packed);
    gzip_append(&packed, VIEW_LITERAL("hello"), false);
    check_gzip(&packed, head, PEER_CLOSE, "-200|hello|unexpected EOF",
               "a flush is passed on before the end is there");
    str_clear(&packed);
    check_gzip(&packed, head, PEER_CLOSE, "200||EOF", "nothing at all");
    str_free(&packed);
}

/* What comes out is never collected: 100 MB from 100 KB, in pieces. */
static void a_gzip_bomb_arrives_in_pieces(void **state)
{
    (void)state;
    struct str zeros = {0};
    struct str text = {0};
    struct bench b;
    struct peer peer;
    struct fetch f = {.cancel = AT_BODY};
    str_reserve(&zeros, 100 << 20);
    memset(zeros.data, '0', 100 << 20);
    str_append_text(&text, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    gzip_append(&text, view_make(zeros.data, 100 << 20), true);
    str_free(&zeros);
    struct peer_answer answer = {text.data, text.len, 0, PEER_CLOSE};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
    assert_true(f.cancelled);
    assert_true(f.body.len > 0 && f.body.len <= 64 << 10);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&text);
}

static void a_flood_of_headers_is_cut_off(void **state)
{
    (void)state;
    struct str text = {0};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    str_append_text(&text, "HTTP/1.1 200 OK\r\n");
    while (text.len < 1 << 20)
        str_append_text(&text, "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    struct peer_answer answer = {text.data, text.len, 4000, PEER_KEEP};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
    fetch_check(&f, "-||the head of the answer is larger than 64 KiB", "flood");
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_or_refused),
        cmocka_unit_test(gzip_is_decoded_as_it_comes),
        cmocka_unit_test(a_gzip_bomb_arrives_in_pieces),
        cmocka_unit_test(a_flood_of_headers_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
