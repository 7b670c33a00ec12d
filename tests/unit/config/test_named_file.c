/* Files that options name: configuration.md 7.3; checklist 50, 56; autoconfig-offline.md 1. */
#include "support.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "[Environment \"a\"]\nsdkKey = sdk-k\n"
#define TLS "[Main]\ntlsEnabled\ntlsCert = cert.pem\ntlsKey = key.pem\n"
#define LOADING "Error loading config file: "
#define CREATING "Unable to create relay: "

/* A key and a certificate signed with it. */
static void pair_write(const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    assert_non_null(key);
    assert_non_null(cert);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *f = fopen(cert_path, "wb");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, cert), 1);
    assert_int_equal(fclose(f), 0);
    f = fopen(key_path, "wb");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void key_encrypt(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(fclose(f), 0);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), (const unsigned char *)"pass",
                                          4, NULL, NULL),
                     1);
    assert_int_equal(fclose(f), 0);
    EVP_PKEY_free(key);
}

/* 50 */
static void certificate_and_key_are_loaded_before_listening(void **state)
{
    (void)state;
    assert_refused(TLS A, NULL,
                   LOADING "TLS certificate cert.pem: open cert.pem: no such file or directory",
                   "missing");
    pair_write("cert.pem", "key.pem");
    assert_warned(TLS A, NULL, "", "a pair");
    pair_write("other.pem", "other.key");
    assert_refused("[Main]\ntlsEnabled\ntlsCert = other.pem\ntlsKey = key.pem\n" A, NULL,
                   LOADING "TLS certificate other.pem: the key key.pem does not belong to it",
                   "not a pair");
    key_encrypt("key.pem");
    assert_refused(TLS A, NULL, LOADING "TLS certificate key.pem: has a pass phrase; remove it",
                   "pass phrase");
    file_write("key.pem", "no key");
    assert_refused(TLS A, NULL, LOADING "TLS certificate key.pem: no usable PEM data in it",
                   "no key");
    assert_int_equal(unlink("key.pem"), 0);
    assert_refused(TLS A, NULL,
                   LOADING "TLS certificate key.pem: open key.pem: no such file or directory",
                   "missing key");
    file_write("cert.pem", "");
    assert_refused(TLS A, NULL, LOADING "TLS certificate cert.pem: no usable PEM data in it",
                   "empty");
    assert_warned("[Main]\ntlsMinVersion = 1.0\n" A, NULL,
                  "tlsMinVersion has no effect because tlsEnabled is not set\n"
                  "tlsMinVersion 1.0 is obsolete; the TLS library may refuse it\n",
                  "3.9");
}

/* 56 */
static void authorities_are_certificates(void **state)
{
    (void)state;
    assert_refused("[Proxy]\ncaCertFiles = none.pem\n" A, NULL,
                   CREATING
                   "can't read CA certificate file: open none.pem: no such file or directory",
                   "missing");
    file_write("bad.pem", "x");
    file_write("empty.pem", "");
    assert_refused("[Proxy]\ncaCertFiles = bad.pem, empty.pem\n" A, NULL,
                   CREATING "invalid CA certificate data, invalid CA certificate data",
                   "no certificate");
    pair_write("ca.pem", "ca.key");
    assert_warned("[Proxy]\ncaCertFiles = ca.pem, ,\n" A, NULL, "", "an empty name is skipped");
}

static void files_of_databases_are_readable(void **state)
{
    (void)state;
    assert_refused(A "[Consul]\nhost = h\ntokenFile = none\n", NULL,
                   LOADING "tokenFile (line 5): cannot read none: no such file or directory",
                   "7.3");
    assert_refused(
        A, VARIABLES("USE_REDIS=1", "LD_PREFIX_a=p", "REDIS_CA_FILE=none"),
        "Configuration error: REDIS_CA_FILE: cannot read none: no such file or directory",
        "in the spelling of the source");
    assert_warned(A "[Consul]\ntokenFile = none\n", NULL, "[Consul] has no effect without host\n",
                  "a database that is not used");
}

static void the_spool_is_a_folder(void **state)
{
    (void)state;
    file_write("plain", "");
    assert_refused("[Events]\nsendEvents\nspoolDir = plain\n" A, NULL,
                   LOADING "spoolDir (line 3): plain is not a folder that can be written to: "
                           "not a directory",
                   "a file");
    assert_refused("[Events]\nsendEvents\nspoolDir = plain/spool\n" A, NULL,
                   LOADING "spoolDir (line 3): plain/spool is not a folder that can be written "
                           "to: not a directory",
                   "in a file");
    assert_refused("[Events]\nsendEvents\nspoolDir = none/spool/\n" A, NULL,
                   LOADING "spoolDir (line 3): none/spool/ cannot be made: none: no such file or "
                           "directory",
                   "no parent");
    assert_refused(A, VARIABLES("USE_EVENTS=1", "EVENTS_SPOOL_DIR=none/spool"),
                   "Configuration error: EVENTS_SPOOL_DIR: none/spool cannot be made: none: no "
                   "such file or directory",
                   "in the spelling of the source");
    assert_warned("[Events]\nsendEvents\nspoolDir = spool\n" A, NULL, "", "made at the start");
    assert_warned("[Events]\nspoolDir = none/spool\n" A, NULL,
                  "spoolDir has no effect because sendEvents is not set\n", "nobody uses it");
    assert_int_equal(mkdir("spool", 0700), 0);
    assert_warned("[Events]\nsendEvents\nspoolDir = spool\n" A, NULL, "", "a folder");
}

/* 7.3; autoconfig-offline.md 8.1 */
static void the_archive_is_one(void **state)
{
    (void)state;
    file_write("flags.json", " \n\t{\"flags\":{}}");
    file_write("archive.tar.gz", "\x1f\x8b");
    assert_refused("[OfflineMode]\nfileDataSource = none.tar.gz\n", NULL,
                   CREATING
                   "unable to read file data source none.tar.gz: stat none.tar.gz: no such "
                   "file or directory",
                   "missing");
    assert_refused("[OfflineMode]\nfileDataSource = flags.json\n", NULL,
                   CREATING
                   "unable to read file data source flags.json: this looks like a flag data "
                   "file, not an archive; use dataFile",
                   "flags");
    struct loaded l = load("[OfflineMode]\nfileDataSource = archive.tar.gz\n", NULL);
    assert_text(str_text(&l.problem), "", "an archive");
    assert_int_equal(l.config->mode, CONFIG_OFFLINE);
    loaded_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_and_key_are_loaded_before_listening),
        cmocka_unit_test(authorities_are_certificates),
        cmocka_unit_test(files_of_databases_are_readable),
        cmocka_unit_test(the_spool_is_a_folder),
        cmocka_unit_test(the_archive_is_one),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
