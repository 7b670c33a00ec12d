/* Contexts of all schemas: messages, keys, attributes (evaluation.md 3, 12.2; checklist 11 to 19,
 * 89, 92). */
#include "flags_test.h"

#include "flags/context_private.h"

static struct context *context_of(const char *json)
{
    struct error err;
    struct context *c = context_parse(view_of(json), &err);
    if (c == NULL)
        fail_msg("%s: %s", json, err.text);
    return c;
}

/* Checklist 11: the table of 3.6, and of http-api.md 5.3. */
static const struct {
    const char *json;
    const char *message;
} malformed[] = {
    {"null", "expected object, got null at position 0"},
    {"[]", "expected object, got array at position 0"},
    {"{}", "\"key\" property not found in JSON context object"},
    {"{\"kind\":null}", "expected string, got null at position 8"},
    {"{\"kind\":\"\"  ,\"key\":\"x\"}", "context kind cannot be empty"},
    {"{\"kind\":\"org\"}", "\"key\" property not found in JSON context object"},
    {"{\"kind\":\"org\",\"key\":null}", "context key must not be null"},
    {"{\"kind\":\"org\",\"key\":true}", "expected string or null, got boolean at position 20"},
    {"{\"kind\":\"user\",\"key\":\"\"}", "context key must not be empty"},
    {"{\"kind\":\"kind\",\"key\":\"x\"}", "\"kind\" is not a valid context kind"},
    {"{\"kind\":\"o g\",\"key\":\"x\"}", "context kind contains disallowed characters"},
    {"{\"kind\":\"org\",\"key\":\"x\",\"anonymous\":null}",
     "expected boolean, got null at position 36"},
    {"{\"kind\":\"multi\"}", "multi-context must contain at least one kind"},
    {"{\"kind\":\"multi\",\"org\":null}", "expected object, got null at position 22"},
    {"{\"kind\":\"multi\",\"org\":{\"key\":\"x\"},\"org\":{\"key\":\"y\"}}",
     "multi-context cannot have same kind more than once"},
    {"{\"kind\":\"multi\",\"multi\":{\"key\":\"x\"}}",
     "single context cannot have the kind \"multi\""},
    {"{\"key\":null}", "expected string, got null at position 7"},
    {"{\"name\":\"x\"}", "\"key\" property not found in JSON context object"},
    {"{\"key\":1}", "expected string, got number at position 7"},
    {"{\"kind\":\"org\",\"key\":\"\"}", "context key must not be empty"},
    {"{\"kind\":\"a<b\",\"key\":\"x\"}", "context kind contains disallowed characters"},
    {"", "unexpected end of JSON input"},
    {"{\"key\":\"a\"", "unexpected end of JSON input"},
    /* what was decided first */
    {" \n {\"key\":1}", "expected string, got number at position 7"},
    {"{\"key\":true,\"kind\":\"\"}", "context kind cannot be empty"},
    {"{\"key\":true,\"kind\":5}", "expected string, got number at position 19"},
    {"{\"kind\":\"o g\",\"key\":\"\"}", "context kind contains disallowed characters"},
    {"{\"kind\":\"org\",\"name\":5}", "expected string or null, got number at position 21"},
    {"{\"kind\":\"org\",\"key\":\"x\",\"_meta\":5}",
     "expected object or null, got number at position 32"},
    {"{\"kind\":\"org\",\"key\":\"x\",\"_meta\":{\"privateAttributes\":{}}}",
     "expected array or null, got object at position 53"},
    {"{\"kind\":\"org\",\"key\":\"x\",\"_meta\":{\"privateAttributes\":[null]}}",
     "expected string, got null at position 54"},
    {"{\"key\":\"x\",\"custom\":[]}", "expected object or null, got array at position 20"},
    {"{\"key\":\"x\",\"privateAttributeNames\":[1]}", "expected string, got number at position 36"},
    {"{\"key\":\"x\",\"email\":true}", "expected string or null, got boolean at position 19"},
    {"{\"key\":\"x\",\"secondary\":1}", "expected string or null, got number at position 23"},
    {"{\"key\":\"x\",\"anonymous\":1}", "expected boolean or null, got number at position 23"},
    {"{\"kind\":\"multi\",\"a b\":{\"key\":\"x\"}}", "context kind contains disallowed characters"},
    {"{\"kind\":\"multi\",\"kind\":{\"key\":\"x\"}}",
     "multi-context must contain at least one kind"},
    {"{\"kind\":\"multi\",\"org\":{\"kind\":null,\"key\":\"x\"}}",
     "expected string, got null at position 30"},
    {"{\"kind\":\"multi\",\"org\":{}}", "\"key\" property not found in JSON context object"},
    {"{\"kind\":\"multi\",\"org\":{\"kind\":\"kind\",\"key\":\"x\"}}",
     "\"kind\" is not a valid context kind"},
};

