/* Who may: tokens and certificates (data-store.md 3.3), with a real Consul that asks for them. */
#include "certificates.h"
#include "consul_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER "11111111-2222-3333-4444-555555555555"
#define RELAY "66666666-7777-8888-9999-000000000000"

/* What the agent's -hcl= option says. */
static const char acl_options[] =
    "-hcl=acl {\n enabled = true\n default_policy = \"deny\"\n tokens "
    "{\n initial_management = \"" MANAGER "\"\n }\n}";

static void policy_set(const struct consul_world *c, const char *method, const char *rights)
{
    char target[128] = "/v1/acl/policy";
    char body[256];
    static char id[64];
    if (strcmp(method, "update") == 0)
        (void)snprintf(target, sizeof target, "/v1/acl/policy/%s", id);
    (void)snprintf(body, sizeof body,
                   "{\"Name\":\"relay\",\"Rules\":\"key_prefix \\\"prod/\\\" { policy = \\\"%s\\\" "
                   "}\"}",
                   rights);
    const char *answer = consul_say(c, "PUT", target, body);
    assert_int_equal(consul_status(), 200);
    const char *at = strstr(answer, "\"ID\": \"");
    assert_non_null(at);
    (void)snprintf(id, sizeof id, "%.36s", at + 7);
}

static void token_create(const struct consul_world *c)
{
    (void)consul_say(c, "PUT", "/v1/acl/token",
                     "{\"SecretID\":\"" RELAY "\",\"AccessorID\":\"" RELAY
                     "\",\"Policies\":[{\"Name\":\"relay\"}]}");
    assert_int_equal(consul_status(), 200);
}

static void begin_with_acl(struct consul_world *c, const char *rights)
{
    static const char *const options[] = {acl_options, NULL};
    memset(c, 0, sizeof *c);
    world_begin(&c->w);
    c->token = MANAGER;
    consul_start(c, 0, options);
    policy_set(c, "create", rights);
    token_create(c);
    consul_settings(c);
    c->w.settings.consul.token = RELAY;
    consul_open(c);
}

static void end_silently(struct consul_world *c)
{
    assert_int_equal(log_count("66666666") + log_count("1111111"), 0);
    consul_end(c);
}

/* A token that may only read: the outage lasts until it may write; checklist 61, 83. */
static void who_may_not_write_is_told_until_he_may(void **state)
{
    struct consul_world c;
    (void)state;
    begin_with_acl(&c, "read");
    assert_dataset(read_back(&c.h), "");
    c.h.snapshot = dataset_text("f2 s:1");
    c.h.current = true;
    (void)store_init_post(c.h.store, c.h.snapshot);
    run_until_state(&c.h, STORE_INTERRUPTED);
    assert_true(log_count("Permission denied") > 0);
    run_until_line(&c.w, "Tried to write cached data to persistent store after a store outage, but "
                         "failed: ");
    assert_int_equal(c.h.state, STORE_INTERRUPTED);
    policy_set(&c, "update", "write");
    run_until_state(&c.h, STORE_VALID);
    assert_dataset(read_back(&c.h), "f2 s:1");
    end_silently(&c);
}

/* Without any right a list is simply empty; the marker says more. */
static void who_may_see_nothing_has_not_lost_it(void **state)
{
    struct consul_world c;
    (void)state;
    begin_with_acl(&c, "write");
    write_all(&c.h, dataset_text("f1"));
    assert_dataset(read_back(&c.h), "f1");
    (void)consul_say(&c, "DELETE", "/v1/acl/token/" RELAY, NULL);
    assert_int_equal(consul_status(), 200);
    store_read_post(c.h.store, STORE_ALL_KINDS);
    run_until_state(&c.h, STORE_INTERRUPTED);
    assert_true(log_count("Unexpected response code: 403 (") > 0);
    token_create(&c);
    run_until_state(&c.h, STORE_VALID);
    assert_dataset(read_back(&c.h), "f1");
    policy_set(&c, "update", "deny");
    store_read_post(c.h.store, STORE_ALL_KINDS);
    run_until_state(&c.h, STORE_INTERRUPTED);
    policy_set(&c, "update", "write");
    run_until_state(&c.h, STORE_VALID);
    assert_dataset(read_back(&c.h), "f1");
    end_silently(&c);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static char ca_file[128];
static char ca_folder[128];
static char client_crt[128];
static char client_key[128];
static const char *ssl_verify;
static const char *server_name;

static char *tls_variable(const char *name)
{
    const struct {
        const char *name;
        const char *value;
    } set[] = {
        {"CONSUL_HTTP_SSL", "true"},
        {"CONSUL_CACERT", ca_file},
        {"CONSUL_CAPATH", ca_folder},
        {"CONSUL_CLIENT_CERT", client_crt},
        {"CONSUL_CLIENT_KEY", client_key},
        {"CONSUL_HTTP_SSL_VERIFY", ssl_verify},
        {"CONSUL_TLS_SERVER_NAME", server_name},
    };
    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        if (strcmp(set[i].name, name) == 0)
            return (char *)(uintptr_t)set[i].value;
    }
    return NULL;
}

static void variables_reset(void)
{
    ca_file[0] = '\0';
    ca_folder[0] = '\0';
    client_crt[0] = '\0';
    client_key[0] = '\0';
    ssl_verify = NULL;
    server_name = NULL;
}

static void path_set(char out[static 128], const struct consul_world *c, const char *name)
{
    (void)snprintf(out, 128, "%s/%s", c->w.folder, name);
}

