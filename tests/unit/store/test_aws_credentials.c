/* Credentials from wherever they come, and new ones in time (data-store.md 3.2); with services that
 * say what each test wants. Checklist 83: no secret in a log line or an error. */
#include "aws_world.h"
#include "fake_http.h"
#include "harness.h"

#include "base/str.h"
#include "store/aws_credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "hiddenhidden"
#define XML(id, expires)                                                                           \
    "<AssumeRoleResponse><Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" SECRET   \
    "</SecretAccessKey><SessionToken>" SECRET "token</SessionToken><Expiration>" expires           \
    "</Expiration></Credentials></AssumeRoleResponse>"
#define JSON(id, expires)                                                                          \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" SECRET               \
    "\",\"Token\":\"" SECRET "token\",\"Expiration\":\"" expires "\"}"
/* The world's clock begins at 2023-11-14T22:13:20Z. */
#define IN_AN_HOUR "2023-11-14T23:13:20Z"
#define LONG_AGO "2001-01-01T00:00:00Z"

struct asker {
    struct aws_waiter waiter;
    unsigned answers;
    char problem[ERROR_TEXT_SIZE];
};

struct aws_world {
    struct world w;
    struct fake_http fake;
    struct aws_credentials *credentials;
    struct asker asker;
    char url[64];
    bool closed;
};

static void begin(struct aws_world *a, const struct fake_rule *rules)
{
    memset(a, 0, sizeof *a);
    aws_variables();
    world_begin(&a->w);
    assert_int_equal(unsetenv("AWS_ACCESS_KEY_ID"), 0);
    assert_int_equal(unsetenv("AWS_ROLE_ARN"), 0);
    assert_int_equal(unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN"), 0);
    assert_int_equal(unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), 0);
    assert_int_equal(unsetenv("AWS_EC2_METADATA_DISABLED"), 0);
    fake_http_open(&a->fake, &a->w.loop, rules);
    (void)snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", a->fake.port);
    assert_int_equal(setenv("AWS_ENDPOINT_URL_STS", a->url, 1), 0);
    assert_int_equal(setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", a->url, 1), 0);
}

/* `text` with "{url}" and "{folder}" replaced. */
static void variable(const struct aws_world *a, const char *name, const char *text)
{
    struct str value = {0};
    for (const char *at = text; *at != '\0';) {
        const char *by = strncmp(at, "{url}", 5) == 0 ? a->url : a->w.folder;
        if (*at == '{') {
            str_append_text(&value, by);
            at = strchr(at, '}') + 1;
        } else {
            str_append_char(&value, *at++);
        }
    }
    assert_int_equal(setenv(name, str_text(&value), 1), 0);
    str_free(&value);
}

static void file(const struct aws_world *a, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", a->w.folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void open_credentials(struct aws_world *a)
{
    struct error err;
    a->credentials = aws_credentials_open(getenv, &a->w.loop, &a->w.clock.base, &err);
    if (a->credentials == NULL)
        fail_msg("%s", err.text);
}

static void closed(void *arg)
{
    struct aws_world *a = arg;
    a->closed = true;
}

static bool is_closed(void *arg)
{
    const struct aws_world *a = arg;
    return a->closed;
}

static void end(struct aws_world *a)
{
    aws_credentials_close(a->credentials, closed, a);
    assert_false(a->closed);
    run_until(&a->w, is_closed, a, "the credentials to be closed");
    fake_http_close(&a->fake);
    assert_int_equal(log_count(SECRET), 0);
    world_end(&a->w);
}

static void answered(struct aws_waiter *w, const char *problem)
{
    struct asker *asker = CONTAINER_OF(w, struct asker, waiter);
    asker->answers++;
    (void)snprintf(asker->problem, sizeof asker->problem, "%s", problem != NULL ? problem : "");
}

static bool has_answer(void *arg)
{
    const struct asker *asker = arg;
    return asker->answers != 0;
}

/* Waits for credentials; the problem, or "". */
static const char *ask(struct aws_world *a)
{
    a->asker = (struct asker){.waiter = {.done = answered}};
    aws_credentials_wait(a->credentials, &a->asker.waiter);
    assert_int_equal(a->asker.answers, 0);
    run_until(&a->w, has_answer, &a->asker, "credentials");
    assert_int_equal(a->asker.answers, 1);
    assert_null(strstr(a->asker.problem, SECRET));
    return a->asker.problem;
}

static const char *key_id(const struct aws_world *a)
{
    const struct aws_key *key = aws_credentials_key(a->credentials);
    return key != NULL ? key->id : "none";
}

static bool asked(const struct aws_world *a, size_t request, const char *text)
{
    const struct fake_request *r = &a->fake.requests[request];
    return request < a->fake.request_count &&
           (strstr(r->head, text) != NULL ||
            (r->body.len > 0 && strstr(r->body.data, text) != NULL));
}

/* ---- origins --------------------------------------------------------------------------------- */

static const struct fake_rule none[] = {{.status = 0}};

static void keys_of_the_environment_are_there_in_a_later_turn(void **state)
{
    struct aws_world a;
    (void)state;
    begin(&a, none);
    variable(&a, "AWS_ACCESS_KEY_ID", "KEY");
    open_credentials(&a);
    assert_string_equal(key_id(&a), "none");
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "KEY");
    assert_string_equal(ask(&a), "");
    end(&a);
}

static void a_web_identity_becomes_a_role(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "POST", .status = 200, .body = XML("WEB", IN_AN_HOUR)}, {.status = 0}};
    struct aws_world a;
    (void)state;
    begin(&a, rules);
    file(&a, "token", SECRET "&jwt\n");
    variable(&a, "AWS_WEB_IDENTITY_TOKEN_FILE", "{folder}/token");
    variable(&a, "AWS_ROLE_ARN", "arn:aws:iam::1:role/x");
    open_credentials(&a);
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "WEB");
    assert_string_equal(a.fake.requests[0].body.data,
                        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
                        "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=flagrelay&"
                        "WebIdentityToken=" SECRET "%26jwt");
    assert_false(asked(&a, 0, "Authorization"));
    end(&a);
}

