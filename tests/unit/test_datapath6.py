#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the data plane makes of IPv6 packets, and of either family in the other, judged by scapy.

As test_datapath.py, whose Case and arguments it has. What is expected is built from the RFCs with
scapy, byte for byte.

Exit status 77 (skipped) where scapy is missing.
"""
import itertools
import struct
import sys
import unittest

import test_datapath
from test_datapath import CORE, ECT0, PORT_MAC, PROXY, SENDER, SITE, SITE2, lisp, mac
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RS, IPv6, IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, HBHOptUnknown, Jumbo, PadN, RouterAlert, fragment6)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

FAMILIES = list(itertools.product((4, 6), repeat=2))  # inner, outer
TYPE = {4: 0x800, 6: 0x86dd}
HEADER = {4: 20, 6: 40}
EID = {4: "10.1.1.4", 6: "2001:db8:1:1::4"}  # of site 0
EID2 = {4: "10.100.1.4", 6: "2001:db8:64:1::4"}  # of site 2, instance 100
REMOTE = {(4, 4): "10.2.2.5", (4, 6): "10.26.0.5", (6, 4): "2001:db8:2::5", (6, 6): "2001:db8:26::5"}
FAR = {4: "10.2.2.5", 6: "2001:db8:26::5"}
RLOC = {4: "172.16.1.%x", 6: "fd00:16:1::%x"}  # the last byte is the MAC's too
OWN_RLOC = {4: "172.16.1.2", 6: "fd00:16:1::2"}
OUTER = {4: 36, 6: 56}  # bytes of outer IP, UDP and LISP headers
DF = {4: {"flags": "DF"}, 6: {}}  # what keeps a packet whole
EXTENSIONS = {
    "hop-by-hop": IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]),
    "router-alert": IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"")]),
    "destination": IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]),
    "routing": IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::9"]),
    "atomic": IPv6ExtHdrFragment(id=7),
}


def of(v, src=None, dst=None, size=None, tos=0, ttl=64, label=0, above=None, **ip):
    """A packet; size: its IP length. `above`: what follows the IP header."""
    src, dst = src or EID[v], dst or FAR[v]
    p = IP(src=src, dst=dst, tos=tos, ttl=ttl, **ip) if v == 4 else IPv6(src=src, dst=dst, tc=tos, hlim=ttl, fl=label, **ip)
    if above is not None:
        return p / above
    p = p / UDP(sport=1000, dport=2000) / Raw(b"what it carries")
    if size is not None:
        p[Raw].load = bytes(i & 0xff for i in range(size - HEADER[v] - 8))
        if "plen" not in ip and "len" not in ip:
            assert len(p) == size
    return p


def version(p):
    return bytes(p)[0] >> 4


def changed(p, tos=None, ttl=None):
    """The packet with another TOS or TTL, and nothing else but the checksum that goes with it."""
    b = bytearray(bytes(p))
    if version(b) == 6:
        if tos is not None:
            b[0] = 0x60 | tos >> 4
            b[1] = (tos & 15) << 4 | b[1] & 15
        if ttl is not None:
            b[7] = ttl
        return bytes(b)
    q = IP(bytes(b))
    if tos is not None:
        q.tos = tos
    if ttl is not None:
        q.ttl = ttl
    del q.chksum
    return bytes(q)


def hops(p):
    return bytes(p)[7 if version(p) == 6 else 8]


def tos_of(p):
    b = bytes(p)
    return (b[0] & 15) << 4 | b[1] >> 4 if version(b) == 6 else b[1]


def ether(port, p):
    return bytes(Ether(dst=PORT_MAC[port], src=SENDER, type=TYPE[version(p)])) + bytes(p)


def tunnelled(outer, payload, tos=0, ttl=64, src=None, dst=None, udp=None, label=0, between=None, **ip):
    udp = udp or UDP(sport=50000, dport=4341, chksum=0)
    above = (between / udp if between is not None else udp) / Raw(bytes(payload))
    return of(outer, src or RLOC[outer] % 3, dst or OWN_RLOC[outer], tos=tos, ttl=ttl, label=label, above=above, **ip)


class Case6(test_datapath.Case):
    def ip(self, port, p, trailer=b"", seg=0):
        return self.frame(port, ether(port, p) + trailer, seg)

    def forwarded(self, got, p, last, out, less=1):
        want = bytes(Ether(dst=mac(last), src=PORT_MAC[out], type=TYPE[version(p)])) + changed(p, ttl=hops(p) - less)
        self.assertEqual(self.left(got, out).hex(), want.hex())
        self.assertEqual(got["counters"].get("forwarded-natively"), 1)

    def encapsulated(self, got, p, outer, last=3, iid=0, less=1):
        """RFC 9300 5.1 to 5.3. Returns source port and flow label (0 of IPv4)."""
        have = self.left(got, CORE)
        at = 14 + HEADER[outer]
        self.assertGreaterEqual(len(have), at + 16)
        port = struct.unpack("!H", have[at:at + 2])[0]
        self.assertTrue(49152 <= port <= 65535, port)
        label = struct.unpack("!I", have[14:18])[0] & 0xfffff if outer == 6 else 0
        self.assertEqual(label != 0, outer == 6)  # RFC 6438
        inner = changed(p, ttl=hops(p) - less)
        above = UDP(sport=port, dport=4341, chksum=0) / Raw(lisp(inner, 0x08000000 if iid else 0, iid << 8))
        fields = {"id": 0, "flags": "DF"} if outer == 4 else {}
        want = bytes(of(outer, OWN_RLOC[outer], RLOC[outer] % last, tos=tos_of(p), ttl=hops(p) - less, label=label,
            above=above, **fields))
        want = bytes(Ether(dst=mac(last), src=PORT_MAC[CORE], type=TYPE[outer])) + want
        self.assertEqual(have.hex(), want.hex())
        self.assertEqual(got["counters"].get("encapsulated"), 1)
        return port, label

    def opened(self, got, p, last=4, out=SITE):
        self.assertEqual(got["counters"].get("decapsulated"), 1, got)
        self.forwarded(got, p, last, out)

    def linux(self, port, p, **kw):
        self.punted(self.ip(port, p, **kw), "linux", ether(port, p), port=port, l2=14)


class Encapsulation(Case6):
    def test_every_tos(self):
        """DSCP copied, ECN as RFC 6040 4.1, normal mode; the flow label inside is the sender's."""
        for n, tos in enumerate(range(256)):
            inner, outer = FAMILIES[(n + n // 4) % 4]  # each ECN with each
            p = of(inner, dst=REMOTE[inner, outer], tos=tos, ttl=255 - tos // 2, label=tos * 4097 if inner == 6 else 0)
            self.encapsulated(self.ip(SITE, p), p, outer)

    def test_every_ttl(self):
        for (inner, outer), ttl in itertools.product(FAMILIES, (0, 1, 2, 3, 63, 64, 65, 127, 128, 254, 255)):
            p = of(inner, dst=REMOTE[inner, outer], ttl=ttl)
            got = self.ip(SITE, p)
            if ttl > 1:
                self.encapsulated(got, p, outer)
            else:
                self.punted(got, "ttl", ether(SITE, p), l2=14)

    def test_size(self):
        """RFC 9300 7.1: what fits is 1500 less the headers in front; of IPv6, no DF is asked."""
        for inner, outer in FAMILIES:
            dst, most = REMOTE[inner, outer], 1500 - OUTER[outer]
            for size in (HEADER[inner] + 8, HEADER[inner] + 9, 100, 1280, most - 1, most):
                p = of(inner, dst=dst, size=size)
                self.encapsulated(self.ip(SITE, p), p, outer)
                self.encapsulated(self.ip(SITE, p, trailer=b"\xee" * 3), p, outer)
            for size in (most + 1, most + 2, 1500, 1501, 1900):
                p = of(inner, dst=dst, size=size, **DF[inner])
                self.punted(self.ip(SITE, p), "too-big", ether(SITE, p), id=most, l2=14)
            empty = of(inner, dst=dst, above=Raw(b""), **({"proto": 253} if inner == 4 else {"nh": 59}))
            self.encapsulated(self.ip(SITE, empty), empty, outer)

    def test_padding_is_cut(self):
        for (inner, outer), n in itertools.product(FAMILIES, (1, 18, 400)):
            p = of(inner, dst=REMOTE[inner, outer])
            self.encapsulated(self.ip(SITE, p, trailer=b"\xee" * n), p, outer)

    def test_cut_at_every_byte(self):
        """The first buffer ends anywhere in the headers; more buffers, padding in them."""
        for inner, outer in FAMILIES:
            p = of(inner, dst=REMOTE[inner, outer], size=900)
            want = self.encapsulated(self.ip(SITE, p), p, outer)
            for seg in list(range(1, 110)) + [300, 901, 913]:
                got = self.ip(SITE, p, seg=seg, trailer=bytes(seg % 100))
                self.assertEqual(self.encapsulated(got, p, outer), want)

    def test_jumbo_frames_are_too_big_here(self):
        for inner, outer in FAMILIES:
            p = of(inner, dst=REMOTE[inner, outer], size=9000, **DF[inner])
            for seg in (1500, 2000):
                self.punted(self.ip(SITE, p, seg=seg), "too-big", ether(SITE, p), id=1500 - OUTER[outer])

    def test_ip4_options(self):
        for outer, n in itertools.product((4, 6), (1, 3, 4, 17, 40)):
            p = of(4, dst=REMOTE[4, outer], options=[IPOption_NOP()] * n)
            self.encapsulated(self.ip(SITE, p), p, outer)

    def test_extension_headers(self):
        """They are the packet's own. Without a label, the ports behind them make the flow."""
        for outer, (a, b) in itertools.product((4, 6), itertools.product(EXTENSIONS.values(), repeat=2)):
            ways = set()
            for port in range(12):
                p = of(6, dst=REMOTE[6, outer], above=a / b / UDP(sport=port, dport=9) / Raw(b"x"))
                ways.add(self.encapsulated(self.ip(SITE, p), p, outer))
            self.assertGreater(len(ways), 9)

    def test_extension_headers_without_end(self):
        """Too many, too long, cut off: the packet is carried all the same."""
        long = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(100))])
        for above in (long / UDP(), long / long / UDP(), Raw(b""), Raw(b"\x11"), Raw(b"\x3c\xff" + bytes(6))):
            p = of(6, nh=60, above=above)
            self.encapsulated(self.ip(SITE, p), p, 6)
        above = UDP(sport=1, dport=2)
        for n in range(12):
            p = of(6, above=above)
            self.encapsulated(self.ip(SITE, p), p, 6)
            above = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / above
        for n in range(60):
            p = of(6, nh=0, above=Raw((b"\x3c\x00\x01\x04" + bytes(4) + b"\x11\x00\x01\x04" + bytes(60))[:n + 1]))
            self.encapsulated(self.ip(SITE, p), p, 6)

    def test_instance(self):
        for inner, outer in FAMILIES:
            p = of(inner, EID2[inner], REMOTE[inner, outer])
            self.encapsulated(self.ip(SITE2, p), p, outer, iid=100)
            self.unreachable(self.ip(SITE, p), "no-route")
            self.unreachable(self.ip(SITE2, of(inner, dst=REMOTE[inner, outer])), "no-route")

    def test_flows(self):
        """One way for all packets of a flow, many for many; by label, or by ports where there is none."""
        ways = {}
        for turn, layer, n in itertools.product(range(2), (UDP, TCP, SCTP), range(60)):
            p = of(6, ttl=60 + turn, tos=turn << 2, above=layer(sport=5000 + n, dport=80) / Raw(bytes(10 * turn)))
            ways.setdefault((layer, n), set()).add(self.encapsulated(self.ip(SITE, p), p, 6))
        for turn, n in itertools.product(range(3), range(1, 100)):
            p = of(6, label=n, above=UDP(sport=turn, dport=turn) if turn else TCP())
            ways.setdefault(n, set()).add(self.encapsulated(self.ip(SITE, p), p, 6))
        for n in range(100):
            p = of(6, dst="2001:db8:26::%x" % (n << 8), above=ICMPv6EchoRequest(id=9))
            ways.setdefault(("host", n), set()).add(self.encapsulated(self.ip(SITE, p), p, 6))
        self.assertTrue(all(len(w) == 1 for w in ways.values()))
        every = set.union(*ways.values())
        self.assertGreater(len({port for port, _ in every}), 350)
        self.assertGreater(len({label for _, label in every}), 355)
        # the same ports mean nothing in ICMPv6
        pings = [of(6, above=ICMPv6EchoRequest(id=7, seq=n)) for n in range(9)]
        self.assertEqual(len({self.encapsulated(self.ip(SITE, p), p, 6) for p in pings}), 1)

    def test_fragments_stay_together(self):
        """Each is carried by itself, all of a packet one way."""
        for label, before in itertools.product((0, 77), (None, EXTENSIONS["hop-by-hop"])):
            above = IPv6ExtHdrFragment(id=3) / UDP(sport=7, dport=8) / Raw(bytes(3000))
            parts = fragment6(of(6, label=label, above=above if before is None else before / above), 600)
            self.assertGreater(len(parts), 4)
            self.assertEqual(len({self.encapsulated(self.ip(SITE, p), p, 6) for p in parts}), 1)

    def test_two_locators(self):
        used = {}
        for n in range(200):
            p = of(6, dst="2001:db8:3::1", label=n + 1)
            lasts = set()
            for _ in range(2):
                got = self.ip(SITE, p)
                lasts.add(self.left(got, CORE)[5])
                self.encapsulated(got, p, 6, self.left(got, CORE)[5])
            self.assertEqual(len(lasts), 1)
            used[min(lasts)] = used.get(min(lasts), 0) + 1
        self.assertEqual(set(used), {3, 9})
        self.assertGreater(min(used.values()), 60)

    def test_from_linux(self):
        for (inner, outer), ttl in itertools.product(FAMILIES, (1, 64)):
            p = of(inner, dst=REMOTE[inner, outer], ttl=ttl)
            self.encapsulated(self.one("resume 0 0 lisp0 %s" % bytes(p).hex()), p, outer, less=0)
        p = of(6, dst="2001:db8:9::9", ttl=1)
        self.punted(self.one("resume 0 0 lisp0 %s" % bytes(p).hex()), "miss", p, l2=0)

    def test_tunnel_not_ready(self):
        p = of(6, dst="2001:db8:6::1")
        got = self.ip(SITE, p)
        self.punted(got, "tunnel", ether(SITE, p))
        self.assertGreater(got["punts"][0]["id"], 0)
        self.dropped(self.ip(SITE, of(6, dst="2001:db8:7::1")), "next-hop-down")


