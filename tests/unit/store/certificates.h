/* An authority for one test, and certificates of it, as PEM files in a folder. */
#ifndef TEST_STORE_CERTIFICATES_H
#define TEST_STORE_CERTIFICATES_H

#include <openssl/x509.h>

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
    char folder[96];
};

/* Writes FOLDER/NAME.pem. */
void authority_open(struct authority *a, const char *folder, const char *name);
void authority_close(struct authority *a);

/* Writes FOLDER/NAME.crt and FOLDER/NAME.key, for a server on 127.0.0.1 or a client. */
void authority_sign(const struct authority *a, const char *name);

#endif
