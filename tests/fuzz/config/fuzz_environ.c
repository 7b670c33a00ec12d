/* Variables, one per line. Laws: a secret is in no message and printed only by its last characters;
 * a refusal says why. */
#include "laws.h"

#include "config/environ.h"
#include "config/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_VARIABLES = 256 };

/* Beginnings of names whose values are secret; URLs are so only in part, and a file's name is none.
 */
static bool is_secret_variable(const char *variable)
{
    static const char *const names[] = {"LD_ENV_",          "LD_MOBILE_KEY_",
                                        "AUTO_CONFIG_KEY=", "AUTO_CONFIG_CACHE_ENCRYPTION_KEY=",
                                        "REDIS_PASSWORD=",  "REDIS_SENTINEL_PASSWORD=",
                                        "CONSUL_TOKEN=",    "PROXY_AUTH_PASSWORD=",
                                        "RELAY_KEY="};
    const char *equals = strchr(variable, '=');
    if (equals == NULL || strncmp(variable, "LD_MOBILE_KEY_FILE_", 19) == 0 ||
        marker_found(view_make(variable, (size_t)(equals - variable))))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* Cuts the text at its line ends. */
static void lines_split(char *text, char **envp)
{
    size_t count = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL && count < MOST_VARIABLES;) {
        if (*line != '\0')
            envp[count++] = line;
    }
    envp[count] = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *envp[MOST_VARIABLES + 1];
    char *text = mem_copy_text((const char *)data, size);
    struct str warnings = {0};
    struct str problems = {0};
    struct str out = {0};
    bool secret = true;
    lines_split(text, envp);
    for (size_t i = 0; envp[i] != NULL; i++)
        secret = secret && (!marker_found(view_of(envp[i])) || is_secret_variable(envp[i]));
    struct config *c = config_new();
    config_environ_read_always(c, envp);
    bool ok = config_environ_read(c, envp, &warnings, &problems);
    law(ok == (problems.len == 0), "refused without a word", str_text(&problems));
    validated(c, envp, &warnings, &problems);
    printed(c, &out);
    if (secret) {
        law(!marker_found(str_view(&problems)), "a secret in a problem", str_text(&problems));
        law(!marker_found(str_view(&warnings)), "a secret in a warning", str_text(&warnings));
        law(!marker_found(str_view(&out)), "a secret printed", str_text(&out));
    }
    config_unref(c);
    mem_free(text);
    str_free(&warnings);
    str_free(&problems);
    str_free(&out);
    return 0;
}
