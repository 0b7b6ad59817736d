# SPDX-License-Identifier: BSD-3-Clause
"""Processes of a lab: each one started in a namespace, its output in a file, ended by its process id."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

from netns import LabError, inside


def wait_until(predicate, limit, what, step=0.02):
    """Waits for an event: predicate() gives something true within `limit` seconds, and is returned."""
    end = time.monotonic() + limit
    while True:
        got = predicate()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError("waited %g s in vain for: %s (last: %r)" % (limit, what, got))
        time.sleep(step)


class Proc:
    """One process. With `tied`, the kernel ends it when this Python ends, however that comes."""

    def __init__(self, argv, ns, log, env=None, tied=True, stdout=None):
        self.argv = [str(a) for a in argv]
        self.log = pathlib.Path(log)
        if tied:
            self.argv = ["setpriv", "--pdeathsig", "KILL"] + self.argv
        with open(self.log, "ab") as err, inside(ns):
            self.p = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=stdout or err, stderr=err,
                env=dict(os.environ, **(env or {})), start_new_session=not tied)
        self.pid = self.p.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.p.poll() is None

    def stop(self, sig=signal.SIGTERM, limit=5.0):
        """Ends it; its status. Past the limit it is killed, and that is an error."""
        if self.p.poll() is None:
            self.p.send_signal(sig)
            try:
                self.p.wait(limit)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait(10)
                raise AssertionError("%s did not end within %g s of signal %d; its last words:\n%s" %
                    (self.argv, limit, sig, tail(self.log))) from None
        return self.p.returncode


def tail(path, lines=25):
    try:
        text = pathlib.Path(path).read_text(errors="replace")
        return "\n".join([t for t in text.splitlines() if not t.startswith("EAL: ")][-lines:])
    except FileNotFoundError:
        return ""


SANITIZER = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer")


class Xtrd(Proc):
    """An xtrd: started, and waited for by the sd_notify protocol."""

    def __init__(self, binary, ns, conf, directory, name, tied=True, wrap=(), limit=20.0):
        notify = pathlib.Path(directory) / ("%s.notify" % name)
        with contextlib.suppress(FileNotFoundError):
            notify.unlink()
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(str(notify))
        log = pathlib.Path(directory) / ("%s.log" % name)
        self.mark = log.stat().st_size if log.exists() else 0
        asan = os.environ.get("ASAN_OPTIONS", "")
        env = {
            "NOTIFY_SOCKET": str(notify),
            # DPDK keeps its run-time files here: out of the way of other processes
            "XDG_RUNTIME_DIR": str(directory),
            "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:halt_on_error=1" + (":" + asan if asan else ""),
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        }
        super().__init__([*wrap, binary, "-c", conf], ns, log, env, tied)
        try:
            self._wait_ready(s, limit)
        except BaseException:
            if self.alive():
                self.p.kill()
                self.p.wait(10)
            raise
        finally:
            s.close()
            notify.unlink()

    def _wait_ready(self, s, limit):
        s.settimeout(0.1)
        end = time.monotonic() + limit
        while True:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in s.recv(4096).split(b"\n"):
                    return
            if self.p.poll() is not None:
                raise LabError("xtrd ended with status %s before it was ready:\n%s" % (self.p.returncode, tail(self.log)))
            if time.monotonic() > end:
                raise LabError("xtrd was not ready after %g s:\n%s" % (limit, tail(self.log)))

    def said(self):
        """What this process logged, without its predecessors of the same name."""
        return self.log.read_bytes()[self.mark:].decode(errors="replace")

    def sanitizer_complaints(self):
        return [line for line in self.said().splitlines() if any(s in line for s in SANITIZER)]

    def end(self):
        """SIGTERM: status 0 within 5 s and nothing said by a sanitizer, or the test fails."""
        status = self.stop()
        complaints = self.sanitizer_complaints()
        assert not complaints, "%s\n%s" % ("\n".join(complaints), tail(self.log, 60))
        assert status == 0, "xtrd ended with status %s on SIGTERM:\n%s" % (status, tail(self.log))

    def kill(self):
        """SIGKILL, as a crash would."""
        self.p.kill()
        self.p.wait(10)
