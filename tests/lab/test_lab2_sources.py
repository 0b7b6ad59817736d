# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: whom LISP does not touch, and whom a PETR does not serve."""

import logging

import pytest

import lisp
import traffic
from capture import Capture, layers
from lab import moved
from proc import wait_until
from world import FOREIGN, OUT_WRAPPED, PINGS, asked, cold, default_route, every_hop, result

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw as Bytes  # noqa: E402


@pytest.fixture
def foreign(lab2):
    """h1 has an address that is no EID, with routes to it everywhere; lisp1 has no way out yet."""
    lab2.ip("h1", "addr", "add", FOREIGN + "/24", "dev", "eth0")
    lab2.ip("lisp1", "addr", "add", "203.0.113.1/24", "dev", "site")
    lab2.ip("r1", "route", "add", "203.0.113.0/24", "via", "10.0.1.2")
    lab2.ip("outsideworld", "route", "add", "203.0.113.0/24", "via", "10.0.3.1")
    lab2.ip("h1", "rule", "add", "from", FOREIGN, "lookup", "100")
    lab2.ip("h1", "route", "add", "default", "via", "203.0.113.1", "table", "100")
    yield
    lab2.ip("h1", "rule", "del", "from", FOREIGN)
    lab2.ip("h1", "route", "flush", "table", "100")
    lab2.ip("h1", "addr", "del", FOREIGN + "/24", "dev", "eth0")
    lab2.ip("lisp1", "addr", "del", "203.0.113.1/24", "dev", "site")
    lab2.ip("r1", "route", "del", "203.0.113.0/24")
    lab2.ip("outsideworld", "route", "del", "203.0.113.0/24")


def test_source_outside_goes_natively(lab2, foreign):
    """A default route: what is no EID follows it, both ways, bare on every link; EIDs go by the PETR nonetheless."""
    cold(lab2)
    with default_route(lab2):
        with every_hop(lab2) as caps:
            traffic.ping(lab2, "h1", "4.2.2.2", 3, source=FOREIGN)
            traffic.ping(lab2, "w", FOREIGN, 3)
        assert lab2.entries("lisp1") == [] and lab2.entries("r1") == []
        with Capture(lab2, "core", "br1") as cap:
            traffic.ping(lab2, "h1", "4.2.2.2", 1)
            cap.stop()
    assert layers(cap.path, "icmp.type == 8") == [OUT_WRAPPED]
    for name, cap in caps.items():
        out, back = [(FOREIGN, "4.2.2.2")], [("4.2.2.2", FOREIGN)]
        assert layers(cap.path, PINGS) == 3 * [out, back] + 3 * [back, out], name
        assert not list(cap.udp(4341)) and not asked(cap), name


def test_source_outside_without_a_route(lab2, foreign):
    """As in 003: unreachable, and nobody is asked."""
    cold(lab2)
    with every_hop(lab2) as caps:
        got = traffic.ping(lab2, "h1", "4.2.2.2", 2, source=FOREIGN, wait=1, check=False)
    assert got.received == 0 and "Unreachable" in got.text, got.text
    for name in ("br1", "br3", "w"):
        assert not layers(caps[name].path, "icmp") and not asked(caps[name]), name
    assert lab2.entries("lisp1") == []


def test_source_outside_does_not_reach_a_site(lab2, foreign):
    """Towards an EID of the other site, too: natively to R1, whose port there is no proxy ITR's, and no further."""
    cold(lab2)
    with default_route(lab2), Capture(lab2, "core", "br1") as first, Capture(lab2, "core", "br2") as second:
        assert traffic.ping(lab2, "h1", "192.168.2.5", 2, source=FOREIGN, wait=1, check=False).received == 0
        first.stop()
        second.stop()
    assert layers(first.path, "icmp.type == 8") == 2 * [[(FOREIGN, "192.168.2.5")]]
    assert not layers(second.path, "icmp") and not list(first.udp(4341)) and not asked(first)
    assert lab2.entries("r1") == []


def test_router_itself(lab2):
    """003's own test, on lisp1: from its RLOC unreachable, from its EID answered."""
    cold(lab2)
    r = lab2.run("lisp1", "ping", "-n", "-c", "1", "-W", "1", "4.2.2.2", check=False)
    assert "unreachable" in (r.stdout + r.stderr).lower(), r
    assert lab2.entries("lisp1") == []
    traffic.ping(lab2, "lisp1", "4.2.2.2", 5, source="192.168.1.1")
    cold(lab2)
    traffic.ping(lab2, "w", "192.168.1.1", 5)


def test_not_served(lab2):
    """From outside to an address of the announced space that no site has: dropped by the blackhole, nobody is asked."""
    before = lab2.drops("r1").get("route-blackhole", 0)
    with Capture(lab2, "r1", "lo", "udp port 4342") as cap:
        assert traffic.ping(lab2, "w", "192.168.77.7", 2, wait=1, check=False).received == 0
        cap.stop()
    assert lab2.drops("r1")["route-blackhole"] == before + 2
    assert not list(cap.udp(4342))


