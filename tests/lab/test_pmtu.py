# SPDX-License-Identifier: BSD-3-Clause
"""
A core that carries less than its edges: two plain Linux routers with a link of 1,400 bytes between them. What they say of
packets that are too big, by ICMP to R2 and R3, reaches the hosts inside.

    R4 10.1.1.4 --- R2 10.0.1.2 --- 10.0.1.1 r1 10.0.9.1 ===1400=== 10.0.9.2 rb 10.0.2.1 --- 10.0.2.2 R3 --- R5 10.2.2.5
                                    Map-Server

Addresses as in plan.py: a site's as in lab 1, the core's as lab 2's links.
"""

import hashlib
import os
import re
import socket
import struct
import threading

import pytest

import conf
import lab as labs
import plan as plans
import traffic
from netns import ip_batch, sysctl
from plan import interface, network
from proc import wait_until

NARROW = 1400
WIDE = 1500
SIZE = 2 << 20  # bytes of a transfer


def configs(plan, core_mtu=WIDE):
    made = {"r1": {"site": tuple(conf.site("site%d" % n, plan.lan_prefix(n), plan.link(n, 2)) for n in (1, 2))}}
    for n, router in ((1, "r2"), (2, "r3")):
        c = conf.xtr(router, plan.link(n, 2), interface(plan.lan(n, n + 1)), plan.lan_prefix(n), server=plan.link(1, 1))
        c["routes"] = ({"prefix": {4: "10.0.0.0/16", 6: "2001:db8:100::/48"}[plan.rloc], "via": plan.link(n, 1)},)
        c["test-clock"] = True
        c["ports"][0]["mtu"] = core_mtu
        made[router] = c
    return made


@pytest.fixture(scope="module")
def core(request):
    """Cables, hosts and routers of the core; no xtrd yet."""
    plan = plans.PLANS[request.param]
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.plan = plan
        lab.add_ns("r1", "rb", "r2", "r3", "r4", "r5")
        lab.link("r1", "left", "r2", "r2-core")
        lab.link("r1", "narrow", "rb", "narrow")
        lab.link("rb", "right", "r3", "r3-core")
        lab.link("r4", "eth0", "r2", "r2-site")
        lab.link("r5", "eth0", "r3", "r3-site")
        lab.dpdk_port("r2", "r2-core", "r2-site")
        lab.dpdk_port("r3", "r3-core", "r3-site")
        lab.host("r1", "left", interface(plan.link(1, 1)))
        lab.host("r1", "narrow", interface(plan.link(9, 1)))
        lab.host("rb", "narrow", interface(plan.link(9, 2)))
        lab.host("rb", "right", interface(plan.link(2, 1)))
        lab.host("r4", "eth0", interface(plan.lan(1, 4)), plan.lan(1, 2))
        lab.host("r5", "eth0", interface(plan.lan(2, 5)), plan.lan(2, 3))
        for name, far, via in (("r1", 2, 2), ("rb", 1, 1)):
            with lab.inside(name):
                for leaf, value in {4: (("ipv4/ip_forward", 1), ("ipv4/icmp_ratelimit", 0)),
                    6: (("ipv6/conf/all/forwarding", 1), ("ipv6/icmp/ratelimit", 0))}[plan.rloc]:
                    sysctl("net/" + leaf, value)
                ip_batch(["link set narrow mtu %d" % NARROW,
                    "route add %s via %s" % (network(plan.link(far, 0)), plan.link(9, via))])
        yield lab


@pytest.fixture
def lab(core):
    """Every test has routers and hosts that have learnt nothing."""
    core.start_all(configs(core.plan))
    yield core
    finish(core)


@pytest.fixture
def narrow_ports(core):
    """The same, with xTRs that know: their core ports are of that MTU."""
    core.start_all(configs(core.plan, NARROW))
    yield core
    finish(core)


def finish(lab):
    for r in ("r3", "r2", "r1"):
        lab.end(r)
    for h in ("r4", "r5"):
        with lab.inside(h):
            sysctl("net/ipv4/ip_no_pmtu_disc", 0)
        forget(lab, h)


def forget(lab, host):
    """What the host knows of path MTUs."""
    lab.ip(host, "-%d" % lab.plan.eid, "route", "flush", "cache")


def there(lab):
    """From R4's site to R5: the host's address, R3's RLOC, and the longest packet that a core of NARROW carries."""
    return lab.plan.lan(2, 5), lab.plan.link(2, 2), NARROW - lab.plan.overhead


