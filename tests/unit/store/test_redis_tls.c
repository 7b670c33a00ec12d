/* TLS, users, database numbers, Unix sockets (data-store.md 3.1, 8.3), with real servers. */
#include "certificates.h"
#include "redis_world.h"

#include <stdio.h>
#include <string.h>

/* A server that speaks plainly on one port and TLS on the other, with a certificate asked for. */
struct tls_world {
    struct redis_world r;
    struct authority ca;
    struct authority other;
    uint16_t tls_port;
    char ca_file[128];
    char certificate[128];
    char key[128];
};

static void server_with_tls(struct tls_world *t)
{
    char port[16];
    char ca[128];
    char crt[128];
    char key[128];
    const char *const words[] = {"redis-server",
                                 "--port",
                                 "{port}",
                                 "--bind",
                                 "127.0.0.1",
                                 "--save",
                                 "",
                                 "--dir",
                                 "{folder}",
                                 "--tls-port",
                                 port,
                                 "--tls-cert-file",
                                 crt,
                                 "--tls-key-file",
                                 key,
                                 "--tls-ca-cert-file",
                                 ca,
                                 "--tls-auth-clients",
                                 "yes",
                                 NULL};
    t->tls_port = t->tls_port != 0 ? t->tls_port : free_port();
    (void)snprintf(port, sizeof port, "%u", t->tls_port);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", t->r.w.folder);
    (void)snprintf(crt, sizeof crt, "%s/server.crt", t->r.w.folder);
    (void)snprintf(key, sizeof key, "%s/server.key", t->r.w.folder);
    server_start(&t->r.server, t->r.server.port, words);
}

static void path_set(char out[static 128], const struct tls_world *t, const char *name)
{
    (void)snprintf(out, 128, "%s/%s", t->r.w.folder, name);
}

static void begin(struct tls_world *t)
{
    memset(t, 0, sizeof *t);
    world_begin(&t->r.w);
    authority_open(&t->ca, t->r.w.folder, "ca");
    authority_open(&t->other, t->r.w.folder, "other");
    authority_sign(&t->ca, "server");
    authority_sign(&t->ca, "client");
    server_with_tls(t);
    path_set(t->ca_file, t, "ca.pem");
    path_set(t->certificate, t, "client.crt");
    path_set(t->key, t, "client.key");
    (void)snprintf(t->r.address, sizeof t->r.address, "rediss://127.0.0.1:%u", t->tls_port);
    redis_settings(&t->r);
    t->r.w.settings.redis.ca_file = t->ca_file;
    t->r.w.settings.redis.certificate_file = t->certificate;
    t->r.w.settings.redis.key_file = t->key;
}

static void end(struct tls_world *t)
{
    authority_close(&t->ca);
    authority_close(&t->other);
    world_end(&t->r.w);
    server_end(&t->r.server);
}

static void close_store(struct redis_world *r)
{
    heard_close(&r->h);
    heard_forget(&r->h);
    world_close(&r->w);
    log_forget();
}

static void works(struct redis_world *r)
{
    redis_open(r);
    write_all(&r->h, dataset_text("f1 s:2"));
    assert_dataset(read_back(&r->h), "f1 s:2");
    assert_int_equal(r->h.state_changes, 0);
    close_store(r);
}

static void fails(struct redis_world *r, const char *text)
{
    redis_open(r);
    store_read_post(r->h.store, STORE_ALL_KINDS);
    run_until_state(&r->h, STORE_INTERRUPTED);
    if (log_count(text) == 0)
        fail_msg("not logged: %s", text);
    close_store(r);
}

static void refused(struct redis_world *r, const char *text)
{
    struct error err;
    assert_false(store_database_open(&r->w.settings, &r->w.loop, &r->w.clock.base, &r->w.db, &err));
    r->w.db = NULL;
    assert_non_null(strstr(err.text, text));
}

/* Checklist 68, first half. */
static void tls_asks_for_the_right_certificates(void **state)
{
    struct tls_world t;
    (void)state;
    begin(&t);
    works(&t.r);
    (void)snprintf(t.r.address, sizeof t.r.address, "redis://127.0.0.1:%u", t.tls_port);
    t.r.w.settings.redis.tls = true;
    works(&t.r);
    path_set(t.ca_file, &t, "other.pem");
    fails(&t.r, "certificate");
    path_set(t.ca_file, &t, "ca.pem");
    t.r.w.settings.redis.certificate_file = "";
    t.r.w.settings.redis.key_file = "";
    fails(&t.r, "Data store returned error: ");
    t.r.w.settings.redis.certificate_file = t.certificate;
    path_set(t.key, &t, "server.key");
    t.r.w.settings.redis.key_file = t.key;
    refused(&t.r, "loading Redis client certificate \"");
    path_set(t.key, &t, "client.key");
    path_set(t.ca_file, &t, "missing.pem");
    refused(&t.r, "reading Redis CA file: open ");
    path_set(t.ca_file, &t, "client.key");
    refused(&t.r, "no valid PEM certificates in Redis CA file \"");
    end(&t);
}

static void file_copy(const struct tls_world *t, const char *from, const char *to)
{
    char bytes[8192];
    char path[128];
    path_set(path, t, from);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    path_set(path, t, to);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    (void)fclose(out);
}