class Decapsulation(Case6):
    def inner(self, v, dst=None, **kw):
        return of(v, FAR[v], dst or EID[v], **kw)

    def test_plain(self):
        for inner, outer in FAMILIES:
            for size in (HEADER[inner] + 8, 100, 1281, 1464, 1500):
                p = self.inner(inner, size=size)
                self.opened(self.ip(CORE, tunnelled(outer, lisp(p))), p)
            p = self.inner(inner, size=1501, **DF[inner])
            self.punted(self.ip(CORE, tunnelled(outer, lisp(p))), "too-big", p, id=1500, l2=0)

    def test_every_ecn_cell(self):
        """RFC 6040 figure 4 for each pair of families; DSCP copied, or kept; the inner flow label stays."""
        for keep, (vi, vo), inner, outer in itertools.product((0, 1), FAMILIES, range(4), range(4)):
            self.say("keep-dscp %d" % keep)
            p = self.inner(vi, tos=10 << 2 | inner, label=0xabcde if vi == 6 else 0)
            got = self.ip(CORE, tunnelled(vo, lisp(p), tos=46 << 2 | outer, label=0x54321 if vo == 6 else 0))
            self.ecn(got, inner, outer, lambda ecn: changed(p, tos=(10 if keep else 46) << 2 | ecn))
        self.say("keep-dscp 0")

    def test_every_dscp(self):
        for (vi, vo), dscp in itertools.product(FAMILIES, (0, 1, 2, 4, 8, 16, 32, 46, 63)):
            p = self.inner(vi, tos=(63 - dscp) << 2 | ECT0)
            self.opened(self.ip(CORE, tunnelled(vo, lisp(p), tos=dscp << 2 | ECT0)), changed(p, tos=dscp << 2 | ECT0))

    def test_ttl(self):
        """RFC 9300 5.3: the smaller of both; then this router takes one."""
        for (vi, vo), outer, inner in itertools.product(FAMILIES, *[(0, 1, 2, 64, 255)] * 2):
            p = changed(self.inner(vi, ttl=inner), ttl=min(inner, outer))
            got = self.ip(CORE, tunnelled(vo, lisp(self.inner(vi, ttl=inner)), ttl=outer))
            if min(inner, outer) > 1:
                self.opened(got, p)
            else:
                self.punted(got, "ttl", p, l2=0)

    def test_next_protocol(self):
        """RFC 9305: 1 is IPv4 and 2 IPv6; without P the packet says it itself."""
        for (vi, vo), low in itertools.product(FAMILIES, (0, 1, 2, 3, 4, 5, 6, 0x41, 0x60, 0x80, 0x81, 0xff)):
            p = self.inner(vi)
            self.opened(self.ip(CORE, tunnelled(vo, lisp(p, 0x80123400 | low))), p)
            got = self.ip(CORE, tunnelled(vo, lisp(p, 0x04000000 | low)))
            if low not in (1, 2):
                self.dropped(got, "decap-inner-protocol")
            elif low == vi // 2 - 1:
                self.opened(got, p)
            else:
                self.dropped(got, "decap-inner-malformed")

    def test_every_flag(self):
        for flags, more in itertools.product(range(256), range(2)):
            vi, vo = FAMILIES[(flags // 4 + more) % 4]
            p = self.inner(vi)
            got = self.ip(CORE, tunnelled(vo, lisp(p, flags << 24 | vi // 2 - 1, 0xff)))
            if flags & 3:
                self.dropped(got, "decap-encrypted")
            else:
                self.opened(got, p)

    def test_instances(self):
        for vi, vo in FAMILIES:
            p = self.inner(vi, EID2[vi])
            self.opened(self.ip(CORE, tunnelled(vo, lisp(p, 0x08000000, 100 << 8 | 0x5a))), p, 104, SITE2)
            # with RFC 9305's P too, beside which N, E, V and bits 8 to 23 are ignored
            for flags in (0x0c, 0x4c, 0xbc, 0xfc):
                header = flags << 24 | 0xabcd00 | vi // 2 - 1
                self.opened(self.ip(CORE, tunnelled(vo, lisp(p, header, 100 << 8 | 0x5a))), p, 104, SITE2)
                self.dropped(self.ip(CORE, tunnelled(vo, lisp(p, header, 99 << 8))), "decap-instance-unknown")
            self.dropped(self.ip(CORE, tunnelled(vo, lisp(p, 0x08000000, 99 << 8))), "decap-instance-unknown")
            self.dropped(self.ip(CORE, tunnelled(vo, lisp(p))), "decap-inner-destination-not-ours")

    def test_inner_malformed(self):
        good = bytes(self.inner(6))
        bad = [good[:n] for n in range(len(good))] + [b"\x50" + good[1:], b"\xf0" + good[1:]]
        bad += [self.inner(6, plen=n) for n in (len(good) - 39, 1000, 65535)]
        bad += [self.inner(6, plen=0, nh=0)]
        bad += [of(6, src, EID[6]) for src in ("::", "::1", "ff02::1", "fe80::2", "febf::9")]
        bad += [of(6, FAR[6], dst) for dst in ("::", "::1", "ff02::1", "ff0e::1:2", "fe80::2", "fe80::9")]
        for vo, p in itertools.product((4, 6), bad):
            self.dropped(self.ip(CORE, tunnelled(vo, lisp(p))), "decap-inner-malformed")

    def test_inner_may_be_shorter(self):
        for vo in (4, 6):
            p = self.inner(6, plen=20, size=100)
            self.opened(self.ip(CORE, tunnelled(vo, lisp(p))), bytes(p)[:60])

    def test_not_ours(self):
        for (vi, vo), port in itertools.product(FAMILIES, (CORE, PROXY)):
            p = of(vi, EID[vi], FAR[vi])
            self.dropped(self.ip(port, tunnelled(vo, lisp(p))), "decap-inner-destination-not-ours")

    def test_udp_length(self):
        for vi in (4, 6):
            p = self.inner(vi)
            payload = lisp(p)
            exact = 8 + len(payload)

            def with_length(n, tail=b""):
                return self.ip(CORE, tunnelled(6, payload + tail, udp=UDP(sport=50000, dport=4341, chksum=0, len=n)))

            self.opened(with_length(exact), p)
            for n in (0, 1, 7, 8, 15, exact + 1, 2000, 65535):
                self.dropped(with_length(n), "decap-short")
            for n in (16, 35, exact - 1):
                self.dropped(with_length(n), "decap-inner-malformed")
            self.opened(with_length(exact, b"\xee" * 50), p)
            self.opened(with_length(exact + 20, b"\xee" * 50), p)
            self.dropped(with_length(exact - 1, b"\xee" * 50), "decap-inner-malformed")
        for n in range(8):
            self.dropped(self.ip(CORE, tunnelled(6, bytes(n))), "decap-short")

    def test_udp_checksum(self):
        """RFC 9300 5.3 and RFC 6935: zero is accepted; another may go unchecked."""
        for chksum, (vi, vo) in itertools.product((0, 1, 0xffff, None), FAMILIES):
            p = self.inner(vi)
            self.opened(self.ip(CORE, tunnelled(vo, lisp(p), udp=UDP(sport=1, dport=4341, chksum=chksum))), p)

    def test_outer_extension_headers(self):
        """Those that only need to be skipped over; what asks for more is for Linux."""
        for vi, (a, b) in itertools.product((4, 6), itertools.product(EXTENSIONS.values(), repeat=2)):
            p = self.inner(vi)
            if isinstance(b, IPv6ExtHdrHopByHop):  # it has a place of its own, RFC 8200 4.1
                self.linux(CORE, tunnelled(6, lisp(p), between=a / b))
            else:
                self.opened(self.ip(CORE, tunnelled(6, lisp(p), between=a / b)), p)
        harmless = IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e, optdata=b"1234")])
        p = self.inner(6)
        self.opened(self.ip(CORE, tunnelled(6, lisp(p), between=harmless)), p)
        strict = [IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=t, optdata=b"1234")]) for t in (0x5e, 0x9e, 0xde)]
        strict += [IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0xde, optdata=b"1234")])]
        strict += [IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(110))])]  # too far to look
        strict += [IPv6ExtHdrRouting(type=0, segleft=1, addresses=["2001:db8::9"]), AH(spi=1, seq=1, icv=bytes(12))]
        strict += [IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e, optlen=9, optdata=b"1234")], autopad=0)]
        for ext in strict:
            self.linux(CORE, tunnelled(6, lisp(p), between=ext))
        chain = EXTENSIONS["destination"]
        for n in range(12):
            whole = tunnelled(6, lisp(p), between=chain)
            at = 40 + len(chain)
            if at + 16 <= 128 and n < 8:
                self.opened(self.ip(CORE, whole), p)
            else:
                self.linux(CORE, whole)
            chain = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / chain

    def test_outer_options(self):
        for vi, n in itertools.product((4, 6), (1, 4, 40)):
            p = self.inner(vi)
            self.opened(self.ip(CORE, tunnelled(4, lisp(p), options=[IPOption_NOP()] * n)), p)

    def test_inner_options(self):
        for vo in (4, 6):
            for n in (1, 4, 40):
                p = self.inner(4, options=[IPOption_NOP()] * n)
                self.opened(self.ip(CORE, tunnelled(vo, lisp(p))), p)
            for ext in EXTENSIONS.values():
                p = of(6, FAR[6], EID[6], above=ext / UDP() / Raw(b"x"))
                self.opened(self.ip(CORE, tunnelled(vo, lisp(p))), p)

    def test_cut_at_every_byte(self):
        """The buffers end anywhere in both headers; payload in many, padding behind."""
        for vi, vo in FAMILIES:
            for p in (self.inner(vi, size=700), self.inner(vi)):
                whole = tunnelled(vo, lisp(p))
                for seg in list(range(1, 150, 1 if len(p) < 200 else 7)) + [300, 713]:
                    self.opened(self.ip(CORE, whole, seg=seg, trailer=bytes(seg * 3 % 100)), p)

    def test_cut_off(self):
        for vi in (4, 6):
            whole = ether(CORE, tunnelled(6, lisp(self.inner(vi))))
            for n in range(1, len(whole)):
                self.dropped(self.frame(CORE, whole[:n]), "ether-short" if n < 14 else "ip6-malformed")

    def test_fragments_are_for_linux(self):
        whole = tunnelled(6, lisp(self.inner(6, size=1200)), between=IPv6ExtHdrFragment(id=9))
        parts = fragment6(whole, 500)
        self.assertGreater(len(parts), 2)
        for part in parts:
            self.linux(CORE, part)

    def test_only_from_the_core(self):
        self.linux(SITE, tunnelled(6, lisp(self.inner(6))))

    def test_other_ports_are_for_linux(self):
        for udp in (UDP(sport=4341, dport=4342), UDP(sport=4341, dport=4340), TCP(dport=4341)):
            self.linux(CORE, tunnelled(6, lisp(self.inner(6)), udp=udp))
        for n in range(8):
            self.linux(CORE, of(6, RLOC[6] % 3, OWN_RLOC[6], nh=17, above=Raw(bytes(n))))

    def test_for_this_machine(self):
        for vo in (4, 6):
            p = self.inner(6, "2001:db8:1:1::2", ttl=9)
            self.punted(self.ip(CORE, tunnelled(vo, lisp(p), ttl=7)), "linux", changed(p, ttl=7), l2=0, inst=0)
            nested = tunnelled(6, lisp(self.inner(6)), dst="2001:db8:1:1::2")
            self.punted(self.ip(CORE, tunnelled(vo, lisp(nested))), "linux", nested, l2=0)
        self.opened(self.ip(CORE, tunnelled(6, lisp(self.inner(6)), dst="2001:db8:1:1::2")), self.inner(6))

    def test_next_hop_not_ready(self):
        p = self.inner(6, "2001:db8:1:1::99")
        self.punted(self.ip(CORE, tunnelled(6, lisp(p))), "neighbour", p, id=0, out=SITE, l2=0)
        self.dropped(self.ip(CORE, tunnelled(6, lisp(self.inner(6, "2001:db8:1:1::6")))), "next-hop-down")
        got = self.ip(CORE, tunnelled(4, lisp(self.inner(6, "2001:db8:1:1::7"))))
        self.punted(got, "neighbour", self.inner(6, "2001:db8:1:1::7"))
        self.assertGreater(got["punts"][0]["id"], 0)

    def test_reassembled_by_linux(self):
        for (vi, vo), size, ttl, tos in itertools.product(FAMILIES, (100, 1500), (33, 255), (0, 46 << 2)):
            p = self.inner(vi, size=size)
            got = self.one("decap 1 %d %d %s %s" % (ttl, tos, RLOC[vo] % 3, lisp(p).hex()))
            self.opened(got, changed(p, ttl=min(64, ttl), tos=tos))
        p = self.inner(6, size=5000)
        self.punted(self.one("decap 1 64 0 fd00:16:1::3 %s" % (lisp(p) + bytes(2100)).hex()), "too-big", p, id=1500, l2=0)


