/* source/yaml_json.h - a YAML document as JSON text (autoconfig-offline.md 8.2). Pure.
 *
 *   YAML --libyaml's events--> JSON text, and marks: this part of it came from that line
 *
 * One document; aliases are expanded; keys are strings by their text; `<<`, foreign tags and
 * duplicate keys are errors.
 */
#ifndef SOURCE_YAML_JSON_H
#define SOURCE_YAML_JSON_H

#include "base/error.h"
#include "base/str.h"
#include "source/text_place.h"

#define YAML_JSON_MAX_NODES ((size_t)1000000)
#define YAML_JSON_MAX_BYTES ((size_t)256 << 20)

/* Appends to `json` and `marks`, which are empty before. False with *err, which names line and
 * column; then both hold a part. */
MUST_CHECK bool yaml_json_convert(struct view yaml, struct str *json, struct text_marks *marks,
                                  struct error *err);

#endif
