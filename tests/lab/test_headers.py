# SPDX-License-Identifier: BSD-3-Clause
"""What the data path does to headers: TTL, DSCP, ECN, ports, packets that must not pass."""

import itertools
import logging
import struct

import pytest

import conf
import lisp
import traffic
from capture import Capture, judge, read_udp
from lab import moved
from proc import wait_until

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, UDP  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw as Bytes  # noqa: E402

NOT_ECT, ECT1, ECT0, CE = 0, 1, 2, 3
NAMES = {NOT_ECT: "not-ECT", ECT0: "ECT0", ECT1: "ECT1", CE: "CE"}
# RFC 6040 figure 4: inner -> outer -> what leaves; None: dropped.
DECAPSULATED = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}
_ident = itertools.count(1)


def drops(lab, router):
    return sum(lab.drops(router).values())


def from_core(lab, core, outer, inner, **header):
    """Sends an encapsulated packet to R2's RLOC as if R3 had."""
    frame = Ether(dst=traffic.mac_of(lab, "r2", "core")) / outer / UDP(sport=50000, dport=4341, chksum=0) / \
        Bytes(lisp.w_data(bytes(inner), **header))
    core.send(frame)


def inner_udp(**ip):
    """A packet R5 -> R4 that can be told from all others."""
    ip.setdefault("src", "10.2.2.5")
    ip.setdefault("dst", "10.1.1.4")
    mark = b"mark%08d" % next(_ident)
    return IP(**ip) / UDP(sport=9, dport=9) / Bytes(mark), mark


def arrives(host, mark, limit=5):
    """The IP packet with this mark, as the host sees it."""
    return IP(host.expect(lambda f: mark in f and f[12:14] == b"\x08\0" and f, limit, "mark %r" % mark)[14:])


@pytest.fixture
def wires(lab1):
    """Packet sockets: R4's and R5's interfaces, and the core from x."""
    # R2 knows R4's MAC, so that what arrives is sent at once
    traffic.ping(lab1, "r5", "10.1.1.4", 1)
    with traffic.Raw(lab1, "r4", "eth0") as r4, traffic.Raw(lab1, "r5", "eth0") as r5, \
            traffic.Raw(lab1, "x", "eth0") as x:
        yield {"r4": r4, "r5": r5, "x": x}


def through(lab, wires, packet, mark):
    """R4 sends the packet to R5: (the LISP packet in the core, what arrives at R5)."""
    frame = Ether(dst=traffic.mac_of(lab, "r2", "site")) / packet
    with traffic.Raw(lab, "core", "p2") as core:
        wires["r4"].send(frame)
        outer = core.expect(lambda f: mark in f and f, 5, "LISP packet in the core")
    return Ether(outer)[IP], arrives(wires["r5"], mark)


def test_ttl_of_pings(lab1):
    """Two routers on the way: each takes one."""
    got = traffic.ping(lab1, "r4", "10.2.2.5", 1)
    assert "ttl=62" in got.text, got.text


@pytest.mark.parametrize("ecn", [NOT_ECT, ECT0, ECT1, CE], ids=NAMES.get)
@pytest.mark.parametrize("dscp", [0, 10, 46, 63])
def test_encapsulation_copies(lab1, wires, dscp, ecn):
    """The outer header carries the inner TTL, DSCP and ECN (RFC 9300 5.3, RFC 6040 4.1); R3 gives them back."""
    tos = dscp << 2 | ecn
    packet, mark = inner_udp(src="10.1.1.4", dst="10.2.2.5", tos=tos, ttl=40)
    outer, inner = through(lab1, wires, packet, mark)
    assert (outer.tos, outer.ttl) == (tos, 39)
    assert (outer.src, outer.dst, outer[UDP].dport, outer[UDP].chksum) == ("172.16.1.2", "172.16.1.3", 4341, 0)
    assert outer.len == 20 + 8 + 8 + packet.len if packet.len else True
    assert (inner.tos, inner.ttl) == (tos, 38)


