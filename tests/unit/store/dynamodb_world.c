/* See dynamodb_world.h. */
#include "dynamodb_world.h"

#include "base/random.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AUTHORIZATION                                                                              \
    "AWS4-HMAC-SHA256 Credential=test/20150830/us-east-1/dynamodb/aws4_request, "                  \
    "SignedHeaders=host;x-amz-date, Signature=0"

/* ---- the server ------------------------------------------------------------------------------ */

void dynamodb_start(struct server *s, uint16_t port)
{
    static const char *const words[] = {TEST_SERVERS "/dynamodb", "{port}", NULL};
    if (system(TEST_SERVERS "/dynamodb fetch") != 0)
        fail_msg("DynamoDB Local could not be had; is there a network?");
    server_start(s, port, words);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_all(int fd, const struct str *text)
{
    for (size_t sent = 0; sent < text->len;) {
        ssize_t n = write(fd, text->data + sent, text->len - sent);
        assert_true(n > 0);
        sent += (size_t)n;
    }
}

const char *dynamodb_say(const struct server *s, const char *operation, const char *body)
{
    static struct str answer;
    struct str request = {0};
    char part[65536];
    ssize_t n;
    int fd = connect_to(s->port);
    str_append_format(&request,
                      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Date: 20150830T123600Z\r\n"
                      "X-Amz-Target: DynamoDB_20120810.%s\r\nContent-Type: "
                      "application/x-amz-json-1.0\r\nAuthorization: " AUTHORIZATION
                      "\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                      operation, strlen(body), body);
    send_all(fd, &request);
    str_free(&request);
    str_clear(&answer);
    while ((n = read(fd, part, sizeof part)) > 0)
        str_append(&answer, view_make(part, (size_t)n));
    (void)close(fd);
    const char *start = answer.len > 0 ? strstr(answer.data, "\r\n\r\n") : NULL;
    assert_non_null(start);
    return start + 4;
}

void dynamodb_table(const struct server *s, const char *name)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\","
                   "\"AttributeDefinitions\":[{\"AttributeName\":\"namespace\",\"AttributeType\":"
                   "\"S\"},{\"AttributeName\":\"key\",\"AttributeType\":\"S\"}],\"KeySchema\":[{"
                   "\"AttributeName\":\"namespace\",\"KeyType\":\"HASH\"},{\"AttributeName\":"
                   "\"key\",\"KeyType\":\"RANGE\"}]}",
                   name);
    assert_non_null(strstr(dynamodb_say(s, "CreateTable", body), "\"TableStatus\":\"ACTIVE\""));
}

const char *dynamodb_row(const struct server *s, const char *name, const char *key)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"TableName\":\"flags\",\"ConsistentRead\":true,\"Key\":{\"namespace\":{\"S\":"
                   "\"%s\"},\"key\":{\"S\":\"%s\"}}}",
                   name, key);
    return dynamodb_say(s, "GetItem", body);
}

size_t dynamodb_count(const struct server *s, const char *name)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"TableName\":\"flags\",\"ConsistentRead\":true,\"Select\":\"COUNT\","
                   "\"KeyConditions\":{\"namespace\":{\"ComparisonOperator\":\"EQ\","
                   "\"AttributeValueList\":[{\"S\":\"%s\"}]}}}",
                   name);
    const char *count = strstr(dynamodb_say(s, "Query", body), "\"Count\":");
    assert_non_null(count);
    return strtoul(count + strlen("\"Count\":"), NULL, 10);
}

void dynamodb_put(const struct server *s, const char *name, const char *key, const char *attributes)
{
    struct str body = {0};
    str_append_format(&body,
                      "{\"TableName\":\"flags\",\"Item\":{\"namespace\":{\"S\":\"%s\"},\"key\":{"
                      "\"S\":\"%s\"}%s}}",
                      name, key, attributes);
    assert_string_equal(dynamodb_say(s, "PutItem", str_text(&body)), "{}");
    str_free(&body);
}

/* ---- the world ------------------------------------------------------------------------------- */

void dynamodb_settings(struct dynamodb_world *d, uint16_t port)
{
    aws_variables();
    (void)snprintf(d->url, sizeof d->url, "http://127.0.0.1:%u", port);
    d->w.table = "flags";
    d->w.settings = (struct store_settings){
        .kind = STORE_DYNAMODB,
        .dynamodb = {.url = d->url, .variable = getenv, .random = random_system()}};
}

void dynamodb_begin(struct dynamodb_world *d, uint16_t port)
{
    memset(d, 0, sizeof *d);
    world_begin(&d->w);
    dynamodb_settings(d, port);
}

void dynamodb_open(struct dynamodb_world *d, const char *prefix)
{
    world_open(&d->w);
    heard_open(&d->h, &d->w, prefix);
}

void dynamodb_end(struct dynamodb_world *d)
{
    heard_close(&d->h);
    heard_forget(&d->h);
    assert_int_equal(log_count(AWS_SECRET), 0);
    world_end(&d->w);
}
