# SPDX-License-Identifier: BSD-3-Clause
"""A thousand EID prefixes resolved at once."""

import socket
import struct
import time

import pytest

import conf
import traffic

N = 1000


@pytest.fixture(scope="module")
def lab(request):
    import lab as labs
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        configs = conf.lab1()
        r3 = configs["r3"]
        r3["database-mapping"] += tuple(conf.mapping(e + "/32", "172.16.1.3") for e in eids())
        r3["routes"] = ({"prefix": "10.3.0.0/22", "via": "10.2.2.5"},)
        site = configs["r1"]["site"][1]
        site["eid-prefix"] += ({"prefix": "10.3.0.0/22", "accept-more-specifics": True},)
        lab.run("r5", "ip", "route", "add", "local", "10.3.0.0/22", "dev", "lo")
        lab.start_all(configs)
        # R3 knows R5's MAC: the subject here is the mapping system
        traffic.ping(lab, "r3", "10.2.2.5", 1, source="10.2.2.3")
        yield lab


def eids():
    return ["10.3.%d.%d" % (i >> 8, i & 255) for i in range(N)]


@pytest.mark.parametrize("each", [1, 4])
def test_a_thousand_at_once(lab, each):
    """`each` packets to each of 1,000 unresolved EIDs as fast as a socket takes them: none lost, each EID's in order."""
    lab.clear("r2", "r3")
    with lab.inside("r5"):
        rx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rx.setsockopt(socket.SOL_SOCKET, traffic.SO_RCVBUFFORCE, 32 << 20)
        rx.bind(("0.0.0.0", 7777))
    with lab.inside("r4"):
        tx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with rx, tx:
        sent = 0
        for e in eids():
            for i in range(each):
                tx.sendto(struct.pack("!4sI", socket.inet_aton(e), i), (e, 7777))
                sent += 1
        got = {e: [] for e in eids()}
        received = 0
        end = time.monotonic() + 10
        rx.settimeout(0.5)
        while received < sent and time.monotonic() < end:
            try:
                d = rx.recv(64)
            except TimeoutError:
                continue
            got[socket.inet_ntoa(d[:4])].append(struct.unpack("!I", d[4:])[0])
            received += 1
    lost = {e: v for e, v in got.items() if len(v) < each}
    assert not lost, "%d of %d lost, e.g. %s; drops %s" % (sent - received, sent, list(lost.items())[:5], lab.drops("r2"))
    assert all(v == list(range(each)) for v in got.values())
    complete = [e for e in lab.entries("r2") if e["state"] == "complete" and e["eid"].endswith("/32")]
    assert len(complete) == N
