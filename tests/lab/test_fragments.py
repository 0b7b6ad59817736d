# SPDX-License-Identifier: BSD-3-Clause
"""
Fragments, made by hosts and of LISP packets. The ports are net_pcap here: the socket of net_af_packet joins a fanout
group that puts fragments together before DPDK sees them, so what this file tests would never happen.
"""

import logging

import pytest

import conf
import lab as labs
import traffic
from test_headers import IP, UDP, Bytes, Ether, arrives, inner_udp
import lisp

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import fragment  # noqa: E402


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        lab.start_all(conf.on_pcap(conf.lab1()))
        traffic.ping(lab, "r5", "10.1.1.4", 2)
        yield lab


@pytest.mark.parametrize("state", ["cold", "warm"])
@pytest.mark.parametrize("size", [1473, 4000, 20000])
def test_large_pings(lab, size, state):
    """Fragments made by the hosts; those that do not fit with the outer headers are split once more."""
    if state == "cold":
        lab.clear("r2", "r3")
    traffic.ping(lab, "r4", "10.2.2.5", 3, size=size, options=("-M", "dont"))


@pytest.mark.parametrize("order", ["in order", "backwards"])
@pytest.mark.parametrize("size", [100, 600, 1400, 1500])
def test_fragments_of_lisp_data(lab, size, order):
    """A LISP packet that comes in fragments is put together by Linux and decapsulated by control."""
    packet, mark = inner_udp()
    packet = packet / Bytes(bytes(size - len(packet)))
    whole = IP(src="172.16.1.3", dst="172.16.1.2", id=size + (order == "backwards"), ttl=33, tos=46 << 2) / \
        UDP(sport=50001, dport=4341, chksum=0) / Bytes(lisp.w_data(bytes(packet)))
    parts = fragment(IP(bytes(whole)), fragsize=min((size // 2 + 7) & ~7, 1400))
    assert len(parts) >= 2
    mac = traffic.mac_of(lab, "r2", "core")
    with traffic.Raw(lab, "r4", "eth0") as r4, traffic.Raw(lab, "x", "eth0") as x:
        for p in parts if order == "in order" else reversed(parts):
            x.send(Ether(dst=mac) / p)
        got = arrives(r4, mark)
        assert len(got) == size
        assert (got.src, got.dst, got.ttl, got.tos) == ("10.2.2.5", "10.1.1.4", 32, 46 << 2)


def test_inner_packet_larger_than_the_site_takes(lab):
    """It leaves towards R4 in fragments that fit, all of it (RFC 1812 5.2.7.1: DF is not set)."""
    packet, mark = inner_udp(id=4711)
    packet = packet / Bytes(bytes(3000 - len(packet)))
    whole = IP(src="172.16.1.3", dst="172.16.1.2", id=4711) / UDP(sport=50001, dport=4341, chksum=0) / \
        Bytes(lisp.w_data(bytes(packet)))
    with traffic.Raw(lab, "r4", "eth0") as r4, traffic.Raw(lab, "x", "eth0") as x:
        for p in fragment(IP(bytes(whole)), fragsize=1400):
            x.send(Ether(dst=traffic.mac_of(lab, "r2", "core")) / p)
        got = []

        def complete(frame):
            ip = IP(frame[14:]) if frame[12:14] == b"\x08\0" else None
            if ip is None or ip.id != 4711 or ip.src != "10.2.2.5":
                return False
            assert ip.len <= 1500
            got.append(ip)
            return sum(p.len - 20 for p in got) == 2980

        r4.expect(complete, 5, "2,980 bytes in fragments")
    assert sorted(p.frag * 8 for p in got)[0] == 0 and len({p.frag for p in got}) == len(got)


def test_fragments_that_never_complete(lab):
    """They harm nobody."""
    packet, mark = inner_udp()
    whole = IP(src="172.16.1.3", dst="172.16.1.2", id=9999) / UDP(sport=50001, dport=4341, chksum=0) / \
        Bytes(lisp.w_data(bytes(packet / Bytes(bytes(1000)))))
    parts = fragment(IP(bytes(whole)), fragsize=256)
    mac = traffic.mac_of(lab, "r2", "core")
    with traffic.Raw(lab, "x", "eth0") as x:
        for n in range(2000):
            part = parts[n % (len(parts) - 1)]
            part.id = n & 0xffff
            x.send(Ether(dst=mac) / part)
    traffic.ping(lab, "r4", "10.2.2.5", 3)
