# SPDX-License-Identifier: BSD-3-Clause
"""xtrd's configuration written from Python: dict -> group, tuple -> ( list ), list -> [ array ]."""

import plan as plans
from plan import interface

KEY = "Zaq12wsx!@"


def render(value, depth=-1):
    """depth: of the group that the value stands in; -1 for the file as a whole."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    if isinstance(value, dict):
        body = "".join("%s%s = %s;\n" % ("\t" * (depth + 1), k, render(v, depth + 1)) for k, v in value.items())
        return body if depth < 0 else "{\n%s%s}" % (body, "\t" * depth)
    inner = ", ".join(render(v, depth) for v in value)
    return "( %s )" % inner if isinstance(value, tuple) else "[ %s ]" % inner


def port(name, iface, number, side, address, iid=0, **more):
    p = {
        "name": name,
        "device": "net_af_packet%d,iface=%s,blocksz=65536,framesz=2048,framecnt=4096" % (number, iface),
        "side": side,
        "addresses": [address] if isinstance(address, str) else list(address),
    }
    if iid:
        p["instance-id"] = iid
    return p | more


def mapping(prefix, rloc, iid=0, ttl=1440, priority=1, weight=50):
    m = {"eid-prefix": prefix, "locators": ({"rloc": rloc, "priority": priority, "weight": weight},), "ttl": ttl}
    if iid:
        m["instance-id"] = iid
    return m


def xtr(name, rloc, inside, prefix, algorithm="sha256", iid=0, key=KEY, server="172.16.1.1"):
    """An xTR of a lab: ports `core` and `site`, registers one prefix at the Map-Server, who is its Map-Resolver too."""
    return {
        "ports": (
            port("core", name + "-core", 0, "core", interface(rloc)),
            port("site", name + "-site", 1, "site", inside, iid),
        ),
        "map-resolver": [server],
        "map-server": ({"address": server, "key": key, "algorithm": algorithm},),
        "database-mapping": (mapping(prefix, rloc, iid),),
    }


def site(name, prefix, rloc, algorithms=None, iid=0, key=KEY):
    return {
        "name": name,
        "key": key,
        "algorithms": algorithms or ["sha256", "sha256-hkdf"],
        "eid-prefix": ({"prefix": prefix, "instance-id": iid},) if iid else (prefix,),
        "allowed-locators": [rloc],
    }


def lab1(algorithm="sha256", iid=0, plan=plans.DEFAULT):
    """The three configurations of lab 1 as dicts; the caller may change them."""
    configs = {"r1": {"site": tuple(site("site%d" % s, plan.lan_prefix(s), plan.core(n), [algorithm], iid)
        for s, n in ((1, 2), (2, 3)))}}
    for name, s, n in (("r2", 1, 2), ("r3", 2, 3)):
        configs[name] = xtr(name, plan.core(n), interface(plan.lan(s, n)), plan.lan_prefix(s), algorithm, iid,
            server=plan.core(1))
    return configs


def on_pcap(configs):
    """The same configurations, whose ports see fragments as they are: net_pcap in place of net_af_packet."""
    for router, c in configs.items():
        for i, p in enumerate(c.get("ports", ())):
            p["device"] = "net_pcap%d,iface=%s-%s,phy_mac=1" % (i, router, p["name"])
    return configs


R1 = plans.DEFAULT.petr  # Map-Server, Map-Resolver, PITR and PETR of lab 2


def petr(rloc, priority=1, weight=100, probe=True):
    return {"rloc": rloc, "priority": priority, "weight": weight, "probe": probe}


def lab2(probe_ms=1000, plan=plans.DEFAULT):
    """
    The three configurations of lab 2 as dicts; the caller may change them. lisp1 and lisp2 have routes to R1 and to each
    other's RLOC and nothing else.
    """
    sites = (1, 2)
    common = {"test-clock": True, "lisp": {"probe-interval-ms": probe_ms}}
    r1 = {
        "ports": (
            port("lisp1", "r1-lisp1", 0, "core", interface(plan.link(1, 1))),
            port("lisp2", "r1-lisp2", 1, "core", interface(plan.link(2, 1))),
            port("world", "r1-world", 2, "core", map(interface, plan.links(3, 1)), **{"proxy-itr": True}),
        ),
        "routes": (
            {"prefix": plan.default, "via": plan.link(3, 2, plan.eid)},
            {"prefix": plan.announced, "blackhole": True},  # what a routing daemon announces
        ),
        "map-resolver": [plan.petr],
        "map-cache": tuple({"eid-prefix": plan.home_prefix(s), "action": "send-map-request"} for s in sites),
        "site": tuple(site("lisp%d" % s, plan.home_prefix(s), plan.link(s, 2)) for s in sites),
        "proxy-etr": tuple({"rloc": [plan.link(s, 2)], "eid-prefix": [plan.home_prefix(s)]} for s in sites),
    }
    configs = {"r1": dict(common, **r1)}
    for s in sites:
        name = "lisp%d" % s
        configs[name] = dict(common, **xtr(name, plan.link(s, 2), interface(plan.home(s, 1)), plan.home_prefix(s),
            server=plan.petr))
        configs[name]["routes"] = tuple({"prefix": plans.host(ip), "via": plan.link(s, 1)}
            for ip in (plan.petr, plan.link(3 - s, 2)))
        configs[name]["use-petr"] = (petr(plan.petr),)
    return configs


def second_petr(probe_ms=1000):
    """One more PETR for lisp1, at 10.0.1.3: that and nothing else."""
    return {
        "ports": (
            port("core", "p2-core", 0, "core", "10.0.1.3/24"),
            port("world", "p2-world", 1, "core", "10.0.3.3/24"),
        ),
        "routes": ({"prefix": "0.0.0.0/0", "via": "10.0.3.2"},),
        "proxy-etr": ({"rloc": ["10.0.1.2"], "eid-prefix": ["192.168.1.0/24"]},),
        "test-clock": True,
        "lisp": {"probe-interval-ms": probe_ms},
    }
