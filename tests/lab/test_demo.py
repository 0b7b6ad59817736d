# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/demo runs, from the sample configurations: ends well and leaves nothing behind."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import lab as labs
import netns
from demo import DEMOS

HERE = pathlib.Path(__file__).parent


def traces(demo):
    """What there is of a demo: namespaces, files, processes."""
    found = [p.name for p in netns.NETNS.iterdir() if p.name.startswith(demo.prefix)] if netns.NETNS.is_dir() else []
    found += [str(demo.dir)] if demo.dir.exists() else []
    for p in pathlib.Path("/proc").iterdir():
        if p.name.isdigit():
            try:
                words = (p / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"xtrd" in words[0] and any(b"/%s-" % demo.name.encode() in w for w in words[1:]):
                found.append("process %s: %s" % (p.name, words))
    return found


@pytest.mark.parametrize("word", DEMOS, ids=lambda w: w or "sites")
def test_demo(word):
    labs.need_binaries()
    demo = DEMOS[word](keep=False)
    if traces(demo):
        pytest.skip("a demo is running (scripts/demo --keep); not touched")
    argv = [sys.executable, HERE / "demo.py", *([word] if word else [])]
    r = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
    assert r.returncode == 0, r.stdout[-3000:] + r.stderr[-6000:]
    assert re.search(r"^== (\d+) pings sent, \1 answered, 0 lost", r.stdout, re.M), r.stdout[-1000:]
    assert not r.stderr, r.stderr
    assert not traces(demo)


@pytest.mark.parametrize("word", DEMOS, ids=lambda w: w or "sites")
def test_demo_kept_and_removed(word):
    labs.need_binaries()
    demo = DEMOS[word](keep=True)
    if traces(demo):
        pytest.skip("a demo is running (scripts/demo --keep); not touched")
    argv = [sys.executable, HERE / "demo.py", *([word] if word else [])]
    with open(os.devnull, "w") as null:
        r = subprocess.run([*argv, "--keep"], stdout=null, stderr=subprocess.PIPE, text=True, timeout=240, check=False)
    try:
        assert r.returncode == 0, r.stderr[-6000:]
        assert len([t for t in traces(demo) if t.startswith("process")]) == 3
        assert labs.run(labs.XTRCTL, "-s", demo.dir / "r1.sock", "show", "sites").stdout
    finally:
        subprocess.run([*argv, "--remove"], timeout=60, check=True)
    assert not traces(demo)
