/* flags/pattern_run.c - see pattern_machine.h: all ways through an automaton at once.
 *
 * Between two characters stands a list of the steps that wait for the next one. No step is on a
 * list twice, so a character costs at most one visit to every step.
 */
#include "flags/pattern_machine.h"

#include "base/mem.h"
#include "flags/pattern_private.h"

/* Not a character: before the first one and behind the last. */
#define NO_CODE UINT32_MAX
/* What PCRE2 takes to look into a set for a character beyond ASCII, in visits. */
#define SET_VISITS 10

struct list_of_steps {
    uint32_t *steps;
    size_t count;
};

struct run {
    struct pattern_program *program;
    struct list_of_steps now;
    struct list_of_steps next;
    uint32_t *todo;
    uint32_t *seen; /* the round in which a step was last visited */
    uint32_t round;
    uint32_t before; /* the characters around the place where we are */
    uint32_t code;
    bool found;
    size_t visits;
};

static bool is_word(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z') || code == '_';
}

static bool assertion_holds(const struct run *r, enum pattern_op op)
{
    switch (op) {
    case PATTERN_TEXT_BEGIN:
        return r->before == NO_CODE;
    case PATTERN_TEXT_END:
        return r->code == NO_CODE;
    case PATTERN_LINE_BEGIN:
        return r->before == NO_CODE || r->before == '\n';
    case PATTERN_LINE_END:
        return r->code == NO_CODE || r->code == '\n';
    case PATTERN_WORD_EDGE:
        return is_word(r->before) != is_word(r->code);
    case PATTERN_NO_WORD_EDGE:
        return is_word(r->before) == is_word(r->code);
    default:
        return false;
    }
}

static void todo_add(struct run *r, size_t *count, uint32_t step)
{
    if (r->seen[step] == r->round)
        return;
    r->seen[step] = r->round;
    r->todo[(*count)++] = step;
}

/* Puts on a list what can be reached from a step without a character. */
static void reach(struct run *r, struct list_of_steps *list, uint32_t from)
{
    size_t count = 0;
    todo_add(r, &count, from);
    while (count != 0) {
        uint32_t at = r->todo[--count];
        const struct pattern_step *step = &r->program->steps[at];
        r->visits++;
        if (step->op <= PATTERN_SET) {
            list->steps[list->count++] = at;
        } else if (step->op == PATTERN_SPLIT) {
            todo_add(r, &count, step->b);
            todo_add(r, &count, step->a);
        } else if (step->op == PATTERN_JUMP) {
            todo_add(r, &count, step->a);
        } else if (step->op == PATTERN_FOUND) {
            r->found = true;
        } else if (assertion_holds(r, step->op)) {
            todo_add(r, &count, at + 1);
        }
    }
}

static bool step_takes(struct run *r, const struct pattern_step *step)
{
    switch (step->op) {
    case PATTERN_CODE:
        return r->before == step->a;
    case PATTERN_ANY:
        return true;
    case PATTERN_NO_NEWLINE:
        return r->before != '\n';
    default:
        r->visits += r->before < 0x80 ? 0 : SET_VISITS;
        return pattern_set_has(r->program, step->a, r->before);
    }
}

/* From the place before a character to the one behind it, which lies before `code`. */
static void advance(struct run *r, uint32_t code)
{
    struct list_of_steps old = r->now;
    r->before = r->code;
    r->code = code;
    r->round++;
    for (size_t i = 0; i < old.count; i++) {
        if (step_takes(r, &r->program->steps[old.steps[i]]))
            reach(r, &r->next, old.steps[i] + 1);
    }
    r->now = r->next;
    r->next = (struct list_of_steps){.steps = old.steps};
}

/* The next character; NO_CODE at the end. */
static uint32_t code_next(struct pattern_cursor *c)
{
    return c->at == c->end || c->failed ? NO_CODE : pattern_take_code(c);
}

static void search(struct run *r, struct view text, size_t work)
{
    struct pattern_cursor c = {.at = text.data, .end = text.data + text.len};
    r->before = NO_CODE;
    r->code = code_next(&c);
    r->round = 1;
    reach(r, &r->now, 0);
    while (!r->found && !c.failed && r->code != NO_CODE && r->visits < work) {
        advance(r, code_next(&c));
        if (!r->program->from_begin)
            reach(r, &r->now, 0);
        else if (r->now.count == 0)
            break;
    }
    if (c.failed)
        r->found = false;
}

bool pattern_run(struct pattern_program *p, struct view text, size_t *work)
{
    struct run r = {.program = p,
                    .now = {.steps = mem_alloc(p->count * sizeof(uint32_t))},
                    .next = {.steps = mem_alloc(p->count * sizeof(uint32_t))},
                    .todo = mem_alloc(p->count * sizeof(uint32_t)),
                    .seen = mem_zalloc(p->count * sizeof(uint32_t))};
    search(&r, view_make(text.len != 0 ? text.data : "", text.len), *work);
    *work -= r.visits < *work ? r.visits : *work;
    mem_free(r.now.steps);
    mem_free(r.next.steps);
    mem_free(r.todo);
    mem_free(r.seen);
    return r.found;
}