class Petr(Case6):
    """RFC 6832 section 6, in instance 100: RLOCs and sources of both families."""

    def lisp(self, p):
        return lisp(p, 0x08000000, 100 << 8)

    def test_both(self):
        sources = {4: ("10.20.0.5", "10.20.9.1"), 6: ("2001:db8:20::5", "2001:db8:20:9::1")}
        world = {4: "172.17.0.1", 6: "fd00:17::1"}
        rlocs = {  # and whom each is allowed for: both prefixes, or the longer one
            4: {3: 2, 0x64: 0, 5: 1, 4: 0}, 6: {3: 2, 0x40: 2, 0x7f: 2, 0x3f: 0, 0x80: 0, 5: 1, 4: 0}}
        for vi, vo in FAMILIES:
            for last, allowed in rlocs[vo].items():
                src = RLOC[vo] % last if vo == 6 else "172.16.1.%d" % last
                if vo == 4 and last == 0x64:
                    allowed = 2  # 172.16.1.100 lies in 172.16.1.64/26
                for longer, eid in enumerate(sources[vi]):
                    p = of(vi, eid, world[vi])
                    got = self.ip(CORE, tunnelled(vo, self.lisp(p), src=src))
                    if allowed + longer >= 2:
                        self.assertEqual(got["counters"].get("decapsulated-as-petr"), 1, (src, eid))
                        self.forwarded(got, p, self.left(got, CORE)[5], CORE)
                    else:
                        self.dropped(got, "petr-rloc-refused")
            p = of(vi, {4: "10.21.0.0", 6: "2001:db8:21::"}[vi], world[vi])
            self.dropped(self.ip(CORE, tunnelled(vo, self.lisp(p))), "petr-source-refused")
            p = of(vi, sources[vi][0], world[vi])
            self.dropped(self.ip(CORE, tunnelled(vo, lisp(p))), "decap-inner-destination-not-ours")

    def test_an_ip4_rloc_is_no_ip6_rloc(self):
        p = of(6, "2001:db8:20::5", "fd00:17::1")
        for src in ("ac10:103::", "::ffff:172.16.1.3"):
            self.dropped(self.ip(CORE, tunnelled(6, self.lisp(p), src=src)), "petr-rloc-refused")
        self.dropped(self.one("decap 1 64 0 253.0.0.22 %s" % self.lisp(p).hex()), "petr-rloc-refused")

    def test_reassembled(self):
        p = of(6, "2001:db8:20::5", "fd00:17::1", size=900)
        got = self.one("decap 1 64 0 fd00:16:1::3 %s" % self.lisp(p).hex())
        self.forwarded(got, p, self.left(got, CORE)[5], CORE)
        self.dropped(self.one("decap 1 64 0 fd00:16:1::4 %s" % self.lisp(p).hex()), "petr-rloc-refused")


