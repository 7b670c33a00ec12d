/* source/yaml_scalar.c - null, booleans and numbers by their spelling; everything else is a string.
 */
#include "source/yaml_scalar.h"

#include "base/json_writer.h"

#include <math.h>
#include <stdlib.h>

#define CORE_TAG(name) "tag:yaml.org,2002:" name

enum scalar_type { SCALAR_STRING, SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT };

static const struct {
    const char *text;
    enum scalar_type type;
    const char *json;
} scalar_words[] = {
    {"", SCALAR_NULL, "null"},       {"~", SCALAR_NULL, "null"},
    {"null", SCALAR_NULL, "null"},   {"Null", SCALAR_NULL, "null"},
    {"NULL", SCALAR_NULL, "null"},   {"true", SCALAR_BOOL, "true"},
    {"True", SCALAR_BOOL, "true"},   {"TRUE", SCALAR_BOOL, "true"},
    {"false", SCALAR_BOOL, "false"}, {"False", SCALAR_BOOL, "false"},
    {"FALSE", SCALAR_BOOL, "false"},
};

/* Tags that may be written; "!" is YAML's own way of saying "not plain". */
static const struct {
    const char *tag;
    enum scalar_type type;
} scalar_tags[] = {
    {"!", SCALAR_STRING},
    {CORE_TAG("str"), SCALAR_STRING},
    {CORE_TAG("null"), SCALAR_NULL},
    {CORE_TAG("bool"), SCALAR_BOOL},
    {CORE_TAG("int"), SCALAR_INT},
    {CORE_TAG("float"), SCALAR_FLOAT},
};

static size_t count_digits(struct view text, size_t at)
{
    size_t len = 0;
    while (at + len < text.len && text.data[at + len] >= '0' && text.data[at + len] <= '9')
        len++;
    return len;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?   and   [-+]? [0-9]+ */
static enum scalar_type decimal_type(struct view text)
{
    size_t at = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t whole = count_digits(text, at);
    at += whole;
    if (at == text.len)
        return whole > 0 ? SCALAR_INT : SCALAR_STRING;
    if (text.data[at] == '.') {
        size_t fraction = count_digits(text, at + 1);
        if (whole + fraction == 0)
            return SCALAR_STRING;
        at += 1 + fraction;
    } else if (whole == 0) {
        return SCALAR_STRING;
    }
    if (at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        at += at < text.len && (text.data[at] == '-' || text.data[at] == '+');
        size_t exponent = count_digits(text, at);
        if (exponent == 0)
            return SCALAR_STRING;
        at += exponent;
    }
    return at == text.len ? SCALAR_FLOAT : SCALAR_STRING;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* 0x1F and 0o17. */
static bool radix_parse(struct view text, double *out)
{
    int radix = view_starts(text, "0x") ? 16 : view_starts(text, "0o") ? 8 : 0;
    if (radix == 0 || text.len == 2)
        return false;
    *out = 0;
    for (size_t i = 2; i < text.len; i++) {
        int digit = digit_value(text.data[i]);
        if (digit >= radix)
            return false;
        *out = *out * radix + digit;
    }
    return true;
}

/* .inf and .nan, which JSON does not have. */
static double special_parse(struct view text)
{
    bool sign = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    struct view rest = view_from(text, sign);
    if (view_is(rest, ".inf") || view_is(rest, ".Inf") || view_is(rest, ".INF"))
        return INFINITY;
    bool nan = view_is(text, ".nan") || view_is(text, ".NaN") || view_is(text, ".NAN");
    return nan ? (double)NAN : 0;
}

/* The number a text spells; SCALAR_STRING when it spells none. */
static enum scalar_type number_parse(struct view text, double *out)
{
    if (radix_parse(text, out))
        return SCALAR_INT;
    *out = special_parse(text);
    if (*out != 0)
        return SCALAR_FLOAT;
    enum scalar_type type = decimal_type(text);
    if (type != SCALAR_STRING) {
        char *copy = mem_copy_text(text.data, text.len);
        *out = strtod(copy, NULL);
        mem_free(copy);
    }
    return type;
}

static bool tag_type(const char *tag, enum scalar_type *type)
{
    for (size_t i = 0; i < ARRAY_LEN(scalar_tags); i++) {
        if (strcmp(tag, scalar_tags[i].tag) == 0) {
            *type = scalar_tags[i].type;
            return true;
        }
    }
    return false;
}

/* Writes the text by its spelling; SCALAR_STRING, and nothing written, when it is a string. */
static enum scalar_type spelled_write(struct view text, struct str *out, const char **problem)
{
    for (size_t i = 0; i < ARRAY_LEN(scalar_words); i++) {
        if (view_is(text, scalar_words[i].text)) {
            str_append_text(out, scalar_words[i].json);
            return scalar_words[i].type;
        }
    }
    double number;
    enum scalar_type type = number_parse(text, &number);
    if (type == SCALAR_STRING)
        return type;
    if (isfinite(number))
        json_write_number(out, number);
    else
        *problem = "a number that JSON does not have; use a finite one, or put it in quotes";
    return type;
}

const char *yaml_scalar_write(struct view text, const char *tag, bool plain, struct str *out)
{
    enum scalar_type wanted = SCALAR_STRING;
    const char *problem = NULL;
    if (tag != NULL && !tag_type(tag, &wanted))
        return "a tag that is not supported; remove it";
    if (tag == NULL && plain) {
        if (spelled_write(text, out, &problem) == SCALAR_STRING)
            json_write_string(out, text);
        return problem;
    }
    if (wanted == SCALAR_STRING) {
        json_write_string(out, text);
        return NULL;
    }
    enum scalar_type type = spelled_write(text, out, &problem);
    bool fits = type == wanted || (wanted == SCALAR_FLOAT && type == SCALAR_INT);
    return fits ? problem : "a value that its tag does not fit; remove the tag or change the value";
}
