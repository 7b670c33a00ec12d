/* config/value.c - the types of section 3: text to value and back. Numbers are read with integer
 * arithmetic and ASCII rules only, so that no locale can change what a file means. */
#include "config/value.h"

#include "base/duration.h"
#include "config/uri.h"

static const char *const size_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool config_integer_parse(struct view text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    if (i == text.len)
        return false;
    int64_t value = 0;
    for (; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        int digit = text.data[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}

/* "KiB" or "KB" at the beginning of the text: its power of 1024 and its length. */
static bool size_unit_parse(struct view text, int *shift, size_t *len)
{
    if (view_starts(text, "B")) {
        *shift = 0;
        *len = 1;
        return true;
    }
    for (size_t i = 1; i < ARRAY_LEN(size_units); i++) {
        const char shorter[] = {size_units[i][0], 'B', '\0'};
        if (view_starts(text, size_units[i]) || view_starts(text, shorter)) {
            *shift = (int)(10 * i);
            *len = view_starts(text, shorter) ? 2 : 3;
            return true;
        }
    }
    return false;
}

/* Digits with an optional fraction. 15 digits of a fraction are looked at; the rest is below one
 * byte. */
static bool size_number_parse(struct view text, size_t *at, int64_t *whole, int64_t *part,
                              int64_t *scale)
{
    size_t digits = 0;
    *whole = 0;
    *part = 0;
    *scale = 1;
    for (; *at < text.len && is_digit(text.data[*at]); (*at)++, digits++) {
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_add_overflow(*whole, text.data[*at] - '0', whole))
            return false;
    }
    if (*at < text.len && text.data[*at] == '.') {
        for ((*at)++; *at < text.len && is_digit(text.data[*at]); (*at)++, digits++) {
            if (*scale < 1000000000000000) {
                *part = *part * 10 + (text.data[*at] - '0');
                *scale *= 10;
            }
        }
    }
    return digits > 0;
}

bool config_bytes_parse(struct view text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t at = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    if (view_is(view_from(text, at), "0")) {
        *out = 0;
        return true;
    }
    if (at == text.len)
        return false;
    __extension__ __int128 total = 0;
    while (at < text.len) {
        int64_t whole, part, scale;
        int shift;
        size_t unit;
        if (!size_number_parse(text, &at, &whole, &part, &scale) ||
            !size_unit_parse(view_from(text, at), &shift, &unit))
            return false;
        at += unit;
        __extension__ __int128 one = (__int128)1 << shift;
        total += whole * one + part * one / scale;
        if (total > INT64_MAX)
            return false;
    }
    *out = (int64_t)(negative ? -total : total);
    return true;
}

void config_bytes_print(int64_t bytes, struct str *out)
{
    size_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < ARRAY_LEN(size_units)) {
        bytes /= 1024;
        unit++;
    }
    str_append_int(out, bytes);
    str_append_text(out, size_units[unit]);
}

int64_t config_bound_value(const struct config_option *o, const char *bound)
{
    int64_t value = 0;
    bool ok = o->kind == CONFIG_DURATION ? duration_parse(view_of(bound), &value)
              : o->kind == CONFIG_BYTES  ? config_bytes_parse(view_of(bound), &value)
                                         : config_integer_parse(view_of(bound), &value);
    return ok ? value : 0;
}

void config_quote(struct view text, struct str *out)
{
    str_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\')
            str_append_format(out, "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r')
            str_append_format(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else if (c < 0x20 || c == 0x7f)
            str_append_format(out, "\\x%02x", c);
        else
            str_append_char(out, (char)c);
    }
    str_append_char(out, '"');
}

int config_word_find(const char *words, struct view word)
{
    int index = 0;
    for (const char *p = words; *p != '\0'; index++) {
        size_t len = strcspn(p, " ");
        if (view_equal_nocase(view_make(p, len), word))
            return index;
        p += len + (p[len] == ' ' ? 1 : 0);
    }
    return -1;
}

/* The word at a position, for printing. */
static struct view word_at(const char *words, int index)
{
    for (; index > 0 && *words != '\0'; index--) {
        words += strcspn(words, " ");
        words += *words == ' ' ? 1 : 0;
    }
    return view_make(words, strcspn(words, " "));
}

static bool boolean_parse(struct view text, enum config_source source, bool *out, struct error *err)
{
    if (config_word_find("true yes on 1", text) >= 0) {
        *out = true;
        return true;
    }
    if (config_word_find("false no off 0", text) >= 0) {
        *out = false;
        return true;
    }
    if (source == CONFIG_FROM_FILE)
        error_set(err, "failed to parse bool `%.*s`", VIEW_ARGS(text));
    else
        error_set(err, "not a valid boolean value (must be true/false, yes/no, or 0/1)");
    return false;
}

static bool duration_option_parse(struct view text, int64_t *out, struct error *err)
{
    static const char message[] =
        "not a valid duration (must use format \"1ms\", \"1s\", \"1m\", etc.)";
    int64_t number;
    if (duration_parse(text, out))
        return true;
    if (config_integer_parse(text, &number))
        error_set(err, "%s (did you mean \"%.*ss\"?)", message, VIEW_ARGS(text));
    else
        error_set(err, "%s", message);
    return false;
}

/* What was meant by a number without its unit, or with one in other letters: "10", "5M", "10kb". */
static bool bytes_guess(struct view text, struct str *guess)
{
    int64_t whole, part, scale;
    size_t at = 0;
    if (!size_number_parse(text, &at, &whole, &part, &scale))
        return false;
    struct view unit = view_trim(view_from(text, at));
    for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
        const char letter[] = {size_units[i][0], '\0'};
        const char shorter[] = {size_units[i][0], 'B', '\0'};
        if (unit.len > 0 && !view_equal_nocase(unit, view_of(letter)) &&
            !view_equal_nocase(unit, view_of(shorter)) &&
            !view_equal_nocase(unit, view_of(size_units[i])))
            continue;
        str_append(guess, view_make(text.data, at));
        str_append_text(guess, size_units[i]);
        int64_t value;
        return config_bytes_parse(str_view(guess), &value);
    }
    return false;
}

