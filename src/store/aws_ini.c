/* store/aws_ini.c - see aws_ini.h. */
#include "store/aws_ini.h"

#include "base/str.h"

#include <ctype.h>
#include <openssl/crypto.h>

struct ini_reader {
    const char *path;
    bool is_config;
    size_t line;
    size_t indent; /* of the last property; what is deeper belongs to it */
    bool in_profile;
    bool has_property; /* in this section */
    struct str profile;
    struct aws_ini *out;
};

static void value_free(struct view key, void *value, void *arg)
{
    (void)key;
    (void)arg;
    OPENSSL_cleanse(value, strlen(value));
    mem_free(value);
}

void aws_ini_free(struct aws_ini *f)
{
    map_each(&f->properties, value_free, NULL);
    map_free(&f->properties);
}

static void value_set(struct aws_ini *f, struct view key, struct view value)
{
    char *old = map_set(&f->properties, key, mem_copy_text(value.data, value.len));
    if (old != NULL)
        value_free(key, old, NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without a comment, which needs a blank in front of it, and without blanks at the ends. */
static struct view value_of(struct view text)
{
    for (size_t i = 1; i < text.len; i++) {
        if ((text.data[i] == '#' || text.data[i] == ';') && is_blank(text.data[i - 1]))
            text.len = i;
    }
    return view_trim(text);
}

static bool fail_at(const struct ini_reader *r, const char *what, struct error *err)
{
    error_set(err, "AWS file \"%s\", line %zu: %s", r->path, r->line, what);
    return false;
}

/* "[profile prod]", "[default]". Sections of other kinds ("[sso-session x]") are passed over. */
static bool read_section(struct ini_reader *r, struct view text, struct error *err)
{
    struct view name = view_from(text, 1);
    name = view_take_until(&name, "]");
    if (name.len + 1 == text.len)
        return fail_at(r, "a section's name has no \"]\" behind it", err);
    name = view_trim(name);
    bool marked = view_starts(name, "profile ") || view_starts(name, "profile\t");
    if (marked)
        name = view_trim(view_from(name, strlen("profile ")));
    r->in_profile = !r->is_config || marked || view_is(name, "default");
    r->has_property = false;
    str_clear(&r->profile);
    str_append(&r->profile, name);
    if (r->in_profile)
        value_set(r->out, name, VIEW_LITERAL(""));
    return true;
}

static bool read_property(struct ini_reader *r, struct view text, struct error *err)
{
    struct view value = text;
    struct view name = view_trim(view_take_until(&value, "="));
    struct str key = {0};
    if (value.len == 0 || name.len == 0)
        return fail_at(r, "expected \"name = value\" or \"[section]\"", err);
    if (!r->in_profile)
        return true;
    str_append(&key, str_view(&r->profile));
    str_append_char(&key, '\n');
    for (size_t i = 0; i < name.len; i++)
        str_append_char(&key, (char)tolower((unsigned char)name.data[i]));
    value_set(r->out, str_view(&key), value_of(view_from(value, 1)));
    str_free(&key);
    return true;
}

static bool read_line(struct ini_reader *r, struct view line, struct error *err)
{
    struct view text = view_trim(line);
    size_t indent = 0;
    while (indent < line.len && is_blank(line.data[indent]))
        indent++;
    if (text.len == 0 || text.data[0] == '#' || text.data[0] == ';')
        return true;
    if (text.data[0] == '[')
        return read_section(r, text, err);
    if (r->has_property && indent > r->indent)
        return true;
    r->has_property = true;
    r->indent = indent;
    return read_property(r, text, err);
}

bool aws_ini_parse(struct view text, bool is_config, const char *path, struct aws_ini *out,
                   struct error *err)
{
    struct ini_reader r = {.path = path, .is_config = is_config, .out = out};
    bool ok = true;
    *out = (struct aws_ini){0};
    if (view_starts(text, "\xEF\xBB\xBF"))
        text = view_from(text, 3);
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL) {
        error_set(err, "AWS file \"%s\" is not a text file", path);
        return false;
    }
    while (ok && text.len > 0) {
        struct view line = view_take_until(&text, "\n");
        r.line++;
        ok = read_line(&r, line, err);
        text = view_from(text, 1);
    }
    str_free(&r.profile);
    if (!ok)
        aws_ini_free(out);
    return ok;
}

bool aws_ini_has_profile(const struct aws_ini *f, const char *profile)
{
    return map_get(&f->properties, view_of(profile)) != NULL;
}

const char *aws_ini_get(const struct aws_ini *f, const char *profile, const char *name)
{
    struct str key = {0};
    str_append_format(&key, "%s\n%s", profile, name);
    const char *value = map_get(&f->properties, str_view(&key));
    str_free(&key);
    return value != NULL ? value : "";
}
