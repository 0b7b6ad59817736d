# SPDX-License-Identifier: BSD-3-Clause
"""
A core that carries less than its edges: two plain Linux routers with a link of 1,400 bytes between them. What they say of
packets that are too big, by ICMP to R2 and R3, reaches the hosts inside.

    R4 10.1.1.4 --- R2 10.0.1.2 --- 10.0.1.1 ra 10.0.9.1 ===1400=== 10.0.9.2 rb 10.0.2.1 --- 10.0.2.2 R3 --- R5 10.2.2.5
                                    Map-Server
"""

import hashlib
import os
import socket
import struct
import threading

import pytest

import conf
import lab as labs
import traffic
from netns import ip_batch, sysctl
from proc import wait_until

MS = "10.0.1.1"
NARROW = 1400
SIZE = 2 << 20  # bytes of a transfer


def configs(core_mtu=1500):
    r1 = {"site": (conf.site("site1", "10.1.1.0/24", "10.0.1.2"), conf.site("site2", "10.2.2.0/24", "10.0.2.2"))}
    r2 = conf.xtr("r2", "10.0.1.2", "10.1.1.2/24", "10.1.1.0/24", server=MS)
    r3 = conf.xtr("r3", "10.0.2.2", "10.2.2.3/24", "10.2.2.0/24", server=MS)
    for c, via in ((r2, "10.0.1.1"), (r3, "10.0.2.1")):
        c["routes"] = ({"prefix": "10.0.0.0/16", "via": via},)
        c["test-clock"] = True
        c["ports"][0]["mtu"] = core_mtu
    return {"r1": r1, "r2": r2, "r3": r3}


@pytest.fixture(scope="module")
def core():
    """Cables, hosts and routers of the core; no xtrd yet."""
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.add_ns("r1", "rb", "r2", "r3", "r4", "r5")
        lab.link("r1", "left", "r2", "r2-core")
        lab.link("r1", "narrow", "rb", "narrow")
        lab.link("rb", "right", "r3", "r3-core")
        lab.link("r4", "eth0", "r2", "r2-site")
        lab.link("r5", "eth0", "r3", "r3-site")
        lab.dpdk_port("r2", "r2-core", "r2-site")
        lab.dpdk_port("r3", "r3-core", "r3-site")
        lab.host("r1", "left", MS + "/24")
        lab.host("r1", "narrow", "10.0.9.1/24")
        lab.host("rb", "narrow", "10.0.9.2/24")
        lab.host("rb", "right", "10.0.2.1/24")
        lab.host("r4", "eth0", "10.1.1.4/24", "10.1.1.2")
        lab.host("r5", "eth0", "10.2.2.5/24", "10.2.2.3")
        for name, route in (("r1", "10.0.2.0/24 via 10.0.9.2"), ("rb", "10.0.1.0/24 via 10.0.9.1")):
            with lab.inside(name):
                sysctl("net/ipv4/ip_forward", 1)
                sysctl("net/ipv4/icmp_ratelimit", 0)
                ip_batch(["link set narrow mtu %d" % NARROW, "route add " + route])
        yield lab


@pytest.fixture
def lab(core):
    """Every test has routers and hosts that have learnt nothing."""
    core.start_all(configs())
    yield core
    finish(core)


@pytest.fixture
def narrow_ports(core):
    """The same, with xTRs that know: their core ports are of that MTU."""
    core.start_all(configs(NARROW))
    yield core
    finish(core)


def finish(lab):
    for r in ("r3", "r2", "r1"):
        lab.end(r)
    for h in ("r4", "r5"):
        with lab.inside(h):
            sysctl("net/ipv4/ip_no_pmtu_disc", 0)
            ip_batch(["route flush cache"])


def rloc(lab, router, address):
    (r,) = [r for r in lab.ctl(router, "show", "rlocs")["rlocs"] if r["rloc"] == address]
    return r


def learnt(lab, router, address):
    r = rloc(lab, router, address)
    return r["mtu"], r["path_mtu"]


def transfer(lab, client, server, address, port, size=SIZE, limit=10):
    """TCP from the client to the server: all arrives as it was. Segments that were sent again."""
    data = os.urandom(size)
    got = hashlib.sha256()
    with lab.inside(server):
        listener = socket.create_server((address, port))
    with lab.inside(client):
        out = socket.socket()
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


@pytest.mark.parametrize("way", [("r4", "r5", "10.2.2.5"), ("r5", "r4", "10.1.1.4")], ids=["there", "back"])
def test_tcp_finds_what_fits(lab, way):
    """With DF: what was too big for the core is sent again at once, in smaller segments."""
    client, server, address = way
    router, other = ("r2", "10.0.2.2") if client == "r4" else ("r3", "10.0.1.2")
    before = lab.counters(router)
    # the first ones are lost in the core; a time-out would send one, and double the time
    assert transfer(lab, client, server, address, 7000) < 60
    moved = labs.moved(before, lab.counters(router))
    assert moved["core-icmp-path-mtu-lowered"] == 1
    assert moved["core-icmp-relayed"] == moved["core-icmp-too-big"] >= 1
    assert learnt(lab, router, other) == (NARROW, NARROW)
    # and the host knows: 1400 less 36
    route = lab.ip(client, "route", "get", address)
    assert "mtu 1364" in route, route


def test_tcp_both_ways_at_once(lab):
    threads = []
    errors = []

    def run(*way):
        try:
            transfer(lab, *way)
        except Exception as e:  # told below
            errors.append(e)

    for way in (("r4", "r5", "10.2.2.5", 7001), ("r5", "r4", "10.1.1.4", 7002)):
        threads.append(threading.Thread(target=run, args=way))
        threads[-1].start()
    for t in threads:
        t.join(30)
        assert not t.is_alive()
    assert not errors, errors


