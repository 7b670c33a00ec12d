/* Events in the address of an image, and diagnostic events (events.md 3.6, 9). Checklist of
 * events.md: 7, 19-21, 67-69, 71 as far as the intake goes. */
#include "ask.h"

#define DISABLED "{\"message\":\"Event proxy is not enabled for this environment\"}"

static const char pixel[] = "\x47\x49\x46\x38\x39\x61\x01\x00\x01\x00\x80\x00\x00\x00"
                            "\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c"
                            "\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x44\x00\x3b";

static void setup(struct asking *a, bool enabled, bool offline)
{
    ask_setup(a);
    a->door.settings.enabled = enabled;
    a->door.settings.offline = offline;
    a->door.settings.max_body = 90;
    bench_add(&a->bench,
              &(struct env_settings){.sdk_key = "sdk-1", .mobile_key = "mob-1", .env_id = "id-1"});
    ask_start(a, NULL, 0);
}

static void expect_image(const struct asking *a, const char *why)
{
    if (a->answer.status != 200 || !view_equal(str_view(&a->answer.body), view_make(pixel, 42)))
        fail_msg("%s: status %d, %zu bytes", why, a->answer.status, a->answer.body.len);
    assert_string_equal(answer_header(a, "Content-Type"), "image/gif");
    assert_string_equal(answer_header(a, "Access-Control-Allow-Methods"), "GET,OPTIONS");
    assert_string_equal(answer_header(a, "Access-Control-Allow-Origin"), "*");
}

static const struct {
    const char *query;
    size_t events;
    const char *why;
} images[] = {
    {"?d=W3sia2luZCI6Ims%2FPiJ9XQ%3D%3D", 1, "19: standard base64"},
    {"?d=W3sia2luZCI6Ims/PiJ9XQ==", 1, "not escaped"},
    {"?d=W3sia2luZCI6Ims_PiJ9XQ", 1, "20: safe for URLs, no padding"},
    {"?d=W3sia2luZCI6Ims_PiJ9XQ==", 1, "padding all the same"},
    {"?d=W3sia2luZCI6%0D%0AIms_PiJ9XQ", 1, "line ends are skipped"},
    {"?x=1&d=W3sia2luZCI6Ims_PiJ9XQ&d=nonsense", 1, "the first counts"},
    {"?d=WyJ-Pj4-Il0", 1, "'-' of one alphabet"},
    {"?d=WyJ+Pj4+Il0=", 1, "'+' of the other, a blank by now"},
    {"?d=W3sia2luZCI6Ims*PiJ9XQ", 0, "20: garbage"},
    {"?d=W", 0, "one character is none"},
    {"?d=e30", 0, "not an array"},
    {"?d=W10", 0, "an empty array"},
    {"?d=", 0, "21: empty"},
    {"", 0, "21: absent"},
    {"?d=WyIxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NT"
     "Y3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMiJd",
     0, "more than maxInboundPayloadSize"},
};

static void the_image_is_served_whatever_becomes_of_the_events(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, true, false);
    for (size_t i = 0; i < ARRAY_LEN(images); i++) {
        char target[400];
        (void)snprintf(target, sizeof target, "/a/id-1.gif%s", images[i].query);
        ask(&a, "GET", target, "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Tags: t\n");
        ask_turn(&a);
        expect_image(&a, images[i].why);
        if (a.post_count != images[i].events)
            fail_msg("%s: %zu posts", images[i].why, a.post_count);
        if (a.post_count != 0) {
            assert_int_equal(a.posts[0]->family, EVENT_BROWSER);
            assert_int_equal(a.posts[0]->path, EVENT_VERBATIM);
            assert_int_equal(a.posts[0]->schema, 3);
            assert_string_equal(a.posts[0]->tags, "");
        }
        ask_forget_events(&a);
    }
    ask_teardown(&a);
}

static void the_path_of_an_image_is_exact(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        int status;
    } cases[] = {
        {"GET", "/a/id-x.gif?d=W10", 404}, /* 21 */
        {"GET", "/a/id-1", 404},           {"GET", "/a/.gif", 404},
        {"GET", "/a/id-1.gif/", 404},      {"GET", "/a/id-1.gif.gif", 404}, /* another ID */
        {"POST", "/a/id-1.gif", 405},      {"OPTIONS", "/a/id-1.gif", 200},
    };
    struct asking a;
    (void)state;
    setup(&a, true, false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ask(&a, cases[i].method, cases[i].target, "");
        if (a.answer.status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].method, cases[i].target, a.answer.status);
    }
    ask_teardown(&a);
}

