/* config/file.c - reads a configuration file. It goes on after unknown names and bad values and
 * reports all of them; a syntax error ends it, because nothing behind it can be trusted. */
#include "config/file.h"

#include "config/lexer.h"
#include "config/record.h"
#include "config/spelling.h"
#include "config/value.h"

struct reader {
    struct config *c;
    const char *path;
    struct config_lexer lexer;
    struct str *warnings;
    struct str problems; /* one per line */
    size_t problem_count;

    bool in_section;
    const char *section; /* canonical name; NULL: unknown or without options, skip properties */
    struct config_record record; /* what its properties belong to */
    struct str section_typed;
    struct str subsection;
    struct str property;
    unsigned property_line;
};

/* ---- problems -------------------------------------------------------------------------------- */

/* A problem at a line, as a whole when the column is 0. */
static void problem_add(struct reader *r, unsigned line, unsigned column, const char *text)
{
    if (r->problem_count++ > 0)
        str_append_char(&r->problems, '\n');
    str_append_format(&r->problems, "%s:%u", r->path, line);
    if (column > 0)
        str_append_format(&r->problems, ":%u", column);
    str_append_format(&r->problems, ": %s", text);
}

static bool syntax_problem_add(struct reader *r, size_t offset, const char *text)
{
    unsigned line, column;
    config_lexer_position(&r->lexer, offset, &line, &column);
    problem_add(r, line, column, text);
    return false;
}

/* A key that stands where a name belongs was pasted there by mistake; it stays a secret. */
static void property_append(struct view property, struct str *out)
{
    static const char *const key_prefixes[] = {"sdk-", "mob-", "rel-", "api-"};
    for (size_t i = 0; i < ARRAY_LEN(key_prefixes) && property.len > 8; i++) {
        if (view_starts(property, key_prefixes[i])) {
            str_append_format(out, "\"****%.*s\"", 4, property.data + property.len - 4);
            return;
        }
    }
    config_quote(property, out);
}

/* `section "Environment", subsection "a", variable "ttl"`, as typed. */
static void place_append(const struct reader *r, bool with_property, struct str *out)
{
    str_append_text(out, "section ");
    config_quote(str_view(&r->section_typed), out);
    if (r->subsection.len > 0) {
        str_append_text(out, ", subsection ");
        config_quote(str_view(&r->subsection), out);
    }
    if (with_property) {
        str_append_text(out, ", variable ");
        property_append(str_view(&r->property), out);
    }
}

static void value_problem_add(struct reader *r, const char *message)
{
    struct str text = {0};
    const char *hint = config_value_hint(message);
    str_append_format(&text, "%.*s at ", (int)(hint - message), message);
    place_append(r, true, &text);
    str_append_text(&text, hint);
    problem_add(r, r->property_line, 0, str_text(&text));
    str_free(&text);
}

static void unknown_property_add(struct reader *r)
{
    struct str text = {0};
    str_append_text(&text, "unsupported or misspelled ");
    place_append(r, true, &text);
    config_spelling_property(r->section, str_view(&r->property), &text);
    problem_add(r, r->property_line, 0, str_text(&text));
    str_free(&text);
}

static void unknown_section_add(struct reader *r, unsigned line)
{
    struct str text = {0};
    str_append_text(&text, "unsupported or misspelled ");
    place_append(r, false, &text);
    if (config_section_find(str_view(&r->section_typed)) == NULL)
        config_spelling_section(str_view(&r->section_typed), &text);
    problem_add(r, line, 0, str_text(&text));
    str_free(&text);
}

/* ---- grammar --------------------------------------------------------------------------------- */

/* The next token; false when the lexer met something that ends the parse. */
static bool token_next(struct reader *r, enum config_token *token)
{
    struct config_lexer *l = &r->lexer;
    *token = config_lexer_next(l);
    if (l->problem_count == 0)
        return true;
    if (l->problem_count > 1)
        str_append_format(&l->problem, " (and %zu more errors)", l->problem_count - 1);
    return syntax_problem_add(r, l->problem_at, str_text(&l->problem));
}

