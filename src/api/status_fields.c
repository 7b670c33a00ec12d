/* api/status_fields.c - the table of the status document and where each value comes from. */
#include "api/status.h"

/* The level of the Go SDK whose behaviour this program has as a client (status.md 2). */
#define CLIENT_VERSION "7.6.0"

/* ---- environments ---------------------------------------------------------------------------- */

struct status_document status_document_now(const struct api_passage *p)
{
    const struct api *a = p->thread->api;
    return (struct status_document){a, p->thread->fanout, clock_now_ms(a->settings.clock),
                                    clock_wall_ms(a->settings.clock)};
}

size_t status_environment_count(const struct status_document *d)
{
    const struct directory *list = fanout_directory(d->fanout);
    return list != NULL ? list->count : 0;
}

const struct env_snapshot *status_environment_at(const struct status_document *d, size_t index)
{
    return fanout_snapshot(d->fanout, fanout_directory(d->fanout)->by_name[index]);
}

bool status_is_connected(const struct status_document *d, const struct env_snapshot *env)
{
    return d->now_ms < env_snapshot_connected_until(env, d->api->settings.disconnected_status_ms);
}

int64_t status_segments_stale_after(const struct status_document *d, const struct env_snapshot *env)
{
    const struct env_segments_state *s = &env->state.segments;
    if (!s->in_use || !s->available)
        return INT64_MAX;
    return s->synchronized_on_ms > 0 ? s->synchronized_on_ms + d->api->settings.segments_stale_ms
                                     : INT64_MIN;
}

static bool are_segments_stale(const struct status_document *d, const struct env_snapshot *env)
{
    return d->wall_ms > status_segments_stale_after(d, env);
}

static bool is_environment_healthy(const struct status_document *d, const struct env_snapshot *env)
{
    if (!status_is_connected(d, env))
        return false;
    if (env->state.segments.in_use && !env->state.segments.available)
        return false;
    return !d->api->settings.segments_stale_as_degraded || !are_segments_stale(d, env);
}

bool status_is_healthy(const struct status_document *d)
{
    if (fanout_directory(d->fanout) == NULL)
        return false;
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env != NULL && !is_environment_healthy(d, env))
            return false;
    }
    return true;
}

/* ---- where values come from ------------------------------------------------------------------ */

static bool put_text(struct str *out, const char *text)
{
    str_append_text(out, text);
    return text[0] != '\0';
}

bool status_put_number(struct str *out, int64_t number)
{
    str_append_int(out, number);
    return true;
}

static bool get_sdk_key(const struct status_subject *s, struct str *out)
{
    (void)put_text(out, s->env->facts->masked_sdk_key);
    return true; /* also when it is empty */
}

static bool get_mobile_key(const struct status_subject *s, struct str *out)
{
    return put_text(out, s->env->facts->masked_mobile_key);
}

static bool get_env_id(const struct status_subject *s, struct str *out)
{
    return put_text(out, s->env->facts->env_id);
}

static size_t count_sdk_keys(const struct status_subject *s)
{
    return s->env->facts->masked_sdk_key[0] != '\0';
}

static size_t count_mobile_keys(const struct status_subject *s)
{
    return s->env->facts->masked_mobile_key[0] != '\0';
}

static bool get_env_status(const struct status_subject *s, struct str *out)
{
    return put_text(out, status_is_connected(s->document, s->env) ? "connected" : "disconnected");
}

static bool get_connection_state(const struct status_subject *s, struct str *out)
{
    return put_text(out, connection_state_name(s->env->state.connection));
}

static bool get_connection_since(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, s->env->state.connection_since_ms);
}

static bool has_error(const struct status_subject *s)
{
    return s->env->state.has_error;
}

static bool get_error_kind(const struct status_subject *s, struct str *out)
{
    return put_text(out, connection_error_name(s->env->state.error_kind));
}

static bool get_error_code(const struct status_subject *s, struct str *out)
{
    if (s->env->state.error_status_code == 0)
        return false;
    return status_put_number(out, s->env->state.error_status_code);
}

static bool get_error_time(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, s->env->state.error_ms);
}

static bool get_store_state(const struct status_subject *s, struct str *out)
{
    if (!s->env->state.start_ended)
        return put_text(out, "INITIALIZING");
    return put_text(out, s->env->state.store_failing ? "INTERRUPTED" : "VALID");
}

/* Before the start ended the reference says 0, which is no time (status.md 6). */
static bool get_store_since(const struct status_subject *s, struct str *out)
{
    if (s->env->state.start_ended)
        return status_put_number(out, s->env->state.store_since_ms);
    bool classic = s->document->api->settings.classic_status;
    return status_put_number(out, classic ? 0 : s->env->facts->created_wall_ms);
}

static bool get_database(const struct status_subject *s, struct str *out)
{
    const char *name = s->document->api->settings.database;
    return name != NULL && put_text(out, name);
}

static bool get_database_server(const struct status_subject *s, struct str *out)
{
    const struct api_settings *settings = &s->document->api->settings;
    return settings->database != NULL && put_text(out, settings->database_server);
}

static bool get_database_prefix(const struct status_subject *s, struct str *out)
{
    return s->document->api->settings.database != NULL &&
           put_text(out, s->env->facts->store_prefix);
}

static bool get_database_table(const struct status_subject *s, struct str *out)
{
    return put_text(out, s->env->facts->store_table);
}

static bool has_segments(const struct status_subject *s)
{
    return s->env->state.segments.in_use;
}

static bool put_boolean(struct str *out, bool value)
{
    return put_text(out, value ? "true" : "false");
}

