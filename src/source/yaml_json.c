/* source/yaml_json.c - libyaml's events in, JSON text out; a stack of open lists and mappings. */
#include "source/yaml_json.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/map.h"
#include "source/yaml_scalar.h"

#include <yaml.h>

/* What an anchor names: a part of the JSON text. */
struct yaml_anchor {
    struct yaml_anchor *next; /* all of them, also those whose name was given again */
    size_t start;
    size_t len; /* 0 while the node is still open: an alias to it would contain itself */
    size_t nodes;
};

struct yaml_level {
    bool mapping;
    bool behind_name; /* of a mapping: a value comes next */
    bool first;
    struct map names;           /* of a mapping, those already there */
    struct yaml_anchor *anchor; /* to be completed at the end; NULL: none */
    size_t nodes_before;
};

struct yaml_reader {
    yaml_parser_t parser;
    struct str *json;
    struct text_marks *marks;
    struct error *err;
    bool failed;
    bool has_document;
    bool ended;
    size_t nodes;
    unsigned depth;
    struct yaml_level levels[JSON_MAX_DEPTH];
    struct yaml_anchor *all_anchors;
    struct map anchors; /* name -> struct yaml_anchor, the last one of that name */
};

static struct text_place place_of(yaml_mark_t mark)
{
    return (struct text_place){mark.line + 1, mark.column + 1};
}

static void yaml_fail(struct yaml_reader *r, struct text_place place, const char *problem)
{
    error_set(r->err, "%s at line %zu, column %zu", problem, place.line, place.column);
    r->failed = true;
}

static void yaml_event_fail(struct yaml_reader *r, const yaml_event_t *event, const char *problem)
{
    yaml_fail(r, place_of(event->start_mark), problem);
}

/* What libyaml did not like. */
static void yaml_syntax_fail(struct yaml_reader *r, struct view yaml)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "not enough memory";
    if (p->error != YAML_SCANNER_ERROR && p->error != YAML_PARSER_ERROR) {
        yaml_fail(r, text_place_of(yaml, p->problem_offset), problem);
        return;
    }
    struct text_place place = place_of(p->problem_mark);
    if (p->buffer.pointer < p->buffer.last && *p->buffer.pointer == '\t') {
        yaml_fail(r, place, "a tab, where YAML wants blanks; use blanks for indentation");
        return;
    }
    struct str text = {0};
    str_append_text(&text, problem);
    if (p->context != NULL) {
        struct text_place began = place_of(p->context_mark);
        str_append_format(&text, " %s", p->context);
        if (began.line != place.line || began.column != place.column)
            str_append_format(&text, " that begins at line %zu, column %zu,", began.line,
                              began.column);
    }
    yaml_fail(r, place, str_text(&text));
    str_free(&text);
}

static struct yaml_level *yaml_top(struct yaml_reader *r)
{
    return r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
}

static bool yaml_expects_name(struct yaml_reader *r)
{
    const struct yaml_level *top = yaml_top(r);
    return top != NULL && top->mapping && !top->behind_name;
}

/* A value begins or an alias stands for one: commas, marks, limits. */
static void yaml_value_begins(struct yaml_reader *r, const yaml_event_t *event, size_t nodes)
{
    struct yaml_level *top = yaml_top(r);
    if (yaml_expects_name(r)) {
        yaml_event_fail(r, event, "a key that is no plain text; write it as text");
        return;
    }
    r->nodes += nodes;
    if (r->nodes > YAML_JSON_MAX_NODES) {
        yaml_event_fail(r, event,
                        "more than 1000000 values, aliases expanded; make the file smaller");
        return;
    }
    if (top != NULL && !top->mapping && !top->first)
        str_append_char(r->json, ',');
    if (top != NULL) {
        top->first = false;
        top->behind_name = false;
    }
    text_marks_add(r->marks, r->json->len, place_of(event->start_mark));
}

/* From now on the name stands for what comes next. */
static struct yaml_anchor *yaml_anchor_begin(struct yaml_reader *r, const yaml_char_t *name)
{
    if (name == NULL)
        return NULL;
    struct yaml_anchor *a = mem_zalloc(sizeof *a);
    a->start = r->json->len;
    a->next = r->all_anchors;
    r->all_anchors = a;
    map_set(&r->anchors, view_of((const char *)name), a);
    return a;
}

static void yaml_anchor_end(struct yaml_reader *r, struct yaml_anchor *a, size_t nodes_before)
{
    if (a == NULL)
        return;
    a->len = r->json->len - a->start;
    a->nodes = r->nodes - nodes_before;
}

static void yaml_name(struct yaml_reader *r, const yaml_event_t *event)
{
    struct yaml_level *top = yaml_top(r);
    struct view text = view_make((const char *)event->data.scalar.value, event->data.scalar.length);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && view_is(text, "<<")) {
        yaml_event_fail(r, event,
                        "a merge key \"<<\", which is not supported; write the properties out");
        return;
    }
    if (map_set(&top->names, text, r) != NULL) {
        struct str problem = {0};
        str_append_format(&problem,
                          "the key \"%.*s\" for the second time in one mapping; remove one",
                          VIEW_ARGS(text));
        yaml_event_fail(r, event, str_text(&problem));
        str_free(&problem);
        return;
    }
    if (!top->first)
        str_append_char(r->json, ',');
    top->first = false;
    text_marks_add(r->marks, r->json->len, place_of(event->start_mark));
    struct yaml_anchor *anchor = yaml_anchor_begin(r, event->data.scalar.anchor);
    json_write_string(r->json, text);
    r->nodes++;
    yaml_anchor_end(r, anchor, r->nodes - 1);
    str_append_char(r->json, ':');
    top->behind_name = true;
}

