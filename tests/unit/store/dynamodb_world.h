/* AWS's DynamoDB Local for a test: started once, tables made by requests of the test's own. */
#ifndef TEST_STORE_DYNAMODB_WORLD_H
#define TEST_STORE_DYNAMODB_WORLD_H

#include "aws_world.h"
#include "harness.h"
#include "server.h"

struct dynamodb_world {
    struct world w;
    struct heard h;
    char url[64];
};

/* The server and the table "flags". */
void dynamodb_start(struct server *s, uint16_t port);
void dynamodb_table(const struct server *s, const char *name);

/* Sends one request as JSON, waits, and returns the answer's body; static, until the next call. */
const char *dynamodb_say(const struct server *s, const char *operation, const char *body);

/* The row's answer to GetItem, and the number of rows of a namespace of the table "flags". */
const char *dynamodb_row(const struct server *s, const char *name, const char *key);
size_t dynamodb_count(const struct server *s, const char *name);

/* Puts a row: `attributes` is JSON behind namespace and key, beginning with a comma, or "". */
void dynamodb_put(const struct server *s, const char *name, const char *key,
                  const char *attributes);

/* Only the settings of a database at that port. */
void dynamodb_settings(struct dynamodb_world *d, uint16_t port);

/* A world whose database is at that port; not open yet. */
void dynamodb_begin(struct dynamodb_world *d, uint16_t port);
void dynamodb_open(struct dynamodb_world *d, const char *prefix);
void dynamodb_end(struct dynamodb_world *d);

#endif
