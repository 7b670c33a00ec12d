/* Any text as base64.
 *
 * Laws: what OpenSSL encodes comes out again, padded or not, in either alphabet; a refused text
 * appends nothing; three bytes at most come from four characters. */
#include "base/base64.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void check_any(struct view text)
{
    struct str out = {0};
    str_append_char(&out, '!');
    bool ok = base64_decode(text, &out);
    must(out.data[0] == '!' && out.data[out.len] == '\0');
    must(ok ? out.len - 1 <= text.len / 4 * 3 + 2 : out.len == 1);
    str_free(&out);
}

static void check_decoded(struct view text, struct view want)
{
    struct str out = {0};
    must(base64_decode(text, &out));
    must(view_equal(str_view(&out), want));
    str_free(&out);
}

static void check_round(struct view bytes)
{
    size_t room = (bytes.len + 2) / 3 * 4;
    char *text = mem_alloc(room + 1);
    (void)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.data, (int)bytes.len);
    check_decoded(view_make(text, room), bytes);
    size_t bare = room - (3 - bytes.len % 3) % 3;
    check_decoded(view_make(text, bare), bytes);
    for (size_t i = 0; i < bare; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    check_decoded(view_make(text, room), bytes);
    mem_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_make((const char *)data, size);
    check_any(text);
    check_round(text);
    return 0;
}
