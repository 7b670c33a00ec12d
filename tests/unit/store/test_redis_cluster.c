/* Redis Cluster: three masters, slots that move (data-store.md 8.2). */
#include "redis_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASTERS 3

struct cluster {
    struct redis_world r; /* r.server is masters[0] for redis_world.c's sake only */
    struct server masters[MASTERS];
    char ids[MASTERS][64];
    char names[MASTERS][32];
    const char *nodes[MASTERS + 1];
};

static void begin(struct cluster *t)
{
    char words[256];
    memset(t, 0, sizeof *t);
    world_begin(&t->r.w);
    for (size_t i = 0; i < MASTERS; i++) {
        redis_cluster_master_start(&t->masters[i], 0);
        (void)snprintf(t->names[i], sizeof t->names[i], "127.0.0.1:%u", t->masters[i].port);
        (void)snprintf(t->ids[i], sizeof t->ids[i], "%s",
                       redis_cli(&t->masters[i], "cluster myid"));
        t->nodes[i] = t->names[i];
    }
    (void)snprintf(words, sizeof words, "--cluster create %s %s %s --cluster-yes", t->names[0],
                   t->names[1], t->names[2]);
    assert_non_null(strstr(redis_cli(&t->masters[0], words), "All 16384 slots covered"));
    for (size_t i = 0; i < MASTERS; i++)
        redis_await(&t->masters[i], "cluster info", "cluster_state:ok");
    redis_settings(&t->r);
    (void)snprintf(t->r.address, sizeof t->r.address, "redis-cluster://%s,%s", t->names[0],
                   t->names[1]);
    t->r.w.settings.redis.mode = STORE_REDIS_CLUSTER;
    t->r.w.settings.redis.nodes = t->nodes;
}

static void open_store(struct cluster *t, const char *prefix)
{
    world_open(&t->r.w);
    heard_open(&t->r.h, &t->r.w, prefix);
}

static void end(struct cluster *t)
{
    redis_end(&t->r);
    for (size_t i = 0; i < MASTERS; i++)
        server_end(&t->masters[i]);
}

/* ---- where is what --------------------------------------------------------------------------- */

static unsigned slot_of(const struct cluster *t, const char *key)
{
    char words[128];
    (void)snprintf(words, sizeof words, "cluster keyslot '%s'", key);
    return (unsigned)strtoul(redis_cli(&t->masters[0], words), NULL, 10);
}

static bool is_at(const struct server *s, const char *key)
{
    char words[128];
    (void)snprintf(words, sizeof words, "exists '%s'", key);
    return strcmp(redis_cli(s, words), "1") == 0;
}

/* The master that has the key. */
static size_t master_of(const struct cluster *t, const char *key)
{
    size_t i = 0;
    while (i < MASTERS && !is_at(&t->masters[i], key))
        i++;
    if (i == MASTERS)
        fail_msg("nobody has \"%s\"", key);
    return i;
}

/* ---- moving a slot --------------------------------------------------------------------------- */

enum move_step { MOVE_OPEN, MOVE_ONE_KEY, MOVE_REST, MOVE_CLOSE, MOVE_STEPS };

struct move {
    unsigned slot;
    size_t from;
    size_t to;
};

static void setslot(const struct cluster *t, size_t at, unsigned slot, const char *what, size_t id)
{
    char words[128];
    (void)snprintf(words, sizeof words, "cluster setslot %u %s %s", slot, what, t->ids[id]);
    assert_string_equal(redis_cli(&t->masters[at], words), "OK");
}

static void migrate_keys(const struct cluster *t, const struct move *m, unsigned most)
{
    char words[256];
    char keys[512];
    (void)snprintf(words, sizeof words, "--raw cluster getkeysinslot %u %u", m->slot, most);
    (void)snprintf(keys, sizeof keys, "%s", redis_cli(&t->masters[m->from], words));
    char *rest = keys;
    for (char *key = strtok_r(rest, "\n", &rest); key != NULL; key = strtok_r(NULL, "\n", &rest)) {
        (void)snprintf(words, sizeof words, "migrate 127.0.0.1 %u '%s' 0 5000",
                       t->masters[m->to].port, key);
        assert_string_equal(redis_cli(&t->masters[m->from], words), "OK");
    }
}