static bool get_segments_available(const struct status_subject *s, struct str *out)
{
    return put_boolean(out, s->env->state.segments.available);
}

static bool get_segments_stale(const struct status_subject *s, struct str *out)
{
    return put_boolean(out, are_segments_stale(s->document, s->env));
}

static bool get_segments_time(const struct status_subject *s, struct str *out)
{
    return status_put_number(out, s->env->state.segments.synchronized_on_ms);
}

static bool get_top_status(const struct status_subject *s, struct str *out)
{
    return put_text(out, status_is_healthy(s->document) ? "healthy" : "degraded");
}

static bool get_version(const struct status_subject *s, struct str *out)
{
    return put_text(out, s->document->api->settings.version);
}

static bool get_client_version(const struct status_subject *s, struct str *out)
{
    (void)s;
    return put_text(out, CLIENT_VERSION);
}

static bool get_product(const struct status_subject *s, struct str *out)
{
    (void)s;
    return put_text(out, "flagrelay");
}

/* ---- the table ------------------------------------------------------------------------------- */

#define SHAPE(rows)                                                                                \
    {                                                                                              \
        rows, ARRAY_LEN(rows)                                                                      \
    }

static const struct status_row error_rows[] = {
    {"kind", STATUS_TEXT, true, get_error_kind},
    {"statusCode", STATUS_NUMBER, false, get_error_code},
    {"time", STATUS_NUMBER, true, get_error_time},
};
static const struct status_shape error_shape = SHAPE(error_rows);

static const struct status_row connection_rows[] = {
    {"state", STATUS_TEXT, true, get_connection_state},
    {"stateSince", STATUS_NUMBER, true, get_connection_since},
    {"lastError", STATUS_OBJECT, true, .shape = &error_shape, .present = has_error},
};
static const struct status_shape connection_shape = SHAPE(connection_rows);

static const struct status_row store_rows[] = {
    {"state", STATUS_TEXT, true, get_store_state},
    {"stateSince", STATUS_NUMBER, true, get_store_since},
    {"database", STATUS_TEXT, true, get_database},
    {"dbServer", STATUS_TEXT, true, get_database_server},
    {"dbPrefix", STATUS_TEXT, true, get_database_prefix},
    {"dbTable", STATUS_TEXT, true, get_database_table},
};
static const struct status_shape store_shape = SHAPE(store_rows);

static const struct status_row big_segment_rows[] = {
    {"available", STATUS_BOOLEAN, true, get_segments_available},
    {"potentiallyStale", STATUS_BOOLEAN, true, get_segments_stale},
    {"lastSynchronizedOn", STATUS_NUMBER, true, get_segments_time},
};
static const struct status_shape big_segment_shape = SHAPE(big_segment_rows);

static const struct status_row sdk_key_rows[] = {
    {"key", STATUS_TEXT, false},
    {"value", STATUS_TEXT, false, get_sdk_key},
    {"expiry", STATUS_NUMBER, false},
};
static const struct status_shape sdk_key_shape = SHAPE(sdk_key_rows);

static const struct status_row mobile_key_rows[] = {
    {"key", STATUS_TEXT, false},
    {"value", STATUS_TEXT, false, get_mobile_key},
    {"expiry", STATUS_NUMBER, false},
};
static const struct status_shape mobile_key_shape = SHAPE(mobile_key_rows);

static const struct status_row environment_rows[] = {
    {"sdkKey", STATUS_TEXT, true, get_sdk_key},
    {"sdkKeys", STATUS_ARRAY, false, .shape = &sdk_key_shape, .count = count_sdk_keys},
    {"envId", STATUS_TEXT, true, get_env_id},
    {"envKey", STATUS_TEXT, true},
    {"envName", STATUS_TEXT, true},
    {"projKey", STATUS_TEXT, true},
    {"projName", STATUS_TEXT, true},
    {"mobileKey", STATUS_TEXT, true, get_mobile_key},
    {"mobileKeys", STATUS_ARRAY, false, .shape = &mobile_key_shape, .count = count_mobile_keys},
    {"expiringSdkKey", STATUS_TEXT, true},
    {"status", STATUS_TEXT, true, get_env_status},
    {"connectionStatus", STATUS_OBJECT, true, .shape = &connection_shape},
    {"dataStoreStatus", STATUS_OBJECT, true, .shape = &store_shape},
    {"bigSegmentStatus", STATUS_OBJECT, true, .shape = &big_segment_shape, .present = has_segments},
};
const struct status_shape status_of_environment = SHAPE(environment_rows);

static const struct status_row refused_rows[] = {
    {"envId", STATUS_TEXT, false},
    {"reason", STATUS_TEXT, false},
    {"serving", STATUS_BOOLEAN, false},
};
static const struct status_shape refused_shape = SHAPE(refused_rows);

static const struct status_row top_rows[] = {
    {"environments", STATUS_MAP, true, .shape = &status_of_environment},
    {"autoConfigStatus", STATUS_OBJECT, false, .shape = &connection_shape, .never = true},
    {"refusedEnvironments", STATUS_ARRAY, false, .shape = &refused_shape},
    {"status", STATUS_TEXT, true, get_top_status},
    {"version", STATUS_TEXT, true, get_version},
    {"clientVersion", STATUS_TEXT, true, get_client_version},
    {"product", STATUS_TEXT, false, get_product},
    {"events", STATUS_OBJECT, false, .shape = &status_of_events, .present = status_has_events},
};
const struct status_shape status_top = SHAPE(top_rows);
