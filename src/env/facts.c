/* env/facts.c - see facts.h. */
#include "env/facts.h"

#include "base/mask.h"

#include <stdatomic.h>
#include <string.h>

static char *copy(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

char **texts_copy(const char *const *texts)
{
    size_t count = 0;
    while (texts != NULL && texts[count] != NULL)
        count++;
    char **list = mem_zalloc((count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        list[i] = copy(texts[i]);
    return list;
}

void texts_free(char **texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        mem_free(texts[i]);
    mem_free(texts);
}

static char *masked(const char *key)
{
    struct str text = {0};
    mask_key_status(view_of(key), &text);
    return str_take_text(&text);
}

struct env_facts *env_facts_new(const struct env_settings *settings, int64_t created_wall_ms)
{
    struct env_facts *f = mem_zalloc(sizeof *f);
    char tail[8];
    mask_key_tail(view_of(settings->sdk_key), tail);
    atomic_init(&f->refs, 1);
    f->name = copy(settings->name);
    f->env_id = copy(settings->env_id);
    f->filter_key = copy(settings->filter_key);
    f->store_prefix = copy(settings->prefix);
    f->store_table = copy(settings->table);
    f->masked_sdk_key = masked(settings->sdk_key);
    f->masked_mobile_key = masked(settings->mobile_key);
    f->allowed_origins = texts_copy(settings->allowed_origins);
    f->allowed_headers = texts_copy(settings->allowed_headers);
    f->ttl_ms = settings->ttl_ms;
    f->secure_mode = settings->secure_mode;
    f->local = settings->data_files != NULL;
    f->sdk_key = copy(settings->sdk_key);
    f->mobile_key = copy(settings->mobile_key);
    f->created_wall_ms = created_wall_ms;
    f->log = log_scope_new(tail, settings->name, settings->log_level);
    f->events_log = log_scope_part(f->log, "(event proxy)");
    return f;
}

struct env_facts *env_facts_ref(struct env_facts *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void env_facts_unref(struct env_facts *f)
{
    if (f == NULL || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
        return;
    log_scope_unref(f->events_log);
    log_scope_unref(f->log);
    texts_free(f->allowed_origins);
    texts_free(f->allowed_headers);
    mem_free(f->name);
    mem_free(f->env_id);
    mem_free(f->filter_key);
    mem_free(f->store_prefix);
    mem_free(f->store_table);
    mem_free(f->sdk_key);
    mem_free(f->mobile_key);
    mem_free(f->masked_sdk_key);
    mem_free(f->masked_mobile_key);
    mem_free(f);
}
