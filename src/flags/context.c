/* flags/context.c - see context.h: what can be asked of a context. */
#include "base/percent.h"
#include "flags/context_private.h"
#include "flags/key_set.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void context_free(struct context *c)
{
    if (c == NULL)
        return;
    arena_free(&c->arena);
    mem_free(c);
}

struct view context_source(const struct context *c)
{
    return c->source;
}

bool context_is_multi(const struct context *c)
{
    return c->part_count > 1;
}

struct view context_key(const struct context *c)
{
    return context_is_multi(c) ? view_make("", 0) : c->parts[0].key;
}

size_t context_kind_count(const struct context *c)
{
    return c->part_count;
}

struct view context_kind_at(const struct context *c, size_t i)
{
    return c->parts[i].kind;
}

struct view context_key_at(const struct context *c, size_t i)
{
    return c->parts[i].key;
}

/* '%' and ':' alone would make the parts ambiguous. */
static void key_escape(struct view key, struct str *out)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '%')
            str_append_text(out, "%25");
        else if (key.data[i] == ':')
            str_append_text(out, "%3A");
        else
            str_append_char(out, key.data[i]);
    }
}

void context_canonical_key(const struct context *c, struct str *out)
{
    if (!context_is_multi(c) && view_is(c->parts[0].kind, CONTEXT_USER)) {
        str_append(out, c->parts[0].key);
        return;
    }
    for (size_t i = 0; i < c->part_count; i++) {
        if (i != 0)
            str_append_char(out, ':');
        str_append(out, c->parts[i].kind);
        str_append_char(out, ':');
        key_escape(c->parts[i].key, out);
    }
}

void context_secure_hash(const struct context *c, struct view sdk_key, char out[static 65])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    struct str key = {0};
    context_canonical_key(c, &key);
    const void *secret = sdk_key.len != 0 ? sdk_key.data : "";
    (void)HMAC(EVP_sha256(), secret, (int)sdk_key.len, (const unsigned char *)str_text(&key),
               key.len, hash, &len);
    hex_write(hash, 64, out);
    out[64] = '\0';
    str_free(&key);
}

const struct context_part *context_part_find(const struct context *c, struct view kind)
{
    struct view wanted = kind.len != 0 ? kind : VIEW_LITERAL(CONTEXT_USER);
    for (size_t i = 0; i < c->part_count; i++) {
        if (view_equal(c->parts[i].kind, wanted))
            return &c->parts[i];
    }
    return NULL;
}

const struct value *context_part_resolve(const struct context_part *part,
                                         const struct reference *reference)
{
    const struct value *v = attributes_find(&part->attributes, &reference->name);
    for (size_t i = 0; i < reference->inner_count && v != NULL; i++)
        v = value_member_find(v, reference->inner[i]);
    return v != NULL && v->type != JSON_NULL ? v : NULL;
}

static struct attribute *slot_find(const struct attributes *a, const struct name *name)
{
    size_t at = name->hash & (a->slot_count - 1);
    while (a->slots[at].name.data != NULL && !name_equal(&a->slots[at].name, name))
        at = (at + 1) & (a->slot_count - 1);
    return &a->slots[at];
}

static void attributes_grow(struct attributes *a, struct arena *arena)
{
    struct attributes larger = {.slot_count = a->slot_count != 0 ? a->slot_count * 2 : 16,
                                .used = a->used};
    larger.slots = arena_alloc(arena, larger.slot_count * sizeof *larger.slots);
    for (size_t i = 0; i < a->slot_count; i++) {
        const struct attribute *old = &a->slots[i];
        if (old->name.data != NULL)
            *slot_find(&larger, &old->name) = *old;
    }
    *a = larger;
}

void attributes_set(struct attributes *a, struct arena *arena, struct view name,
                    const struct value *value)
{
    if ((a->used + 1) * 2 > a->slot_count)
        attributes_grow(a, arena);
    struct name wanted = name_of(name);
    struct attribute *slot = slot_find(a, &wanted);
    a->used += slot->name.data == NULL;
    *slot = (struct attribute){.name = wanted, .value = *value};
}

const struct value *attributes_find(const struct attributes *a, const struct name *name)
{
    if (a->slot_count == 0)
        return NULL;
    const struct attribute *slot = slot_find(a, name);
    return slot->name.data != NULL ? &slot->value : NULL;
}
