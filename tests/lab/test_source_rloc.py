# SPDX-License-Identifier: BSD-3-Clause
"""R2 holds the source RLOC of what it decapsulates against the source EID's mapping: off, loose, strict."""

import itertools
import logging

import pytest

import conf
import lab as labs
import lisp
import traffic
from lab import moved
from proc import wait_until

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, UDP  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw as Bytes  # noqa: E402

R3, BACKUP, LIAR = "172.16.1.3", "172.16.1.13", "172.16.1.9"
MISMATCH = "decap-source-rloc-mismatch"
_mark = itertools.count(1)


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        yield lab


@pytest.fixture(scope="module", params=["off", "loose", "strict"])
def mode(lab, request):
    """Lab 1 with R2 in this mode; R3's site has a second locator, which it does not use itself."""
    configs = conf.lab1()
    configs["r1"]["site"][1]["allowed-locators"] = [R3, BACKUP]
    configs["r3"]["database-mapping"][0]["locators"] += ({"rloc": BACKUP, "priority": 2, "weight": 100},)
    configs["r2"]["lisp"] = {"source-rloc-check": request.param}
    lab.start_all(configs)
    yield request.param
    for r in list(lab.routers):
        lab.end(r)


@pytest.fixture
def wires(lab, mode):
    """R4's interface, and the core from x. R2 knows R4, and nobody else's EIDs."""
    traffic.ping(lab, "r5", "10.1.1.4", 1)
    lab.clear("r2")
    with traffic.Raw(lab, "r4", "eth0") as r4, traffic.Raw(lab, "x", "eth0") as x:
        yield r4, x


def spoof(lab, wires, rloc, source):
    """A packet of this source to R4, who won't answer, in a LISP packet from this RLOC; how it can be told from others."""
    mark = b"spoof%08d" % next(_mark)
    inner = IP(src=source, dst="10.1.1.4") / ICMP(type="echo-reply") / Bytes(mark)
    wires[1].send(Ether(dst=traffic.mac_of(lab, "r2", "core")) / IP(src=rloc, dst="172.16.1.2") /
        UDP(sport=50000, dport=4341, chksum=0) / Bytes(lisp.w_data(bytes(inner))))
    return mark


def arrives(wires, mark):
    wires[0].expect(lambda f: mark in f, 10, "%r at R4" % mark)


def passes(lab, wires, rloc, source):
    with lab.no_drops("r2"):
        arrives(wires, spoof(lab, wires, rloc, source))


def dropped(lab, wires, rloc, source, name):
    """It is counted, and R4 does not see it: what R3 sends behind it is there first."""
    before, seen = lab.drops("r2"), []
    mark = spoof(lab, wires, rloc, source)
    wait_until(lambda: moved(before, lab.drops("r2")) == {name: 1}, 5, "one %s" % name)
    behind = spoof(lab, wires, R3, "10.2.2.5")
    wires[0].expect(lambda f: seen.append(mark in f) or behind in f, 10, "the packet behind")
    assert not any(seen)


def known(lab):
    """R2 has the mapping of R5's site."""
    traffic.ping(lab, "r4", "10.2.2.5", 1)
    assert [e["eid"] for e in lab.entries("r2")] == ["10.2.2.0/24"]


def test_spoofed(lab, mode, wires):
    """From an RLOC that the source's mapping does not have."""
    known(lab)
    if mode == "off":
        passes(lab, wires, LIAR, "10.2.2.5")
    else:
        dropped(lab, wires, LIAR, "10.2.2.5", MISMATCH)
        dropped(lab, wires, LIAR, "10.2.2.77", MISMATCH)


def test_either_locator(lab, mode, wires):
    """From the locator in use, and from the one that is only a backup."""
    known(lab)
    passes(lab, wires, R3, "10.2.2.5")
    passes(lab, wires, BACKUP, "10.2.2.5")


def test_first_packets(lab, mode, wires):
    """Nothing is lost where R2 knows nothing of the source; strict asks first, the others do not ask."""
    marks = [spoof(lab, wires, R3, "10.2.2.5") for _ in range(20)]
    with lab.no_drops("r2"):
        for mark in marks:  # in their order
            arrives(wires, mark)
    assert [e["eid"] for e in lab.entries("r2")] == (["10.2.2.0/24"] if mode == "strict" else [])


def test_first_spoofed(lab, mode, wires):
    """Strict: not even the first packet gets through, nor what came with it."""
    if mode == "strict":
        dropped(lab, wires, LIAR, "10.2.2.5", MISMATCH)
    else:
        passes(lab, wires, LIAR, "10.2.2.5")


def test_hosts_talk(lab, mode, wires):
    """Cold caches: no ping is lost, either way."""
    for a, b in (("r4", "10.2.2.5"), ("r5", "10.1.1.4")):
        lab.clear("r2", "r3")
        with lab.no_drops("r2", "r3"):
            assert traffic.ping(lab, a, b, 3).received == 3


def test_own_eids(lab, mode, wires):
    """Nobody in the core is a host of ours."""
    for source in ("10.1.1.200", "10.1.1.2"):
        if mode == "off":
            passes(lab, wires, LIAR, source)
        else:
            dropped(lab, wires, LIAR, source, "decap-source-own-eid")


def test_strangers(lab, mode, wires):
    """What the mapping system knows of as no EID comes by a proxy ITR, from anywhere if none is configured."""
    passes(lab, wires, LIAR, "9.9.9.9")
    assert [e["action"] for e in lab.entries("r2")] == (["natively-forward"] if mode == "strict" else [])


def test_proxy_itrs(lab, mode, wires):
    """Then by those that are configured."""
    if mode == "off":
        pytest.skip("proxy-itrs does nothing there")
    path = lab.configs["r2"]
    text = path.read_text()
    lab.end("r2")
    try:
        lab.start("r2", text + 'proxy-itrs = [ "172.16.1.8", "172.16.1.64/26" ];\n')
        wait_until(lambda: lab.ctl("r2", "lig", "9.9.9.9"), 10, "R2 asks")
        if mode == "loose":  # learned by what a host of ours sends there
            traffic.ping(lab, "r4", "9.9.9.9", 1, wait=1, check=False)
            wait_until(lambda: lab.entries("r2"), 5, "the negative entry")
        dropped(lab, wires, LIAR, "9.9.9.9", "decap-source-not-by-proxy-itr")
        for rloc in ("172.16.1.8", "172.16.1.64", "172.16.1.127"):
            passes(lab, wires, rloc, "9.9.9.9")
        traffic.ping(lab, "r4", "10.2.2.5", 1)  # an EID that is known comes from its own RLOCs only
        dropped(lab, wires, "172.16.1.8", "10.2.2.5", MISMATCH)
    finally:
        lab.end("r2")
        lab.start("r2", text)
