/* Databases, their addresses and prefixes: configuration.md 8, 17.4, 17.6; checklist 35-44, 75,
 * 77, 80. */
#include "support.h"

#define A "[Environment \"a\"]\nsdkKey = sdk-a\n"
#define B "[Environment \"b\"]\nsdkKey = sdk-b\n"
#define LOADING "Error loading config file: "
#define CREATING "Unable to create relay: "
#define NO_PREFIX(name)                                                                            \
    "environment \"" name "\" does not have a prefix specified for database storage"
#define PLACEHOLDER                                                                                \
    "when using auto-configuration with database storage, database prefix (or, if using "          \
    "DynamoDB, "                                                                                   \
    "table name) must be specified and must contain \"$CID\""

static const struct {
    const char *text;
    const char *problem;
    const char *why;
} refused[] = {
    {A "[Redis]\nurl = redis://h\nport = 1\n",
     LOADING "please specify Redis URL or host/port, but not both", "data-store 21"},
    {A "[Redis]\nhost = \"\\\\\"\n", LOADING "invalid Redis hostname", "37"},
    {A "[Redis]\nhost = a b\n", LOADING "invalid Redis hostname", "37"},
    {A "[Redis]\nhost = h:6380\n",
     LOADING "invalid Redis hostname (did you mean url = \"redis://h:6380\"?)", "8.2"},
    {A "[Redis]\nhost = redis://h\n",
     LOADING "invalid Redis hostname (did you mean url = \"redis://h\"?)", "8.2"},
    {A "[Redis]\nhost = redis://u:p@h\n", LOADING "invalid Redis hostname", "8.2: no password"},
    {A "[Redis]\nhost = [x]\n", LOADING "invalid Redis hostname", "brackets around a name"},
    {A "[Redis]\nurl = http://h\n", CREATING "redis: invalid URL scheme: http", "7.3"},
    {A "[Redis]\nurl = \"redis:h\"\n",
     LOADING "Redis url must begin with redis://, rediss:// or unix://", "no authority"},
    {A "[Redis]\nurl = unix:///s\ntls\n", LOADING "Redis over a Unix socket cannot use TLS", "7.3"},
    {A "[Redis]\nhost = h\nport = 65536\n", LOADING "port (line 5): value must be at most 65535",
     "bounds"},
    {A "[Redis]\nhost = h\nclientKeyFile = k\n",
     LOADING "Redis client certificate requires both a certificate file and a key file, "
             "clientKeyFile (line 5): cannot read k: no such file or directory",
     "7.3"},
    {A "[Redis]\nhost = h\nawsIamAuth\n",
     LOADING
     "Redis IAM authentication requires TLS, Redis IAM authentication requires username and "
     "awsIamCacheName",
     "data-store.md 8.3"},
    {A "[Redis]\nurl = rediss://h\nawsIamAuth\nusername = u\nawsIamCacheName = C\npassword = p\n",
     LOADING "specify either a Redis password or IAM authentication, but not both",
     "data-store.md 8.3"},

    /* 17.6 */
    {A "[Redis]\nmode = sentinel\nnodes = h:1\n",
     LOADING "Redis mode \"sentinel\" needs nodes and sentinelMaster", "77"},
    {A "[Redis]\nmode = sentinel\nsentinelMaster = m\n",
     LOADING "Redis mode \"sentinel\" needs nodes and sentinelMaster", "77"},
    {A "[Redis]\nmode = cluster\n", LOADING "Redis mode \"cluster\" needs nodes", "77"},
    {A "[Redis]\nmode = cluster\nnodes = h:1\ndatabase = 1\n",
     LOADING "Redis database 1 cannot be used with mode \"cluster\"; a cluster has only database 0",
     "77"},
    {A "[Redis]\nmode = cluster\nnodes = h:1\nurl = redis://h\n",
     LOADING "Redis url, host and port cannot be used with mode \"cluster\"", "77"},
    {A "[Redis]\nmode = sentinel\nsentinelMaster = m\nnodes = h:1\nhost = x\n",
     LOADING "Redis url, host and port cannot be used with mode \"sentinel\"", "77"},
    {A "[Redis]\nmode = cluster\nnodes = h:1, :2, h:x, \"u@h\"\n",
     LOADING "invalid Redis node \":2\" (must be host:port), invalid Redis node \"h:x\" (must be "
             "host:port), invalid Redis node \"u@h\" (must be host:port)",
     "17.6"},
    {A "[Redis]\nnodes = h:1\n",
     LOADING "Redis nodes and sentinel options need mode \"sentinel\" or \"cluster\"", "17.6"},
    {A "prefix = \"x{}\"\n[Redis]\nmode = cluster\nnodes = h:1\n",
     LOADING "Redis prefix \"x{}\" contains an empty hash tag", "data-store.md 8.2"},

    /* several databases, prefixes */
    {A "[Redis]\nhost = h\n[SQLite]\npath = d.db\n",
     LOADING "multiple databases are enabled (Redis, SQLite); only one is allowed", "41"},
    {A "[SQLite]\npath = d.db\n[DynamoDB]\ntableName = t\n[Consul]\nhost = h\n",
     LOADING "multiple databases are enabled (Consul, DynamoDB, SQLite); only one is allowed",
     "41"},
    {A "[Consul]\nhost = h\ntoken = t\ntokenFile = f\n",
     LOADING "Consul token must be specified as either an inline value or a file, but not both, "
             "tokenFile (line 6): cannot read f: no such file or directory",
     "39"},
    {A B "[Redis]\nhost = h\n", LOADING NO_PREFIX("a") ", " NO_PREFIX("b"), "42"},
    {A "prefix = p\n" B "[Consul]\nhost = h\n", LOADING NO_PREFIX("b"), "42"},
    {A "prefix = p\n" B "prefix = p\n[Redis]\nhost = h\n",
     LOADING "environments \"a\" and \"b\" would share the database prefix \"p\"", "80"},
    {A "prefix = b\n" B "[SQLite]\npath = d.db\n",
     LOADING "environments \"a\" and \"b\" would share the database prefix \"b\"", "17.4"},
    {A "prefix = p\n" B "prefix = p/segments/x\n[Consul]\nhost = h\n",
     LOADING "environment \"b\" would have its Consul keys among the items of environment \"a\"; "
             "choose another prefix than \"p/segments/x\"",
     "data-store 3.3: a full write of a deletes what is in its folders"},
    {A "prefix = p\nprojKey = j\n[Filters \"j\"]\nkeys = features\n[Consul]\nhost = h\n",
     LOADING "environment \"a/features\" would have its Consul keys among the items of environment "
             "\"a\"; choose another prefix than \"p/features\"",
     "data-store 3.3: a filter with the name of such a folder"},
    {A B "[DynamoDB]\ntableName = t\n",
     LOADING
     "environment \"a\" does not have a prefix or table name specified for database storage, "
     "environment \"b\" does not have a prefix or table name specified for database storage",
     "42"},
    {A "tableName = t\n" B "tableName = t\n[DynamoDB]\nenabled\n",
     LOADING "environments \"a\" and \"b\" would share the database prefix \"\"",
     "data-store 27: the same table"},
    {A "prefix = p\n[DynamoDB]\nenabled\n",
     CREATING
     "TableName property must be specified for DynamoDB, either globally or per environment",
     "40"},
    {"[AutoConfig]\nkey = k\nenvDatastorePrefix = p-$CID\n[DynamoDB]\nenabled\n",
     CREATING
     "TableName property must be specified for DynamoDB, either globally or per environment",
     "40"},
    {"[AutoConfig]\nkey = k\n[Redis]\nhost = h\n", LOADING PLACEHOLDER, "43"},
    {"[AutoConfig]\nkey = k\nenvDatastorePrefix = p-$cid\n[Redis]\nhost = h\n", LOADING PLACEHOLDER,
     "43"},
    {"[AutoConfig]\nkey = k\nenvDatastoreTableName = $CID\n[Redis]\nhost = h\n",
     LOADING PLACEHOLDER, "43: the table counts with DynamoDB only"},
    {"[AutoConfig]\nkey = k\nenvDatastorePrefix = p\n[SQLite]\npath = d.db\n", LOADING PLACEHOLDER,
     "17.4: equal prefixes are refused"},
};

