# SPDX-License-Identifier: BSD-3-Clause
"""xtrbench against the daemon: what it measures is what a daemon sends; its RFC 2544 search drives one."""

import struct
import subprocess

import pytest

from lab import BUILD, SANITIZED, XTRD, Lab
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
        sent = [lab.dir / "sent0.pcap", lab.dir / "sent1.pcap"]
        wanted = sum(len(f) + 16 for f in expected) + PCAP_HEAD
        # its file is written as its buffer fills, and whole when it ends
        wait_until(lambda: sent[site_leaves].exists() and sent[site_leaves].stat().st_size > min(wanted // 2, wanted - 8192),
            20, "the daemon's frames")
    finally:
        xtrd.end()
    got = [frames(p) for p in sent]
    assert len(got[site_leaves]) == len(expected) > 1000 // 4
    assert got[site_leaves] == expected
    assert got[not site_leaves] == []
