# SPDX-License-Identifier: BSD-3-Clause
"""What IPv6 has of its own on the ports: detection of duplicates, link-local addresses; and both families in one lab."""

import json
import re

import pytest

import conf
import lisp
import plan as plans
import traffic
from capture import Capture, layers
from netns import sysctl
from plan import hole, host, interface
from proc import wait_until

SIX, FOUR = plans.PLANS["6in6"], plans.PLANS["4in4"]


def link_local(lab, name, iface):
    doc = json.loads(lab.run(name, "ip", "-j", "-6", "addr", "show", "dev", iface, "scope", "link").stdout)
    # `ip` has an empty object for every interface that it leaves out
    return next(a["local"] for d in doc for a in d.get("addr_info", ()) if "local" in a)


@pytest.mark.families("6in6")
def test_usable_at_once(lab1):
    """No address that a router was given is tentative, when it has just started nor while its interface comes and goes."""
    lab1.restart("r2")
    assert "inet6" not in lab1.ip("r2", "-6", "addr", "show", "tentative", "scope", "global")
    traffic.ping(lab1, "r4", SIX.lan(1, 2), 1)
    lab1.ip("r2", "link", "set", "core", "down")
    lab1.ip("r2", "link", "set", "core", "up")
    assert "inet6" not in lab1.ip("r2", "-6", "addr", "show", "tentative", "scope", "global")
    assert SIX.core(2) in lab1.ip("r2", "-6", "addr", "show", "dev", "core")
    wait_until(lambda: lab1.ctl("r2", "show", "forwarding", SIX.core(3), "from", SIX.core(9))["result"]["action"] !=
        "drop", 10, "the core's network in xtrd")
    traffic.ping(lab1, "r2", SIX.core(1), 1)
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r4", SIX.lan(2, 5), 3)


@pytest.mark.families("6in6")
def test_host_finds_a_duplicate(lab1):
    """R4 takes R2's address: the router says that it has it (RFC 4862 5.4.3), and R4 gives it up."""
    with lab1.inside("r4"):
        sysctl("net/ipv6/conf/eth0/accept_dad", 1)
    try:
        lab1.ip("r4", "addr", "add", SIX.lan(1, 2) + "/64", "dev", "eth0")
        wait_until(lambda: SIX.lan(1, 2) in lab1.ip("r4", "-6", "addr", "show", "dev", "eth0", "dadfailed"), 10,
            "a duplicate that is found")
    finally:
        lab1.ip("r4", "addr", "del", SIX.lan(1, 2) + "/64", "dev", "eth0")
        with lab1.inside("r4"):
            sysctl("net/ipv6/conf/eth0/accept_dad", 0)
    # and one that nobody has
    with lab1.inside("r4"):
        sysctl("net/ipv6/conf/eth0/accept_dad", 1)
    lab1.ip("r4", "addr", "add", SIX.lan(1, 7) + "/64", "dev", "eth0")
    wait_until(lambda: "inet6" not in lab1.ip("r4", "-6", "addr", "show", "dev", "eth0", "tentative"), 10,
        "an address that is nobody's")
    with lab1.inside("r4"):
        sysctl("net/ipv6/conf/eth0/accept_dad", 0)
    traffic.ping(lab1, "r4", SIX.lan(2, 5), 2, source=SIX.lan(1, 7))
    lab1.ip("r4", "addr", "del", SIX.lan(1, 7) + "/64", "dev", "eth0")


@pytest.mark.families("6in6")
def test_link_local_and_multicast(lab1):
    """Link-local addresses answer on their link, and all nodes together; neither leaves it."""
    router, site_host = link_local(lab1, "r2", "site"), link_local(lab1, "r4", "eth0")
    with Capture(lab1, "core", "br0") as cap:
        traffic.ping(lab1, "r4", router + "%eth0", 2)
        traffic.ping(lab1, "r2", site_host + "%site", 2)
        r = lab1.run("r4", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "ff02::1%eth0", check=False)
        assert router in r.stdout, r.stdout  # beside R4 itself, which is all nodes too
        assert traffic.ping(lab1, "r2", "fe80::77%site", 1, wait=1, check=False).received == 0
        cap.stop()
    assert not list(cap.udp(4341)) and not cap.control(lisp.ECM)
    assert not layers(cap.path, "icmpv6.type == 128")


