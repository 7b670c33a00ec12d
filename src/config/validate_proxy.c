/* config/validate_proxy.c - the proxy to LaunchDarkly (7.3, 11.2). */
#include "config/validate.h"

#include <string.h>

void config_proxy_check(const struct config *c, struct config_report *r)
{
    bool user = c->proxy.user[0] != '\0';
    bool password = c->proxy.password[0] != '\0';
    if (c->proxy.ntlm_auth && c->proxy.url[0] == '\0')
        config_report_start_error(r, "cannot specify proxy authentication without a proxy URL");
    else if (c->proxy.ntlm_auth && (!user || !password))
        config_report_start_error(r, "NTLM proxy authentication requires username and password");
    if (!c->proxy.ntlm_auth && (user || password) && strchr(c->proxy.url, '@') != NULL)
        config_report_warning(r, "the proxy URL has a user name; user and password of [Proxy] are "
                                 "ignored");
}
