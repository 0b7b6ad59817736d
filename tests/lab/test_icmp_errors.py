# SPDX-License-Identifier: BSD-3-Clause
"""
ICMP errors that xtrd sends, as they are on the wire, judged by scapy: RFC 792, 1122 3.2.2, 1191, 1812 4.3. The ports are
net_pcap: see test_fragments.py.
"""

import itertools
import logging

import pytest

import conf
import lab as labs
import traffic
from test_headers import wires  # noqa: F401

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw as Bytes  # noqa: E402

OWN = "10.1.1.2"
FITS = 1500 - 36
_ident = itertools.count(1)


@pytest.fixture(scope="module")
def lab1():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        lab.start_all(conf.on_pcap(conf.lab1()))
        yield lab


def sized(p, size, mark=b"x"):
    """The packet, of this IP length, with the mark in front of its payload; built."""
    payload = mark + bytes(i & 0xff for i in range(size - len(p) - len(mark)))
    return IP(bytes(p / Bytes(payload)))


def mark():
    return b"mark%08d" % next(_ident)


def send(lab, wires, p):
    wires["r4"].send(Ether(dst=traffic.mac_of(lab, "r2", "site")) / p)


def answer(wires, about, limit=5):
    """The ICMP error about this packet, as R4 sees it; what must hold of any."""
    head = bytes(about)[:20]

    def is_it(f):
        if f[12:14] != b"\x08\0":
            return None
        p = IP(f[14:])
        return p if p.proto == 1 and bytes(p)[28:48] == head else None

    p = wires["r4"].expect(is_it, limit, "an ICMP error about %s" % about.summary())
    whole = bytes(p)
    # RFC 1812 4.3.2.3: as much as fits into 576 bytes, and as it came (4.3.2.7)
    quote = bytes(about)[:548]
    assert whole[28:28 + len(quote)].hex() == quote.hex()
    assert p.len == 28 + len(quote) <= 576
    assert (p.src, p.dst, p.ihl, p.frag) == (OWN, about.src, 5, 0)
    good = IP(whole[:p.len])
    del good.chksum, good[ICMP].chksum
    good = IP(bytes(good))
    assert (good.chksum, good[ICMP].chksum) == (p.chksum, p[ICMP].chksum)
    return p[ICMP]


def silent(lab, wires, p):
    """Nothing is said about p: what is sent behind it is answered, and came first."""
    behind = sized(IP(src="10.1.1.4", dst="10.2.2.5", flags="DF", id=next(_ident)) / UDP(sport=9, dport=9), 1500, mark())
    send(lab, wires, p)
    send(lab, wires, behind)
    seen = []

    def look(f):
        icmp = f[12:14] == b"\x08\0" and f[23] == 1 and f[34] in (3, 11)
        if icmp and f[42:62] == bytes(p)[:20]:
            seen.append(f)
        return icmp and f[42:62] == bytes(behind)[:20]

    wires["r4"].expect(look, 5, "an ICMP error about the packet behind")
    assert not seen, IP(seen[0][14:]).summary()


@pytest.fixture(autouse=True)
def known(lab1):
    """R2 has the mapping of R5."""
    traffic.ping(lab1, "r4", "10.2.2.5", 1)


@pytest.mark.parametrize("size", [FITS + 1, 1480, 1500])
@pytest.mark.parametrize("upper", [UDP(sport=9, dport=9), TCP(sport=9, dport=9), ICMP(type=8)], ids=["udp", "tcp", "echo"])
def test_too_big(lab1, wires, upper, size):
    p = sized(IP(src="10.1.1.4", dst="10.2.2.5", flags="DF", id=next(_ident), ttl=33, tos=0xb8) / upper, size)
    send(lab1, wires, p)
    e = answer(wires, p)
    assert (e.type, e.code, e.nexthopmtu) == (3, 4, FITS)


def test_first_fragment_is_too_big(lab1, wires):
    p = sized(IP(src="10.1.1.4", dst="10.2.2.5", flags="DF+MF", id=next(_ident)) / UDP(sport=9, dport=9), 1500)
    send(lab1, wires, p)
    e = answer(wires, p)
    assert (e.type, e.code, e.nexthopmtu) == (3, 4, FITS)


@pytest.mark.parametrize("ttl", [0, 1])
def test_time_exceeded(lab1, wires, ttl):
    p = sized(IP(src="10.1.1.4", dst="10.2.2.5", id=next(_ident), ttl=ttl) / UDP(sport=9, dport=9), 100)
    send(lab1, wires, p)
    e = answer(wires, p)
    assert (e.type, e.code) == (11, 0)


def test_no_route(lab1, wires):
    """What the mapping system calls natively-forward has no route here: network unreachable."""
    for size in (28, 100, 1500):
        p = sized(IP(src="10.1.1.4", dst="198.51.100.1", id=next(_ident)) / UDP(sport=9, dport=9), size, b"")
        send(lab1, wires, p)
        e = answer(wires, p)
        assert (e.type, e.code) == (3, 0)


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_never_about_errors(lab1, wires, kind):
    silent(lab1, wires, sized(IP(src="10.1.1.4", dst="10.2.2.5", flags="DF", id=next(_ident)) / ICMP(type=kind), 1500))


def test_never_about_later_fragments(lab1, wires):
    p = IP(src="10.1.1.4", dst="10.2.2.5", flags="DF", id=next(_ident), frag=185, proto=17)
    silent(lab1, wires, sized(p, 1500))
    p = IP(src="10.1.1.4", dst="198.51.100.1", id=next(_ident), frag=185, proto=17)
    silent(lab1, wires, sized(p, 100))


def test_never_to_nobody(lab1, wires):
    """Sources that are no host's, and destinations that are many's."""
    for src, dst in (("127.0.0.1", "10.2.2.5"), ("224.0.0.1", "10.2.2.5"), ("10.1.1.4", "224.0.0.77"),
        ("10.1.1.4", "255.255.255.255")):
        silent(lab1, wires, sized(IP(src=src, dst=dst, flags="DF", id=next(_ident)) / UDP(sport=9, dport=9), 1500))
