/* config/command_line.c - the command line by the rules of the reference (section 1): one or two
 * dashes, values behind "=" or as the next word, switches that stand alone. */
#include "config/help.h"
#include "config/record.h"
#include "config/value.h"

#include <errno.h>
#include <unistd.h>

static const char default_file[] = "/etc/ld-relay.conf";
static const char own_default_file[] = "/etc/flagrelay.conf";

/* Everything the words said, before it is decided what is to be done. */
struct words {
    char *file;
    char *health_url;
    struct config_list data_files;
    bool from_env;
    bool allow_missing_file;
    bool version;
    bool check_config;
    bool print_config;
    bool check_health;
    bool help;
};

enum word_kind { WORD_SWITCH, WORD_TEXT, WORD_TEXTS, WORD_MAYBE_TEXT, WORD_HELP };

struct word {
    const char *name;
    enum word_kind kind;
    size_t offset;
};

static const struct word known_words[] = {
    {"config", WORD_TEXT, offsetof(struct words, file)},
    {"allow-missing-file", WORD_SWITCH, offsetof(struct words, allow_missing_file)},
    {"from-env", WORD_SWITCH, offsetof(struct words, from_env)},
    {"version", WORD_SWITCH, offsetof(struct words, version)},
    {"check-config", WORD_SWITCH, offsetof(struct words, check_config)},
    {"print-config", WORD_SWITCH, offsetof(struct words, print_config)},
    {"data-file", WORD_TEXTS, offsetof(struct words, data_files)},
    {"check-health", WORD_MAYBE_TEXT, offsetof(struct words, health_url)},
    {"help", WORD_HELP, 0},
    {"h", WORD_HELP, 0},
};

static const struct word *word_find(struct view name)
{
    for (size_t i = 0; i < ARRAY_LEN(known_words); i++) {
        if (view_is(name, known_words[i].name))
            return &known_words[i];
    }
    return NULL;
}

/* Exactly these, no other letter case. */
static bool switch_parse(const char *text, bool *out)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool switch_set(const struct word *word, const char *value, bool *field, struct error *err)
{
    if (value == NULL)
        *field = true;
    if (value == NULL || switch_parse(value, field))
        return true;
    struct str quoted = {0};
    config_quote(view_of(value), &quoted);
    error_set(err, "invalid boolean value %s for -%s: parse error", str_text(&quoted), word->name);
    str_free(&quoted);
    return false;
}

/* `value` is NULL when nothing followed an "=", `next` when there is no next word. Sets *used when
 * the next word was the value. */
static bool word_store(struct words *w, const struct word *word, const char *value,
                       const char *next, bool *used, struct error *err)
{
    void *field = (char *)w + word->offset;
    *used = value == NULL && (word->kind == WORD_TEXT || word->kind == WORD_TEXTS);
    if (*used && next == NULL) {
        error_set(err, "flag needs an argument: -%s", word->name);
        return false;
    }
    switch (word->kind) {
    case WORD_SWITCH:
        return switch_set(word, value, field, err);
    case WORD_TEXT:
        config_text_set(field, *used ? next : value);
        break;
    case WORD_TEXTS:
        config_list_append(field, view_of(*used ? next : value));
        break;
    case WORD_MAYBE_TEXT:
        w->check_health = true;
        config_text_set(field, value != NULL ? value : "");
        break;
    case WORD_HELP:
        w->help = true;
        break;
    }
    return true;
}

static bool positional_refuse(const char *text, struct error *err)
{
    struct str quoted = {0};
    config_quote(view_of(text), &quoted);
    error_set(err, "unexpected argument %s", str_text(&quoted));
    str_free(&quoted);
    return false;
}

