/* run_settings.c - what each room wants to know, out of the configuration. */
#include "run_private.h"

#include <stdlib.h>

#define USER_AGENT "flagrelay/" FLAGRELAY_VERSION " LDRelay/8.10.1"

/* With exitAlways somebody must wait, also when initTimeout says not to (data-store.md 5.2). */
#define ONE_SHOT_TIMEOUT_MS 10000

/* Of each request to Consul (data-store.md 3.3). */
#define CONSUL_TIMEOUT_MS 10000

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static const char *const *list(const struct config_list *l)
{
    return (const char *const *)l->items;
}

size_t settings_threads(const struct config *c)
{
    if (c->main.exit_always)
        return 0;
    return c->main.threads > 0 ? (size_t)c->main.threads : uv_available_parallelism();
}

void settings_for_client(const struct config *c, struct http_client_settings *out)
{
    *out = (struct http_client_settings){
        .proxy_url = or_null(c->proxy.url),
        .proxy_user = or_null(c->proxy.user),
        .proxy_password = or_null(c->proxy.password),
        .ca_files = list(&c->proxy.ca_cert_files),
        .user_agent = USER_AGENT,
    };
}

static enum store_kind store_kind(enum config_database database)
{
    static const enum store_kind kinds[] = {
        [CONFIG_NO_DATABASE] = STORE_MEMORY, [CONFIG_REDIS] = STORE_REDIS,
        [CONFIG_CONSUL] = STORE_CONSUL,      [CONFIG_DYNAMODB] = STORE_DYNAMODB,
        [CONFIG_SQLITE] = STORE_SQLITE,
    };
    return kinds[database];
}

static void settings_for_redis(const struct config *c, struct store_redis_settings *out)
{
    static const enum store_redis_mode modes[] = {
        [CONFIG_REDIS_SINGLE] = STORE_REDIS_SINGLE,
        [CONFIG_REDIS_SENTINEL] = STORE_REDIS_SENTINEL,
        [CONFIG_REDIS_CLUSTER] = STORE_REDIS_CLUSTER,
    };
    const struct config_redis *r = &c->redis;
    *out = (struct store_redis_settings){
        .mode = modes[r->mode],
        .address = c->redis_address,
        .nodes = list(&r->nodes),
        .username = r->username,
        .password = r->password,
        .tls = r->tls,
        .ca_file = r->ca_file,
        .certificate_file = r->client_certificate_file,
        .key_file = r->client_key_file,
        .database = config_is_set(c, &r->database) ? r->database : -1,
        .sentinel_master = r->sentinel_master,
        .sentinel_username = r->sentinel_username,
        .sentinel_password = r->sentinel_password,
        .connect_timeout_ms = config_ms(r->connect_timeout_ns),
        .read_timeout_ms = config_ms(r->read_timeout_ns),
        .atomic_upsert = r->atomic_upsert,
        .iam_cache = r->aws_iam_auth ? r->aws_iam_cache_name : NULL,
        .iam_serverless = r->aws_iam_serverless,
        .variable = getenv,
        .random = random_system(),
    };
}

/* Consul's own variables count where the options say nothing (data-store.md 3.3). */
static void settings_for_consul(const struct config *c, struct store_consul_settings *out)
{
    *out = (struct store_consul_settings){
        .host = c->consul.host,
        .token = c->consul.token,
        .token_file = c->consul.token_file,
        .variable = getenv,
        .timeout_ms = CONSUL_TIMEOUT_MS,
        .random = random_system(),
    };
}