class Others(Case6):
    def test_proxy_itr(self):
        for src, ttl in itertools.product(("2a00::8", "2001:db8:64:1::4", "2001:db8:1:1::4"), (2, 64, 255)):
            for outer in (4, 6):
                p = of(6, src, REMOTE[6, outer], ttl=ttl, tos=ttl)
                self.encapsulated(self.ip(PROXY, p), p, outer, iid=100)
        for port, src in ((PROXY, "2a00::8"), (PROXY, EID2[6]), (SITE2, EID2[6])):
            self.punted(self.ip(port, of(6, src, "2001:db8:12::9")), "miss", inst=1)
            self.punted(self.ip(port, of(6, src, "2001:db8:12::9", ttl=1)), "ttl")
        self.punted(self.ip(SITE2, of(6, EID2[6], "2001:db8:99::1")), "miss", inst=1)
        self.unreachable(self.ip(PROXY, of(6, "2a00::8", "2001:db8:99::1")), "no-route")
        self.unreachable(self.ip(SITE2, of(6, "2a00::8", REMOTE[6, 6])), "no-route")

    def test_use_petr(self):
        for use, state, last in itertools.product(("always", "no-route"), ("none", "routes", "miss", "two"), (100, 102, 103)):
            self.say("petr %s %s" % (use, state))
            p = of(6, dst="2001:db8:51:%d::1" % last)
            got = self.ip(SITE, p)
            if state in ("miss", "two") and (use == "always" or last != 100):
                if state == "miss":
                    self.punted(got, "miss", l2=14)
                else:
                    self.encapsulated(got, p, 4, self.left(got, CORE)[5])
            elif last == 100:
                self.forwarded(got, p, 3, CORE)
            else:
                self.unreachable(got, "route-unreachable" if last == 102 else "no-route")
        self.say("petr no-route none")


