/* source/json_push.c - the grammar of JSON as a state machine that can stop behind any byte. */
#include "source/json_push.h"

#include "base/percent.h"

enum json_push_state {
    PUSH_VALUE,
    PUSH_FIRST_ELEMENT, /* behind '[' */
    PUSH_FIRST_NAME,    /* behind '{' */
    PUSH_NAME,          /* behind ',' in an object */
    PUSH_COLON,
    PUSH_AFTER_VALUE,
    PUSH_STRING,
    PUSH_NAME_STRING,
    PUSH_NUMBER,
    PUSH_LITERAL,
    PUSH_WHOLE,
    PUSH_BROKEN
};

/* Within a string: plain text, behind a backslash, or that many hexadecimal digits are still due.
 */
enum { STRING_PLAIN, STRING_HEX_LAST, STRING_HEX_FIRST = 4, STRING_ESCAPE };

/* Within a number; those marked may be its end. */
enum number_state {
    NUMBER_MINUS,
    NUMBER_ZERO,   /* end */
    NUMBER_DIGITS, /* end */
    NUMBER_POINT,
    NUMBER_FRACTION, /* end */
    NUMBER_E,
    NUMBER_E_SIGN,
    NUMBER_EXPONENT, /* end */
    NUMBER_ENDED
};

void json_push_init(struct json_push *p, unsigned watch)
{
    *p = (struct json_push){.watch = watch, .state = PUSH_VALUE};
}

bool json_push_whole(const struct json_push *p)
{
    return p->state == PUSH_WHOLE;
}

static bool json_push_fail(struct json_push *p, const char *problem)
{
    p->problem = problem;
    p->state = PUSH_BROKEN;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum json_type json_push_type_of(char c)
{
    switch (c) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return is_digit(c) || c == '-' ? JSON_NUMBER : JSON_NONE;
    }
}

static bool json_push_open(struct json_push *p, bool object)
{
    if (p->level == JSON_MAX_DEPTH)
        return json_push_fail(p, "nested too deeply");
    unsigned char bit = (unsigned char)(1u << (p->level % 8));
    if (object)
        p->objects[p->level / 8] |= bit;
    else
        p->objects[p->level / 8] &= (unsigned char)~bit;
    p->level++;
    p->state = object ? PUSH_FIRST_NAME : PUSH_FIRST_ELEMENT;
    return true;
}

static bool json_push_in_object(const struct json_push *p)
{
    unsigned top = p->level - 1;
    return p->level > 0 && (p->objects[top / 8] >> (top % 8) & 1) != 0;
}

/* A value is complete: what may follow depends on where it stands. */
static void json_push_value_ended(struct json_push *p)
{
    p->state = p->level == 0 ? PUSH_WHOLE : PUSH_AFTER_VALUE;
    p->depth = p->level;
}

/* The first byte of a value. */
static bool json_push_begin(struct json_push *p, char c)
{
    switch (json_push_type_of(c)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return json_push_open(p, c == '{');
    case JSON_STRING:
        p->state = PUSH_STRING;
        p->scalar = STRING_PLAIN;
        return true;
    case JSON_NUMBER:
        p->state = PUSH_NUMBER;
        p->scalar = c == '-' ? NUMBER_MINUS : c == '0' ? NUMBER_ZERO : NUMBER_DIGITS;
        return true;
    case JSON_BOOL:
    case JSON_NULL:
        p->state = PUSH_LITERAL;
        p->literal = c == 't' ? "rue" : c == 'f' ? "alse" : "ull";
        return true;
    case JSON_NONE:
        break;
    }
    return json_push_fail(p, "expected a value");
}

static enum number_state json_push_number_next(enum number_state state, char c)
{
    bool digit = is_digit(c);
    bool e = c == 'e' || c == 'E';
    switch (state) {
    case NUMBER_MINUS:
        return c == '0' ? NUMBER_ZERO : digit ? NUMBER_DIGITS : NUMBER_ENDED;
    case NUMBER_ZERO:
        return c == '.' ? NUMBER_POINT : e ? NUMBER_E : NUMBER_ENDED;
    case NUMBER_DIGITS:
        return digit ? NUMBER_DIGITS : c == '.' ? NUMBER_POINT : e ? NUMBER_E : NUMBER_ENDED;
    case NUMBER_POINT:
        return digit ? NUMBER_FRACTION : NUMBER_ENDED;
    case NUMBER_FRACTION:
        return digit ? NUMBER_FRACTION : e ? NUMBER_E : NUMBER_ENDED;
    case NUMBER_E:
        return digit ? NUMBER_EXPONENT : c == '+' || c == '-' ? NUMBER_E_SIGN : NUMBER_ENDED;
    case NUMBER_E_SIGN:
    case NUMBER_EXPONENT:
        return digit ? NUMBER_EXPONENT : NUMBER_ENDED;
    case NUMBER_ENDED:
        break;
    }
    return NUMBER_ENDED;
}

