# SPDX-License-Identifier: BSD-3-Clause
"""xtrbench against the daemon: what it measures is what a daemon sends; its RFC 2544 search drives one."""

import json
import os
import struct
import subprocess

import pytest

from lab import BUILD, XTRCTL, XTRD, Lab
from proc import Xtrd, wait_until

BENCH = BUILD / "app/xtrbench/xtrbench"
PCAP_HEAD = 24


def bench(*words, limit=120, **more):
    return subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=limit, check=True, **more).stdout


def frames(path):
    """Frames of a capture, as far as it is written."""
    data, at, out = path.read_bytes(), PCAP_HEAD, []
    while at + 16 <= len(data):
        n = struct.unpack_from("=I", data, at + 8)[0]
        if at + 16 + n > len(data):
            break
        out.append(data[at + 16:at + 16 + n])
        at += 16 + n
    return out


@pytest.fixture
def lab():
    with Lab() as lab:
        lab.add_ns("dut")
        yield lab


def daemon(lab, name, case, core, site):
    """An xtrd over two devices, with the tables that xtrbench measures on."""
    conf = lab.dir / (name + ".conf")
    conf.write_text(bench("rfc2544", "--config", core, site, str(lab.dir), "--case", case))
    return Xtrd(XTRD, lab.ns("dut"), conf, lab.dir, name)


def counters(lab, what="counters"):
    return json.loads(subprocess.run([XTRCTL, "-s", lab.dir / "sock", "--json", "show", what], capture_output=True,
        text=True, timeout=20, check=True).stdout)


CASES = ["native4/flows=300", "native6/flows=300", *("%s%din%d/flows=300" % (way, i, o)
    for way in ("encap", "decap") for i in (4, 6) for o in (4, 6)), "encap4in4/flows=300/size=imix",
    "encap4in6/flows=1/size=9000", "decap6in4/flows=7/size=1400/seg=128"]


@pytest.mark.parametrize("case", CASES)
def test_same_as_the_daemon(lab, case):
    """
    To the byte, without exception: addresses are configured alike, and the outer IPv4 header has no number that counts.
    The daemon's input is a file that net_pcap reads; frames go to either port's file in order.
    """
    subprocess.run([BENCH, "datapath", "--case", case, "--write", lab.dir], check=True, timeout=120)
    site_comes = case.startswith("encap")
    site_leaves = case.startswith("decap")
    nothing = lab.dir / "nothing.pcap"
    nothing.write_bytes((lab.dir / "in.pcap").read_bytes()[:PCAP_HEAD])
    devices = ["net_pcap%d,rx_pcap=%s,tx_pcap=%s" % (i, lab.dir / "in.pcap" if comes else nothing,
        lab.dir / ("sent%d.pcap" % i)) for i, comes in ((0, not site_comes), (1, site_comes))]
    xtrd = daemon(lab, "pcap", case.split("/")[0] + "/flows=1", *devices)
    expected = frames(lab.dir / "out.pcap")
    try:
        wait_until(lambda: counters(lab)["rx-packets"] == len(frames(lab.dir / "in.pcap")), 20, "the daemon's turn")
    finally:
        xtrd.end()
    got = [frames(lab.dir / ("sent%d.pcap" % i)) for i in (0, 1)]
    assert len(got[site_leaves]) == len(expected) == 1024
    assert got[site_leaves] == expected
    assert got[not site_leaves] == []


@pytest.mark.parametrize("case", ["encap4in4/flows=100", "decap6in4/flows=100"])
def test_rfc2544(lab, case):
    """
    Two processes over memif: at a low rate nothing is lost, nothing is late, and the daemon counts what was sent. That
    devices that drop are found out is tests/unit/test_bench_search.c's.
    """
    memif = "net_memif%%d,role=%%s,id=%%d,socket=%s/memif,socket-abstract=no,bsize=9344" % lab.dir
    macs = ("02:70:63:61:70:00", "02:70:63:61:70:01")
    xtrd = daemon(lab, "memif", case, *(memif % (i, "server", i) + ",mac=" + macs[i] for i in (0, 1)))
    try:
        out = bench("rfc2544", "--case", case, "--sizes", "128,9000", "--duration", "0.3", "--search", "0.1", "--settle",
            "0", "--wait", "1000", "--max", "1000", "--json", "--", "--no-huge", "--no-shconf", "--no-pci",
            "--no-telemetry", "-m256", "--lcores=0@%d" % max(os.sched_getaffinity(0)),
            *("--vdev=" + memif % (i, "client", i) for i in (0, 1)), env=dict(os.environ, XDG_RUNTIME_DIR=str(lab.dir)))
        counted, drops = counters(lab), counters(lab, "drops")
    finally:
        xtrd.end()
    figures = json.loads(out)["figures"]
    assert [f["case"] for f in figures] == ["%s/size=%d" % (case, size) for size in (128, 9000)]
    for f in figures:
        assert f["lost"] == 0 and f["late"] == 0, f
        assert 0 < f["median"] <= 1010 and f["sent"] > 0, f
    way = "encapsulated" if case.startswith("encap") else "decapsulated"
    assert counted[way] == counted["rx-packets"]
    # frames may come before the link by which they are to leave is up; those of the trials come after
    assert counted["rx-packets"] - counted["tx-packets"] == drops["tx-port-down"]
    assert counted["tx-packets"] >= sum(f["sent"] for f in figures)
