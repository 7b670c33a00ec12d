/* config/ - what the operator asked for: command line, configuration file, environment variables.
 *
 *   argv --config_command_line_parse()--> struct config_command
 *                                              |
 *   file --> lexer -> file reader  --+         v
 *   envp --> environment reader    --+--> config_load() --> validated, expanded struct config
 *                   all of them read options.c, the one table of options
 *
 * A configuration never changes after config_load(): a reload builds another one. It may be read
 * from any thread while a reference is held. May call: base. Spec: configuration.md.
 *
 * Every option is one field, named as in the table of configuration.md 4 and always holding the
 * value in force, the default included. Durations are nanoseconds (`_ns`; config_ms() for
 * milliseconds), byte sizes are bytes (`_bytes`). Text is never NULL: what is not set is "". Lists
 * end with NULL. Where "set to the default" differs from "not set", ask config_is_set(c,
 * &c->events.capacity).
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- command line (section 1) ---------------------------------------------------------------- */

struct config_list {
    char **items; /* followed by NULL; itself NULL only while empty */
    size_t count;
};

enum config_action {
    CONFIG_RUN,
    CONFIG_SHOW_VERSION, /* `out_text` is the text of the log line */
    CONFIG_SHOW_HELP,    /* `out_text` is for stdout */
    CONFIG_CHECK,        /* load, then config_check_text() on stdout */
    CONFIG_PRINT,        /* load, then config_print() on stdout */
    CONFIG_CHECK_HEALTH, /* probe command.health_url, or the relay's own /status when it is "" */
    CONFIG_WRONG_USAGE   /* `out_text` (may be empty) for stderr, then *err as a log line; exit 1 */
};

struct config_command {
    char *file; /* "" : none is read */
    bool from_env;
    bool allow_missing_file;
    char *health_url;              /* "" : not given */
    struct config_list data_files; /* --data-file */
};

/* *out must be released with config_command_free() whatever the answer. */
enum config_action config_command_line_parse(int argc, char *const *argv,
                                             struct config_command *out, struct str *out_text,
                                             struct error *err);
void config_command_free(struct config_command *cmd);

/* "configuration file X plus environment variables" ... for the start line (14.1). */
void config_source_text(const struct config_command *cmd, struct str *out);

/* LOG_FORMAT, which holds from the first line on and needs no --from-env (5.4). */
enum log_format config_early_log_format(char *const *envp);

/* ---- the configuration ----------------------------------------------------------------------- */

/* The numbers are positions in the word lists of options.c. */
enum config_flag_delivery { CONFIG_DELIVERY_V1, CONFIG_DELIVERY_V2, CONFIG_DELIVERY_AUTO };
enum config_status_format { CONFIG_STATUS_FULL, CONFIG_STATUS_CLASSIC };
enum config_spool_sync { CONFIG_SPOOL_ALWAYS, CONFIG_SPOOL_INTERVAL, CONFIG_SPOOL_NEVER };
enum config_redis_mode { CONFIG_REDIS_SINGLE, CONFIG_REDIS_SENTINEL, CONFIG_REDIS_CLUSTER };
enum config_synchronous { CONFIG_SYNCHRONOUS_NORMAL, CONFIG_SYNCHRONOUS_FULL };
enum config_duplicate_keys { CONFIG_DUPLICATES_FAIL, CONFIG_DUPLICATES_IGNORE };
enum config_otlp_protocol { CONFIG_OTLP_GRPC, CONFIG_OTLP_HTTP };

enum config_mode { CONFIG_MANUAL, CONFIG_AUTOMATIC, CONFIG_OFFLINE };
enum config_database {
    CONFIG_NO_DATABASE,
    CONFIG_REDIS,
    CONFIG_CONSUL,
    CONFIG_DYNAMODB,
    CONFIG_SQLITE
};