/* Consumes a string up to its closing quote or the end of the bytes; *ended says which. */
static size_t json_push_string(struct json_push *p, struct view bytes, bool *ended)
{
    size_t i = 0;
    *ended = false;
    while (i < bytes.len && !*ended && p->state != PUSH_BROKEN) {
        char c = bytes.data[i];
        if (p->scalar == STRING_PLAIN) {
            while (i < bytes.len && bytes.data[i] != '"' && bytes.data[i] != '\\' &&
                   (unsigned char)bytes.data[i] >= 0x20)
                i++;
            if (i == bytes.len)
                break;
            c = bytes.data[i];
            if (c == '\\')
                p->scalar = STRING_ESCAPE;
            else if (c == '"')
                *ended = true;
            else
                json_push_fail(p, "control character in a string");
        } else if (p->scalar == STRING_ESCAPE) {
            p->scalar = c == 'u' ? STRING_HEX_FIRST : STRING_PLAIN;
            if (c != 'u' && (c == 0 || strchr("\"\\/bfnrt", c) == NULL))
                json_push_fail(p, "unknown escape in a string");
        } else {
            p->scalar--;
            if (hex_value(c) < 0)
                json_push_fail(p, "expected four hexadecimal digits behind \\u");
        }
        i += p->state != PUSH_BROKEN;
    }
    return i;
}

/* Consumes a part of a string, number or literal; true when it is complete. */
static bool json_push_scalar(struct json_push *p, struct view bytes, size_t *used)
{
    bool ended = false;
    size_t i = 0;
    if (p->state == PUSH_STRING || p->state == PUSH_NAME_STRING) {
        i = json_push_string(p, bytes, &ended);
    } else if (p->state == PUSH_LITERAL) {
        for (; i < bytes.len && *p->literal != 0 && bytes.data[i] == *p->literal; i++)
            p->literal++;
        ended = *p->literal == 0;
        if (!ended && i < bytes.len)
            json_push_fail(p, "expected true, false or null");
    } else {
        for (; i < bytes.len && !ended; i += !ended) {
            enum number_state next = json_push_number_next(p->scalar, bytes.data[i]);
            ended = next == NUMBER_ENDED;
            if (!ended)
                p->scalar = (unsigned char)next;
        }
        bool valid = p->scalar == NUMBER_ZERO || p->scalar == NUMBER_DIGITS ||
                     p->scalar == NUMBER_FRACTION || p->scalar == NUMBER_EXPONENT;
        if (ended && !valid)
            json_push_fail(p, "a number ends too early");
    }
    *used = i;
    return ended && p->state != PUSH_BROKEN;
}

/* A byte between scalars: brackets, commas, colons. True when it closed a value. */
static bool json_push_structure(struct json_push *p, char c)
{
    bool object = json_push_in_object(p);
    char closing = object ? '}' : ']';
    bool may_close = p->state == PUSH_AFTER_VALUE || p->state == PUSH_FIRST_ELEMENT ||
                     p->state == PUSH_FIRST_NAME;
    if (may_close && p->level > 0 && c == closing) {
        p->level--;
        json_push_value_ended(p);
        return true;
    }
    if (p->state == PUSH_AFTER_VALUE && c == ',')
        p->state = object ? PUSH_NAME : PUSH_VALUE;
    else if (p->state == PUSH_COLON && c == ':')
        p->state = PUSH_VALUE;
    else if (p->state == PUSH_AFTER_VALUE)
        json_push_fail(p, object ? "expected ',' or '}'" : "expected ',' or ']'");
    else if (p->state == PUSH_COLON)
        json_push_fail(p, "expected ':'");
    else if (p->state == PUSH_WHOLE)
        json_push_fail(p, "unexpected text after the value");
    else
        json_push_fail(p, "expected a property name in quotes");
    return false;
}

/* Is `c` the start of a value or name here? Tells it first when it is to be watched. */
static bool json_push_starts(struct json_push *p, char c, enum json_push_event *tell)
{
    bool name = p->state == PUSH_FIRST_NAME || p->state == PUSH_NAME;
    bool value = p->state == PUSH_VALUE || (p->state == PUSH_FIRST_ELEMENT && c != ']');
    if (!value && !(name && c == '"'))
        return false;
    if (p->level <= p->watch && !p->told) {
        p->told = true;
        p->depth = p->level;
        p->type = name ? JSON_STRING : json_push_type_of(c);
        *tell = name ? JSON_PUSH_NAME_BEGIN : JSON_PUSH_VALUE_BEGIN;
        return true;
    }
    p->told = false;
    if (name) {
        p->state = PUSH_NAME_STRING;
        p->scalar = STRING_PLAIN;
    } else {
        json_push_begin(p, c);
    }
    return true;
}

/* One thing: a blank, a bracket, a start, or the part of a scalar that is there. */
static size_t json_push_advance(struct json_push *p, struct view bytes, enum json_push_event *tell)
{
    size_t used = 1;
    if (p->state >= PUSH_STRING && p->state <= PUSH_LITERAL) {
        bool name = p->state == PUSH_NAME_STRING;
        if (json_push_scalar(p, bytes, &used)) {
            json_push_value_ended(p);
            if (name)
                p->state = PUSH_COLON;
            if (p->depth <= p->watch)
                *tell = name ? JSON_PUSH_NAME_END : JSON_PUSH_VALUE_END;
        }
    } else if (!is_blank(bytes.data[0])) {
        if (json_push_starts(p, bytes.data[0], tell))
            used = *tell == JSON_PUSH_MORE && p->state != PUSH_BROKEN;
        else if (json_push_structure(p, bytes.data[0]) && p->depth <= p->watch)
            *tell = JSON_PUSH_VALUE_END;
    }
    if (p->state == PUSH_BROKEN)
        *tell = JSON_PUSH_FAILED;
    return used;
}

size_t json_push_step(struct json_push *p, struct view bytes, enum json_push_event *event)
{
    size_t used = 0;
    *event = p->state == PUSH_BROKEN ? JSON_PUSH_FAILED : JSON_PUSH_MORE;
    while (used < bytes.len && *event == JSON_PUSH_MORE)
        used += json_push_advance(p, view_from(bytes, used), event);
    p->offset += used;
    return used;
}