static void move_step(const struct cluster *t, const struct move *m, enum move_step step)
{
    switch (step) {
    case MOVE_OPEN:
        setslot(t, m->to, m->slot, "importing", m->from);
        setslot(t, m->from, m->slot, "migrating", m->to);
        break;
    case MOVE_ONE_KEY:
        migrate_keys(t, m, 1);
        break;
    case MOVE_REST:
        migrate_keys(t, m, 100);
        break;
    default:
        setslot(t, m->to, m->slot, "node", m->to);
        setslot(t, m->from, m->slot, "node", m->to);
        break;
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Checklist 65: what the configuration makes of a plain prefix is one place. */
static void with_a_hash_tag_everything_is_at_one_server(void **state)
{
    struct cluster t;
    (void)state;
    begin(&t);
    open_store(&t, "{ld}.prod");
    assert_logged("INFO: Using Redis data store: redis-cluster://127.0.0.1:");
    assert_logged("INFO: Using Redis Cluster; keys start with \"{ld}.prod\"");
    assert_int_equal(log_count("has no hash tag"), 0);
    write_all(&t.r.h, dataset_text("f1 g2 s:3"));
    write_item(&t.r.h, flag("f", 4));
    assert_dataset(read_back(&t.r.h), "f4 g2 s:3");
    assert_true(t.r.h.initialized);
    size_t at = master_of(&t, "{ld}.prod:features");
    assert_true(is_at(&t.masters[at], "{ld}.prod:segments"));
    assert_true(is_at(&t.masters[at], "{ld}.prod:$inited"));
    assert_int_equal(t.r.h.state_changes, 0);
    end(&t);
}

/* Without one the parts come one after the other, each where its slot is. */
static void without_a_hash_tag_each_part_goes_where_it_belongs(void **state)
{
    struct cluster t;
    struct heard other;
    (void)state;
    begin(&t);
    open_store(&t, "plain");
    heard_open(&other, &t.r.w, "plainer");
    assert_logged("has no hash tag");
    write_all(&t.r.h, dataset_text("f1 g2 s:3"));
    write_item(&t.r.h, flag("f", 4));
    write_item(&t.r.h, segment("s", 4));
    assert_dataset(read_back(&t.r.h), "f4 g2 s:4");
    assert_true(t.r.h.initialized);
    for (int i = 0; i < 300; i++) { /* several slices of each part */
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i);
        struct item *it = i % 2 == 0 ? flag(key, 7) : segment(key, 7);
        (void)store_upsert_post(t.r.h.store, it);
        item_unref(it);
    }
    run_until_idle(&t.r.h);
    assert_int_equal(dataset_count(read_back(&t.r.h), ITEM_FLAG), 152);
    assert_int_equal(dataset_count(t.r.h.data, ITEM_SEGMENT), 151);
    size_t places[] = {master_of(&t, "plain:features"), master_of(&t, "plain:segments"),
                       master_of(&t, "plain:$inited")};
    assert_true(places[0] != places[1] || places[1] != places[2]);
    assert_int_equal(t.r.h.state_changes, 0);
    heard_close(&other);
    heard_forget(&other);
    end(&t);
}

/* Checklist 66: 500 updates, while the slot goes there and back; reads in between. */
static void a_slot_that_moves_loses_no_update(void **state)
{
    struct cluster t;
    char expected[64];
    (void)state;
    for (int atomic = 0; atomic < 2; atomic++) {
        begin(&t);
        t.r.w.settings.redis.atomic_upsert = atomic != 0;
        open_store(&t, "{ld}.prod");
        write_all(&t.r.h, dataset_text("f1 g1 s:1"));
        size_t home = master_of(&t, "{ld}.prod:features");
        struct move m = {slot_of(&t, "{ld}.prod:features"), home, (home + 1) % MASTERS};
        int64_t version = 1;
        for (int part = 0; part < 20; part++) {
            if (part % 2 == 0)
                move_step(&t, &m, (enum move_step)(part / 2 % MOVE_STEPS));
            if (part % 2 == 0 && part / 2 % MOVE_STEPS == MOVE_CLOSE)
                m = (struct move){m.slot, m.to, m.from};
            for (int i = 0; i < 25; i++) {
                struct item *it = i % 5 == 0 ? segment("s", ++version) : flag("f", ++version);
                (void)store_upsert_post(t.r.h.store, it);
                item_unref(it);
                run_turns(&t.r.w, 1);
            }
            if (part % 4 == 3)
                store_read_post(t.r.h.store, STORE_ALL_KINDS);
        }
        for (int step = 10 % MOVE_STEPS; step < MOVE_STEPS; step++)
            move_step(&t, &m, (enum move_step)step);
        run_until_idle(&t.r.h);
        (void)snprintf(expected, sizeof expected, "f%lld g1 s:%lld", (long long)version,
                       (long long)version - 4);
        assert_int_equal(version, 501);
        assert_dataset(read_back(&t.r.h), expected);
        assert_true(t.r.h.initialized);
        assert_int_equal(t.r.h.failed_writes + t.r.h.state_changes, 0);
        end(&t);
    }
}

/* A move that nobody finishes: reads see both halves, at each step. */
static void a_half_moved_slot_is_read_completely(void **state)
{
    struct cluster t;
    (void)state;
    begin(&t);
    open_store(&t, "{ld}.prod");
    write_all(&t.r.h, dataset_text("f1 s:1"));
    size_t home = master_of(&t, "{ld}.prod:features");
    struct move m = {slot_of(&t, "{ld}.prod:features"), home, (home + 1) % MASTERS};
    for (int step = 0; step < MOVE_STEPS; step++) {
        move_step(&t, &m, (enum move_step)step);
        assert_dataset(read_back(&t.r.h), "f1 s:1");
    }
    m = (struct move){m.slot, m.to, m.from};
    write_all(&t.r.h, dataset_text("f2"));
    move_step(&t, &m, MOVE_OPEN);
    assert_dataset(read_back(&t.r.h), "f2");
    move_step(&t, &m, MOVE_REST);
    assert_dataset(read_back(&t.r.h), "f2");
    assert_int_equal(t.r.h.state_changes, 0);
    end(&t);
}

/* A seed that is gone, and one that is no cluster. */
static void seeds_are_tried_in_turn(void **state)
{
    struct cluster t;
    struct server single = {0};
    char alone[32];
    (void)state;
    begin(&t);
    redis_start(&single, 0);
    (void)snprintf(alone, sizeof alone, "127.0.0.1:%u", single.port);
    const char *const nodes[] = {"127.0.0.1:1", alone, t.names[2], NULL};
    t.r.w.settings.redis.nodes = nodes;
    open_store(&t, "{ld}.prod");
    write_all(&t.r.h, dataset_text("f1"));
    assert_dataset(read_back(&t.r.h), "f1");
    assert_int_equal(t.r.h.state_changes, 0);
    heard_close(&t.r.h);
    heard_forget(&t.r.h);
    world_close(&t.r.w);
    const char *const useless[] = {"127.0.0.1:1", alone, NULL};
    t.r.w.settings.redis.nodes = useless;
    open_store(&t, "{ld}.prod");
    store_read_post(t.r.h.store, STORE_ALL_KINDS);
    run_until_state(&t.r.h, STORE_INTERRUPTED);
    assert_logged("Data store returned error: no server of the Redis Cluster answers: ERR This "
                  "instance has cluster support disabled");
    end(&t);
    server_end(&single);
}

/* One server dies: what it had is away, what others have is not. */
static void a_dead_server_is_an_outage_for_its_slots(void **state)
{
    struct cluster t;
    (void)state;
    begin(&t);
    for (size_t i = 0; i < MASTERS; i++)
        (void)redis_cli(&t.masters[i], "config set cluster-require-full-coverage no");
    open_store(&t, "{ld}.prod");
    write_all(&t.r.h, dataset_text("f1"));
    size_t home = master_of(&t, "{ld}.prod:features");
    server_kill(&t.masters[home]);
    store_read_post(t.r.h.store, STORE_ALL_KINDS);
    run_until_state(&t.r.h, STORE_INTERRUPTED);
    t.r.h.snapshot = dataset_text("f2");
    t.r.h.current = true;
    redis_cluster_master_start(&t.masters[home], t.masters[home].port);
    run_until_state(&t.r.h, STORE_VALID);
    assert_dataset(read_back(&t.r.h), "f2");
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_a_hash_tag_everything_is_at_one_server),
        cmocka_unit_test(without_a_hash_tag_each_part_goes_where_it_belongs),
        cmocka_unit_test(a_slot_that_moves_loses_no_update),
        cmocka_unit_test(a_half_moved_slot_is_read_completely),
        cmocka_unit_test(seeds_are_tried_in_turn),
        cmocka_unit_test(a_dead_server_is_an_outage_for_its_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
