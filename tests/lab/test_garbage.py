# SPDX-License-Identifier: BSD-3-Clause
"""100,000 datagrams of random bytes and truncated messages: counted, and nothing else happens."""

import random
import socket

import pytest

import conf
import lisp
import traffic
from lab import SANITIZED
from proc import wait_until

N = 100_000
SLICE = 250


def messages():
    """One valid message of each kind, so that what is cut from it gets deep into the readers."""
    loc = [lisp.w_locator("172.16.1.3"), lisp.w_locator("172.16.1.66")]
    recs = [lisp.w_record("10.2.2.0/24", loc), lisp.w_record("10.7.0.0/16", loc, iid=100), lisp.w_record("fd00::/16", loc)]
    req = lisp.w_request("10.2.2.5/32", ["172.16.1.9", "fd00::9"], 1, "10.1.1.4", iid=100)
    ids = (b"x" * 16, b"s" * 8)
    return [
        lisp.w_register(recs, "wrong", 1, ids=ids), lisp.w_register(recs, "wrong", 1, kind=lisp.NOTIFY, ids=ids),
        lisp.w_register(recs, "wrong", 1, kind=lisp.NOTIFY_ACK), lisp.w_reply(recs, 1), req,
        lisp.w_ecm(req, "10.1.1.4", "10.2.2.5"), lisp.w_ecm(lisp.w_reply(recs, 2), "10.1.1.4", "10.2.2.5"),
    ]


def control_garbage(rng):
    whole = messages()
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.randbytes(rng.randrange(1, 9))
        elif kind == 1:
            yield rng.randbytes(rng.randrange(1, 1400))
        elif kind == 2:
            m = rng.choice(whole)
            yield m[:rng.randrange(1, len(m))]
        else:
            m = bytearray(rng.choice(whole))
            for _ in range(rng.randrange(1, 6)):
                m[rng.randrange(len(m))] = rng.randrange(256)
            # A Map-Request that happens to be whole may be answered; that is no garbage.
            if m[0] >> 4 in (lisp.REQUEST, lisp.ECM):
                m = m[:rng.randrange(1, len(m) - 8)]
            yield bytes(m)


def data_garbage(rng):
    inner = bytes.fromhex("450000400001000040110000") + socket.inet_aton("10.2.2.5") + socket.inet_aton("10.1.1.4")
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.randbytes(rng.randrange(1, 9))
        elif kind == 1:
            yield rng.randbytes(rng.randrange(9, 1400))
        elif kind == 2:
            yield bytes(8) + inner[:rng.randrange(len(inner))]
        else:
            m = bytearray(bytes(8) + inner + rng.randbytes(44))
            m[rng.randrange(8, 12)] ^= rng.randrange(1, 256)  # version, lengths: the checksum is wrong in any case
            yield bytes(m)


def total(d):
    return sum(d.values())


@pytest.mark.parametrize("router,port", [("r2", 4341), ("r2", 4342), ("r1", 4342), ("r3", 4341)])
def test_garbage(lab1, router, port):
    """A quarter of the 100,000 to each of these doors, each one counted."""
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    source = data_garbage(rng) if port == 4341 else control_garbage(rng)
    target = {"r1": "172.16.1.1", "r2": "172.16.1.2", "r3": "172.16.1.3"}[router]
    n = N // 4

    def counted():
        # a drop on the way to the control plane (its punt limit) is a counted one, too
        control = lab1.counters(router)["control-rx"] if port == 4342 else 0
        return control + total(lab1.drops(router))

    # the neighbour is known first: what waits for ARP in the sender's kernel is lost beyond some 200 kB
    traffic.ping(lab1, "x", target, 1)
    before, sites = counted(), {r["eid"] for r in lab1.registrations()}
    cache = {e["eid"] for e in lab1.entries("r2")}
    with lab1.inside("x"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        sent = 0
        while sent < n:
            for _ in range(SLICE):
                s.sendto(next(source), (target, port))
            sent += SLICE
            # Never more under way than the sockets hold: what is lost there could not be counted here.
            wait_until(lambda: counted() - before >= sent, 30 if SANITIZED else 10,
                "%d datagrams of %d counted (%s)" % (sent, n, counted() - before))
    assert {r["eid"] for r in lab1.registrations()} == sites
    assert {e["eid"] for e in lab1.entries("r2")} == cache
    lab1.check()
    traffic.ping(lab1, "r4", "10.2.2.5")


@pytest.mark.parametrize("length", range(0, 9))
def test_short_ones(lab1, length):
    """From 0 to 8 bytes at every door (a datagram of 4 bytes ends a process of the field)."""
    with lab1.inside("x"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        for router, target in (("r1", "172.16.1.1"), ("r2", "172.16.1.2")):
            before = lab1.counters(router)["control-rx"]
            for first in (0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x80, 0xff):
                s.sendto(bytes([first] * length), (target, 4342))
            wait_until(lambda: lab1.counters(router)["control-rx"] == before + 8, 5, "8 counted at %s" % router)
        before = total(lab1.drops("r2"))
        s.sendto(bytes(length), ("172.16.1.2", 4341))
        wait_until(lambda: total(lab1.drops("r2")) == before + 1, 5, "counted at the data port")
    lab1.check()


def test_replies_nobody_asked_for(lab1):
    """Map-Replies with guessed nonces change nothing, not even while an answer is awaited."""
    lab1.clear("r2", "r3")
    before = lab1.counters("r2")["itr-map-reply-unsolicited"]
    with lab1.inside("x"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        for i in range(100):
            s.sendto(lisp.w_reply([lisp.w_record("10.2.2.0/24", [lisp.w_locator("172.16.1.9")])], i + 1),
                ("172.16.1.2", 4342))
        wait_until(lambda: lab1.counters("r2")["itr-map-reply-unsolicited"] == before + 100, 5, "counted")
    assert lab1.entries("r2") == []
    traffic.ping(lab1, "r4", "10.2.2.5")
    (e,) = [e for e in lab1.entries("r2") if e["eid"] == "10.2.2.0/24"]
    assert [lo["rloc"] for lo in e["locators"]] == ["172.16.1.3"]


def test_configuration_has_no_secret_in_logs(lab1):
    for r in ("r1", "r2", "r3"):
        assert conf.KEY not in lab1.routers[r].text()
