/* config/record.h - reading and writing a struct of options through the table; private to the room.
 *
 * A record is one struct with options in it: the configuration itself, an environment, a filter.
 * Each field that has a row in options.c has a slot, which remembers where its value came from.
 */
#ifndef CONFIG_RECORD_H
#define CONFIG_RECORD_H

#include "config/config.h"
#include "config/options.h"

enum config_source {
    CONFIG_FROM_DEFAULT,
    CONFIG_FROM_FILE,
    CONFIG_FROM_VARIABLE,
    CONFIG_FROM_COMMAND /* command line */
};

struct config_origin {
    enum config_source source;
    unsigned line; /* in the file */
    bool by_alias; /* the variable is the option's second one */
};

struct config_slot {
    struct config_origin value; /* CONFIG_FROM_DEFAULT: not set */
    struct config_origin secret_file;
    char *secret_path; /* value comes from this file (17.2); NULL: no */
    /* Lists: where each item came from. Items behind these were added by what was derived. */
    struct config_origin *items;
    size_t item_count;
};

struct config_record {
    enum config_scope scope;
    void *base;
    struct config_slot *slots;
    const char *name; /* of the environment or project; NULL for the configuration itself */
};

/* An empty configuration with all defaults; one reference. */
struct config *config_new(void);

struct config_record config_record_of(struct config *c);
struct config_record config_environment_record(struct config_environment *e);
struct config_record config_filter_record(struct config_filter *f);

/* Finds or, at the end of the list, makes. The name is copied. */
struct config_environment *config_environment_find(const struct config *c, struct view name);
struct config_environment *config_environment_add(struct config *c, struct view name);
struct config_filter *config_filter_find(const struct config *c, struct view project);
struct config_filter *config_filter_add(struct config *c, struct view project);

/* A copy of all options and their slots, with a new name, at the end of the list. */
struct config_environment *config_environment_copy(struct config *c,
                                                   const struct config_environment *e,
                                                   const char *name);

/* All options at their defaults, in zeroed memory; everything released, the slots too; all options
 * and where they came from (for lists only of the last item). */
void config_record_init(struct config_record r);
void config_record_free(struct config_record r);
void config_record_copy(struct config_record to, struct config_record from);

void *config_record_field(struct config_record r, const struct config_option *o);
struct config_slot *config_record_slot(struct config_record r, const struct config_option *o);

/* Sets the option from its text, by the rules of its type and of sections 2.3 and 6.2: lists grow,
 * an empty text is "not set". False with *err, nothing changed. */
MUST_CHECK bool config_record_assign(struct config_record r, const struct config_option *o,
                                     struct view text, struct config_origin origin,
                                     struct error *err);

/* One more item of a list, as it is. */
void config_record_append(struct config_record r, const struct config_option *o, struct view item,
                          struct config_origin origin);

/* Puts the items of a list in byte order, with their origins. */
void config_record_sort(struct config_record r, const struct config_option *o);

/* The value is in this file; config_secrets_read() fetches it. */
void config_record_assign_path(struct config_record r, const struct config_option *o,
                               struct view path, struct config_origin origin);

/* Back to the default. */
void config_record_reset(struct config_record r, const struct config_option *o);

/* The row of the field at this address in the configuration; NULL when it is no option. */
const struct config_option *config_option_at(const struct config *c, const void *field);

/* The slot of an option, by the address of its field. */
const struct config_slot *config_slot_at(const struct config *c, const void *field);
const struct config_slot *config_environment_slot(const struct config_environment *e,
                                                  const void *field);

/* "port", "PORT", "LD_TTL_prod": the option in the spelling of its source. */
void config_option_spelling(const struct config_option *o, struct config_origin origin,
                            const char *name, struct str *out);

/* The same for messages: "port (line 2)" when it stands in the file. */
void config_option_place(const struct config_option *o, struct config_origin origin,
                         const char *name, struct str *out);

/* Replaces the text of a string field. */
void config_text_set(char **field, const char *text);

void config_list_append(struct config_list *l, struct view item);
void config_list_clear(struct config_list *l);

#endif