@pytest.mark.parametrize("outer,inner", itertools.product(NAMES, NAMES), ids=lambda e: NAMES[e])
def test_decapsulation_ecn(lab1, wires, outer, inner):
    """The 16 cells of RFC 6040 figure 4, each seen at the host."""
    packet, mark = inner_udp(tos=inner)
    before = drops(lab1, "r2")
    from_core(lab1, wires["x"], IP(src="172.16.1.3", dst="172.16.1.2", tos=outer), packet)
    want = DECAPSULATED[inner][outer]
    if want is None:
        wait_until(lambda: drops(lab1, "r2") == before + 1, 5, "a counted drop")
        # what is sent behind it arrives, so the dropped one would have arrived before
        packet, second = inner_udp()
        from_core(lab1, wires["x"], IP(src="172.16.1.3", dst="172.16.1.2"), packet)
        seen = []
        wires["r4"].expect(lambda f: seen.append(mark in f) or second in f, 5, "the packet behind")
        assert not any(seen)
    else:
        got = arrives(wires["r4"], mark)
        assert got.tos == want, NAMES[got.tos & 3]
        assert drops(lab1, "r2") == before


@pytest.mark.parametrize("outer,inner,left", [(64, 64, 63), (10, 64, 9), (64, 10, 9), (255, 2, 1)])
def test_decapsulation_ttl(lab1, wires, outer, inner, left):
    """The smaller of both goes on (RFC 9300 5.3), and this router takes one."""
    packet, mark = inner_udp(ttl=inner)
    from_core(lab1, wires["x"], IP(src="172.16.1.3", dst="172.16.1.2", ttl=outer), packet)
    got = arrives(wires["r4"], mark)
    assert got.ttl == left
    chk = got.chksum
    del got.chksum
    assert IP(bytes(got)).chksum == chk


def test_decapsulation_copies_dscp(lab1, wires):
    packet, mark = inner_udp(tos=10 << 2 | ECT0)
    from_core(lab1, wires["x"], IP(src="172.16.1.3", dst="172.16.1.2", tos=46 << 2 | ECT0), packet)
    assert arrives(wires["r4"], mark).tos == 46 << 2 | ECT0


def test_source_port_follows_flow(lab1, wires):
    """The same flow keeps its port, many flows use many (RFC 9300 12)."""
    ports = {}
    with Capture(lab1, "core", "br0", "udp port 4341") as cap:
        for _ in range(2):
            for sport in range(6000, 6064):
                wires["r4"].send(Ether(dst=traffic.mac_of(lab1, "r2", "site")) /
                    IP(src="10.1.1.4", dst="10.2.2.5") / UDP(sport=sport, dport=9) / Bytes(b"flow"))
        # what is in the file is what was sent: the last one has come out at R5
        wait_until(lambda: len([1 for _, f in cap.frames() if f.endswith(b"flow")]) >= 128, 5, "128 packets")
        cap.stop()
    for d in cap.udp(4341):
        flow = struct.unpack("!H", d["payload"][28:30])[0]
        if 6000 <= flow < 6064:
            ports.setdefault(flow, set()).add(d["sport"])
    assert len(ports) == 64 and all(len(p) == 1 for p in ports.values()), ports
    assert len(set.union(*ports.values())) > 48
    assert all(min(p) >= 1024 for p in ports.values())


@pytest.mark.parametrize("ttl,answers", [(1, ("10.1.1.2",)), (2, ("10.2.2.3", "172.16.1.3"))])
def test_traceroute(lab1, ttl, answers):
    """R2 answers for the first hop, R3 for the second; with 3 the packet arrives."""
    r = lab1.run("r4", "ping", "-n", "-c", "1", "-t", ttl, "-W", "2", "10.2.2.5", check=False)
    assert "Time to live exceeded" in r.stdout and any("From %s " % a in r.stdout for a in answers), r.stdout
    traffic.ping(lab1, "r4", "10.2.2.5", 1, options=("-t", "3"))


def refused(lab, wires, outer, inner, mark, header=None, raw=None, name=None):
    """The packet is dropped and counted, and nothing of it appears at R4."""
    before = lab.drops("r2")
    if raw is None:
        from_core(lab, wires["x"], outer, inner, **(header or {}))
    else:
        wires["x"].send(raw)
    wait_until(lambda: sum(lab.drops("r2").values()) > sum(before.values()), 5, "a counted drop")
    after = lab.drops("r2")
    changed = moved(before, after)
    assert list(changed.values()) == [1], changed
    packet, second = inner_udp()
    from_core(lab, wires["x"], IP(src="172.16.1.3", dst="172.16.1.2"), packet)
    seen = []
    wires["r4"].expect(lambda f: seen.append(mark in f) or second in f, 5, "the packet behind")
    assert not any(seen), "it was let through"


