/* store/aws_chain.c - see aws_chain.h. */
#include "store/aws_chain.h"

#include "base/str.h"
#include "store/aws_file.h"
#include "store/aws_ini.h"

#include <string.h>
#include <strings.h>

#define MAX_SOURCES 8 /* profiles that lead from one to the next */
#define MAX_FILE_BYTES ((size_t)1 << 20)
#define SESSION_NAME "flagrelay"

struct loader {
    char *(*lookup)(const char *name);
    struct aws_ini config;
    struct aws_ini credentials;
    struct aws_chain *chain;
};

static const char *variable(const struct loader *l, const char *name)
{
    const char *value = l->lookup(name);
    return value != NULL ? value : "";
}

static const char *first_of(const char *a, const char *b)
{
    return a[0] != '\0' ? a : b;
}

static char *copy(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

static void replace(char **text, const char *by)
{
    mem_free(*text);
    *text = copy(by);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* $NAME, or ~/.aws/FILE; "" without a home. */
static void file_path(const struct loader *l, const char *name, const char *file, struct str *out)
{
    const char *path = variable(l, name);
    if (path[0] != '\0')
        str_append_text(out, path);
    else if (aws_file_home(out))
        str_append_format(out, "/.aws/%s", file);
}

/* Where nobody named a file, one that cannot be read is one that is not there. */
static bool load_file(const struct loader *l, const char *name, const char *file, bool is_config,
                      struct aws_ini *out, struct error *err)
{
    struct str path = {0};
    struct str text = {0};
    bool ok = true;
    file_path(l, name, file, &path);
    enum aws_file_result result = aws_file_read(str_text(&path), MAX_FILE_BYTES, &text, err);
    if (result == AWS_FILE_FAILED && variable(l, name)[0] != '\0') {
        error_prefix(err, "AWS file \"%s\": ", str_text(&path));
        ok = false;
    } else if (result == AWS_FILE_READ) {
        ok = aws_ini_parse(str_view(&text), is_config, str_text(&path), out, err);
    }
    aws_file_wipe(&text);
    str_free(&path);
    return ok;
}

static bool load_files(struct loader *l, struct error *err)
{
    return load_file(l, "AWS_CONFIG_FILE", "config", true, &l->config, err) &&
           load_file(l, "AWS_SHARED_CREDENTIALS_FILE", "credentials", false, &l->credentials, err);
}

/* What the credentials file says comes before what the config file says. */
static const char *property(const struct loader *l, const char *profile, const char *name)
{
    return first_of(aws_ini_get(&l->credentials, profile, name),
                    aws_ini_get(&l->config, profile, name));
}

static bool profile_exists(const struct loader *l, const char *profile)
{
    return aws_ini_has_profile(&l->credentials, profile) ||
           aws_ini_has_profile(&l->config, profile);
}

/* ---- origins --------------------------------------------------------------------------------- */

static struct aws_role role_make(const char *arn, const char *session_name, const char *external_id,
                                 const char *duration)
{
    return (struct aws_role){copy(arn), copy(first_of(session_name, SESSION_NAME)),
                             copy(external_id), copy(duration)};
}

static void role_free(struct aws_role *r)
{
    mem_free(r->arn);
    mem_free(r->session_name);
    mem_free(r->external_id);
    mem_free(r->duration);
    *r = (struct aws_role){0};
}

static bool keys_of_variables(const struct loader *l)
{
    const char *id = first_of(variable(l, "AWS_ACCESS_KEY_ID"), variable(l, "AWS_ACCESS_KEY"));
    const char *secret =
        first_of(variable(l, "AWS_SECRET_ACCESS_KEY"), variable(l, "AWS_SECRET_KEY"));
    if (id[0] == '\0' || secret[0] == '\0')
        return false;
    l->chain->origin = AWS_FROM_KEYS;
    l->chain->key = aws_key_make(id, secret, variable(l, "AWS_SESSION_TOKEN"));
    return true;
}

static bool keys_of_file(const struct loader *l, const struct aws_ini *file, const char *profile)
{
    const char *id = aws_ini_get(file, profile, "aws_access_key_id");
    const char *secret = aws_ini_get(file, profile, "aws_secret_access_key");
    if (id[0] == '\0' || secret[0] == '\0')
        return false;
    l->chain->origin = AWS_FROM_KEYS;
    l->chain->key = aws_key_make(id, secret, aws_ini_get(file, profile, "aws_session_token"));
    return true;
}

static void web_identity(const struct loader *l, const char *token_file, const char *arn,
                         const char *session_name)
{
    l->chain->origin = AWS_FROM_WEB_IDENTITY;
    replace(&l->chain->token_file, token_file);
    role_free(&l->chain->web_role);
    l->chain->web_role = role_make(arn, session_name, "", "");
}

static bool web_identity_of_variables(const struct loader *l)
{
    const char *file = variable(l, "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (file[0] == '\0')
        return false;
    web_identity(l, file, variable(l, "AWS_ROLE_ARN"), variable(l, "AWS_ROLE_SESSION_NAME"));
    return true;
}

static bool container(const struct loader *l)
{
    if (l->chain->container_url[0] == '\0')
        return false;
    l->chain->origin = AWS_FROM_CONTAINER;
    return true;
}

static void machine(const struct loader *l)
{
    if (!container(l))
        l->chain->origin = AWS_FROM_INSTANCE;
}

static bool named_source(const struct loader *l, const char *profile, const char *source,
                         struct error *err)
{
    if (strcasecmp(source, "Ec2InstanceMetadata") == 0)
        l->chain->origin = AWS_FROM_INSTANCE;
    else if (strcasecmp(source, "Environment") == 0 && !keys_of_variables(l))
        error_set(err,
                  "AWS profile \"%s\": credential_source is Environment, but AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY are not set",
                  profile);
    else if (strcasecmp(source, "EcsContainer") == 0 && !container(l))
        error_set(err,
                  "AWS profile \"%s\": credential_source is EcsContainer, but neither "
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI "
                  "is set",
                  profile);
    else if (strcasecmp(source, "Environment") != 0 && strcasecmp(source, "EcsContainer") != 0)
        error_set(err,
                  "AWS profile \"%s\": credential_source \"%s\" is none of Environment, "
                  "Ec2InstanceMetadata, EcsContainer",
                  profile, source);
    return err->text[0] == '\0';
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void role_add(const struct loader *l, const char *profile)
{
    struct aws_chain *c = l->chain;
    c->roles = mem_realloc(c->roles, (c->role_count + 1) * sizeof *c->roles);
    c->roles[c->role_count++] =
        role_make(property(l, profile, "role_arn"), property(l, profile, "role_session_name"),
                  property(l, profile, "external_id"), property(l, profile, "duration_seconds"));
}

/* The ways in which a profile has credentials of its own, but for roles. */
static bool profile_origin(const struct loader *l, const char *profile, struct error *err)
{
    const char *source = property(l, profile, "credential_source");
    const char *token_file = property(l, profile, "web_identity_token_file");
    const char *command = property(l, profile, "credential_process");
    if (keys_of_file(l, &l->credentials, profile) || keys_of_file(l, &l->config, profile))
        return true;
    if (source[0] != '\0')
        return named_source(l, profile, source, err);
    if (token_file[0] != '\0') {
        web_identity(l, token_file, property(l, profile, "role_arn"),
                     property(l, profile, "role_session_name"));
        return true;
    }
    if (property(l, profile, "sso_session")[0] != '\0' ||
        property(l, profile, "sso_start_url")[0] != '\0') {
        error_set(err,
                  "AWS profile \"%s\" signs in with SSO, which needs a person; use a role, keys or "
                  "credential_process",
                  profile);
        return false;
    }
    if (command[0] != '\0') {
        l->chain->origin = AWS_FROM_PROCESS;
        replace(&l->chain->command, command);
        return true;
    }
    machine(l);
    return true;
}

/* A role of the profile is assumed unless the origin is that role already. */
static bool profile_end(const struct loader *l, const char *profile, struct error *err)
{
    bool role = property(l, profile, "role_arn")[0] != '\0';
    if (role && property(l, profile, "mfa_serial")[0] != '\0') {
        error_set(err, "AWS profile \"%s\" wants an MFA code (mfa_serial), which needs a person",
                  profile);
        return false;
    }
    bool done = l->chain->origin == AWS_FROM_WEB_IDENTITY && l->chain->role_count == 0 &&
                property(l, profile, "web_identity_token_file")[0] != '\0';
    if (role && !done)
        role_add(l, profile);
    return true;
}

/* From profile to source profile, then back again role by role. */
static bool profile_load(const struct loader *l, const char *profile, struct error *err)
{
    const char *path[MAX_SOURCES];
    size_t count = 0;
    for (const char *next = profile; next[0] != '\0';) {
        if (count == MAX_SOURCES) {
            error_set(err, "AWS profile \"%s\": its source_profile leads in a circle", profile);
            return false;
        }
        if (!profile_exists(l, next)) {
            error_set(err, "failed to get shared config profile, %s", next);
            return false;
        }
        path[count++] = next;
        const char *source = property(l, next, "source_profile");
        next = property(l, next, "role_arn")[0] != '\0' && strcmp(source, next) != 0 ? source : "";
    }
    if (!profile_origin(l, path[count - 1], err))
        return false;
    while (count > 0) {
        if (!profile_end(l, path[--count], err))
            return false;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void load_container(const struct loader *l)
{
    struct aws_chain *c = l->chain;
    const char *relative = variable(l, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    struct str url = {0};
    if (relative[0] != '\0')
        str_append_format(&url, "http://169.254.170.2%s%s", relative[0] == '/' ? "" : "/",
                          relative);
    else
        str_append_text(&url, variable(l, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    c->container_url = str_take_text(&url);
    c->container_token = copy(variable(l, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    c->container_token_file = copy(variable(l, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
}

static void load_metadata(const struct loader *l)
{
    bool off = strcasecmp(variable(l, "AWS_EC2_METADATA_DISABLED"), "true") == 0;
    bool v6 = strcasecmp(variable(l, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "IPv6") == 0;
    const char *usual = v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    const char *url = first_of(variable(l, "AWS_EC2_METADATA_SERVICE_ENDPOINT"), usual);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    l->chain->metadata_url = off ? copy("") : mem_copy_text(url, len);
}

static void load_urls(const struct loader *l)
{
    bool ignored = strcasecmp(variable(l, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") == 0;
    const char *any = ignored ? "" : variable(l, "AWS_ENDPOINT_URL");
    const char *sts = ignored ? "" : variable(l, "AWS_ENDPOINT_URL_STS");
    const char *dynamodb = ignored ? "" : variable(l, "AWS_ENDPOINT_URL_DYNAMODB");
    l->chain->sts_url = copy(first_of(sts, any));
    l->chain->dynamodb_url = copy(first_of(dynamodb, any));
}

static bool load(const struct loader *l, struct error *err)
{
    const char *named = first_of(variable(l, "AWS_PROFILE"), variable(l, "AWS_DEFAULT_PROFILE"));
    const char *profile = first_of(named, "default");
    const char *region = first_of(variable(l, "AWS_REGION"), variable(l, "AWS_DEFAULT_REGION"));
    l->chain->region = copy(first_of(region, property(l, profile, "region")));
    l->chain->token_file = copy("");
    l->chain->command = copy("");
    l->chain->web_role = role_make("", "", "", "");
    load_container(l);
    load_metadata(l);
    load_urls(l);
    if (named[0] != '\0' && !profile_exists(l, named)) {
        error_set(err, "failed to get shared config profile, %s", named);
        return false;
    }
    if (keys_of_variables(l) || web_identity_of_variables(l))
        return true;
    if (profile_exists(l, profile))
        return profile_load(l, profile, err);
    machine(l);
    return true;
}

bool aws_chain_load(char *(*lookup)(const char *name), struct aws_chain *out, struct error *err)
{
    struct loader l = {.lookup = lookup, .chain = out};
    *out = (struct aws_chain){0};
    error_set(err, "%s", "");
    bool ok = load_files(&l, err) && load(&l, err);
    aws_ini_free(&l.config);
    aws_ini_free(&l.credentials);
    if (!ok)
        aws_chain_free(out);
    return ok;
}

void aws_chain_free(struct aws_chain *c)
{
    char *const texts[] = {c->token_file,     c->command, c->container_url, c->container_token_file,
                           c->metadata_url,   c->region,  c->sts_url,       c->dynamodb_url,
                           c->container_token};
    for (size_t i = 0; i < c->role_count; i++)
        role_free(&c->roles[i]);
    mem_free(c->roles);
    role_free(&c->web_role);
    aws_key_clear(&c->key);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        mem_free(texts[i]);
    *c = (struct aws_chain){0};
}

void aws_endpoint(const char *service, const char *region, struct str *out)
{
    static const struct {
        const char *prefix;
        const char *domain;
    } partitions[] = {
        {"cn-", "amazonaws.com.cn"},    {"us-iso-", "c2s.ic.gov"},
        {"us-isob-", "sc2s.sgov.gov"},  {"us-isof-", "csp.hci.ic.gov"},
        {"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
    };
    const char *domain = "amazonaws.com";
    for (size_t i = 0; i < ARRAY_LEN(partitions); i++) {
        if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0)
            domain = partitions[i].domain;
    }
    str_append_format(out, "https://%s.%s.%s", service, region, domain);
}
