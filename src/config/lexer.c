/* config/lexer.c - the git-config dialect of the reference, character by character. */
#include "config/lexer.h"

static const int end_of_file = -1;

static void problem_add(struct config_lexer *l, size_t offset, const char *message)
{
    if (l->problem_count++ > 0)
        return;
    l->problem_at = offset;
    str_clear(&l->problem);
    str_append_text(&l->problem, message);
}

/* Decodes one UTF-8 character of two or more bytes; 0 when the bytes are none. */
static size_t utf8_decode(struct view text, int *out)
{
    const unsigned char *p = (const unsigned char *)text.data;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    static const int least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0xc2 || p[0] > 0xf4 || text.len < len)
        return 0;
    int code = p[0] & (0x7f >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return len;
}

static void advance(struct config_lexer *l)
{
    l->at = l->next;
    if (l->at >= l->input.len) {
        l->at = l->input.len;
        l->character = end_of_file;
        return;
    }
    unsigned char byte = (unsigned char)l->input.data[l->at];
    l->character = byte;
    l->next = l->at + 1;
    if (byte == 0) {
        problem_add(l, l->at, "illegal character NUL");
    } else if (byte >= 0x80) {
        size_t len = utf8_decode(view_from(l->input, l->at), &l->character);
        if (len == 0) {
            l->character = 0xfffd;
            problem_add(l, l->at, "illegal UTF-8 encoding");
        }
        l->next = l->at + (len > 0 ? len : 1);
    }
}

void config_lexer_open(struct config_lexer *l, struct view input)
{
    *l = (struct config_lexer){.input = input, .line = 1};
    str_reserve(&l->text, 512); /* a secret does not leave copies behind by growing */
    advance(l);
    if (l->character == 0xfeff)
        advance(l);
}

void config_lexer_close(struct config_lexer *l)
{
    if (l->text.data != NULL)
        explicit_bzero(l->text.data, l->text.room); /* may be a secret */
    str_free(&l->text);
    str_free(&l->problem);
}

void config_lexer_position(struct config_lexer *l, size_t offset, unsigned *line, unsigned *column)
{
    for (; l->line_at < offset; l->line_at++) {
        if (l->input.data[l->line_at] == '\n') {
            l->line++;
            l->line_start = l->line_at + 1;
        }
    }
    *line = l->line;
    *column = (unsigned)(offset >= l->line_start ? offset - l->line_start : 0) + 1;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Outside ASCII everything is taken for a letter but the ranges of signs, blanks and private use.
 * No section or option has such a name; this only decides which message is given. */
static bool is_letter(int c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c < 0xc0)
        return c == 0xaa || c == 0xb5 || c == 0xba;
    return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) &&
           !(c >= 0x3000 && c <= 0x3004) && !(c >= 0x3008 && c <= 0x3030) &&
           !(c >= 0xe000 && c <= 0xf8ff) && c != 0xfeff && c != 0xfffd &&
           !(c >= 0x1f000 && c <= 0x1faff);
}

static struct view span(const struct config_lexer *l, size_t from)
{
    return view_make(l->input.data + from, l->at - from);
}

/* Behind a backslash inside quotes; the decoded character is appended. */
static void escape_scan(struct config_lexer *l, bool in_value)
{
    size_t at = l->at;
    int c = l->character;
    advance(l);
    if (c == '\\' || c == '"')
        str_append_char(&l->text, (char)c);
    else if (in_value && c == 'n')
        str_append_char(&l->text, '\n');
    else if (in_value && c == 't')
        str_append_char(&l->text, '\t');
    else
        problem_add(l, at, "unknown escape sequence");
}

/* The opening quote of a subsection name is behind us. */
static void subsection_scan(struct config_lexer *l)
{
    while (l->character != '"') {
        size_t at = l->at;
        int c = l->character;
        advance(l);
        if (c == '\n' || c == end_of_file) {
            problem_add(l, l->token_at, "string not terminated");
            return;
        }
        if (c == '\\')
            escape_scan(l, false);
        else
            str_append(&l->text, span(l, at));
    }
    advance(l);
}

/* Behind a backslash outside quotes: a line end, which goes with it, or a literal quote. */
static bool joined_line_scan(struct config_lexer *l)
{
    if (l->character == '\r')
        advance(l);
    if (l->character != '\n' && l->character != '"') {
        problem_add(l, l->at, "unquoted '\\' must be followed by new line or double quote");
        return false;
    }
    if (l->character == '"')
        str_append_char(&l->text, '"');
    advance(l);
    return true;
}

static void value_scan(struct config_lexer *l)
{
    bool quoted = false;
    bool after_blank = true;
    size_t keep = 0; /* length of the text up to the last character that is not a trailing blank */
    while (quoted || (l->character != end_of_file && l->character != '\n' && l->character != ';' &&
                      l->character != '#')) {
        size_t at = l->at;
        int c = l->character;
        advance(l);
        if (c == end_of_file || (quoted && c == '\n')) {
            problem_add(l, l->token_at, "string not terminated");
            return;
        }
        if (c == '\\' && quoted)
            escape_scan(l, true);
        else if (c == '\\' && !joined_line_scan(l))
            return;
        else if (c == '"')
            quoted = !quoted;
        else if (c != '\\' && c != '\r')
            str_append(&l->text, span(l, at));
        after_blank = is_blank(c) || c == '"';
        if (quoted || !is_blank(c))
            keep = l->text.len;
    }
    l->text.len = keep;
    if (l->text.data != NULL)
        l->text.data[keep] = '\0';
    if ((l->character == ';' || l->character == '#') && !after_blank && keep > 0)
        l->cut = (char)l->character;
}

static void name_scan(struct config_lexer *l)
{
    size_t from = l->at;
    while (is_letter(l->character) || is_digit(l->character) || l->character == '-')
        advance(l);
    str_append(&l->text, span(l, from));
}

static enum config_token illegal(struct config_lexer *l, int c)
{
    struct str message = {0};
    str_append_format(&message, "illegal character U+%04X", (unsigned)c);
    if (c >= 0x20 && c != 0x7f) {
        str_append_text(&message, " '");
        str_append(&message, span(l, l->token_at));
        str_append_text(&message, "'");
    }
    problem_add(l, l->token_at, str_text(&message));
    str_free(&message);
    return CONFIG_TOKEN_ILLEGAL;
}

static void blanks_and_comments_skip(struct config_lexer *l)
{
    while (is_blank(l->character))
        advance(l);
    while (!l->value_follows && (l->character == ';' || l->character == '#')) {
        while (l->character != '\n' && l->character != end_of_file)
            advance(l);
    }
}

enum config_token config_lexer_next(struct config_lexer *l)
{
    str_clear(&l->text);
    l->cut = 0;
    blanks_and_comments_skip(l);
    l->token_at = l->at;
    if (l->value_follows) {
        l->value_follows = false;
        value_scan(l);
        return CONFIG_TOKEN_STRING;
    }
    int c = l->character;
    if (is_letter(c)) {
        name_scan(l);
        return CONFIG_TOKEN_NAME;
    }
    advance(l);
    switch (c) {
    case -1:
        return CONFIG_TOKEN_EOF;
    case '\n':
        return CONFIG_TOKEN_EOL;
    case '"':
        subsection_scan(l);
        return CONFIG_TOKEN_STRING;
    case '[':
        return CONFIG_TOKEN_OPEN;
    case ']':
        return CONFIG_TOKEN_CLOSE;
    case '=':
        l->value_follows = true;
        return CONFIG_TOKEN_ASSIGN;
    default:
        return illegal(l, c);
    }
}