R2 = dict(src="172.16.1.3", dst="172.16.1.2")


@pytest.mark.parametrize("what", ["not ours", "unknown instance", "inner checksum", "inner version", "inner length"])
def test_decapsulation_refuses(lab1, wires, what):
    packet, mark = inner_udp()
    header = {}
    if what == "not ours":
        packet, mark = inner_udp(dst="10.77.7.7")
    elif what == "unknown instance":
        header = {"iid": 4711}
    elif what == "inner checksum":
        packet, mark = inner_udp(chksum=0x1234)
    elif what == "inner version":
        packet, mark = inner_udp(version=7)
    elif what == "inner length":
        packet, mark = inner_udp(len=1000)
    refused(lab1, wires, IP(**R2), packet, mark, header)


def test_traffic_that_is_not_for_lisp(lab1, wires):
    """A source outside the EID space is forwarded natively or not at all, never encapsulated."""
    packet, mark = inner_udp(src="192.0.2.1", dst="10.2.2.5")
    with Capture(lab1, "core", "br0") as cap:
        wires["r4"].send(Ether(dst=traffic.mac_of(lab1, "r2", "site")) / packet)
        traffic.ping(lab1, "r4", "10.2.2.5", 1)
        cap.stop()
    assert not [f for _, f in cap.frames() if mark in f and (d := read_udp(f)) and d["dport"] == 4341]


def test_dscp_kept_where_asked(new_lab):
    """decap-dscp = "keep": the inner DSCP stands; ECN is still combined."""
    lab = new_lab()
    lab.two_sites()
    configs = conf.lab1()
    configs["r2"]["lisp"] = {"decap-dscp": "keep"}
    lab.start_all(configs)
    traffic.ping(lab, "r5", "10.1.1.4", 1)
    with traffic.Raw(lab, "r4", "eth0") as r4, traffic.Raw(lab, "x", "eth0") as x:
        packet, mark = inner_udp(tos=10 << 2 | ECT0)
        from_core(lab, x, IP(src="172.16.1.3", dst="172.16.1.2", tos=46 << 2 | CE), packet)
        assert arrives(r4, mark).tos == 10 << 2 | CE


def test_locator_status_bits(new_lab):
    """With locator-status-bits R2's one locator is said to be up (RFC 9300 5.3); R3, without, says nothing."""
    lab = new_lab()
    lab.two_sites()
    configs = conf.lab1()
    configs["r2"]["lisp"] = {"locator-status-bits": True}
    lab.start_all(configs)
    traffic.ping(lab, "r5", "10.1.1.4", 1)

    def header(router, source, destination):
        """The LISP header of a ping."""
        with Capture(lab, "core", "p" + router[1]) as cap:
            traffic.ping(lab, source, destination, 1)
            (first, *_) = wait_until(lambda: [d["payload"][:8] for _, f in cap.frames() if (d := read_udp(f)) and
                d["dport"] == 4341 and d["src"] == "172.16.1." + router[1]], 5, "LISP packet")
            cap.stop()
        return first

    wait_until(lambda: header("r2", "r4", "10.2.2.5") == bytes([0x40, 0, 0, 0, 0, 0, 0, 1]), 10, "L bit")
    assert header("r3", "r5", "10.1.1.4") == bytes(8)


def test_errors_about_inner_packets_are_well_formed(lab1, wires):
    """ICMP that R2 sends to R4 when something does not fit is judged by tshark."""
    with Capture(lab1, "r4", "eth0") as cap:
        wires["r4"].send(Ether(dst=traffic.mac_of(lab1, "r2", "site")) /
            IP(src="10.1.1.4", dst="10.2.2.5", flags="DF", ttl=9) / ICMP() / Bytes(bytes(1472)))
        wait_until(lambda: [1 for _, f in cap.frames() if f[23] == 1 and f[34:36] == b"\x03\x04"], 5, "ICMP error")
        cap.stop()
    judge(cap.path)
    (f,) = [f for _, f in cap.frames() if f[23] == 1 and f[34:36] == b"\x03\x04"]
    assert struct.unpack("!H", f[40:42])[0] == 1464
