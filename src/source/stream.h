/* source/stream.h - the connection to LaunchDarkly's /all stream (spec streaming.md 2-5). */
#ifndef SOURCE_STREAM_H
#define SOURCE_STREAM_H

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/client.h"
#include "source/source.h"

struct source_stream_settings {
    const char *stream_uri; /* without /all */
    const char *sdk_key;
    const char *filter_key;     /* "" : none */
    int64_t head_timeout_ms;    /* until the status line; 0: 30 s */
    int64_t silence_timeout_ms; /* between two bytes; 0: 5 min */
};

/* Starts at once (the first request goes out in the next loop turn). Everything is copied; `log`
 * gets a reference. Never fails: an unusable URL is a failure of kind UNKNOWN, not recoverable. */
struct source *source_stream_open(const struct source_stream_settings *settings,
                                  struct http_client *client, uv_loop_t *loop,
                                  const struct clock *clock, struct random *random,
                                  struct log_scope *log, const struct source_sink *sink);

#endif