static void messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct error err = {.text = ""};
        struct context *c = context_parse(view_of(malformed[i].json), &err);
        if (c != NULL)
            fail_msg("%s: taken", malformed[i].json);
        test_assert_text(view_of(err.text), malformed[i].message, malformed[i].json);
    }
}

/* A text that is no JSON is told as such, even when something else was wrong before. */
static void syntax_errors_come_first(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"kind\":null,}",  "{\"key\":1} x",
                                        "{\"key\":\"a\"}}",  "nope",
                                        "{\"key\":\"\\x\"}", "{'key':1}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct error err = {.text = ""};
        assert_null(context_parse(view_of(texts[i]), &err));
        if (strncmp(err.text, "invalid JSON at position", 24) != 0)
            fail_msg("%s: %s", texts[i], err.text);
    }
}

/* Checklist 12, 13, 17, 18: canonical keys. */
static const struct {
    const char *json;
    const char *canonical;
    const char *key;
    bool multi;
} keys[] = {
    {"{\"key\":\"a:b%\"}", "a:b%", "a:b%", false},
    {"{\"key\":\"\"}", "", "", false},
    {"{\"kind\":\"user\",\"key\":\"a:b\"}", "a:b", "a:b", false},
    {"{\"kind\":\"org\",\"key\":\"a:b%c\"}", "org:a%3Ab%25c", "a:b%c", false},
    {"{\"kind\":\"multi\",\"user\":{\"key\":\"a\"}}", "a", "a", false},
    {"{\"kind\":\"multi\",\"user\":{\"kind\":\"org\",\"key\":\"x\"}}", "org:x", "x", false},
    {"{\"kind\":\"multi\",\"user\":{\"key\":\"u:1\"},\"org\":{\"key\":\"o\"}}", "org:o:user:u%3A1",
     "", true},
    {"{\"kind\":\"multi\",\"\":{\"key\":\"a\"},\"B\":{\"key\":\"b\"}}", "B:b:user:a", "", true},
    {"{\"kind\":\"multi\",\"kind\":\"org\",\"b\":{\"key\":\"1\"},\"a\":{\"key\":\"2\"}}", "a:2:b:1",
     "", true},
    {"{\"kind\":\"org\",\"kind\":\"team\",\"key\":\"x\"}", "team:x", "x", false},
    {"{\"kind\":\"org\",\"kind\":\"\",\"key\":\"x\"}", "x", "x", false},
    {"{\"key\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", false},
    {"{\"key\":\"a\xff\"}", "a\xef\xbf\xbd", "a\xef\xbf\xbd", false},
    {"{\"kind\":\"A.b_c-9\",\"key\":\"x\"}", "A.b_c-9:x", "x", false},
};

static void canonical_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct context *c = context_of(keys[i].json);
        struct str canonical = {0};
        context_canonical_key(c, &canonical);
        test_assert_text(view_of(str_text(&canonical)), keys[i].canonical, keys[i].json);
        test_assert_text(context_key(c), keys[i].key, keys[i].json);
        test_assert_int(context_is_multi(c), keys[i].multi, keys[i].json);
        str_free(&canonical);
        context_free(c);
    }
}

static const struct {
    const char *sdk_key;
    const char *json;
    const char *hash;
} hashes[] = {
    {"secret", "{\"kind\":\"user\",\"key\":\"Message\"}",
     "aa747c502a898200f9e4fa21bac68136f886a0e27aec70ba06daf2e2a5cb5597"},
    {"sdk-secret", "{\"key\":\"user-key\"}",
     "c13bdcf5b88ed2e0db99402f79a29e9b9629979fa6fad0b2db67ea24538f463c"},
    {"sdk-secret", "{\"kind\":\"user\",\"key\":\"a:b\"}",
     "ced26616630931f17f5792556df9dbf6f400e599e7047e6a70969e9866da99f1"},
    {"sdk-secret", "{\"kind\":\"org\",\"key\":\"a:b%c\"}",
     "5e9a764df76a3cf26ff3f987b288592736ef48042ef8a33ccf13b64b25a5dbc5"},
    {"sdk-secret", "{\"kind\":\"multi\",\"user\":{\"key\":\"u:1\"},\"org\":{\"key\":\"o\"}}",
     "9a66f3e92f7459d764568a7a04504b9310ce53ccfbd36509b64f7843ab5fbb14"},
};