@pytest.mark.families("6in6")
def test_foreign_link_local_goes_nowhere(lab1):
    """To somebody else's link-local address by way of the router: dropped under its name (RFC 4291 2.5.6)."""
    from scapy.layers.inet6 import IPv6, UDP
    from scapy.layers.l2 import Ether
    before = lab1.drops("r2").get("ip6-link-local-not-ours", 0)
    with traffic.Raw(lab1, "r4", "eth0") as r4:
        for source, target in ((SIX.lan(1, 4), "fe80::77"), ("fe80::4", SIX.lan(2, 5))):
            r4.send(Ether(src=r4.mac, dst=traffic.mac_of(lab1, "r2", "site")) / IPv6(src=source, dst=target) / UDP())
    wait_until(lambda: lab1.drops("r2").get("ip6-link-local-not-ours", 0) == before + 2, 5, "both drops")


@pytest.mark.families("4in4", "6in6")
def test_native_traceroute(lab1):
    """A packet that LISP does not touch ends its life on R2: of IPv6 Linux would say nothing here."""
    plan = lab1.plan
    lab1.ip("x", "route", "add", plan.lan_prefix(1), "via", plan.core(2))
    assert traffic.traceroute(lab1, "x", plan.lan(1, 4)) == [plan.core(2), plan.lan(1, 4)]
    lab1.ip("x", "route", "del", plan.lan_prefix(1))


@pytest.mark.families("6in6")
def test_router_without_a_configured_address(lab1):
    """The RLOC is an address that Linux got by hand: it is used as long as it is there."""
    config = conf.lab1(plan=SIX)["r2"]
    ports = config["ports"]
    config["ports"] = (dict(ports[0], addresses=[]), ports[1])
    lab1.end("r2")
    lab1.ip("r2", "link", "del", "core")
    lab1.start("r2", config)

    def way():
        return lab1.ctl("r2", "show", "forwarding", SIX.lan(2, 5), "from", SIX.lan(1, 4))["result"]
    lab1.ip("r2", "addr", "add", interface(SIX.core(2)), "dev", "core")
    lab1.wait_registered({"r2": config})
    traffic.ping(lab1, "r4", SIX.lan(2, 5), 3)
    assert way()["source_rloc"] == SIX.core(2)
    lab1.ip("r2", "addr", "add", interface(SIX.core(22)), "dev", "core")
    lab1.ip("r2", "addr", "del", interface(SIX.core(2)), "dev", "core")
    wait_until(lambda: way().get("source_rloc") == SIX.core(22), 10, "the other address as source")
    lab1.end("r2")
    lab1.ip("r2", "link", "del", "core")
    lab1.start("r2", conf.lab1(plan=SIX)["r2"])
    lab1.wait_registered({"r2": config})
    traffic.ping(lab1, "r4", SIX.lan(2, 5), 3)


# -- both families at once

def both(name, n, site, servers, rlocs, resolver):
    """An xTR of lab 1 whose EIDs and RLOCs are of both families; locators in the order of their priority."""
    config = conf.xtr(name, FOUR.core(n), interface(FOUR.lan(site, n)), FOUR.lan_prefix(site))
    core, inside = config["ports"]
    config["ports"] = (dict(core, addresses=[interface(p.core(n)) for p in rlocs]),
        dict(inside, addresses=[interface(p.lan(site, n)) for p in (FOUR, SIX)]))
    locators = tuple({"rloc": p.core(n), "priority": i + 1, "weight": 50} for i, p in enumerate(rlocs))
    config["database-mapping"] = tuple({"eid-prefix": p.lan_prefix(site), "locators": locators} for p in (FOUR, SIX))
    config["map-server"] = tuple({"address": p.core(1), "key": conf.KEY} for p in servers)
    config["map-resolver"] = [resolver.core(1)]
    config["lisp"] = {"probe-interval-ms": 500}
    return config


