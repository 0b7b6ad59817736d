# SPDX-License-Identifier: BSD-3-Clause
"""Which PETR lisp1 uses, and why: several of them, dead ones, dying ones, none; and what `petr-use` says of routes."""

import time

import pytest

import conf
import lab as labs
import traffic
from capture import Capture, layers
from lab import SANITIZED
from proc import wait_until
from world import OUT, OUT_WRAPPED, asked, default_route, result

PROBE_MS = 500
# Three tries of PROBE_MS each after an interval without a probe; and what busy processors add.
PROBE_TIME = 4 * PROBE_MS / 1000 + (4 if SANITIZED else 1.5)
P2 = "10.0.1.3"
NOBODY, NO_LISP, NO_ROUTE = "10.0.1.77", "10.0.1.9", "10.99.0.1"


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.world(second_petr=True)
        lab.start("p2", conf.second_petr(PROBE_MS))
        lab.start_all(conf.lab2(PROBE_MS))
        yield lab


@pytest.fixture(autouse=True)
def p2_lives(lab):
    """Whatever a test did to it."""
    yield
    if "p2" not in lab.routers:
        lab.start("p2")


def lisp1(lab, *petrs, use=None, up=()):
    """lisp1 starts anew with these PETRs; returns when those that should be up are."""
    config = conf.lab2(PROBE_MS)["lisp1"]
    config["use-petr"] = petrs
    if use:
        config["lisp"] = dict(config["lisp"], **{"petr-use": use})
    lab.end("lisp1")
    lab.start("lisp1", config)
    lab.wait_registered({"lisp1": config})
    for rloc in up:
        lab.wait_petr("lisp1", rloc)


def ways(lab, flows=32):
    """Sends flows from h1 to w, all of which arrive; RLOC pairs of the outer headers -> how many, None for bare ones."""
    got = {}
    with Capture(lab, "core", "br1", "ip") as cap, traffic.Raw(lab, "w", "eth0") as w:
        with lab.inside("h1"):
            traffic.flows("192.168.1.4", "4.2.2.2", 7300, flows)
        seen = set()
        w.expect(lambda f: seen.update([f[34:38]] if b"flow" in f else []) or len(seen) == flows, 10, "all flows")
        cap.stop()
    for packet in layers(cap.path, "udp.dstport == 7300 && !icmp"):
        outer = packet[0] if len(packet) > 1 else None
        got[outer] = got.get(outer, 0) + 1
    assert sum(got.values()) == flows, got
    return got


def test_of_four_one_exists(lab):
    """
    The question under 004: of these PETRs one has no route, one has no neighbour there, one is a machine without LISP.
    All traffic takes the fourth, and `show petrs` says why.
    """
    lisp1(lab, *[conf.petr(r) for r in (NO_ROUTE, NOBODY, NO_LISP, P2)], up=[P2])
    traffic.ping(lab, "h1", "4.2.2.2", 5)
    assert ways(lab) == {("10.0.1.2", P2): 32}
    for rloc, reason in ((NO_ROUTE, "no route"), (NOBODY, "next hop does not answer"), (NO_LISP, "no answer")):
        p = lab.wait_petr("lisp1", rloc, "down")
        assert reason in p["reason"] and not p["used"] and p["packets"] == 0, p
        assert p["reason"] in lab.show("lisp1", "petrs")
    p = lab.petrs("lisp1")[P2]
    assert (p["state"], p["used"], p["reason"]) == ("up", True, None) and p["packets"] >= 37, p
    assert p["next_hop"] == P2 and p["rtt_ms"] > 0


def test_lives_dies_returns(lab):
    """Two PETRs, of which one does not exist; the other dies, and is used again when it is back."""
    lisp1(lab, conf.petr(NOBODY), conf.petr(P2), up=[P2])
    s = traffic.Stream(lab, "h1", "192.168.1.4", "w", "4.2.2.2", 7301, rate=100).start()
    wait_until(lambda: len(s.seen) > 50, 10, "traffic by the PETR that lives")
    lab.kill("p2")
    begin = time.monotonic()
    p = lab.wait_petr("lisp1", P2, "down", PROBE_TIME)
    print("down after %.2f s: %s" % (time.monotonic() - begin, p["reason"]))
    assert p["reason"] and not p["used"], p
    assert "no answer" in p["reason"] or "next hop" in p["reason"], p
    # with no PETR and no route there is no way, and the host is told
    got = traffic.ping(lab, "h1", "4.2.2.2", 1, wait=2, check=False)
    assert got.received == 0 and "Unreachable" in got.text, got.text
    assert result(lab, "lisp1", source="192.168.1.4")["action"] == "drop"
    lab.start("p2")
    begin = time.monotonic()
    mark = len(s.seen)
    p = lab.wait_petr("lisp1", P2, "up", PROBE_TIME)
    wait_until(lambda: len(s.seen) > mark + 50, PROBE_TIME, "traffic by the PETR that is back")
    print("back after %.2f s" % (time.monotonic() - begin))
    assert p["used"] and p["reason"] is None, p
    s.finish()
    assert (s.duplicates, s.reordered) == (0, 0)
    assert result(lab, "lisp1", source="192.168.1.4")["rloc"] == P2


