/* store/redis_protocol.c - see redis_protocol.h. */
#include "store/redis_protocol.h"

#include <hiredis/read.h>
#include <limits.h>

/* ---- commands -------------------------------------------------------------------------------- */

void redis_command(struct str *out, const struct view *words, size_t count)
{
    str_append_char(out, '*');
    str_append_int(out, (int64_t)count);
    str_append_text(out, "\r\n");
    for (size_t i = 0; i < count; i++) {
        str_append_char(out, '$');
        str_append_int(out, (int64_t)words[i].len);
        str_append_text(out, "\r\n");
        str_append(out, words[i]);
        str_append_text(out, "\r\n");
    }
}

void redis_command_short(struct str *out, const char *name, struct view a, struct view b,
                         struct view c)
{
    struct view words[] = {view_of(name), a, b, c};
    size_t count = ARRAY_LEN(words);
    while (words[count - 1].len == 0)
        count--;
    redis_command(out, words, count);
}

/* ---- answers --------------------------------------------------------------------------------- */

void redis_reply_free(struct redis_reply *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        redis_reply_free(r->elements[i]);
    mem_free(r->elements);
    mem_free(r);
}

bool redis_reply_is(const struct redis_reply *r, const char *status)
{
    return r->type == REDIS_STATUS && view_is(r->text, status);
}

bool redis_reply_fails_with(const struct redis_reply *r, const char *word)
{
    size_t len = strlen(word);
    return r->type == REDIS_FAILURE && view_starts(r->text, word) &&
           (r->text.len == len || r->text.data[len] == ' ');
}

const struct redis_reply *redis_reply_failure(const struct redis_reply *r)
{
    if (r->type == REDIS_FAILURE)
        return r;
    for (size_t i = 0; i < r->count; i++) {
        const struct redis_reply *found = redis_reply_failure(r->elements[i]);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* ---- what hiredis calls while it reads ------------------------------------------------------- */

/* Hangs the new answer into the list that it is an element of. */
static void *reply_place(const redisReadTask *task, struct redis_reply *r)
{
    if (task->parent != NULL) {
        struct redis_reply *list = task->parent->obj;
        list->elements[task->idx] = r;
    }
    return r;
}

static struct redis_reply *reply_new(enum redis_reply_type type, struct view text)
{
    struct redis_reply *r = mem_zalloc(sizeof *r + text.len + 1);
    r->type = type;
    if (text.len > 0)
        memcpy(r->memory, text.data, text.len);
    r->text = view_make(r->memory, text.len);
    return r;
}

static void *create_text(const redisReadTask *task, char *data, size_t len)
{
    enum redis_reply_type type = task->type == REDIS_REPLY_ERROR    ? REDIS_FAILURE
                                 : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
                                                                    : REDIS_TEXT;
    return reply_place(task, reply_new(type, view_make(data, len)));
}

/* NULL makes hiredis give up with an error. */
static void *create_list(const redisReadTask *task, int count)
{
    if (count < 0 || count > REDIS_ANSWER_MAX_ELEMENTS)
        return NULL;
    struct redis_reply *r = reply_new(REDIS_LIST, view_of(NULL));
    r->count = (size_t)count;
    r->elements = count > 0 ? mem_zalloc(r->count * sizeof(struct redis_reply *)) : NULL;
    return reply_place(task, r);
}

static void *create_number(const redisReadTask *task, long long value)
{
    struct redis_reply *r = reply_new(REDIS_NUMBER, view_of(NULL));
    r->number = value;
    return reply_place(task, r);
}

static void *create_nil(const redisReadTask *task)
{
    return reply_place(task, reply_new(REDIS_NIL, view_of(NULL)));
}

static void free_object(void *object)
{
    redis_reply_free(object);
}

static redisReplyObjectFunctions reply_functions = {create_text, create_list, create_number,
                                                    create_nil, free_object};

/* ---- the reader ------------------------------------------------------------------------------ */

struct redis_reader {
    redisReader *hiredis;
    size_t bytes; /* since the last whole answer */
};

struct redis_reader *redis_reader_new(void)
{
    struct redis_reader *r = mem_zalloc(sizeof *r);
    r->hiredis = redisReaderCreateWithFunctions(&reply_functions);
    return r;
}

void redis_reader_free(struct redis_reader *r)
{
    if (r == NULL)
        return;
    if (r->hiredis != NULL)
        redisReaderFree(r->hiredis);
    mem_free(r);
}

static void reader_problem(const struct redis_reader *r, struct error *err)
{
    error_set(err, "the answer is not Redis's: %s",
              r->hiredis != NULL ? redisReaderGetError(r->hiredis) : "out of memory");
}

bool redis_reader_feed(struct redis_reader *r, struct view bytes, struct error *err)
{
    r->bytes += bytes.len;
    if (r->bytes > REDIS_ANSWER_MAX_BYTES) {
        error_set(err, "an answer of Redis is longer than %zu bytes", REDIS_ANSWER_MAX_BYTES);
        return false;
    }
    if (r->hiredis != NULL && redisReaderFeed(r->hiredis, bytes.data, bytes.len) == REDIS_OK)
        return true;
    reader_problem(r, err);
    return false;
}

bool redis_reader_next(struct redis_reader *r, struct redis_reply **out, struct error *err)
{
    void *reply = NULL;
    if (redisReaderGetReply(r->hiredis, &reply) != REDIS_OK) {
        reader_problem(r, err);
        return false;
    }
    if (reply != NULL)
        r->bytes = 0;
    *out = reply;
    return true;
}
