/* config/supported.c - refuses what the program cannot do yet, in this one place.
 *
 * A row goes when its subject arrives; nothing else in the room changes. A start that went on
 * without what was asked for would be worse than none: an operator would find out in an outage.
 */
#include "config/supported.h"

#include "base/mem.h"

static bool wants_automatic(const struct config *c)
{
    return c->mode == CONFIG_AUTOMATIC;
}

static bool wants_offline(const struct config *c)
{
    return c->mode == CONFIG_OFFLINE;
}

static bool wants_second_delivery(const struct config *c)
{
    return c->main.flag_delivery != CONFIG_DELIVERY_V1;
}

static const struct {
    bool (*wanted)(const struct config *c);
    const char *what;
    const char *instead;
} missing[] = {
    {wants_automatic, "automatic configuration", "use [Environment] sections"},
    {wants_offline, "the offline archive", "use dataFile, or [Environment] sections"},
    {wants_second_delivery, "flagDelivery other than v1", "remove the option"},
};

bool config_supported_check(const struct config *c, struct str *problem)
{
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        if (!missing[i].wanted(c))
            continue;
        str_append_format(problem, "%s%s is not available in this version; %s", ok ? "" : ", ",
                          missing[i].what, missing[i].instead);
        ok = false;
    }
    return ok;
}

void config_supported_append(struct str *out)
{
    for (size_t i = 0; i < ARRAY_LEN(missing); i++)
        str_append_format(out, "%s%s", i > 0 ? ", " : "", missing[i].what);
}
