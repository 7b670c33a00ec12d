/* base/mask.c - see mask.h. */
#include "base/mask.h"

#define KEY_TAIL 4
#define STATUS_TAIL 5
#define MASKED "xxxxx"

void mask_key_tail(struct view key, char out[static 8])
{
    if (key.len <= KEY_TAIL) {
        memcpy(out, "****", 5);
        return;
    }
    memcpy(out, "...", 3);
    memcpy(out + 3, key.data + key.len - KEY_TAIL, KEY_TAIL);
    out[3 + KEY_TAIL] = '\0';
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "sdk-" and the like. */
static bool has_prefix_group(struct view key)
{
    if (key.len < 4 || key.data[3] != '-')
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (key.data[i] < 'a' || key.data[i] > 'z')
            return false;
    }
    return true;
}

void mask_key_status(struct view key, struct str *out)
{
    for (; has_prefix_group(key); key = view_from(key, 4))
        str_append(out, view_make(key.data, 4));
    size_t hidden = key.len >= STATUS_TAIL ? key.len - STATUS_TAIL : 0;
    for (size_t i = 0; i < hidden; i++)
        str_append(out, is_letter_or_digit(key.data[i]) ? VIEW_LITERAL("*")
                                                        : view_make(key.data + i, 1));
    str_append(out, view_from(key, hidden));
}

static size_t find_first(struct view text, const char *any)
{
    size_t i = 0;
    while (i < text.len && (text.data[i] == '\0' || strchr(any, text.data[i]) == NULL))
        i++;
    return i;
}

/* The index of the last `c` in text; text.len when there is none. */
static size_t find_last(struct view text, char c)
{
    for (size_t i = text.len; i > 0; i--) {
        if (text.data[i - 1] == c)
            return i - 1;
    }
    return text.len;
}

/* Length of "scheme://", whatever the scheme; 0 without one. */
static size_t scheme_len(struct view url)
{
    size_t slash = find_first(url, "/?#@");
    bool there =
        slash > 0 && url.data[slash - 1] == ':' && view_starts(view_from(url, slash), "//");
    return there ? slash + 2 : 0;
}

/* "host", "host:1234", "[::1]:1234", several of them with commas. */
static bool is_host_and_port(struct view authority)
{
    size_t colon = find_last(authority, ':');
    for (size_t i = colon + 1; i < authority.len; i++) {
        if ((authority.data[i] < '0' || authority.data[i] > '9') && authority.data[i] != ']')
            return false;
    }
    return true;
}

/* Where the '@' behind the user information is; `rest` is the text behind the scheme. A password
 * with an unescaped '/', '?' or '#' ends the authority too early: then the '@' is looked for
 * farther on. rest.len when there is no user information. */
static size_t user_information_len(struct view rest, bool scheme)
{
    struct view authority = view_make(rest.data, find_first(rest, "/?#"));
    size_t at = find_last(authority, '@');
    struct view host = at < authority.len ? view_from(authority, at + 1) : authority;
    if (!is_host_and_port(host))
        at = find_last(rest, '@');
    else if (at == authority.len)
        at = rest.len;
    /* Without a scheme only "user:password@host" is taken for a URL. */
    if (!scheme && at != rest.len && find_first(view_make(rest.data, at), ":") == at)
        return rest.len;
    return at;
}

static void mask_user_information(struct view user_information, struct str *out)
{
    size_t colon = find_first(user_information, ":");
    bool password = colon + 1 < user_information.len;
    if (password || colon == 0) {
        str_append(out, view_make(user_information.data, colon));
        str_append_text(out, user_information.len > 0 ? ":" MASKED : "");
    } else {
        str_append_text(out, MASKED);
    }
}

static bool is_secret_parameter(struct view name)
{
    return view_equal_nocase(name, VIEW_LITERAL("password")) ||
           view_equal_nocase(name, VIEW_LITERAL("token")) ||
           view_equal_nocase(name, VIEW_LITERAL("auth"));
}

/* Path, query and fragment. */
static void mask_query(struct view rest, struct str *out)
{
    size_t query = find_first(rest, "?#");
    str_append(out, view_make(rest.data, query));
    rest = view_from(rest, query);
    while (rest.len > 0 && rest.data[0] != '#') {
        size_t len = 1 + find_first(view_from(rest, 1), "&;#");
        struct view pair = view_make(rest.data + 1, len - 1);
        struct view name = view_make(pair.data, find_first(pair, "="));
        bool hide = is_secret_parameter(name) && name.len < pair.len;
        str_append(out, view_make(rest.data, hide ? name.len + 2 : len));
        if (hide)
            str_append_text(out, MASKED);
        rest = view_from(rest, len);
    }
    str_append(out, rest);
}

void mask_url(struct view url, struct str *out)
{
    size_t scheme = scheme_len(url);
    struct view rest = view_from(url, scheme);
    size_t at = user_information_len(rest, scheme > 0);
    str_append(out, view_make(url.data, scheme));
    if (at < rest.len) {
        mask_user_information(view_make(rest.data, at), out);
        rest = view_from(rest, at);
    }
    if (scheme > 0)
        mask_query(rest, out);
    else
        str_append(out, rest);
}

void mask_authorization(struct view value, struct str *out)
{
    if (value.len == 0) {
        str_append_text(out, "n/a");
        return;
    }
    str_append_char(out, '*');
    if (value.len > STATUS_TAIL)
        str_append(out, view_from(value, value.len - STATUS_TAIL));
}
