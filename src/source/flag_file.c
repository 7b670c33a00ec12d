/* source/flag_file.c - reads a file, decides what language it is in, finds the sections. */
#include "source/flag_file.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "source/yaml_json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define READ_BYTES ((size_t)64 << 10)

static const char *const section_names[SECTION_COUNT] = {"flags", "segments", "flagValues"};

void flag_file_free(struct flag_file *f)
{
    str_free(&f->json);
    str_free(&f->unknown);
    text_marks_free(&f->marks);
    *f = (struct flag_file){0};
}

void flag_file_fail(const struct flag_file *f, size_t offset, const char *problem,
                    struct error *err)
{
    struct text_place place =
        f->is_yaml ? text_marks_find(&f->marks, offset) : text_place_of(str_view(&f->json), offset);
    error_set(err, "Unable to load flags: error parsing file: %s at line %zu, column %zu [%s]",
              problem, place.line, place.column, f->path);
}

/* NULL, or what is wrong. */
static const char *descriptor_check(int descriptor)
{
    struct stat facts;
    if (fstat(descriptor, &facts) != 0)
        return uv_strerror(uv_translate_sys_error(errno));
    if (S_ISDIR(facts.st_mode))
        return uv_strerror(UV_EISDIR);
    if (!S_ISREG(facts.st_mode))
        return "not a regular file";
    if ((uintmax_t)facts.st_size > FLAG_FILE_MAX_BYTES)
        return "larger than 200 MiB";
    return NULL;
}

/* Appends up to the end of the file. NULL, or what is wrong. */
static const char *descriptor_read(int descriptor, struct str *out)
{
    for (;;) {
        str_reserve(out, READ_BYTES);
        ssize_t len = read(descriptor, out->data + out->len, READ_BYTES);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return uv_strerror(uv_translate_sys_error(errno));
        if (len == 0)
            return NULL;
        out->len += (size_t)len;
        out->data[out->len] = 0;
        if (out->len > FLAG_FILE_MAX_BYTES)
            return "larger than 200 MiB";
    }
}

static bool bytes_read(const char *path, struct str *out, struct error *err)
{
    const char *problem;
    /* Without O_NONBLOCK a named pipe would wait for a writer. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        problem = uv_strerror(uv_translate_sys_error(errno));
    } else {
        problem = descriptor_check(descriptor);
        if (problem == NULL)
            problem = descriptor_read(descriptor, out);
        close(descriptor);
    }
    if (problem != NULL)
        error_set(err, "Unable to load flags: unable to read file: %s [%s]", problem, path);
    return problem == NULL;
}

/* Is the first byte that is not white space a '{'? */
static bool looks_like_json(struct view text)
{
    size_t i = 0;
    while (i < text.len && strchr(" \t\r\n", text.data[i]) != NULL && text.data[i] != 0)
        i++;
    return i < text.len && text.data[i] == '{';
}

static void unknown_note(struct flag_file *f, struct view name)
{
    if (f->unknown.len > 0)
        str_append_text(&f->unknown, ", ");
    json_write_string(&f->unknown, name);
}

static void section_read(struct flag_file *f, struct json_reader *r, enum flag_file_section section)
{
    if (f->sections[section].len > 0)
        json_fail(r, "a section for the second time; put both together");
    else if (json_peek(r) == JSON_OBJECT)
        f->sections[section] = json_read_raw(r);
    else if (!json_read_null(r))
        json_fail(r, "a section that is no object; list its items by their keys");
}

static void sections_read(struct flag_file *f, struct json_reader *r)
{
    struct view name;
    if (json_peek(r) != JSON_OBJECT)
        json_fail(r, "expected an object with \"flags\", \"flagValues\" or \"segments\" in it");
    for (json_object_begin(r); json_object_next(r, &name);) {
        unsigned section = 0;
        while (section < SECTION_COUNT && !view_is(name, section_names[section]))
            section++;
        if (section < SECTION_COUNT) {
            section_read(f, r, (enum flag_file_section)section);
        } else {
            unknown_note(f, name);
            json_skip(r);
        }
    }
    json_expect_end(r);
}

static bool json_made(struct flag_file *f, struct view text, struct error *err)
{
    struct error problem;
    if (!f->is_yaml) {
        str_append(&f->json, text);
        return true;
    }
    if (!yaml_json_convert(text, &f->json, &f->marks, &problem)) {
        error_set(err, "Unable to load flags: error parsing file: %s [%s]", problem.text, f->path);
        return false;
    }
    if (f->json.len == 0)
        flag_file_fail(f, 0, "nothing in it; write \"flags\", \"flagValues\" or \"segments\"", err);
    return f->json.len > 0;
}

static bool text_parse(struct flag_file *f, struct view text, struct error *err)
{
    if (view_starts(text, "\xEF\xBB\xBF"))
        text = view_from(text, 3);
    f->is_yaml = !looks_like_json(text);
    if (!json_made(f, text, err))
        return false;
    struct json_reader r;
    json_reader_init(&r, str_view(&f->json));
    sections_read(f, &r);
    bool ok = !json_failed(&r);
    if (!ok)
        flag_file_fail(f, json_offset(&r), r.problem, err);
    json_reader_done(&r);
    return ok;
}

bool flag_file_read(struct flag_file *f, const char *path, struct error *err)
{
    *f = (struct flag_file){.path = path};
    struct str text = {0};
    bool ok = bytes_read(path, &text, err) && text_parse(f, str_view(&text), err);
    str_free(&text);
    return ok;
}
