#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the data plane makes of packets, judged by scapy.

dp_pipe (the arguments are how to call it, see there) is the data plane with the tables of dp_wires.h. Where ports are VLANs
of a trunk, what is expected is the same, but that frames of those ports have tags on the wire. Each packet goes in alone; what comes out
is compared, byte for byte, with what scapy builds for it. Of each packet it is also checked that it came out once, or was
punted, or dropped with a counter, and that its buffers are free again.

Exit status 77 (skipped) where scapy is missing.
"""
import itertools
import json
import logging
import struct
import subprocess
import sys
import unittest

logging.getLogger("scapy").setLevel(logging.ERROR)
try:
    from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_RR, fragment
    from scapy.layers.l2 import ARP, Ether
    from scapy.layers.sctp import SCTP
    from scapy.packet import Raw
except ImportError:
    print("skipped: scapy is not installed")
    sys.exit(77)

SITE, CORE, SITE2, PROXY = 0, 1, 2, 3
PORT_MAC = ["02:00:00:00:01:0%d" % p for p in range(5)]
SENDER = "02:00:00:00:09:09"
NOT_ECT, ECT1, ECT0, CE = 0, 1, 2, 3
# RFC 6040 figure 4: [inner][outer]; None: dropped
ECN = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}
# the cells that the figure marks as unused, but for the one that drops
ECN_UNUSED = {(NOT_ECT, ECT0), (NOT_ECT, ECT1), (ECT1, ECT0), (CE, ECT1)}
PIPE = None
TRUNK = 4
VLANS = {}  # port: VLAN identifier
VLAN_ID = [10, 20, 30, 40]


def arguments():
    """Takes dp_pipe and what it is to be off the command line."""
    global PIPE
    PIPE = [sys.argv.pop(1)]
    while len(sys.argv) > 1 and not sys.argv[1].startswith("--"):
        PIPE.append(sys.argv.pop(1))
    for word in PIPE:
        if word.startswith("vlans="):
            VLANS.update({int(port): VLAN_ID[int(port)] for port in word[6:]})


def tag(frame, vid, priority=0, tpid=0x8100):
    """An 802.1Q tag behind the addresses."""
    return frame[:12] + struct.pack("!HH", tpid, priority << 13 | vid) + frame[12:]


def mac(last):
    return "02:00:00:00:02:%02x" % last


def packet(src="10.1.1.4", dst="10.2.2.5", size=None, **ip):
    """A UDP packet; size: its IP length."""
    p = IP(src=src, dst=dst, **ip) / UDP(sport=1000, dport=2000) / Raw(b"what it carries")
    if size is not None:
        p[Raw].load = bytes(i & 0xff for i in range(size - 28))
        assert len(p) == size
    return p


def changed(p, **fields):
    """The packet with other IP fields and the checksum that goes with them."""
    p = IP(bytes(p))
    for k, v in fields.items():
        setattr(p, k, v)
    del p.chksum
    return p


def lisp(inner, first=0, second=0):
    return struct.pack("!II", first, second) + bytes(inner)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pipe = subprocess.Popen(PIPE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @classmethod
    def tearDownClass(cls):
        cls.pipe.stdin.close()
        cls.pipe.stdout.close()
        if cls.pipe.wait(60):
            raise RuntimeError("dp_pipe ended with status %d" % cls.pipe.returncode)

    def say(self, line):
        self.pipe.stdin.write(line + "\n")
        self.pipe.stdin.flush()

    def one(self, line):
        """The outcome of one packet."""
        self.say(line)
        answer = self.pipe.stdout.readline()
        self.assertTrue(answer, "dp_pipe died of: %s" % line[:300])
        got = json.loads(answer)
        more = got["counters"].get("fragments-made", 0) - got["counters"].get("fragmented", 0) - \
            got["counters"].get("encapsulated-in-fragments", 0)
        self.assertEqual(len(got["tx"]) + len(got["punts"]) + sum(got["drops"].values()) - more, 1, got)
        self.assertGreater(got["in_use_before"], 0)
        self.assertEqual(got["in_use_after"], 0, got)
        self.assertEqual(got["counters"].get("tx-packets", 0), len(got["tx"]))
        for tx in got["tx"]:
            self.untag(tx)
        return got

    def untag(self, tx):
        """A frame that left by the trunk left by one of its VLANs, and with priority 0."""
        if tx["port"] != TRUNK:
            self.assertNotIn(tx["port"], VLANS)
            return
        frame = bytes.fromhex(tx["frame"])
        tpid, vid = struct.unpack("!HH", frame[12:16])
        self.assertEqual(tpid, 0x8100)
        self.assertIn(vid, VLANS.values())
        tx.update(port=VLAN_ID.index(vid), frame=(frame[:12] + frame[16:]).hex())

    def frame(self, port, data, seg=0):
        data = bytes(data)
        if port in VLANS:
            # what has no room for the addresses has none for a tag
            data = tag(data, VLANS[port], len(data) % 8) if len(data) >= 12 else data
            port = TRUNK
        return self.one("rx %d %d %s" % (port, seg, bytes(data).hex()))

    def ip(self, port, p, trailer=b"", seg=0):
        return self.frame(port, bytes(Ether(dst=PORT_MAC[port], src=SENDER, type=0x800)) + bytes(p) + trailer, seg)

    def left(self, got, port):
        self.assertTrue(got["tx"], got)
        self.assertEqual(got["tx"][0]["port"], port)
        return bytes.fromhex(got["tx"][0]["frame"])

    def dropped(self, got, name):
        self.assertEqual(got["drops"], {name: 1}, got)

    def unreachable(self, got, name):
        """Dropped under this name, by way of the control lcore, which tells the source."""
        self.punted(got, "unreachable", drop=name)

    def punted(self, got, reason, whole=None, **fields):
        self.assertTrue(got["punts"], got)
        punt = got["punts"][0]
        self.assertEqual(punt["reason"], reason)
        for k, v in fields.items():
            self.assertEqual(punt[k], v, k)
        if whole is not None:
            self.assertEqual(punt["packet"], bytes(whole).hex())

    def forwarded(self, got, p, last, out, hops=1):
        """As RFC 1812 has it: TTL less one, all else as it was."""
        p = changed(p, ttl=IP(bytes(p)).ttl - hops)
        want = bytes(Ether(dst=mac(last), src=PORT_MAC[out], type=0x800) / p)
        self.assertEqual(self.left(got, out).hex(), want.hex())
        self.assertEqual(got["counters"].get("forwarded-natively"), 1)

    def ecn(self, got, inner, outer, left):
        """A cell of RFC 6040 figure 4, of a packet from a tunnel; left(ecn): the packet as it should leave."""
        ecn = ECN[inner][outer]
        if ecn is None:
            self.dropped(got, "decap-ecn-not-capable")
            return
        self.opened(got, left(ecn))
        self.assertEqual(got["counters"].get("decap-ecn-marked", 0), inner != CE and ecn == CE)
        self.assertEqual(got["counters"].get("decap-ecn-unused-combination", 0), (inner, outer) in ECN_UNUSED)

    def encapsulated(self, got, p, last=3, iid=0, hops=1, status=0):
        """As RFC 9300 5.1 and 5.3 have it. Returns the source port."""
        have = self.left(got, CORE)
        port = struct.unpack("!H", have[34:36])[0]
        self.assertTrue(49152 <= port <= 65535, port)
        inner = changed(p, ttl=IP(bytes(p)).ttl - hops)
        header = lisp(inner, (0x08000000 if iid else 0) | (0x40000000 if status else 0), iid << 8 | status)
        want = Ether(dst=mac(last), src=PORT_MAC[CORE], type=0x800) / \
            IP(src="172.16.1.2", dst="172.16.1.%d" % last, ttl=inner.ttl, tos=inner.tos, id=0, flags="DF") / \
            UDP(sport=port, dport=4341, chksum=0) / Raw(header)
        self.assertEqual(have.hex(), bytes(want).hex())
        self.assertEqual(got["counters"].get("encapsulated"), 1)
        return port


class Encapsulation(Case):
    def test_every_tos(self):
        """DSCP copied (RFC 9300 5.3), ECN as RFC 6040 4.1, normal mode."""
        for tos in range(256):
            p = packet(tos=tos, ttl=255 - tos // 2, id=tos * 257)
            self.encapsulated(self.ip(SITE, p), p)

    def test_every_ttl(self):
        for ttl in range(2, 256):
            p = packet(ttl=ttl)
            self.encapsulated(self.ip(SITE, p), p)

    def test_locator_status(self):
        """L and the bits of the source's entry (RFC 9300 5.3)."""
        p = packet(src="10.1.77.4")
        self.encapsulated(self.ip(SITE, p), p, status=0x05)
        p = packet(src="10.100.77.4")
        self.encapsulated(self.ip(SITE2, p), p, iid=100, status=0x80)

    def test_ttl_ends(self):
        for ttl in (0, 1):
            p = packet(ttl=ttl)
            self.punted(self.ip(SITE, p), "ttl", Ether(dst=PORT_MAC[SITE], src=SENDER, type=0x800) / p, l2=14)

    def test_size(self):
        """RFC 9300 7.1: what fits is the MTU of 1500 less 36."""
        for flags, size in itertools.product(("DF", 0), (28, 29, 100, 1463, 1464)):
            p = packet(size=size, flags=flags)
            self.encapsulated(self.ip(SITE, p), p)
        for size in (1465, 1500, 1900):
            self.punted(self.ip(SITE, packet(size=size, flags="DF")), "too-big", id=1464, l2=14)
        empty = IP(src="10.1.1.4", dst="10.2.2.5", proto=253)
        self.encapsulated(self.ip(SITE, empty), empty)

    def test_flags_and_fragments(self):
        """The inner header's ID, flags and offset are its own."""
        for flags, frag in itertools.product((0, "DF", "MF"), (0, 1, 100)):
            p = packet(flags=flags, frag=frag, id=0xbeef)
            self.encapsulated(self.ip(SITE, p), p)

    def test_options(self):
        for n in range(1, 41):
            p = packet(options=[IPOption_NOP()] * n)
            self.encapsulated(self.ip(SITE, p), p)
        p = packet(options=[IPOption_RR(pointer=4, routers=["0.0.0.0"] * 8)])
        self.encapsulated(self.ip(SITE, p), p)

    def test_instance(self):
        """The I bit and 24 bits of instance-ID; none for instance 0."""
        p = packet(src="10.100.1.4")
        self.encapsulated(self.ip(SITE2, p), p, iid=100)
        # the instances know nothing of each other's sources
        self.unreachable(self.ip(SITE, p), "no-route")
        self.unreachable(self.ip(SITE2, packet()), "no-route")

    def test_padding_is_cut(self):
        for n in (1, 18, 400):
            p = packet()
            self.encapsulated(self.ip(SITE, p, trailer=b"\xee" * n), p)

    def test_segments(self):
        p = packet(size=900)
        for seg in (1, 13, 14, 15, 33, 34, 35, 64, 300, 913):
            self.encapsulated(self.ip(SITE, p, seg=seg), p)
        # padding in the last segment
        self.encapsulated(self.ip(SITE, p, trailer=bytes(30), seg=500), p)

    def test_source_port(self):
        """RFC 9300 12: the same for all packets of a flow, many for many flows."""
        ports = {}
        for turn in range(2):
            for layer in (UDP, TCP, SCTP):
                for n in range(100):
                    p = IP(src="10.1.1.4", dst="10.2.2.5", ttl=60 + turn, tos=turn << 2, id=n) / \
                        layer(sport=5000 + n, dport=80) / Raw(bytes(10 * turn))
                    ports.setdefault((layer, n), set()).add(self.encapsulated(self.ip(SITE, p), p))
        self.assertTrue(all(len(p) == 1 for p in ports.values()))
        self.assertGreater(len(set.union(*ports.values())), 280)
        hosts = set()
        for n in range(1, 100):
            p = packet(dst="10.2.2.%d" % n)
            hosts.add(self.encapsulated(self.ip(SITE, p), p))
        self.assertGreater(len(hosts), 90)

    def test_fragments_stay_together(self):
        p = packet(size=1200)
        ports = {self.encapsulated(self.ip(SITE, part), part) for part in fragment(p, 200)}
        self.assertEqual(len(ports), 1)
        # what follows ICMP's header is no port
        pings = [packet(proto=1)] + [IP(src="10.1.1.4", dst="10.2.2.5") / ICMP(id=7, seq=n) for n in range(9)]
        self.assertEqual(len({self.encapsulated(self.ip(SITE, p), p) for p in pings}), 1)

    def test_two_locators(self):
        used = {}
        for n in range(200):
            p = IP(src="10.1.1.4", dst="10.3.1.1") / UDP(sport=n, dport=9)
            lasts = set()
            for _ in range(2):
                got = self.ip(SITE, p)
                last = self.left(got, CORE)[5]
                self.encapsulated(got, p, last)
                lasts.add(last)
            self.assertEqual(len(lasts), 1)
            used[last] = used.get(last, 0) + 1
        self.assertEqual(set(used), {3, 9})
        self.assertGreater(min(used.values()), 60)

    def test_from_linux(self):
        """What this machine sends has no hop behind it yet."""
        for ttl in (1, 64):
            p = packet(src="10.1.1.2", ttl=ttl)
            self.encapsulated(self.one("resume 0 0 lisp0 %s" % bytes(p).hex()), p, hops=0)
        p = packet(src="10.1.1.2", dst="10.9.9.9", ttl=1)
        self.punted(self.one("resume 0 0 lisp0 %s" % bytes(p).hex()), "miss", p, l2=0)

    def test_tunnel_not_ready(self):
        got = self.ip(SITE, packet(dst="10.6.0.1"))
        self.punted(got, "tunnel", Ether(dst=PORT_MAC[SITE], src=SENDER, type=0x800) / packet(dst="10.6.0.1"))
        self.assertGreater(got["punts"][0]["id"], 0)
        self.dropped(self.ip(SITE, packet(dst="10.7.0.1")), "next-hop-down")


