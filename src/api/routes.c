/* api/routes.c - the one table of routes (http-api.md 2.1); the first row that fits a request wins.
 */
#include "api/api_private.h"

#define GET (1u << HTTP_GET)
#define POST (1u << HTTP_POST)
#define REPORT (1u << HTTP_REPORT)
#define OPTIONS (1u << HTTP_OPTIONS)
#define FLAGS (1u << ITEM_FLAG)
#define SEGMENTS (1u << ITEM_SEGMENT)

/* How all rows of one kind go on. */
#define EVALUATION                                                                                 \
    .data = FLAGS | SEGMENTS, .handler = context_read, .with_context = evaluate_all,               \
    .unavailable = evaluate_unavailable

#define OPEN_FEATURE(with_context_)                                                                \
    .ofrep = true, .data = FLAGS | SEGMENTS, .handler = ofrep_read,                                \
    .with_context = (with_context_), .unavailable = ofrep_unavailable, .refuse = ofrep_refuse

/* Events do not need the environment's data. */
#define EVENTS .while_starting = true, .handler = events_receive, .with_events = event_post_arrived
#define DIAGNOSTIC_EVENTS                                                                          \
    .while_starting = true, .handler = events_receive, .with_events = event_diagnostic_arrived

#define PINGS(kind_) .stream = true, .kind = (kind_), .handler = stream_open
#define PINGS_WITH_CONTEXT(kind_)                                                                  \
    .stream = true, .kind = (kind_), .handler = context_read,                                      \
    .with_context = stream_open_with_context

const struct api_route api_routes[] = {
    {GET, true, "/status", API_NO_CREDENTIAL, .handler = status_document},
    {GET | OPTIONS, false, "/sdk/goals/{envId}", API_ENVIRONMENT_ID, .handler = goals_pass_on},
    {GET | OPTIONS, false, "/sdk/evalx/{envId}/contexts/{context}", API_ENVIRONMENT_ID, EVALUATION},
    {REPORT | OPTIONS, false, "/sdk/evalx/{envId}/context", API_ENVIRONMENT_ID, EVALUATION},
    {GET | OPTIONS, false, "/sdk/evalx/{envId}/users/{context}", API_ENVIRONMENT_ID, EVALUATION},
    {REPORT | OPTIONS, false, "/sdk/evalx/{envId}/user", API_ENVIRONMENT_ID, EVALUATION},
    {GET, false, "/sdk/evalx/contexts/{context}", API_SDK_KEY, EVALUATION},
    {REPORT, false, "/sdk/evalx/context", API_SDK_KEY, EVALUATION},
    {GET, false, "/sdk/evalx/users/{context}", API_SDK_KEY, EVALUATION},
    {REPORT, false, "/sdk/evalx/user", API_SDK_KEY, EVALUATION},
    {GET, true, "/sdk/flags", API_SDK_KEY, .data = FLAGS, .handler = poll_flags,
     .unavailable = poll_unavailable},
    {GET, true, "/sdk/flags/{key}", API_SDK_KEY, .data = FLAGS, .handler = poll_flag,
     .unavailable = poll_unavailable},
    {GET, true, "/sdk/segments/{key}", API_SDK_KEY, .data = SEGMENTS, .handler = poll_segment,
     .unavailable = poll_unavailable},
    {GET, false, "/msdk/evalx/contexts/{context}", API_MOBILE_KEY, EVALUATION},
    {REPORT, false, "/msdk/evalx/context", API_MOBILE_KEY, EVALUATION},
    {GET, false, "/msdk/evalx/users/{context}", API_MOBILE_KEY, EVALUATION},
    {REPORT, false, "/msdk/evalx/user", API_MOBILE_KEY, EVALUATION},
    {REPORT, false, "/meval", API_MOBILE_KEY, PINGS_WITH_CONTEXT(FANOUT_MOBILE_PING)},
    {GET, false, "/meval/{context}", API_MOBILE_KEY, PINGS_WITH_CONTEXT(FANOUT_MOBILE_PING)},
    {GET, false, "/mping", API_MOBILE_KEY, PINGS(FANOUT_MOBILE_PING)},
    {GET | OPTIONS, false, "/ping/{envId}", API_ENVIRONMENT_ID, PINGS(FANOUT_BROWSER_PING)},
    {GET | OPTIONS, false, "/eval/{envId}/{context}", API_ENVIRONMENT_ID,
     PINGS_WITH_CONTEXT(FANOUT_BROWSER_PING)},
    {REPORT | OPTIONS, false, "/eval/{envId}", API_ENVIRONMENT_ID,
     PINGS_WITH_CONTEXT(FANOUT_BROWSER_PING)},
    {POST, false, "/mobile/events/bulk", API_MOBILE_KEY, EVENTS},
    {POST, false, "/mobile/events", API_MOBILE_KEY, EVENTS},
    {POST, false, "/mobile", API_MOBILE_KEY, EVENTS},
    {POST, false, "/mobile/events/diagnostic", API_MOBILE_KEY, DIAGNOSTIC_EVENTS},
    {POST | OPTIONS, false, "/events/bulk/{envId}", API_ENVIRONMENT_ID, EVENTS},
    {POST | OPTIONS, false, "/events/diagnostic/{envId}", API_ENVIRONMENT_ID, DIAGNOSTIC_EVENTS},
    {GET | OPTIONS, false, "/a/{envId}.gif", API_ENVIRONMENT_ID, .while_starting = true,
     .handler = events_image},
    {POST, false, "/bulk", API_SDK_KEY, EVENTS},
    {POST, false, "/diagnostic", API_SDK_KEY, DIAGNOSTIC_EVENTS},
    {GET, false, "/all", API_SDK_KEY, .stream = true, .kind = FANOUT_ALL, .data = FLAGS | SEGMENTS,
     .handler = stream_open, .unavailable = stream_unavailable},
    {GET, false, "/flags", API_SDK_KEY, .stream = true, .kind = FANOUT_FLAGS, .data = FLAGS,
     .handler = stream_open, .unavailable = stream_unavailable},
    {GET, true, "/sdk/latest-all", API_SDK_KEY, .data = FLAGS | SEGMENTS,
     .handler = poll_latest_all, .unavailable = poll_unavailable},
    {GET, true, "/sdk/latest-flags", API_SDK_KEY, .data = FLAGS, .handler = poll_flags,
     .unavailable = poll_unavailable},
    {POST | OPTIONS, false, "/ofrep/v1/evaluate/flags/{key}", API_ANY_CREDENTIAL,
     OPEN_FEATURE(ofrep_flag)},
    {POST | OPTIONS, false, "/ofrep/v1/evaluate/flags", API_ANY_CREDENTIAL,
     OPEN_FEATURE(ofrep_flags)},
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