def test_tcp_without_df(lab):
    """Hosts that look for no path MTU: their packets are split by the xTR, and none is lost once it knows."""
    for h in ("r4", "r5"):
        with lab.inside(h):
            sysctl("net/ipv4/ip_no_pmtu_disc", 1)
    transfer(lab, "r4", "r5", "10.2.2.5", 7003)
    transfer(lab, "r5", "r4", "10.1.1.4", 7004)
    assert lab.counters("r2")["fragmented"] > 0


def test_tcp_over_a_narrow_port(narrow_ports):
    lab = narrow_ports
    transfer(lab, "r4", "r5", "10.2.2.5", 7005)
    transfer(lab, "r5", "r4", "10.1.1.4", 7006)
    assert lab.counters("r2")["core-icmp-too-big"] == 0
    assert learnt(lab, "r2", "10.0.2.2") == (NARROW, None)
    for h in ("r4", "r5"):
        with lab.inside(h):
            sysctl("net/ipv4/ip_no_pmtu_disc", 1)
            ip_batch(["route flush cache"])
    transfer(lab, "r4", "r5", "10.2.2.5", 7007)


def test_pings_are_told(lab):
    """DF: the first that is too big for the core is answered, by what the core's router said of the outer packet."""
    traffic.ping(lab, "r4", "10.2.2.5", 2, size=1336)
    got = traffic.ping(lab, "r4", "10.2.2.5", 1, size=1400, options=("-M", "do"), wait=2, check=False)
    assert got.received == 0 and "mtu = 1364" in got.text.replace("mtu=", "mtu = "), got.text
    traffic.ping(lab, "r4", "10.2.2.5", 2, size=1336, options=("-M", "do"))


def test_linux_on_the_router_is_told(lab):
    """What R2's own Linux sends from its EID address, by way of lisp0."""
    traffic.ping(lab, "r2", "10.2.2.5", 1, source="10.1.1.2")
    got = traffic.ping(lab, "r2", "10.2.2.5", 1, source="10.1.1.2", size=1400, options=("-M", "do"), wait=2, check=False)
    assert got.received == 0 and "mtu = 1364" in got.text.replace("mtu=", "mtu = "), got.text
    traffic.ping(lab, "r2", "10.2.2.5", 2, source="10.1.1.2", size=1336, options=("-M", "do"))


@pytest.mark.parametrize("size", [1336, 1337, 1400, 1436, 1437, 1472])
def test_pings_without_df(lab, size):
    """Split so that they fit, from the second that was too big for the core on."""
    got = traffic.ping(lab, "r4", "10.2.2.5", 4, size=size, options=("-M", "dont"), wait=1, check=False)
    # lost at most: the one that made R2 ask, and the answer to the next that made R3
    assert got.received >= 2, got.text
    traffic.ping(lab, "r4", "10.2.2.5", 3, size=size, options=("-M", "dont"))


def test_traceroute_through_the_core(lab):
    """Its routers answer for themselves: R2 passes on what they say of the outer packets (RFC 9300 5.3)."""
    traffic.ping(lab, "r4", "10.2.2.5", 1)
    hops = traffic.traceroute(lab, "r4", "10.2.2.5")
    assert hops[:3] == ["10.1.1.2", "10.0.1.1", "10.0.9.2"], hops
    assert hops[-1] == "10.2.2.5" and len(hops) == 5, hops


def test_unreachable_rloc(lab):
    """The core has no way to R3 any more: the host hears of it."""
    traffic.ping(lab, "r4", "10.2.2.5", 1)
    lab.ip("r1", "route", "del", "10.0.2.0/24")
    try:
        got = traffic.ping(lab, "r4", "10.2.2.5", 2, wait=2, check=False)
        assert "From 10.1.1.2" in got.text and "Host Unreachable" in got.text, got.text
    finally:
        lab.ip("r1", "route", "add", "10.0.2.0/24", "via", "10.0.9.2")
    traffic.ping(lab, "r4", "10.2.2.5", 1)


def test_it_is_forgotten(lab):
    """After ten minutes it is tried again whether the core carries more (RFC 1191 6.3); and another way is another MTU."""
    traffic.ping(lab, "r4", "10.2.2.5", 1)
    too_big = {"size": 1400, "options": ("-M", "do"), "wait": 1, "check": False}
    traffic.ping(lab, "r4", "10.2.2.5", 1, **too_big)
    wait_until(lambda: learnt(lab, "r2", "10.0.2.2") == (NARROW, NARROW), 5, "path MTU")
    assert 590 <= rloc(lab, "r2", "10.0.2.2")["path_mtu_expires_s"] <= 600
    lab.ctl("r2", "clock", "advance", 602)
    wait_until(lambda: learnt(lab, "r2", "10.0.2.2") == (1500, None), 5, "the first MTU again")
    lab.ip("r4", "route", "flush", "cache")
    traffic.ping(lab, "r4", "10.2.2.5", 1, **too_big)
    wait_until(lambda: learnt(lab, "r2", "10.0.2.2") == (NARROW, NARROW), 5, "path MTU")
    # another next hop, on the same link
    lab.ip("r1", "addr", "add", "10.0.1.7/24", "dev", "left")
    lab.ip("r2", "route", "add", "10.0.2.0/24", "via", "10.0.1.7")
    wait_until(lambda: learnt(lab, "r2", "10.0.2.2") == (1500, None), 5, "the MTU of the new way")
    lab.ip("r1", "addr", "del", "10.0.1.7/24", "dev", "left")