def tunnelled(payload, tos=0, ttl=64, src="172.16.1.3", dst="172.16.1.2", udp=None, **ip):
    udp = udp or UDP(sport=50000, dport=4341, chksum=0)
    return IP(src=src, dst=dst, tos=tos, ttl=ttl, **ip) / udp / Raw(payload)


class Decapsulation(Case):
    def inner(self, dst="10.1.1.4", **kw):
        return packet("10.2.2.5", dst, **kw)

    def opened(self, got, p, last=4, out=SITE):
        self.assertEqual(got["counters"].get("decapsulated"), 1, got)
        self.forwarded(got, p, last, out)

    def test_plain(self):
        for size in (28, 46, 100, 1464, 1500):
            p = self.inner(size=size)
            self.opened(self.ip(CORE, tunnelled(lisp(p))), p)

    def test_every_ecn_cell(self):
        """RFC 6040 figure 4, the inner DSCP copied from the outer, or kept."""
        for keep, inner, outer in itertools.product((0, 1), range(4), range(4)):
            self.say("keep-dscp %d" % keep)
            p = self.inner(tos=10 << 2 | inner)
            got = self.ip(CORE, tunnelled(lisp(p), tos=46 << 2 | outer))
            self.ecn(got, inner, outer, lambda ecn: changed(p, tos=(10 if keep else 46) << 2 | ecn))
        self.say("keep-dscp 0")

    def test_every_dscp(self):
        for dscp in range(64):
            p = self.inner(tos=(63 - dscp) << 2 | ECT0)
            self.opened(self.ip(CORE, tunnelled(lisp(p), tos=dscp << 2 | ECT0)), changed(p, tos=dscp << 2 | ECT0))

    def test_ttl(self):
        """RFC 9300 5.3: the smaller of both; then this router takes one."""
        for outer, inner in itertools.product((2, 3, 64, 128, 254, 255), repeat=2):
            p = self.inner(ttl=inner)
            self.opened(self.ip(CORE, tunnelled(lisp(p), ttl=outer)), changed(p, ttl=min(inner, outer)))
        for outer, inner in ((1, 64), (64, 1), (1, 1), (0, 64), (64, 0)):
            p = self.inner(ttl=inner)
            got = self.ip(CORE, tunnelled(lisp(p), ttl=outer))
            self.punted(got, "ttl", changed(p, ttl=min(inner, outer)), l2=0)

    def test_every_flag(self):
        """RFC 9300 5.3: N with V is a nonce, R (here P, RFC 9305) names the payload, KK means encrypted."""
        p = self.inner()
        for flags, low in itertools.product(range(256), (0, 1, 2, 0x45)):
            got = self.ip(CORE, tunnelled(lisp(p, flags << 24 | 0xabcd00 | low, 0xff)))
            if flags & 3:
                self.dropped(got, "decap-encrypted")
            elif flags & 4 and low == 2:
                self.dropped(got, "decap-inner-malformed")  # says that it is IPv6
            elif flags & 4 and low != 1:
                self.dropped(got, "decap-inner-protocol")
            else:
                self.opened(got, p)

    def test_instances(self):
        p, p2 = self.inner(), self.inner("10.100.1.4")
        self.opened(self.ip(CORE, tunnelled(lisp(p2, 0x08000000, 100 << 8 | 0x5a))), p2, 104, SITE2)
        # without I the second word is all locator-status bits
        self.opened(self.ip(CORE, tunnelled(lisp(p, 0x40000000, 0xffffffff))), p)
        for iid in (1, 99, 101, 0xffffff):
            self.dropped(self.ip(CORE, tunnelled(lisp(p, 0x08000000, iid << 8))), "decap-instance-unknown")
        # an instance's EIDs are no other's
        self.dropped(self.ip(CORE, tunnelled(lisp(p, 0x08000000, 100 << 8))), "petr-source-refused")
        self.dropped(self.ip(CORE, tunnelled(lisp(p2))), "decap-inner-destination-not-ours")

    def test_not_ours(self):
        for dst in ("10.2.2.5", "172.16.1.3", "192.0.2.1", "8.8.8.8"):
            self.dropped(self.ip(CORE, tunnelled(lisp(self.inner(dst)))), "decap-inner-destination-not-ours")

    def test_inner_malformed(self):
        bad = [self.inner(chksum=0x1234), self.inner(version=5), self.inner(ihl=4),
            self.inner(ihl=15), self.inner(len=19), self.inner(len=1000), packet("127.0.0.1", "10.1.1.4"),
            packet("224.0.0.1", "10.1.1.4"), packet("255.255.255.255", "10.1.1.4"), packet("0.0.0.0", "10.1.1.4"),
            self.inner("224.0.0.5"), self.inner("255.255.255.255"), self.inner("127.0.0.1"), self.inner("0.0.0.0"), b""]
        for p in bad:
            self.dropped(self.ip(CORE, tunnelled(lisp(p))), "decap-inner-malformed")
        for n in range(len(self.inner())):
            self.dropped(self.ip(CORE, tunnelled(lisp(bytes(self.inner())[:n]))), "decap-inner-malformed")

    def test_short(self):
        for n in range(8):
            self.dropped(self.ip(CORE, tunnelled(bytes(n))), "decap-short")
            self.dropped(self.ip(CORE, tunnelled(bytes(n), options=[IPOption_NOP()] * 4)), "decap-short")

    def test_udp_length(self):
        """The UDP datagram ends where its length says, the inner packet must lie in it, and so in the IP packet."""
        p = self.inner()
        payload = lisp(p)
        exact = 8 + len(payload)

        def with_length(n, tail=b""):
            return self.ip(CORE, tunnelled(payload + tail, udp=UDP(sport=50000, dport=4341, chksum=0, len=n)))

        self.opened(with_length(exact), p)
        for n in (0, 1, 7, 8, 15):
            self.dropped(with_length(n), "decap-short")
        for n in (16, 35, exact - 1):
            self.dropped(with_length(n), "decap-inner-malformed")
        for n in (exact + 1, 2000, 65535):
            self.dropped(with_length(n), "decap-short")
        # bytes behind the datagram, and behind the inner packet in the datagram
        self.opened(with_length(exact, b"\xee" * 50), p)
        self.opened(with_length(exact + 20, b"\xee" * 50), p)
        self.dropped(with_length(exact - 1, b"\xee" * 50), "decap-inner-malformed")

    def test_udp_checksum(self):
        """RFC 9300 5.3: zero MUST be accepted, another need not be checked."""
        p = self.inner()
        for chksum in (0, 1, 0xffff, None):
            self.opened(self.ip(CORE, tunnelled(lisp(p), udp=UDP(sport=1, dport=4341, chksum=chksum))), p)

    def test_outer_options(self):
        p = self.inner()
        for n in (1, 4, 40):
            self.opened(self.ip(CORE, tunnelled(lisp(p), options=[IPOption_NOP()] * n)), p)

    def test_padding_is_cut(self):
        p = self.inner(size=28)
        self.opened(self.ip(CORE, tunnelled(lisp(p)), trailer=b"\xee" * 20), p)

    def test_fragments_are_for_linux(self):
        whole = tunnelled(lisp(self.inner(size=1000)), id=9)
        for part in fragment(whole, 400):
            self.punted(self.ip(CORE, part), "linux", Ether(dst=PORT_MAC[CORE], src=SENDER, type=0x800) / part)

    def test_only_from_the_core(self):
        self.punted(self.ip(SITE, tunnelled(lisp(self.inner()))), "linux")

    def test_other_ports_are_for_linux(self):
        for udp in (UDP(sport=4341, dport=4342), UDP(sport=4341, dport=4340), TCP(dport=4341)):
            self.punted(self.ip(CORE, IP(src="172.16.1.3", dst="172.16.1.2") / udp / Raw(lisp(self.inner()))), "linux")
        # no room for a UDP header
        for n in range(8):
            self.punted(self.ip(CORE, IP(src="172.16.1.3", dst="172.16.1.2", proto=17) / Raw(bytes(n))), "linux")

    def test_for_this_machine(self):
        """By lisp0: no Ethernet header is left. What was in a tunnel is not opened again."""
        p = self.inner("10.1.1.2", ttl=9)
        self.punted(self.ip(CORE, tunnelled(lisp(p), ttl=7)), "linux", changed(p, ttl=7), l2=0, inst=0)
        nested = tunnelled(lisp(self.inner()), dst="10.1.1.2")
        self.punted(self.ip(CORE, tunnelled(lisp(nested))), "linux", nested, l2=0)
        # but an EID address of ours is a local address too
        self.opened(self.ip(CORE, tunnelled(lisp(self.inner()), dst="10.1.1.2")), self.inner())

    def test_next_hop_not_ready(self):
        p = self.inner("10.1.1.99")
        self.punted(self.ip(CORE, tunnelled(lisp(p))), "neighbour", p, id=0, out=SITE, l2=0)
        self.dropped(self.ip(CORE, tunnelled(lisp(self.inner("10.1.1.6")))), "next-hop-down")
        got = self.ip(CORE, tunnelled(lisp(self.inner("10.1.1.7"))))
        self.punted(got, "neighbour", self.inner("10.1.1.7"))
        self.assertGreater(got["punts"][0]["id"], 0)

    def test_reassembled_by_linux(self):
        for size, ttl, tos in ((100, 33, 0), (1500, 255, 46 << 2), (28, 2, 1 << 2)):
            p = self.inner(size=size)
            got = self.one("decap 1 %d %d 172.16.1.3 %s" % (ttl, tos, lisp(p).hex()))
            self.opened(got, changed(p, ttl=min(64, ttl), tos=tos))
        # in several segments, too big for the site's port
        p = self.inner(size=5000, flags="DF")
        self.punted(self.one("decap 1 64 0 172.16.1.3 %s" % lisp(p).hex()), "too-big", p, id=1500, l2=0)
        p = self.inner(size=3000, flags="DF")
        self.punted(self.one("decap 1 64 0 172.16.1.3 %s" % (lisp(p) + bytes(900)).hex()), "too-big", p, id=1500)
        self.dropped(self.one("decap 1 64 0 172.16.1.3 %s" % lisp(b"").hex()), "decap-inner-malformed")

    def test_cut_anywhere(self):
        """A frame that ends too early is dropped, wherever that is."""
        whole = bytes(Ether(dst=PORT_MAC[CORE], src=SENDER, type=0x800) / tunnelled(lisp(self.inner())))
        for n in range(1, len(whole)):
            got = self.frame(CORE, whole[:n])
            self.dropped(got, "ether-short" if n < 14 else "ip4-malformed")