class Native(Case6):
    def test_both_ways(self):
        cases = [(SITE, of(6, dst="fd00:16:1::3"), 3, CORE), (CORE, of(6, "fd00:16:1::3", EID[6]), 4, SITE),
            (SITE, of(6, "2001:db8:bad::9", EID[6]), 4, SITE), (SITE2, of(6, EID2[6], EID[6]), 4, SITE),
            (CORE, of(6, "2a00::8", "fd00:16:1::3"), 3, CORE), (SITE2, of(6, "2a00::8", EID2[6]), 104, SITE2)]
        for ttl, (port, p, last, out) in itertools.product((2, 64, 255), cases):
            p.hlim = ttl
            self.forwarded(self.ip(port, p), p, last, out)

    def test_every_hop_limit_and_class(self):
        for n in range(2, 256):
            p = of(6, "fd00:16:1::3", EID[6], ttl=n, tos=n, label=n * 4099)
            self.forwarded(self.ip(CORE, p), p, 4, SITE)

    def test_hop_limit_ends(self):
        for ttl in (0, 1):
            p = of(6, "fd00:16:1::3", EID[6], ttl=ttl)
            self.punted(self.ip(CORE, p), "ttl", ether(CORE, p), l2=14)
            self.punted(self.ip(SITE, of(6, dst="2001:db8:99::1", ttl=ttl)), "ttl")
            self.punted(self.ip(CORE, of(6, "fd00:16:1::3", "2001:db8:1:1::99", ttl=ttl)), "ttl")
            self.linux(SITE, of(6, dst="2001:db8:1:1::2", ttl=ttl))

    def test_size(self):
        for size in (48, 1280, 1499, 1500):
            p = of(6, "fd00:16:1::3", EID[6], size=size)
            self.forwarded(self.ip(CORE, p), p, 4, SITE)
            self.forwarded(self.ip(CORE, p, trailer=bytes(4)), p, 4, SITE)
        for size in (1501, 1502, 2000):
            self.punted(self.ip(CORE, of(6, "fd00:16:1::3", EID[6], size=size)), "too-big", id=1500, l2=14)

    def test_jumbo_frames_in_buffers(self):
        for v, size, seg in itertools.product((4, 6), (5000, 9000), (1000, 1999)):
            p = of(v, RLOC[v] % 3, EID[v], size=size, **DF[v])
            self.punted(self.ip(CORE, p, seg=seg), "too-big", ether(CORE, p), id=1500, l2=14)

    def test_cut_at_every_byte(self):
        for v in (4, 6):
            p = of(v, RLOC[v] % 3, EID[v], size=400)
            for seg in list(range(1, 80)) + list(range(80, 420, 9)):
                self.forwarded(self.ip(CORE, p, seg=seg, trailer=bytes(seg % 50)), p, 4, SITE)

    def test_extension_headers(self):
        """Nothing but the hop limit changes, whatever a hop-by-hop header says (RFC 8200 4.3 for routers that are not
        told to look)."""
        unknown = IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0xde, optdata=b"1234")])
        last = IPv6ExtHdrRouting(type=0, segleft=3, addresses=["2001:db8::9"] * 3)
        for ext in list(EXTENSIONS.values()) + [unknown, last, AH(spi=1, seq=1, icv=bytes(12))]:
            p = of(6, "fd00:16:1::3", EID[6], above=ext / UDP() / Raw(b"data"))
            self.forwarded(self.ip(CORE, p), p, 4, SITE)
        for part in fragment6(of(6, "2a00::8", EID[6], above=IPv6ExtHdrFragment() / UDP() / Raw(bytes(3000))), 1000):
            self.forwarded(self.ip(CORE, part), part, 4, SITE)
        for n in (1, 4, 40):
            p = of(4, RLOC[4] % 3, EID[4], options=[IPOption_NOP()] * n)
            self.forwarded(self.ip(CORE, p), p, 4, SITE)

    def test_two_next_hops(self):
        used = {}
        for n in range(200):
            p = of(6, "2a00::8", "fd00:17::1", above=TCP(sport=n, dport=80))
            lasts = {self.left(self.ip(SITE, p), CORE)[5] for _ in range(2)}
            self.assertEqual(len(lasts), 1)
            last = lasts.pop()
            used[last] = used.get(last, 0) + 1
            self.forwarded(self.ip(SITE, p), p, last, CORE)
        self.assertEqual(set(used), {3, 9})
        self.assertGreater(min(used.values()), 60)

    def test_who_decides(self):
        self.punted(self.ip(SITE, of(6, dst="2001:db8:9::9")), "miss", l2=14, id=0, inst=0)
        self.punted(self.ip(SITE, of(6, dst="2001:db8:bad::1")), "miss")
        self.dropped(self.ip(SITE, of(6, "2a00::8", "2001:db8:bad::1")), "route-blackhole")
        self.unreachable(self.ip(SITE, of(6, dst="2001:db8:4::1")), "map-cache-action-drop")
        self.unreachable(self.ip(SITE, of(6, dst="2001:db8:5::1")), "no-route")
        self.unreachable(self.ip(CORE, of(6, EID[6], REMOTE[6, 6])), "no-route")
        got = self.ip(SITE, of(6, "2a00::8", REMOTE[6, 6]))
        self.unreachable(got, "no-route")
        self.assertEqual(got["counters"].get("source-not-in-eid-database"), 1)
        self.punted(self.ip(SITE, of(6, dst="2001:db8:1:1::99")), "neighbour", id=0, out=SITE)
        self.punted(self.ip(SITE2, of(6, EID2[6], "2001:db8:64:1::99")), "neighbour", id=0, out=SITE2, inst=1)
        self.punted(self.ip(CORE, of(6, "2a00::8", "fd00:16:1::99")), "neighbour", id=0, out=CORE)

    def test_next_hop_not_ready(self):
        p = of(6, "2a00::8", "2001:db8:1:1::7")
        got = self.ip(CORE, p)
        self.punted(got, "neighbour", ether(CORE, p))
        self.assertGreater(got["punts"][0]["id"], 0)
        self.dropped(self.ip(CORE, of(6, "2a00::8", "2001:db8:1:1::6")), "next-hop-down")