def rloc(lab, router, address):
    (r,) = [r for r in lab.ctl(router, "show", "rlocs")["rlocs"] if r["rloc"] == address]
    return r


def learnt(lab, router, address):
    r = rloc(lab, router, address)
    return r["mtu"], r["path_mtu"]


def inner_mtu(lab, router, address, source):
    """What the router says fits into the tunnel."""
    return lab.ctl(router, "show", "forwarding", address, "from", source)["result"]["inner_mtu"]


def transfer(lab, client, server, address, port, size=SIZE, limit=10):
    """TCP from the client to the server: all arrives as it was. Segments that were sent again."""
    data = os.urandom(size)
    got = hashlib.sha256()
    with lab.inside(server):
        listener = socket.create_server((address, port), family=traffic.family(address))
    with lab.inside(client):
        out = socket.socket(traffic.family(address))
    done = threading.Event()

    def receive():
        s, _ = listener.accept()
        with s:
            while block := s.recv(65536):
                got.update(block)
            done.set()
            s.sendall(b"!")

    t = threading.Thread(target=receive, daemon=True)
    t.start()
    with listener, out:
        out.settimeout(limit)
        out.connect((address, port))
        out.sendall(data)
        out.shutdown(socket.SHUT_WR)
        assert out.recv(1) == b"!"
        assert done.is_set()
        # struct tcp_info: tcpi_total_retrans
        again = struct.unpack_from("I", out.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]
    t.join(limit)
    assert got.hexdigest() == hashlib.sha256(data).hexdigest()
    print("%s to %s: %d segments sent again" % (client, server, again))
    return again


@pytest.mark.families()
@pytest.mark.parametrize("way", ["there", "back"])
def test_tcp_finds_what_fits(lab, way):
    """With DF, and IPv6: what was too big for the core is sent again at once, in smaller segments."""
    plan = lab.plan
    client, router, source, server, address, other = {
        "there": ("r4", "r2", plan.lan(1, 4), "r5", plan.lan(2, 5), plan.link(2, 2)),
        "back": ("r5", "r3", plan.lan(2, 5), "r4", plan.lan(1, 4), plan.link(1, 2)),
    }[way]
    before = lab.counters(router)
    # the first ones are lost in the core; a time-out would send one, and double the time
    assert transfer(lab, client, server, address, 7000) < 60
    moved = labs.moved(before, lab.counters(router))
    assert moved["core-icmp-path-mtu-lowered"] == 1
    assert moved["core-icmp-relayed"] == moved["core-icmp-too-big"] >= 1
    assert learnt(lab, router, other) == (NARROW, NARROW)
    assert inner_mtu(lab, router, address, source) == NARROW - plan.overhead
    # and the host knows
    route = lab.ip(client, "route", "get", address)
    assert "mtu %d" % (NARROW - plan.overhead) in route, route


@pytest.mark.families("4in4", "6in6")
def test_tcp_both_ways_at_once(lab):
    threads = []
    errors = []

    def run(*way):
        try:
            transfer(lab, *way)
        except Exception as e:  # told below
            errors.append(e)

    for way in (("r4", "r5", lab.plan.lan(2, 5), 7001), ("r5", "r4", lab.plan.lan(1, 4), 7002)):
        threads.append(threading.Thread(target=run, args=way))
        threads[-1].start()
    for t in threads:
        t.join(30)
        assert not t.is_alive()
    assert not errors, errors


def no_df(lab):
    """Hosts that look for no path MTU; there are none in IPv6."""
    for h in ("r4", "r5"):
        with lab.inside(h):
            sysctl("net/ipv4/ip_no_pmtu_disc", 1)


@pytest.mark.families("4in4", "4in6")
def test_tcp_without_df(lab):
    """Their packets are split by the xTR, and none is lost once it knows."""
    no_df(lab)
    transfer(lab, "r4", "r5", lab.plan.lan(2, 5), 7003)
    transfer(lab, "r5", "r4", lab.plan.lan(1, 4), 7004)
    assert lab.counters("r2")["fragmented"] > 0


@pytest.mark.families()
def test_tcp_over_a_narrow_port(narrow_ports):
    lab = narrow_ports
    address, rloc3, _ = there(lab)
    transfer(lab, "r4", "r5", address, 7005)
    transfer(lab, "r5", "r4", lab.plan.lan(1, 4), 7006)
    assert lab.counters("r2")["core-icmp-too-big"] == 0
    assert learnt(lab, "r2", rloc3) == (NARROW, None)
    if lab.plan.eid == 4:
        no_df(lab)
        for h in ("r4", "r5"):
            forget(lab, h)
        transfer(lab, "r4", "r5", address, 7007)


