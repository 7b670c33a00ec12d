/* One value of one option: the first byte chooses the option, the rest is the text. Laws: what is
 * accepted prints as something that means the same; what is refused changes nothing and says why.
 */
#include "laws.h"

#include "config/record.h"
#include "config/uri.h"
#include "config/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void value_append(struct config_record record, const struct config_option *o,
                         struct str *out)
{
    const struct config_list *list = config_record_field(record, o);
    if (o->kind != CONFIG_LIST && o->kind != CONFIG_TAGS)
        config_value_print(o, config_record_field(record, o), out);
    for (size_t i = 0; (o->kind == CONFIG_LIST || o->kind == CONFIG_TAGS) && i < list->count; i++)
        str_append_format(out, "%s\n", list->items[i]);
}

static void option_check(const struct config_option *o, struct view text, enum config_source source)
{
    struct config *c = config_new();
    struct config_record record = config_record_of(c);
    struct config_origin origin = {.source = source, .line = 1};
    struct error err = {.text = ""};
    struct str before = {0};
    struct str after = {0};
    struct str again = {0};
    value_append(record, o, &before);
    bool ok = config_record_assign(record, o, text, origin, &err);
    value_append(record, o, &after);
    law(ok == (err.text[0] == '\0'), "an answer without a reason", err.text);
    if (!ok) {
        law(strcmp(str_text(&before), str_text(&after)) == 0, "refused and changed", err.text);
        law(config_value_hint(err.text) <= err.text + strlen(err.text), "a hint outside", err.text);
    } else if (text.len > 0 && o->kind != CONFIG_LIST && o->kind != CONFIG_TAGS) {
        law(config_record_assign(record, o, str_view(&after), origin, &err),
            "a printed value is refused", str_text(&after));
        value_append(record, o, &again);
        law(strcmp(str_text(&after), str_text(&again)) == 0, "a printed value means another",
            str_text(&again));
    }
    if (ok && o->kind == CONFIG_URI && text.len > 0)
        law(config_uri_same(str_view(&after), text), "not the same place", str_text(&after));
    config_unref(c);
    str_free(&before);
    str_free(&after);
    str_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct config_option *o = &config_options[data[0] % config_option_count];
    struct view text = view_make((const char *)data + 1, size - 1);
    if (o->scope != CONFIG_SCOPE_GLOBAL ||
        (text.len > 0 && memchr(text.data, '\0', text.len) != NULL))
        return 0;
    option_check(o, text, CONFIG_FROM_FILE);
    option_check(o, text, CONFIG_FROM_VARIABLE);
    return 0;
}