void settings_for_store(const struct config *c, struct store_settings *out)
{
    *out = (struct store_settings){
        .kind = store_kind(c->database),
        .path = c->sqlite.path,
        .synchronous_full = c->sqlite.synchronous == CONFIG_SYNCHRONOUS_FULL,
        .busy_timeout_ms = config_ms(c->sqlite.busy_timeout_ns),
        .health_check_interval_ms = config_ms(c->store.health_check_interval_ns),
    };
    if (c->database == CONFIG_REDIS)
        settings_for_redis(c, &out->redis);
    if (c->database == CONFIG_CONSUL)
        settings_for_consul(c, &out->consul);
    if (c->database == CONFIG_DYNAMODB)
        out->dynamodb = (struct store_dynamodb_settings){
            .url = c->dynamodb.url, .variable = getenv, .random = random_system()};
}

void settings_for_door(const struct config *c, struct events_door_settings *out)
{
    *out = (struct events_door_settings){
        .enabled = c->events.send_events,
        .spooled = c->events.spool_dir[0] != '\0',
        .max_body = (size_t)c->events.max_inbound_payload_size_bytes,
        .max_queue_bytes = c->events.max_queue_bytes,
    };
}

void settings_for_events(struct run *r, const struct config *c, struct events_settings *out)
{
    static const enum spool_sync syncs[] = {
        [CONFIG_SPOOL_ALWAYS] = SPOOL_SYNC_ALWAYS,
        [CONFIG_SPOOL_INTERVAL] = SPOOL_SYNC_INTERVAL,
        [CONFIG_SPOOL_NEVER] = SPOOL_SYNC_NEVER,
    };
    const struct config_events *ev = &c->events;
    *out = (struct events_settings){
        .clock = clock_system(),
        .random = random_system(),
        .loop = &r->loop,
        .client = r->client,
        .uri = ev->events_uri,
        .flush_interval_ms = config_ms(ev->flush_interval_ns),
        .capacity = (size_t)ev->capacity,
        .capacity_set = config_is_set(c, &ev->capacity),
        .max_batch_bytes = (size_t)ev->max_batch_bytes,
        .max_in_flight = (int)ev->max_in_flight,
        .retry_max_age_ms = config_ms(ev->retry_max_age_ns),
        .dedupe_window_ms = config_ms(ev->dedupe_window_ns),
        .usage_capacity = (size_t)ev->metrics_capacity,
        .spool_dir = ev->send_events ? ev->spool_dir : "",
        .spool_max_bytes = ev->spool_max_size_bytes,
        .spool_sync = syncs[ev->spool_sync],
    };
}

void settings_for_usage(struct run *r, struct usage_settings *out)
{
    struct fanout_route route = api_fanout_route(r->api);
    *out = (struct usage_settings){
        .clock = clock_system(),
        .loop = &r->loop,
        .events = r->events,
        .enabled = !r->config->main.disable_usage_reporting,
        .counts = api_usage(r->api),
        .thread_count = settings_threads(r->config),
        .owner = route.owner,
        .post = route.post,
        .mailbox = &r->mailbox,
    };
}

void settings_for_api(struct run *r, size_t threads, struct api_settings *out)
{
    const struct config *c = r->config;
    *out = (struct api_settings){
        .clock = clock_system(),
        .threads = threads,
        .version = FLAGRELAY_VERSION,
        .classic_status = c->main.status_format == CONFIG_STATUS_CLASSIC,
        .status_page = c->main.status_page,
        .ping_jitter_ms = config_ms(c->main.ping_stream_jitter_time_ns),
        .random = random_system(),
        .max_body = (size_t)c->main.max_client_request_body_size_bytes,
        .ofrep = c->http.enable_ofrep,
        .disconnected_status_ms = config_ms(c->main.disconnected_status_time_ns),
        .segments_stale_ms = config_ms(c->main.big_segments_stale_threshold_ns),
        .segments_stale_as_degraded = c->main.big_segments_stale_as_degraded,
        .door = &r->door,
        .database = store_database_name(r->database),
        .database_server = store_database_server(r->database),
    };
}

void settings_for_goals(const struct run *r, struct goals_settings *out)
{
    *out = (struct goals_settings){
        .loop = (uv_loop_t *)&r->loop,
        .clock = clock_system(),
        .client = r->client,
        .base_uri = r->config->main.client_side_base_uri,
        .route = api_goals_route(r->api),
    };
}

