#!/usr/bin/env python3
"""Reads meson-logs/testlog.json of a build folder, shows every program that failed with its output, and prints
"PASSED FAILED" as its last line: cmocka's tests are counted one by one, a program that died counts as one more failure.

    meson_tally.py BUILD_FOLDER
"""
import json
import re
import sys

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def tests_of(text):
    """(passed, failed) as cmocka's closing lines say."""
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] (?:[^\n:]*: )?(\d+) test", text))
    return passed, failed


def main(folder):
    passed = failed = 0
    with open(f"{folder}/meson-logs/testlog.json", encoding="utf-8") as log:
        programs = [json.loads(line) for line in log]
    for program in programs:
        text = ESCAPES.sub("", program.get("stdout", "") + program.get("stderr", ""))
        good, bad = tests_of(text)
        if program["result"] == "OK":
            passed += max(good, 1)
            continue
        passed += good
        failed += max(bad, 1)
        print(f"  FAILED {program['name']} ({program['result']}, {program['duration']:.1f} s)")
        print("\n".join(f"      {line}" for line in text.splitlines() if not line.startswith("[       OK ]")))
    print(passed, failed)


main(sys.argv[1])
