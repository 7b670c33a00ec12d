/* Contexts: 'o' as the first byte means one of OpenFeature's, anything else one of the three
 * schemas.
 *
 * Laws: what is refused has a message; what is taken has a canonical key that is the same when its
 * text is read again with blanks around it. */
#include "flags/context.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct context *parse(bool ofrep, struct view json)
{
    struct error err = {.text = ""};
    enum context_ofrep_problem problem;
    struct context *c =
        ofrep ? context_parse_ofrep(json, &problem, &err) : context_parse(json, &err);
    must(c != NULL || err.text[0] != '\0');
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool ofrep = data[0] == 'o';
    struct view json = view_make((const char *)data + 1, size - 1);
    struct context *c = parse(ofrep, json);
    struct str blank = {0};
    struct str key = {0};
    struct str key_again = {0};
    str_append_text(&blank, " \n");
    str_append(&blank, json);
    str_append_text(&blank, "\t ");
    struct context *again = parse(ofrep, str_view(&blank));
    must((c == NULL) == (again == NULL));
    if (c != NULL) {
        char hash[65];
        context_canonical_key(c, &key);
        context_canonical_key(again, &key_again);
        must(view_equal(str_view(&key), str_view(&key_again)));
        must(context_is_multi(c) == context_is_multi(again));
        context_secure_hash(c, VIEW_LITERAL("secret"), hash);
    }
    context_free(c);
    context_free(again);
    str_free(&blank);
    str_free(&key);
    str_free(&key_again);
    return 0;
}