struct config_main {
    bool exit_on_error;
    bool exit_always;
    bool ignore_connection_errors;
    enum config_flag_delivery flag_delivery;
    char *stream_uri;
    char *base_uri;             /* effective (7.2) */
    char *client_side_base_uri; /* effective (7.2) */
    int64_t port;
    int64_t init_timeout_ns;               /* <= 0: do not wait */
    int64_t heartbeat_interval_ns;         /* <= 0: none */
    int64_t max_client_connection_time_ns; /* <= 0: no limit */
    int64_t disconnected_status_time_ns;
    bool tls_enabled;
    char *tls_cert;
    char *tls_key;
    int64_t tls_min_version; /* 0: not set; else OpenSSL's number, 0x0301 (1.0) to 0x0304 (1.3) */
    enum log_level log_level;
    bool big_segments_stale_as_degraded;
    int64_t big_segments_stale_threshold_ns;
    int64_t expired_credential_cleanup_interval_ns;
    int64_t graceful_shutdown_timeout_ns;
    int64_t max_client_request_body_size_bytes;
    int64_t ping_stream_jitter_time_ns;         /* <= 0: none */
    char *listen_address;                       /* "": all */
    int64_t threads;                            /* 0: not set, one per usable CPU */
    int64_t max_client_connections;             /* 0: descriptor limit - 256 */
    int64_t max_client_connections_per_address; /* 0: no limit */
    int64_t max_client_write_time_ns;           /* <= 0: no limit */
    int64_t max_client_backlog_bytes;
    int64_t max_request_header_size_bytes;
    int64_t request_header_timeout_ns;
    int64_t client_idle_timeout_ns; /* <= 0: none */
    enum log_format log_format;
    bool log_env_names;
    enum config_status_format status_format;
    bool status_page;
    int64_t shutdown_delay_ns;
    struct config_list data_file; /* also --data-file; already made into the environment "local" */
    bool disable_usage_reporting;
    bool serve_store_while_initializing;
    int64_t big_segments_cache_size;
    int64_t big_segments_cache_time_ns;
    int64_t big_segments_status_poll_interval_ns;
    int64_t big_segments_max_patch_bytes;
    char *relay_key; /* secret */
};

struct config_auto_config {
    char *key; /* secret */
    char *env_datastore_prefix;
    char *env_datastore_table_name;
    struct config_list env_allowed_origin;
    struct config_list env_allowed_header;
    char *cache_key;
    char *cache_encryption_key; /* secret; "": the auto-config key */
};

struct config_offline_mode {
    char *file_data_source;
    int64_t file_data_source_monitoring_interval_ns;
    char *env_datastore_prefix;
    char *env_datastore_table_name;
    struct config_list env_allowed_origin;
    struct config_list env_allowed_header;
};

struct config_events {
    bool send_events;
    char *events_uri;
    int64_t flush_interval_ns;
    int64_t capacity; /* a hard limit only if set */
    bool inline_users;
    int64_t max_inbound_payload_size_bytes;
    int64_t metrics_capacity;
    int64_t max_queue_bytes;
    int64_t max_batch_bytes;
    int64_t max_in_flight;
    int64_t retry_max_age_ns; /* effective: 24 h with a spool */
    int64_t dedupe_window_ns;
    char *spool_dir;
    int64_t spool_max_size_bytes;
    enum config_spool_sync spool_sync;
};

struct config_concurrency {
    int64_t max_concurrent; /* 0: off */
    int64_t max_queued;
    int64_t send_timeout_ns;
};

/* What the four databases have in common. */
struct config_store {
    int64_t local_ttl_ns;             /* < 0: forever; 0: no cache */
    int64_t health_check_interval_ns; /* 0: off */
    bool serve_from_memory_during_outage;
};

struct config_redis {
    bool use;
    bool tls;
    bool atomic_upsert;
    bool aws_iam_auth;
    bool aws_iam_serverless;
    enum config_redis_mode mode;
    char *host;
    int64_t port;
    char *url; /* as given; config.redis_address is what holds */
    char *username;
    char *password; /* secret */
    struct config_store store;
    char *client_certificate_file;
    char *client_key_file;
    char *ca_file;
    int64_t connect_timeout_ns;
    int64_t read_timeout_ns;
    struct config_list nodes;
    char *cluster_hash_tag;
    int64_t database; /* meaningful if set; else the URL's */
    char *sentinel_master;
    char *sentinel_username;
    char *sentinel_password; /* secret */
    char *aws_iam_cache_name;
};

struct config_consul {
    bool use;
    char *host;  /* effective (8.3) */
    char *token; /* secret */
    char *token_file;
    struct config_store store;
};

struct config_dynamodb {
    bool enabled; /* effective (8.1) */
    char *table_name;
    char *url;
    struct config_store store;
};

struct config_sqlite {
    bool enabled; /* effective (8.1) */
    char *path;   /* effective (17.4), when this is the database */
    enum config_synchronous synchronous;
    int64_t busy_timeout_ns;
    struct config_store store;
};

struct config_local_file {
    int64_t monitoring_interval_ns;
    enum config_duplicate_keys duplicate_keys;
};

struct config_proxy {
    char *url; /* "": the usual variables decide (11.1) */
    bool ntlm_auth;
    char *user;
    char *password; /* secret */
    char *domain;
    struct config_list ca_cert_files;
};

struct config_http {
    bool enable_compression;
    bool enable_ofrep;
    int64_t idle_conn_timeout_ns;
    int64_t max_idle_conns;
    int64_t max_idle_conns_per_host;
    bool disable_keep_alives;
};

struct config_datadog {
    bool enabled;
    char *prefix;
    char *trace_addr;
    char *stats_addr;
    struct config_list tag; /* "name:value"; sorted when variables were read */
};

