/* The files that AWS's programs share, and the chain that they and the environment make. */
#include "store/aws_answer.h"
#include "store/aws_chain.h"
#include "store/aws_file.h"
#include "store/aws_ini.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- one file -------------------------------------------------------------------------------- */

static void properties_are_found(void **state)
{
    static const struct {
        const char *text;
        bool is_config;
        const char *want; /* of the profile "p", property "a" */
        const char *why;
    } rows[] = {
        {"[p]\na = 1\n", false, "1", "plain"},
        {"[profile p]\na=1", true, "1", "config has a word in front"},
        {"[p]\na=1", true, "", "which must be there"},
        {"\xEF\xBB\xBF[p]\r\nA = 1\r\n", false, "1", "byte order mark, line ends, capitals"},
        {"[p]\na = 1 # one\n", false, "1", "comment"},
        {"[p]\na = 1#2\n", false, "1#2", "a comment needs a blank"},
        {"# x\n; y\n[p]\n\na = b = c\n", false, "b = c", "the first '=' counts"},
        {"[p]\n  a = 1\n  b = 2\n", false, "1", "indented alike"},
        {"[p]\ns3 =\n  a = 1\n", false, "", "belongs to s3"},
        {"[p]\ns3 =\n  b = 1\na = 2\n", false, "2", "back at the margin"},
        {"[p]\na = 1\n[q]\na = 2\n", false, "1", "another section"},
        {"[p]\na = 1\na = 2\n", false, "2", "the last one"},
        {"[sso-session p]\na = 1\n[profile  p ]\na = 2\n", true, "2", "other sections"},
        {"[p]\na =\n", false, "", "empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_ini f;
        struct error err;
        if (!aws_ini_parse(view_of(rows[i].text), rows[i].is_config, "x", &f, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        if (strcmp(aws_ini_get(&f, "p", "a"), rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, aws_ini_get(&f, "p", "a"));
        aws_ini_free(&f);
    }
}

/* Checklist 83: an error never shows a line, which may hold a secret. */
static void damage_is_named_by_its_line(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } rows[] = {
        {"[p]\nwJalrXUtnFEMI\n", 18,
         "AWS file \"x\", line 2: expected \"name = value\" or \"[section]\""},
        {"[p\n", 3, "AWS file \"x\", line 1: a section's name has no \"]\" behind it"},
        {"a\0b", 3, "AWS file \"x\" is not a text file"},
        {"[p]\n= 3\n", 8, "AWS file \"x\", line 2: expected \"name = value\" or \"[section]\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_ini f;
        struct error err;
        assert_false(aws_ini_parse(view_make(rows[i].text, rows[i].len), false, "x", &f, &err));
        assert_string_equal(err.text, rows[i].want);
    }
}

/* ---- the chain ------------------------------------------------------------------------------- */

#define MAX_VARIABLES 8

static const char *const *variables; /* "NAME=value", NULL at the end */

static char *lookup(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; variables[i] != NULL; i++) {
        if (strncmp(variables[i], name, len) == 0 && variables[i][len] == '=')
            return (char *)(uintptr_t)(variables[i] + len + 1);
    }
    return NULL;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void append_role(struct str *out, const struct aws_role *r)
{
    str_append_format(out, " %s/%s/%s/%s", r->arn, r->session_name, r->external_id, r->duration);
}

/* "keys AKID token region=eu role/session//": what a chain does, in one line. */
static void print_chain(const struct aws_chain *c, struct str *out)
{
    switch (c->origin) {
    case AWS_FROM_KEYS:
        str_append_format(out, "keys %s:%s:%s", c->key.id, c->key.secret, c->key.token);
        break;
    case AWS_FROM_WEB_IDENTITY:
        str_append_format(out, "web %s", c->token_file);
        append_role(out, &c->web_role);
        break;
    case AWS_FROM_PROCESS:
        str_append_format(out, "process %s", c->command);
        break;
    case AWS_FROM_CONTAINER:
        str_append_format(out, "container %s", c->container_url);
        break;
    case AWS_FROM_INSTANCE:
        str_append_format(out, "instance %s", c->metadata_url);
        break;
    }
    for (size_t i = 0; i < c->role_count; i++) {
        str_append_text(out, " ->");
        append_role(out, &c->roles[i]);
    }
    if (c->region[0] != '\0')
        str_append_format(out, " in %s", c->region);
}

#define METADATA "instance http://169.254.169.254"

struct chain_row {
    const char *variables[MAX_VARIABLES];
    const char *config;
    const char *credentials;
    const char *want; /* "!" and the error */
};

static void check_chain(const struct chain_row *row, const char *config, const char *credentials,
                        size_t number)
{
    const char *all[MAX_VARIABLES + 3] = {config, credentials};
    struct aws_chain chain;
    struct error err;
    struct str got = {0};
    for (size_t i = 0; row->variables[i] != NULL; i++)
        all[i + 2] = row->variables[i];
    variables = all;
    write_file(strchr(config, '=') + 1, row->config);
    write_file(strchr(credentials, '=') + 1, row->credentials);
    if (aws_chain_load(lookup, &chain, &err))
        print_chain(&chain, &got);
    else
        str_append_format(&got, "!%s", err.text);
    if (strcmp(str_text(&got), row->want) != 0)
        fail_msg("row %zu: %s", number, str_text(&got));
    aws_chain_free(&chain);
    str_free(&got);
}

static void the_first_that_is_configured_is_the_origin(void **state)
{
    static const struct chain_row rows[] = {
        {{NULL}, "", "", METADATA},
        {{"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t", "AWS_REGION=eu"},
         "",
         "",
         "keys A:s:t in eu"},
        {{"AWS_ACCESS_KEY_ID=A"}, "", "", METADATA},
        {{"AWS_DEFAULT_REGION=us"}, "[default]\nregion = eu\n", "", METADATA " in us"},
        {{NULL},
         "[default]\nregion = eu\n",
         "[default]\naws_access_key_id=B\naws_secret_access_key=s\n",
         "keys B:s: in eu"},
        {{"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s", "AWS_PROFILE=p"},
         "[profile p]\nregion = eu\n",
         "[p]\naws_access_key_id=B\naws_secret_access_key=s\n",
         "keys A:s: in eu"},
        {{"AWS_PROFILE=p"},
         "[profile p]\naws_access_key_id=C\naws_secret_access_key=c\n",
         "[p]\naws_access_key_id=B\naws_secret_access_key=s\naws_session_token=t\n",
         "keys B:s:t"},
        {{"AWS_PROFILE=p"}, "[profile q]\n", "", "!failed to get shared config profile, p"},
        {{"AWS_PROFILE=p"}, "", "p\n", "!"},
        {{"AWS_WEB_IDENTITY_TOKEN_FILE=/t", "AWS_ROLE_ARN=arn:r", "AWS_ROLE_SESSION_NAME=me"},
         "[default]\naws_access_key_id=C\naws_secret_access_key=c\n",
         "",
         "web /t arn:r/me//"},
        {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x"},
         "",
         "",
         "container http://169.254.170.2/v2/x"},
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/y"},
         "[default]\nregion=eu\n",
         "",
         "container http://127.0.0.1:1/y in eu"},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1/"},
         "",
         "",
         "instance http://127.0.0.1:1"},
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv6"},
         "",
         "",
         "instance http://[fd00:ec2::254]"},
        {{"AWS_EC2_METADATA_DISABLED=true"}, "", "", "instance "},
        {{"AWS_PROFILE=p"},
         "[profile p]\ncredential_process = /bin/x -y \"z\"\n",
         "",
         "process /bin/x -y \"z\""},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = base\nexternal_id = e\nduration_seconds = "
         "900\n",
         "[base]\naws_access_key_id=B\naws_secret_access_key=s\n",
         "keys B:s: -> r1/flagrelay/e/900"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = q\n[profile q]\nrole_arn = r2\n"
         "source_profile = base\nrole_session_name = me\n",
         "[base]\naws_access_key_id=B\naws_secret_access_key=s\n",
         "keys B:s: -> r2/me// -> r1/flagrelay//"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = p\n",
         "[p]\naws_access_key_id=B\naws_secret_access_key=s\n",
         "keys B:s: -> r1/flagrelay//"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = q\n[profile q]\nrole_arn = "
         "r2\nsource_profile = p\n",
         "",
         "!AWS profile \"p\": its source_profile leads in a circle"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = nobody\n",
         "",
         "!failed to get shared config profile, nobody"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nweb_identity_token_file = /t\n",
         "",
         "web /t r1/flagrelay//"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nsource_profile = q\n[profile q]\nrole_arn = r2\n"
         "web_identity_token_file = /t\n",
         "",
         "web /t r2/flagrelay// -> r1/flagrelay//"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\ncredential_source = Ec2InstanceMetadata\n",
         "",
         METADATA " -> r1/flagrelay//"},
        {{"AWS_PROFILE=p", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x"},
         "[profile p]\nrole_arn = r1\ncredential_source = EcsContainer\n",
         "",
         "container http://169.254.170.2/x -> r1/flagrelay//"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\ncredential_source = EcsContainer\n",
         "",
         "!AWS profile \"p\": credential_source is EcsContainer, but neither "
         "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\ncredential_source = Environment\n",
         "",
         "!AWS profile \"p\": credential_source is Environment, but AWS_ACCESS_KEY_ID and "
         "AWS_SECRET_ACCESS_KEY are not set"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\ncredential_source = moon\n",
         "",
         "!AWS profile \"p\": credential_source \"moon\" is none of Environment, "
         "Ec2InstanceMetadata, EcsContainer"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nrole_arn = r1\nmfa_serial = m\n",
         "",
         "!AWS profile \"p\" wants an MFA code (mfa_serial), which needs a person"},
        {{"AWS_PROFILE=p"},
         "[profile p]\nsso_session = s\n",
         "",
         "!AWS profile \"p\" signs in with SSO, which needs a person; use a role, keys or "
         "credential_process"},
    };
    char folder[] = "/tmp/aws-test-XXXXXX";
    char config[64];
    char credentials[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(config, sizeof config, "AWS_CONFIG_FILE=%s/config", folder);
    (void)snprintf(credentials, sizeof credentials, "AWS_SHARED_CREDENTIALS_FILE=%s/cred", folder);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct chain_row row = rows[i];
        char want[160];
        if (strcmp(row.want, "!") == 0) {
            (void)snprintf(want, sizeof want,
                           "!AWS file \"%s/cred\", line 1: expected \"name = value\" or "
                           "\"[section]\"",
                           folder);
            row.want = want;
        }
        check_chain(&row, config, credentials, i);
    }
    assert_int_equal(unlink(strchr(config, '=') + 1), 0);
    assert_int_equal(unlink(strchr(credentials, '=') + 1), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_region_has_its_address(void **state)
{
    static const struct {
        const char *region;
        const char *want;
    } rows[] = {{"eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com"},
                {"us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com"},
                {"cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn"},
                {"us-iso-east-1", "https://dynamodb.us-iso-east-1.c2s.ic.gov"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str got = {0};
        aws_endpoint("dynamodb", rows[i].region, &got);
        assert_string_equal(str_text(&got), rows[i].want);
        str_free(&got);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

#define XML(inside)                                                                                \
    "<AssumeRoleResponse xmlns=\"x\"><Credentials>" inside "</Credentials></AssumeRoleResponse>"

static void answers_are_understood_or_refused(void **state)
{
    static const struct {
        bool xml;
        const char *text;
        const char *want; /* "id:secret:token@expires", "!error" */
    } rows[] = {
        {false,
         "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
         "\"Expiration\":\"2015-08-30T12:36:00Z\"}",
         "A:s:t@1440938160000"},
        {false,
         "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}",
         "A:s:t@0"},
        {false,
         "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":"
         "\"2015-08-30T12:36:00.123+00:00\"}",
         "A:s:@1440938160000"},
        {false, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"not allowed\"}",
         "!the answer has no credentials in it: not allowed"},
        {false, "{\"AccessKeyId\":\"A\"}", "!the answer has no credentials in it"},
        {false, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}",
         "!the answer's time of expiration is not understood"},
        {false, "SECRET", "!the answer is not JSON"},
        {false, "", "!the answer is not JSON"},
        {true,
         XML("<AccessKeyId>A</AccessKeyId><SecretAccessKey>s&amp;&lt;</SecretAccessKey>"
             "<SessionToken> t </SessionToken><Expiration>2015-08-30T12:36:00Z</Expiration>"),
         "A:s&<:t@1440938160000"},
        {true, "<AccessKeyId>A", "!the answer has no credentials in it"},
        {true, "", "!the answer has no credentials in it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aws_key key;
        struct error err;
        struct str got = {0};
        struct view text = view_of(rows[i].text);
        if (rows[i].xml ? aws_answer_sts(text, &key, &err) : aws_answer_json(text, &key, &err)) {
            str_append_format(&got, "%s:%s:%s@%lld", key.id, key.secret, key.token,
                              (long long)key.expires_wall_ms);
            aws_key_clear(&key);
        } else {
            str_append_format(&got, "!%s", err.text);
        }
        assert_string_equal(str_text(&got), rows[i].want);
        str_free(&got);
    }
}

static void a_refusal_of_sts_is_quoted(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"<ErrorResponse><Error><Code>AccessDenied</Code><Message>User &quot;x&quot;</Message>",
         "AccessDenied: User \"x\""},
        {"<Message>only</Message>", "only"},
        {"{}", ""},
        {"", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str got = {0};
        aws_answer_sts_refusal(view_of(rows[i].text), &got);
        assert_string_equal(str_text(&got), rows[i].want);
        str_free(&got);
    }
}

static void files_are_read_within_their_limit(void **state)
{
    char path[] = "/tmp/aws-file-XXXXXX";
    struct str text = {0};
    struct error err;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret", 6), 6);
    assert_int_equal(close(fd), 0);
    assert_int_equal(aws_file_read(path, 6, &text, &err), AWS_FILE_READ);
    assert_string_equal(str_text(&text), "secret");
    aws_file_wipe(&text);
    assert_int_equal(aws_file_read(path, 5, &text, &err), AWS_FILE_FAILED);
    assert_string_equal(err.text, "it is longer than 5 bytes");
    aws_file_wipe(&text);
    assert_int_equal(aws_file_read("/nowhere/x", 5, &text, &err), AWS_FILE_ABSENT);
    assert_int_equal(aws_file_read("", 5, &text, &err), AWS_FILE_ABSENT);
    assert_int_equal(aws_file_read("/tmp", 5, &text, &err), AWS_FILE_FAILED);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_are_found),
        cmocka_unit_test(damage_is_named_by_its_line),
        cmocka_unit_test(the_first_that_is_configured_is_the_origin),
        cmocka_unit_test(a_region_has_its_address),
        cmocka_unit_test(answers_are_understood_or_refused),
        cmocka_unit_test(a_refusal_of_sts_is_quoted),
        cmocka_unit_test(files_are_read_within_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
