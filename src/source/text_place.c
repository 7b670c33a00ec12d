/* source/text_place.c - lines and columns, counted or looked up. */
#include "source/text_place.h"

#include "base/mem.h"

void text_marks_add(struct text_marks *m, size_t offset, struct text_place place)
{
    if (m->count == m->room) {
        m->room = m->room > 0 ? 2 * m->room : 64;
        m->marks = mem_realloc(m->marks, m->room * sizeof *m->marks);
    }
    m->marks[m->count++] = (struct text_mark){offset, place};
}

void text_marks_free(struct text_marks *m)
{
    mem_free(m->marks);
    *m = (struct text_marks){0};
}

struct text_place text_marks_find(const struct text_marks *m, size_t offset)
{
    size_t low = 0;
    size_t high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->marks[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? m->marks[low - 1].place : (struct text_place){1, 1};
}

struct text_place text_place_of(struct view text, size_t offset)
{
    struct text_place place = {1, 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        bool continuation = ((unsigned char)text.data[i] & 0xC0) == 0x80;
        if (text.data[i] == '\n')
            place = (struct text_place){place.line + 1, 1};
        else if (!continuation)
            place.column++;
    }
    return place;
}
