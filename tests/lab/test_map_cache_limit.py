# SPDX-License-Identifier: BSD-3-Clause
"""A small map-cache, and a host of the site that scans."""

import socket
import time

import pytest

import conf
import lab as labs
import traffic

N = 400      # EIDs that are scanned
LIMIT = 40
COUNTED = "10.3.2.1"


def eids():
    return ["10.3.%d.%d" % (i >> 8, i & 255) for i in range(N)]


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        configs = conf.lab1()
        r2, r3 = configs["r2"], configs["r3"]
        r2["lisp"] = {"map-cache-limit": LIMIT}
        r2["map-cache"] = (conf.mapping(COUNTED + "/32", "172.16.1.3") | {"counters": True},)
        r3["database-mapping"] += tuple(conf.mapping(e + "/32", "172.16.1.3") for e in [*eids(), COUNTED])
        r3["routes"] = ({"prefix": "10.3.0.0/22", "via": "10.2.2.5"},)
        configs["r1"]["site"][1]["eid-prefix"] += ({"prefix": "10.3.0.0/22", "accept-more-specifics": True},)
        lab.run("r5", "ip", "route", "add", "local", "10.3.0.0/22", "dev", "lo")
        lab.start_all(configs)
        # R3 knows R5's MAC: the subject here is the map-cache
        traffic.ping(lab, "r3", "10.2.2.5", 1, source="10.2.2.3")
        yield lab


def summary(lab):
    doc = lab.ctl("r2", "show", "map-cache", "summary")
    (only,) = doc["instances"]
    return doc["total"], only


def test_scan(lab):
    """Ten times the limit: no packet of the scan is lost, and none of the stream beside it, whose mapping stays."""
    lab.clear("r2", "r3")
    before, _ = summary(lab)
    assert before["limit"] == LIMIT and before["dynamic"] == 0
    traffic.ping(lab, "r4", "10.2.2.5", 3)
    begin = time.monotonic()
    with lab.inside("r5"):
        rx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rx.setsockopt(socket.SOL_SOCKET, traffic.SO_RCVBUFFORCE, 8 << 20)
        rx.bind(("0.0.0.0", 7777))
    with lab.inside("r4"):
        tx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stream = traffic.Stream(lab, "r4", "10.1.1.4", "r5", "10.2.2.5", 7200, rate=20).start()
    got = set()
    with rx, tx, lab.no_drops("r2"):
        rx.settimeout(0.01)
        for e in eids():
            tx.sendto(e.encode(), (e, 7777))
            try:
                got.add(rx.recv(64).decode())
            except TimeoutError:
                pass
        rx.settimeout(2)
        try:
            while len(got) < N:
                got.add(rx.recv(64).decode())
        except TimeoutError:
            pass
    stream.finish()
    stream.perfect()
    assert got == set(eids())
    total, only = summary(lab)
    assert total["dynamic"] == only["dynamic"] == LIMIT
    # where the machine halts for a moment, more answers may come at once than there is room for: some are asked for twice
    assert N + 1 - LIMIT <= total["evicted"] - before["evicted"] <= N + N // 10
    assert total["static"] == before["static"] and total["resolving"] == only["resolving"] == 0
    assert lab.counters("r2")["map-cache-evicted"] == total["evicted"]
    # the stream's mapping was never asked for again
    (mapping,) = [e for e in lab.entries("r2") if e["eid"] == "10.2.2.0/24"]
    assert mapping["uptime_s"] >= int(time.monotonic() - begin) - 1
    assert mapping["packets"] is None and mapping["bytes"] is None
    text = lab.show("r2", "map-cache", "summary")
    assert text.splitlines()[0].split() == ["Instance", "Entries", "Static", "Dynamic", "Limit", "Evicted", "Resolving"]
    assert text.splitlines()[-1].split()[0] == "all"


def test_counters(lab):
    """A configured entry that counts: what left for it, outer IP headers and all."""
    def entry():
        (e,) = [e for e in lab.ctl("r2", "show", "map-cache", COUNTED)["entries"] if e["eid"] == COUNTED + "/32"]
        return e

    before = entry()
    assert before["source"] == "static"
    traffic.ping(lab, "r4", COUNTED, 5, size=100)
    after = entry()
    assert after["packets"] - before["packets"] == 5
    assert after["bytes"] - before["bytes"] == 5 * (100 + 28 + 36)
    # a question is no packet
    lab.ctl("r2", "show", "forwarding", COUNTED, "from", "10.1.1.4")
    assert entry()["packets"] == after["packets"]