def test_traffic_follows_priority(lab):
    """
    The better PETR dies: within the probe time traffic takes the other one. It returns: so does the traffic, and nothing
    is lost.
    """
    lisp1(lab, conf.petr(NOBODY), conf.petr(P2, priority=1), conf.petr(conf.R1, priority=2), up=[P2, conf.R1])
    assert ways(lab) == {("10.0.1.2", P2): 32}
    petrs = lab.petrs("lisp1")
    assert petrs[P2]["used"] and petrs[conf.R1]["state"] == "up" and not petrs[conf.R1]["used"], petrs
    s = traffic.Stream(lab, "h1", "192.168.1.4", "w", "4.2.2.2", 7302, rate=100).start()
    wait_until(lambda: len(s.seen) > 50, 10, "traffic")
    lab.kill("p2")
    lab.wait_petr("lisp1", P2, "down", PROBE_TIME)
    mark = len(s.seen)
    wait_until(lambda: len(s.seen) > mark + 50, 5, "traffic by the other PETR")
    s.finish()
    print("a gap of %.2f s" % s.longest_gap())
    assert s.longest_gap() < PROBE_TIME, s.longest_gap()
    assert ways(lab) == {("10.0.1.2", conf.R1): 32}
    petrs = lab.petrs("lisp1")
    assert petrs[conf.R1]["used"] and not petrs[P2]["used"] and petrs[P2]["reason"], petrs
    s = traffic.Stream(lab, "h1", "192.168.1.4", "w", "4.2.2.2", 7303, rate=100).start()
    lab.start("p2")
    lab.wait_petr("lisp1", P2, "up", PROBE_TIME)
    wait_until(lambda: ways(lab) == {("10.0.1.2", P2): 32}, 5, "traffic by the better PETR")
    s.finish().perfect()


def test_share(lab):
    """Two that live, of one priority: flows are shared by weight; one of weight 0, or of priority 255, has none."""
    lisp1(lab, conf.petr(P2, weight=75), conf.petr(conf.R1, weight=25), up=[P2, conf.R1])
    got = ways(lab, flows=512)
    assert set(got) == {("10.0.1.2", P2), ("10.0.1.2", conf.R1)}, got
    assert 0.6 < got["10.0.1.2", P2] / 512 < 0.9, got
    lisp1(lab, conf.petr(P2, priority=255), conf.petr(conf.R1), up=[conf.R1])
    assert ways(lab) == {("10.0.1.2", conf.R1): 32}
    assert not lab.petrs("lisp1")[P2]["used"]


def test_without_probing(lab):
    """`probe = false`: taken for alive without an answer, as long as its next hop is there."""
    lisp1(lab, conf.petr(NO_LISP, probe=False), up=[NO_LISP])
    p = lab.petrs("lisp1")[NO_LISP]
    assert p["used"] and not p["probing"] and p["rtt_ms"] is None, p
    with Capture(lab, "core", "br1") as cap:
        traffic.ping(lab, "h1", "4.2.2.2", 2, wait=1, check=False)  # x knows nothing of LISP
        cap.stop()
    # without its complaints, which quote them
    assert layers(cap.path, "icmp.type == 8 && !(icmp.type == 3)") == 2 * [[("10.0.1.2", NO_LISP), OUT]]
    # and nobody has asked it anything
    assert not [d for d in cap.udp(4342) if d["dst"] == NO_LISP]


def test_always(lab):
    """By default a negative entry leads to the PETR although a route matches (RFC 6832 6.1)."""
    lisp1(lab, conf.petr(conf.R1), up=[conf.R1])
    with default_route(lab):
        assert ways(lab) == {OUT_WRAPPED[0]: 32}


def test_where_no_route(lab):
    """petr-use = "no-route": natively where a route matches, by the PETR where none does; it follows Linux."""
    lisp1(lab, conf.petr(conf.R1), use="no-route", up=[conf.R1])
    assert lab.ctl("lisp1", "show", "petrs")["use"] == "no-route"
    assert ways(lab) == {OUT_WRAPPED[0]: 32}
    with default_route(lab):
        assert ways(lab) == {None: 32}
        traffic.ping(lab, "h1", "4.2.2.2", 3)
    assert ways(lab) == {OUT_WRAPPED[0]: 32}
    traffic.ping(lab, "h1", "4.2.2.2", 3)


def test_without_a_petr(lab):
    """No PETR: natively with a route (the answers come by the PITR all the same), unreachable without."""
    lisp1(lab)
    got = traffic.ping(lab, "h1", "4.2.2.2", 1, wait=2, check=False)
    assert got.received == 0 and "Unreachable" in got.text, got.text
    with default_route(lab), Capture(lab, "core", "br1") as cap:
        traffic.ping(lab, "h1", "4.2.2.2", 3)
        cap.stop()
    assert layers(cap.path, "icmp.type == 8 || icmp.type == 0") == 3 * [
        [OUT], [("10.0.1.1", "10.0.1.2"), ("4.2.2.2", "192.168.1.4")]]
    assert not asked(cap)  # the negative entry stands already
