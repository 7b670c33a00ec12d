/* See certificates.h. */
#include "certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NAMES "DNS:localhost,IP:127.0.0.1"

static void extension_add(X509 *x, int id, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, id, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, const X509 *issuer)
{
    X509 *x = X509_new();
    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), (long)(uintptr_t)x & 0xFFFFFFF);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    (void)X509_set_pubkey(x, key);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(issuer != NULL ? issuer : x));
    return x;
}

static FILE *pem_open(const char *folder, const char *name, const char *ending)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    return f;
}

void authority_open(struct authority *a, const char *folder, const char *name)
{
    (void)snprintf(a->folder, sizeof a->folder, "%s", folder);
    a->key = EVP_EC_gen("P-256");
    a->certificate = certificate_new(a->key, name, NULL);
    extension_add(a->certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(a->certificate, a->key, EVP_sha256()) > 0);
    FILE *f = pem_open(folder, name, "pem");
    assert_int_equal(PEM_write_X509(f, a->certificate), 1);
    (void)fclose(f);
}

void authority_close(struct authority *a)
{
    X509_free(a->certificate);
    EVP_PKEY_free(a->key);
}

void authority_sign(const struct authority *a, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = certificate_new(key, name, a->certificate);
    extension_add(x, NID_subject_alt_name, NAMES);
    assert_true(X509_sign(x, a->key, EVP_sha256()) > 0);
    FILE *f = pem_open(a->folder, name, "crt");
    assert_int_equal(PEM_write_X509(f, x), 1);
    (void)fclose(f);
    f = pem_open(a->folder, name, "key");
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    (void)fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
}
