/* store/consul_access.c - token, credentials, certificates: the relay's own options, and Consul's
 * variables where those say nothing (data-store.md 3.3). */
#include "store/consul_private.h"

#include "base/log.h"
#include "http/client_trust.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_FILE_MAX 65536

static const char *variable(const struct store_consul_settings *s, const char *name)
{
    const char *value = s->variable != NULL ? s->variable(name) : NULL;
    return value != NULL ? value : "";
}

/* The words that Consul's own programs take for yes and no; others are ignored, as there. */
static bool variable_is_true(const struct store_consul_settings *s, const char *name,
                             bool otherwise)
{
    static const char *const words[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    const char *value = variable(s, name);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(value, words[i]) == 0)
            return i < ARRAY_LEN(words) / 2;
    }
    if (value[0] != '\0')
        log_always(log_global(), LOG_WARN,
                   "%s is ignored: \"%s\" is not a boolean; use true or false", name, value);
    return otherwise;
}

bool consul_access_wants_tls(const struct store_consul_settings *s)
{
    return variable_is_true(s, "CONSUL_HTTP_SSL", false);
}

/* ---- the token ------------------------------------------------------------------------------- */

static bool token_file_read(const char *path, struct str *out, struct error *err)
{
    char bytes[4096];
    size_t len;
    errno = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && out->len < TOKEN_FILE_MAX &&
           (len = fread(bytes, 1, sizeof bytes, file)) > 0)
        str_append(out, view_make(bytes, len));
    bool fine = file != NULL && ferror(file) == 0;
    if (!fine)
        error_set(err, "unable to configure Consul client: Error loading token file: open %s: %s",
                  path, uv_strerror(uv_translate_sys_error(errno)));
    if (file != NULL)
        (void)fclose(file);
    return fine;
}

struct view consul_trim(struct view text)
{
    while (text.len > 0 && strchr(" \t\r\n\v\f", text.data[0]) != NULL)
        text = view_from(text, 1);
    while (text.len > 0 && strchr(" \t\r\n\v\f", text.data[text.len - 1]) != NULL)
        text.len--;
    return text;
}

static bool token_find(const struct store_consul_settings *s, char **out, struct error *err)
{
    struct str file = {0};
    bool fine = s->token_file[0] == '\0' || token_file_read(s->token_file, &file, err);
    struct view token = consul_trim(str_view(&file));
    if (s->token[0] != '\0')
        token = view_of(s->token);
    else if (token.len == 0)
        token = view_of(variable(s, "CONSUL_HTTP_TOKEN"));
    if (fine)
        *out = mem_copy_text(token.data, token.len);
    str_free(&file);
    return fine;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static char *basic_of(const char *user_and_password)
{
    size_t len = strlen(user_and_password);
    struct str out = {0};
    if (len == 0)
        return mem_copy_text("", 0);
    bool colon = strchr(user_and_password, ':') != NULL;
    struct str text = {0};
    str_append_format(&text, "%s%s", user_and_password, colon ? "" : ":");
    str_append_text(&out, "Basic ");
    str_reserve(&out, (text.len + 2) / 3 * 4);
    out.len += (size_t)EVP_EncodeBlock((unsigned char *)out.data + out.len,
                                       (const unsigned char *)text.data, (int)text.len);
    str_free(&text);
    return str_take_text(&out);
}

static char *query_of(const struct store_consul_settings *s)
{
    static const char *const parts[][2] = {{"CONSUL_NAMESPACE", "ns"},
                                           {"CONSUL_PARTITION", "partition"}};
    struct str query = {0};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *value = variable(s, parts[i][0]);
        if (value[0] == '\0')
            continue;
        str_append_format(&query, "%s%s=", query.len > 0 ? "&" : "", parts[i][1]);
        consul_key_encode(view_of(value), &query);
    }
    str_append_text(&query, "");
    return str_take_text(&query);
}

bool consul_access_open(const struct store_consul_settings *s, struct consul_access *out,
                        struct error *err)
{
    *out = (struct consul_access){0};
    if (!token_find(s, &out->token, err))
        return false;
    out->authorization = basic_of(variable(s, "CONSUL_HTTP_AUTH"));
    out->query = query_of(s);
    return true;
}

void consul_access_free(struct consul_access *a)
{
    mem_free(a->token);
    mem_free(a->authorization);
    mem_free(a->query);
    *a = (struct consul_access){0};
}

bool consul_access_trust(const struct store_consul_settings *s, struct client_trust_settings *out,
                         struct error *err)
{
    const char *file = variable(s, "CONSUL_CACERT");
    *out = (struct client_trust_settings){
        .only_ca_file = file,
        .only_ca_directory = file[0] == '\0' ? variable(s, "CONSUL_CAPATH") : "",
        .certificate_file = variable(s, "CONSUL_CLIENT_CERT"),
        .key_file = variable(s, "CONSUL_CLIENT_KEY"),
        .server_name = variable(s, "CONSUL_TLS_SERVER_NAME"),
        .accept_any = !variable_is_true(s, "CONSUL_HTTP_SSL_VERIFY", true),
        .subject = "Consul",
    };
    if ((out->certificate_file[0] == '\0') == (out->key_file[0] == '\0'))
        return true;
    error_set(err, "Consul client certificate requires both CONSUL_CLIENT_CERT and "
                   "CONSUL_CLIENT_KEY");
    return false;
}
