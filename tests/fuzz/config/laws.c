/* Shared by the fuzzers of this room; see laws.h. */
#include "laws.h"

#include "config/validate.h"

#include <stdio.h>
#include <stdlib.h>

bool marker_found(struct view text)
{
    return text.len > 0 && memmem(text.data, text.len, MARKER, strlen(MARKER)) != NULL;
}

void validated(struct config *c, char *const *envp, struct str *warnings, struct str *errors)
{
    struct config_report r = {.warnings = warnings};
    config_uris_derive(c);
    config_modes_check(c, &r);
    config_database_check(c, envp, &r);
    config_filters_check(c, &r);
    config_bounds_check(c, &r);
    config_environments_derive(c);
    config_collisions_check(c, &r);
    config_proxy_check(c, &r);
    config_environments_warn(c, &r);
    config_oddities_warn(c, &r);
    str_append(errors, str_view(&r.errors));
    str_append(errors, str_view(&r.start_errors));
    str_free(&r.errors);
    str_free(&r.start_errors);
}

void printed(const struct config *c, struct str *out)
{
    config_print(c, out);
    config_print_origins(c, out);
    config_check_text(c, out);
}

void law(bool holds, const char *what, const char *text)
{
    if (holds)
        return;
    (void)fprintf(stderr, "%s:\n%s\n", what, text);
    abort();
}
