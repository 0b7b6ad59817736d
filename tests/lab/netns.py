# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces: made, entered, wired together, removed; and what dead runs left behind."""

import contextlib
import ctypes
import os
import pathlib
import re
import select
import signal
import subprocess

NETNS = pathlib.Path("/run/netns")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab itself failed: not what it tests."""


def run(*argv, check=True, stdin=None, timeout=60):
    """Runs a program to its end; its output as text, and a failure with what it said."""
    r = subprocess.run([str(a) for a in argv], input=stdin, capture_output=True, text=True, timeout=timeout)
    if check and r.returncode:
        raise LabError("%s: exit %d: %s" % (" ".join(map(str, argv)), r.returncode, (r.stderr or r.stdout).strip()))
    return r


@contextlib.contextmanager
def inside(name):
    """The calling thread is in the namespace: sockets and processes made meanwhile belong to it."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(NETNS / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(own)
    finally:
        os.close(own)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def ip_batch(lines):
    """Many `ip` commands by one process."""
    run("ip", "-batch", "-", stdin="\n".join(lines) + "\n")


def sysctl(path, value):
    """/proc/sys of the namespace that the thread is in."""
    (pathlib.Path("/proc/sys") / path).write_text(str(value))


def pids_in(name):
    """Processes whose network namespace is this one."""
    r = run("ip", "netns", "pids", name, check=False)
    return [int(p) for p in r.stdout.split()]


def wait_gone(pid, limit):
    """True when the process has ended (or is a zombie of somebody) within `limit` seconds."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(fd, "rb", 0) as process:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        return bool(poll.poll(limit * 1000))


def remove(name):
    """Ends what runs in a namespace of ours, by process id, and removes it."""
    if not (NETNS / name).exists():
        return
    for sig, limit in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        pids = pids_in(name)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        for pid in pids:
            wait_gone(pid, limit)
        if not pids:
            break
    run("ip", "netns", "del", name, check=False)


def _alive(pid):
    """Is it a run of the labs? Process ids are used again, so its command line is looked at too."""
    try:
        words = pathlib.Path("/proc/%d/cmdline" % pid).read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"python" in words or b"pytest" in words


def sweep(directory):
    """Removes namespaces and directories (xl<pid>-...) of runs that are dead."""
    for base in (NETNS, pathlib.Path(directory)):
        if not base.is_dir():
            continue
        for entry in sorted(base.iterdir()):
            m = re.match(r"xl(\d+)-", entry.name)
            if not m or _alive(int(m.group(1))):
                continue
            if base == NETNS:
                remove(entry.name)
            elif not os.environ.get("XTRD_LAB_KEEP"):
                subprocess.run(["rm", "-rf", str(entry)], check=False)
