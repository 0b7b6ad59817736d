# SPDX-License-Identifier: BSD-3-Clause
"""Lab 2: sites and the Internet talk, through R1 as proxy ITR and proxy ETR, and nobody loses a packet."""

import hashlib
import os

import pytest

import conf
import lisp
import traffic
from capture import Capture, layers
from plan import hole, host
from proc import wait_until
from world import HOSTS, ROUTERS, asked, cold, every_hop, headers, hosts

WAYS = [("h1", "w"), ("w", "h1"), ("h2", "w"), ("w", "h2"), ("h1", "h2")]


@pytest.fixture
def no_drops(lab2):
    """No drop counter of a router moves during the test."""
    with lab2.no_drops(*ROUTERS):
        yield


@pytest.fixture
def ends(lab2):
    """The addresses of the three hosts."""
    return hosts(lab2.plan)


@pytest.mark.families
@pytest.mark.parametrize("run", range(2))
@pytest.mark.parametrize("source,target", WAYS)
def test_cold_pings(lab2, ends, no_drops, source, target, run):
    """Five pings on cold caches: the field loses the first."""
    cold(lab2)
    traffic.ping(lab2, source, ends[target], 5, interval=0.05)


@pytest.mark.families
@pytest.mark.parametrize("source,target", WAYS[:2])
def test_cold_processes(lab2, ends, source, target):
    """The same with routers that have just started, and a Linux that has forgotten its neighbours."""
    lab2.restart(*ROUTERS)
    lab2.wait_registered(conf.lab2(plan=lab2.plan))
    for name in (*ROUTERS, "outsideworld", *HOSTS):
        lab2.ip(name, "neigh", "flush", "all")
    traffic.ping(lab2, source, ends[target], 5)


@pytest.mark.families
@pytest.mark.parametrize("source,target", WAYS)
def test_udp_from_the_first_packet(lab2, ends, no_drops, source, target):
    """1,000 packets a second on cold caches: none lost, none out of order."""
    cold(lab2)
    traffic.Stream(lab2, source, ends[source], target, ends[target], 7201, rate=1000, count=1000).start().finish_sent()


@pytest.mark.parametrize("source,target", WAYS[:2])
def test_burst_from_the_first_packet(lab2, ends, no_drops, source, target):
    """As fast as a socket takes them, within what is held for one EID."""
    traffic.know_the_way(lab2, source, {"h1": lab2.plan.home(1, 1), "w": lab2.plan.link(3, 1)}[source])
    cold(lab2)
    traffic.Stream(lab2, source, ends[source], target, ends[target], 7202, rate=1000000, count=500).start().finish_sent()


@pytest.mark.families
def test_both_ways_at_once(lab2, ends, no_drops):
    cold(lab2)
    streams = [traffic.Stream(lab2, a, ends[a], b, ends[b], 7203 + n, rate=300, count=600).start()
        for n, (a, b) in enumerate(WAYS)]
    for s in streams:
        s.finish_sent()


@pytest.mark.families
@pytest.mark.parametrize("client,server", WAYS[:2])
def test_tcp_from_the_first_packet(lab2, ends, tmp_path, client, server):
    """A file arrives whole; no SYN had to be sent twice, though caches were cold."""
    body = os.urandom(4 << 20)
    (tmp_path / "file").write_bytes(body)
    p = traffic.http_server(lab2, server, ends[server], tmp_path)
    cold(lab2)
    with Capture(lab2, client, "eth0", "tcp or ip6 proto 6") as cap:
        r = lab2.run(client, "sh", "-c", "curl -sS --max-time 60 '%s' | sha256sum" % traffic.url(ends[server], "file"))
        cap.stop()
    p.stop()
    assert r.stdout.split()[0] == hashlib.sha256(body).hexdigest()
    assert len(layers(cap.path, "tcp.flags.syn == 1 && tcp.flags.ack == 0")) == 1