static void a_role_is_assumed_from_another_profile(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 200, .body = XML("FIRST", IN_AN_HOUR), .contains = "Credential=BASE/"},
        {.status = 200, .body = XML("SECOND", IN_AN_HOUR), .contains = "Credential=FIRST/"},
        {.status = 0}};
    struct aws_world a;
    (void)state;
    begin(&a, rules);
    file(&a, "config",
         "[profile p]\nrole_arn = r1\nsource_profile = q\nexternal_id = e/f\n"
         "[profile q]\nrole_arn = r2\nsource_profile = base\nduration_seconds = 3600\n");
    file(&a, "credentials",
         "[base]\naws_access_key_id = BASE\naws_secret_access_key = " SECRET "\n");
    variable(&a, "AWS_CONFIG_FILE", "{folder}/config");
    variable(&a, "AWS_SHARED_CREDENTIALS_FILE", "{folder}/credentials");
    variable(&a, "AWS_PROFILE", "p");
    open_credentials(&a);
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "SECOND");
    assert_true(asked(&a, 0, "RoleArn=r2&RoleSessionName=flagrelay&DurationSeconds=3600"));
    assert_true(
        asked(&a, 0, "/us-east-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date,"));
    assert_true(
        asked(&a, 1, "RoleArn=r1&RoleSessionName=flagrelay&DurationSeconds=900&ExternalId=e%2Ff"));
    assert_true(asked(&a, 1, "X-Amz-Security-Token: " SECRET "token"));
    end(&a);
}

static void a_container_hands_them_out(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "GET", .target = "/v2/x", .status = 200, .body = JSON("BOX", IN_AN_HOUR)},
        {.status = 0}};
    struct aws_world a;
    (void)state;
    begin(&a, rules);
    file(&a, "token", SECRET "\n");
    variable(&a, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "{url}/v2/x");
    variable(&a, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{folder}/token");
    variable(&a, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "other");
    open_credentials(&a);
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "BOX");
    assert_true(asked(&a, 0, "\r\nAuthorization: " SECRET "\r\n"));
    end(&a);
}

