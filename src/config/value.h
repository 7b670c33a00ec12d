/* config/value.h - option values as text: one parser and one printer per type (section 3); private.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/record.h"

/* Parses a value that is not a list and not empty into its field. `source` decides the wording for
 * Booleans. The message never contains the value of a secret option. */
MUST_CHECK bool config_value_parse(const struct config_option *o, struct view text,
                                   enum config_source source, void *field, struct error *err);

/* Where the hint at the end of such a message begins: ` (did you mean "15s"?)`; the end of the text
 * when there is none. Words that tell the place of a value come before it. */
const char *config_value_hint(const char *message);

/* The value as it would be written in a file, without quotes. Lists are not printed here. */
void config_value_print(const struct config_option *o, const void *field, struct str *out);

/* Both as 3.3 and 3.7 say; the whole text must be used. */
MUST_CHECK bool config_integer_parse(struct view text, int64_t *out);
MUST_CHECK bool config_bytes_parse(struct view text, int64_t *out);
void config_bytes_print(int64_t bytes, struct str *out);

/* A bound of the table ("100ms", "64KiB", "64") in the unit of the option's field. */
int64_t config_bound_value(const struct config_option *o, const char *bound);

/* In double quotes, with quotes, backslashes and unprintable characters escaped as in C. */
void config_quote(struct view text, struct str *out);

/* ASCII only. */
static inline char config_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

/* Names compare without letter case, values of choices too: position of `word`, -1 when not there.
 */
int config_word_find(const char *words, struct view word);

#endif