static void secure_mode_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        char hash[65];
        struct context *c = context_of(hashes[i].json);
        context_secure_hash(c, view_of(hashes[i].sdk_key), hash);
        assert_string_equal(hash, hashes[i].hash);
        context_free(c);
    }
}

/* A value as JSON-like text; "none" when there is none. */
static void value_print(const struct value *v, struct str *out)
{
    if (v == NULL) {
        str_append_text(out, "none");
        return;
    }
    switch (v->type) {
    case JSON_STRING:
        str_append_format(out, "\"%.*s\"", VIEW_ARGS(v->is.text));
        break;
    case JSON_NUMBER:
        str_append_format(out, "%g", v->is.number);
        break;
    case JSON_BOOL:
        str_append_text(out, v->is.boolean ? "true" : "false");
        break;
    case JSON_ARRAY:
        str_append_format(out, "[%zu]", v->is.array.count);
        break;
    case JSON_OBJECT:
        str_append_format(out, "{%zu}", v->is.object.count);
        break;
    case JSON_NULL:
    case JSON_NONE:
        str_append_text(out, "null");
        break;
    }
}

#define NEW "{\"kind\":\"user\",\"key\":\"k\","

/* 3.5 and checklist 14 to 16: what a path finds in a context. */
static const struct {
    const char *json;
    const char *reference;
    const char *value;
} attributes[] = {
    {NEW "\"a\":{\"b\":1}}", "/a/b", "1"},
    {NEW "\"a/b\":1}", "/a~1b", "1"},
    {NEW "\"a/b\":1}", "a/b", "1"},
    {NEW "\"a~b\":1}", "/a~0b", "1"},
    {NEW "\"a~b\":1}", "a~b", "1"},
    {NEW "\"a\":[\"x\"]}", "/a/0", "none"},
    {NEW "\"a\":[\"x\"]}", "/a", "[1]"},
    {NEW "\"a\":{\"b\":{\"c\":true}}}", "/a/b/c", "true"},
    {NEW "\"a\":{\"b\":1,\"b\":2}}", "/a/b", "2"},
    {NEW "\"a\":{\"b\":null}}", "/a/b", "none"},
    {NEW "\"a\":\"x\"}", "/a/b", "none"},
    {NEW "\"a\":1,\"a\":2}", "a", "2"},
    {NEW "\"a\":1,\"a\":null}", "a", "none"},
    {NEW "\"\":1}", "kind", "\"user\""},
    {NEW "\"x\":1}", "/kind", "\"user\""},
    {NEW "\"x\":1}", "key", "\"k\""},
    {NEW "\"x\":1}", "anonymous", "false"},
    {NEW "\"anonymous\":true}", "/anonymous", "true"},
    {NEW "\"x\":1}", "name", "none"},
    {NEW "\"name\":null}", "name", "none"},
    {NEW "\"name\":\"n\"}", "/name", "\"n\""},
    {NEW "\"_meta\":{\"privateAttributes\":[\"x\"],\"secondary\":\"s\"}}", "_meta", "none"},
    {NEW "\"_meta\":null}", "secondary", "none"},
    {NEW "\"secondary\":\"s\"}", "secondary", "\"s\""},
    {NEW "\"a\":\"\\ud83d\\ude00\"}", "a", "\"\xf0\x9f\x98\x80\""},
    {"{\"key\":\"k\",\"email\":\"e\"}", "email", "\"e\""},
    {"{\"key\":\"k\",\"ip\":null}", "ip", "none"},
    {"{\"key\":\"k\",\"age\":1}", "age", "none"},
    {"{\"key\":\"k\",\"custom\":{\"age\":1}}", "age", "1"},
    {"{\"key\":\"k\",\"custom\":null}", "age", "none"},
    {"{\"key\":\"k\",\"custom\":{\"key\":\"x\",\"kind\":\"y\",\"name\":\"z\",\"anonymous\":true}}",
     "key", "\"k\""},
    {"{\"key\":\"k\",\"custom\":{\"key\":\"x\",\"kind\":\"y\"}}", "kind", "\"user\""},
    {"{\"key\":\"k\",\"custom\":{\"name\":\"z\"}}", "name", "none"},
    {"{\"key\":\"k\",\"custom\":{\"anonymous\":true}}", "anonymous", "false"},
    {"{\"key\":\"k\",\"custom\":{\"_meta\":1}}", "_meta", "none"},
    {"{\"key\":\"k\",\"anonymous\":null}", "anonymous", "false"},
    {"{\"key\":\"k\",\"anonymous\":true}", "anonymous", "true"},
    {"{\"key\":\"k\",\"secondary\":\"s\"}", "secondary", "none"},
    {"{\"key\":\"k\",\"custom\":{\"secondary\":\"s\"}}", "secondary", "\"s\""},
    {"{\"key\":\"k\",\"email\":\"a\",\"custom\":{\"email\":\"b\"}}", "email", "\"b\""},
    {"{\"key\":\"k\",\"custom\":{\"email\":\"b\"},\"email\":\"a\"}", "email", "\"a\""},
    {"{\"key\":\"k\",\"email\":\"a\",\"custom\":{\"email\":null}}", "email", "none"},
    {"{\"key\":\"k\",\"privateAttrs\":5,\"firstName\":\"f\"}", "firstName", "\"f\""},
};

