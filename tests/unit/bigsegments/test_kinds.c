/* What every kind of database must do with memberships (big-segments.md 5.1, 6, 11; checklist 16,
 * 18, 22, 23, 25, 26, 33), with real servers. */
#include "members_world.h"

#include "../store/dynamodb_world.h"
#include "../store/redis_world.h"

#include <string.h>

struct kind {
    const char *name;
    void (*begin)(struct world *w, struct server *s);
};

static void begin_sqlite(struct world *w, struct server *s)
{
    (void)s;
    world_begin(w);
}

static void begin_redis(struct world *w, struct server *s)
{
    static char address[64];
    struct redis_world r = {0};
    world_begin(w);
    redis_start(s, 0);
    (void)snprintf(address, sizeof address, "redis://127.0.0.1:%u", s->port);
    redis_settings(&r);
    r.w.settings.redis.address = address;
    w->settings = r.w.settings;
}

/* It takes seconds to start: one for all tests, and a table for each. */
static struct server dynamodb;

static void begin_dynamodb(struct world *w, struct server *s)
{
    static struct dynamodb_world d;
    static char table[16];
    static unsigned count;
    (void)s;
    if (dynamodb.pid == 0)
        dynamodb_start(&dynamodb, 0);
    (void)snprintf(table, sizeof table, "flags%u", count++);
    dynamodb_table(&dynamodb, table);
    world_begin(w);
    dynamodb_settings(&d, dynamodb.port);
    w->settings = d.w.settings;
    w->table = table;
}

static int end_dynamodb(void **state)
{
    (void)state;
    if (dynamodb.pid != 0)
        server_end(&dynamodb);
    return 0;
}

static struct kind kinds[] = {
    {"SQLite", begin_sqlite}, {"Redis", begin_redis}, {"DynamoDB", begin_dynamodb}};

/* A database of the kind, empty. */
struct bench {
    struct world w;
    struct server server;
    struct members m;
};

static void bench_open(struct bench *b, void **state)
{
    const struct kind *kind = *state;
    memset(b, 0, sizeof *b);
    kind->begin(&b->w, &b->server);
    world_open(&b->w);
    members_open(&b->m, &b->w);
}

static void bench_close(struct bench *b)
{
    members_close(&b->m);
    world_end(&b->w);
    if (b->server.pid != 0)
        server_end(&b->server);
}

#define APPLY(patch) members_apply(b.m.store, &b.w, patch)
#define CURSOR members_cursor(b.m.store, &b.w)
#define OF(hash) members_of(b.m.store, &b.w, hash)

static void the_cursor_decides_what_is_applied(void **state)
{
    static const struct {
        const char *patch;
        const char *result;
        const char *cursor;
        const char *members; /* of "h" */
    } rows[] = {
        {"vip.g1 x>y +h", "mismatch", "", ""}, /* 5.3: nothing there is the empty cursor */
        {"vip.g1 > +h", "applied", "", "vip.g1+"},
        {"vip.g2 > *h", "applied", "", "vip.g1+ vip.g2-"},
        {"beta.g1 >652e +h", "applied", "652e", "vip.g1+ vip.g2- beta.g1+"},
        {"beta.g1 > -h", "mismatch", "652e", "vip.g1+ vip.g2- beta.g1+"},
        {"eu.g4 652e>652e *h", "applied", "652e", "vip.g1+ vip.g2- beta.g1+ eu.g4-"},
        {"eu.g4 652e>652f /h", "applied", "652f", "vip.g1+ vip.g2- beta.g1+"},
        {"vip.g1 652e>652f -h", "mismatch", "652f", "vip.g1+ vip.g2- beta.g1+"},
        {"vip.g1 652f>6530", "applied", "6530", "vip.g1+ vip.g2- beta.g1+"},
        {"vip.g1 6530>6531 -h", "applied", "6531", "vip.g2- beta.g1+"},
        {"vip.g2 6531>6532 +h /h", "applied", "6532", "vip.g2+ beta.g1+"}, /* moved over */
        {"vip.g2 6532>6533 *h", "applied", "6533", "vip.g2+ beta.g1+"},    /* included wins */
        {"vip.g2 6533>6534 +i -i *j /j", "applied", "6534", "vip.g2+ beta.g1+"},
    };
    struct bench b;
    bench_open(&b, state);
    assert_string_equal(CURSOR, "");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *result = APPLY(rows[i].patch);
        if (strcmp(result, rows[i].result) != 0)
            fail_msg("%s: %s", rows[i].patch, result);
        assert_string_equal(CURSOR, rows[i].cursor);
        const char *members = OF("h");
        if (strcmp(members, rows[i].members) != 0)
            fail_msg("%s: %s", rows[i].patch, members);
    }
    assert_string_equal(OF("i"), ""); /* in add and in remove: removed */
    assert_string_equal(OF("j"), "");
    bench_close(&b);
}