static bool line_end_expect(struct reader *r, enum config_token token)
{
    if (token == CONFIG_TOKEN_EOL || token == CONFIG_TOKEN_EOF)
        return true;
    return syntax_problem_add(r, r->lexer.token_at, "expected EOL, EOF, or comment");
}

static void section_open(struct reader *r, unsigned line)
{
    const char *name = config_section_find(str_view(&r->section_typed));
    r->in_section = true;
    r->section = NULL;
    if (name == NULL || (r->subsection.len > 0 && !config_section_has_names(name))) {
        unknown_section_add(r, line);
        return;
    }
    if (strcmp(name, "MetricsConfig") == 0)
        return;
    r->section = name;
    r->record = config_record_of(r->c);
    if (strcmp(name, "Environment") == 0) {
        struct view environment = str_view(&r->subsection);
        if (environment.len == 0 && config_environment_find(r->c, environment) == NULL)
            str_append_text(r->warnings, "[Environment] without a name; please give it one\n");
        r->record = config_environment_record(config_environment_add(r->c, environment));
    } else if (strcmp(name, "Filters") == 0) {
        r->record = config_filter_record(config_filter_add(r->c, str_view(&r->subsection)));
    }
}

/* Behind "[". */
static bool header_parse(struct reader *r, enum config_token *token)
{
    unsigned line, column;
    if (!token_next(r, token))
        return false;
    if (*token != CONFIG_TOKEN_NAME)
        return syntax_problem_add(r, r->lexer.token_at, "expected section name");
    config_lexer_position(&r->lexer, r->lexer.token_at, &line, &column);
    str_clear(&r->section_typed);
    str_append(&r->section_typed, str_view(&r->lexer.text));
    str_clear(&r->subsection);
    if (!token_next(r, token))
        return false;
    if (*token == CONFIG_TOKEN_STRING) {
        if (r->lexer.text.len == 0)
            return syntax_problem_add(r, r->lexer.token_at, "empty subsection name");
        str_append(&r->subsection, str_view(&r->lexer.text));
        if (!token_next(r, token))
            return false;
    }
    if (*token != CONFIG_TOKEN_CLOSE) {
        return syntax_problem_add(r, r->lexer.token_at,
                                  r->subsection.len > 0
                                      ? "expected right bracket"
                                      : "expected subsection name or right bracket");
    }
    if (!token_next(r, token) || !line_end_expect(r, *token))
        return false;
    section_open(r, line);
    return true;
}

static void blank_store(struct reader *r, const struct config_option *o, bool is_file_form,
                        struct config_origin origin)
{
    struct error ignored;
    bool ok = false;
    if (o->kind == CONFIG_BOOLEAN) {
        ok = config_record_assign(r->record, o, view_of("true"), origin, &ignored);
    } else if (o->kind == CONFIG_TAGS) {
        config_record_reset(r->record, o);
        ok = true;
    }
    if (!ok || is_file_form)
        value_problem_add(r, "blank value not supported for type");
}

/* A value that ends at a comment sign without a blank in front was perhaps meant to be longer. */
static void cut_warn(struct reader *r)
{
    if (r->lexer.cut == 0)
        return;
    str_append_format(r->warnings,
                      "%s:%u: the value of \"%s\" ends at the unquoted \"%c\"; put it in double "
                      "quotes if that is part of it\n",
                      r->path, r->property_line, str_text(&r->property), r->lexer.cut);
}

/* The lexer's text is the value, unless the property stands alone. */
static void property_store(struct reader *r, bool blank)
{
    bool is_file_form = false;
    struct error err;
    struct config_origin origin = {.source = CONFIG_FROM_FILE, .line = r->property_line};
    const struct config_option *o =
        config_option_find(view_of(r->section), str_view(&r->property), &is_file_form);
    struct view value = str_view(&r->lexer.text);
    if (o == NULL) {
        unknown_property_add(r);
        return;
    }
    if (blank) {
        blank_store(r, o, is_file_form, origin);
    } else if (is_file_form) {
        config_record_assign_path(r->record, o, value, origin);
    } else if (!config_record_assign(r->record, o, value, origin, &err)) {
        value_problem_add(r, err.text);
        return;
    }
    if (!blank)
        cut_warn(r);
    if (o->scope == CONFIG_SCOPE_ENVIRONMENT && strcmp(o->property, "offline") == 0) {
        struct config_environment *e = r->record.base;
        if (e->offline)
            unknown_property_add(r);
        config_record_reset(r->record, o);
    }
}