/* An agent that wants a certificate of its clients; HTTPS on a second port. */
static uint16_t begin_with_tls(struct consul_world *c, struct authority *ca)
{
    static char port[64];
    static char hcl[512];
    static const char *const options[] = {port, hcl, NULL};
    uint16_t https = free_port();
    memset(c, 0, sizeof *c);
    variables_reset();
    world_begin(&c->w);
    authority_open(ca, c->w.folder, "ca");
    authority_sign(ca, "server");
    authority_sign(ca, "client");
    (void)snprintf(port, sizeof port, "-https-port=%u", https);
    (void)snprintf(hcl, sizeof hcl,
                   "-hcl=tls {\n https {\n ca_file = \"%s/ca.pem\"\n cert_file = "
                   "\"%s/server.crt\"\n key_file = \"%s/server.key\"\n verify_incoming = "
                   "true\n }\n}",
                   c->w.folder, c->w.folder, c->w.folder);
    consul_start(c, 0, options);
    (void)snprintf(c->host, sizeof c->host, "127.0.0.1:%u", https);
    consul_settings(c);
    c->w.settings.consul.variable = tls_variable;
    return https;
}

static void end_with_tls(struct consul_world *c, struct authority *ca)
{
    authority_close(ca);
    world_end(&c->w);
    server_end(&c->server);
}

static void tls_works(struct consul_world *c)
{
    consul_open(c);
    write_all(&c->h, dataset_text("f1 s:2"));
    assert_dataset(read_back(&c->h), "f1 s:2");
    heard_close(&c->h);
    heard_forget(&c->h);
    world_close(&c->w);
    log_forget();
}

static void tls_fails(struct consul_world *c, const char *text)
{
    consul_open(c);
    store_read_post(c->h.store, STORE_ALL_KINDS);
    run_until_state(&c->h, STORE_INTERRUPTED);
    if (log_count(text) == 0)
        fail_msg("not logged: %s", text);
    heard_close(&c->h);
    heard_forget(&c->h);
    world_close(&c->w);
    log_forget();
}

static void consuls_own_variables_say_how_tls_is_spoken(void **state)
{
    struct consul_world c;
    struct authority ca;
    struct authority other;
    (void)state;
    uint16_t https = begin_with_tls(&c, &ca);
    path_set(client_crt, &c, "client.crt");
    path_set(client_key, &c, "client.key");
    path_set(ca_file, &c, "ca.pem");
    tls_works(&c);
    (void)snprintf(c.host, sizeof c.host, "https://127.0.0.1:%u/", https);
    tls_works(&c);
    server_name = "localhost";
    tls_works(&c);
    server_name = "elsewhere.test";
    tls_fails(&c, "hostname mismatch");
    server_name = NULL;
    ca_file[0] = '\0';
    (void)snprintf(ca_folder, sizeof ca_folder, "%s", c.w.folder);
    tls_works(&c);
    ca_folder[0] = '\0';
    tls_fails(&c, "certificate");
    ssl_verify = "0";
    tls_works(&c);
    ssl_verify = NULL;
    authority_open(&other, c.w.folder, "other");
    path_set(ca_file, &c, "other.pem");
    tls_fails(&c, "certificate");
    path_set(ca_file, &c, "ca.pem");
    client_crt[0] = '\0';
    client_key[0] = '\0';
    tls_fails(&c, "Consul at https://127.0.0.1:");
    authority_close(&other);
    end_with_tls(&c, &ca);
}

/* What can be known to be wrong at the start. */
static void what_cannot_work_ends_the_start(void **state)
{
    static const struct {
        const char *host;
        const char *token_file;
        const char *ca;
        const char *crt;
        const char *text;
    } rows[] = {
        {"h:1", "/nowhere/token", "", "",
         "unable to configure Consul client: Error loading token file: open /nowhere/token: no "
         "such "
         "file or directory"},
        {"h:1", "/tmp", "", "", "unable to configure Consul client: Error loading token file: "},
        {"https://h:1", "", "/nowhere/ca", "",
         "reading Consul CA file: open /nowhere/ca: no such file or directory"},
        {"https://h:1", "", "/dev/null", "", "no valid PEM certificates in Consul CA file"},
        {"https://h:1", "", "", "/nowhere/crt",
         "Consul client certificate requires both CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY"},
        {"ftp://h", "", "", "", "Consul host: unknown protocol scheme \"ftp\""},
    };
    struct consul_world c;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error err;
        memset(&c, 0, sizeof c);
        variables_reset();
        world_begin(&c.w);
        (void)snprintf(c.host, sizeof c.host, "%s", rows[i].host);
        (void)snprintf(ca_file, sizeof ca_file, "%s", rows[i].ca);
        (void)snprintf(client_crt, sizeof client_crt, "%s", rows[i].crt);
        consul_settings(&c);
        c.w.settings.consul.token_file = rows[i].token_file;
        c.w.settings.consul.variable =
            rows[i].host[0] == 'h' && rows[i].host[1] == ':' ? NULL : tls_variable;
        assert_false(store_database_open(&c.w.settings, &c.w.loop, &c.w.clock.base, &c.w.db, &err));
        c.w.db = NULL;
        if (strstr(err.text, rows[i].text) != err.text)
            fail_msg("row %zu: %s", i, err.text);
        world_end(&c.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_not_write_is_told_until_he_may),
        cmocka_unit_test(who_may_see_nothing_has_not_lost_it),
        cmocka_unit_test(consuls_own_variables_say_how_tls_is_spoken),
        cmocka_unit_test(what_cannot_work_ends_the_start),
    };
    return cmocka_run_group_tests(tests, consul_build, NULL);
}