void settings_for_house(const struct run *r, struct house_settings *out)
{
    const struct config *c = r->config;
    int64_t init_timeout_ms = config_ms(c->main.init_timeout_ns);
    if (c->main.exit_always && init_timeout_ms <= 0)
        init_timeout_ms = ONE_SHOT_TIMEOUT_MS;
    *out = (struct house_settings){
        .clock = clock_system(),
        .random = random_system(),
        .loop = (uv_loop_t *)&r->loop,
        .client = r->client,
        .database = r->database,
        .memberships = r->memberships,
        .base_uri = c->main.base_uri,
        .stream_uri = c->main.stream_uri,
        .init_timeout_ms = init_timeout_ms,
        .disconnected_status_ms = config_ms(c->main.disconnected_status_time_ns),
        .local_ttl_ms = c->database != CONFIG_NO_DATABASE ? config_ms(c->store.local_ttl_ns) : -1,
        .serve_from_memory_during_outage = c->store.serve_from_memory_during_outage,
        .file_monitoring_ms = config_ms(c->local_file.monitoring_interval_ns),
        .ignore_duplicate_keys = c->local_file.duplicate_keys == CONFIG_DUPLICATES_IGNORE,
        .ignore_connection_errors = c->main.ignore_connection_errors,
        .serve_store_while_initializing = c->main.serve_store_while_initializing,
        .max_patch_bytes = (size_t)c->main.big_segments_max_patch_bytes,
        .members_cache_size = (size_t)c->main.big_segments_cache_size,
        .members_cache_ms = config_ms(c->main.big_segments_cache_time_ns),
        .segments_poll_ms = config_ms(c->main.big_segments_status_poll_interval_ns),
        .trace_big_segments = c->trace_log_big_segments,
    };
}

void settings_for_environment(const struct config *c, const struct config_environment *e,
                              struct env_settings *out)
{
    *out = (struct env_settings){
        .name = e->name,
        .sdk_key = e->sdk_key,
        .mobile_key = e->mobile_key,
        .env_id = e->env_id,
        .filter_key = e->filter_key,
        .prefix = e->store_prefix,
        .table = c->database == CONFIG_DYNAMODB ? e->table_name : "",
        .log_level = e->log_level,
        .allowed_origins = list(&e->allowed_origin),
        .allowed_headers = list(&e->allowed_header),
        .ttl_ms = config_ms(e->ttl_ns),
        .secure_mode = e->secure_mode,
        .data_files = e->data_file.count != 0 ? list(&e->data_file) : NULL,
    };
}

void settings_for_server(const struct config *c, size_t threads, struct http_server_settings *out)
{
    const struct config_main *m = &c->main;
    *out = (struct http_server_settings){
        .listen_address = or_null(m->listen_address),
        .port = (int)m->port,
        .threads = (int)threads,
        .tls = m->tls_enabled,
        .tls_cert = or_null(m->tls_cert),
        .tls_key = or_null(m->tls_key),
        .tls_min_version = (int)m->tls_min_version,
        .max_connections = m->max_client_connections,
        .max_connections_per_address = m->max_client_connections_per_address,
        .max_header_size = (size_t)m->max_request_header_size_bytes,
        .header_timeout_ms = config_ms(m->request_header_timeout_ns),
        .idle_timeout_ms = config_ms(m->client_idle_timeout_ns),
        .compress = c->http.enable_compression,
        .heartbeat_ms = config_ms(m->heartbeat_interval_ns),
        .max_stream_time_ms = config_ms(m->max_client_connection_time_ns),
        .max_write_time_ms = config_ms(m->max_client_write_time_ns),
        .max_backlog = (size_t)m->max_client_backlog_bytes,
        .random = random_system(),
    };
}
