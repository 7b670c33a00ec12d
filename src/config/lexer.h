/* config/lexer.h - a configuration file as tokens (section 2.1, 2.4); private to the room.
 *
 * The only states are "the next token is a value" and, within a value, "inside quotes". The text is
 * borrowed and never read beyond its end, whatever it holds.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "base/str.h"

#include <stdbool.h>

enum config_token {
    CONFIG_TOKEN_EOF,
    CONFIG_TOKEN_EOL,
    CONFIG_TOKEN_NAME,    /* text: the name */
    CONFIG_TOKEN_STRING,  /* text: subsection or value, decoded */
    CONFIG_TOKEN_OPEN,    /* [ */
    CONFIG_TOKEN_CLOSE,   /* ] */
    CONFIG_TOKEN_ASSIGN,  /* = ; the next token is a value */
    CONFIG_TOKEN_ILLEGAL, /* reported in problems */
};

struct config_lexer {
    struct view input;
    int character; /* the current one as a code point, -1 at the end */
    size_t at;     /* its offset */
    size_t next;   /* offset of the following one */
    bool value_follows;

    /* The token that config_lexer_next() returned. */
    size_t token_at;
    struct str text;
    char cut; /* '#' or ';' when it ended an unquoted value without a blank in front; else 0 */

    /* Problems of this token: the first one's message and place, and how many. */
    size_t problem_count;
    size_t problem_at;
    struct str problem;

    /* Where the last position was computed, so that a file is counted through once. */
    size_t line_at;
    size_t line_start;
    unsigned line;
};

void config_lexer_open(struct config_lexer *l, struct view input);
void config_lexer_close(struct config_lexer *l);

/* Comments are skipped. When problem_count is not 0 afterwards, parsing must end. */
enum config_token config_lexer_next(struct config_lexer *l);

/* Line and column in bytes, from 1. Offsets must not decrease by more than the current line. */
void config_lexer_position(struct config_lexer *l, size_t offset, unsigned *line, unsigned *column);

#endif
