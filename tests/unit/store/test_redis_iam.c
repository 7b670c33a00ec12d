/* Redis that is logged in to with AWS's credentials (data-store.md 8.3, checklist 69, 83), with a
 * real server that knows the passwords of the moments at which the test lets it be asked. */
#include "aws_world.h"
#include "redis_world.h"

#include "base/str.h"
#include "store/aws_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE "my-cache"
#define USER "iam-user"
#define ADMIN "--user admin -a a --no-auth-warning "

static void token_at(const struct redis_world *r, bool serverless, struct str *out)
{
    struct aws_key key = aws_key_make("test", AWS_SECRET, NULL);
    struct aws_cache cache = {"us-east-1", CACHE, USER, serverless};
    aws_cache_token(&cache, &key, r->w.clock.wall_ms, out);
    aws_key_clear(&key);
}

/* The user's only password is that of this moment. */
static void allow_now(const struct redis_world *r, bool serverless)
{
    struct str words = {0};
    str_append_text(&words, ADMIN "acl setuser " USER " reset on '>");
    token_at(r, serverless, &words);
    str_append_text(&words, "' '~*' '&*' +@all");
    assert_string_equal(redis_cli(&r->server, str_text(&words)), "OK");
    str_free(&words);
}

static void begin(struct redis_world *r)
{
    aws_variables();
    redis_begin(r);
    r->w.settings.redis.username = USER;
    r->w.settings.redis.iam_cache = CACHE;
    r->w.settings.redis.variable = getenv;
    assert_string_equal(redis_cli(&r->server, "acl setuser admin on '>a' '~*' '&*' +@all"), "OK");
    assert_string_equal(redis_cli(&r->server, ADMIN "acl setuser default off"), "OK");
}

static void end(struct redis_world *r)
{
    assert_int_equal(log_count(AWS_SECRET), 0);
    assert_int_equal(log_count("X-Amz-"), 0);
    redis_end(r);
}

static unsigned long connections(const struct redis_world *r)
{
    const char *info = redis_cli(&r->server, ADMIN "info stats");
    const char *at = strstr(info, "total_connections_received:");
    assert_non_null(at);
    return strtoul(at + strlen("total_connections_received:"), NULL, 10);
}

static void each_connection_has_a_password_of_its_own(void **state)
{
    (void)state;
    for (int serverless = 0; serverless < 2; serverless++) {
        struct redis_world r;
        begin(&r);
        r.w.settings.redis.iam_serverless = serverless != 0;
        allow_now(&r, serverless != 0);
        redis_open(&r);
        write_all(&r.h, dataset_text("f1"));
        assert_dataset(read_back(&r.h), "f1");
        fake_clock_advance(&r.w.clock, 60000);
        allow_now(&r, serverless != 0);
        (void)redis_cli(&r.server, ADMIN "client kill user " USER);
        write_item(&r.h, flag("f", 2));
        assert_dataset(read_back(&r.h), "f2");
        assert_int_equal(r.h.state_changes, 0);
        end(&r);
    }
}

/* The server ends a connection 12 h after its login, whatever is being done on it. */
static void an_old_login_is_given_up_when_nothing_is_being_done(void **state)
{
    struct redis_world r;
    (void)state;
    begin(&r);
    allow_now(&r, false);
    redis_open(&r);
    write_all(&r.h, dataset_text("f1"));
    fake_clock_advance(&r.w.clock, INT64_C(11) * 3600 * 1000 - 1);
    write_item(&r.h, flag("f", 2));
    unsigned long before = connections(&r);
    fake_clock_advance(&r.w.clock, 2);
    allow_now(&r, false);
    write_item(&r.h, flag("f", 3));
    write_item(&r.h, flag("f", 4));
    write_item(&r.h, flag("f", 5));
    assert_int_equal(connections(&r), before + 3); /* one of ours, two of redis-cli */
    assert_dataset(read_back(&r.h), "f5");
    assert_int_equal(r.h.state_changes, 0);
    end(&r);
}

static void a_wrong_password_or_none_is_a_store_error(void **state)
{
    static const struct {
        const char *unset;
        const char *line;
    } rows[] = {{"x", "WRONGPASS"}, {"AWS_ACCESS_KEY_ID", "no AWS credentials: "}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct redis_world r;
        begin(&r);
        assert_int_equal(unsetenv(rows[i].unset), 0);
        redis_open(&r);
        store_read_post(r.h.store, STORE_ALL_KINDS);
        run_until_state(&r.h, STORE_INTERRUPTED);
        assert_true(log_count(rows[i].line) > 0);
        aws_variables();
        allow_now(&r, false);
        run_until_state(&r.h, STORE_VALID);
        end(&r);
    }
}

static void without_a_region_or_profile_the_start_is_refused(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        const char *want;
    } rows[] = {
        {"AWS_REGION", "", "Redis IAM authentication needs an AWS region; set AWS_REGION"},
        {"AWS_PROFILE", "nobody", "failed to get shared config profile, nobody"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct redis_world r;
        struct error err;
        begin(&r);
        assert_int_equal(setenv(rows[i].name, rows[i].value, 1), 0);
        assert_false(store_database_open(&r.w.settings, &r.w.loop, &r.w.clock.base, &r.w.db, &err));
        assert_string_equal(err.text, rows[i].want);
        world_end(&r.w);
        server_end(&r.server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_has_a_password_of_its_own),
        cmocka_unit_test(an_old_login_is_given_up_when_nothing_is_being_done),
        cmocka_unit_test(a_wrong_password_or_none_is_a_store_error),
        cmocka_unit_test(without_a_region_or_profile_the_start_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
