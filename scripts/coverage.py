# SPDX-License-Identifier: BSD-3-Clause
"""
Adds up what gcov says of lib/wire and lib/auth: coverage.py BUILD PERCENT. A line counts as reached if it is in any
program of BUILD. Status 0 if lib/wire has PERCENT or more.
"""

import collections
import json
import pathlib
import subprocess
import sys

WANTED = ("lib/wire/", "lib/auth/")


def reports(build):
    """gcov's JSON of each object that ran."""
    for path in sorted(build.rglob("*.gcda")):
        command = ["gcov", "--json-format", "--stdout", str(path.relative_to(build))]
        out = subprocess.run(command, cwd=build, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in out.stdout.splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def ranges(numbers):
    """[1, 2, 3, 7] -> "1-3, 7" """
    out = []
    for n in sorted(numbers):
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in out)


def main():
    build, percent = pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2])
    root = pathlib.Path.cwd()
    count = collections.defaultdict(lambda: collections.defaultdict(int))
    for report in reports(build):
        for file in report["files"]:
            path = (build / file["file"]).resolve()
            name = str(path.relative_to(root)) if path.is_relative_to(root) else ""
            if name.startswith(WANTED):
                for line in file["lines"]:
                    count[name][line["line_number"]] += line["count"]
    total = collections.Counter()
    for name in sorted(count):
        missed = [n for n, c in count[name].items() if c == 0]
        lines = len(count[name])
        print("%-24s %5d lines %6.1f %%%s" % (name, lines, 100 * (lines - len(missed)) / lines,
              "   not reached: " + ranges(missed) if missed else ""))
        for key in (name.rsplit("/", 1)[0],):
            total[key, "lines"] += lines
            total[key, "missed"] += len(missed)
    for where in sorted({key for key, _ in total}):
        lines, missed = total[where, "lines"], total[where, "missed"]
        print("%-24s %5d lines %6.1f %%" % (where, lines, 100 * (lines - missed) / lines))
    lines = total["lib/wire", "lines"]
    return 0 if lines and 100 * (lines - total["lib/wire", "missed"]) / lines >= percent else 1


if __name__ == "__main__":
    sys.exit(main())