static void attributes_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        struct context *c = context_of(attributes[i].json);
        struct arena arena = {0};
        struct str text = {0};
        struct reference reference =
            reference_parse(&arena, view_of(attributes[i].reference), true);
        assert_int_equal(reference.problem, REFERENCE_VALID);
        value_print(context_part_resolve(&c->parts[0], &reference), &text);
        if (strcmp(str_text(&text), attributes[i].value) != 0)
            fail_msg("%s %s: got %s, want %s", attributes[i].json, attributes[i].reference,
                     str_text(&text), attributes[i].value);
        str_free(&text);
        arena_free(&arena);
        context_free(c);
    }
}

static const struct {
    const char *text;
    bool as_path;
    enum reference_problem problem;
    size_t parts;
} references[] = {
    {"", true, REFERENCE_UNDEFINED, 0},        {"", false, REFERENCE_UNDEFINED, 0},
    {"/", true, REFERENCE_EMPTY, 0},           {"/", false, REFERENCE_VALID, 1},
    {"//", true, REFERENCE_EMPTY_PART, 0},     {"/a/", true, REFERENCE_EMPTY_PART, 0},
    {"/a//b", true, REFERENCE_EMPTY_PART, 0},  {"///", true, REFERENCE_EMPTY_PART, 0},
    {"/a~", true, REFERENCE_BAD_ESCAPE, 0},    {"/a~2", true, REFERENCE_BAD_ESCAPE, 0},
    {"/a~b/c", true, REFERENCE_BAD_ESCAPE, 0}, {"/a~b", false, REFERENCE_VALID, 1},
    {"a~b", true, REFERENCE_VALID, 1},         {"a//b", true, REFERENCE_VALID, 1},
    {"/a/b/c", true, REFERENCE_VALID, 3},      {"/~0~1", true, REFERENCE_VALID, 1},
};

/* Checklist 7. */
static void references_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(references); i++) {
        struct arena arena = {0};
        struct reference r =
            reference_parse(&arena, view_of(references[i].text), references[i].as_path);
        test_assert_int(r.problem, references[i].problem, references[i].text);
        if (r.problem == REFERENCE_VALID)
            test_assert_int((int64_t)r.inner_count + 1, (int64_t)references[i].parts,
                            references[i].text);
        arena_free(&arena);
    }
    assert_string_equal(reference_problem_text(REFERENCE_EMPTY),
                        "attribute reference cannot be empty");
}

#define OFREP_KEY_MISSING                                                                          \
    "The context must contain either a 'targetingKey' or a 'key' and the type must be a string."