struct config_stackdriver {
    bool enabled;
    char *prefix;
    char *project_id;
};

struct config_prometheus {
    bool enabled;
    char *prefix;
    int64_t port;
    char *listen_address;
};

struct config_open_telemetry {
    bool enabled;
    char *protocol; /* as given; config.otlp_protocol is its meaning */
    int64_t metrics_cardinality_limit;
    bool environment_status_metrics;
    char *logs_exporter;
    char *traces_exporter;
    char *metrics_exporter;
};

struct config_debug {
    bool enabled;
};

struct config_slot; /* where one value came from; config/record.h */

/* One environment to be opened, a filtered variant included (manual mode only). */
struct config_environment {
    char *name; /* display name: "prod", "prod/filter" */
    char *sdk_key;
    char *mobile_key; /* "": none */
    char *env_id;     /* "": none */
    bool secure_mode;
    char *prefix;     /* as configured; for a variant with "/filter"; may be empty */
    char *table_name; /* effective */
    struct config_list allowed_origin; /* empty: any */
    struct config_list allowed_header;
    enum log_level log_level; /* effective */
    int64_t ttl_ns;           /* <= 0: no caching headers */
    char *proj_key;
    char *filter_key; /* payload filter; "": none */
    bool offline;     /* accepted when false, else refused (9.3) */
    struct config_list
        data_file;      /* not empty: flags come from these files, not from LaunchDarkly */
    char *store_prefix; /* effective prefix in the database (8.4, 17.4); may be empty */
    bool from_filters;  /* made from [Filters], has no section of its own */
    struct config_slot *slots;
};

struct config_filter {
    char *project;
    struct config_list keys; /* as given; already expanded into environments */
    struct config_slot *slots;
};

struct config {
    struct config_main main;
    struct config_auto_config auto_config;
    struct config_offline_mode offline_mode;
    struct config_events events;
    struct config_concurrency concurrency;
    struct config_redis redis;
    struct config_consul consul;
    struct config_dynamodb dynamodb;
    struct config_sqlite sqlite;
    struct config_local_file local_file;
    struct config_proxy proxy;
    struct config_http http;
    struct config_datadog datadog;
    struct config_stackdriver stackdriver;
    struct config_prometheus prometheus;
    struct config_open_telemetry open_telemetry;
    struct config_debug debug;

    struct config_environment *
        *environments; /* file order, then by name; variants after their own */
    size_t environment_count;
    struct config_filter **filters;
    size_t filter_count;

    /* Derived. */
    enum config_mode mode;
    enum config_database database;
    struct config_store store; /* of that database; unused without one */
    char *redis_address;       /* 8.2, 17.6; "" without Redis. May hold a password: mask_url() */
    enum config_otlp_protocol otlp_protocol;
    bool trace_log_big_segments; /* LD_TRACE_LOG_BIG_SEGMENTS */

    char *file; /* as named on the command line; "": none was read */
    struct config_slot *slots;
    _Atomic unsigned refs;
};

/* Reads, merges, validates, expands. `envp` ends with NULL; it is looked at even without --from-env
 * for the few variables of 5.4. `warnings` gets one text per line, also on failure. False:
 * `problem` holds the complete text for the log, its prefix ("Configuration error: " ...) included;
 * exit 1. */
MUST_CHECK bool config_load(const struct config_command *cmd, char *const *envp,
                            const struct config **out, struct str *warnings, struct str *problem);

const struct config *config_ref(const struct config *c);
void config_unref(const struct config *c); /* accepts NULL */

/* Nanoseconds to milliseconds, away from zero, so that a short time does not become "none". */
static inline int64_t config_ms(int64_t ns)
{
    int64_t rest = ns % 1000000;
    return ns / 1000000 + (rest > 0) - (rest < 0);
}

/* Was this option given by file, variable or command line? `field` is the address of a member of
 * `c`. */
bool config_is_set(const struct config *c, const void *field);

/* Calls `changed` with each option ("[Main] port", "[Environment \"prod\"] ttl") that has another
 * value in `b`. Environments that only one of them has are left out. */
void config_compare(const struct config *a, const struct config *b,
                    void (*changed)(void *arg, const char *option), void *arg);

/* ---- showing it (17.1, 14.1) ----------------------------------------------------------------- */

/* The effective configuration in file syntax, what differs from the defaults, secrets masked. */
void config_print(const struct config *c, struct str *out);

/* "[Main] port = 8031 (file r.conf:7)": one line per option as above, for the debug log. */
void config_print_origins(const struct config *c, struct str *out);

/* "Configuration OK: 2 environment(s), no database, port 8030". */
void config_check_text(const struct config *c, struct str *out);

const char *config_database_name(enum config_database database); /* "Redis" ...; "no database" */

#endif
