/* flags/ofrep.c - see ofrep.h. */
#include "flags/ofrep.h"

#include "base/json_writer.h"

/* The protocol has no words for most of our reasons; what they really are is in the metadata. */
static const char *reason_name(const struct evaluation *result)
{
    switch (result->reason) {
    case REASON_OFF:
    case REASON_PREREQUISITE_FAILED:
        return "DISABLED";
    case REASON_TARGET_MATCH:
        return "TARGETING_MATCH";
    case REASON_RULE_MATCH:
        return result->by_rollout ? "SPLIT" : "TARGETING_MATCH";
    case REASON_FALLTHROUGH:
        if (result->by_rollout)
            return "SPLIT";
        return result->has_conditions ? "TARGETING_MATCH" : "STATIC";
    case REASON_ERROR:
        break;
    }
    return "UNKNOWN";
}

static void metadata_write(const struct evaluation *result, struct str *out)
{
    bool first = true;
    str_append_char(out, '{');
    json_write_member_text(out, &first, "ldReason", view_of(reason_kind_name(result->reason)));
    json_write_member_int(out, &first, "version", result->version);
    if (result->reason == REASON_RULE_MATCH)
        json_write_member_int(out, &first, "ruleIndex", (int64_t)result->rule_index);
    if (result->rule_id.len != 0)
        json_write_member_text(out, &first, "ruleId", result->rule_id);
    if (result->reason == REASON_PREREQUISITE_FAILED)
        json_write_member_text(out, &first, "prerequisiteKey", result->prerequisite);
    if (result->in_experiment)
        json_write_member_bool(out, &first, "inExperiment", true);
    if (result->big_segments != BIG_SEGMENTS_NONE)
        json_write_member_text(out, &first, "bigSegmentsStatus",
                               view_of(big_segments_status_name(result->big_segments)));
    str_append_char(out, '}');
}

/* Without a value OpenFeature uses the default in the code. */
static void success_write(const struct evaluation *result, struct str *out)
{
    bool first = false;
    if (!view_is(result->value, "null")) {
        json_write_name(out, &first, "value");
        str_append(out, result->value);
    }
    json_write_member_text(out, &first, "reason", view_of(reason_name(result)));
    if (result->variation != EVALUATION_NO_VARIATION) {
        json_write_name(out, &first, "variant");
        str_append_char(out, '"');
        str_append_int(out, result->variation);
        str_append_char(out, '"');
    }
    json_write_name(out, &first, "metadata");
    metadata_write(result, out);
}

bool ofrep_result_write(const struct evaluation *result, struct view key, struct str *out)
{
    bool ok = result->reason != REASON_ERROR;
    str_append_text(out, "{\"key\":");
    json_write_string(out, key);
    if (ok)
        success_write(result, out);
    else
        str_append_text(out, ",\"errorCode\":\"PARSE_ERROR\",\"errorDetails\":\"MALFORMED_FLAG\"");
    str_append_char(out, '}');
    return ok;
}
