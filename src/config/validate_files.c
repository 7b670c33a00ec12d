/* config/validate_files.c - files that options name: there, readable and of the right kind (7.3).
 */
#include "base/mem.h"
#include "config/file.h"
#include "config/record.h"
#include "config/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEM_LIMIT = 16 * 1024 * 1024 };

/* ---- readable -------------------------------------------------------------------------------- */

/* "tokenFile: cannot read /x: no such file or directory" */
static void readable_check(const struct config *c, char *const *path, struct config_report *r)
{
    if (*path[0] == '\0' || access(*path, R_OK) == 0)
        return;
    struct str reason = {0};
    struct str name = {0};
    config_reason_append(errno, &reason);
    config_option_place(config_option_at(c, path), config_slot_at(c, path)->value, NULL, &name);
    config_report_error(r, "%s: cannot read %s: %s", str_text(&name), *path, str_text(&reason));
    str_free(&reason);
    str_free(&name);
}

static void database_files_check(const struct config *c, struct config_report *r)
{
    if (c->database == CONFIG_CONSUL)
        readable_check(c, &c->consul.token_file, r);
    if (c->database != CONFIG_REDIS)
        return;
    readable_check(c, &c->redis.client_certificate_file, r);
    readable_check(c, &c->redis.client_key_file, r);
    readable_check(c, &c->redis.ca_file, r);
}

/* Can files be made in this folder? Else errno says why not. */
static bool is_writable_folder(const char *folder)
{
    struct stat st;
    if (stat(folder, &st) != 0)
        return false;
    if (S_ISDIR(st.st_mode))
        return access(folder, W_OK | X_OK) == 0;
    errno = ENOTDIR;
    return false;
}

/* "spoolDir (line 4): /x/spool is not a folder that can be written to: permission denied". The
 * start makes the folder where its parent is one. */
static void spool_check(const struct config *c, struct config_report *r)
{
    const char *folder = c->events.spool_dir;
    if (!c->events.send_events || folder[0] == '\0' || is_writable_folder(folder))
        return;
    bool missing = errno == ENOENT;
    struct str name = {0};
    struct str reason = {0};
    char *path = mem_copy_text(folder, strlen(folder));
    const char *parent = dirname(path);
    config_reason_append(errno, &reason);
    config_option_place(config_option_at(c, &c->events.spool_dir),
                        config_slot_at(c, &c->events.spool_dir)->value, NULL, &name);
    if (!missing) {
        config_report_error(r, "%s: %s is not a folder that can be written to: %s", str_text(&name),
                            folder, str_text(&reason));
    } else if (!is_writable_folder(parent)) {
        str_clear(&reason);
        config_reason_append(errno, &reason);
        config_report_error(r, "%s: %s cannot be made: %s: %s", str_text(&name), folder, parent,
                            str_text(&reason));
    }
    mem_free(path);
    str_free(&name);
    str_free(&reason);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static const char unusable[] = "no usable PEM data in it";

/* Nobody is asked for a pass phrase. */
static int password_refuse(char *buffer, int size, int writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static void tls_file_error(const char *path, const char *problem, struct config_report *r)
{
    struct error err;
    struct str text = {0};
    bool ok = config_file_read(path, PEM_LIMIT, "file", &text, &err);
    config_report_error(r, "TLS certificate %s: %s", path, ok ? problem : err.text);
    if (text.data != NULL)
        explicit_bzero(text.data, text.room);
    str_free(&text);
}

/* Why the key was not taken. */
static void key_error(const struct config *c, bool password_asked, struct config_report *r)
{
    bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    struct str problem = {0};
    if (mismatch)
        str_append_format(&problem, "the key %s does not belong to it", c->main.tls_key);
    else
        str_append_text(&problem, password_asked ? "has a pass phrase; remove it" : unusable);
    tls_file_error(mismatch ? c->main.tls_cert : c->main.tls_key, str_text(&problem), r);
    str_free(&problem);
}

/* The pair is loaded as the listener will do it. */
static void certificate_check(const struct config *c, struct config_report *r)
{
    const char *cert = c->main.tls_cert;
    const char *key = c->main.tls_key;
    bool password_asked = false;
    if (!c->main.tls_enabled || cert[0] == '\0' || key[0] == '\0')
        return;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        config_report_error(r, "TLS certificate %s: the TLS library does not start", cert);
        return;
    }
    SSL_CTX_set_default_passwd_cb(ctx, password_refuse);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &password_asked);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        tls_file_error(cert, unusable, r);
    else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        key_error(c, password_asked, r);
    ERR_clear_error();
    SSL_CTX_free(ctx);
}

static bool holds_certificate(struct view pem)
{
    bool password_asked;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, password_refuse, &password_asked);
    bool ok = certificate != NULL;
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}

static void authorities_check(const struct config *c, struct config_report *r)
{
    for (size_t i = 0; i < c->proxy.ca_cert_files.count; i++) {
        struct str text = {0};
        struct error err;
        if (!config_file_read(c->proxy.ca_cert_files.items[i], PEM_LIMIT, "file", &text, &err))
            config_report_start_error(r, "can't read CA certificate file: %s", err.text);
        else if (text.len == 0 || !holds_certificate(str_view(&text)))
            config_report_start_error(r, "invalid CA certificate data");
        str_free(&text);
    }
}

/* ---- archive --------------------------------------------------------------------------------- */

/* The first byte that is not white space; 0 when there is none. */
static char first_character(const char *path)
{
    char bytes[512];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return bytes[i];
    }
    return '\0';
}

static void archive_check(const struct config *c, struct config_report *r)
{
    struct stat st;
    const char *path = c->offline_mode.file_data_source;
    if (path[0] == '\0')
        return;
    if (stat(path, &st) != 0) {
        struct str reason = {0};
        config_reason_append(errno, &reason);
        config_report_start_error(r, "unable to read file data source %s: stat %s: %s", path, path,
                                  str_text(&reason));
        str_free(&reason);
    } else if (S_ISREG(st.st_mode) && first_character(path) == '{') {
        config_report_start_error(r,
                                  "unable to read file data source %s: this looks like a flag data "
                                  "file, not an archive; use dataFile",
                                  path);
    }
}

void config_files_check(const struct config *c, struct config_report *r)
{
    certificate_check(c, r);
    database_files_check(c, r);
    spool_check(c, r);
    authorities_check(c, r);
    archive_check(c, r);
}