def dual(lab, r3_rlocs):
    """Lab 1 with both families on each cable; R2 asks over IPv6, R3 over IPv4."""
    lab.two_sites(plan=FOUR)
    lab.host("r1", "eth0", interface(SIX.core(1)))
    lab.host("r4", "eth0", interface(SIX.lan(1, 4)), SIX.lan(1, 2))
    lab.host("r5", "eth0", interface(SIX.lan(2, 5)), SIX.lan(2, 3))
    sites = tuple({"name": "site%d" % s, "key": conf.KEY, "eid-prefix": (FOUR.lan_prefix(s), SIX.lan_prefix(s))}
        for s in (1, 2))
    configs = {"r1": {"site": sites}, "r2": both("r2", 2, 1, [SIX], [SIX, FOUR], SIX),
        "r3": both("r3", 3, 2, [FOUR], r3_rlocs, FOUR)}
    lab.start_all(configs)
    return configs


def outer(cap, plan):
    """(outer, inner) families of the pings of one family that were encapsulated."""
    return {tuple(6 if ":" in source else 4 for source, _ in p) for p in layers(cap.path, plan.pings)}


def test_both_families(new_lab):
    """
    Both EIDs of a site ride in one Map-Register; IPv6 is the better locator, and IPv4 takes over when the other site's
    IPv6 address is gone, for EIDs of both families.
    """
    lab = new_lab()
    dual(lab, [SIX, FOUR])
    with Capture(lab, "core", "br0") as cap:
        for plan in (FOUR, SIX):
            traffic.ping(lab, "r4", plan.lan(2, 5), 3)
        cap.stop()
    asked = [m for m in cap.control(lisp.ECM) if m["from"] == SIX.core(2)]
    assert {m["inner"]["records"][0]["eid"] for m in asked} == {host(p.lan(2, 5)) for p in (FOUR, SIX)}
    assert all(m["inner"]["itr_rlocs"] == [SIX.core(2), FOUR.core(2)] for m in asked), asked
    assert outer(cap, FOUR) == {(6, 4)} and outer(cap, SIX) == {(6, 6)}
    database = lab.ctl("r2", "show", "database")
    assert [s["state"] for s in database["map_servers"]] == ["acknowledged"] and len(database["entries"]) == 2
    # what nobody has, of the family that has EIDs
    lab.clear("r2")
    traffic.ping(lab, "r4", "2001:db8:9::9", 1, wait=1, check=False)
    nobodys = hole("2001:db8:9::9", [SIX.lan_prefix(1), SIX.lan_prefix(2)])
    wait_until(lambda: nobodys in [e["eid"] for e in lab.entries("r2")], 5, "the negative entry")
    for plan in (FOUR, SIX):
        traffic.ping(lab, "r4", plan.lan(2, 5), 1)

    def used():
        return {p["rloc"] for e in lab.entries("r2") for p in e["locators"] if p.get("used")}
    wait_until(lambda: used() == {SIX.core(3)}, 10, "the IPv6 locator in use")
    lab.ip("r3", "addr", "del", interface(SIX.core(3)), "dev", "core")
    wait_until(lambda: used() == {FOUR.core(3)}, 15, "the IPv4 locator in use")
    with Capture(lab, "core", "br0") as cap:
        for plan in (FOUR, SIX):
            traffic.ping(lab, "r4", plan.lan(2, 5), 3)
        cap.stop()
    for plan in (FOUR, SIX):
        assert (4, plan.eid) in outer(cap, plan)


def test_etr_that_speaks_one_family(new_lab):
    """R2 asks over IPv6, and the ETR that answers has IPv4 alone: it takes the ITR-RLOC that it can reach."""
    lab = new_lab()
    dual(lab, [FOUR])
    with Capture(lab, "core", "br0") as cap:
        for plan in (FOUR, SIX):
            traffic.ping(lab, "r4", plan.lan(2, 5), 5)
        cap.stop()
    answers = [m for m in cap.control(lisp.REPLY) if m["from"] == FOUR.core(3)]
    assert {m["to"] for m in answers} == {FOUR.core(2)} and len(answers) == 2
    assert (4, 4) in outer(cap, FOUR) and (4, 6) in outer(cap, SIX)
    assert re.search(re.escape(FOUR.core(3)), lab.show("r2", "map-cache"))
