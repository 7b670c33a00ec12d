/* Any text as a URL or a key.
 *
 * Laws: the password of a URL does not appear, whatever stands around it; a masked URL is masked; a
 * masked key shows no letter or digit between its prefixes and its last five bytes. */
#include "base/mask.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void check_masked_twice(struct view url)
{
    struct str once = {0};
    struct str twice = {0};
    mask_url(url, &once);
    mask_url(str_view(&once), &twice);
    must(view_equal(str_view(&once), str_view(&twice)));
    str_free(&twice);
    str_free(&once);
}

static bool has_secret(struct view text)
{
    return text.len > 0 && memmem(text.data, text.len, "S3CRET", strlen("S3CRET")) != NULL;
}

/* `user` has none of the characters that end the part of a URL in which user names stand. */
static void check_password(struct view user, const char *password, struct view behind)
{
    struct str url = {0};
    struct str masked = {0};
    str_append_text(&url, "redis://");
    str_append(&url, user);
    str_append_format(&url, ":%s@", password);
    str_append(&url, behind);
    mask_url(str_view(&url), &masked);
    must(!has_secret(str_view(&masked)));
    str_free(&masked);
    str_free(&url);
}

static void check_key(struct view key)
{
    struct str masked = {0};
    mask_key_status(key, &masked);
    must(masked.len == key.len);
    size_t tail = key.len > 5 ? key.len - 5 : 0;
    size_t prefix = 0;
    while (prefix < tail && prefix + 3 < masked.len && masked.data[prefix + 3] == '-' &&
           masked.data[prefix] >= 'a' && masked.data[prefix] <= 'z')
        prefix += 4;
    for (size_t i = 0; i < key.len; i++) {
        char c = masked.data[i];
        bool open = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        must(!open || i < prefix || i >= tail);
        must(c == key.data[i] || c == '*');
    }
    str_free(&masked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_make((const char *)data, size);
    size_t user = 0;
    while (user < size && strchr("/?#", text.data[user]) == NULL)
        user++;
    check_masked_twice(text);
    check_key(text);
    if (!has_secret(text)) {
        check_password(view_make(text.data, user), "S3CRET", view_from(text, user));
        check_password(view_make(text.data, user), "x/S3CRET", view_from(text, user));
    }
    return 0;
}
