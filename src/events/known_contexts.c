/* events/known_contexts.c - see known_contexts.h. */
#include "events/known_contexts.h"

#include "base/mem.h"

#include <openssl/evp.h>

/* A longer key is remembered by its SHA-256, so that a thousand of them are not a thousand times as
 * much as an SDK cares to send. */
#define KEY_MAX 256
#define ENTRY_BYTES 64

struct known_context {
    struct list node;
    struct view key;
    char memory[];
};

/* How a key is remembered: the first byte tells a key from a hash. */
struct known_name {
    char text[1 + KEY_MAX];
    size_t len;
};

static void name_make(struct view key, struct known_name *out)
{
    if (key.len <= KEY_MAX) {
        out->text[0] = 'k';
        if (key.len != 0)
            memcpy(out->text + 1, key.data, key.len);
        out->len = key.len + 1;
        return;
    }
    unsigned int len = 0;
    out->text[0] = 'h';
    (void)EVP_Digest(key.data, key.len, (unsigned char *)out->text + 1, &len, EVP_sha256(), NULL);
    out->len = len + 1;
}

void known_contexts_init(struct known_contexts *k)
{
    *k = (struct known_contexts){0};
    list_init(&k->used);
}

static void context_forget(struct known_contexts *k, struct known_context *c)
{
    (void)map_remove(&k->by_key, c->key);
    list_remove(&c->node);
    k->bytes -= c->key.len + ENTRY_BYTES;
    mem_free(c);
}

static void context_remember(struct known_contexts *k, struct view name)
{
    struct known_context *c = mem_alloc(sizeof *c + name.len);
    memcpy(c->memory, name.data, name.len);
    c->key = view_make(c->memory, name.len);
    list_append(&k->used, &c->node);
    (void)map_set(&k->by_key, c->key, c);
    k->bytes += name.len + ENTRY_BYTES;
}

void known_contexts_clear(struct known_contexts *k)
{
    LIST_EACH_SAFE (node, &k->used)
        context_forget(k, CONTAINER_OF(node, struct known_context, node));
    map_free(&k->by_key);
}

bool known_contexts_add(struct known_contexts *k, struct view key)
{
    struct known_name name;
    name_make(key, &name);
    struct known_context *c = map_get(&k->by_key, view_make(name.text, name.len));
    if (c != NULL) {
        list_remove(&c->node);
        list_append(&k->used, &c->node);
        return false;
    }
    if (k->by_key.count == KNOWN_CONTEXTS_MAX)
        context_forget(k, CONTAINER_OF(k->used.next, struct known_context, node));
    context_remember(k, view_make(name.text, name.len));
    return true;
}
