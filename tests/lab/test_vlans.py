# SPDX-License-Identifier: BSD-3-Clause
r"""
Lab 1 with VLANs: each site's port has two, of two instances, and R2's core is a VLAN of its core port.

    r4 10.1.1.4 --100-- [t2] == R2 == [c2] --300-- 172.16.1.0/24 ------- R3 == [t3] --100-- r5 10.2.2.5     instance 0
    r6 10.3.1.6 --200--/                                                        \--200-- r7 10.4.2.7     instance 100

`==` has tags, which wire (wire.c) puts in and takes off in the namespaces in brackets. R2 uses what its devices offload,
R3 does not.
"""

import contextlib
import json
import struct

import pytest

import conf
import lab as labs
import traffic
from capture import Capture
from proc import wait_until

IID = 100
MAC = {}


def vlan(vid, name, side, address, iid=0):
    v = {"vlan-id": vid, "name": name, "side": side, "addresses": [address]}
    if iid:
        v["instance-id"] = iid
    return v


def router(name, rloc, first, second, core_vlan, offloads):
    """An xTR whose site port has VLANs 100 and 200; first and second: (own address, prefix) of each."""
    c = conf.xtr(name, rloc, first[0] + "/24", first[1])
    core, site = c["ports"]
    site["addresses"], site["vlans"] = [], (
        vlan(100, "site100", "site", first[0] + "/24"), vlan(200, "site200", "site", second[0] + "/24", IID))
    if core_vlan:
        core["addresses"], core["vlans"] = [], (vlan(core_vlan, "core%d" % core_vlan, "core", rloc + "/24"),)
    for p in (core, site):
        p["offloads"] = offloads
    c["ports"] = (core, site)
    c["database-mapping"] += (conf.mapping(second[1], rloc, IID),)
    return c


def configs():
    c = conf.lab1()
    c["r1"]["site"] += (conf.site("site1-100", "10.3.1.0/24", "172.16.1.2", iid=IID),
        conf.site("site2-100", "10.4.2.0/24", "172.16.1.3", iid=IID))
    c["r2"] = router("r2", "172.16.1.2", ("10.1.1.2", "10.1.1.0/24"), ("10.3.1.2", "10.3.1.0/24"), 300, True)
    c["r3"] = router("r3", "172.16.1.3", ("10.2.2.3", "10.2.2.0/24"), ("10.4.2.3", "10.4.2.0/24"), 0, False)
    return c


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.add_ns("core", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "t2", "t3", "c2")
        lab.bridge("core", "br0")
        lab.link("core", "p1", "r1", "eth0", "br0")
        lab.link("core", "p2", "c2", "core", "br0")
        lab.link("core", "p3", "r3", "r3-core", "br0")
        lab.link("c2", "trunk", "r2", "r2-core")
        lab.link("t2", "trunk", "r2", "r2-site")
        lab.link("t3", "trunk", "r3", "r3-site")
        lab.host("r1", "eth0", "172.16.1.1/24")
        for host, switch, address, gateway in (("r4", "t2", "10.1.1.4/24", "10.1.1.2"),
            ("r6", "t2", "10.3.1.6/24", "10.3.1.2"), ("r5", "t3", "10.2.2.5/24", "10.2.2.3"),
            ("r7", "t3", "10.4.2.7/24", "10.4.2.3")):
            lab.link(host, "eth0", switch, host)
            lab.host(host, "eth0", address, gateway)
        lab.dpdk_port("r2", "r2-core", "r2-site")
        lab.dpdk_port("r3", "r3-core", "r3-site")
        lab.trunk("t2", {100: "r4", 200: "r6"})
        lab.trunk("t3", {100: "r5", 200: "r7"})
        lab.trunk("c2", {300: "core"})
        lab.start_all(configs())
        for r in ("r2", "r3"):
            MAC[r] = traffic.mac_of(lab, r, "site100")
        yield lab


def tags(frame):
    """VLAN and type of a frame that a capture has."""
    type_, tci, inner = struct.unpack("!HHH", frame[12:18])
    return (tci, inner) if type_ == 0x8100 else (None, type_)


def test_both_instances(lab):
    """The first pings wait for their mappings, and none is lost."""
    with lab.no_drops("r2", "r3"):
        traffic.ping(lab, "r4", "10.2.2.5", 5)
        traffic.ping(lab, "r6", "10.4.2.7", 5)
        traffic.ping(lab, "r7", "10.3.1.6", 3)
    got = {(e["instance"], e["eid"]) for e in lab.entries("r2") if e["state"] == "complete"}
    assert got >= {(0, "10.2.2.0/24"), (IID, "10.4.2.0/24")}, got


def test_instances_are_apart(lab):
    """What the other VLAN's instance has is not reached."""
    assert traffic.ping(lab, "r4", "10.4.2.7", 2, wait=1, check=False).received == 0
    assert traffic.ping(lab, "r6", "10.2.2.5", 2, wait=1, check=False).received == 0


