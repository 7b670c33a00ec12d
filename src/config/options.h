/* config/options.h - the one table of options (spec configuration.md 4); private to the room.
 *
 * The file reader, the environment reader, the defaults, the bounds, --help, --print-config, the
 * documentation page and the tests all walk it. Adding an option is adding a field and a row.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>

/* The type of a value (section 3) and of its field. */
enum config_kind {
    CONFIG_STRING,   /* char * */
    CONFIG_PATH,     /* char * */
    CONFIG_BOOLEAN,  /* bool */
    CONFIG_INTEGER,  /* int64_t */
    CONFIG_POSITIVE, /* int64_t */
    CONFIG_DURATION, /* int64_t, nanoseconds */
    CONFIG_URI,      /* char * */
    CONFIG_LIST,     /* struct config_list */
    CONFIG_TAGS,     /* struct config_list; repeated only, never split */
    CONFIG_BYTES,    /* int64_t */
    CONFIG_LEVEL,    /* enum log_level */
    CONFIG_TLS,      /* int64_t */
    CONFIG_CHOICE    /* an enum; `words` in its order */
};

/* Which struct the field is in. */
enum config_scope { CONFIG_SCOPE_GLOBAL, CONFIG_SCOPE_ENVIRONMENT, CONFIG_SCOPE_FILTER };

/* What a reload does with a change (section 17.3). */
enum config_reload {
    CONFIG_RELOAD_LIVE = 'L',
    CONFIG_RELOAD_NEW = 'N',
    CONFIG_RELOAD_RESTART = 'R',
    CONFIG_RELOAD_ENVIRONMENT = 'E'
};

/* Where an option comes from: ld-relay 8.10.1, a later release of it, or flagrelay. */
enum config_since { CONFIG_SINCE_8 = '8', CONFIG_SINCE_9 = '9', CONFIG_SINCE_FLAGRELAY = 'f' };

enum config_flag {
    CONFIG_SECRET = 1,      /* never shown in full */
    CONFIG_SWITCH = 2,      /* its variable turns the section on and is always read (5.3) */
    CONFIG_TRIM = 4,        /* list items lose their blanks, empty ones are dropped */
    CONFIG_EMPTY = 8,       /* an empty text is a value and not "not set" */
    CONFIG_SET_MATTERS = 16 /* set to the default is not the same as not set */
};

struct config_option {
    const char *section;
    const char *property; /* NULL: variable only */
    const char *variable; /* NULL: file only; ends with "_" when a name follows */
    const char *alias;    /* a second variable, which wins; or NULL */
    const char
        *from_file; /* variable of the form that reads a file (17.2); the property is + "File" */
    enum config_scope scope;
    enum config_kind kind;
    size_t offset;
    const char *fallback; /* default in file syntax; NULL: not set */
    const char *shown;    /* default as documented, when it is not `fallback` */
    const char *words;    /* CONFIG_CHOICE: blank-separated; CONFIG_URI: allowed schemes */
    const char *least;    /* bounds, in file syntax; NULL: none */
    const char *most;
    unsigned flags;
    enum config_since since;
    enum config_reload reload;
    const char *help;
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

/* The row of this section and property, in any letter case; NULL when there is none. *is_file_form
 * is set when the property is the form that names a file ("keyFile"). */
const struct config_option *config_option_find(struct view section, struct view property,
                                               bool *is_file_form);

/* The section's name as documented; NULL when it is unknown. "MetricsConfig" is known and has no
 * options. */
const char *config_section_find(struct view section);

/* "Environment" and "Filters" take a subsection. */
bool config_section_has_names(const char *section);

/* Position among the options of the same scope's struct, for its slots. */
size_t config_option_slot(const struct config_option *o);
size_t config_scope_slots(enum config_scope scope);

#endif
