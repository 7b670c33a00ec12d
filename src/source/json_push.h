/* source/json_push.h - checks the syntax of one JSON text that arrives in pieces, and says where
 * values begin and end in its outer levels.
 *
 *   {"path":"/","data":{"flags":{"a":{...},"b":{...}},...}}
 *   ^0      ^1         ^2       ^3         depth of the values that begin here
 *
 * Holds no text. json_push_step() consumes bytes up to the next thing worth telling, so the owner
 * knows to which value they belong. Depth is limited to JSON_MAX_DEPTH.
 */
#ifndef SOURCE_JSON_PUSH_H
#define SOURCE_JSON_PUSH_H

#include "base/json_reader.h"

enum json_push_event {
    JSON_PUSH_MORE,        /* all bytes are consumed */
    JSON_PUSH_NAME_BEGIN,  /* the next byte is the quote of a property name */
    JSON_PUSH_NAME_END,    /* the last byte was the closing quote of a property name */
    JSON_PUSH_VALUE_BEGIN, /* the next byte is the first of a value; p->type is what it will be */
    JSON_PUSH_VALUE_END,   /* the last byte was the last of a value */
    JSON_PUSH_FAILED       /* p->problem; final */
};

struct json_push {
    unsigned watch; /* events are told for values and names of at most this depth */
    unsigned depth; /* of the value or name that the last event was about */
    enum json_type type;
    const char *problem;  /* static text */
    size_t offset;        /* bytes consumed so far */
    unsigned char state;  /* enum json_push_state */
    unsigned char scalar; /* state within a string, number or literal */
    unsigned level;       /* open brackets */
    const char *literal;  /* what is still to come of "true", "false", "null" */
    bool told;            /* the beginning that comes next has been told */
    unsigned char objects[JSON_MAX_DEPTH / 8 + 1]; /* a bit per level: object or array */
};

void json_push_init(struct json_push *p, unsigned watch);

/* Consumes some of the bytes, returns how many; *event says what is next. Call again with the rest
 * until JSON_PUSH_MORE. Behind the end of the value every byte is an error; see json_push_whole().
 */
size_t json_push_step(struct json_push *p, struct view bytes, enum json_push_event *event);

/* The outermost value is complete. (A number as the outermost value never is.) */
bool json_push_whole(const struct json_push *p);

#endif
