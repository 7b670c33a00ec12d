/* run_private.h - what run.c shares with the files that do parts of its work. */
#ifndef RUN_PRIVATE_H
#define RUN_PRIVATE_H

#include "api/api.h"
#include "bigsegments/membership_store.h"
#include "env/env.h"
#include "events/events.h"
#include "events/usage.h"
#include "run.h"
#include "telemetry/telemetry.h"

enum run_stage {
    RUN_STARTING,
    RUN_SERVING,
    RUN_ENDING_SOON, /* a signal came; shutdownDelay is running, everything is still served */
    RUN_ENDING       /* everything is being closed */
};

enum { RUN_SIGNALS = 5 };

struct run {
    const struct config *config; /* at the start; what the rooms were built from */
    const struct config *latest; /* of the last reload; else the same */
    const struct config_command *command;
    char *const *envp;
    enum run_stage stage;
    int exit_code;

    uv_loop_t loop;
    struct mailbox mailbox; /* what serving threads ask of the control thread */
    struct http_client *client;
    struct store_database *database;
    struct membership_database *memberships; /* NULL: the database holds no big segments */
    struct api *api;
    struct house *house;
    struct http_server *server;
    struct goals *goals; /* while the serving threads run */
    struct events_door door;
    struct events *events;       /* NULL: none are accepted, nor made */
    struct usage *usage;         /* while the serving threads run */
    struct telemetry *telemetry; /* NULL: Prometheus is not enabled */
    bool outside_closing;

    uv_signal_t signals[RUN_SIGNALS];
    uv_timer_t beat;  /* every second: the control thread is alive; one-shot: looks whether all is
                         written */
    uv_timer_t delay; /* shutdownDelay, then gracefulShutdownTimeout */
    int64_t end_ms;   /* when that is over */
    bool handles_open;

    /* how environments started */
    size_t starts_left;
    bool start_failed;
};

/* run_settings.c: what the rooms want to know, out of the configuration. */
void settings_for_client(const struct config *c, struct http_client_settings *out);
void settings_for_store(const struct config *c, struct store_settings *out);
void settings_for_door(const struct config *c, struct events_door_settings *out);
void settings_for_events(struct run *r, const struct config *c, struct events_settings *out);
void settings_for_usage(struct run *r, struct usage_settings *out);
void settings_for_api(struct run *r, size_t threads, struct api_settings *out);
void settings_for_house(const struct run *r, struct house_settings *out);
void settings_for_environment(const struct config *c, const struct config_environment *e,
                              struct env_settings *out);
void settings_for_goals(const struct run *r, struct goals_settings *out);
void settings_for_server(const struct config *c, size_t threads, struct http_server_settings *out);
size_t settings_threads(const struct config *c);

/* run_signals.c */
void run_signals_open(struct run *r);
void run_signals_close(struct run *r);

/* run_metrics.c: the metrics listener, where it is enabled; false: it cannot be opened. */
bool run_metrics_open(struct run *r);

/* run_stop.c: the way down. */
void run_stop_gracefully(struct run *r);         /* after shutdownDelay */
void run_stop_now(struct run *r, int exit_code); /* without spreading anything over time */
void run_house_closed(void *owner);              /* for house_listener */

/* run_reload.c: SIGHUP. */
void run_reload(struct run *r);

/* limits.c: as many open files as allowed; says so when connections are limited by it. */
void limits_raise(const struct config *c);

#endif