static bool words_parse(struct words *w, int argc, char *const *argv, struct error *err)
{
    for (int i = 1; i < argc && !w->help; i++) {
        const char *text = argv[i];
        if (strcmp(text, "--") == 0)
            return i + 1 == argc || positional_refuse(argv[i + 1], err);
        if (text[0] != '-' || text[1] == '\0')
            return positional_refuse(text, err);
        const char *name = text + (text[1] == '-' ? 2 : 1);
        size_t len = strcspn(name, "=");
        if (len == 0 || name[0] == '-') {
            error_set(err, "bad flag syntax: %s", text);
            return false;
        }
        const struct word *word = word_find(view_make(name, len));
        bool used = false;
        if (word == NULL) {
            error_set(err, "flag provided but not defined: -%.*s", (int)len, name);
            return false;
        }
        if (!word_store(w, word, name[len] == '=' ? name + len + 1 : NULL,
                        i + 1 < argc ? argv[i + 1] : NULL, &used, err))
            return false;
        i += used ? 1 : 0;
    }
    return true;
}

/* ---- what follows from them ------------------------------------------------------------------ */

static bool is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* Which file is read, if any. False: it had to exist and does not. */
static bool file_choose(struct words *w, struct error *err)
{
    bool by_default = w->file[0] == '\0' && !w->from_env && w->data_files.count == 0;
    if (by_default)
        config_text_set(&w->file, default_file);
    if (w->file[0] == '\0' || !is_missing(w->file))
        return true;
    if (by_default && !is_missing(own_default_file)) {
        config_text_set(&w->file, own_default_file);
        return true;
    }
    if (w->allow_missing_file) {
        config_text_set(&w->file, "");
        return true;
    }
    struct str quoted = {0};
    config_quote(view_of(w->file), &quoted);
    error_set(err, "configuration file %s does not exist", str_text(&quoted));
    str_free(&quoted);
    return false;
}

/* "A+B" is version A, build B. */
static void version_append(struct str *out)
{
    const char *version = FLAGRELAY_VERSION;
    size_t len = strcspn(version, "+");
    str_append_format(out, "flagrelay version %.*s", (int)len, version);
    if (version[len] == '+')
        str_append_format(out, " (build %s)", version + len + 1);
    str_append_text(out, " (compatible with ld-relay 8.10.1)");
}

static enum config_action action_choose(struct words *w, struct str *out_text, struct error *err)
{
    if (w->help) {
        config_help_append(out_text);
        return CONFIG_SHOW_HELP;
    }
    if (w->version) {
        version_append(out_text);
        return CONFIG_SHOW_VERSION;
    }
    if (w->check_health && w->health_url[0] != '\0')
        return CONFIG_CHECK_HEALTH;
    if (!file_choose(w, err)) {
        error_prefix(err, "Error: ");
        return CONFIG_WRONG_USAGE;
    }
    if (w->check_health)
        return CONFIG_CHECK_HEALTH;
    if (w->print_config)
        return CONFIG_PRINT;
    return w->check_config ? CONFIG_CHECK : CONFIG_RUN;
}

enum config_action config_command_line_parse(int argc, char *const *argv,
                                             struct config_command *out, struct str *out_text,
                                             struct error *err)
{
    struct words w = {.file = mem_copy_text("", 0), .health_url = mem_copy_text("", 0)};
    enum config_action action = CONFIG_WRONG_USAGE;
    if (words_parse(&w, argc, argv, err)) {
        action = action_choose(&w, out_text, err);
    } else {
        str_append_format(out_text, "%s\n", err->text);
        config_usage_append(out_text);
        error_prefix(err, "Error: ");
    }
    *out = (struct config_command){.file = w.file,
                                   .from_env = w.from_env,
                                   .allow_missing_file = w.allow_missing_file,
                                   .health_url = w.health_url,
                                   .data_files = w.data_files};
    return action;
}

void config_command_free(struct config_command *cmd)
{
    mem_free(cmd->file);
    mem_free(cmd->health_url);
    config_list_clear(&cmd->data_files);
    *cmd = (struct config_command){0};
}

void config_source_text(const struct config_command *cmd, struct str *out)
{
    bool file = cmd->file[0] != '\0';
    if (file)
        str_append_format(out, "configuration file %s", cmd->file);
    if (cmd->from_env)
        str_append_text(out, file ? " plus environment variables"
                                  : "configuration from environment variables");
    if (!file && !cmd->from_env)
        str_append_text(out, "no configuration");
    for (size_t i = 0; i < cmd->data_files.count; i++)
        str_append_format(out, "%s %s", i == 0 ? " and flags of" : ",", cmd->data_files.items[i]);
}