def told(lab, host, source=None):
    """DF, or IPv6: the first ping that is too big for the core is answered with what fits, and that does."""
    address, _, fits = there(lab)
    df, payload = ("-M", "do"), fits - lab.plan.echo
    traffic.ping(lab, host, address, 2, size=payload, source=source)
    got = traffic.ping(lab, host, address, 1, size=payload + 1, options=df, source=source, wait=2, check=False)
    said = re.search(r"mtu ?= ?(\d+)", got.text)
    assert got.received == 0 and said and int(said[1]) == fits, got.text
    traffic.ping(lab, host, address, 2, size=payload, options=df, source=source)


@pytest.mark.families()
def test_pings_are_told(lab):
    """By what the core's router said of the outer packet."""
    told(lab, "r4")


@pytest.mark.families()
def test_linux_on_the_router_is_told(lab):
    """What R2's own Linux sends from its EID address, by way of lisp0."""
    told(lab, "r2", lab.plan.lan(1, 2))


@pytest.mark.families("4in4", "4in6")
@pytest.mark.parametrize("link, more", [(NARROW, 0), (NARROW, 1), (NARROW, 64), (WIDE, 0), (WIDE, 1)])
def test_pings_without_df(lab, link, more):
    """As long as a link of that MTU carries, and longer. Split so that they fit, from the second that was too big on."""
    address = there(lab)[0]
    size = link - lab.plan.overhead - lab.plan.echo + more
    # lost at most: the one that tells R2, and the answer to the next, that tells R3; both hear of it before the next
    one = {"size": size, "options": ("-M", "dont"), "wait": 1, "check": False}
    received = [traffic.ping(lab, "r4", address, 1, **one).received for _ in range(4)]
    assert sum(received) >= 2, received
    traffic.ping(lab, "r4", address, 3, size=size, options=("-M", "dont"))


@pytest.mark.families("4in4", "6in6")
def test_traceroute_through_the_core(lab):
    """Its routers answer for themselves: R2 passes on what they say of the outer packets (RFC 9300 5.3)."""
    plan, address = lab.plan, there(lab)[0]
    traffic.ping(lab, "r4", address, 1)
    hops = traffic.traceroute(lab, "r4", address)
    assert hops[:3] == [plan.lan(1, 2), plan.link(1, 1), plan.link(9, 2)], hops
    assert hops[-1] == address and len(hops) == 5, hops


@pytest.mark.families()
def test_unreachable_rloc(lab):
    """The core has no way to R3 any more: the host hears of it."""
    plan, address = lab.plan, there(lab)[0]
    way = (network(plan.link(2, 0)), "via", plan.link(9, 2))
    traffic.ping(lab, "r4", address, 1)
    lab.ip("r1", "route", "del", *way)
    try:
        got = traffic.ping(lab, "r4", address, 2, wait=2, check=False)
        assert "From " + plan.lan(1, 2) in got.text and "nreachable" in got.text, got.text
    finally:
        lab.ip("r1", "route", "add", *way)
    traffic.ping(lab, "r4", address, 1)


@pytest.mark.families("4in4", "6in6")
def test_it_is_forgotten(lab):
    """After ten minutes it is tried again whether the core carries more (RFC 1191 6.3); and another way is another MTU."""
    plan, (address, rloc3, fits) = lab.plan, there(lab)
    traffic.ping(lab, "r4", address, 1)
    too_big = {"size": fits - plan.echo + 1, "options": ("-M", "do"), "wait": 1, "check": False}

    def learns(what, because):
        wait_until(lambda: learnt(lab, "r2", rloc3) == what, 5, because)

    traffic.ping(lab, "r4", address, 1, **too_big)
    learns((NARROW, NARROW), "path MTU")
    assert 590 <= rloc(lab, "r2", rloc3)["path_mtu_expires_s"] <= 600
    lab.ctl("r2", "clock", "advance", 602)
    learns((WIDE, None), "the first MTU again")
    forget(lab, "r4")
    traffic.ping(lab, "r4", address, 1, **too_big)
    learns((NARROW, NARROW), "path MTU")
    # another next hop, on the same link
    lab.host("r1", "left", interface(plan.link(1, 7)))
    lab.ip("r2", "route", "add", network(plan.link(2, 0)), "via", plan.link(1, 7))
    learns((WIDE, None), "the MTU of the new way")
    lab.ip("r1", "addr", "del", interface(plan.link(1, 7)), "dev", "left")
