/* api/routes.c - the one table of routes (http-api.md 2.1); the first row that fits a request wins.
 */
#include "api/api_private.h"

#define GET (1u << HTTP_GET)
#define FLAGS (1u << ITEM_FLAG)
#define SEGMENTS (1u << ITEM_SEGMENT)

const struct api_route api_routes[] = {
    {GET, true, "/status", API_NO_CREDENTIAL, .handler = status_document},
    {GET, true, "/sdk/flags", API_SDK_KEY, .data = FLAGS, .handler = poll_flags,
     .unavailable = poll_unavailable},
    {GET, true, "/sdk/flags/{key}", API_SDK_KEY, .data = FLAGS, .handler = poll_flag,
     .unavailable = poll_unavailable},
    {GET, true, "/sdk/segments/{key}", API_SDK_KEY, .data = SEGMENTS, .handler = poll_segment,
     .unavailable = poll_unavailable},
    {GET, false, "/all", API_SDK_KEY, .stream = true, .kind = FANOUT_ALL, .data = FLAGS | SEGMENTS,
     .handler = stream_open, .unavailable = stream_unavailable},
    {GET, false, "/flags", API_SDK_KEY, .stream = true, .kind = FANOUT_FLAGS, .data = FLAGS,
     .handler = stream_open, .unavailable = stream_unavailable},
    {GET, true, "/sdk/latest-all", API_SDK_KEY, .data = FLAGS | SEGMENTS,
     .handler = poll_latest_all, .unavailable = poll_unavailable},
    {GET, true, "/sdk/latest-flags", API_SDK_KEY, .data = FLAGS, .handler = poll_flags,
     .unavailable = poll_unavailable},
    {GET, true, "/status.html", API_NO_CREDENTIAL, .handler = status_page},
    {GET, true, "/status/{identifier}", API_NO_CREDENTIAL, .handler = status_environment},
    {GET, true, "/status/{projKey}/{envKey}", API_NO_CREDENTIAL,
     .handler = status_environment_by_keys},
    {GET, true, "/status/{identifier}/filters/{filterKey}", API_NO_CREDENTIAL,
     .handler = status_filtered},
    {GET, true, "/status/{projKey}/{envKey}/filters/{filterKey}", API_NO_CREDENTIAL,
     .handler = status_filtered_by_keys},
    {GET, true, "/livez", API_NO_CREDENTIAL, .handler = probe_live},
    {GET, true, "/readyz", API_NO_CREDENTIAL, .handler = probe_ready},
    {GET, true, "/startupz", API_NO_CREDENTIAL, .handler = probe_startup},
};

const size_t api_route_count = ARRAY_LEN(api_routes);
