/* bigsegments/membership_dynamodb_body.c - requests. See membership_dynamodb_body.h. */
#include "bigsegments/membership_dynamodb_body.h"

#include "base/json_writer.h"

#define METADATA "big_segments_metadata"
#define CONTEXTS "big_segments_user"

/* ---- groups ---------------------------------------------------------------------------------- */

struct view membership_group_hash(const struct membership_group *g, size_t at)
{
    return view_make(g->text.data + g->changes[at].offset, g->changes[at].len);
}

static unsigned bit(enum patch_list list)
{
    return 1u << list;
}

static unsigned merged(unsigned lists, enum patch_list list)
{
    lists |= bit(list);
    if ((lists & bit(PATCH_INCLUDED_REMOVE)) != 0)
        lists &= ~bit(PATCH_INCLUDED_ADD);
    if ((lists & bit(PATCH_EXCLUDED_REMOVE)) != 0)
        lists &= ~bit(PATCH_EXCLUDED_ADD);
    return lists;
}

bool membership_group_add(struct membership_group *g, struct view hash, enum patch_list list,
                          size_t limit)
{
    for (size_t i = 0; i < g->count; i++) {
        if (view_equal(membership_group_hash(g, i), hash)) {
            g->changes[i].lists = merged(g->changes[i].lists, list);
            return true;
        }
    }
    if (g->count >= limit)
        return false;
    g->changes[g->count++] = (struct membership_change){g->text.len, hash.len, bit(list)};
    str_append(&g->text, hash);
    return true;
}

void membership_group_drop(struct membership_group *g, size_t at)
{
    g->count--;
    memmove(&g->changes[at], &g->changes[at + 1], (g->count - at) * sizeof g->changes[0]);
}

void membership_group_clear(struct membership_group *g)
{
    str_clear(&g->text);
    g->count = 0;
}

void membership_group_free(struct membership_group *g)
{
    str_free(&g->text);
}

/* ---- parts of bodies ------------------------------------------------------------------------- */

static void write_table(struct str *out, const struct dynamodb_place *p)
{
    str_append_text(out, "\"TableName\":");
    json_write_string(out, view_of(p->table));
}

/* {"namespace":{"S":...},"key":{"S":...}} */
static void write_key(struct str *out, const struct dynamodb_place *p, const char *name,
                      const struct view *hash)
{
    struct str namespace = {0};
    dynamodb_namespace(p, name, &namespace);
    str_append_text(out, ",\"Key\":{\"namespace\":{\"S\":");
    json_write_string(out, str_view(&namespace));
    str_append_text(out, "},\"key\":{\"S\":");
    json_write_string(out, hash != NULL ? *hash : str_view(&namespace));
    str_append_text(out, "}}");
    str_free(&namespace);
}

static void write_text_value(struct str *out, struct view text)
{
    str_append_text(out, "{\"S\":");
    json_write_string(out, text);
    str_append_char(out, '}');
}

/* Nothing there is the empty cursor. */
static void write_condition(struct str *out, const struct patch *patch)
{
    str_append_text(out, ",\"ConditionExpression\":");
    str_append_text(out, patch->previous_version.len == 0
                             ? "\"attribute_not_exists(#0) or #0 = :0\""
                             : "\"#0 = :0\"");
    str_append_text(out, ",\"ExpressionAttributeNames\":{\"#0\":\"lastVersion\"}"
                         ",\"ExpressionAttributeValues\":{\":0\":");
    write_text_value(out, str_view(&patch->previous_version));
}

/* " ADD #i :r, #e :r" for those lists that are there. */
static void write_actions(struct str *out, const char *verb, unsigned lists,
                          enum patch_list included, enum patch_list excluded)
{
    bool both = (lists & bit(included)) != 0 && (lists & bit(excluded)) != 0;
    if ((lists & (bit(included) | bit(excluded))) == 0)
        return;
    str_append_format(out, "%s %s%s%s ", verb, (lists & bit(included)) != 0 ? "#i :r" : "",
                      both ? ", " : "", (lists & bit(excluded)) != 0 ? "#e :r" : "");
}