/* 12.2: what OpenFeature sends, and the canonical key of what it becomes, or the message. */
static const struct {
    const char *json;
    const char *canonical; /* NULL: refused */
    const char *attribute;
    const char *value; /* of the attribute, or the message */
} ofrep[] = {
    {"{\"targetingKey\":\"u\",\"plan\":\"free\"}", "u", "plan", "\"free\""},
    {"{\"kind\":\"organization\",\"targetingKey\":\"o\",\"name\":\"N\",\"x\":1,"
     "\"privateAttributes\":"
     "[\"x\"]}",
     "organization:o", "privateAttributes", "none"},
    {"{\"kind\":\"organization\",\"targetingKey\":\"o\",\"name\":\"N\"}", "organization:o", "name",
     "\"N\""},
    {"{\"kind\":\"multi\",\"targetingKey\":\"ignored\",\"organization\":{\"targetingKey\":\"o\"},"
     "\"user\":{\"key\":\"u\"}}",
     "organization:o:user:u", "targetingKey", "none"},
    {"{\"targetingKey\":\"t\",\"key\":\"k\",\"name\":17}", "t", "name", "none"},
    {"{\"key\":\"k\",\"targetingKey\":\"t\",\"anonymous\":1}", "t", "anonymous", "false"},
    {"{\"targetingKey\":\"t\",\"anonymous\":true}", "t", "anonymous", "true"},
    {"{\"targetingKey\":null,\"key\":\"k\"}", "k", "key", "\"k\""},
    {"{\"targetingKey\":\"t\",\"kind\":5}", "t", "kind", "\"user\""},
    {"{\"targetingKey\":\"t\",\"a\":{\"b\":null},\"c\":null}", "t", "c", "none"},
    {"{}", NULL, "missing", OFREP_KEY_MISSING},
    {"{\"key\":null}", NULL, "missing", OFREP_KEY_MISSING},
    {"{\"kind\":\"multi\",\"user\":{}}", NULL, "missing", OFREP_KEY_MISSING},
    {"{\"targetingKey\":5}", NULL, "invalid", "expected string, got number at position 16"},
    {"{\"targetingKey\":\"\"}", NULL, "invalid", "context key must not be empty"},
    {"{\"targetingKey\":\"t\",\"kind\":\"\"}", NULL, "invalid", "context kind cannot be empty"},
    {"{\"targetingKey\":\"t\",\"kind\":\"a b\"}", NULL, "invalid",
     "context kind contains disallowed characters"},
    {"{\"kind\":\"multi\",\"targetingKey\":\"t\"}", NULL, "invalid",
     "multi-context must contain at least one kind"},
    {"[]", NULL, "invalid", "expected object, got array at position 0"},
};

static void ofrep_row_check(size_t i)
{
    struct error err = {.text = ""};
    enum context_ofrep_problem problem;
    struct context *c = context_parse_ofrep(view_of(ofrep[i].json), &problem, &err);
    test_assert_int(c != NULL, ofrep[i].canonical != NULL, ofrep[i].json);
    if (c == NULL) {
        bool missing = strcmp(ofrep[i].attribute, "missing") == 0;
        test_assert_text(view_of(err.text), ofrep[i].value, ofrep[i].json);
        test_assert_int(problem, missing ? CONTEXT_OFREP_KEY_MISSING : CONTEXT_OFREP_INVALID,
                        ofrep[i].json);
        return;
    }
    struct arena arena = {0};
    struct str text = {0};
    struct reference reference = reference_parse(&arena, view_of(ofrep[i].attribute), false);
    context_canonical_key(c, &text);
    test_assert_text(str_view(&text), ofrep[i].canonical, ofrep[i].json);
    str_clear(&text);
    value_print(context_part_resolve(&c->parts[0], &reference), &text);
    test_assert_text(str_view(&text), ofrep[i].value, ofrep[i].json);
    str_free(&text);
    arena_free(&arena);
    context_free(c);
}

static void openfeature_contexts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ofrep); i++)
        ofrep_row_check(i);
}

/* Checklist 98. */
static void deep_and_wide_contexts(void **state)
{
    (void)state;
    struct error err;
    struct str json = {0};
    str_append_text(&json, "{\"kind\":\"user\",\"key\":\"k\",\"a\":");
    size_t head = json.len;
    for (int depth = 400; depth <= 100000; depth += 99600) {
        json.len = head;
        for (int i = 0; i < depth; i++)
            str_append_char(&json, '[');
        for (int i = 0; i < depth; i++)
            str_append_char(&json, ']');
        str_append_char(&json, '}');
        struct context *c = context_parse(str_view(&json), &err);
        assert_int_equal(c != NULL, depth == 400);
        context_free(c);
    }
    json.len = head;
    str_append_char(&json, '1');
    for (int i = 0; i < 20000; i++)
        str_append_format(&json, ",\"attribute-%d\":%d", i, i);
    str_append_char(&json, '}');
    struct context *c = context_parse(str_view(&json), &err);
    struct name name = name_of(VIEW_LITERAL("attribute-19999"));
    assert_non_null(c);
    const struct value *v = attributes_find(&c->parts[0].attributes, &name);
    assert_true(v->is.number == 19999);
    context_free(c);
    str_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(syntax_errors_come_first),
        cmocka_unit_test(canonical_keys),
        cmocka_unit_test(secure_mode_hashes),
        cmocka_unit_test(attributes_are_found),
        cmocka_unit_test(references_are_parsed),
        cmocka_unit_test(openfeature_contexts),
        cmocka_unit_test(deep_and_wide_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
