/* flags/evalx.h - all flags for one context, as browsers and phones read them (evaluation.md 9.3).
 *
 *   {"alpha":{"value":true,"variation":0,"version":3},...}      ascending by key; the same bytes
 * for the same data, context and filter
 */
#ifndef FLAGS_EVALX_H
#define FLAGS_EVALX_H

#include "flags/evaluate.h"

enum evalx_filter {
    EVALX_ALL,         /* SDK key */
    EVALX_ENVIRONMENT, /* client-side ID: flags that browsers may see */
    EVALX_MOBILE       /* mobile key: flags that phones may see */
};

struct evalx_request {
    struct dataset *data;
    const struct context *context;
    const struct membership_source *membership; /* may be NULL */
    const struct evaluation_listener *listener; /* may be NULL */
    enum evalx_filter filter;
    bool with_reasons;
};

struct evalx_facts {
    bool wants_memberships;   /* the body is not final: fetch them and ask again */
    size_t patterns_given_up; /* searches for regular expressions that took too many steps */
};

/* Appends the body. */
void evalx_write(const struct evalx_request *request, struct str *out, struct evalx_facts *facts);

/* The same in steps, for a context that is so large that others would have to wait:
 * evalx_begin(), evalx_go_on() until it is true, evalx_end(), which may come earlier. Data, context
 * and what else the request points to must live as long. */
struct evalx {
    struct evalx_request request;
    struct evaluator *evaluator;
    size_t at;   /* the next flag */
    char before; /* what stands before it */
};

void evalx_begin(struct evalx *x, const struct evalx_request *request);

/* Appends to the body; true: it is whole. Stops behind a flag when more than `work` was done, in
 * the units of evaluator_work(). */
bool evalx_go_on(struct evalx *x, size_t work, struct str *out);

void evalx_end(struct evalx *x, struct evalx_facts *facts);

/* The flag with this key, if the filter lets it through; false: there is none for this client. */
bool evaluator_flag_for(struct evaluator *e, enum evalx_filter filter, struct view key,
                        struct evaluation *out);

/* Calls `visit` with each flag that the filter lets through, ascending by key. */
void evaluator_each(struct evaluator *e, enum evalx_filter filter,
                    void (*visit)(const struct evaluation *result, void *arg), void *arg);

/* The same in steps, as with evalx_go_on(): *at is 0 at first; true when that was all. */
bool evaluator_each_go_on(struct evaluator *e, enum evalx_filter filter, size_t *at, size_t work,
                          void (*visit)(const struct evaluation *result, void *arg), void *arg);

#endif