static void wrong_databases_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_refused(refused[i].text, NULL, refused[i].problem, refused[i].why);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum config_database database;
    const char *address;
} accepted[] = {
    {"[Redis]\nhost = h\n", CONFIG_REDIS, "redis://h:6379"},
    {"[Redis]\nport = 9999\n", CONFIG_REDIS, "redis://localhost:9999"},
    {"[Redis]\nhost = h\nport = 9999\n", CONFIG_REDIS, "redis://h:9999"},
    {"[Redis]\nhost = redis.internal\ntls = 1\n", CONFIG_REDIS, "rediss://redis.internal:6379"},
    {"[Redis]\nhost = ::1\n", CONFIG_REDIS, "redis://[::1]:6379"},
    {"[Redis]\nhost = [fe80::1]\n", CONFIG_REDIS, "redis://[fe80::1]:6379"},
    {"[Redis]\nhost = my_redis\n", CONFIG_REDIS, "redis://my_redis:6379"},
    {"[Redis]\nurl = REDIS://u:p@h:1/2\n", CONFIG_REDIS, "redis://u:p@h:1/2"},
    {"[Redis]\nurl = redis://u:p@h:1/2\ntls\n", CONFIG_REDIS, "rediss://u:p@h:1/2"},
    {"[Redis]\nurl = rediss://h\ntls\n", CONFIG_REDIS, "rediss://h"},
    {"[Redis]\nurl = redis:///3\n", CONFIG_REDIS, "redis://localhost/3"},
    {"[Redis]\nurl = redis://:p@:1\n", CONFIG_REDIS, "redis://:p@localhost:1"},
    {"[Redis]\nurl = unix:///run/redis.sock\n", CONFIG_REDIS, "unix:///run/redis.sock"},
    {"[Redis]\nmode = sentinel\nnodes = h1, h2:5\nnodes = [::1]\nsentinelMaster = m\n",
     CONFIG_REDIS, "redis-sentinel://h1:26379,h2:5,[::1]:26379/m"},
    {"[Redis]\nmode = cluster\nnodes = h1, h2:5\n", CONFIG_REDIS, "redis-cluster://h1:6379,h2:5"},
    {"[Consul]\nhost = h\n", CONFIG_CONSUL, ""},
    {"[DynamoDB]\ntableName = t\n", CONFIG_DYNAMODB, ""},
    {"[DynamoDB]\ntableName = t\nenabled = false\n", CONFIG_NO_DATABASE, ""},
    {"[SQLite]\npath = d.db\n", CONFIG_SQLITE, ""},
    {"[SQLite]\nenabled\n", CONFIG_SQLITE, ""},
    {"[SQLite]\nenabled = false\npath = d.db\n", CONFIG_NO_DATABASE, ""},
    {"[Redis]\nusername = u\n", CONFIG_NO_DATABASE, ""},
};

