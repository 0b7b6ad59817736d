# SPDX-License-Identifier: BSD-3-Clause
"""Workers make no system call while traffic flows and idle-backoff is off, over memif between two processes."""

import pathlib
import re
import shutil

import pytest

import conf
import lab as labs
import traffic
from proc import wait_until

WORKER = re.compile(r"(lcore|rte)-worker")


def workers(pid):
    """Thread ids of a process's worker threads."""
    return [int(t.name) for t in pathlib.Path("/proc/%d/task" % pid).iterdir()
        if WORKER.match(t.joinpath("comm").read_text())]


def xtr(lab, name, role, rloc, other, eid, other_eid):
    return {
        "eal": {"idle-backoff": False},
        "ports": (
            {
                "name": "core",
                "device": "net_memif0,role=%s,id=1,socket=%s,socket-abstract=no" % (role, lab.dir / "memif.sock"),
                "side": "core",
                "addresses": [rloc + "/24"],
            },
            # a site port that nothing ever comes from, for the EID address
            {"name": "site", "device": "net_null0,no-rx=1", "side": "site", "addresses": [eid + "/24"]},
        ),
        "database-mapping": (conf.mapping(net(eid), rloc),),
        "map-cache": (conf.mapping(net(other_eid), other),),
    }


def net(eid):
    return eid.rpartition(".")[0] + ".0/24"


@pytest.fixture
def pair(new_lab):
    lab = new_lab()
    lab.add_ns("a", "b")
    lab.start("a", xtr(lab, "a", "server", "172.16.1.2", "172.16.1.3", "10.1.1.2", "10.2.2.3"))
    lab.start("b", xtr(lab, "b", "client", "172.16.1.3", "172.16.1.2", "10.2.2.3", "10.1.1.2"))
    return lab


def rx(lab, router):
    (core,) = [p for p in lab.ctl(router, "show", "ports")["ports"] if p["name"] == "core"]
    return core["rx_packets"]


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
def test_no_system_call(pair):
    def native():
        return traffic.ping(pair, "a", "172.16.1.3", 1, wait=1, check=False).received

    wait_until(native, 10, "memif between the two")
    traffic.ping(pair, "a", "10.2.2.3", 3, source="10.1.1.2")
    for name in ("a", "b"):
        pid = pair.routers[name].pid
        tids = workers(pid)
        assert tids, "no worker thread in %s" % [t.joinpath("comm").read_text() for t in
            pathlib.Path("/proc/%d/task" % pid).iterdir()]
        out = pair.dir / ("strace-%s.txt" % name)
        tracer = pair.spawn(name, "strace", "-o", out, *[w for t in tids for w in ("-p", t)], log="strace-%s.log" % name)
        wait_until(lambda: len(re.findall("attached", tracer.text())) >= len(tids), 10, "strace")
        before = rx(pair, name)
        traffic.ping(pair, "a", "10.2.2.3", 50, interval=0.01, source="10.1.1.2")
        traffic.ping(pair, "b", "172.16.1.2", 50, interval=0.01)
        assert rx(pair, name) >= before + 100
        tracer.stop()
        calls = [line for line in out.read_text().splitlines() if "(" in line and not line.startswith("strace:")]
        assert not calls, calls[:10]