class Classification(Case6):
    def test_for_linux(self):
        ns = ICMPv6ND_NS(tgt="2001:db8:1:1::2")
        here = {"dst": PORT_MAC[SITE], "src": SENDER}
        many = Ether(dst="33:33:ff:00:00:02", src=SENDER)
        frames = [
            many / IPv6(src="fe80::9", dst="ff02::1:ff00:2") / ns, many / IPv6(src="::", dst="ff02::1:ff00:2") / ns,
            many / IPv6(src="fe80::9", dst="ff02::2") / ICMPv6ND_RS(),
            Ether(**here) / IPv6(src="fe80::9", dst="fe80::2", hlim=255) / ns,
            Ether(**here) / IPv6(src="2001:db8:1:1::9", dst="fe80::2", hlim=255) / ICMPv6ND_NA(tgt="fe80::9"),
            Ether(**here) / IPv6(src="fe80::9", dst="2001:db8:1:1::2", hlim=255) / ns,
            Ether(**here) / IPv6(src="2001:db8:1:1::9", dst="2001:db8:1:1::2", hlim=255) / ns,
            Ether(**here) / IPv6(src="::", dst="ff02::1:ff00:2") / ns,
            Ether(**here) / IPv6(src="2001:db8:1:1::9", dst="ff0e::1") / UDP(),
            Ether(**here) / of(6, dst="2001:db8:1:1::2"), Ether(**here) / of(6, dst="fd00:16:1::2")]
        for frame in frames:
            self.punted(self.frame(SITE, bytes(frame)), "linux", frame, port=SITE, l2=14)

    def test_padding_is_cut_before_linux_sees_it(self):
        self.linux(SITE, of(6, dst="2001:db8:1:1::2"), trailer=bytes(9))

    def test_link_local_goes_no_further(self):
        """RFC 4291 2.5.6, for either address; this machine's own are Linux's."""
        for port, (src, dst) in itertools.product((SITE, CORE, PROXY), (("fe80::9", EID[6]), ("fe80::9", "2a00::1"),
                ("fe80::9", REMOTE[6, 6]), (EID[6], "fe80::3"), (EID[6], "febf::9"), ("fe80::9", "fe80::8"))):
            self.dropped(self.ip(port, of(6, src, dst)), "ip6-link-local-not-ours")
        for src in ("fec0::9", "fe7f::9"):
            self.forwarded(self.ip(CORE, of(6, src, EID[6])), of(6, src, EID[6]), 4, SITE)

    def test_martians(self):
        for src in ("::", "::1", "ff02::1", "ff0e::9", "ffff::1"):
            self.dropped(self.ip(SITE, of(6, src)), "ip-martian-source")
            self.dropped(self.ip(CORE, of(6, src, EID[6])), "ip-martian-source")
        for src in ("::1", "ff02::1"):
            self.dropped(self.ip(SITE, of(6, src, "ff02::1")), "ip-martian-source")
        for dst in ("::", "::1"):
            self.dropped(self.ip(SITE, of(6, dst=dst)), "ip-martian-destination")
            self.dropped(self.ip(CORE, of(6, "fd00:16:1::3", dst)), "ip-martian-destination")
        for src in ("::2", "1::", "::1:0:0:1", "0:1::1"):
            self.forwarded(self.ip(CORE, of(6, src, EID[6])), of(6, src, EID[6]), 4, SITE)

    def test_malformed(self):
        good = bytes(of(6))
        for v in (0, 4, 5, 7, 15):
            self.dropped(self.ip6(bytes([v << 4]) + good[1:]), "ip6-malformed")
        for n in range(len(good)):
            self.dropped(self.ip6(good[:n]), "ip6-malformed")
        for plen in (len(good) - 39, 1000, 65535):
            self.dropped(self.ip(SITE, of(6, plen=plen)), "ip6-malformed")
        # IPv4 that says it is IPv6, and the other way round
        self.dropped(self.ip6(bytes(of(4))), "ip6-malformed")
        self.dropped(self.frame(SITE, bytes(Ether(dst=PORT_MAC[SITE], src=SENDER, type=0x800)) + good), "ip4-malformed")

    def ip6(self, data):
        return self.frame(SITE, bytes(Ether(dst=PORT_MAC[SITE], src=SENDER, type=0x86dd)) + data)

    def test_jumbo_payload(self):
        """RFC 2675: no link here carries it."""
        for size in (70000, 100):
            p = of(6, plen=0, above=IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=size)]) / Raw(bytes(1000)))
            self.dropped(self.ip(SITE, p), "ip6-jumbo-payload")
        # a payload of nothing is one too
        p = of(6, nh=59, above=Raw(b""))
        self.encapsulated(self.ip(SITE, p, trailer=bytes(6)), p, 6)


