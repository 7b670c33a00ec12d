/* store/aws_answer.c - see aws_answer.h. */
#include "store/aws_answer.h"

#include "base/json_reader.h"

#include <openssl/crypto.h>
#include <time.h>

enum part { PART_ID, PART_SECRET, PART_TOKEN, PART_EXPIRATION, PART_MESSAGE, PART_COUNT };

static void parts_free(struct str parts[static PART_COUNT])
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (parts[i].data != NULL)
            OPENSSL_cleanse(parts[i].data, parts[i].len);
        str_free(&parts[i]);
    }
}

struct view aws_answer_line(struct view text)
{
    return view_trim(view_take_until(&text, "\n"));
}

bool aws_answer_time(const char *text, int64_t *wall_ms)
{
    struct tm t = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (rest != NULL && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (rest == NULL || (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0))
        return false;
    *wall_ms = (int64_t)timegm(&t) * 1000;
    return true;
}

static bool key_of_parts(const struct str parts[static PART_COUNT], struct aws_key *out,
                         struct error *err)
{
    const char *expiration = str_text(&parts[PART_EXPIRATION]);
    int64_t expires = 0;
    if (parts[PART_ID].len == 0 || parts[PART_SECRET].len == 0) {
        error_set(err, "the answer has no credentials in it%s%s",
                  parts[PART_MESSAGE].len > 0 ? ": " : "", str_text(&parts[PART_MESSAGE]));
        return false;
    }
    if (expiration[0] != '\0' && !aws_answer_time(expiration, &expires)) {
        error_set(err, "the answer's time of expiration is not understood");
        return false;
    }
    *out = aws_key_make(str_text(&parts[PART_ID]), str_text(&parts[PART_SECRET]),
                        str_text(&parts[PART_TOKEN]));
    out->expires_wall_ms = expires;
    return true;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static enum part part_of(struct view name)
{
    static const struct {
        const char *name;
        enum part part;
    } names[] = {
        {"AccessKeyId", PART_ID},        {"SecretAccessKey", PART_SECRET},
        {"Token", PART_TOKEN},           {"SessionToken", PART_TOKEN},
        {"Message", PART_MESSAGE},       {"message", PART_MESSAGE},
        {"Expiration", PART_EXPIRATION},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (view_is(name, names[i].name))
            return names[i].part;
    }
    return PART_COUNT;
}

bool aws_answer_json(struct view text, struct aws_key *out, struct error *err)
{
    struct str parts[PART_COUNT] = {{0}};
    struct json_reader r;
    struct view name;
    bool ok = false;
    json_reader_init(&r, text);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        enum part part = part_of(name);
        if (part == PART_COUNT || json_peek(&r) != JSON_STRING) {
            json_skip(&r);
        } else {
            str_clear(&parts[part]);
            json_read_string(&r, &parts[part]);
        }
    }
    json_expect_end(&r);
    if (json_failed(&r))
        error_set(err, "the answer is not JSON");
    else
        ok = key_of_parts(parts, out, err);
    json_reader_done(&r);
    parts_free(parts);
    return ok;
}

/* ---- XML ----------------------------------------------------------------------------------------
 *
 * Answers of STS have each of these elements once, without attributes.
 */

static void append_decoded(struct view text, struct str *out)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    while (text.len > 0) {
        size_t step = 1;
        char c = text.data[0];
        for (size_t i = 0; c == '&' && step == 1 && i < ARRAY_LEN(entities); i++) {
            if (view_starts(text, entities[i].name)) {
                c = entities[i].c;
                step = strlen(entities[i].name);
            }
        }
        if (c != '\0')
            str_append_char(out, c);
        text = view_from(text, step);
    }
}

/* The text of the first element of this name, appended. */
static void append_element(struct view text, const char *name, struct str *out)
{
    char tag[32];
    int len = snprintf(tag, sizeof tag, "<%s>", name);
    const char *at = len > 0 ? memmem(text.data, text.len, tag, (size_t)len) : NULL;
    if (at == NULL)
        return;
    struct view rest = view_from(text, (size_t)(at - text.data) + (size_t)len);
    append_decoded(view_trim(view_take_until(&rest, "<")), out);
}

bool aws_answer_sts(struct view text, struct aws_key *out, struct error *err)
{
    static const char *const names[PART_COUNT] = {
        [PART_ID] = "AccessKeyId",     [PART_SECRET] = "SecretAccessKey",
        [PART_TOKEN] = "SessionToken", [PART_EXPIRATION] = "Expiration",
        [PART_MESSAGE] = "Message",
    };
    struct str parts[PART_COUNT] = {{0}};
    for (size_t i = 0; text.len > 0 && i < PART_COUNT; i++)
        append_element(text, names[i], &parts[i]);
    bool ok = key_of_parts(parts, out, err);
    parts_free(parts);
    return ok;
}

void aws_answer_sts_refusal(struct view text, struct str *out)
{
    struct str message = {0};
    if (text.len == 0)
        return;
    append_element(text, "Code", out);
    append_element(text, "Message", &message);
    if (message.len > 0)
        str_append_format(out, "%s%s", out->len > 0 ? ": " : "", str_text(&message));
    str_free(&message);
}
