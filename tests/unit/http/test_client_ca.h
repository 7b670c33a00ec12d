/* tests/unit/http/test_client_ca.h - an authority made for one test, and certificates of it. */
#ifndef TEST_CLIENT_CA_H
#define TEST_CLIENT_CA_H

#include "base/str.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct test_ca {
    EVP_PKEY *key;
    X509 *certificate;
    char path[40]; /* of the certificate as a PEM file */
};

static inline void ca_must(bool holds)
{
    if (!holds)
        abort();
}

static inline X509 *ca_certificate_new(EVP_PKEY *key, const char *name, long serial)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    return x;
}

static inline void ca_extension_add(X509 *x, int id, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, id, value);
    ca_must(e != NULL && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static inline void test_ca_open(struct test_ca *ca, const char *name)
{
    *ca = (struct test_ca){.path = "/tmp/flagrelay-ca-XXXXXX"};
    ca->key = EVP_EC_gen("P-256");
    ca->certificate = ca_certificate_new(ca->key, name, 1);
    X509_set_issuer_name(ca->certificate, X509_get_subject_name(ca->certificate));
    ca_extension_add(ca->certificate, NID_basic_constraints, "critical,CA:TRUE");
    ca_must(X509_sign(ca->certificate, ca->key, EVP_sha256()) > 0);
    int file = mkstemp(ca->path);
    ca_must(file >= 0);
    FILE *out = fdopen(file, "w");
    ca_must(PEM_write_X509(out, ca->certificate) == 1 && fclose(out) == 0);
}

static inline void test_ca_close(struct test_ca *ca)
{
    unlink(ca->path);
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
}

/* A server's context whose certificate is for `names`, "DNS:localhost,IP:127.0.0.1". `expired`:
 * since an hour. */
static inline SSL_CTX *test_ca_server(const struct test_ca *ca, const char *names, bool expired)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = ca_certificate_new(key, "server", 2);
    if (expired) {
        X509_gmtime_adj(X509_getm_notBefore(x), -7200);
        X509_gmtime_adj(X509_getm_notAfter(x), -3600);
    }
    X509_set_issuer_name(x, X509_get_subject_name(ca->certificate));
    ca_extension_add(x, NID_subject_alt_name, names);
    ca_must(X509_sign(x, ca->key, EVP_sha256()) > 0);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ca_must(SSL_CTX_use_certificate(context, x) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(x);
    EVP_PKEY_free(key);
    return context;
}

/* A client's certificate and key in one PEM file, whose path is written to `path`. */
static inline void test_ca_client_file(const struct test_ca *ca, char path[static 40])
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = ca_certificate_new(key, "client", 3);
    X509_set_issuer_name(x, X509_get_subject_name(ca->certificate));
    ca_must(X509_sign(x, ca->key, EVP_sha256()) > 0);
    snprintf(path, 40, "/tmp/flagrelay-client-XXXXXX");
    int file = mkstemp(path);
    ca_must(file >= 0);
    FILE *out = fdopen(file, "w");
    ca_must(PEM_write_X509(out, x) == 1 &&
            PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(out) == 0);
    X509_free(x);
    EVP_PKEY_free(key);
}

#endif