/* At the name. */
static bool property_parse(struct reader *r, enum config_token *token)
{
    unsigned column;
    if (!r->in_section)
        return syntax_problem_add(r, r->lexer.token_at, "expected section header");
    config_lexer_position(&r->lexer, r->lexer.token_at, &r->property_line, &column);
    str_clear(&r->property);
    str_append(&r->property, str_view(&r->lexer.text));
    if (!token_next(r, token))
        return false;
    bool blank = *token == CONFIG_TOKEN_EOF || *token == CONFIG_TOKEN_EOL;
    if (!blank) {
        if (*token != CONFIG_TOKEN_ASSIGN)
            return syntax_problem_add(r, r->lexer.token_at, "expected '='");
        if (!token_next(r, token))
            return false;
    }
    if (r->section != NULL)
        property_store(r, blank);
    return blank || (token_next(r, token) && line_end_expect(r, *token));
}

/* A table name or a path in the file turns its database on, unless the file says otherwise (8.1).
 */
static void database_switch_on(struct config *c, const void *enabled, const void *cause)
{
    struct config_record record = config_record_of(c);
    struct error ignored;
    const struct config_option *o = config_option_at(c, enabled);
    struct config_origin origin = config_record_slot(record, config_option_at(c, cause))->value;
    if (origin.source == CONFIG_FROM_FILE && !config_is_set(c, enabled) &&
        !config_record_assign(record, o, view_of("true"), origin, &ignored))
        config_record_reset(record, o);
}

static void file_parse(struct reader *r)
{
    enum config_token token;
    bool going = token_next(r, &token);
    while (going && token != CONFIG_TOKEN_EOF) {
        if (token == CONFIG_TOKEN_EOL) {
            going = token_next(r, &token);
        } else if (token == CONFIG_TOKEN_OPEN) {
            going = header_parse(r, &token);
        } else if (token == CONFIG_TOKEN_NAME) {
            going = property_parse(r, &token);
        } else {
            going =
                syntax_problem_add(r, r->lexer.token_at,
                                   r->in_section ? "expected section header or variable declaration"
                                                 : "expected section header");
        }
    }
}

static void failure_append(const char *path, struct str *problem)
{
    str_append_text(problem, "failed to read configuration file ");
    config_quote(view_of(path), problem);
    str_append_text(problem, ": ");
}

bool config_file_parse(struct config *c, const char *path, struct view text, struct str *warnings,
                       struct str *problem)
{
    struct reader r = {.c = c, .path = path, .warnings = warnings};
    config_lexer_open(&r.lexer, text);
    file_parse(&r);
    database_switch_on(c, &c->dynamodb.enabled, &c->dynamodb.table_name);
    database_switch_on(c, &c->sqlite.enabled, &c->sqlite.path);
    if (r.problem_count > 0) {
        failure_append(path, problem);
        if (r.problem_count > 1)
            str_append_format(problem, "%zu problems:\n", r.problem_count);
        str_append(problem, str_view(&r.problems));
    }
    config_lexer_close(&r.lexer);
    str_free(&r.problems);
    str_free(&r.section_typed);
    str_free(&r.subsection);
    str_free(&r.property);
    return r.problem_count == 0;
}

bool config_file_load(struct config *c, const char *path, struct str *warnings, struct str *problem)
{
    struct str text = {0};
    struct error err;
    bool ok = config_file_read(path, CONFIG_FILE_LIMIT, "configuration file", &text, &err);
    if (ok) {
        config_text_set(&c->file, path);
        ok = config_file_parse(c, path, str_view(&text), warnings, problem);
    } else {
        failure_append(path, problem);
        str_append_text(problem, err.text);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.room);
    str_free(&text);
    return ok;
}