class ProxyItr(Case):
    """RFC 6832 section 5: port 3 is a proxy-ITR's, on the core side, in instance 100."""

    def test_strangers_are_encapsulated(self):
        for src, ttl in itertools.product(("8.8.8.8", "4.2.2.2", "172.18.1.9", "10.100.1.4", "10.1.1.4"), (2, 64, 255)):
            p = packet(src, ttl=ttl, tos=ttl)
            got = self.ip(PROXY, p)
            self.encapsulated(got, p, iid=100)
            self.assertNotIn("source-not-in-eid-database", got["counters"])
        # a site port without the role touches no stranger's
        self.unreachable(self.ip(SITE2, packet("8.8.8.8")), "no-route")

    def test_who_asks(self):
        """What is configured to be served is asked for, for anyone; the default is for own EIDs only."""
        for port, src in ((PROXY, "8.8.8.8"), (PROXY, "10.100.1.4"), (SITE2, "10.100.1.4")):
            self.punted(self.ip(port, packet(src, "10.12.0.9")), "miss", inst=1)
            self.punted(self.ip(port, packet(src, "10.12.0.9", ttl=1)), "ttl")
        self.punted(self.ip(SITE2, packet("10.100.1.4", "10.99.0.1")), "miss", inst=1)
        # an own EID that comes from the core is somebody else
        for src in ("8.8.8.8", "10.100.1.4"):
            self.unreachable(self.ip(PROXY, packet(src, "10.99.0.1")), "no-route")
        p = packet("8.8.8.8", "172.17.0.1")
        got = self.ip(PROXY, p)
        self.forwarded(got, p, self.left(got, CORE)[5], CORE)

    def test_what_own_eids_learned(self):
        """A mapping that is not within what is served is not for strangers, whatever it says."""
        p = packet("10.100.1.4", "10.13.0.9")
        self.encapsulated(self.ip(SITE2, p), p, iid=100)
        self.unreachable(self.ip(SITE2, packet("10.100.1.4", "10.14.0.9")), "map-cache-action-drop")
        for src, dst in itertools.product(("8.8.8.8", "10.100.1.4"), ("10.13.0.9", "10.14.0.9")):
            self.unreachable(self.ip(PROXY, packet(src, dst)), "no-route")
        # what Linux sends is its own
        p = packet("10.100.1.4", "10.13.0.9")
        self.encapsulated(self.one("resume 1 1 proxy %s" % bytes(p).hex()), p, iid=100, hops=0)
        p = packet("172.18.1.2", "10.13.0.9")
        self.unreachable(self.one("resume 1 1 proxy %s" % bytes(p).hex()), "no-route")

    def test_own_eids(self):
        p = packet("8.8.8.8", "10.100.1.4")
        self.forwarded(self.ip(PROXY, p), p, 104, SITE2)
        self.punted(self.ip(PROXY, packet("8.8.8.8", "10.100.1.99")), "neighbour", out=SITE2)

    def test_natively(self):
        """Strangers' packets go by the routes, whatever PETR lives."""
        for use, state in itertools.product(("always", "no-route"), ("none", "routes", "miss", "one", "two")):
            self.say("petr %s %s" % (use, state))
            p = packet("8.8.8.8", "198.51.100.1")
            self.forwarded(self.ip(PROXY, p), p, 3, CORE)
            self.dropped(self.ip(PROXY, packet("8.8.8.8", "198.51.101.1")), "route-blackhole")
            self.unreachable(self.ip(PROXY, packet("8.8.8.8", "198.51.102.1")), "route-unreachable")
            self.unreachable(self.ip(PROXY, packet("8.8.8.8", "198.51.103.1")), "no-route")
        self.say("petr no-route none")

    def test_it_is_a_core_port_too(self):
        p = packet("10.2.2.5", "10.1.1.4")
        for dst in ("172.18.1.2", "172.16.1.2"):
            got = self.ip(PROXY, tunnelled(lisp(p), dst=dst))
            self.assertEqual(got["counters"].get("decapsulated"), 1)
            self.forwarded(got, p, 4, SITE)
            self.punted(self.ip(PROXY, IP(src="8.8.8.8", dst=dst) / ICMP()), "linux", port=PROXY)

    def test_from_linux(self):
        p = packet("172.18.1.2", "10.2.2.5")
        self.encapsulated(self.one("resume 1 1 proxy %s" % bytes(p).hex()), p, iid=100, hops=0)