def test_tags_on_the_wire(lab):
    """Each VLAN's frames have its number, with priority 0, on either side; hosts and Linux see none."""
    with contextlib.ExitStack() as stack:
        caps = {(name, iface): stack.enter_context(Capture(lab, name, iface)) for name, iface in (
            ("t2", "trunk"), ("c2", "trunk"), ("t3", "trunk"), ("r6", "eth0"), ("r2", "site200"))}
        traffic.ping(lab, "r4", "10.2.2.5", 2)
        traffic.ping(lab, "r6", "10.4.2.7", 2)
        traffic.ping(lab, "r6", "10.3.1.2", 2)
        for c in caps.values():
            c.stop()
    seen = {k: {tags(f) for _, f in c.frames() if tags(f)[1] in (0x800, 0x806)} for k, c in caps.items()}
    assert {t for t, _ in seen["t2", "trunk"]} == {100, 200}
    assert {t for t, _ in seen["t3", "trunk"]} == {100, 200}
    assert {t for t, _ in seen["c2", "trunk"]} == {300}
    assert {t for t, _ in seen["r6", "eth0"]} == {None}
    assert {t for t, _ in seen["r2", "site200"]} == {None}


def test_linux_has_the_vlan(lab):
    """ARP, ping and addresses by the VLAN's TAP, which has the port's MAC and carrier."""
    for name, gateway, r in (("r4", "10.1.1.2", "r2"), ("r6", "10.3.1.2", "r2"), ("r7", "10.4.2.3", "r3")):
        lab.ip(name, "neigh", "flush", "dev", "eth0")
        traffic.ping(lab, name, gateway, 2)
        (neigh,) = json.loads(lab.ip(name, "-j", "neigh", "show", gateway))
        assert neigh["lladdr"] == MAC[r]
    for iface in ("site", "site100", "site200", "core", "core300"):
        (link,) = json.loads(lab.ip("r2", "-j", "link", "show", "dev", iface))
        assert link["operstate"] == "UP" or "LOWER_UP" in link["flags"], link
        if iface.startswith("site"):
            assert link["address"] == MAC["r2"]
    lab.ip("r2", "addr", "add", "10.3.1.77/24", "dev", "site200")
    lab.ip("r6", "neigh", "flush", "dev", "eth0")
    traffic.ping(lab, "r6", "10.3.1.77", 2)
    lab.ip("r2", "addr", "del", "10.3.1.77/24", "dev", "site200")


def test_large_packets(lab):
    """1464 bytes fit the core's 1500; the frame has four bytes more for the tag."""
    for name, target in (("r4", "10.2.2.5"), ("r6", "10.4.2.7")):
        traffic.ping(lab, name, target, 2, size=1464 - 28, options=("-M", "do"))
    traffic.ping(lab, "r6", "10.3.1.2", 2, size=1472, options=("-M", "do"))


@pytest.mark.parametrize("client, server, address", (("r4", "r5", "10.2.2.5"), ("r7", "r6", "10.3.1.6")))
def test_tcp(lab, client, server, address):
    end = traffic.iperf3(lab, client, server, address, seconds=2)
    assert end["sum_received"]["bytes"] > 5e6, end


def test_unknown_vlans_are_dropped(lab):
    """By name, and not taken for the port's own frames."""
    arp = bytes.fromhex("ffffffffffff020000000999")
    with traffic.Raw(lab, "t2", "trunk") as raw:
        for head, name in ((b"\x81\x00\x03\xe7\x08\x06", "vlan-unknown"),
            (b"\x81\x00\x00\x64\x81\x00\x00\xc8\x08\x06", "vlan-stacked-tags")):
            before = lab.drops("r2")
            raw.send(arp + head + bytes(46))
            wait_until(lambda: labs.moved(before, lab.drops("r2")).get(name) == 1, 5, name)


def test_show(lab):
    ports = {p["name"]: p for p in lab.ctl("r2", "show", "ports")["ports"]}
    assert list(ports) == ["core", "site", "core300", "site100", "site200"]
    v = ports["site200"]
    assert (v["port"], v["vlan"], v["instance"], v["side"], v["mtu"]) == ("site", 200, IID, "site", 1500)
    assert v["mac"] == MAC["r2"] and v["link"] == "up" and v["workers"] == ports["site"]["workers"]
    assert (ports["site"]["port"], ports["site"]["vlan"]) == (None, None)
    assert {"rx-vlan-strip", "tx-vlan-insert"} <= set(v["offloads"])
    assert "VLAN 200 of site" in lab.show("r2", "ports")
    other = {p["name"]: p["offloads"] for p in lab.ctl("r3", "show", "ports")["ports"]}
    assert not any("vlan" in o or "checksum" in o for p in other.values() for o in p)
    # counted at the VLAN, once on each side
    before = {p["name"]: p for p in lab.ctl("r2", "show", "ports")["ports"]}
    traffic.ping(lab, "r6", "10.4.2.7", 10, interval=0.01)
    after = {p["name"]: p for p in lab.ctl("r2", "show", "ports")["ports"]}
    for name, least in (("site200", 10), ("core300", 10), ("site100", 0)):
        for key in ("rx", "tx"):
            moved = {u: after[name]["%s_%s" % (key, u)] - before[name]["%s_%s" % (key, u)] for u in ("packets", "bytes")}
            assert least <= moved["packets"] < least + 10, (name, key, moved)
            # a ping is 98 bytes without a tag
            assert least * 98 <= moved["bytes"], (name, key, moved)
    way = lab.ctl("r2", "show", "forwarding", "10.4.2.7", "from", "10.3.1.6", "port", "site200")
    assert "core300" in json.dumps(way) and "172.16.1.3" in json.dumps(way), way