static bool bytes_option_parse(struct view text, int64_t *out, struct error *err)
{
    struct str guess = {0};
    bool ok = config_bytes_parse(text, out);
    if (!ok && bytes_guess(text, &guess))
        error_set(err, "not a valid base-2 byte size (did you mean \"%s\"?)", str_text(&guess));
    else if (!ok)
        error_set(err, "not a valid base-2 byte size (must use format \"512KiB\", \"5MiB\", etc.)");
    str_free(&guess);
    return ok;
}

static bool level_parse(struct view text, enum log_level *out, struct error *err)
{
    if (log_level_parse(text, out))
        return true;
    struct str quoted = {0};
    config_quote(text, &quoted);
    error_set(err, "%s is not a valid log level%s", str_text(&quoted),
              view_equal_nocase(text, view_of("warning")) ? " (did you mean \"warn\"?)" : "");
    str_free(&quoted);
    return false;
}

static bool tls_version_parse(struct view text, int64_t *out, struct error *err)
{
    int index = config_word_find("1.0 1.1 1.2 1.3", text);
    if (index >= 0) {
        *out = 0x0301 + index;
        return true;
    }
    struct str quoted = {0};
    config_quote(text, &quoted);
    error_set(err, "%s is not a valid TLS version", str_text(&quoted));
    str_free(&quoted);
    return false;
}

static bool choice_parse(const struct config_option *o, struct view text, int *out,
                         struct error *err)
{
    int index = config_word_find(o->words, text);
    if (index >= 0) {
        *out = index;
        return true;
    }
    struct str message = {0};
    config_quote(text, &message);
    str_append_text(&message, " is not valid; use ");
    for (int i = 0; word_at(o->words, i).len > 0; i++) {
        if (i > 0)
            str_append_text(&message, word_at(o->words, i + 1).len > 0 ? ", " : " or ");
        str_append(&message, word_at(o->words, i));
    }
    error_set(err, "%s", str_text(&message));
    str_free(&message);
    return false;
}

static bool integer_option_parse(const struct config_option *o, struct view text, int64_t *out,
                                 struct error *err)
{
    int64_t value;
    if (!config_integer_parse(text, &value)) {
        error_set(err, "not a valid integer");
        return false;
    }
    if (o->kind == CONFIG_POSITIVE && value <= 0) {
        error_set(err, "value must be greater than zero");
        return false;
    }
    *out = value;
    return true;
}

static bool uri_option_parse(const struct config_option *o, struct view text, char **field,
                             struct error *err)
{
    struct str uri = {0};
    if (!config_uri_check(text, o->words, &uri, err))
        return false;
    mem_free(*field);
    *field = str_take_text(&uri);
    return true;
}

const char *config_value_hint(const char *message)
{
    const char *end = message + strlen(message);
    const char *hint = end;
    if (end - message < 3 || strcmp(end - 2, "?)") != 0)
        return end;
    for (const char *p = message; (p = strstr(p, " (did you mean \"")) != NULL; p++)
        hint = p;
    return hint;
}

bool config_value_parse(const struct config_option *o, struct view text, enum config_source source,
                        void *field, struct error *err)
{
    switch (o->kind) {
    case CONFIG_BOOLEAN:
        return boolean_parse(text, source, field, err);
    case CONFIG_INTEGER:
    case CONFIG_POSITIVE:
        return integer_option_parse(o, text, field, err);
    case CONFIG_DURATION:
        return duration_option_parse(text, field, err);
    case CONFIG_URI:
        return uri_option_parse(o, text, field, err);
    case CONFIG_BYTES:
        return bytes_option_parse(text, field, err);
    case CONFIG_LEVEL:
        return level_parse(text, field, err);
    case CONFIG_TLS:
        return tls_version_parse(text, field, err);
    case CONFIG_CHOICE:
        return choice_parse(o, text, field, err);
    case CONFIG_STRING:
    case CONFIG_PATH:
    case CONFIG_LIST:
    case CONFIG_TAGS:
        break;
    }
    char *old = *(char **)field;
    *(char **)field = mem_copy_text(text.data, text.len);
    mem_free(old);
    return true;
}

void config_value_print(const struct config_option *o, const void *field, struct str *out)
{
    switch (o->kind) {
    case CONFIG_BOOLEAN:
        str_append_text(out, *(const bool *)field ? "true" : "false");
        break;
    case CONFIG_INTEGER:
    case CONFIG_POSITIVE:
        str_append_int(out, *(const int64_t *)field);
        break;
    case CONFIG_DURATION:
        duration_print(*(const int64_t *)field, out);
        break;
    case CONFIG_BYTES:
        config_bytes_print(*(const int64_t *)field, out);
        break;
    case CONFIG_LEVEL:
        str_append_text(out, log_level_name(*(const enum log_level *)field));
        break;
    case CONFIG_TLS:
        if (*(const int64_t *)field != 0)
            str_append_format(out, "1.%d", (int)(*(const int64_t *)field - 0x0301));
        break;
    case CONFIG_CHOICE:
        str_append(out, word_at(o->words, *(const int *)field));
        break;
    case CONFIG_STRING:
    case CONFIG_PATH:
    case CONFIG_URI:
        str_append_text(out, *(char *const *)field);
        break;
    case CONFIG_LIST:
    case CONFIG_TAGS:
        break;
    }
}