class UsePetr(Case):
    """Natively-forward and PETRs (RFC 6832 section 6.1)."""

    def test_all(self):
        for use, state, last in itertools.product(("always", "no-route"), ("none", "routes", "miss", "one", "two"),
                (100, 101, 102, 103)):
            self.say("petr %s %s" % (use, state))
            p = packet(dst="198.51.%d.1" % last)
            got = self.ip(SITE, p)
            asked = state in ("miss", "one", "two") and (use == "always" or last != 100)
            with self.subTest(use=use, state=state, last=last):
                if asked and state == "miss":
                    self.punted(got, "miss", l2=14)
                    self.punted(self.ip(SITE, packet(dst="198.51.%d.1" % last, ttl=1)), "ttl")
                elif asked:
                    self.encapsulated(got, p, self.left(got, CORE)[5])
                elif last == 100:
                    self.forwarded(got, p, 3, CORE)
                elif last == 101:
                    self.dropped(got, "route-blackhole")
                else:
                    self.unreachable(got, "route-unreachable" if last == 102 else "no-route")
            # what no EID sends goes by the routes alone, and what comes from the core too
            for port, src in ((SITE, "8.8.8.8"), (CORE, "10.1.1.4")):
                if last == 100:
                    p = packet(src, "198.51.100.1")
                    self.forwarded(self.ip(port, p), p, 3, CORE)
        self.say("petr no-route none")

    def test_two(self):
        used = {}
        self.say("petr always two")
        for n in range(200):
            p = IP(src="10.100.1.4", dst="198.51.103.1") / UDP(sport=n, dport=9)
            got = self.ip(SITE2, p)
            last = self.left(got, CORE)[5]
            self.encapsulated(got, p, last, iid=100)
            used[last] = used.get(last, 0) + 1
        self.assertEqual(set(used), {3, 9})
        self.assertGreater(min(used.values()), 60)
        self.say("petr no-route none")


