# SPDX-License-Identifier: BSD-3-Clause
"""Minutes and hours pass in moments: test-clock, driven by `xtrctl clock advance`."""

import pytest

import conf
import lab as labs
import lisp
import traffic
from capture import Capture
from proc import wait_until


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        configs = conf.lab1()
        for c in configs.values():
            c["test-clock"] = True
        configs["r3"]["database-mapping"][0]["ttl"] = 10
        lab.start_all(configs)
        yield lab


def advance(lab, router, seconds):
    lab.ctl(router, "clock", "advance", seconds)


def only(lab, router="r2"):
    (e,) = lab.entries(router)
    return e


def test_registers_every_minute(lab):
    """And the nonces rise."""
    with Capture(lab, "core", "br0", "udp port 4342") as cap:
        for n in range(1, 4):
            advance(lab, "r2", 60)
            wait_until(lambda: len([m for m in cap.control(lisp.REGISTER) if m["from"] == "172.16.1.2"]) >= n, 5,
                "Map-Register %d" % n)
        cap.stop()
    nonces = [m["nonce"] for m in cap.control(lisp.REGISTER) if m["from"] == "172.16.1.2"]
    # a jump of the clock may look like a Map-Notify that did not come, so there may be more
    assert len(nonces) >= 3 and nonces == sorted(set(nonces))


def test_mapping_lives_for_its_ttl(lab):
    """10 minutes: there just before, gone just after, asked for again, nothing lost."""
    lab.clear("r2", "r3")
    traffic.ping(lab, "r4", "10.2.2.5")
    e = only(lab)
    assert (e["eid"], e["ttl_min"]) == ("10.2.2.0/24", 10) and 590 <= e["expires_s"] <= 600
    advance(lab, "r2", 580)
    assert only(lab)["eid"] == "10.2.2.0/24" and only(lab)["expires_s"] <= 20
    before = lab.counters("r2")["map-cache-expired"]
    advance(lab, "r2", 30)
    wait_until(lambda: lab.entries("r2") == [], 5, "expiry")
    assert lab.counters("r2")["map-cache-expired"] == before + 1
    traffic.ping(lab, "r4", "10.2.2.5")


def test_negative_entry_lives_15_minutes(lab):
    lab.clear("r2", "r3")
    traffic.ping(lab, "r4", "10.9.9.9", 1, wait=1, check=False)
    e = wait_until(lambda: [e for e in lab.entries("r2") if e["state"] == "negative"], 5, "negative entry")[0]
    assert e["ttl_min"] == 15
    advance(lab, "r2", 14 * 60)
    assert only(lab)["state"] == "negative"
    advance(lab, "r2", 61)
    wait_until(lambda: lab.entries("r2") == [], 5, "expiry")


def test_dead_etr_is_forgotten(lab):
    """Without registers for 3 minutes the registration goes; then 1 minute negative; when it is back, all is well."""
    lab.clear("r2", "r3")
    lab.end("r3")
    before = lab.counters("r1")["registration-expired"]
    advance(lab, "r1", 170)
    assert "10.2.2.0/24" in {r["eid"] for r in lab.registrations()}
    advance(lab, "r1", 20)
    wait_until(lambda: "10.2.2.0/24" not in {r["eid"] for r in lab.registrations()}, 5, "expiry of the registration")
    assert lab.counters("r1")["registration-expired"] > before
    traffic.ping(lab, "r4", "10.2.2.5", 1, wait=1, check=False)
    e = wait_until(lambda: [e for e in lab.entries("r2") if e["state"] == "negative"], 5, "negative entry")[0]
    assert (e["eid"], e["ttl_min"]) == ("10.2.2.0/24", 1)
    lab.start("r3")
    wait_until(lambda: "10.2.2.0/24" in {r["eid"] for r in lab.registrations()}, 10, "registration")
    advance(lab, "r2", 61)
    wait_until(lambda: lab.entries("r2") == [], 5, "expiry of the negative entry")
    # R1 has forgotten R2, too, while its clock was ahead
    advance(lab, "r2", 60)
    wait_until(lambda: "10.1.1.0/24" in {r["eid"] for r in lab.registrations()}, 10, "registration")
    lab.clear("r3")
    traffic.ping(lab, "r4", "10.2.2.5")


def test_resolution_that_gets_no_answer(lab):
    """Requests are repeated with growing gaps, then given up; what was held is a counted drop; later it works again."""
    lab.clear("r2", "r3")
    lab.end("r1")
    drops = sum(lab.drops("r2").values())
    with Capture(lab, "core", "br0", "udp port 4342") as cap:
        traffic.ping(lab, "r4", "10.2.2.5", 1, wait=1, check=False)
        for n in range(2, 4):
            advance(lab, "r2", 8)
            wait_until(lambda: len(cap.control(lisp.ECM)) >= n, 5, "Map-Request %d" % n)
        cap.stop()
    wait_until(lambda: sum(lab.drops("r2").values()) == drops + 1, 10, "the held packet dropped and counted")
    lab.start("r1")
    advance(lab, "r2", 60)
    advance(lab, "r3", 60)
    wait_until(lambda: len(lab.registrations()) == 2, 10, "registrations")
    lab.clear("r2", "r3")
    traffic.ping(lab, "r4", "10.2.2.5")