/* 7, 21; offline nothing is said to be wrong. */
static void an_image_where_nothing_is_wanted(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, false, false);
    ask(&a, "GET", "/a/id-1.gif?d=WyJ4Il0", "");
    assert_int_equal(a.answer.status, 503);
    bench_expect(&a.answer.body, DISABLED, "disabled");
    ask_teardown(&a);
    setup(&a, true, true);
    ask(&a, "GET", "/a/id-1.gif?d=WyJ4Il0", "");
    expect_image(&a, "offline");
    ask_turn(&a);
    assert_int_equal(a.post_count, 0);
    ask_teardown(&a);
}

/* ---- diagnostic events ----------------------------------------------------------------------- */

static const struct {
    const char *target;
    enum event_family family;
} diagnostics[] = {
    {"/diagnostic", EVENT_SERVER},
    {"/mobile/events/diagnostic", EVENT_MOBILE},
    {"/events/diagnostic/id-1", EVENT_BROWSER},
};

/* 67, 68, 71: what the SDK said goes on, what was for this connection does not. */
static void a_diagnostic_event_keeps_its_headers(void **state)
{
    static const char headers[] =
        "Host: relay\nUser-Agent: JS/1\nX-Custom: a, b\nX-Custom: c\nConnection: keep-alive, "
        "x-hop\n"
        "X-Hop: 1\nconnection: X-Too\nx-too: 2\nKeep-Alive: 5\nProxy-Authorization: secret\n"
        "Proxy-Connection: close\nTE: trailers\nTrailer: x\nUpgrade: h2c\nCookie: secret\n"
        "Accept-Encoding: gzip\nContent-Type: text/plain\nX-Forwarded-For: 192.0.2.1\n"
        "Authorization: ";
    struct asking a;
    (void)state;
    setup(&a, true, false);
    for (size_t i = 0; i < ARRAY_LEN(diagnostics); i++) {
        char all[1000];
        (void)snprintf(all, sizeof all, "%s%s\n", headers, i == 1 ? "mob-1" : "api_key sdk-1");
        ask_with(&a, "POST", diagnostics[i].target, all, "{\"kind\": \"diagnostic\"}");
        assert_int_equal(a.answer.status, 202);
        ask_turn(&a);
        assert_int_equal(a.diagnostic_count, 1);
        const struct event_diagnostic *d = a.diagnostics[0];
        struct str got = {0};
        for (size_t h = 0; h < d->header_count; h++)
            str_append_format(&got, "%s: %s\n", d->headers[h].name, d->headers[h].value);
        bench_expect(&got,
                     i == 1 ? "User-Agent: JS/1\nX-Custom: a, b\nX-Custom: c\n"
                              "X-Forwarded-For: 192.0.2.1\nAuthorization: mob-1\n"
                            : "User-Agent: JS/1\nX-Custom: a, b\nX-Custom: c\n"
                              "X-Forwarded-For: 192.0.2.1\nAuthorization: api_key sdk-1\n",
                     diagnostics[i].target);
        assert_int_equal(d->family, diagnostics[i].family);
        assert_true(view_is(buf_view(d->body), "{\"kind\": \"diagnostic\"}"));
        assert_int_equal(d->slot, 0);
        ask_forget_events(&a);
        str_free(&got);
    }
    assert_int_equal(a.door.reading_bytes, 0);
    ask_teardown(&a);
}

/* It is not looked at, and nobody waits for a spool. */
static void a_diagnostic_event_may_be_anything(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, true, false);
    a.door.settings.spooled = true;
    ask_with(&a, "POST", "/diagnostic", "Authorization: sdk-1\n", "{");
    assert_int_equal(a.answer.status, 202);
    ask_turn(&a);
    assert_int_equal(a.diagnostic_count, 1);
    assert_int_equal(a.door.received_events, 0); /* they are not counted as events */
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_image_is_served_whatever_becomes_of_the_events),
        cmocka_unit_test(the_path_of_an_image_is_exact),
        cmocka_unit_test(an_image_where_nothing_is_wanted),
        cmocka_unit_test(a_diagnostic_event_keeps_its_headers),
        cmocka_unit_test(a_diagnostic_event_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
