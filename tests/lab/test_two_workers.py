# SPDX-License-Identifier: BSD-3-Clause
"""
Lab 1 with two workers in each xTR: each port is one worker's, and what goes from site to core and back passes from one
to the other. Nothing is lost, nothing overtakes.
"""

import pytest

import conf
import lab as labs
import traffic
from lab import SANITIZED

XTRS = ("r2", "r3")


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.two_sites()
        configs = conf.lab1()
        for r in XTRS:
            configs[r]["eal"] = {"workers": [-1, -1]}
        lab.start_all(configs)
        yield lab


@pytest.fixture
def no_drops(lab):
    with lab.no_drops(*XTRS):
        yield


def packets(lab, router):
    """What each worker has received, by its ports."""
    return {tuple(w["ports"]): w["packets"] for w in lab.ctl(router, "show", "workers")["workers"]}


def test_ports_are_shared_out(lab):
    before = {r: packets(lab, r) for r in XTRS}
    traffic.ping(lab, "r4", "10.2.2.5", 20, interval=0.01)
    for r in XTRS:
        after = packets(lab, r)
        assert set(after) == {("core",), ("site",)}
        assert all(after[p] >= before[r][p] + 20 for p in after), (before[r], after)


@pytest.mark.parametrize("run", range(6))
def test_cold_pings(lab, run):
    if run % 2:
        lab.restart(*XTRS)
    else:
        lab.clear(*XTRS)
    traffic.ping(lab, "r4", "10.2.2.5", 5)
    traffic.ping(lab, "r2", "10.2.2.3", source="10.1.1.2")


@pytest.mark.parametrize("rate, count", [(1000, 3000), (1000000, 800)])
def test_udp_from_the_first_packet(lab, no_drops, rate, count):
    traffic.know_the_way(lab, "r4", "10.1.1.2")
    lab.clear(*XTRS)
    traffic.Stream(lab, "r4", "10.1.1.4", "r5", "10.2.2.5", 7601, rate=rate, count=count).start().finish_sent()


def test_many_flows_both_ways(lab, no_drops):
    """Each flow's packets arrive in their order, also while the caches are emptied."""
    lab.clear(*XTRS)
    ends = [("r4", "10.1.1.4", "r5", "10.2.2.5"), ("r5", "10.2.2.5", "r4", "10.1.1.4")]
    streams = [traffic.Stream(lab, *ends[i % 2], 7610 + i, rate=200, count=800).start() for i in range(6)]
    for _ in range(3):
        marks = [len(s.seen) + 150 for s in streams]
        labs.wait_until(lambda: all(len(s.seen) >= m for s, m in zip(streams, marks)), 20, "150 more of each")
        lab.clear(*XTRS)
    for s in streams:
        s.finish_sent()


def test_tcp(lab):
    rate = traffic.iperf3(lab, "r4", "r5", "10.2.2.5", seconds=5)["sum_received"]["bits_per_second"]
    assert rate > (1e6 if SANITIZED else 20e6)


def test_udp(lab, no_drops):
    """20 Mbit/s of 1,200-byte datagrams: none lost, none out of order."""
    end = traffic.iperf3(lab, "r4", "r5", "10.2.2.5", "-u", "-b", "5M" if SANITIZED else "20M", "-l", "1200",
        seconds=5)["sum"]
    assert end["packets"] > 2000 and end["lost_packets"] == 0


@pytest.mark.parametrize("size", [1436, 1437, 1472])
def test_sizes(lab, size):
    """What is fragmented comes out whole, by whichever worker."""
    traffic.ping(lab, "r4", "10.2.2.5", 3, size=size, options=("-M", "dont"))
