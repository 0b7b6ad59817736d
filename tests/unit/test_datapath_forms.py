#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every form of packet on every way through the data plane, judged by scapy.

Ways: encapsulation and decapsulation with either family in either, and forwarding without a tunnel. Forms: what IP
carries, options and extension headers, fragments, TTL, TOS, checksums, sizes about every boundary, and cuts into
buffers at each header's end. Calls and judges as test_datapath6.py does.
"""
import itertools
import sys
import unittest

import test_datapath
from test_datapath import CE, CORE, ECN, ECT0, ECT1, NOT_ECT, SITE, lisp
from test_datapath6 import (EID, FAMILIES, FAR, HEADER, OUTER, REMOTE, RLOC, Case6, changed, ether, hops, of, tos_of,
    tunnelled)
from scapy.layers.inet import (ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_NOP, IPOption_RR, IPOption_Router_Alert,
    IPOption_Timestamp, fragment)
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, RouterAlert, fragment6)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

MTU = 1500
WAYS = [("encap", vi, vo) for vi, vo in FAMILIES] + [("decap", vi, vo) for vi, vo in FAMILIES] + \
    [("native", v, None) for v in (4, 6)]
DATA = Raw(bytes(range(1, 60)))

# What IP carries: by protocol number, the same for both families but for ICMP.
PAYLOADS = {
    "udp": UDP(sport=5, dport=6) / DATA, "udp without checksum": UDP(sport=5, dport=6, chksum=0) / DATA,
    "udp with a bad checksum": UDP(sport=5, dport=6, chksum=0xdead) / DATA, "udp of nothing": UDP(sport=5, dport=6),
    "udp that lies": UDP(sport=5, dport=6, len=7) / DATA, "tcp": TCP(sport=5, dport=6, flags="S") / DATA,
    "tcp with options": TCP(sport=5, dport=6, options=[("MSS", 1460), ("WScale", 7)]) / DATA,
    "tcp with a bad checksum": TCP(sport=5, dport=6, chksum=1) / DATA, "sctp": SCTP(sport=5, dport=6) / DATA,
    "lisp's port": UDP(sport=5, dport=4341) / DATA, "lisp control": UDP(sport=4342, dport=4342) / DATA,
    "gre": GRE() / IP(src="1.1.1.1", dst="2.2.2.2"), "esp": ESP(spi=7, seq=1, data=bytes(40)),
    "ip in ip": IP(src="1.1.1.1", dst="2.2.2.2") / UDP() / DATA,
    "ipv6 in ip": IPv6(src="2001::1", dst="2001::2") / DATA,
}
NUMBERS = (2, 3, 8, 46, 58, 88, 89, 103, 112, 115, 136, 253, 254, 255)  # protocols that nobody looks into
ICMPS = {4: [ICMP(id=1, seq=2) / DATA, ICMP(type=3, code=4, nexthopmtu=1400) / IP() / UDP(), ICMP(chksum=9) / DATA],
    6: [ICMPv6EchoRequest(id=1) / DATA, ICMPv6PacketTooBig(mtu=1400) / IPv6() / UDP(),
        ICMPv6EchoRequest(cksum=9) / DATA]}
OPTIONS = {
    "nop": [IPOption_NOP()], "nops": [IPOption_NOP()] * 40, "record route": [IPOption_RR(routers=["0.0.0.0"] * 3)],
    "router alert": [IPOption_Router_Alert()], "loose source route": [IPOption_LSRR(routers=["9.9.9.9"])],
    "timestamp": [IPOption_Timestamp(flg=0, pointer=5)],
}


def hop_by_hop():
    return IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])


EXTENSIONS = {
    "hop-by-hop": hop_by_hop(), "router alert": IPv6ExtHdrHopByHop(options=[RouterAlert()]),
    "destination": IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]),
    "routing": IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::9"]), "atomic": IPv6ExtHdrFragment(id=7),
    "authentication": AH(spi=1, seq=1, icv=bytes(12)),
    "all": hop_by_hop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::9"]) /
        IPv6ExtHdrFragment(id=8) / IPv6ExtHdrDestOpt(),
}
# IP lengths; the frames' are 14 more
SIZES = sorted({s - cut for s in (60, 64, 65, 127, 128, *range(1399, 1502)) for cut in (0, 14)})


def kept_whole(p):
    """The IPv4 packet with DF set: test_split.py has those that may be split."""
    q = IP(bytes(p))
    q.flags |= 2
    del q.chksum
    return q


def packet(way, **fields):
    """A packet that goes this way."""
    kind, vi, vo = way
    if kind == "encap":
        return of(vi, EID[vi], REMOTE[vi, vo], **fields)
    return of(vi, FAR[vi] if kind == "decap" else RLOC[vi] % 3, EID[vi], **fields)


class Ways(Case6):
    mtu = MTU

    def go(self, way, seg=0, trailer=b"", **fields):
        """A packet sent on its way; its outcome is judged."""
        return self.judge(way, packet(way, **fields), seg=seg, trailer=trailer)

    def send(self, way, p, **frame):
        kind, _, vo = way
        if kind == "encap":
            return self.ip(SITE, p, **frame)
        return self.ip(CORE, tunnelled(vo, lisp(p)) if kind == "decap" else p, **frame)

    def judge(self, way, p, **frame):
        kind, vi, vo = way
        most = self.most(way)
        too_long = len(p) > most
        if too_long and vi == 4:
            p = kept_whole(p)
        with self.subTest(way=way, packet=bytes(p)[:80].hex(), **frame):
            got = self.send(way, p, **frame)
            if too_long:
                whole = p if kind == "decap" else ether(SITE if kind == "encap" else CORE, p)
                self.punted(got, "too-big", whole, id=most, l2=0 if kind == "decap" else 14)
            elif kind == "encap":
                return self.encapsulated(got, p, vo)
            elif kind == "decap":
                # the outer TOS is 0: DSCP is copied, and Not-ECT changes no ECN
                self.opened(got, changed(p, tos=tos_of(p) & 3, ttl=min(hops(p), 64)))
            else:
                self.forwarded(got, p, 4, SITE)
        return None

    def most(self, way):
        return self.mtu - (OUTER[way[2]] if way[0] == "encap" else 0)


class Forms(Ways):
    def test_payloads(self):
        for way in WAYS:
            for above in list(PAYLOADS.values()) + ICMPS[way[1]]:
                self.go(way, above=above)
            for number in NUMBERS:
                self.go(way, above=DATA, **({"proto": number} if way[1] == 4 else {"nh": number}))

    def test_options(self):
        for way, options in itertools.product(WAYS, OPTIONS.values()):
            if way[1] == 4:
                for above in (UDP(sport=5, dport=6) / DATA, TCP() / DATA, ICMP() / DATA):
                    self.go(way, options=options, above=above)

    def test_extension_headers(self):
        for way, extension in itertools.product(WAYS, EXTENSIONS.values()):
            if way[1] == 6:
                for above in (UDP(sport=5, dport=6) / DATA, TCP() / DATA, ICMPv6EchoRequest() / DATA):
                    self.go(way, above=extension / above)

    def test_fragments(self):
        """Each goes its way alone; in a tunnel all of them the same."""
        for way in WAYS:
            for above in (UDP(sport=5, dport=6) / Raw(bytes(3000)), TCP() / Raw(bytes(3000))):
                if way[1] == 4:
                    parts = fragment(packet(way, id=77, above=above), 1200)
                else:
                    parts = fragment6(packet(way, above=IPv6ExtHdrFragment(id=77) / above), 1300)
                self.assertGreater(len(parts), 2)
                ways = {self.judge(way, part) for part in parts}
                self.assertEqual(len(ways), 1)

    def test_every_ttl(self):
        for way, ttl in itertools.product(WAYS, (2, 3, 63, 64, 65, 127, 128, 129, 254, 255)):
            self.go(way, ttl=ttl)
        for way, ttl in itertools.product(WAYS, (0, 1)):
            self.punted(self.send(way, packet(way, ttl=ttl)), "ttl")

    def test_every_tos(self):
        for way, tos in itertools.product(WAYS, range(0, 256, 5)):
            self.go(way, tos=tos)
        for way in WAYS:
            for tos in (ECT1, ECT0, CE, 46 << 2 | CE):
                self.go(way, tos=tos)

    def test_outer_tos(self):
        """RFC 6040 for every DSCP, and the two ECN cells that a router on the way makes."""
        for (vi, vo), dscp in itertools.product(FAMILIES, range(64)):
            for inner, outer in ((ECT0, CE), (ECT1, ECT1), (CE, CE), (NOT_ECT, NOT_ECT)):
                p = of(vi, FAR[vi], EID[vi], tos=inner)
                got = self.ip(CORE, tunnelled(vo, lisp(p), tos=dscp << 2 | outer))
                self.opened(got, changed(p, tos=dscp << 2 | ECN[inner][outer]))

    def test_checksum_of_the_header(self):
        for way in WAYS:
            for chksum in (0, 1, 0xffff, 0x1234) if way[1] == 4 else ():
                name = "decap-inner-malformed" if way[0] == "decap" else "ip4-checksum"
                self.dropped(self.send(way, packet(way, chksum=chksum)), name)

    def test_checksum_is_zero(self):
        """One's complement: a header whose sum makes the field 0, or 0xffff wrong."""
        for way in WAYS:
            for want in (0, 1, 0xff, 0x100, 0xfeff, 0xff00, 0xfffe) if way[1] == 4 else ():
                p = packet(way, id=0)
                have = IP(bytes(p)).chksum
                p.id = (have - want) % 65535
                self.assertEqual(IP(bytes(p)).chksum, want)
                self.judge(way, p)

    def test_sizes(self):
        for way in WAYS:
            most = self.most(way)
            for size in sorted(set(SIZES) | {most - 1, most, most + 1}):
                if size >= HEADER[way[1]] + 8:
                    self.go(way, size=size)

    def test_cuts(self):
        """The first buffer ends where a header does, or a byte about it; so do the others."""
        for way in WAYS:
            kind, vi, vo = way
            ends = [14, 14 + HEADER[vi], 14 + HEADER[vi] + 8]
            if kind == "decap":
                outer = 14 + HEADER[vo]
                ends = [14, outer, outer + 8, outer + 16, outer + 16 + HEADER[vi], outer + 24 + HEADER[vi]]
            for end, off, size in itertools.product(ends, (-1, 0, 1), (HEADER[vi] + 8, 64, 65, 500, 1400)):
                if size >= HEADER[vi] + 8:
                    self.go(way, size=size, seg=end + off)
                    self.go(way, size=size, seg=end + off, trailer=bytes(end))


class Jumbo(Ways):
    """The same where 9,000 bytes fit, in buffers of 2,048."""
    mtu = 9000

    def setUp(self):
        self.say("mtu 9000")

    def tearDown(self):
        self.say("mtu 1500")

    def test_sizes(self):
        for way in WAYS:
            most = self.most(way)
            for size in sorted({MTU - 1, MTU, MTU + 1, *range(2032, 2051), 4096, 8999, 9000, most - 1, most, most + 1}):
                # the largest buffers that there are, and others
                for seg in (2048, 1500, 777):
                    self.go(way, size=size, seg=seg)

    def test_cuts(self):
        for way, seg in itertools.product(WAYS, (34, 54, 64, 70, 128)):
            self.go(way, size=4000, seg=seg)


if __name__ == "__main__":
    test_datapath.arguments()
    unittest.main()