class Petr(Case):
    """RFC 6832 section 6: for whom packets are taken out of tunnels that are not for us; in instance 100."""

    def lisp(self, p):
        return lisp(p, 0x08000000, 100 << 8)

    def tunnelled(self, p, **kw):
        return tunnelled(self.lisp(p), **kw)

    def world(self, src="10.20.0.5", dst="172.17.0.1", **kw):
        return packet(src, dst, **kw)

    def opened(self, got, p):
        self.assertEqual(got["counters"].get("decapsulated"), 1, got)
        self.assertEqual(got["counters"].get("decapsulated-as-petr"), 1, got)
        self.forwarded(got, p, self.left(got, CORE)[5], CORE)

    def test_allowed(self):
        for rloc in ("172.16.1.3", "172.16.1.64", "172.16.1.127"):
            for ttl, tos in ((2, 0), (64, 46 << 2), (255, 1)):
                p = self.world(ttl=ttl, tos=tos)
                self.opened(self.ip(CORE, self.tunnelled(p, src=rloc, ttl=255, tos=tos)), p)
        # the longer prefix has one more
        for rloc in ("172.16.1.3", "172.16.1.100", "172.16.1.5"):
            p = self.world("10.20.9.1")
            self.opened(self.ip(CORE, self.tunnelled(p, src=rloc)), p)

    def test_refused(self):
        for rloc in ("172.16.1.4", "172.16.1.5", "172.16.1.63", "172.16.1.128", "8.8.8.8"):
            self.dropped(self.ip(CORE, self.tunnelled(self.world(), src=rloc)), "petr-rloc-refused")
        for src in ("10.19.255.255", "10.21.0.0", "8.8.8.8", "172.16.1.3", "10.1.1.4"):
            self.dropped(self.ip(CORE, self.tunnelled(self.world(src))), "petr-source-refused")
        # instance 0 has no rules at all
        self.dropped(self.ip(CORE, tunnelled(lisp(self.world()), src="172.16.1.3")), "decap-inner-destination-not-ours")

    def test_ours_needs_no_rule(self):
        p = self.world("8.8.8.8", "10.100.1.4")
        got = self.ip(CORE, self.tunnelled(p, src="9.9.9.9"))
        self.forwarded(got, p, 104, SITE2)
        self.assertNotIn("decapsulated-as-petr", got["counters"])

    def test_reassembled(self):
        """By the source RLOC that control gives with it."""
        p = self.world(size=900)
        self.opened(self.one("decap 1 64 0 172.16.1.3 %s" % self.lisp(p).hex()), p)
        self.dropped(self.one("decap 1 64 0 172.16.1.4 %s" % self.lisp(p).hex()), "petr-rloc-refused")
        self.dropped(self.one("decap 1 64 0 0.0.0.0 %s" % self.lisp(p).hex()), "petr-rloc-refused")

    def test_what_follows(self):
        """By the routes, as any packet; never into another tunnel."""
        self.unreachable(self.ip(CORE, self.tunnelled(self.world(dst="10.2.2.5"))), "no-route")
        self.unreachable(self.ip(CORE, self.tunnelled(self.world(dst="9.9.9.9"))), "no-route")
        self.dropped(self.ip(CORE, self.tunnelled(self.world(dst="192.0.2.1"))), "route-blackhole")
        self.punted(self.ip(CORE, self.tunnelled(self.world(ttl=1))), "ttl", l2=0)
        p = self.world(size=1500)
        self.opened(self.ip(CORE, self.tunnelled(p)), p)
        # a tunnel in the tunnel, to this machine: Linux's
        nested = self.tunnelled(self.world(), src="10.20.0.5")
        self.punted(self.ip(CORE, self.tunnelled(nested)), "linux", nested, l2=0)


