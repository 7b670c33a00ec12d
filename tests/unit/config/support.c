/* Shared by the tests of this room; see support.h. */
#include "support.h"

#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int folder_enter(void **state)
{
    char *folder = mem_copy_text("/tmp/flagrelay-config-XXXXXX", 28);
    *state = folder;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

int folder_leave(void **state)
{
    struct str command = {0};
    str_append_format(&command, "rm -rf '%s'", (char *)*state);
    int result = chdir("/") != 0 || system(str_text(&command)) != 0;
    str_free(&command);
    mem_free(*state);
    return result;
}

void file_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

struct loaded load(const char *text, const char *const *variables)
{
    struct loaded l = {0};
    const char *const none[] = {NULL};
    struct config_command cmd = {.file = (char[]){"r.conf"}, .health_url = (char[]){""}};
    if (text == NULL)
        cmd.file[0] = '\0';
    else
        file_write("r.conf", text);
    cmd.from_env = variables != NULL;
    char *const *envp = (char *const *)(uintptr_t)(variables != NULL ? variables : none);
    if (!config_build(&cmd, envp, &l.config, &l.warnings, &l.problem))
        l.config = NULL;
    return l;
}

void loaded_free(struct loaded *l)
{
    config_unref(l->config);
    str_free(&l->warnings);
    str_free(&l->problem);
    *l = (struct loaded){0};
}

void assert_text(const char *got, const char *want, const char *why)
{
    if (strcmp(got, want) == 0)
        return;
    size_t same = 0;
    while (got[same] == want[same])
        same++;
    print_error("%s\n got: %.900s\n", why, got);
    print_error("want: %.900s\n", want);
    print_error("from byte %zu on, got: %.200s\n", same, got + same);
    fail();
}

void assert_refused(const char *text, const char *const *variables, const char *problem,
                    const char *why)
{
    struct loaded l = load(text, variables);
    assert_text(str_text(&l.problem), problem, why);
    assert_null(l.config);
    loaded_free(&l);
}

void assert_warned(const char *text, const char *const *variables, const char *warnings,
                   const char *why)
{
    struct loaded l = load(text, variables);
    assert_text(str_text(&l.problem), "", why);
    assert_text(str_text(&l.warnings), warnings, why);
    assert_non_null(l.config);
    loaded_free(&l);
}
