# SPDX-License-Identifier: BSD-3-Clause
"""Lab 1 in instance 100: LCAF in the messages, the I bit in the data, nothing in instance 0."""

import struct

import pytest

import conf
import lab as labs
import lisp
import traffic
from capture import Capture, judge


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        lab.start_all(conf.lab1(iid=100))
        yield lab


def test_pings(lab):
    assert {(r["instance"], r["eid"]) for r in lab.registrations()} == {(100, "10.1.1.0/24"), (100, "10.2.2.0/24")}
    with Capture(lab, "core", "br0") as cap:
        traffic.ping(lab, "r4", "10.2.2.5", 5)
        cap.stop()
    judge(cap.path)
    ask = [m for m in cap.control(lisp.ECM) if m["from"] == "172.16.1.2"][0]["inner"]
    assert (ask["source"], ask["source_iid"]) == ("10.1.1.4", 100)
    assert ask["records"] == [{"eid": "10.2.2.5/32", "iid": 100, "reserved": 0}]
    (reply,) = [m for m in cap.control(lisp.REPLY) if m["to"] == "172.16.1.2"]
    assert [(r["eid"], r["iid"]) for r in reply["records"]] == [("10.2.2.0/24", 100)]
    data = list(cap.udp(4341))
    assert len(data) == 10
    for d in data:
        first, second = struct.unpack("!II", d["payload"][:8])
        assert first == 0x08000000 and second >> 8 == 100, d["payload"][:8].hex()


def test_cache_is_of_the_instance(lab):
    traffic.ping(lab, "r4", "10.2.2.5", 1)
    got = [e for e in lab.entries("r2", instance=100) if e["state"] == "complete"]
    assert [(e["instance"], e["eid"]) for e in got] == [(100, "10.2.2.0/24")]
    assert lab.entries("r2", instance=0) == []


def test_router_in_the_instance(lab):
    """The remote host, and the site's own host, reach the router's address in the instance."""
    traffic.ping(lab, "r5", "10.1.1.2")
    traffic.ping(lab, "r4", "10.1.1.2")


def test_data_of_another_instance_is_refused(lab):
    """The same packet with no instance, and with another, goes nowhere."""
    with traffic.Raw(lab, "r4", "eth0") as r4, lab.inside("r3"):  # from the RLOC of the source
        import socket
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inner = bytearray(bytes.fromhex("4500001e0001000040110000") + socket.inet_aton("10.2.2.5") +
            socket.inet_aton("10.1.1.4") + struct.pack("!HHHH", 9, 9, 10, 0) + b"zz")
        inner[10:12] = struct.pack("!H", lisp.checksum(bytes(inner[:20])))
        before = sum(lab.drops("r2").values())
        for iid in (None, 101):
            s.sendto(lisp.w_data(bytes(inner), iid=iid), ("172.16.1.2", 4341))
        s.sendto(lisp.w_data(bytes(inner).replace(b"zz", b"yy"), iid=100), ("172.16.1.2", 4341))
        seen = []
        r4.expect(lambda f: seen.append(f) or f[42:44] == b"yy", 5, "the packet of instance 100")
        assert not [f for f in seen if f[42:44] == b"zz" and f[23] == 17]
        assert sum(lab.drops("r2").values()) == before + 2
        s.close()
