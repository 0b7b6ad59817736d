#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The packets that xtrbench measures with, and what leaves for them, judged by scapy and the RFCs alone."""
import ipaddress
import struct
import subprocess
import sys
import tempfile

from scapy.all import IP, IPv6, rdpcap

BENCH = sys.argv[1]
CORE, SITE = "02:70:63:61:70:00", "02:70:63:61:70:01"
FROM_CORE, FROM_SITE = "02:00:00:00:01:03", "02:00:00:00:02:04"
SIZES = [60] * 7 + [590] * 4 + [1514]


def packets(case):
    """Frames that came, frames that left."""
    with tempfile.TemporaryDirectory() as d:
        done = subprocess.run([BENCH, "datapath", "--case", case, "--write", d], capture_output=True,
            text=True, timeout=120, check=False)
        assert done.returncode == 0, (case, done.stderr)
        return [rdpcap("%s/%s.pcap" % (d, n)) for n in ("in", "out")]


def checksum(header):
    """RFC 1071, over an IPv4 header: 0 if it is right."""
    total = sum(struct.unpack("!%dH" % (len(header) // 2), header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def header(p, af, src, dst, length, hops=64):
    """An IP header without anything special, that says what is so."""
    if af == 4:
        assert p.version == 4 and p.ihl == 5 and p.ttl == hops and p.proto == 17 and p.tos == 0, p
        assert checksum(bytes(p)[:20]) == 0 and p.len == length, p
    else:
        assert p.version == 6 and p.hlim == hops and p.nh == 17 and p.tc == 0 and p.plen == length - 40, p
    for net, is_ in ((src, p.src), (dst, p.dst)):
        assert ipaddress.ip_address(is_) in ipaddress.ip_network(net), (is_, net)


def inside(data, af):
    return IP(data) if af == 4 else IPv6(data)


NETS = {  # natively; EIDs here and there; RLOCs here and there
    4: {"from": "172.16.1.3", "to": "172.18.0.0/16", "here": "10.1.0.0/16", "there": "10.2.0.0/16",
        "rloc": "172.16.1.2", "far": "172.32.0.1"},
    6: {"from": "2001:db8:f1::3", "to": "2001:db8:f2::/48", "here": "2001:db8:1::/48", "there": "2001:db8:2::/48",
        "rloc": "2001:db8:f1::2", "far": "2001:db8:f3::1"},
}


def tunnelled(frame, inner, outer, src, dst, mac, hops):
    """A LISP packet from RLOC to RLOC in an Ethernet frame; returns the IP packet in it."""
    assert (frame.dst, frame.src) == mac
    ip = inside(bytes(frame)[14:], outer)
    header(ip, outer, src, dst, len(frame) - 14, hops)
    at = 14 + (20 if outer == 4 else 40)
    sport, dport, length, csum = struct.unpack("!HHHH", bytes(frame)[at:at + 8])
    assert sport >= 49152 and dport == 4341 and csum == 0 and length == len(frame) - at, frame
    assert bytes(frame)[at + 8:at + 16] == bytes(8)  # nothing said: instance 0, no bits
    return inside(bytes(frame)[at + 16:], inner)


def one(case, n, sizes, flows, misses=0, sources=1):
    """Each frame that came has one that left, in order."""
    way, inner = case[:6].rstrip("46"), int(case.partition("/")[0].lstrip("abcdefghijklmnopqrstuvwxyz")[0])
    outer = int(case.partition("/")[0][-1])
    nets, rlocs = NETS[inner], NETS[outer]
    came, left = packets(case)
    assert len(came) == n, (case, len(came))
    gone = [p for p in came if str(p[1].dst).startswith(("100.", "3f"))]
    assert len(gone) == misses if isinstance(misses, int) else len(gone) in misses, (case, len(gone))
    came = [p for p in came if not str(p[1].dst).startswith(("100.", "3f"))]
    assert len(left) == len(came)
    seen, senders = set(), set()
    for i, (a, b) in enumerate(zip(came, left)):
        length = sizes[i % len(sizes)] - 14 if not gone else None
        if way == "native":
            src, dst, before = nets["from"], nets["to"], inside(bytes(a)[14:], inner)
            assert (a.dst, a.src, b.dst, b.src) == (CORE, FROM_CORE, FROM_CORE, CORE)
            after = inside(bytes(b)[14:], inner)
        elif way == "encap":
            src, dst, before = nets["here"], nets["there"], inside(bytes(a)[14:], inner)
            assert (a.dst, a.src) == (SITE, FROM_SITE)
            after = tunnelled(b, inner, outer, rlocs["rloc"], rlocs["far"], (FROM_CORE, CORE), 63)
        else:
            src, dst = nets["there"], nets["here"]
            before = tunnelled(a, inner, outer, rlocs["far"], rlocs["rloc"], (CORE, FROM_CORE), 64)
            assert (b.dst, b.src) == (FROM_SITE, SITE)
            after = inside(bytes(b)[14:], inner)
        header(before, inner, src, dst, length or len(bytes(before)))
        header(after, inner, src, dst, length or len(bytes(after)), 63)
        # all that is not a hop is as it was
        for p in (before, after):
            if inner == 4:
                p.ttl, p.chksum = 0, 0
            else:
                p.hlim = 0
        assert bytes(before) == bytes(after), (case, i)
        seen.add(after.dst)
        senders.add(after.src)
    assert (len(seen), len(senders)) == (flows, sources), (case, len(seen), len(senders))


def test_ways():
    for way, small in (("native4", 60), ("native6", 62), ("encap4in4", 60), ("encap4in6", 60), ("encap6in4", 62),
                       ("encap6in6", 62), ("decap4in4", 60), ("decap4in6", 60), ("decap6in4", 62), ("decap6in6", 62)):
        one(way + "/flows=100/burst=8", 128, [small], 100)


def test_sizes():
    imix = [SIZES[0 if o == 0 else 7 if o == 1 else 11] for o in (0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 1, 0)]
    assert sorted(imix) == sorted(SIZES)
    for way in ("native4", "encap4in6", "decap4in4"):
        one(way + "/flows=5/size=imix/burst=12", 16 * 12, imix, 5)
        for size, seg in ((65, 0), (1518, 0), (1518, 128), (9000, 0), (9000, 2048)):
            one("%s/flows=5/size=%d/burst=4%s" % (way, size, "/seg=%d" % seg if seg else ""), 64, [size - 4], 5)


def test_sources():
    for way, size in (("encap4in6", 60), ("encap6in4", 62), ("decap4in4", 60), ("decap6in6", 62)):
        one(way + "/flows=7/sources=30/burst=8", 128, [size], 7, sources=30)
    for check in ("off", "loose", "strict"):
        one("decap4in6/flows=7/sources=3/burst=8/check=" + check, 128, [60], 7, sources=3)


def test_bursts():
    for burst in (1, 63, 65, 256):
        one("encap4in4/flows=1/burst=%d" % burst, 16 * burst, [60], 1)


def test_hits():
    """Of each hundred so many, to the packet; another port's beside them."""
    one("encap4in4/flows=9/hits=90/burst=100", 1600, [60], 9, misses=160)
    one("encap4in4/flows=9/hits=1/burst=100", 1600, [60], 9, misses=1584)
    one("encap6in6/flows=9/hits=99/burst=100", 1600, [62], 9, misses=16)
    one("encap4in4/flows=9/hits=25/burst=16/ports=2", 256, [60], 9, misses=192)


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(name)