class Native(Case):
    def test_both_ways(self):
        cases = [(SITE, packet(dst="172.16.1.3"), 3, CORE), (CORE, packet("172.16.1.3", "10.1.1.4"), 4, SITE),
            (SITE, packet("192.0.2.9", "10.1.1.4"), 4, SITE), (SITE2, packet("10.100.1.4", "10.1.1.4"), 4, SITE),
            (CORE, packet("8.8.8.8", "172.16.1.3"), 3, CORE), (SITE2, packet("8.8.8.8", "10.100.1.4"), 104, SITE2)]
        for ttl, (port, p, last, out) in itertools.product((2, 64, 255), cases):
            p.ttl = ttl
            self.forwarded(self.ip(port, p), p, last, out)

    def test_every_ttl_and_tos(self):
        """TTL less one, TOS as it was, and a checksum that RFC 1624 made right."""
        for n in range(2, 256):
            p = packet("172.16.1.3", "10.1.1.4", ttl=n, tos=n, id=n * 255)
            self.forwarded(self.ip(CORE, p), p, 4, SITE)

    def test_ttl_ends(self):
        for ttl in (0, 1):
            self.punted(self.ip(CORE, packet("172.16.1.3", "10.1.1.4", ttl=ttl)), "ttl", l2=14)
            # nobody is asked about a packet that ends here anyway
            self.punted(self.ip(SITE, packet(dst="10.99.0.1", ttl=ttl)), "ttl")
            self.punted(self.ip(CORE, packet("172.16.1.3", "10.1.1.99", ttl=ttl)), "ttl")
            # to this machine itself it may come with its last hop
            self.punted(self.ip(SITE, packet(dst="10.1.1.2", ttl=ttl)), "linux")

    def test_size(self):
        for flags in ("DF", 0):
            p = packet("172.16.1.3", "10.1.1.4", size=1500, flags=flags)
            self.forwarded(self.ip(CORE, p), p, 4, SITE)
            self.forwarded(self.ip(CORE, p, trailer=bytes(4)), p, 4, SITE)
        p = packet("172.16.1.3", "10.1.1.4", size=1501, flags="DF")
        self.punted(self.ip(CORE, p), "too-big", id=1500, l2=14)

    def test_two_next_hops(self):
        used = {}
        for n in range(200):
            p = IP(src="8.8.8.8", dst="172.17.0.1") / TCP(sport=n, dport=80)
            lasts = {self.left(self.ip(SITE, p), CORE)[5] for _ in range(2)}
            self.assertEqual(len(lasts), 1)
            last = lasts.pop()
            used[last] = used.get(last, 0) + 1
            self.forwarded(self.ip(SITE, p), p, last, CORE)
        self.assertEqual(set(used), {3, 9})
        self.assertGreater(min(used.values()), 60)

    def test_who_decides(self):
        """The longer match, LISP on equal length; a source that is no EID goes by the routes alone."""
        self.punted(self.ip(SITE, packet(dst="10.9.9.9")), "miss", l2=14, id=0, inst=0)
        self.punted(self.ip(SITE, packet(dst="192.0.2.1")), "miss")  # a blackhole does not count here
        self.dropped(self.ip(SITE, packet("8.8.8.8", "192.0.2.1")), "route-blackhole")
        self.dropped(self.ip(CORE, packet("8.8.8.8", "192.0.2.1")), "route-blackhole")
        self.unreachable(self.ip(SITE, packet(dst="10.4.0.1")), "map-cache-action-drop")
        self.unreachable(self.ip(SITE, packet(dst="10.5.0.1")), "no-route")
        self.unreachable(self.ip(CORE, packet("10.1.1.4", "10.2.2.5")), "no-route")
        got = self.ip(SITE, packet("8.8.8.8", "10.2.2.5"))
        self.unreachable(got, "no-route")
        self.assertEqual(got["counters"].get("source-not-in-eid-database"), 1)
        # own EIDs are never asked for
        self.punted(self.ip(SITE, packet(dst="10.1.1.99")), "neighbour", id=0, out=SITE)
        self.punted(self.ip(SITE2, packet("10.100.1.4", "10.100.1.99")), "neighbour", id=0, out=SITE2, inst=1)
        self.punted(self.ip(CORE, packet("8.8.8.8", "172.16.1.99")), "neighbour", id=0, out=CORE)

    def test_next_hop_not_ready(self):
        got = self.ip(CORE, packet("8.8.8.8", "10.1.1.7"))
        self.punted(got, "neighbour", Ether(dst=PORT_MAC[CORE], src=SENDER, type=0x800) / packet("8.8.8.8", "10.1.1.7"))
        self.assertGreater(got["punts"][0]["id"], 0)
        self.dropped(self.ip(CORE, packet("8.8.8.8", "10.1.1.6")), "next-hop-down")

    def test_frames_of_linux(self):
        for frame in (Ether(dst=mac(3), src=PORT_MAC[CORE]) / ARP(), b"\xff" * 1514, b"\x01" * 14):
            got = self.one("tx 1 %s" % bytes(frame).hex())
            self.assertEqual(self.left(got, CORE), bytes(frame))