def test_own_eid_without_a_route(lab2):
    """An address of the own EID database that Linux has no route to: dropped, not asked for, not sent to the PETR."""
    lost = "192.168.1.200"
    route = ["192.168.1.0/24", "dev", "site", "proto", "kernel", "scope", "link", "src", "192.168.1.1"]
    half = ["192.168.1.0/25", "dev", "site"]  # h1, but not what is lost

    def action():
        return result(lab2, "lisp1", lost, "192.168.1.4")["action"]
    cold(lab2)
    before = lab2.drops("lisp1")
    lab2.ip("lisp1", "route", "add", *half)
    lab2.ip("lisp1", "route", "del", *route)
    try:
        wait_until(lambda: action() == "drop", 10, "no route in xtrd")
        with Capture(lab2, "core", "br1") as cap, traffic.Raw(lab2, "h1", "eth0") as h1:
            h1.send(Ether(src=h1.mac, dst=traffic.mac_of(lab2, "lisp1", "site")) / IP(src="192.168.1.4", dst=lost) /
                UDP(sport=9, dport=9) / Bytes(b"lost"))
            h1.expect(lambda f: f[23] == 1 and f[34:36] == b"\x03\0" and b"lost" in f, 5, "ICMP network unreachable")
            cap.stop()
        assert moved(before, lab2.drops("lisp1")) == {"no-route": 1}
    finally:
        lab2.ip("lisp1", "route", "add", *route)
        lab2.ip("lisp1", "route", "del", *half)
    wait_until(lambda: action() != "drop", 10, "the route in xtrd")
    assert not asked(cap) and not list(cap.udp(4341)) and lab2.entries("lisp1") == []


# -- strangers at the PETR


class Stranger:
    """Sends LISP packets on lisp1's link from any RLOC, and knows what comes out behind R1."""

    def __init__(self, lab, x, beyond):
        self.lab, self.x, self.beyond = lab, x, beyond
        self.n = 0
        self.ether = Ether(src=x.mac, dst=traffic.mac_of(lab, "r1", "lisp1"))

    def send(self, rloc, source, to="10.0.3.1", ether=None, target="4.2.2.2"):
        self.n += 1
        mark = b"stranger%08d" % self.n
        self.x.send((ether or self.ether) / IP(src=rloc, dst=to) / UDP(sport=50000, dport=4341, chksum=0) /
            Bytes(lisp.w_data(bytes(IP(src=source, dst=target) / UDP(sport=9, dport=9) / Bytes(mark)))))
        return mark

    def passes(self):
        """What lisp1 itself might have sent gets through; the marks of all that came out before it."""
        mark, seen = self.send("10.0.1.2", "192.168.1.4"), []
        frame = self.beyond.expect(lambda f: b"stranger" in f and (seen.append(f) or mark in f) and f, 5,
            "what the PETR is there for")
        packet = IP(frame[14:])
        assert (packet.src, packet.dst, packet.ttl) == ("192.168.1.4", "4.2.2.2", 63)
        return [f for f in seen if mark not in f]


@pytest.fixture
def stranger(lab2):
    traffic.ping(lab2, "h1", "4.2.2.2", 1)  # R1 knows its neighbours
    # beside w, so that all that leaves R1 towards the outside world is seen, whatever its destination
    with traffic.Raw(lab2, "x", "eth0") as x, traffic.Raw(lab2, "outsideworld", "eth0") as beyond:
        yield Stranger(lab2, x, beyond)


@pytest.mark.parametrize("rloc,source,counter", [
    ("10.0.1.9", "192.168.1.4", "petr-rloc-refused"),  # nobody we know
    ("10.0.3.2", "192.168.1.4", "petr-rloc-refused"),
    ("10.0.2.2", "192.168.1.4", "petr-rloc-refused"),  # one we know, with another's EID
    ("10.0.1.2", "192.168.2.5", "petr-rloc-refused"),
    ("10.0.1.2", "5.5.5.5", "petr-source-refused"),    # one we know, with what is nobody's EID
    ("10.0.1.2", "4.2.2.9", "petr-source-refused"),
    ("10.0.1.2", "192.168.0.255", "petr-source-refused"),
    ("10.0.1.9", "5.5.5.5", "petr-source-refused"),
])
def test_stranger_goes_nowhere(lab2, stranger, rloc, source, counter):
    before = lab2.drops("r1")
    stranger.send(rloc, source)
    assert stranger.passes() == []
    wait_until(lambda: moved(before, lab2.drops("r1")) == {counter: 1}, 5, "one %s" % counter)


def test_petr_for_nobody(lab2, stranger):
    """An xTR without `proxy-etr` relays for no one: not even for its own site, or its PETR."""
    ether = Ether(src=stranger.x.mac, dst=traffic.mac_of(lab2, "lisp1", "core"))
    for rloc, source in (("10.0.1.9", "192.168.2.5"), ("10.0.1.1", "192.168.1.4"), ("10.0.3.1", "5.5.5.5")):
        before = lab2.drops("lisp1")
        stranger.send(rloc, source, to="10.0.1.2", ether=ether)
        wait_until(lambda: sum(moved(before, lab2.drops("lisp1")).values()) == 1, 5, "a counted drop")
    assert stranger.passes() == []


def test_petr_brings_nothing_into_a_site(lab2, stranger):
    """What a client sends through the PETR to the announced EID space ends in the blackhole, and asks nobody."""
    before = lab2.drops("r1")
    with Capture(lab2, "r1", "lo", "udp port 4342") as cap:
        stranger.send("10.0.1.2", "192.168.1.4", target="192.168.77.7")
        assert stranger.passes() == []
        cap.stop()
    assert not list(cap.udp(4342))
    assert moved(before, lab2.drops("r1")) == {"route-blackhole": 1}