static void the_time_and_the_cursor_leave_each_other_alone(void **state)
{
    struct bench b;
    bench_open(&b, state);
    assert_string_equal(members_time(b.m.store, &b.w), "0");
    assert_string_equal(APPLY("vip.g1 >a +h"), "applied");
    assert_string_equal(members_time(b.m.store, &b.w), "0");
    assert_string_equal(members_time_set(b.m.store, &b.w, INT64_C(1760000000000)), "ok");
    assert_string_equal(members_time(b.m.store, &b.w), "1760000000000");
    assert_string_equal(CURSOR, "a");
    assert_string_equal(APPLY("vip.g1 a>b"), "applied");
    assert_string_equal(members_time(b.m.store, &b.w), "1760000000000");
    bench_close(&b);
}

static void a_time_may_come_before_any_patch(void **state)
{
    struct bench b;
    bench_open(&b, state);
    assert_string_equal(members_time_set(b.m.store, &b.w, 5), "ok");
    assert_string_equal(CURSOR, "");
    assert_string_equal(APPLY("vip.g1 >a +h"), "applied");
    assert_string_equal(members_time(b.m.store, &b.w), "5");
    bench_close(&b);
}

static void after_a_reset_everything_may_be_sent_again(void **state)
{
    struct bench b;
    bench_open(&b, state);
    assert_string_equal(APPLY("vip.g1 >a +h"), "applied");
    assert_string_equal(members_reset(b.m.store, &b.w), "ok");
    assert_string_equal(CURSOR, "");
    assert_string_equal(OF("h"), "vip.g1+");
    assert_string_equal(APPLY("vip.g1 >b +i"), "applied");
    assert_string_equal(CURSOR, "b");
    bench_close(&b);
}

/* 16. */
static void environments_do_not_mix(void **state)
{
    struct bench b;
    bench_open(&b, state);
    struct membership_store *other = members_store(&b.m, "other");
    assert_string_equal(APPLY("vip.g1 >a +h"), "applied");
    assert_string_equal(members_cursor(other, &b.w), "");
    assert_string_equal(members_of(other, &b.w, "h"), "");
    assert_string_equal(members_apply(other, &b.w, "vip.g1 >z *h"), "applied");
    assert_string_equal(members_time_set(other, &b.w, 7), "ok");
    assert_string_equal(CURSOR, "a");
    assert_string_equal(OF("h"), "vip.g1+");
    assert_string_equal(members_time(b.m.store, &b.w), "0");
    members_store_close(&b.m, other);
    bench_close(&b);
}

/* 24, and what goes in pieces: 30,000 members make some 4 MB of commands. */
static void a_patch_of_many_members_is_applied_completely(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {{"vip.g1 >a", 50}, {"vip.g1 a>b", 30000}};
    struct bench b;
    bench_open(&b, state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text = {0};
        struct str words = {0};
        str_append_text(&words, rows[i].text);
        for (size_t n = 0; n < rows[i].count; n++)
            str_append_format(&words, " +%05zu-K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69xbpA=", n);
        patch_text(str_text(&words), &text);
        assert_string_equal(members_apply_raw(b.m.store, &b.w, str_view(&text)), "applied");
        str_free(&words);
        str_free(&text);
    }
    assert_string_equal(OF("00049-K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69xbpA="), "vip.g1+");
    assert_string_equal(OF("29999-K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69xbpA="), "vip.g1+");
    assert_string_equal(OF("30000-K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69xbpA="), "");
    assert_string_equal(CURSOR, "b");
    bench_close(&b);
}

struct race {
    struct racer {
        struct membership_op op;
        struct race *race;
        struct str text;
        struct patch patch;
    } racers[2];
    unsigned over;
    unsigned applied;
    char winner[16];
};