/* 35-38; data-store 22 */
static void databases_are_switched_on_and_found(void **state)
{
    (void)state;
    struct str text = {0};
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        str_clear(&text);
        str_append_format(&text, A "%s", accepted[i].text);
        struct loaded l = load(str_text(&text), NULL);
        assert_text(str_text(&l.problem), "", accepted[i].text);
        assert_int_equal(l.config->database, accepted[i].database);
        assert_text(l.config->redis_address, accepted[i].address, accepted[i].text);
        loaded_free(&l);
    }
    str_free(&text);
    assert_string_equal(config_database_name(CONFIG_DYNAMODB), "DynamoDB");
    assert_string_equal(config_database_name(CONFIG_NO_DATABASE), "no database");
}

/* 39 */
static void consul_has_an_address_and_one_token(void **state)
{
    (void)state;
    file_write("token", "t\n");
    struct loaded l = load(A, VARIABLES("USE_CONSUL=1"));
    assert_int_equal(l.config->database, CONFIG_CONSUL);
    assert_string_equal(l.config->consul.host, "127.0.0.1:8500");
    loaded_free(&l);
    l = load(A "[Consul]\nhost = h\ntoken = t\n", VARIABLES("CONSUL_TOKEN_FILE=token"));
    assert_text(str_text(&l.problem), "", "a variable beats the file, whichever form it has");
    assert_string_equal(l.config->consul.token, "");
    assert_string_equal(l.config->consul.token_file, "token");
    loaded_free(&l);
    l = load(A "[Consul]\nhost = h\ntokenFile = token\n", VARIABLES("CONSUL_TOKEN=u"));
    assert_string_equal(l.config->consul.token, "u");
    assert_string_equal(l.config->consul.token_file, "");
    loaded_free(&l);
}

