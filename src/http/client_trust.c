/* http/client_trust.c - see client_trust.h. */
#include "http/client_trust.h"

#include "base/log.h"
#include "base/map.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#define TRUST_MAX_SESSIONS 16 /* servers for which one is kept */

struct client_tls_trust {
    STACK_OF(X509) * certificates; /* besides the system's roots, or instead of them */
    bool only_these;
    char *ca_file; /* "" : not set */
    char *ca_directory;
    char *certificate_file;
    char *key_file;
    char *server_name;
    char *subject;
    bool accept_any;
    int64_t stamps[4]; /* of ca_file, ca_directory, certificate_file, key_file when loaded */
    BIO_METHOD *method;
    SSL_CTX *context;    /* NULL until the first session */
    struct map sessions; /* host -> SSL_SESSION, made with the present context */
};

const char *client_trust_error_text(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return reason != NULL ? reason : "unexpected EOF";
}

/* ---- files ---- */

/* All certificates of one PEM file, added to `out`; -1 when it cannot be opened. */
static int read_certificates(const char *path, STACK_OF(X509) * out)
{
    BIO *file = BIO_new_file(path, "r");
    int before = sk_X509_num(out);
    X509 *certificate;
    if (file == NULL) {
        ERR_clear_error();
        return -1;
    }
    while ((certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
        sk_X509_push(out, certificate);
    ERR_clear_error();
    BIO_free(file);
    return sk_X509_num(out) - before;
}

static bool read_extra(struct client_tls_trust *t, const char *path, struct error *err)
{
    int found = read_certificates(path, t->certificates);
    if (found < 0)
        error_set(err, "can't read CA certificate file: open %s: %s", path,
                  uv_strerror(uv_translate_sys_error(errno)));
    else if (found == 0)
        error_set(err, "invalid CA certificate data");
    return found > 0;
}

/* The certificates of all files in a folder that have some; -1 when it cannot be read. */
static int read_directory(const char *path, STACK_OF(X509) * out)
{
    struct str file = {0};
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        str_clear(&file);
        str_append_format(&file, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            (void)read_certificates(str_text(&file), out);
    }
    (void)closedir(folder);
    str_free(&file);
    return sk_X509_num(out);
}

/* What counts instead of the system's roots. */
static bool read_only(struct client_tls_trust *t, struct error *err)
{
    STACK_OF(X509) *fresh = sk_X509_new_null();
    bool file = t->ca_file[0] != '\0';
    const char *path = file ? t->ca_file : t->ca_directory;
    const char *what = file ? "file" : "folder";
    int found = file ? read_certificates(path, fresh) : read_directory(path, fresh);
    if (found > 0) {
        sk_X509_pop_free(t->certificates, X509_free);
        t->certificates = fresh;
        return true;
    }
    if (found < 0)
        error_set(err, "reading %s CA %s: open %s: %s", t->subject, what, path,
                  uv_strerror(uv_translate_sys_error(errno)));
    else
        error_set(err, "no valid PEM certificates in %s CA %s \"%s\"", t->subject, what, path);
    sk_X509_pop_free(fresh, X509_free);
    return false;
}

static int64_t file_stamp(const char *path)
{
    struct stat info;
    if (path[0] == '\0' || stat(path, &info) != 0)
        return 0;
    return (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
}

/* True when a file is another one than at the last look, which this is. */
static bool files_changed(struct client_tls_trust *t)
{
    const char *const paths[] = {t->ca_file, t->ca_directory, t->certificate_file, t->key_file};
    _Static_assert(ARRAY_LEN(paths) == ARRAY_LEN(t->stamps), "one stamp per file");
    bool changed = false;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        int64_t stamp = file_stamp(paths[i]);
        changed = changed || stamp != t->stamps[i];
        t->stamps[i] = stamp;
    }
    return changed;
}

/* ---- the context ---- */

static bool use_identity(const struct client_tls_trust *t, SSL_CTX *context, struct error *err)
{
    if (t->certificate_file[0] == '\0')
        return true;
    if (SSL_CTX_use_certificate_chain_file(context, t->certificate_file) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, t->key_file, SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_check_private_key(context) == 1)
        return true;
    error_set(err, "loading %s client certificate \"%s\" and key \"%s\": %s", t->subject,
              t->certificate_file, t->key_file, client_trust_error_text());
    return false;
}

static void use_roots(const struct client_tls_trust *t, SSL_CTX *context)
{
    if (!t->only_these)
        (void)SSL_CTX_set_default_verify_paths(context);
    for (int i = 0; i < sk_X509_num(t->certificates); i++)
        (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                                  sk_X509_value(t->certificates, i));
    ERR_clear_error();
}

static SSL_CTX *context_make(const struct client_tls_trust *t, struct error *err)
{
    static const unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        error_set(err, "TLS: cannot start: %s", client_trust_error_text());
        return NULL;
    }
    (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, t->accept_any ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(context,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    (void)SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
    use_roots(t, context);
    if (use_identity(t, context, err))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* ---- sessions ---- */

static void session_free(struct view host, void *session, void *arg)
{
    (void)host;
    (void)arg;
    SSL_SESSION_free(session);
}

static void sessions_free(struct client_tls_trust *t)
{
    map_each(&t->sessions, session_free, NULL);
    map_free(&t->sessions);
}

SSL_SESSION *client_trust_session(const struct client_tls_trust *t, const char *host)
{
    SSL_SESSION *session = map_get(&t->sessions, view_of(host));
    return session != NULL && SSL_SESSION_is_resumable(session) == 1 ? session : NULL;
}

bool client_trust_session_keep(struct client_tls_trust *t, const char *host, SSL_SESSION *session)
{
    struct view name = view_of(host);
    if (t->sessions.count >= TRUST_MAX_SESSIONS && map_get(&t->sessions, name) == NULL)
        return false;
    SSL_SESSION_free(map_set(&t->sessions, name, session));
    return true;
}

SSL_CTX *client_trust_context(struct client_tls_trust *t, struct error *err)
{
    bool changed = files_changed(t);
    if (t->context != NULL && !changed)
        return t->context;
    struct error problem;
    bool read = !changed || !t->only_these || read_only(t, &problem);
    SSL_CTX *fresh = read ? context_make(t, &problem) : NULL;
    if (fresh != NULL) {
        SSL_CTX_free(t->context); /* streams keep it for as long as they need it */
        sessions_free(t);         /* what they were based on may not count any more */
        t->context = fresh;
    } else if (t->context != NULL) {
        log_always(log_global(), LOG_ERROR, "Keeping the certificates loaded before: %s",
                   problem.text);
    } else {
        *err = problem;
    }
    return t->context;
}

BIO_METHOD *client_trust_method(struct client_tls_trust *t, const struct client_trust_bio *bio)
{
    if (t->method != NULL)
        return t->method;
    t->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "view and str");
    (void)BIO_meth_set_read(t->method, bio->read);
    (void)BIO_meth_set_write(t->method, bio->write);
    (void)BIO_meth_set_ctrl(t->method, bio->ctrl);
    return t->method;
}

const char *client_trust_name(const struct client_tls_trust *t, const char *host)
{
    return t->server_name[0] != '\0' ? t->server_name : host;
}

/* ---- life ---- */

static char *copy_or_empty(const char *text)
{
    return text != NULL ? mem_copy_text(text, strlen(text)) : mem_copy_text("", 0);
}

static bool files_sound(struct client_tls_trust *t, struct error *err)
{
    if (t->only_these && !read_only(t, err))
        return false;
    if (t->certificate_file[0] == '\0')
        return true;
    SSL_CTX *context = context_make(t, err); /* the only way to know whether the two files match */
    SSL_CTX_free(context);
    return context != NULL;
}

struct client_tls_trust *client_tls_trust_open(const struct client_trust_settings *s,
                                               struct error *err)
{
    struct client_tls_trust *t = mem_zalloc(sizeof *t);
    t->ca_file = copy_or_empty(s->only_ca_file);
    t->ca_directory = copy_or_empty(s->only_ca_directory);
    t->certificate_file = copy_or_empty(s->certificate_file);
    t->key_file = copy_or_empty(s->key_file);
    t->server_name = copy_or_empty(s->server_name);
    t->subject = copy_or_empty(s->subject);
    t->accept_any = s->accept_any;
    t->only_these = t->ca_file[0] != '\0' || t->ca_directory[0] != '\0';
    bool sound = files_sound(t, err);
    if (t->certificates == NULL && s->extra_ca_files != NULL && s->extra_ca_files[0] != NULL)
        t->certificates = sk_X509_new_null();
    for (size_t i = 0; sound && s->extra_ca_files != NULL && s->extra_ca_files[i] != NULL; i++)
        sound = read_extra(t, s->extra_ca_files[i], err);
    if (sound) {
        (void)files_changed(t);
        return t;
    }
    client_tls_trust_free(t);
    return NULL;
}

struct client_tls_trust *client_tls_trust_new(const char *const *ca_files, struct error *err)
{
    struct client_trust_settings settings = {.extra_ca_files = ca_files};
    return client_tls_trust_open(&settings, err);
}

void client_tls_trust_free(struct client_tls_trust *t)
{
    if (t == NULL)
        return;
    sessions_free(t);
    sk_X509_pop_free(t->certificates, X509_free);
    SSL_CTX_free(t->context);
    BIO_meth_free(t->method);
    mem_free(t->ca_file);
    mem_free(t->ca_directory);
    mem_free(t->certificate_file);
    mem_free(t->key_file);
    mem_free(t->server_name);
    mem_free(t->subject);
    mem_free(t);
}
