# SPDX-License-Identifier: BSD-3-Clause
"""
A host scans addresses that nobody answers for, tens of thousands a second. Packets of mappings that are known are not
lost, also those that come by the scanner's own port; hosts of another port of its instance, and of another instance,
find EIDs that nobody asked for before; and the control lcore does what it has to.

    r4 scanner, site port of R2                    r5 behind R3
    r6 on a second site port, the same instance      (10.2.2.5, and 10.3.0.0/24 as /32s)
    r7 on a third, in instance 200                 r8 behind R3, in instance 200 (10.8.0.0/24 as /32s)
    x  an ETR that registered what is scanned, and died
"""

import pathlib
import re
import sys

import pytest

import conf
import lab as labs
import traffic
from lab import SANITIZED
from proc import wait_until

RATE = 3000 if SANITIZED else 30000
IID = 200
SCANNED = ("10.64.0.0", 1 << 22)
NEW = 24  # EIDs of each kind that nobody asked for before
XTRS = ("r2", "r3")


@pytest.fixture(scope="module", params=[1, 2], ids=["one_worker", "two_workers"])
def lab(request):
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        lab.add_ns("r6", "r7", "r8")
        for host, router, iface, address, gateway in (("r6", "r2", "r2-site2", "10.1.4.6/24", "10.1.4.1"),
                ("r7", "r2", "r2-site3", "10.7.1.7/24", "10.7.1.1"),
                ("r8", "r3", "r3-site3", "10.8.2.8/24", "10.8.2.1")):
            lab.link(host, "eth0", router, iface)
            lab.host(host, "eth0", address, gateway)
        lab.run("r5", "ip", "route", "add", "local", "10.3.0.0/24", "dev", "lo")
        lab.run("r8", "ip", "route", "add", "local", "10.8.0.0/24", "dev", "lo")
        for router, ifaces in (("r2", ("r2-site2", "r2-site3")), ("r3", ("r3-site3",))):
            lab.run(router, "nft", "add table netdev more" + "".join(
                "; add chain netdev more c%d { type filter hook ingress device %s priority 0; policy drop; }" % (i, iface)
                for i, iface in enumerate(ifaces)))
        lab.start_all(configs(request.param))
        # R3 knows its hosts' MACs
        traffic.ping(lab, "r3", "10.2.2.5", 1, source="10.2.2.3")
        lab.kill("x")
        yield lab


def configs(workers):
    c = conf.lab1()
    r2, r3 = c["r2"], c["r3"]
    for r in (r2, r3):
        r["eal"] = {"workers": [-1] * workers}
        r["test-clock"] = True
        r["lisp"] = {"probe-interval-ms": 1000}
    r2["ports"] += (conf.port("site2", "r2-site2", 2, "site", "10.1.4.1/24"),
        conf.port("site3", "r2-site3", 3, "site", "10.7.1.1/24", IID))
    r2["database-mapping"] += (conf.mapping("10.1.4.0/24", "172.16.1.2"),
        conf.mapping("10.7.1.0/24", "172.16.1.2", IID))
    r3["ports"] += (conf.port("site3", "r3-site3", 2, "site", "10.8.2.1/24", IID),)
    r3["database-mapping"] += tuple(conf.mapping("10.3.0.%d/32" % n, "172.16.1.3") for n in range(NEW))
    r3["database-mapping"] += tuple(conf.mapping("10.8.0.%d/32" % n, "172.16.1.3", IID) for n in range(NEW))
    r3["database-mapping"] += (conf.mapping("10.8.2.0/24", "172.16.1.3", IID),)
    r3["routes"] = ({"prefix": "10.3.0.0/24", "via": "10.2.2.5"}, {"prefix": "10.8.0.0/24", "via": "10.8.2.8"})
    site1, site2 = c["r1"]["site"]
    site1["eid-prefix"] += ("10.1.4.0/24", {"prefix": "10.7.1.0/24", "instance-id": IID})
    site2["eid-prefix"] += ({"prefix": "10.3.0.0/24", "accept-more-specifics": True},
        {"prefix": "10.8.0.0/22", "instance-id": IID, "accept-more-specifics": True})
    c["r1"]["site"] += (conf.site("gone", "10.64.0.0/10", "172.16.1.9"),)
    c["x"] = {
        "map-server": ({"address": "172.16.1.1", "key": conf.KEY, "algorithm": "sha256"},),
        "database-mapping": (conf.mapping("10.64.0.0/10", "172.16.1.9"),),
    }
    return c


