#!/usr/bin/env python3
"""Runs clang-tidy-14 over every source file of a build folder's compile_commands.json, two at a time. A file is looked at
again only when it, a header it includes, or the rules have changed: what was clean is remembered in .cache/tidy by the hash
of the preprocessed text. Prints what it found and "PASSED FAILED" (files) as its last line.

    tidy.py BUILD_FOLDER
"""
import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys

CACHE = ".cache/tidy"


def preprocessed(entry):
    """The text that the compiler sees, comments included: they can hold exceptions from the rules."""
    words = [w for w in shlex.split(entry["command"]) if not w.startswith("-fsanitize")]
    for option in ("-o", "-MF", "-MQ"):
        if option in words:
            del words[words.index(option):words.index(option) + 2]
    words = [w for w in words if w not in ("-c", "-MD")]
    return subprocess.run(words + ["-E", "-CC", "-w"], cwd=entry["directory"], stdout=subprocess.PIPE, check=True).stdout


def check(folder, entry, rules):
    """(file, what clang-tidy says, '' when clean)"""
    file = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
    with open(file, "rb") as source:
        key = hashlib.sha256(rules + source.read() + preprocessed(entry)).hexdigest()
    mark = os.path.join(CACHE, key)
    if os.path.exists(mark):
        return file, ""
    run = subprocess.run(["clang-tidy-14", "-quiet", "-p", folder, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         encoding="utf-8", errors="replace", check=False)
    if run.returncode == 0:
        with open(mark, "w", encoding="utf-8"):
            pass
        return file, ""
    return file, run.stdout or run.stderr


def main(folder):
    os.makedirs(CACHE, exist_ok=True)
    rules = b""
    for name in (".clang-tidy", "tests/.clang-tidy"):
        with open(name, "rb") as file:
            rules += file.read()
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        entries = {entry["file"]: entry for entry in json.load(file)}.values()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for file, text in pool.map(lambda entry: check(folder, entry, rules), entries):
            if text:
                failed += 1
                print(f"  FAILED {file}\n{text}")
    print(len(entries) - failed, failed)


main(sys.argv[1])
