#!/usr/bin/env python3
"""Reads meson-logs/testlog.json, shows every program that failed with its output, and prints "PASSED FAILED" as its last
line: cmocka's tests are counted one by one, a program that died counts as one more failure. A program of several logs counts
as in the last one.

    meson_tally.py LOG...
    meson_tally.py --again LOG    names of programs that deserve a second run, alone: what failed may be a matter of time
"""
import json
import re
import sys

FINAL = re.compile(r"Sanitizer|runtime error:|Assertion .* failed")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def tests_of(text):
    """(passed, failed) as cmocka's closing lines say."""
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] (?:[^\n:]*: )?(\d+) test", text))
    return passed, failed


def output_of(program):
    return ESCAPES.sub("", program.get("stdout", "") + program.get("stderr", ""))


def programs_of(logs):
    programs = {}
    for path in logs:
        with open(path, encoding="utf-8") as log:
            for line in log:
                program = json.loads(line)
                programs[program["name"]] = program
    return programs.values()


def again(path):
    failed = [p for p in programs_of([path]) if p["result"] != "OK" and not FINAL.search(output_of(p))]
    print(" ".join(p["name"].rsplit(" / ", 1)[-1] for p in failed))


def main(logs):
    passed = failed = 0
    for program in programs_of(logs):
        text = output_of(program)
        good, bad = tests_of(text)
        if program["result"] == "OK":
            passed += max(good, 1)
            continue
        passed += good
        failed += max(bad, 1)
        print(f"  FAILED {program['name']} ({program['result']}, {program['duration']:.1f} s)")
        print("\n".join(f"      {line}" for line in text.splitlines() if not line.startswith("[       OK ]")))
    print(passed, failed)


if sys.argv[1] == "--again":
    again(sys.argv[2])
else:
    main(sys.argv[1:])