class Flood:
    """The scan, while this is open."""

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        mac = traffic.mac_of(self.lab, "r2", "site")
        self.p = self.lab.spawn("r4", sys.executable, pathlib.Path(__file__).with_name("flood.py"), "eth0", mac,
            "10.1.1.4", *SCANNED, RATE)
        wait_until(lambda: "sending" in self.p.text(), 20, "the scanner")
        return self

    def __exit__(self, *_):
        self.p.stop()
        m = re.search(r"sent (\d+) in ([\d.]+) s", self.p.text())
        self.sent, self.rate = int(m[1]), int(m[1]) / float(m[2])


def registered(lab, eid):
    return next(r for r in lab.registrations() if r["eid"] == eid and r["instance"] == 0)


def test_nobody_else_notices(lab, record_property):
    lab.clear(*XTRS)
    traffic.ping(lab, "r4", "10.2.2.5", 3)
    traffic.ping(lab, "r6", "10.2.2.5", 3)
    before, counted = lab.drops("r2"), lab.counters("r2")
    with Flood(lab) as flood:
        # what is known: by the scanner's own port, and by another
        own = traffic.Stream(lab, "r4", "10.1.1.4", "r5", "10.2.2.5", 7701, rate=200).start()
        other = traffic.Stream(lab, "r6", "10.1.4.6", "r5", "10.2.2.5", 7702, rate=200).start()
        try:
            wait_until(lambda: labs.moved(before, lab.drops("r2")).get("punt-rate-limited", 0) > 1000 or SANITIZED, 20,
                "more than may be punted")
            # what nobody knows yet: the first packet is answered, in both instances
            for n in range(NEW):
                traffic.ping(lab, "r6", "10.3.0.%d" % n, 1, wait=5)
                traffic.ping(lab, "r7", "10.8.0.%d" % n, 1, wait=5)
                if n % 8 == 0:  # control: probes are answered, the operator too
                    (rloc,) = [r for r in lab.ctl("r2", "show", "rlocs")["rlocs"] if r["rloc"] == "172.16.1.3"]
                    assert rloc["state"] == "up", rloc
            nonce = registered(lab, "10.1.4.0/24")["nonce"]
            lab.ctl("r2", "clock", "advance", 60)
            wait_until(lambda: registered(lab, "10.1.4.0/24")["nonce"] != nonce, 10, "the next Map-Register")
        finally:
            own.finish()
            other.finish()
    drops = labs.moved(before, lab.drops("r2"))
    now = lab.counters("r2")
    print("scan: %d packets, %d a second; %d punted; %s" % (flood.sent, flood.rate,
        now["punted-map-cache-miss"] - counted["punted-map-cache-miss"], drops))
    record_property("scan_per_s", flood.rate)
    own.perfect()
    other.perfect()
    # nothing but the scan's own packets
    assert set(drops) <= {"punt-rate-limited", "hold-overflow-instance", "hold-overflow-total", "hold-timeout",
        "unresolved-eids-limit", "punt-ring-full"}, drops
    assert now["punted-map-cache-miss"] - counted["punted-map-cache-miss"] > 1000


def test_after_it(lab):
    """Nothing stays behind, and the scanner itself finds what is there."""
    lab.ctl("r2", "clock", "advance", 120)
    wait_until(lambda: lab.ctl("r2", "show", "map-cache", "summary")["total"]["resolving"] == 0, 20,
        "the end of what nobody answered")
    lab.clear("r2")
    traffic.ping(lab, "r4", "10.3.0.1", 3)
