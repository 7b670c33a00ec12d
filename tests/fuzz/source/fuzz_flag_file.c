/* A local flag file, JSON or YAML.
 *
 * Laws: what YAML becomes is JSON; and a file that is loaded again, upon its own data, changes
 * nothing. */
#include "source/file_set.h"

#include "base/json_reader.h"
#include "cuts.h"
#include "source/yaml_json.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_yaml(struct view text)
{
    struct str json = {0};
    struct text_marks marks = {0};
    struct error err;
    if (yaml_json_convert(text, &json, &marks, &err) && json.len > 0) {
        struct json_reader r;
        json_reader_init(&r, str_view(&json));
        json_skip(&r);
        json_expect_end(&r);
        must(!json_failed(&r) || strcmp(r.problem, "nested too deeply") == 0);
        json_reader_done(&r);
    }
    text_marks_free(&marks);
    str_free(&json);
}

static void check_file(const char *path)
{
    const char *const paths[] = {path, NULL};
    struct file_set_settings settings = {paths, true, NULL};
    struct str warnings = {0};
    struct error err;
    struct dataset *first = file_set_load(&settings, &warnings, &err);
    if (first != NULL) {
        struct dataset_diff diff;
        settings.previous = first;
        struct dataset *second = file_set_load(&settings, &warnings, &err);
        must(second != NULL);
        dataset_diff(first, second, &diff);
        must(diff.change == DATASET_EQUAL);
        dataset_diff_free(&diff);
        dataset_unref(second);
    } else {
        must(strstr(err.text, path) != NULL || strlen(err.text) == sizeof err.text - 1);
    }
    dataset_unref(first);
    str_free(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_yaml(view_make((const char *)data, size));
    char path[32];
    int file = memfd_create("flags", MFD_CLOEXEC);
    must(file >= 0 && write(file, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    check_file(path);
    close(file);
    return 0;
}