class Classification(Case):
    def test_short(self):
        for n in range(1, 14):
            self.dropped(self.frame(SITE, bytes.fromhex(PORT_MAC[SITE].replace(":", "")).ljust(14, b"\x08")[:n]),
                "ether-short")

    def test_for_linux(self):
        to_us = Ether(dst=PORT_MAC[SITE], src=SENDER)
        frames = [
            Ether(dst="ff:ff:ff:ff:ff:ff", src=SENDER) / ARP(pdst="10.1.1.2"), to_us / ARP(op=2),
            Ether(dst="01:80:c2:00:00:0e", src=SENDER, type=0x88cc) / Raw(bytes(40)),
            Ether(dst="33:33:00:00:00:01", src=SENDER, type=0x86dd) / Raw(bytes(60)),
            Ether(dst=PORT_MAC[SITE], src=SENDER, type=40) / Raw(bytes(40)),
            Ether(dst="ff:ff:ff:ff:ff:ff", src=SENDER) / packet(dst="10.1.1.255"),
            Ether(dst="01:00:5e:00:00:05", src=SENDER) / packet(dst="224.0.0.5"),
            to_us / packet(dst="224.0.0.5"), to_us / packet(dst="239.255.255.255"), to_us / packet(dst="255.255.255.255"),
            to_us / packet(dst="10.1.1.255"), to_us / packet(dst="10.1.1.2"), to_us / packet(dst="172.16.1.2"),
            to_us / packet("0.0.0.0", "10.1.1.2"), to_us / packet("0.0.0.0", "255.255.255.255")]
        for frame in frames:
            self.punted(self.frame(SITE, bytes(frame)), "linux", frame, port=SITE, l2=14)
        core = Ether(dst=PORT_MAC[CORE], src=SENDER) / packet("172.16.1.3", "172.16.1.2")
        self.punted(self.frame(CORE, bytes(core)), "linux", core, port=CORE)

    def test_padding_is_cut_before_linux_sees_it(self):
        self.punted(self.ip(SITE, packet(dst="10.1.1.2"), trailer=bytes(9)), "linux",
            Ether(dst=PORT_MAC[SITE], src=SENDER, type=0x800) / packet(dst="10.1.1.2"))

    def test_not_ours(self):
        for dst in (PORT_MAC[CORE], mac(4), "00:00:00:00:00:00"):
            self.dropped(self.frame(SITE, bytes(Ether(dst=dst, src=SENDER) / packet())), "ether-destination-not-ours")

    def test_martians(self):
        """RFC 1812 5.3.7; 0.0.0.0 is for Linux's DHCP."""
        for src in ("127.0.0.1", "127.255.255.255", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "0.1.2.3"):
            self.dropped(self.ip(SITE, packet(src)), "ip-martian-source")
            self.dropped(self.ip(CORE, packet(src, "10.1.1.4")), "ip-martian-source")
        for dst in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255"):
            self.dropped(self.ip(SITE, packet(dst=dst)), "ip-martian-destination")
            self.dropped(self.ip(CORE, packet("172.16.1.3", dst)), "ip-martian-destination")

    def test_malformed(self):
        """RFC 1812 5.2.2, in its order."""
        for p in (packet(version=5), packet(version=0), packet(ihl=0), packet(ihl=4), packet(ihl=15), packet(len=0),
                packet(len=19), packet(len=len(packet()) + 1), packet(len=65535)):
            self.dropped(self.ip(SITE, p), "ip4-malformed")
        for n in range(20):
            self.dropped(self.ip(SITE, bytes(packet())[:n]), "ip4-malformed")
        good = IP(bytes(packet())).chksum
        for chksum in (0, 0xffff, good ^ 1, good ^ 0x8000, ~good & 0xffff):
            self.dropped(self.ip(SITE, packet(chksum=chksum)), "ip4-checksum")

    def test_every_flipped_bit(self):
        p = bytes(packet())
        for bit in range(160):
            bad = bytearray(p)
            bad[bit // 8] ^= 0x80 >> bit % 8
            got = self.ip(SITE, bytes(bad))
            self.assertIn(list(got["drops"]), (["ip4-checksum"], ["ip4-malformed"]), "bit %d" % bit)


class Tags(Case):
    """802.1Q."""
    def trunk(self, data):
        return self.one("rx %d 0 %s" % (TRUNK if VLANS else SITE, bytes(data).hex()))

    def untagged(self):
        port = TRUNK if VLANS else SITE
        return port, bytes(Ether(dst=PORT_MAC[port], src=SENDER) / packet())

    def test_unknown(self):
        port, frame = self.untagged()
        many = bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=SENDER) / ARP(pdst="10.1.1.2"))
        for vid in (1, 5, 11, 4094, 4095):
            for priority in (0, 7):
                self.dropped(self.trunk(tag(frame, vid, priority)), "vlan-unknown")
                self.dropped(self.trunk(tag(many, vid, priority)), "vlan-unknown")

    def test_priority_alone(self):
        """VLAN identifier 0 is none: as an untagged frame."""
        many = bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=SENDER) / ARP(pdst="10.1.1.2"))
        port, frame = self.untagged()
        for priority in range(8):
            self.punted(self.trunk(tag(many, 0, priority)), "linux", many, port=port, l2=14)
            got = self.trunk(tag(frame, 0, priority))
            if port == SITE:
                self.encapsulated(got, packet())
            else:
                self.punted(self.trunk(tag(bytes(Ether(dst=PORT_MAC[TRUNK], src=SENDER, type=0x88cc)) + bytes(60), 0)),
                    "linux", port=TRUNK)
        self.assertEqual(len(many), 42)

    def test_stacked(self):
        """No interface has two tags."""
        port, frame = self.untagged()
        for vid in [0] + list(VLANS.values()):
            for tpid in (0x8100, 0x88a8, 0x9100):
                self.dropped(self.trunk(tag(tag(frame, 7, tpid=tpid), vid)), "vlan-stacked-tags")
        for _ in range(300):
            frame = tag(frame, 0)
        self.dropped(self.trunk(frame), "vlan-stacked-tags")

    def test_other_types_of_tags(self):
        port, frame = self.untagged()
        for tpid in (0x88a8, 0x9100):
            for vid in (0, 5, 10, 20):
                self.dropped(self.trunk(tag(frame, vid, tpid=tpid)), "vlan-stacked-tags")

    def test_cut(self):
        """A tag that is not all there."""
        port, frame = self.untagged()
        for n in range(14, 18):
            self.dropped(self.trunk(tag(frame, 10)[:n]), "ether-short")

    def test_vlan_has_its_own_mac_and_frames(self):
        for port in VLANS:
            other = Ether(dst=PORT_MAC[TRUNK], src=SENDER) / packet()
            if PORT_MAC[TRUNK] != PORT_MAC[port]:
                self.dropped(self.frame(port, other), "ether-destination-not-ours")
            many = bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=SENDER) / ARP(pdst="10.1.1.2"))
            self.punted(self.frame(port, many), "linux", many, port=port, l2=14)

    def test_linux_sends(self):
        """What comes from a VLAN's TAP gets its tag."""
        for port in range(4):
            frame = bytes(Ether(dst=mac(3), src=PORT_MAC[port]) / ARP(pdst="10.1.1.9"))
            self.assertEqual(self.left(self.one("tx %d %s" % (port, frame.hex())), port), frame)


if __name__ == "__main__":
    arguments()
    unittest.main()