static void write_update(struct str *out, const struct dynamodb_place *p,
                         const struct membership_group *g, size_t at, struct view segment)
{
    unsigned lists = g->changes[at].lists;
    bool included = (lists & (bit(PATCH_INCLUDED_ADD) | bit(PATCH_INCLUDED_REMOVE))) != 0;
    bool excluded = (lists & (bit(PATCH_EXCLUDED_ADD) | bit(PATCH_EXCLUDED_REMOVE))) != 0;
    struct view hash = membership_group_hash(g, at);
    str_append_text(out, ",{\"Update\":{");
    write_table(out, p);
    write_key(out, p, CONTEXTS, &hash);
    str_append_text(out, ",\"UpdateExpression\":\"");
    write_actions(out, "ADD", lists, PATCH_INCLUDED_ADD, PATCH_EXCLUDED_ADD);
    write_actions(out, "DELETE", lists, PATCH_INCLUDED_REMOVE, PATCH_EXCLUDED_REMOVE);
    out->len--; /* the blank at the end */
    str_append_format(out, "\",\"ExpressionAttributeNames\":{%s%s%s}",
                      included ? "\"#i\":\"included\"" : "", included && excluded ? "," : "",
                      excluded ? "\"#e\":\"excluded\"" : "");
    str_append_text(out, ",\"ExpressionAttributeValues\":{\":r\":{\"SS\":[");
    json_write_string(out, segment);
    str_append_text(out, "]}}}}");
}

/* ---- bodies ---------------------------------------------------------------------------------- */

void membership_body_group(struct str *out, const struct dynamodb_place *p,
                           const struct membership_group *g, const struct patch *patch,
                           const char *token)
{
    str_append_text(out, "{\"TransactItems\":[{\"ConditionCheck\":{");
    write_table(out, p);
    write_key(out, p, METADATA, NULL);
    write_condition(out, patch);
    str_append_text(out, "},\"ReturnValuesOnConditionCheckFailure\":\"NONE\"}}");
    for (size_t i = 0; i < g->count; i++)
        write_update(out, p, g, i, str_view(&patch->segment_id));
    str_append_format(out, "],\"ClientRequestToken\":\"%s\"}", token);
}

void membership_body_cursor(struct str *out, const struct dynamodb_place *p,
                            const struct patch *patch)
{
    str_append_char(out, '{');
    write_table(out, p);
    write_key(out, p, METADATA, NULL);
    str_append_text(out, ",\"UpdateExpression\":\"SET #0 = :1\"");
    write_condition(out, patch);
    str_append_text(out, ",\":1\":");
    write_text_value(out, str_view(&patch->version));
    str_append_text(out, "}}");
}

static void write_set(struct str *out, const struct dynamodb_place *p, const char *name)
{
    str_append_char(out, '{');
    write_table(out, p);
    write_key(out, p, METADATA, NULL);
    str_append_format(out,
                      ",\"UpdateExpression\":\"SET #0 = :0\",\"ExpressionAttributeNames\":{"
                      "\"#0\":\"%s\"},\"ExpressionAttributeValues\":{\":0\":",
                      name);
}

void membership_body_reset(struct str *out, const struct dynamodb_place *p)
{
    write_set(out, p, "lastVersion");
    str_append_text(out, "{\"S\":\"\"}}}");
}

void membership_body_time(struct str *out, const struct dynamodb_place *p, int64_t time_ms)
{
    write_set(out, p, "synchronizedOn");
    str_append_format(out, "{\"N\":\"%lld\"}}}", (long long)time_ms);
}

void membership_body_metadata(struct str *out, const struct dynamodb_place *p, bool time)
{
    str_append_char(out, '{');
    write_table(out, p);
    write_key(out, p, METADATA, NULL);
    str_append_format(out,
                      ",\"ConsistentRead\":true,\"ProjectionExpression\":\"#0\","
                      "\"ExpressionAttributeNames\":{\"#0\":\"%s\"}}",
                      time ? "synchronizedOn" : "lastVersion");
}

void membership_body_context(struct str *out, const struct dynamodb_place *p, struct view hash)
{
    str_append_char(out, '{');
    write_table(out, p);
    write_key(out, p, CONTEXTS, &hash);
    str_append_text(out, ",\"ConsistentRead\":true}");
}
