# SPDX-License-Identifier: BSD-3-Clause
"""While 100 packets a second flow each way: caches are cleared, routers are killed and come back."""

import contextlib
import signal
import time

import pytest

import traffic
from proc import wait_until


@contextlib.contextmanager
def both_ways(lab, port, rate=100):
    """Two streams; yields [R4 -> R5, R5 -> R4], which are finished at the end."""
    r4, r5 = lab.plan.lan(1, 4), lab.plan.lan(2, 5)
    lab_streams = [
        traffic.Stream(lab, "r4", r4, "r5", r5, port, rate=rate).start(),
        traffic.Stream(lab, "r5", r5, "r4", r4, port + 1, rate=rate).start(),
    ]
    try:
        wait_until(lambda: all(len(s.seen) > 20 for s in lab_streams), 10, "streams both ways")
        yield lab_streams
    finally:
        for s in lab_streams:
            s.finish()


def after(streams, n, limit):
    """Waits until n more packets have come on every stream."""
    marks = [len(s.seen) + n for s in streams]
    wait_until(lambda: all(len(s.seen) >= m for s, m in zip(streams, marks)), limit, "%d more packets each way" % n)


def test_clear_map_cache_loses_none(lab1):
    """Every 2 s for 20 s."""
    with both_ways(lab1, 7100) as streams:
        for _ in range(10):
            lab1.ctl("r2", "clear", "map-cache")
            lab1.ctl("r3", "clear", "map-cache")
            after(streams, 200, 10)  # 2 s
    for s in streams:
        s.perfect()


def test_map_server_killed_loses_none(lab1):
    """What is resolved lives on without it; when it is back, sites register again and new lookups work."""
    with both_ways(lab1, 7110) as streams:
        lab1.kill("r1")
        after(streams, 200, 10)
        lab1.start("r1")
        after(streams, 100, 10)
    for s in streams:
        s.perfect()
    # The registrations come back by themselves, at the latest with the next one every 60 s.
    wait_until(lambda: len(lab1.registrations()) == 2, 70, "registrations at the new Map-Server")
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r4", lab1.plan.lan(2, 5))


@pytest.mark.families("4in4", "6in6")
def test_xtr_killed_is_back(lab1):
    """SIGKILL on R2: traffic flows again within 5 s of its new start; nothing left behind stops that."""
    with both_ways(lab1, 7120) as streams:
        lab1.kill("r2")
        marks = [len(s.seen) for s in streams]
        begin = time.monotonic()
        lab1.start("r2")
        wait_until(lambda: all(len(s.seen) > m + 10 for s, m in zip(streams, marks)), 15, "traffic after the restart")
        back = time.monotonic() - begin
    print("R2 was back after %.2f s" % back)
    assert back < 5, back
    for s in streams:
        assert (s.duplicates, s.foreign) == (0, 0)
    traffic.ping(lab1, "r4", lab1.plan.lan(2, 5))


def test_packets_go_to_no_wrong_place(lab1):
    """All the while nobody else has seen a packet of the sites: not the Map-Server, not the other host of the core."""
    with traffic.Raw(lab1, "r1", "eth0") as r1, traffic.Raw(lab1, "x", "eth0") as x, both_ways(lab1, 7130) as streams:
        lab1.kill("r3")
        lab1.start("r3")
        after(streams, 50, 15)
        for sock in (r1, x):
            for f in sock.arrivals(0.2):
                assert b"XTRD" not in f, f.hex()


@pytest.mark.families("4in4", "6in6")
def test_restart_three_times(lab1):
    """SIGTERM and start in turn, then SIGKILL and start: TAPs, sockets and files of the last life do no harm."""
    for end in (lab1.end, lab1.kill, lab1.end):
        for r in ("r1", "r2", "r3"):
            end(r)
        for r in ("r1", "r2", "r3"):
            lab1.start(r)
        wait_until(lambda: len(lab1.registrations()) == 2, 15, "registrations")
        traffic.ping(lab1, "r4", lab1.plan.lan(2, 5))
        traffic.ping(lab1, "r4", lab1.plan.lan(1, 2), 2)


def test_sigterm_leaves_no_socket(lab1):
    """Status 0 within 5 s (Xtrd.end() asserts it), and the operator's socket is gone."""
    import pathlib
    lab1.end("r2")
    assert not pathlib.Path(lab1.sockets["r2"]).exists()
    x = lab1.start("r2")
    assert x.stop(signal.SIGINT) in (0, -signal.SIGINT)
    lab1.routers.pop("r2")
    lab1.start("r2")
    traffic.ping(lab1, "r4", lab1.plan.lan(2, 5))


def test_second_process_with_the_same_configuration(lab1):
    """It says what is in its way and leaves the first alone."""
    r = lab1.run("r2", __import__("lab").XTRD, "-c", lab1.configs["r2"], check=False, timeout=20)
    assert r.returncode == 1 and r.stderr.strip()
    traffic.ping(lab1, "r4", lab1.plan.lan(2, 5))
