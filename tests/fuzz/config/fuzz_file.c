/* The configuration file. Laws: what loads can be printed and loaded again with the same result; a
 * secret is in no message, and printed only by its last characters. */
#include "laws.h"

#include "config/file.h"
#include "config/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Options that are secret whatever they contain; URLs are so only in part. */
static const char *const secret_names[] = {"sdkKey",   "mobileKey",       "key",
                                           "password", "token",           "cacheEncryptionKey",
                                           "relayKey", "sentinelPassword"};

static struct view line_at(struct view text, size_t at)
{
    const char *end = memchr(text.data + at, '\n', text.len - at);
    return view_make(text.data + at, end != NULL ? (size_t)(end - text.data) - at : text.len - at);
}

/* `  sdkKey = ...` */
static bool is_secret_line(struct view line)
{
    const char *equals = line.len > 0 ? memchr(line.data, '=', line.len) : NULL;
    if (equals == NULL)
        return false;
    struct view name = view_trim(view_make(line.data, (size_t)(equals - line.data)));
    for (size_t i = 0; i < ARRAY_LEN(secret_names); i++) {
        if (view_equal_nocase(name, view_of(secret_names[i])))
            return true;
    }
    return false;
}

/* Is the marker only where the value of a secret option is? A line that the one before continues is
 * not what it seems. */
static bool marker_is_secret(struct view text)
{
    bool continued = false;
    for (size_t at = 0; at < text.len;) {
        struct view line = line_at(text, at);
        if (marker_found(line) && (continued || !is_secret_line(line)))
            return false;
        struct view shown = view_trim(line);
        continued = shown.len > 0 && shown.data[shown.len - 1] == '\\';
        at += line.len + 1;
    }
    return true;
}

/* Without origins, which name lines of another file. */
static void values_append(const struct config *c, struct str *out)
{
    struct str text = {0};
    config_print(c, &text);
    for (size_t at = 0; at < text.len;) {
        struct view line = line_at(str_view(&text), at);
        const char *origin = NULL;
        for (size_t i = 0; i + 8 <= line.len && line.data[0] != '['; i++) {
            if (memcmp(line.data + i, " ; from ", 8) == 0)
                origin = line.data + i;
        }
        str_append(out, origin != NULL ? view_make(line.data, (size_t)(origin - line.data)) : line);
        str_append_char(out, '\n');
        at += line.len + 1;
    }
    str_free(&text);
}

/* `c` is valid. Keys of which only the same last characters are printed collide afterwards. */
static void printing_check(const struct config *c)
{
    struct str once = {0};
    struct str twice = {0};
    struct str warnings = {0};
    struct str problem = {0};
    struct config *again = config_new();
    values_append(c, &once);
    law(config_file_parse(again, "p", str_view(&once), &warnings, &problem),
        "printed text does not load", str_text(&problem));
    validated(again, (char *[]){NULL}, &warnings, &problem);
    values_append(again, &twice);
    if (strstr(str_text(&problem), " have the same ") == NULL) {
        law(problem.len == 0, "printed text is refused", str_text(&problem));
        law(view_equal(str_view(&once), str_view(&twice)), "printed text is another",
            str_text(&twice));
    }
    config_unref(again);
    str_free(&once);
    str_free(&twice);
    str_free(&warnings);
    str_free(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = view_make((const char *)data, size);
    struct str warnings = {0};
    struct str problem = {0};
    struct str out = {0};
    struct config *c = config_new();
    if (config_file_parse(c, "r", text, &warnings, &problem)) {
        validated(c, (char *[]){NULL}, &warnings, &problem);
        if (problem.len == 0)
            printing_check(c);
        printed(c, &out);
    } else {
        law(problem.len > 0, "refused without a word", "");
    }
    if (marker_is_secret(text)) {
        law(!marker_found(str_view(&problem)), "a secret in a problem", str_text(&problem));
        law(!marker_found(str_view(&warnings)), "a secret in a warning", str_text(&warnings));
        law(!marker_found(str_view(&out)), "a secret printed", str_text(&out));
    }
    config_unref(c);
    str_free(&warnings);
    str_free(&problem);
    str_free(&out);
    return 0;
}
