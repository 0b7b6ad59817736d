# SPDX-License-Identifier: BSD-3-Clause
"""
Counts the results in a file that a test runner wrote: tally.py meson testlog.json | tally.py junit FILE.xml
Prints `PASSED FAILED SKIPPED`. No file, or none in it, is one failure: what did not run has not passed.
"""

import json
import re
import sys
import xml.etree.ElementTree as ET


def cmocka(text, ok):
    """The tests inside a program: names that were run, and what became of them."""
    ran = re.findall(r"^\[ RUN      \] (\S+)", text, re.M)
    good = set(re.findall(r"^\[       OK \] (\S+)", text, re.M))
    skipped = set(re.findall(r"^\[  SKIPPED \] (\S+)$", text, re.M)) & set(ran)
    passed = len(good & set(ran))
    failed = len(set(ran)) - passed - len(skipped)
    return passed, max(failed, 0 if ok else 1), len(skipped)


def meson(path):
    total = [0, 0, 0]
    with open(path) as f:
        for line in f:
            t = json.loads(line)
            text = (t.get("stdout") or "") + "\n" + (t.get("stderr") or "")
            ok = t["result"] in ("OK", "EXPECTEDFAIL")
            if t["result"] == "SKIP":
                got = (0, 0, 1)
            elif "[ RUN      ]" in text:
                got = cmocka(text, ok)
            else:
                got = (1, 0, 0) if ok else (0, 1, 0)
            total = [a + b for a, b in zip(total, got)]
    return total


def junit(path):
    total = [0, 0, 0]
    for case in ET.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        total[1 if kinds & {"failure", "error"} else 2 if "skipped" in kinds else 0] += 1
    return total


def main():
    kind, path = sys.argv[1:]
    try:
        total = {"meson": meson, "junit": junit}[kind](path)
    except (OSError, ValueError, ET.ParseError) as e:
        print("tally: %s: %s" % (path, e), file=sys.stderr)
        total = [0, 1, 0]
    if not any(total):
        total = [0, 1, 0]
    print(*total)


if __name__ == "__main__":
    main()