@pytest.mark.families
def test_every_hop(lab2, ends):
    """
    From cold caches, pings from h1 and then from w, seen on each link: wrapped between lisp1 and R1 and nowhere else, by
    lisp1 for the PETR and by R1, as PITR, for lisp1. Who asked for what, and what the answer was.
    """
    plan = lab2.plan
    bare_out, bare_back, out_wrapped, back_wrapped = headers(plan)
    lisp1 = plan.link(1, 2)
    nobodys = hole(ends["w"], [plan.home_prefix(1), plan.home_prefix(2)])
    assert nobodys == {4: "0.0.0.0/1", 6: "2400::/6"}[plan.eid]
    cold(lab2)
    with every_hop(lab2) as caps, Capture(lab2, "r1", "lo", "udp port 4342") as inside_r1:
        # slower than one Map-Request a second for an EID, which the test before may have asked for
        traffic.ping(lab2, "h1", ends["w"], 3, interval=1.2)
        traffic.ping(lab2, "w", ends["h1"], 3, interval=1.2)
        inside_r1.stop()
    for name, cap in caps.items():
        out, back = (out_wrapped, back_wrapped) if name == "br1" else ([bare_out], [bare_back])
        assert layers(cap.path, plan.pings) == 3 * [out, back] + 3 * [back, out], name
        assert name == "br1" or not list(cap.udp(4341)) + list(cap.udp(4342)), name
    link = caps["br1"]
    # lisp1 asked once, and was told: nobody has half of all addresses, for 15 minutes, forward natively
    assert asked(link, lisp1) == [host(ends["w"])]
    (negative,) = [r for m in link.control(lisp.REPLY) if m["to"] == lisp1 for r in m["records"]]
    assert (negative["eid"], negative["ttl"], negative["action"], negative["locators"]) == (
        nobodys, 15, lisp.ACTIONS["natively-forward"], [])
    # R1 asked itself, once; lisp1 answered it, for its whole prefix
    assert [r["eid"] for m in inside_r1.control(lisp.ECM) for r in m["inner"]["records"]] == [host(ends["h1"])]
    (positive,) = [r for m in link.control(lisp.REPLY) if m["from"] == lisp1 for r in m["records"]]
    assert (positive["eid"], [x["rloc"] for x in positive["locators"]]) == (plan.home_prefix(1), [lisp1])
    # and so it stands in the caches
    (e,) = lab2.entries("lisp1")
    assert (e["eid"], e["state"], e["action"], e["ttl_min"]) == (nobodys, "negative", "natively-forward", 15)
    assert [e["eid"] for e in lab2.entries("r1") if e["state"] == "complete"] == [plan.home_prefix(1)]


@pytest.mark.families
def test_traceroute(lab2, ends):
    """Every router on the way answers for itself, in both directions."""
    plan = lab2.plan
    r1 = {ip for n in (1, 2, 3) for ip in plan.links(n, 1)}
    there = traffic.traceroute(lab2, "h1", ends["w"])
    assert there[0] == plan.home(1, 1) and there[2:] == [plan.link(3, 2, plan.eid), ends["w"]], there
    assert there[1] in r1, there
    back = traffic.traceroute(lab2, "w", ends["h1"])
    assert back[0] == plan.outside(1) and back[3:] == [ends["h1"]], back
    assert back[1] in r1 and back[2] in (plan.home(1, 1), plan.link(1, 2)), back


@pytest.mark.families
def test_show(lab2, ends):
    """show petrs, show rlocs, show forwarding and lig speak of what the combination has."""
    plan = lab2.plan
    cold(lab2)
    traffic.ping(lab2, "h1", ends["w"], 1)
    traffic.ping(lab2, "h1", ends["h2"], 1)
    p = lab2.petrs("lisp1")[plan.petr]
    assert (p["state"], p["used"], p["next_hop"], p["port"]) == ("up", True, plan.link(1, 1), "core"), p
    wait_until(lambda: {r["rloc"]: r["probe"] for r in lab2.ctl("lisp1", "show", "rlocs")["rlocs"]} ==
        {plan.petr: "up", plan.link(2, 2): "up"}, 10, "answered probes")
    for router, address, source, want in (
        ("lisp1", ends["w"], ends["h1"], {"action": "encapsulate", "rloc": plan.petr, "source_rloc": plan.link(1, 2)}),
        ("lisp1", ends["h2"], ends["h1"], {"action": "encapsulate", "rloc": plan.link(2, 2)}),
        ("r1", ends["h1"], ends["w"], {"action": "encapsulate", "rloc": plan.link(1, 2)}),
    ):
        got = lab2.ctl(router, "show", "forwarding", address, "from", source)["result"]
        assert {k: got.get(k) for k in want} == want, got
    doc = lab2.ctl("lisp1", "lig", ends["h2"])
    assert doc["map_resolver"] == plan.petr and doc["records"][0]["eid"] == plan.home_prefix(2), doc
    assert [x["rloc"] for x in doc["records"][0]["locators"]] == [plan.link(2, 2)]


@pytest.mark.families("4in4", "6in6")
def test_traceroute_finds_caches_cold(lab2, ends):
    cold(lab2)
    assert len(traffic.traceroute(lab2, "h1", ends["w"])) == 4
    cold(lab2)
    assert len(traffic.traceroute(lab2, "w", ends["h1"])) == 4