static void an_instance_hands_them_out_for_a_session_token(void **state)
{
    static const struct fake_rule rules[] = {
        {.method = "PUT",
         .target = "/latest/api/token",
         .status = 200,
         .body = SECRET "session",
         .contains = "X-aws-ec2-metadata-token-ttl-seconds: 21600"},
        {.method = "GET",
         .target = "/latest/meta-data/iam/security-credentials/my-role",
         .status = 200,
         .body = JSON("MACHINE", IN_AN_HOUR),
         .contains = "X-aws-ec2-metadata-token: " SECRET "session"},
        {.method = "GET",
         .target = "/latest/meta-data/iam/security-credentials/",
         .status = 200,
         .body = "my-role\n",
         .contains = "X-aws-ec2-metadata-token: " SECRET "session"},
        {.status = 0}};
    struct aws_world a;
    (void)state;
    begin(&a, rules);
    open_credentials(&a);
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "MACHINE");
    assert_int_equal(a.fake.request_count, 3);
    end(&a);
}

static void a_process_prints_them(void **state)
{
    struct aws_world a;
    (void)state;
    begin(&a, none);
    file(&a, "config",
         "[profile p]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":"
         "\"%s\",\"SecretAccessKey\":\"" SECRET "\"}' PROGRAM\n");
    variable(&a, "AWS_CONFIG_FILE", "{folder}/config");
    variable(&a, "AWS_PROFILE", "p");
    open_credentials(&a);
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "PROGRAM");
    end(&a);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void what_goes_wrong_is_said_without_secrets(void **state)
{
    static const struct {
        struct fake_rule rule;
        const char *name;
        const char *value;
        const char *config; /* of the profile p */
        const char *want;   /* the beginning of the problem */
    } rows[] = {
        {{.status = 404},
         "x",
         "",
         NULL,
         "no AWS credentials: the instance metadata service: it answered with status 404"},
        {{.status = 200, .body = "\n"},
         "x",
         "",
         NULL,
         "no AWS credentials: the instance metadata service: the instance has no role"},
        {{.status = 200, .body = "role"},
         "x",
         "",
         NULL,
         "no AWS credentials: the instance metadata service: the answer is not JSON"},
        {{.status = 200, .manner = FAKE_RESET},
         "x",
         "",
         NULL,
         "no AWS credentials: the instance metadata service: connection reset"},
        {{.status = 200, .manner = FAKE_SILENT},
         "x",
         "",
         NULL,
         "no AWS credentials: the instance metadata service: no answer in time"},
        {{.status = 500, .body = SECRET},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "{url}/x",
         NULL,
         "no AWS credentials: the container's credential service: it answered with status 500"},
        {{.status = 200, .body = "{\"SecretAccessKey\":\"" SECRET "\"}"},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "{url}/x",
         NULL,
         "no AWS credentials: the container's credential service: the answer has no credentials in "
         "it"},
        {{.status = 200, .manner = FAKE_HALF},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "{url}/x",
         NULL,
         "no AWS credentials: the container's credential service: unexpected EOF"},
        {{.status = 0},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "http://example.com/x",
         NULL,
         "no AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI needs https"},
        {{.status = 0},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "http://localhost.example.com:80/x",
         NULL,
         "no AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI needs https"},
        {{.status = 0},
         "AWS_CONTAINER_CREDENTIALS_FULL_URI",
         "file:///x",
         NULL,
         "no AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI: URL with scheme \"file\""},
        {{.status = 0},
         "AWS_WEB_IDENTITY_TOKEN_FILE",
         "{folder}/nothing",
         NULL,
         "no AWS credentials: web identity needs a role; set AWS_ROLE_ARN"},
        {{.status = 403,
          .body =
              "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not you</Message></Error>"},
         "x",
         "",
         "role_arn = r\nsource_profile = p\naws_access_key_id = A\n"
         "aws_secret_access_key = " SECRET "\n",
         "no AWS credentials: AWS STS, AssumeRole: it answered with status 403: AccessDenied: Not "
         "you"},
        {{.status = 0},
         "x",
         "",
         "credential_process = echo " SECRET "; exit 3\n",
         "no AWS credentials: credential_process failed with exit status 3"},
        {{.status = 0},
         "x",
         "",
         "credential_process = echo " SECRET "\n",
         "no AWS credentials: credential_process: the answer is not JSON"},
        {{.status = 0},
         "x",
         "",
         "credential_process = kill -9 $$\n",
         "no AWS credentials: credential_process failed with signal 9"},
        {{.status = 0},
         "x",
         "",
         "credential_process = head -c 100000 /dev/zero\n",
         "no AWS credentials: credential_process printed more than 65536 bytes"},
        {{.status = 0},
         "x",
         "",
         "role_arn = r\nweb_identity_token_file = /nowhere/token\n",
         "no AWS credentials: cannot read the token file \"/nowhere/token\": no such file"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fake_rule rules[] = {rows[i].rule, {.status = 0}};
        struct aws_world a;
        struct str config = {0};
        begin(&a, rules);
        variable(&a, rows[i].name, rows[i].value);
        if (rows[i].config != NULL) {
            str_append_format(&config, "[profile p]\n%s", rows[i].config);
            file(&a, "config", str_text(&config));
            variable(&a, "AWS_CONFIG_FILE", "{folder}/config");
            variable(&a, "AWS_PROFILE", "p");
        }
        open_credentials(&a);
        const char *problem = ask(&a);
        if (strncmp(problem, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("row %zu: %s", i, problem);
        assert_string_equal(key_id(&a), "none");
        str_free(&config);
        end(&a);
    }
}

static void closing_does_not_wait_for_a_service_or_a_process(void **state)
{
    static const struct fake_rule rules[] = {{.status = 200, .manner = FAKE_SILENT}, {.status = 0}};
    (void)state;
    for (int process = 0; process < 2; process++) {
        struct aws_world a;
        begin(&a, rules);
        if (process) {
            file(&a, "config", "[profile p]\ncredential_process = sleep 100\n");
            variable(&a, "AWS_CONFIG_FILE", "{folder}/config");
            variable(&a, "AWS_PROFILE", "p");
        }
        open_credentials(&a);
        a.asker.waiter.done = answered;
        aws_credentials_wait(a.credentials, &a.asker.waiter);
        run_turns(&a.w, 10);
        aws_credentials_withdraw(&a.asker.waiter);
        uint64_t start = uv_hrtime();
        end(&a);
        assert_true(uv_hrtime() - start < UINT64_C(1000000000));
        assert_int_equal(a.asker.answers, 0);
    }
}

/* ---- in time --------------------------------------------------------------------------------- */

#define BOX(id, expires)                                                                           \
    {                                                                                              \
        .status = 200, .body = JSON(id, expires), .times = 1                                       \
    }

static void begin_box(struct aws_world *a, const struct fake_rule *rules)
{
    begin(a, rules);
    variable(a, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "{url}/x");
    open_credentials(a);
    assert_string_equal(ask(a), "");
}

struct id_wait {
    const struct aws_world *a;
    const char *id;
};

static bool has_id(void *arg)
{
    const struct id_wait *w = arg;
    return strcmp(key_id(w->a), w->id) == 0;
}

static void new_ones_are_fetched_five_minutes_before_the_end(void **state)
{
    static const struct fake_rule rules[] = {
        BOX("ONE", IN_AN_HOUR), BOX("TWO", "2023-11-15T00:13:20Z"), {.status = 0}};
    struct aws_world a;
    struct id_wait two = {&a, "TWO"};
    (void)state;
    begin_box(&a, rules);
    fake_clock_advance(&a.w.clock, INT64_C(54) * 60 * 1000);
    assert_string_equal(key_id(&a), "ONE");
    run_turns(&a.w, 50);
    assert_int_equal(a.fake.request_count, 1);
    fake_clock_advance(&a.w.clock, INT64_C(90) * 1000);
    assert_string_equal(key_id(&a), "ONE");
    run_until(&a.w, has_id, &two, "the second key");
    assert_int_equal(a.fake.request_count, 2);
    end(&a);
}

/* A refresh that fails is tried again, not with every request; the old ones last until their end.
 */
static void a_failed_refresh_leaves_the_old_ones_until_they_expire(void **state)
{
    static const struct fake_rule rules[] = {
        BOX("ONE", IN_AN_HOUR), {.status = 500}, {.status = 0}};
    struct aws_world a;
    (void)state;
    begin_box(&a, rules);
    fake_clock_advance(&a.w.clock, INT64_C(56) * 60 * 1000);
    assert_string_equal(key_id(&a), "ONE");
    run_until_line(&a.w, "WARN: Cannot refresh the AWS credentials: ");
    assert_string_equal(key_id(&a), "ONE");
    run_turns(&a.w, 50);
    assert_int_equal(a.fake.request_count, 2);
    fake_clock_advance(&a.w.clock, INT64_C(10) * 60 * 1000);
    assert_string_equal(key_id(&a), "none");
    assert_non_null(strstr(ask(&a), "it answered with status 500"));
    end(&a);
}

static void refused_ones_are_fetched_again_at_once(void **state)
{
    static const struct fake_rule rules[] = {
        BOX("ONE", IN_AN_HOUR), BOX("TWO", IN_AN_HOUR), {.status = 0}};
    struct aws_world a;
    (void)state;
    begin_box(&a, rules);
    aws_credentials_refused(a.credentials, "ANOTHER");
    assert_string_equal(key_id(&a), "ONE");
    aws_credentials_refused(a.credentials, "ONE");
    assert_string_equal(key_id(&a), "none");
    assert_string_equal(ask(&a), "");
    assert_string_equal(key_id(&a), "TWO");
    end(&a);
}

/* The metadata service extends expired credentials in an outage of its own. */
static void what_has_expired_when_it_comes_is_used_all_the_same(void **state)
{
    static const struct fake_rule rules[] = {
        BOX("OLD", LONG_AGO), BOX("OLD2", LONG_AGO), {.status = 0}};
    struct aws_world a;
    struct id_wait again = {&a, "OLD2"};
    (void)state;
    begin_box(&a, rules);
    assert_string_equal(key_id(&a), "OLD");
    assert_logged("WARN: The AWS credentials that were fetched have expired already; using them");
    run_until(&a.w, has_id, &again, "another look");
    end(&a);
}

static void many_wait_for_one_fetch(void **state)
{
    static const struct fake_rule rules[] = {BOX("ONE", IN_AN_HOUR), {.status = 0}};
    struct aws_world a;
    struct asker askers[20];
    (void)state;
    begin(&a, rules);
    variable(&a, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "{url}/x");
    open_credentials(&a);
    for (size_t i = 0; i < 20; i++) {
        askers[i] = (struct asker){.waiter = {.done = answered}};
        aws_credentials_wait(a.credentials, &askers[i].waiter);
    }
    aws_credentials_withdraw(&askers[7].waiter);
    run_until(&a.w, has_answer, &askers[19], "credentials");
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(askers[i].answers, i != 7);
    assert_int_equal(a.fake.request_count, 1);
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_the_environment_are_there_in_a_later_turn),
        cmocka_unit_test(a_web_identity_becomes_a_role),
        cmocka_unit_test(a_role_is_assumed_from_another_profile),
        cmocka_unit_test(a_container_hands_them_out),
        cmocka_unit_test(an_instance_hands_them_out_for_a_session_token),
        cmocka_unit_test(a_process_prints_them),
        cmocka_unit_test(what_goes_wrong_is_said_without_secrets),
        cmocka_unit_test(closing_does_not_wait_for_a_service_or_a_process),
        cmocka_unit_test(new_ones_are_fetched_five_minutes_before_the_end),
        cmocka_unit_test(a_failed_refresh_leaves_the_old_ones_until_they_expire),
        cmocka_unit_test(refused_ones_are_fetched_again_at_once),
        cmocka_unit_test(what_has_expired_when_it_comes_is_used_all_the_same),
        cmocka_unit_test(many_wait_for_one_fetch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