static void yaml_scalar(struct yaml_reader *r, const yaml_event_t *event)
{
    if (yaml_expects_name(r)) {
        yaml_name(r, event);
        return;
    }
    yaml_value_begins(r, event, 1);
    if (r->failed)
        return;
    struct view text = view_make((const char *)event->data.scalar.value, event->data.scalar.length);
    struct yaml_anchor *anchor = yaml_anchor_begin(r, event->data.scalar.anchor);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const char *problem =
        yaml_scalar_write(text, (const char *)event->data.scalar.tag, plain, r->json);
    yaml_anchor_end(r, anchor, r->nodes - 1);
    if (problem != NULL)
        yaml_event_fail(r, event, problem);
}

static void yaml_alias(struct yaml_reader *r, const yaml_event_t *event)
{
    const struct yaml_anchor *a =
        map_get(&r->anchors, view_of((const char *)event->data.alias.anchor));
    if (a == NULL || a->len == 0) {
        yaml_event_fail(r, event,
                        a == NULL
                            ? "an alias without an anchor before it; check its name"
                            : "an alias that stands within what it names; write the value out");
        return;
    }
    yaml_value_begins(r, event, a->nodes);
    if (r->failed)
        return;
    str_reserve(r->json, a->len);
    str_append(r->json, view_make(r->json->data + a->start, a->len));
}

static void yaml_open(struct yaml_reader *r, const yaml_event_t *event, bool mapping)
{
    const yaml_char_t *anchor =
        mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const char *tag =
        (const char *)(mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    if (tag != NULL && strcmp(tag, "!") != 0 &&
        strcmp(tag, mapping ? YAML_MAP_TAG : YAML_SEQ_TAG) != 0) {
        yaml_event_fail(r, event, "a tag that is not supported; remove it");
        return;
    }
    yaml_value_begins(r, event, 1);
    if (r->failed)
        return;
    if (r->depth == ARRAY_LEN(r->levels)) {
        yaml_event_fail(r, event, "nested too deeply; use fewer levels");
        return;
    }
    r->levels[r->depth++] = (struct yaml_level){.mapping = mapping,
                                                .first = true,
                                                .anchor = yaml_anchor_begin(r, anchor),
                                                .nodes_before = r->nodes - 1};
    str_append_char(r->json, mapping ? '{' : '[');
}

static void yaml_close(struct yaml_reader *r)
{
    struct yaml_level *top = &r->levels[--r->depth];
    str_append_char(r->json, top->mapping ? '}' : ']');
    yaml_anchor_end(r, top->anchor, top->nodes_before);
    map_free(&top->names);
}

static void yaml_document(struct yaml_reader *r, const yaml_event_t *event)
{
    if (r->has_document)
        yaml_event_fail(r, event, "a second document; keep one, without \"---\" in between");
    r->has_document = true;
}

static void yaml_event(struct yaml_reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        yaml_document(r, event);
        break;
    case YAML_SCALAR_EVENT:
        yaml_scalar(r, event);
        break;
    case YAML_ALIAS_EVENT:
        yaml_alias(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        yaml_open(r, event, event->type == YAML_MAPPING_START_EVENT);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        yaml_close(r);
        break;
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
        r->ended = true;
        break;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    if (!r->failed && r->json->len > YAML_JSON_MAX_BYTES)
        yaml_event_fail(r, event, "more than 256 MiB, aliases expanded; make the file smaller");
}

static void yaml_anchors_free(struct yaml_reader *r)
{
    while (r->all_anchors != NULL) {
        struct yaml_anchor *next = r->all_anchors->next;
        mem_free(r->all_anchors);
        r->all_anchors = next;
    }
    map_free(&r->anchors);
}

bool yaml_json_convert(struct view yaml, struct str *json, struct text_marks *marks,
                       struct error *err)
{
    struct yaml_reader *r = mem_zalloc(sizeof *r);
    r->json = json;
    r->marks = marks;
    r->err = err;
    if (yaml_parser_initialize(&r->parser) == 0) {
        error_set(err, "not enough memory");
        mem_free(r);
        return false;
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)yaml.data, yaml.len);
    while (!r->failed && !r->ended) {
        yaml_event_t event;
        if (yaml_parser_parse(&r->parser, &event) == 0) {
            yaml_syntax_fail(r, yaml);
        } else {
            yaml_event(r, &event);
            yaml_event_delete(&event);
        }
    }
    while (r->depth > 0)
        map_free(&r->levels[--r->depth].names);
    yaml_anchors_free(r);
    yaml_parser_delete(&r->parser);
    bool ok = !r->failed;
    mem_free(r);
    return ok;
}
