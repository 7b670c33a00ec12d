/* store/aws_key.c - see aws_key.h. */
#include "store/aws_key.h"

#include <openssl/crypto.h>
#include <string.h>

struct aws_key aws_key_make(const char *id, const char *secret, const char *token)
{
    if (token == NULL)
        token = "";
    return (struct aws_key){.id = mem_copy_text(id, strlen(id)),
                            .secret = mem_copy_text(secret, strlen(secret)),
                            .token = mem_copy_text(token, strlen(token))};
}

struct aws_key aws_key_copy(const struct aws_key *k)
{
    if (!aws_key_is_set(k))
        return (struct aws_key){0};
    struct aws_key copy = aws_key_make(k->id, k->secret, k->token);
    copy.expires_wall_ms = k->expires_wall_ms;
    return copy;
}

static void text_wipe(char *text)
{
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    mem_free(text);
}

void aws_key_clear(struct aws_key *k)
{
    text_wipe(k->id);
    text_wipe(k->secret);
    text_wipe(k->token);
    *k = (struct aws_key){0};
}
