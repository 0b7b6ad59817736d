# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: sites and the Internet talk, through R1 as proxy ITR and proxy ETR, and nobody loses a packet."""

import hashlib
import os

import pytest

import conf
import lisp
import traffic
from capture import Capture, layers
from world import BACK, BACK_WRAPPED, HOSTS, OUT, OUT_WRAPPED, PINGS, ROUTERS, asked, cold, every_hop

WAYS = [("h1", "w"), ("w", "h1"), ("h2", "w"), ("w", "h2"), ("h1", "h2")]


@pytest.fixture
def no_drops(lab2):
    """No drop counter of a router moves during the test."""
    with lab2.no_drops(*ROUTERS):
        yield


@pytest.mark.parametrize("run", range(4))
@pytest.mark.parametrize("source,target", WAYS)
def test_cold_pings(lab2, no_drops, source, target, run):
    """Five pings on cold caches: the field loses the first."""
    cold(lab2)
    traffic.ping(lab2, source, HOSTS[target], 5, interval=0.05)


@pytest.mark.parametrize("source,target", WAYS[:2])
def test_cold_processes(lab2, source, target):
    """The same with routers that have just started, and a Linux that has forgotten its neighbours."""
    lab2.restart(*ROUTERS)
    lab2.wait_registered(conf.lab2())
    for name in (*ROUTERS, "outsideworld", *HOSTS):
        lab2.ip(name, "neigh", "flush", "all")
    traffic.ping(lab2, source, HOSTS[target], 5)


@pytest.mark.parametrize("source,target", WAYS)
def test_udp_from_the_first_packet(lab2, no_drops, source, target):
    """1,000 packets a second on cold caches: none lost, none out of order."""
    cold(lab2)
    traffic.Stream(lab2, source, HOSTS[source], target, HOSTS[target], 7201, rate=1000, count=1000).start().finish_sent()


@pytest.mark.parametrize("source,target", WAYS[:2])
def test_burst_from_the_first_packet(lab2, no_drops, source, target):
    """As fast as a socket takes them, within what is held for one EID."""
    cold(lab2)
    traffic.Stream(lab2, source, HOSTS[source], target, HOSTS[target], 7202, rate=1000000, count=500).start().finish_sent()


def test_both_ways_at_once(lab2, no_drops):
    cold(lab2)
    streams = [traffic.Stream(lab2, a, HOSTS[a], b, HOSTS[b], 7203 + n, rate=300, count=600).start()
        for n, (a, b) in enumerate(WAYS)]
    for s in streams:
        s.finish_sent()


@pytest.mark.parametrize("client,server", WAYS[:2])
def test_tcp_from_the_first_packet(lab2, tmp_path, client, server):
    """A file arrives whole; no SYN had to be sent twice, though caches were cold."""
    body = os.urandom(4 << 20)
    (tmp_path / "file").write_bytes(body)
    p = traffic.http_server(lab2, server, HOSTS[server], tmp_path)
    cold(lab2)
    with Capture(lab2, client, "eth0", "tcp") as cap:
        r = lab2.run(client, "sh", "-c", "curl -sS --max-time 60 http://%s/file | sha256sum" % HOSTS[server])
        cap.stop()
    p.stop()
    assert r.stdout.split()[0] == hashlib.sha256(body).hexdigest()
    assert len(layers(cap.path, "tcp.flags.syn == 1 && tcp.flags.ack == 0")) == 1


def test_every_hop(lab2):
    """
    From cold caches, pings from h1 and then from w, seen on each link: wrapped between lisp1 and R1 and nowhere else, by
    lisp1 for the PETR and by R1, as PITR, for lisp1. Who asked for what, and what the answer was.
    """
    cold(lab2)
    with every_hop(lab2) as caps, Capture(lab2, "r1", "lo", "udp port 4342") as inside_r1:
        traffic.ping(lab2, "h1", "4.2.2.2", 3)
        traffic.ping(lab2, "w", "192.168.1.4", 3)
        inside_r1.stop()
    for name, cap in caps.items():
        out, back = (OUT_WRAPPED, BACK_WRAPPED) if name == "br1" else ([OUT], [BACK])
        assert layers(cap.path, PINGS) == 3 * [out, back] + 3 * [back, out], name
        assert name == "br1" or not list(cap.udp(4341)) + list(cap.udp(4342)), name
    link = caps["br1"]
    # lisp1 asked once, and was told: nobody has half of all addresses, for 15 minutes, forward natively
    assert asked(link) == ["4.2.2.2/32"]
    (negative,) = [r for m in link.control(lisp.REPLY) if m["to"] == "10.0.1.2" for r in m["records"]]
    assert (negative["eid"], negative["ttl"], negative["action"], negative["locators"]) == (
        "0.0.0.0/1", 15, lisp.ACTIONS["natively-forward"], [])
    # R1 asked itself, once; lisp1 answered it, for its whole prefix
    assert [r["eid"] for m in inside_r1.control(lisp.ECM) for r in m["inner"]["records"]] == ["192.168.1.4/32"]
    (positive,) = [r for m in link.control(lisp.REPLY) if m["from"] == "10.0.1.2" for r in m["records"]]
    assert (positive["eid"], [x["rloc"] for x in positive["locators"]]) == ("192.168.1.0/24", ["10.0.1.2"])
    # and so it stands in the caches
    (e,) = lab2.entries("lisp1")
    assert (e["eid"], e["state"], e["action"], e["ttl_min"]) == ("0.0.0.0/1", "negative", "natively-forward", 15)
    assert [e["eid"] for e in lab2.entries("r1") if e["state"] == "complete"] == ["192.168.1.0/24"]


def test_traceroute(lab2):
    """Every router on the way answers for itself, in both directions."""
    there = traffic.traceroute(lab2, "h1", "4.2.2.2")
    assert there[0] == "192.168.1.1" and there[2:] == ["10.0.3.2", "4.2.2.2"], there
    assert there[1] in ("10.0.1.1", "10.0.2.1", "10.0.3.1"), there
    back = traffic.traceroute(lab2, "w", "192.168.1.4")
    assert back[0] == "4.2.2.1" and back[3:] == ["192.168.1.4"], back
    assert back[1] in ("10.0.1.1", "10.0.2.1", "10.0.3.1") and back[2] in ("192.168.1.1", "10.0.1.2"), back


def test_traceroute_finds_caches_cold(lab2):
    cold(lab2)
    assert len(traffic.traceroute(lab2, "h1", "4.2.2.2")) == 4
    cold(lab2)
    assert len(traffic.traceroute(lab2, "w", "192.168.1.4")) == 4
