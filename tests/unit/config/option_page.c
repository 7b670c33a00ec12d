/* The option tables of docs/configuration.md, printed from the table of the program.
 *
 *   option_page PAGE           fails when the tables in PAGE are not what would be printed
 *   option_page PAGE --write   puts them right
 */
#include "base/error.h"
#include "config/file.h"
#include "config/options.h"
#include "config/supported.h"

#include <stdio.h>

static const char begin_mark[] = "<!-- option tables: begin; printed by option_page --write -->\n";
static const char end_mark[] = "<!-- option tables: end -->\n";

enum { PAGE_LIMIT = 1 << 20 };

static const char *kind_name(const struct config_option *o)
{
    switch (o->kind) {
    case CONFIG_STRING:
        return "text";
    case CONFIG_PATH:
        return "path";
    case CONFIG_BOOLEAN:
        return "boolean";
    case CONFIG_INTEGER:
    case CONFIG_POSITIVE:
        return "integer";
    case CONFIG_DURATION:
        return "duration";
    case CONFIG_URI:
        return "URI";
    case CONFIG_LIST:
        return "list";
    case CONFIG_TAGS:
        return "list, repeated only";
    case CONFIG_BYTES:
        return "size";
    case CONFIG_LEVEL:
        return "log level";
    case CONFIG_TLS:
        return "TLS version";
    case CONFIG_CHOICE:
        return "choice";
    }
    return "";
}

/* "integer, 1 to 64", "text, secret" */
static void type_append(const struct config_option *o, struct str *out)
{
    const char *least = o->kind == CONFIG_POSITIVE ? "1" : o->least;
    str_append_text(out, kind_name(o));
    if (o->kind == CONFIG_CHOICE) {
        str_append_text(out, ": ");
        for (const char *p = o->words; *p != '\0'; p++)
            str_append_format(out, *p == ' ' ? "%s" : "%.1s", *p == ' ' ? ", " : p);
    }
    if (least != NULL && strcmp(least, "1ns") == 0)
        str_append_text(out, ", above 0");
    else if (least != NULL && o->most != NULL)
        str_append_format(out, ", %s to %s", least, o->most);
    else if (least != NULL)
        str_append_format(out, ", at least %s", least);
    if (o->flags & CONFIG_SECRET)
        str_append_text(out, ", secret");
}

static void variable_append(const char *variable, struct str *out)
{
    bool named = variable[strlen(variable) - 1] == '_';
    str_append_format(out, "`%s%s`", variable, named ? "NAME" : "");
}

static const char *since_name(enum config_since since)
{
    return since == CONFIG_SINCE_8 ? "8.10.1" : since == CONFIG_SINCE_9 ? "9.x" : "flagrelay";
}

static void row_append(const struct config_option *o, struct str *out)
{
    const char *value = o->shown != NULL ? o->shown : o->fallback;
    if (o->property != NULL)
        str_append_format(out, "| `%s`", o->property);
    else
        str_append_text(out, "| ");
    if (o->from_file != NULL)
        str_append_format(out, ", `%sFile`", o->property);
    str_append_text(out, " | ");
    if (o->variable != NULL)
        variable_append(o->variable, out);
    if (o->alias != NULL)
        str_append_format(out, ", `%s`", o->alias);
    if (o->from_file != NULL) {
        str_append_text(out, ", ");
        variable_append(o->from_file, out);
    }
    str_append_text(out, " | ");
    type_append(o, out);
    if (o->shown == NULL && value != NULL)
        str_append_format(out, " | `%s` | ", value);
    else
        str_append_format(out, " | %s | ", value != NULL ? value : "");
    str_append_format(out, "%s | %s |\n", o->help, since_name(o->since));
}

static void tables_append(struct str *out)
{
    str_append_text(out, "\nKnown, but refused by this version: ");
    config_supported_append(out);
    str_append_text(out, ".\n");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (i == 0 || strcmp(o->section, o[-1].section) != 0) {
            str_append_format(out, "\n### [%s%s]\n\n", o->section,
                              config_section_has_names(o->section) ? " \"NAME\"" : "");
            str_append_text(out, "| property | variable | type | default | meaning | since |\n"
                                 "|---|---|---|---|---|---|\n");
        }
        row_append(o, out);
    }
    str_append_char(out, '\n');
}

/* The page with its tables replaced; false when it has no marks. */
static bool page_renew(const char *page, struct str *out)
{
    const char *begin = strstr(page, begin_mark);
    const char *end = strstr(page, end_mark);
    if (begin == NULL || end == NULL || end < begin)
        return false;
    begin += strlen(begin_mark);
    str_append(out, view_make(page, (size_t)(begin - page)));
    tables_append(out);
    str_append_text(out, end);
    return true;
}

static bool page_write(const char *path, const struct str *text)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return false;
    bool ok = fwrite(str_text(text), 1, text->len, f) == text->len;
    return fclose(f) == 0 && ok;
}

int main(int argc, char **argv)
{
    struct str page = {0};
    struct str renewed = {0};
    struct error err = {.text = "the page has no marks"};
    int status = 1;
    bool write = argc == 3 && strcmp(argv[2], "--write") == 0;
    if (argc != 2 && !write) {
        (void)fprintf(stderr, "usage: option_page PAGE [--write]\n");
        return 2;
    }
    if (!config_file_read(argv[1], PAGE_LIMIT, "page", &page, &err) ||
        !page_renew(str_text(&page), &renewed)) {
        (void)fprintf(stderr, "%s: %s\n", argv[1], err.text);
    } else if (strcmp(str_text(&page), str_text(&renewed)) == 0) {
        status = 0;
    } else if (write) {
        status = page_write(argv[1], &renewed) ? 0 : 1;
    } else {
        (void)fprintf(stderr, "%s: the tables differ from the program's; run: %s %s --write\n",
                      argv[1], argv[0], argv[1]);
    }
    str_free(&page);
    str_free(&renewed);
    return status;
}
