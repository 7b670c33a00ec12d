/* source/source.c - what can be done with any source, whatever its kind. */
#include "source/source_private.h"

void source_close(struct source *s)
{
    if (s->closing)
        return;
    s->closing = true;
    s->kind->close(s);
}

void source_restart(struct source *s)
{
    if (!s->closing)
        s->kind->restart(s);
}
