#!/usr/bin/env python3
"""Expands evaluation/*.yml, the official cases of the LaunchDarkly SDK test harness, to cases.jsonl (evaluation.md 11).

    python3 tests/unit/flags/testdata/make_cases.py [FOLDER_WITH_YML]

One line per expansion: {"name", "flags", "segments", "cases": [{"name", "flag", "contexts", "value", "variation",
"reason"}]}. "contexts" holds the case's context and, for a user, the same user in the other form (legacy or present).
"variation" is -1 and "value" null where no variation is expected; "reason" is null for a flag that does not exist.
Needs PyYAML (Debian: python3-yaml).
"""
import itertools
import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).parent
REASON_ORDER = ["kind", "ruleIndex", "ruleId", "inExperiment", "prerequisiteKey", "errorKind", "bigSegmentsStatus"]
BUILT_IN_TEXTS = ["firstName", "lastName", "email", "country", "avatar", "ip"]


class Loader(yaml.SafeLoader):
    """YAML 1.2 booleans: "on" is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile(r"^(?:true|false)$"), list("tf"))


def load(text):
    return yaml.load(text, Loader)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def substitute(text, names):
    for name, value in (names or {}).items():
        text = text.replace(f'"<{name}>"', compact(value))
        text = text.replace(f"<{name}>", value if isinstance(value, str) else compact(value))
    return text


def parameter_maps(parameters):
    """The first of several lists varies fastest."""
    if not parameters:
        return [{}]
    if not isinstance(parameters[0], list):
        return parameters
    merged = []
    for row in itertools.product(*reversed(parameters)):
        merged.append({name: value for part in reversed(row) for name, value in part.items()})
    return merged


def expansions(raw):
    head = load(raw)
    constants = head.get("constants")
    for parameters in parameter_maps(head.get("parameters")):
        yield load(substitute(substitute(substitute(raw, constants), parameters), constants))


def legacy_of(context):
    user, custom = {}, {}
    for name, value in context.items():
        if name in ("kind", "_meta"):
            continue
        if name in ("key", "name", "anonymous") or (name in BUILT_IN_TEXTS and isinstance(value, str)):
            user[name] = value
        else:
            custom[name] = value
    return {**user, "custom": custom} if custom else user


def present_of(user):
    context = {"kind": "user"}
    for name, value in user.items():
        if name in ("key", "name", "anonymous", *BUILT_IN_TEXTS) and value is not None:
            context[name] = value
    context.update(user.get("custom") or {})
    return context


def both_forms(context):
    if "kind" not in context:
        return [context] if context.get("secondary") else [context, present_of(context)]
    if context["kind"] == "user" and "_meta" not in context:
        return [context, legacy_of(context)]
    return [context]


def reason_text(reason):
    if reason.get("errorKind") == "FLAG_NOT_FOUND":
        return None
    unknown = set(reason) - set(REASON_ORDER)
    assert not unknown, unknown
    return compact({name: reason[name] for name in REASON_ORDER if name in reason})


def case_of(evaluation):
    expect = evaluation["expect"]
    variation = expect.get("variationIndex")
    return {
        "name": evaluation.get("name", ""),
        "flag": evaluation["flagKey"],
        "contexts": both_forms(evaluation["context"]),
        "value": None if variation is None else expect["value"],
        "variation": -1 if variation is None else variation,
        "reason": reason_text(expect["reason"]),
    }


def items_of(items):
    return {key: {**item, "key": key, "version": item.get("version") or 1} for key, item in (items or {}).items()}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "evaluation"
    lines, cases = [], 0
    for path in sorted(folder.glob("*.yml")):
        for suite in expansions(path.read_text(encoding="utf-8")):
            if suite.get("requireCapability"):
                continue
            data = suite["sdkData"]
            rows = [case_of(evaluation) for evaluation in suite["evaluations"]]
            cases += len(rows)
            lines.append(compact({"name": f"{path.stem}: {suite['name']}", "flags": items_of(data.get("flags")),
                                  "segments": items_of(data.get("segments")), "cases": rows}))
    (HERE / "cases.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} expansions, {cases} cases")


main()
