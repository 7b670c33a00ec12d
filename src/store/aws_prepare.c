/* store/aws_prepare.c - see aws_prepare.h. */
#include "store/aws_prepare.h"

#include "http/client.h"
#include "store/aws_file.h"
#include "store/aws_process.h"

#define PROCESS_LIMIT_MS 60000
#define MAX_TOKEN ((size_t)64 << 10)

/* "host", "host:port", "[v6]:port" -> without the port. */
static void port_cut(struct str *host)
{
    char *colon = strrchr(host->data, ':');
    if (colon != NULL && strchr(colon, ']') == NULL)
        *colon = '\0';
}

/* A secret may be sent without TLS only to the machine itself. */
static bool container_url_allowed(const char *url, struct error *err)
{
    static const char *const hosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]"};
    struct str host = {0};
    if (!http_client_host(view_of(url), &host, err)) {
        error_prefix(err, "AWS_CONTAINER_CREDENTIALS_FULL_URI: ");
        return false;
    }
    port_cut(&host);
    bool ok = view_starts(view_of(url), "https:") || view_starts(str_view(&host), "127.");
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        ok = ok || strcmp(host.data, hosts[i]) == 0;
    if (!ok)
        error_set(err, "AWS_CONTAINER_CREDENTIALS_FULL_URI needs https, or the address of this "
                       "machine or of AWS's container agent");
    str_free(&host);
    return ok;
}

static bool read_token(struct aws_prepared *p, const char *path, struct error *err)
{
    enum aws_file_result result = aws_file_read(path, MAX_TOKEN, &p->token, err);
    if (result == AWS_FILE_READ)
        return true;
    if (result == AWS_FILE_ABSENT)
        error_set(err, "no such file or directory");
    error_prefix(err, "cannot read the token file \"%s\": ", path);
    return false;
}

static bool prepare_container(struct aws_prepared *p, struct error *err)
{
    const struct aws_chain *c = &p->chain;
    if (!container_url_allowed(c->container_url, err))
        return false;
    if (c->container_token_file[0] != '\0')
        return read_token(p, c->container_token_file, err);
    str_append_text(&p->token, c->container_token);
    return true;
}

static bool prepare_web_identity(struct aws_prepared *p, struct error *err)
{
    if (p->chain.web_role.arn[0] != '\0')
        return read_token(p, p->chain.token_file, err);
    error_set(err, "web identity needs a role; set AWS_ROLE_ARN");
    return false;
}

bool aws_prepare(char *(*lookup)(const char *name), const atomic_bool *stop,
                 struct aws_prepared *out, struct error *err)
{
    *out = (struct aws_prepared){.token = {0}};
    if (!aws_chain_load(lookup, &out->chain, err))
        return false;
    switch (out->chain.origin) {
    case AWS_FROM_KEYS:
        out->key = aws_key_copy(&out->chain.key);
        break;
    case AWS_FROM_PROCESS:
        return aws_process_run(out->chain.command, PROCESS_LIMIT_MS, stop, &out->key, err);
    case AWS_FROM_WEB_IDENTITY:
        return prepare_web_identity(out, err);
    case AWS_FROM_CONTAINER:
        return prepare_container(out, err);
    case AWS_FROM_INSTANCE:
        break;
    }
    return true;
}

void aws_prepared_free(struct aws_prepared *p)
{
    aws_chain_free(&p->chain);
    aws_key_clear(&p->key);
    aws_file_wipe(&p->token);
}
