/* config/secrets.c - secrets that are kept in files of their own, e.g. mounted by a container
 * platform. */
#include "config/file.h"
#include "config/record.h"
#include "config/validate.h"

#include <string.h>

enum { SECRET_LIMIT = 64 * 1024 };

/* "sdkKeyFile", "LD_SDK_KEY_FILE_prod" */
static void file_form_append(const struct config_option *o, struct config_origin origin,
                             const char *name, struct str *out)
{
    if (origin.source != CONFIG_FROM_VARIABLE) {
        str_append_format(out, "%sFile", o->property);
        return;
    }
    str_append_text(out, o->from_file);
    if (name != NULL)
        str_append_text(out, name);
}

/* One line end at the end does not belong to the secret. NULL when the content will do. */
static const char *content_problem(struct str *text)
{
    if (text->len > 0 && text->data[text->len - 1] == '\n') {
        text->len--;
        if (text->len > 0 && text->data[text->len - 1] == '\r')
            text->len--;
    }
    if (text->len == 0)
        return "is empty";
    if (memchr(text->data, '\0', text->len) != NULL || memchr(text->data, '\n', text->len) != NULL)
        return "has more than one line";
    return NULL;
}

static void secret_read(struct config_record record, const struct config_option *o,
                        struct config_report *r)
{
    struct config_slot *slot = config_record_slot(record, o);
    struct str text = {0};
    struct str form = {0};
    struct error err;
    file_form_append(o, slot->secret_file, record.name, &form);
    if (!config_file_read(slot->secret_path, SECRET_LIMIT, "secret", &text, &err)) {
        const char *reason = strstr(err.text, ": ");
        config_report_error(r, "%s: cannot read %s: %s", str_text(&form), slot->secret_path,
                            reason != NULL ? reason + 2 : err.text);
    } else {
        const char *problem = content_problem(&text);
        struct config_origin origin = slot->secret_file;
        if (problem != NULL)
            config_report_error(r, "%s: %s %s", str_text(&form), slot->secret_path, problem);
        else if (!config_record_assign(record, o, str_view(&text), origin, &err))
            config_report_error(r, "%s: %s", str_text(&form), err.text);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.room);
    str_free(&text);
    str_free(&form);
}

static void record_secrets_read(struct config_record record, struct config_report *r)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope != record.scope || o->from_file == NULL)
            continue;
        const struct config_slot *slot = config_record_slot(record, o);
        if (slot->secret_path == NULL)
            continue;
        if (slot->value.source == CONFIG_FROM_DEFAULT) {
            secret_read(record, o, r);
            continue;
        }
        struct str value = {0};
        struct str form = {0};
        config_option_spelling(o, slot->value, record.name, &value);
        file_form_append(o, slot->secret_file, record.name, &form);
        config_report_error(r, "%s and %s are both set; use only one", str_text(&value),
                            str_text(&form));
        str_free(&value);
        str_free(&form);
    }
}

void config_secrets_read(struct config *c, struct config_report *r)
{
    record_secrets_read(config_record_of(c), r);
    for (size_t i = 0; i < c->environment_count; i++)
        record_secrets_read(config_environment_record(c->environments[i]), r);
}
