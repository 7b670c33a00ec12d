/* config/validate_environments.c - environments that get in each other's way, and keys and names
 * that look like a mistake (5.2, 7.3, 7.4). */
#include "base/map.h"
#include "config/record.h"
#include "config/validate.h"
#include "config/value.h"

void config_environment_pair_append(const struct config_environment *a,
                                    const struct config_environment *b, struct str *out)
{
    str_append_text(out, "environments ");
    config_quote(view_of(a->name), out);
    str_append_text(out, " and ");
    config_quote(view_of(b->name), out);
}

/* ---- credentials ----------------------------------------------------------------------------- */

/* One credential opens one environment; with different payload filters it may open several. */
static void credential_check(struct map *owners, const char *what, const char *credential,
                             struct config_environment *e, struct config_report *r)
{
    struct str place = {0};
    if (credential[0] == '\0')
        return;
    str_append_format(&place, "%s\n%s\n%s", what, e->filter_key, credential);
    struct config_environment *first = map_get(owners, str_view(&place));
    if (first == NULL) {
        map_set(owners, str_view(&place), e);
    } else if (!first->from_filters || !e->from_filters) {
        struct str names = {0};
        config_environment_pair_append(first, e, &names);
        config_report_error(r, "%s have the same %s", str_text(&names), what);
        str_free(&names);
    }
    explicit_bzero(place.data, place.room);
    str_free(&place);
}

static void credentials_check(const struct config *c, struct config_report *r)
{
    struct map owners = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        struct config_environment *e = c->environments[i];
        credential_check(&owners, "SDK key", e->sdk_key, e, r);
        credential_check(&owners, "mobile key", e->mobile_key, e, r);
        credential_check(&owners, "client-side ID", e->env_id, e, r);
    }
    map_free(&owners);
}

/* ---- places in the database ------------------------------------------------------------------ */

static void place_check(struct map *places, const struct config *c, struct config_environment *e,
                        struct config_report *r)
{
    struct str place = {0};
    if (c->database == CONFIG_DYNAMODB)
        str_append_format(&place, "%s\n", e->table_name);
    str_append_text(&place, e->store_prefix);
    struct config_environment *first = map_get(places, str_view(&place));
    if (first == NULL) {
        map_set(places, str_view(&place), e);
    } else {
        struct str text = {0};
        config_environment_pair_append(first, e, &text);
        str_append_text(&text, " would share the database prefix ");
        config_quote(view_of(e->store_prefix), &text);
        config_report_error(r, "%s", str_text(&text));
        str_free(&text);
    }
    str_free(&place);
}

/* Is this, up to a slash, one of the folders that Consul keeps the items of an environment in?
 * Filling those again would delete what is within (data-store.md 3.3). */
static bool is_item_folder(const char *name)
{
    static const char *const folders[] = {"features", "segments"};
    struct view folder = view_make(name, strcspn(name, "/"));
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        if (view_is(folder, folders[i]))
            return true;
    }
    return false;
}

static void folder_report(const struct config_environment *e,
                          const struct config_environment *owner, struct config_report *r)
{
    struct str text = {0};
    str_append_text(&text, "environment ");
    config_quote(view_of(e->name), &text);
    str_append_text(&text, " would have its Consul keys among the items of environment ");
    config_quote(view_of(owner->name), &text);
    str_append_text(&text, "; choose another prefix than ");
    config_quote(view_of(e->store_prefix), &text);
    config_report_error(r, "%s", str_text(&text));
    str_free(&text);
}

/* Each prefix that this one continues as a folder may be somebody's. */
static void folder_check(const struct map *places, const struct config_environment *e,
                         struct config_report *r)
{
    const char *prefix = e->store_prefix;
    for (const char *at = strchr(prefix, '/'); at != NULL; at = strchr(at + 1, '/')) {
        const struct config_environment *owner =
            map_get(places, view_make(prefix, (size_t)(at - prefix)));
        if (owner != NULL && is_item_folder(at + 1))
            folder_report(e, owner, r);
    }
}

/* An environment without a place of its own has been complained about already. */
static void places_check(const struct config *c, struct config_report *r)
{
    struct map places = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        if (config_environment_has_place(c, c->environments[i]))
            place_check(&places, c, c->environments[i], r);
    }
    for (size_t i = 0; i < c->environment_count && c->database == CONFIG_CONSUL; i++)
        folder_check(&places, c->environments[i], r);
    map_free(&places);
}

void config_collisions_check(const struct config *c, struct config_report *r)
{
    credentials_check(c, r);
    if (c->database != CONFIG_NO_DATABASE)
        places_check(c, r);
}

/* ---- oddities -------------------------------------------------------------------------------- */

/* "Spree Project Test" and "Spree_Project_Test" are two environments, which is hardly ever meant.
 */
static void similar_names_warn(const struct config *c, struct config_report *r)
{
    struct map names = {0};
    struct str plain = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        struct config_environment *e = c->environments[i];
        str_clear(&plain);
        for (const char *p = e->name; *p != '\0'; p++) {
            bool joint = *p == ' ' || *p == '-';
            if (joint)
                str_append_char(&plain, '_');
            else
                str_append_char(&plain, config_lower(*p));
        }
        struct config_environment *first = map_set(&names, str_view(&plain), e);
        if (first == NULL || e->from_filters)
            continue;
        struct str text = {0};
        config_environment_pair_append(first, e, &text);
        config_report_warning(r, "%s have nearly the same name; they are different environments",
                              str_text(&text));
        str_free(&text);
    }
    map_free(&names);
    str_free(&plain);
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void odd_values_warn(const struct config_environment *e, struct config_report *r)
{
    struct str name = {0};
    config_quote(view_of(e->name), &name);
    if (starts(e->sdk_key, "mob-"))
        config_report_warning(r, "environment %s: the SDK key looks like a mobile key",
                              str_text(&name));
    if (starts(e->mobile_key, "sdk-"))
        config_report_warning(r, "environment %s: the mobile key looks like an SDK key",
                              str_text(&name));
    if (strstr(e->prefix, "$CID") != NULL || strstr(e->table_name, "$CID") != NULL)
        config_report_warning(
            r, "environment %s: \"$CID\" is only replaced in auto-configuration and offline mode",
            str_text(&name));
    str_free(&name);
}

void config_environments_warn(const struct config *c, struct config_report *r)
{
    similar_names_warn(c, r);
    for (size_t i = 0; i < c->environment_count; i++) {
        if (!c->environments[i]->from_filters)
            odd_values_warn(c->environments[i], r);
    }
}
