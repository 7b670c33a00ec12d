/* store/dynamodb_request.c - one request to DynamoDB with all its repetitions (data-store.md 3.2).
 *
 *   attempt: credentials? --wait--> sign --HTTP--> 200: answered
 *      ^                                           throttled: 10 tries     \
 *      '---- pause <------------------------------ 5xx, no answer: 3 tries  > within 10 s
 *                                                  credentials expired: 2  /
 *                                                  any other error: answered
 */
#include "store/dynamodb_private.h"

#include "store/aws_call.h"

#define SERVICE "dynamodb"
#define CONTENT_TYPE "application/x-amz-json-1.0"
#define TARGET_PREFIX "DynamoDB_20120810."

static void attempt(struct dynamodb_task *t);

int64_t dynamodb_pause_ms(struct random *random, unsigned tries)
{
    int64_t ms = DYNAMODB_PAUSE_MS;
    for (; tries > 0 && ms < DYNAMODB_MAX_PAUSE_MS; tries--)
        ms *= 2;
    if (ms > DYNAMODB_MAX_PAUSE_MS)
        ms = DYNAMODB_MAX_PAUSE_MS;
    return ms - (int64_t)(random->unit(random) * (double)ms / 2);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Everything that the attempt holds. */
static void attempt_end(struct dynamodb_request *r)
{
    aws_credentials_withdraw(&r->waiter);
    if (r->call != NULL)
        http_call_cancel(r->call);
    r->call = NULL;
    mem_free(r->key_id);
    r->key_id = NULL;
}

void dynamodb_request_drop(struct dynamodb_task *t)
{
    struct dynamodb_request *r = &t->request;
    if (r->operation == NULL)
        return;
    attempt_end(r);
    buf_unref(r->body);
    r->body = NULL;
    r->operation = NULL;
}

static void finish(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    dynamodb_answered *answered = t->request.answered;
    (void)uv_timer_stop(&t->timer);
    dynamodb_request_drop(t);
    answered(t, result); /* dynamodb_init.c and others */
}

static void finish_refused(struct dynamodb_task *t, const char *name, const char *problem,
                           struct view body)
{
    struct dynamodb_result result = {.body = body, .name = name, .problem = problem};
    finish(t, &result);
}

static void finish_failed(struct dynamodb_task *t, const char *problem)
{
    finish_refused(t, "", problem, view_of(""));
}

/* ---- what an error means --------------------------------------------------------------------- */

enum reaction { FINAL, AGAIN_LATER, AGAIN_WHEN_CALM, AGAIN_WITH_OTHER_CREDENTIALS };

static const struct {
    const char *name;
    enum reaction reaction;
    const char *remedy; /* behind the service's own text */
} known_errors[] = {
    {"ProvisionedThroughputExceededException", AGAIN_WHEN_CALM, "raise the table's capacity"},
    {"ThrottlingException", AGAIN_WHEN_CALM, NULL},
    {"Throttling", AGAIN_WHEN_CALM, NULL},
    {"RequestLimitExceeded", AGAIN_WHEN_CALM, NULL},
    {"LimitExceededException", AGAIN_WHEN_CALM, NULL},
    {"TransactionInProgressException", AGAIN_WHEN_CALM, NULL},
    {"SlowDown", AGAIN_WHEN_CALM, NULL},
    {"RequestTimeout", AGAIN_LATER, NULL},
    {"ExpiredTokenException", AGAIN_WITH_OTHER_CREDENTIALS, "renew the AWS credentials"},
    {"ExpiredToken", AGAIN_WITH_OTHER_CREDENTIALS, "renew the AWS credentials"},
    {"UnrecognizedClientException", AGAIN_WITH_OTHER_CREDENTIALS, "check the AWS credentials"},
    {"InvalidSignatureException", FINAL,
     "check AWS_SECRET_ACCESS_KEY, the region and this machine's clock"},
    {"ResourceNotFoundException", FINAL,
     "create it with the partition key \"namespace\" (S) and the sort key \"key\" (S), or check "
     "name, region and account"},
    {"AccessDeniedException", FINAL,
     "allow dynamodb:GetItem, Query, PutItem and BatchWriteItem on it, and for Big Segments "
     "UpdateItem and ConditionCheckItem"},
    {"ValidationException", FINAL,
     "it needs the partition key \"namespace\" (S) and the sort key \"key\" (S)"},
};

struct verdict {
    enum reaction reaction;
    struct str name;
    struct str problem;
};

static void judge(const struct dynamodb_task *t, const struct http_call_answer *a,
                  struct verdict *v)
{
    const struct dynamodb_backend *b = t->backend;
    struct str message = {0};
    *v = (struct verdict){.reaction = FINAL};
    if (!a->ok) {
        v->reaction = AGAIN_LATER;
        str_append_format(&v->problem, "DynamoDB at %s: %s", b->address, a->problem);
        return;
    }
    dynamodb_answer_failure(a->body, &v->name, &message);
    if (a->status >= 500)
        v->reaction = AGAIN_LATER;
    const char *remedy = NULL;
    for (size_t i = 0; i < ARRAY_LEN(known_errors); i++) {
        if (view_is(str_view(&v->name), known_errors[i].name)) {
            v->reaction = known_errors[i].reaction;
            remedy = known_errors[i].remedy;
        }
    }
    if (v->name.len == 0)
        str_append_format(&v->problem, "DynamoDB at %s answered with status %d", b->address,
                          a->status);
    else
        str_append_format(&v->problem, "DynamoDB table \"%s\": %s: %s", t->place.table,
                          str_text(&v->name), str_text(&message));
    if (remedy != NULL)
        str_append_format(&v->problem, "; %s", remedy);
    str_free(&message);
}

/* How long until the next attempt; < 0: there is none. */
static int64_t pause_before_next(struct dynamodb_task *t, const struct verdict *v)
{
    struct dynamodb_request *r = &t->request;
    int64_t ms = -1;
    if (t->op->type == STORE_OP_PROBE)
        return -1; /* the monitor asks again anyway */
    if (v->reaction == AGAIN_LATER && ++r->failures < DYNAMODB_MAX_FAILURES)
        ms = dynamodb_pause_ms(t->backend->random, r->failures - 1);
    else if (v->reaction == AGAIN_WHEN_CALM && ++r->throttled < DYNAMODB_MAX_TRIES)
        ms = dynamodb_pause_ms(t->backend->random, r->throttled - 1);
    else if (v->reaction == AGAIN_WITH_OTHER_CREDENTIALS && !r->renewed)
        ms = 0;
    if (v->reaction == AGAIN_WITH_OTHER_CREDENTIALS)
        r->renewed = true;
    return (int64_t)uv_now(t->backend->loop) + ms < r->end_ms ? ms : -1;
}

/* ---- attempts -------------------------------------------------------------------------------- */

static void on_answer(void *owner, const struct http_call_answer *answer)
{
    struct dynamodb_task *t = owner;
    struct dynamodb_request *r = &t->request;
    struct verdict v;
    r->call = NULL;
    if (answer->ok && answer->status == 200) {
        struct dynamodb_result result = {.ok = true, .body = answer->body};
        finish(t, &result);
        return;
    }
    judge(t, answer, &v);
    if (v.reaction == AGAIN_WITH_OTHER_CREDENTIALS)
        aws_credentials_refused(t->backend->credentials, r->key_id);
    int64_t pause = pause_before_next(t, &v);
    attempt_end(r);
    if (pause >= 0)
        dynamodb_later(t, pause, attempt);
    else
        finish_refused(t, str_text(&v.name), str_text(&v.problem), answer->body);
    str_free(&v.name);
    str_free(&v.problem);
}

static int64_t time_left(const struct dynamodb_task *t)
{
    int64_t left = t->request.end_ms - (int64_t)uv_now(t->backend->loop);
    return left > 0 ? left : 1;
}

static void send_request(struct dynamodb_task *t, const struct aws_key *key)
{
    const struct dynamodb_backend *b = t->backend;
    struct dynamodb_request *r = &t->request;
    int64_t left = time_left(t);
    char target[64];
    (void)snprintf(target, sizeof target, TARGET_PREFIX "%s", r->operation);
    struct aws_call call = {.url = b->url,
                            .region = b->region,
                            .service = SERVICE,
                            .content_type = CONTENT_TYPE,
                            .target = target,
                            .body = r->body,
                            .payload_hash = r->payload_hash,
                            .wall_ms = clock_wall_ms(b->clock),
                            .timeout_ms =
                                left < DYNAMODB_ATTEMPT_LIMIT_MS ? left : DYNAMODB_ATTEMPT_LIMIT_MS,
                            .max_body = DYNAMODB_MAX_ANSWER};
    r->key_id = mem_copy_text(key->id, strlen(key->id));
    r->call =
        aws_call_start(aws_credentials_client(b->credentials), b->loop, &call, key, on_answer, t);
}

static void on_credentials(struct aws_waiter *w, const char *problem)
{
    struct dynamodb_task *t = CONTAINER_OF(w, struct dynamodb_task, request.waiter);
    const struct aws_key *key = aws_credentials_key(t->backend->credentials);
    (void)uv_timer_stop(&t->timer);
    if (key != NULL)
        send_request(t, key);
    else
        finish_failed(t, problem != NULL ? problem : "the AWS credentials have expired");
}

static void no_credentials_in_time(struct dynamodb_task *t)
{
    finish_failed(t, "no AWS credentials were had in time");
}

static void no_region(struct dynamodb_task *t)
{
    finish_failed(t, "no AWS region configured; set AWS_REGION");
}

static void attempt(struct dynamodb_task *t)
{
    struct dynamodb_backend *b = t->backend;
    if (b->region[0] == '\0') {
        dynamodb_later(t, 0, no_region);
        return;
    }
    const struct aws_key *key = aws_credentials_key(b->credentials);
    if (key != NULL) {
        send_request(t, key);
        return;
    }
    dynamodb_later(t, time_left(t), no_credentials_in_time);
    aws_credentials_wait(b->credentials, &t->request.waiter);
}

void dynamodb_ask_take(struct dynamodb_task *t, const char *operation, struct buf *body,
                       const char *payload_hash, dynamodb_answered *answered)
{
    struct dynamodb_request *r = &t->request;
    int64_t limit = t->op->type == STORE_OP_PROBE ? DYNAMODB_PROBE_LIMIT_MS : DYNAMODB_LIMIT_MS;
    *r = (struct dynamodb_request){.operation = operation, .body = body, .answered = answered};
    list_init(&r->waiter.link);
    r->waiter.done = on_credentials;
    r->end_ms = (int64_t)uv_now(t->backend->loop) + limit;
    if (payload_hash != NULL)
        memcpy(r->payload_hash, payload_hash, sizeof r->payload_hash);
    else
        aws_hash(buf_view(body), r->payload_hash);
    attempt(t);
}

void dynamodb_ask_text(struct dynamodb_task *t, const char *operation, struct str *body,
                       dynamodb_answered *answered)
{
    struct buf *bytes = str_to_buf(body);
    str_free(body);
    dynamodb_ask_take(t, operation, bytes, NULL, answered);
}
