/* flags/ofrep.h - an evaluation in the words of the OpenFeature Remote Evaluation Protocol
 * (evaluation.md 12.3). */
#ifndef FLAGS_OFREP_H
#define FLAGS_OFREP_H

#include "flags/evaluate.h"

/* Appends {"key":KEY,"value":...,"reason":...} and returns true, or for a flag that is malformed
 * {"key":KEY,"errorCode":"PARSE_ERROR",...} and returns false. */
bool ofrep_result_write(const struct evaluation *result, struct view key, struct str *out);

#endif