static void race_answered(struct membership_op *op)
{
    struct racer *r = CONTAINER_OF(op, struct racer, op);
    r->race->over++;
    if (!op->ok)
        fail_msg("%s", op->problem.text);
    if (op->mismatch)
        return;
    r->race->applied++;
    (void)snprintf(r->race->winner, sizeof r->race->winner, "%s", str_text(&r->patch.version));
}

static void race_begin(struct race *race, unsigned number, struct membership_store *s,
                       const char *cursor, unsigned round)
{
    struct racer *r = &race->racers[number];
    char words[64];
    struct error err;
    (void)snprintf(words, sizeof words, "vip.g1 %s>%u-%u +h%u", cursor, round, number, number);
    patch_text(words, &r->text);
    assert_true(patch_parse(str_view(&r->text), &r->patch, &err));
    r->race = race;
    r->op = (struct membership_op){
        .type = MEMBERSHIP_OP_APPLY, .patch = &r->patch, .done = race_answered};
    membership_run(s, &r->op);
}

static bool race_over(void *arg)
{
    return ((struct race *)arg)->over == 2;
}

static void race_end(struct race *race)
{
    for (size_t i = 0; i < ARRAY_LEN(race->racers); i++) {
        patch_free(&race->racers[i].patch);
        str_free(&race->racers[i].text);
    }
}

struct question {
    struct membership_op op;
    unsigned *done;
};

static void count_answer(struct membership_op *op)
{
    memberships_unref(op->found);
    str_free(&op->cursor);
    ++*CONTAINER_OF(op, struct question, op)->done;
}

/* What is under way when a store is closed is answered, one way or the other. */
static void closing_answers_everybody(void **state)
{
    struct bench b;
    struct question questions[20] = {0};
    struct question change = {.op = {.type = MEMBERSHIP_OP_READ_CURSOR, .done = count_answer}};
    unsigned done = 0;
    bench_open(&b, state);
    struct membership_store *s = members_store(&b.m, "other");
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        questions[i].op = (struct membership_op){
            .type = MEMBERSHIP_OP_QUERY, .hash = VIEW_LITERAL("h"), .done = count_answer};
        questions[i].done = &done;
        membership_run(s, &questions[i].op);
    }
    change.done = &done;
    membership_run(s, &change.op);
    members_store_close(&b.m, s);
    assert_int_equal(done, ARRAY_LEN(questions) + 1);
    bench_close(&b);
}

/* Two relays want to go on from the same cursor: one of them may. */
static void of_two_writers_one_is_first(void **state)
{
    struct bench b;
    char cursor[16] = "";
    bench_open(&b, state);
    struct membership_store *other = members_store(&b.m, "prod");
    for (unsigned round = 0; round < 20; round++) {
        struct race race = {0};
        race_begin(&race, 0, b.m.store, cursor, round);
        race_begin(&race, 1, other, cursor, round);
        run_until(&b.w, race_over, &race, "the end of a race");
        assert_int_equal(race.applied, 1);
        assert_string_equal(CURSOR, race.winner);
        (void)snprintf(cursor, sizeof cursor, "%s", race.winner);
        race_end(&race);
    }
    members_store_close(&b.m, other);
    bench_close(&b);
}

static void database_without_room_for_memberships(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    w.settings.kind = STORE_MEMORY;
    world_open(&w);
    assert_null(membership_database_open(&w.settings, w.db, &w.loop));
    world_end(&w);
}

#define OF_KIND(test, kind)                                                                        \
    {                                                                                              \
#test, test, NULL, NULL, &(kind)                                                           \
    }
#define OF_EACH_KIND(test) OF_KIND(test, kinds[0]), OF_KIND(test, kinds[1]), OF_KIND(test, kinds[2])

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_EACH_KIND(the_cursor_decides_what_is_applied),
        OF_EACH_KIND(the_time_and_the_cursor_leave_each_other_alone),
        OF_EACH_KIND(a_time_may_come_before_any_patch),
        OF_EACH_KIND(after_a_reset_everything_may_be_sent_again),
        OF_EACH_KIND(environments_do_not_mix),
        OF_EACH_KIND(a_patch_of_many_members_is_applied_completely),
        OF_EACH_KIND(of_two_writers_one_is_first),
        OF_EACH_KIND(closing_answers_everybody),
        cmocka_unit_test(database_without_room_for_memberships),
    };
    return cmocka_run_group_tests(tests, NULL, end_dynamodb);
}
