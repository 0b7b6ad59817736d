#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets that do not fit, in parts that do, judged by scapy.

As test_datapath.py, whose Case it stands on: dp_pipe is its only argument. What the parts must be follows from RFC 791,
8200, 9300 7.1 and 2473 7.2; scapy puts them together again.

Exit status 77 (skipped) where scapy is missing.
"""
import itertools
import struct
import sys
import unittest

import test_datapath
from test_datapath import CORE, PORT_MAC, SITE, SITE2, lisp, mac
from test_datapath6 import (DF, EID, EID2, FAMILIES, FAR, HEADER, OUTER, OWN_RLOC, REMOTE, RLOC, TYPE, Case6, changed,
    ether, of, tunnelled, version)
from scapy.layers.inet import IP, TCP, UDP, IPOption_NOP, IPOption_RR, IPOption_Security, defragment, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, defragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

MTUS = (1500, 1499, 1400, 1280, 576)


def whole4(parts):
    """The one packet that these are parts of, as bytes."""
    (p,) = defragment([IP(bytes(p)) for p in parts])
    p = IP(bytes(p))
    del p.chksum, p.len
    return bytes(IP(bytes(p)))


class Split(Case6):
    def tearDown(self):
        self.say("mtu 1500")

    def parts(self, got, out, most):
        """The IP packets that left; each fits, and has an Ethernet header like the others."""
        frames = [bytes.fromhex(t["frame"]) for t in got["tx"]]
        self.assertTrue(all(t["port"] == out for t in got["tx"]), got)
        self.assertEqual(len({f[:14] for f in frames}), 1)
        self.assertEqual(got["counters"].get("fragments-made"), len(frames))
        for f in frames:
            self.assertLessEqual(len(f) - 14, most)
        return [f[14:] for f in frames]

    def fragments(self, parts, p, less):
        """They are p's, in order, of equal size as far as units of eight bytes allow; nothing but what must is changed."""
        was = IP(bytes(p))
        self.assertGreater(len(parts), 1)
        at = was.frag * 8
        for i, b in enumerate(parts):
            h = IP(b)
            last = i == len(parts) - 1
            self.assertEqual(h.len, len(b))
            self.assertEqual((h.src, h.dst, h.tos, h.id, h.proto, h.ttl), (was.src, was.dst, was.tos, was.id, was.proto,
                was.ttl - less))
            self.assertEqual((h.frag * 8, int(h.flags)), (at, int(was.flags) if last else 1))  # MF
            good = IP(b)
            del good.chksum
            self.assertEqual(IP(bytes(good)).chksum, h.chksum)
            at += len(b) - 4 * h.ihl
        self.assertEqual(at - was.frag * 8, len(bytes(p)) - 4 * was.ihl)
        sizes = [len(b) - 4 * IP(b).ihl for b in parts]
        self.assertEqual(len(set(sizes[:-1])), 1)
        self.assertLessEqual(sizes[-1], sizes[0])
        self.assertEqual(sizes[0] % 8, 0)

    def carried(self, got, p, outer, most, last=3, iid=0):
        """Encapsulated each by itself: returns what was inside."""
        inside, ways = [], set()
        for b in self.parts(got, CORE, most):
            o = (IP if outer == 4 else IPv6)(b)
            self.assertEqual((o.src, o.dst, o[UDP].dport, o[UDP].chksum), (OWN_RLOC[outer], RLOC[outer] % last, 4341, 0))
            if outer == 4:
                self.assertEqual((o.flags, o.frag, o.len), ("DF", 0, len(b)))
            inner = bytes(o[UDP].payload)
            self.assertEqual(inner[:8].hex(), lisp(b"", 0x08000000 if iid else 0, iid << 8).hex())
            inside.append(inner[8:])
            ways.add(o[UDP].sport)
        self.assertEqual(len(ways), 1)
        self.assertEqual(got["counters"].get("encapsulated"), len(inside))
        return inside

    def check(self, got, p, outer, mtu, **kw):
        inside = self.carried(got, p, outer, mtu, **kw)
        self.fragments(inside, p, 1)
        if not IP(bytes(p)).frag and not IP(bytes(p)).flags.MF and IP(bytes(p)).ihl == 5:
            self.assertEqual(whole4(inside).hex(), whole4([changed(p, ttl=p.ttl - 1)]).hex())
        return inside

    def test_inner(self):
        """RFC 9300 7.1: without DF, in parts of equal size that fit with the outer headers."""
        for outer, mtu in itertools.product((4, 6), MTUS):
            if outer == 6 and mtu < 1280:
                continue
            self.say("mtu %d" % mtu)
            most = mtu - OUTER[outer]
            for size in {most + 1, most + 2, most + 9, 2 * most - 100, 1900}:
                p = of(4, dst=REMOTE[4, outer], size=size, id=size, tos=0xb9)
                inside = self.check(self.ip(SITE, p, seg=1000), p, outer, mtu)
                data = (most - 20) // 8 * 8
                self.assertEqual(len(inside), -(-(size - 20) // data))
            p = of(4, dst=REMOTE[4, outer], size=most)
            self.encapsulated(self.ip(SITE, p), p, outer)

    def test_two_halves(self):
        """RFC 9300 7.1: "2 equal-sized fragments"."""
        p = of(4, dst=REMOTE[4, 4], size=1500, id=3)
        inside = self.check(self.ip(SITE, p), p, 4, 1500)
        self.assertEqual([len(b) for b in inside], [20 + 744, 20 + 736])

    def test_instance(self):
        p = of(4, EID2[4], REMOTE[4, 4], size=1500, id=3)
        self.check(self.ip(SITE2, p), p, 4, 1500, iid=100)

    def test_large(self):
        """As much as IP can say, in many buffers."""
        for seg, size in itertools.product((1000, 2000), (9000, 65535)):
            p = of(4, dst=REMOTE[4, 4], size=size, id=9)
            inside = self.check(self.ip(SITE, p, seg=seg, trailer=bytes(3)), p, 4, 1500)
            self.assertEqual(len(inside), -(-(size - 20) // 1440))

    def test_fragments_of_fragments(self):
        for mtu, size in itertools.product((1400, 576), (3000, 20000)):
            self.say("mtu %d" % mtu)
            p = of(4, dst=REMOTE[4, 4], size=size, id=77)
            again = []
            for part in fragment(p, 1480):
                got = self.ip(SITE, part)
                if len(part) > mtu - 36:
                    again += self.check(got, part, 4, mtu)
                else:
                    again += self.carried_whole(got)
            self.assertEqual(whole4(again).hex(), whole4([changed(p, ttl=63)]).hex())

    def carried_whole(self, got):
        return [self.left(got, CORE)[14 + 36:]]

    def test_options(self):
        """RFC 791 3.1: those whose copied flag is set are in every part, the others in the first alone."""
        copied, once = IPOption_Security(), IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])
        for options in ([copied], [once], [copied, once], [once, copied], [IPOption_NOP()] * 40):
            p = of(4, dst=REMOTE[4, 4], size=None, id=5, options=options)
            p[Raw].load = bytes(i & 0xff for i in range(1450))
            p = IP(bytes(p))
            inside = [IP(b) for b in self.carried(self.ip(SITE, p), p, 4, 1500)]
            self.assertEqual(len(inside), 2)
            self.assertEqual(bytes(inside[0])[20:inside[0].ihl * 4], bytes(p)[20:p.ihl * 4])
            for h in inside[1:]:
                have = [bytes(o) for o in h.options if o.option not in (0, 1)]
                self.assertEqual(have, [bytes(o) for o in p.options if o.copy_flag and o.option not in (0, 1)])
            data = b"".join(bytes(h)[h.ihl * 4:] for h in inside)
            self.assertEqual(data.hex(), bytes(p)[p.ihl * 4:].hex())
            at = 0
            for h in inside:
                self.assertEqual(h.frag * 8, at)
                at += h.len - h.ihl * 4

    def test_forwarded(self):
        """RFC 1812 5.2.7.1, of what goes out natively, whether it was in a tunnel or not."""
        for size in (1501, 1502, 1900):
            p = of(4, RLOC[4] % 3, EID[4], size=size, id=size)
            got = self.ip(CORE, p)
            self.fragments(self.parts(got, SITE, 1500), p, 1)
            p = of(4, FAR[4], EID[4], size=size, id=size)
            for outer in (4, 6):
                got = self.ip(CORE, tunnelled(outer, lisp(p)))
                self.fragments(self.parts(got, SITE, 1500), p, 1)
        p = of(4, FAR[4], EID[4], size=60000, id=1)
        got = self.one("decap 1 64 0 172.16.1.3 %s" % (lisp(p) + bytes(900)).hex())
        self.fragments(self.parts(got, SITE, 1500), p, 1)

    def test_not_split(self):
        """DF, and IPv6, of more than 1280 bytes: their source is told."""
        self.say("mtu 1300")
        for inner, outer in FAMILIES:
            most = 1300 - OUTER[outer]
            for size in (1281, 1400):
                p = of(inner, dst=REMOTE[inner, outer], size=size, **DF[inner])
                self.punted(self.ip(SITE, p), "too-big", ether(SITE, p), id=most)

    def test_ttl_ends_first(self):
        p = of(4, dst=REMOTE[4, 4], size=1500, ttl=1)
        self.punted(self.ip(SITE, p), "ttl", ether(SITE, p))

    def outer_fragments(self, got, outer, mtu):
        """The fragments of one LISP packet: that packet, with what only fragments have taken out."""
        parts = self.parts(got, CORE, mtu)
        self.assertGreater(len(parts), 1)
        self.assertEqual(got["counters"].get("encapsulated-in-fragments"), 1)
        self.assertEqual(got["counters"].get("encapsulated"), 1)
        if outer == 4:
            heads = [IP(b) for b in parts]
            self.assertEqual(len({h.id for h in heads}), 1)
            for h in heads:
                self.assertFalse(h.flags.DF)
                good = IP(bytes(h))
                del good.chksum
                self.assertEqual(IP(bytes(good)).chksum, h.chksum)
            return heads[0].id, IP(whole4(parts))
        heads = [IPv6(b) for b in parts]
        ids = {h[IPv6ExtHdrFragment].id for h in heads}
        self.assertEqual(len(ids), 1)
        for h, b in zip(heads, parts):
            self.assertEqual(h.plen, len(b) - 40)
        return ids.pop(), defragment6(heads)

    def test_outer(self):
        """RFC 2473 7.2: an IPv6 packet of at most 1280 bytes passes any link; its LISP packet goes in fragments."""
        seen = {4: set(), 6: set()}
        for outer, mtu, size in itertools.product((4, 6), (1335, 1300, 1280, 600), (1280, 1279, 1245)):
            if size + OUTER[outer] <= mtu or (outer == 6 and mtu < 1280):
                continue
            self.say("mtu %d" % mtu)
            p = of(6, dst=REMOTE[6, outer], size=size, tos=0xb9, ttl=33)
            ident, o = self.outer_fragments(self.ip(SITE, p), outer, mtu)
            self.assertNotIn(ident, seen[outer])
            seen[outer].add(ident)
            self.assertEqual((o.src, o.dst), (OWN_RLOC[outer], RLOC[outer] % 3))
            self.assertEqual((o.tos, o.ttl) if outer == 4 else (o.tc, o.hlim), (0xb9, 32))
            self.assertEqual((o[UDP].dport, o[UDP].chksum, o[UDP].len), (4341, 0, 16 + size))
            self.assertEqual(bytes(o[UDP].payload).hex(), lisp(changed(p, ttl=32)).hex())

    def test_outer_fits(self):
        for outer in (4, 6):
            self.say("mtu %d" % (1280 + OUTER[outer]))
            p = of(6, dst=REMOTE[6, outer], size=1280)
            self.encapsulated(self.ip(SITE, p), p, outer)


if __name__ == "__main__":
    test_datapath.arguments()
    unittest.main()
