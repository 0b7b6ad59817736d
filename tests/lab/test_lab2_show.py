# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: the coarse prefix; and what the operator is told: show petrs, show rlocs, show forwarding, lig."""

import random
import socket

import pytest

import conf
import lisp
import traffic
from capture import Capture
from lab import CtlError
from proc import wait_until
from world import FOREIGN, asked, cold


def send_to(lab, addresses, port=9):
    with lab.inside("h1"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for a in addresses:
            s.sendto(b"coarse", (a, port))


def test_coarse_prefix(lab2):
    """
    One Map-Request for 4.2.2.2, none for 100 other addresses under 0.0.0.0/1, which all go to the PETR; after its 15
    minutes, one more.
    """
    rng = random.Random(4222)
    # no special addresses: 1.0.0.0 to 9.255.255.255 and 11.0.0.0 to 126.255.255.255
    others = ["%d.%d.%d.%d" % (rng.choice([1, 2, 3, *range(5, 10), *range(11, 127)]), rng.randrange(256),
        rng.randrange(256), rng.randrange(1, 255)) for _ in range(100)]
    # the outside world has no way to them: it is not to complain
    lab2.ip("outsideworld", "route", "replace", "blackhole", "default")
    cold(lab2)
    with Capture(lab2, "core", "br1", "udp") as cap, Capture(lab2, "core", "br3", "udp") as beyond:
        traffic.ping(lab2, "h1", "4.2.2.2", 3)
        send_to(lab2, others)
        wait_until(lambda: len(list(beyond.udp(9))) >= 100, 10, "100 packets behind the PETR")
        cap.stop()
        beyond.stop()
    assert sorted(d["dst"] for d in beyond.udp(9)) == sorted(others)
    assert asked(cap) == ["4.2.2.2/32"]
    lab2.ctl("lisp1", "clock", "advance", 14 * 60)
    assert [e["eid"] for e in lab2.entries("lisp1")] == ["0.0.0.0/1"]
    lab2.ctl("lisp1", "clock", "advance", 61)
    wait_until(lambda: lab2.entries("lisp1") == [], 5, "expiry")
    # a jump of the clock may look like a probe that had no answer
    lab2.wait_petr("lisp1", conf.R1)
    with Capture(lab2, "core", "br1", "udp") as cap:
        traffic.ping(lab2, "h1", "4.2.2.2", 3)
        send_to(lab2, others[:10])
        traffic.ping(lab2, "h1", "4.2.2.2", 1)
        cap.stop()
    assert asked(cap) == ["4.2.2.2/32"]


def test_show_petrs(lab2):
    traffic.ping(lab2, "h1", "4.2.2.2", 3)
    doc = lab2.ctl("lisp1", "show", "petrs")
    (p,) = doc["petrs"]
    assert doc["use"] == "always"
    assert (p["rloc"], p["priority"], p["weight"], p["state"], p["used"], p["reason"], p["probing"]) == (
        "10.0.3.1", 1, 100, "up", True, None, True)
    assert p["rtt_ms"] > 0 and p["next_hop"] == "10.0.1.1" and p["port"] == "core", p
    before = p["packets"], p["bytes"]
    traffic.ping(lab2, "h1", "4.2.2.2", 4)
    p = lab2.petrs("lisp1")["10.0.3.1"]
    assert p["packets"] - before[0] == 4 and p["bytes"] > before[1], (before, p)
    assert lab2.ctl("r1", "show", "petrs")["petrs"] == []
    assert "10.0.3.1" in lab2.show("lisp1", "petrs")


def test_show_rlocs(lab2):
    """RLOCs of mappings are probed: lisp1 knows that lisp2's is up, and how far."""
    traffic.ping(lab2, "h1", "192.168.2.5", 1)

    def line():
        return next(r for r in lab2.ctl("lisp1", "show", "rlocs")["rlocs"] if r["rloc"] == "10.0.2.2")
    wait_until(lambda: line()["probe"] == "up", 10, "answered probe of 10.0.2.2")
    got = line()
    assert 0 < got["rtt_ms"] < 1000 and got["probes_sent"] >= got["probes_answered"] >= 1, got
    assert got["last_answer_s"] is not None and got["last_answer_s"] < 10, got


@pytest.mark.parametrize("router,address,source,port,warm,want", [
    ("lisp1", "4.2.2.2", "192.168.1.4", "site", False, {"action": "resolve"}),
    ("lisp1", "4.2.2.2", "192.168.1.4", "site", True, {"action": "encapsulate", "rloc": "10.0.3.1", "port": "core",
        "source_rloc": "10.0.1.2", "next_hop": "10.0.1.1"}),
    ("lisp1", "192.168.2.5", "192.168.1.4", "site", True, {"action": "encapsulate", "rloc": "10.0.2.2"}),
    ("lisp1", "4.2.2.2", FOREIGN, "site", True, {"action": "drop"}),
    ("lisp1", "192.168.1.4", "4.2.2.2", "core", True, {"action": "forward", "port": "site"}),
    ("lisp1", "192.168.1.1", "192.168.1.4", "site", True, {"action": "linux"}),
    ("r1", "192.168.1.4", "4.2.2.2", "world", False, {"action": "resolve"}),
    ("r1", "192.168.1.4", "4.2.2.2", "world", True, {"action": "encapsulate", "rloc": "10.0.1.2", "port": "lisp1"}),
    ("r1", "192.168.77.7", "4.2.2.2", "world", True, {"action": "drop"}),
    ("r1", "4.2.2.2", "192.168.1.4", "lisp1", True, {"action": "forward", "next_hop": "10.0.3.2", "port": "world"}),
])
def test_show_forwarding(lab2, router, address, source, port, warm, want):
    cold(lab2)
    if warm:
        traffic.ping(lab2, "h1", "4.2.2.2", 1)
        traffic.ping(lab2, "h1", "192.168.2.5", 1)
    doc = lab2.ctl(router, "show", "forwarding", address, "from", source, "port", port)
    assert {k: doc["result"].get(k) for k in want} == want, doc
    assert (doc["address"], doc["source"], doc["port"], doc["instance"]) == (address, source, port, 0)
    assert doc["steps"] and all(s["step"] and s["text"] for s in doc["steps"]) and doc["result"]["text"]
    text = lab2.show(router, "forwarding", address, "from", source, "port", port)
    assert doc["result"]["text"] in text, text


def test_show_forwarding_sends_nothing(lab2):
    """A question about a packet is no packet: nobody is asked for the EID, no counter moves."""
    cold(lab2)
    before = lab2.counters("lisp1")["encapsulated"], lab2.drops("lisp1")
    with Capture(lab2, "core", "br1", "udp port 4342") as cap:
        for a in ("4.2.2.2", "192.168.2.5"):
            lab2.ctl("lisp1", "show", "forwarding", a, "from", "192.168.1.4")
        traffic.ping(lab2, "lisp1", "10.0.1.1", 1)
        cap.stop()
    assert not asked(cap) and lab2.entries("lisp1") == []
    assert (lab2.counters("lisp1")["encapsulated"], lab2.drops("lisp1")) == before


@pytest.mark.parametrize("router,words,eid,rlocs", [
    ("lisp1", ["4.2.2.2"], "0.0.0.0/1", []),
    ("lisp1", ["192.168.2.5"], "192.168.2.0/24", ["10.0.2.2"]),
    ("lisp1", ["192.168.2.5", "to", conf.R1], "192.168.2.0/24", ["10.0.2.2"]),
    ("r1", ["4.2.2.2"], "0.0.0.0/1", []),
    ("r1", ["192.168.1.4"], "192.168.1.0/24", ["10.0.1.2"]),
    ("r1", ["192.168.2.5"], "192.168.2.0/24", ["10.0.2.2"]),
])
def test_lig(lab2, router, words, eid, rlocs):
    """RFC 6835: the mapping system's answer and how long it took; nothing is learned from it."""
    cold(lab2)
    # R1's question to itself is to be seen on its loopback interface alone
    with Capture(lab2, *(("core", "br1") if router == "lisp1" else ("r1", "lo")), "udp port 4342") as cap:
        doc = lab2.ctl(router, "lig", *words)
        cap.stop()
    asked_for = [m["inner"] for m in cap.control(lisp.ECM) if m["to"] == conf.R1]
    assert [[r["eid"] for r in m["records"]] for m in asked_for] == [[words[0] + "/32"]]
    assert doc["nonce"] == "0x%08X-0x%08X" % divmod(asked_for[0]["nonce"], 1 << 32)
    (record,) = doc["records"]
    assert (doc["eid"].split("/")[0], doc["map_resolver"], doc["instance"]) == (words[0], conf.R1, 0), doc
    assert doc["rtt_ms"] > 0 and doc["tries"] == 1, doc
    assert (record["eid"], [x["rloc"] for x in record["locators"]]) == (eid, rlocs), doc
    if rlocs:
        assert doc["from"] == rlocs[0] and record["authoritative"] and record["ttl_min"] == 1440, doc
    else:
        assert (record["action"], record["ttl_min"]) == ("natively-forward", 15), doc
    assert lab2.entries(router) == []


def test_lig_says_why_not(lab2):
    """Nobody answers at x: an error of one line, not a wait without end."""
    with pytest.raises(CtlError) as e:
        lab2.ctl("lisp1", "lig", "4.2.2.2", "to", "10.0.1.9")
    assert "10.0.1.9" in str(e.value) and len(str(e.value).splitlines()) == 1