class JumboFrames(Case6):
    """Large frames, in one buffer or many: headers change in the first, the rest stays as it is."""
    SIZES = (1501, 2048, 4000, 8999)

    def setUp(self):
        self.say("mtu 9000")

    def tearDown(self):
        self.say("mtu 1500")

    def test_encapsulated(self):
        for (inner, outer), seg in itertools.product(FAMILIES, (100, 1500, 2000)):
            most = 9000 - OUTER[outer]
            for size in self.SIZES[:3] + (most,):
                p = of(inner, dst=REMOTE[inner, outer], size=size)
                self.encapsulated(self.ip(SITE, p, seg=seg), p, outer)
            p = of(inner, dst=REMOTE[inner, outer], size=most + 1, **DF[inner])
            self.punted(self.ip(SITE, p, seg=seg), "too-big", id=most)

    def test_decapsulated(self):
        for (inner, outer), seg, size in itertools.product(FAMILIES, (100, 1500, 2000), self.SIZES):
            p = of(inner, FAR[inner], EID[inner], size=size)
            self.opened(self.ip(CORE, tunnelled(outer, lisp(p)), seg=seg, trailer=bytes(seg)), p)
        # what lies behind the datagram, and behind the inner packet, in whatever buffers
        for (inner, outer), seg in itertools.product(FAMILIES, (90, 1000)):
            p = of(inner, FAR[inner], EID[inner], size=3000)
            self.opened(self.ip(CORE, tunnelled(outer, lisp(p) + bytes(3000)), seg=seg, trailer=bytes(seg)), p)
        # a packet of LISP that nothing sends: as long as a header can say
        p = of(6, FAR[6], EID[6], size=65535 - 16 - 20)
        self.punted(self.ip(CORE, tunnelled(4, lisp(p)), seg=2000, trailer=bytes(50)), "too-big", p, id=9000, l2=0)
        p = of(6, FAR[6], EID[6], size=65535 - 16)
        self.punted(self.ip(CORE, tunnelled(6, lisp(p)), seg=2000), "too-big", p, id=9000, l2=0)

    def test_forwarded(self):
        for v, seg, size in itertools.product((4, 6), (100, 1500, 2000), self.SIZES + (9000,)):
            p = of(v, RLOC[v] % 3, EID[v], size=size)
            self.forwarded(self.ip(CORE, p, seg=seg, trailer=bytes(2500)), p, 4, SITE)
        for v in (4, 6):
            p = of(v, RLOC[v] % 3, EID[v], size=9001, **DF[v])
            self.punted(self.ip(CORE, p, seg=1000), "too-big", ether(CORE, p), id=9000)
            # all that IP can say, and a tunnel more
            p = of(v, EID[v], FAR[v], size=65535 + (40 if v == 6 else 0), **DF[v])
            self.punted(self.ip(SITE, p, seg=2000), "too-big", id=9000 - OUTER[6 if v == 6 else 4])


if __name__ == "__main__":
    test_datapath.arguments()
    unittest.main()