static void server_gone(struct tls_world *t)
{
    server_kill(&t->r.server);
    store_read_post(t->r.h.store, STORE_ALL_KINDS);
    run_until_state(&t->r.h, STORE_INTERRUPTED);
}

/* Checklist 68, second half: server and relay get new certificates of a new authority. */
static void rotated_files_count_for_new_connections(void **state)
{
    struct tls_world t;
    (void)state;
    begin(&t);
    redis_open(&t.r);
    t.r.h.snapshot = dataset_text("f1");
    t.r.h.current = true;
    write_all(&t.r.h, dataset_ref(t.r.h.snapshot));
    server_gone(&t);
    authority_sign(&t.other, "server");
    authority_sign(&t.other, "client");
    file_copy(&t, "other.pem", "ca.pem");
    server_with_tls(&t);
    run_until_state(&t.r.h, STORE_VALID);
    assert_dataset(read_back(&t.r.h), "f1");
    log_forget();
    server_gone(&t);
    file_copy(&t, "client.key", "client.crt");
    server_with_tls(&t);
    run_until_state(&t.r.h, STORE_VALID);
    assert_logged(
        "ERROR: Keeping the certificates loaded before: loading Redis client certificate");
    assert_dataset(read_back(&t.r.h), "f1");
    close_store(&t.r);
    end(&t);
}

/* ---- users, databases, sockets --------------------------------------------------------------- */

/* A user of the ACL, by option and by address; checklist 83, 86. */
static void a_user_of_the_acl_logs_in(void **state)
{
    static const struct {
        const char *login; /* in the address */
        const char *username;
        const char *password;
        const char *problem; /* NULL: works */
    } rows[] = {
        {"", "relay", "sesame", NULL},
        {"relay:sesame@", "", "", NULL},
        {"relay:s%65same@", "", "", NULL},
        {"relay:wrong@", "", "sesame", NULL},
        {"relay:sesame2@", "", "", "Redis refused the connection: WRONGPASS"},
        {"", "", "", "NOAUTH"},
        {"reader:sesame@", "", "", "NOPERM"},
    };
    struct redis_world r;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        redis_begin(&r);
        (void)redis_cli(&r.server, "acl setuser relay on '>sesame' '~prod:*' +@all");
        (void)redis_cli(&r.server, "acl setuser reader on '>sesame' '~prod:*' +@read");
        (void)redis_cli(&r.server, "acl setuser default off");
        (void)snprintf(r.address, sizeof r.address, "redis://%s127.0.0.1:%u", rows[i].login,
                       r.server.port);
        r.w.settings.redis.username = rows[i].username;
        r.w.settings.redis.password = rows[i].password;
        if (rows[i].problem == NULL) {
            works(&r);
        } else {
            redis_open(&r);
            struct item *it = flag("f", 1);
            (void)store_upsert_post(r.h.store, it);
            item_unref(it);
            run_until_state(&r.h, STORE_INTERRUPTED);
            if (log_count(rows[i].problem) == 0)
                fail_msg("row %zu: not logged: %s", i, rows[i].problem);
            assert_int_equal(log_count("sesame"), 0);
            close_store(&r);
        }
        world_end(&r.w);
        server_end(&r.server);
    }
}

static void a_database_has_a_number(void **state)
{
    struct redis_world r;
    (void)state;
    redis_begin(&r);
    (void)snprintf(r.address, sizeof r.address, "redis://127.0.0.1:%u/3", r.server.port);
    works(&r);
    assert_string_equal(redis_cli(&r.server, "-n 3 exists prod:features"), "1");
    r.w.settings.redis.database = 5;
    works(&r);
    assert_string_equal(redis_cli(&r.server, "-n 5 exists prod:features"), "1");
    assert_string_equal(redis_cli(&r.server, "dbsize"), "0");
    r.w.settings.redis.database = 99;
    fails(&r, "Redis refused the connection: ERR DB index is out of range");
    world_end(&r.w);
    server_end(&r.server);
}

static void a_unix_socket_is_as_good(void **state)
{
    static const char *const words[] = {
        "redis-server", "--port",   "{port}",       "--bind",        "127.0.0.1", "--save", "",
        "--dir",        "{folder}", "--unixsocket", "{folder}/sock", NULL};
    struct redis_world r;
    (void)state;
    memset(&r, 0, sizeof r);
    world_begin(&r.w);
    server_start(&r.server, 0, words);
    redis_settings(&r);
    (void)snprintf(r.address, sizeof r.address, "unix://%s/sock?db=2", r.server.folder);
    works(&r);
    assert_string_equal(redis_cli(&r.server, "-n 2 exists prod:features"), "1");
    r.w.settings.redis.tls = true;
    refused(&r, "Redis over a Unix socket cannot use TLS");
    r.w.settings.redis.tls = false;
    (void)snprintf(r.address, sizeof r.address, "unix://%s/nothing", r.server.folder);
    fails(&r, "connect to /tmp/store-server-");
    world_end(&r.w);
    server_end(&r.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_asks_for_the_right_certificates),
        cmocka_unit_test(rotated_files_count_for_new_connections),
        cmocka_unit_test(a_user_of_the_acl_logs_in),
        cmocka_unit_test(a_database_has_a_number),
        cmocka_unit_test(a_unix_socket_is_as_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
