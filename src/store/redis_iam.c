/* store/redis_iam.c - see redis_iam.h. */
#include "store/redis_iam.h"

#include "store/aws_file.h"
#include "store/aws_sign.h"

#define OLD_MS (INT64_C(11) * 60 * 60 * 1000)

struct redis_iam {
    struct aws_credentials *credentials;
    const struct clock *clock;
    char *cache;
    char *user;
    bool serverless;
    struct str password;
};

static void iam_free(struct redis_iam *i)
{
    aws_file_wipe(&i->password);
    mem_free(i->cache);
    mem_free(i->user);
    mem_free(i);
}

static void closed_unwanted(void *arg)
{
    (void)arg;
}

struct redis_iam *redis_iam_open(const struct store_redis_settings *settings, uv_loop_t *loop,
                                 const struct clock *clock, struct error *err)
{
    struct aws_credentials *c = aws_credentials_open(settings->variable, loop, clock, err);
    if (c == NULL)
        return NULL;
    if (aws_credentials_chain(c)->region[0] == '\0') {
        error_set(err, "Redis IAM authentication needs an AWS region; set AWS_REGION");
        aws_credentials_close(c, closed_unwanted, NULL);
        return NULL;
    }
    struct redis_iam *i = mem_zalloc(sizeof *i);
    i->credentials = c;
    i->clock = clock;
    i->cache = mem_copy_text(settings->iam_cache, strlen(settings->iam_cache));
    i->user = mem_copy_text(settings->username, strlen(settings->username));
    i->serverless = settings->iam_serverless;
    return i;
}

void redis_iam_close(struct redis_iam *i, void (*closed)(void *arg), void *arg)
{
    if (closed == NULL)
        closed = closed_unwanted;
    if (i == NULL) {
        closed(arg);
        return;
    }
    struct aws_credentials *c = i->credentials;
    iam_free(i);
    aws_credentials_close(c, closed, arg);
}

bool redis_iam_wait(struct redis_iam *i, struct aws_waiter *w)
{
    if (aws_credentials_key(i->credentials) != NULL)
        return false;
    aws_credentials_wait(i->credentials, w);
    return true;
}

void redis_iam_hurry(struct redis_iam *i)
{
    aws_credentials_hurry(i->credentials);
}

const char *redis_iam_password(struct redis_iam *i)
{
    const struct aws_key *key = aws_credentials_key(i->credentials);
    struct aws_cache cache = {.region = aws_credentials_chain(i->credentials)->region,
                              .cache = i->cache,
                              .user = i->user,
                              .serverless = i->serverless};
    str_clear(&i->password);
    if (key != NULL)
        aws_cache_token(&cache, key, clock_wall_ms(i->clock), &i->password);
    return str_text(&i->password);
}

int64_t redis_iam_now_ms(const struct redis_iam *i)
{
    return i != NULL ? clock_now_ms(i->clock) : 0;
}

bool redis_iam_is_old(const struct redis_iam *i, int64_t since_ms)
{
    return i != NULL && clock_now_ms(i->clock) - since_ms >= OLD_MS;
}
