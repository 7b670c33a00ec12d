/* check.c - what --check-config looks at beyond the configuration itself: the flag files. */
#include "run.h"
#include "source/file.h"

bool check_data_files(const struct config *c)
{
    bool good = true;
    for (size_t i = 0; i < c->environment_count; i++) {
        const struct config_environment *e = c->environments[i];
        struct error err;
        if (e->data_file.count == 0)
            continue;
        struct source_file_settings settings = {
            .paths = (const char *const *)e->data_file.items,
            .monitoring_interval_ms = config_ms(c->local_file.monitoring_interval_ns),
            .ignore_duplicate_keys = c->local_file.duplicate_keys == CONFIG_DUPLICATES_IGNORE};
        struct dataset *data = source_file_load(&settings, log_global(), &err);
        if (data == NULL)
            log_always(log_global(), LOG_ERROR, "Environment \"%s\": %s", e->name, err.text);
        good = good && data != NULL;
        dataset_unref(data);
    }
    return good;
}