/* 75; 17.4 */
static void sqlite_has_a_path(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        const char *path;
    } rows[] = {{"STATE_DIRECTORY=/var/lib/flagrelay", "/var/lib/flagrelay/flagrelay.db"},
                {"STATE_DIRECTORY=/a:/b", "/a/flagrelay.db"},
                {"STATE_DIRECTORY=", "flagrelay.db"},
                {"STATE_DIRECTORY=:", "flagrelay.db"},
                {"X=1", "flagrelay.db"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct loaded l = load(A, VARIABLES("USE_SQLITE=1", rows[i].folder));
        assert_text(l.config->sqlite.path, rows[i].path, rows[i].folder);
        assert_int_equal(l.config->store.local_ttl_ns, INT64_C(-1000000000));
        loaded_free(&l);
        l = load(A "[SQLite]\npath = own.db\nlocalTtl = 5s\n", VARIABLES("X=1", rows[i].folder));
        assert_text(l.config->sqlite.path, "own.db", rows[i].folder);
        assert_int_equal(l.config->store.local_ttl_ns, INT64_C(5000000000));
        loaded_free(&l);
    }
}

/* ---- prefixes -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *prefixes; /* effective ones, blank-separated, each followed by "@" and the table */
    const char *warnings;
} prefixes[] = {
    {A B, "@ @ ", ""},
    {A "[Redis]\nhost = h\n", "launchdarkly@ ",
     "environment \"a\" does not have a prefix specified for database storage; this would be an "
     "error "
     "if multiple environments were configured\n"},
    {A "prefix = p\n" B "prefix = q\n[Consul]\nhost = h\n", "p@ q@ ", ""},
    {A "[DynamoDB]\ntableName = t\n", "@t ",
     "environment \"a\" does not have a prefix or table name specified for database storage; this "
     "would be an error if multiple environments were configured\n"},
    {A "tableName = u\n" B "tableName = v\n[DynamoDB]\ntableName = t\n", "@u @v ", ""},
    {A "prefix = p\n" B "prefix = p\ntableName = v\n[DynamoDB]\ntableName = t\n", "p@t p@v ", ""},
    {A "prefix = p\n" B "prefix = \"{q}:x\"\n[Redis]\nmode = cluster\nnodes = h:1\n",
     "{ld}.p@ {q}:x@ ", ""},
    {A "prefix = p\n" B "prefix = q\n[Redis]\nmode = cluster\nnodes = h:1\nclusterHashTag = \"\"\n",
     "p@ q@ ", ""},
    {A "prefix = x\n" B "[SQLite]\npath = d.db\n", "x@ b@ ", ""},
    {A "projKey = s\n" B
       "projKey = z\nprefix = q\n[Filters \"s\"]\nkeys = f\n[Filters \"z\"]\nkeys = g\n"
       "[SQLite]\npath = d.db\n",
     "a@ a/f@ q@ q/g@ ", ""},
};

/* 8.4, 42, 75 */
static void environments_have_their_own_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        struct loaded l = load(prefixes[i].text, NULL);
        struct str got = {0};
        assert_text(str_text(&l.problem), "", prefixes[i].text);
        for (size_t k = 0; k < l.config->environment_count; k++)
            str_append_format(&got, "%s@%s ", l.config->environments[k]->store_prefix,
                              l.config->environments[k]->table_name);
        assert_text(str_text(&got), prefixes[i].prefixes, prefixes[i].text);
        assert_text(str_text(&l.warnings), prefixes[i].warnings, prefixes[i].text);
        str_free(&got);
        loaded_free(&l);
    }
}

/* 43 */
static void automatic_configuration_takes_a_placeholder(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[AutoConfig]\nkey = k\nenvDatastorePrefix = p-$CID\n[Redis]\nhost = h\n",
        "[AutoConfig]\nkey = k\nenvDatastoreTableName = t-$CID\n[DynamoDB]\nenabled\n",
        "[AutoConfig]\nkey = k\n[SQLite]\npath = d.db\n",
        "[AutoConfig]\nkey = k\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct loaded l = load(texts[i], NULL);
        assert_text(str_text(&l.problem), "", texts[i]);
        assert_int_equal(l.config->mode, CONFIG_AUTOMATIC);
        loaded_free(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_databases_are_refused),
        cmocka_unit_test(databases_are_switched_on_and_found),
        cmocka_unit_test(consul_has_an_address_and_one_token),
        cmocka_unit_test(sqlite_has_a_path),
        cmocka_unit_test(environments_have_their_own_prefix),
        cmocka_unit_test(automatic_configuration_takes_a_placeholder),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
