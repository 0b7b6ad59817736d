# SPDX-License-Identifier: BSD-3-Clause
"""Lab 1: two sites talk, and nobody loses a packet."""

import hashlib
import os
import shutil

import pytest

import lisp
import traffic
from capture import Capture, judge
from lab import SANITIZED
from proc import wait_until


@pytest.fixture
def no_drops(lab1):
    """No drop counter of the two xTRs moves during the test."""
    with lab1.no_drops("r2", "r3"):
        yield


def cold(lab, *routers):
    """Processes of these routers start anew: nothing resolved is left, in them or in Linux."""
    lab.restart(*routers)
    for r in routers:
        assert lab.entries(r) == []


@pytest.mark.parametrize("run", range(20))
def test_cold_pings(lab1, run):
    """Five pings on cold caches; every second run with processes that have just started."""
    if run % 2:
        cold(lab1, "r2", "r3")
    else:
        lab1.clear("r2", "r3")
    with Capture(lab1, "core", "br0") as cap:
        traffic.ping(lab1, "r4", "10.2.2.5", 5)
        cap.stop()
    asked = [m for m in cap.control(lisp.ECM) if m["from"] == "172.16.1.2"]
    assert asked and asked[0]["inner"]["records"][0]["eid"] == "10.2.2.5/32"
    data = list(cap.udp(4341))
    assert asked[0]["t"] < data[0]["t"], "a packet was encapsulated before the mapping was asked for"
    (e,) = lab1.entries("r2")
    assert (e["eid"], e["state"], e["instance"], e["ttl_min"]) == ("10.2.2.0/24", "complete", 0, 1440)
    assert e["source"] == "map-reply" and 86000 < e["expires_s"] <= 86400
    (loc,) = e["locators"]
    assert (loc["rloc"], loc["state"], loc["priority"], loc["weight"]) == ("172.16.1.3", "up", 1, 50)


def test_udp_from_the_first_packet(lab1, no_drops):
    """1,000 packets a second on cold caches: none lost, none out of order."""
    lab1.clear("r2", "r3")
    s = traffic.Stream(lab1, "r4", "10.1.1.4", "r5", "10.2.2.5", 7001, rate=1000, count=3000).start()
    s.finish_sent()


def test_burst_from_the_first_packet(lab1, no_drops):
    """As fast as a socket takes them, within what is held for one EID."""
    lab1.clear("r2", "r3")
    s = traffic.Stream(lab1, "r4", "10.1.1.4", "r5", "10.2.2.5", 7002, rate=1000000, count=800).start()
    s.finish_sent()


def test_both_ways_at_once(lab1, no_drops):
    lab1.clear("r2", "r3")
    a = traffic.Stream(lab1, "r4", "10.1.1.4", "r5", "10.2.2.5", 7003, rate=500, count=1000).start()
    b = traffic.Stream(lab1, "r5", "10.2.2.5", "r4", "10.1.1.4", 7004, rate=500, count=1000).start()
    for s in (a, b):
        s.finish_sent()


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_router_pings_from_its_eid(lab1, state):
    """What Linux on R2 sends from the EID address goes through LISP."""
    if state == "cold":
        lab1.clear("r2", "r3")
    traffic.ping(lab1, "r2", "10.2.2.5", source="10.1.1.2")


@pytest.mark.parametrize("state", ["cold", "warm"])
def test_remote_host_pings_router(lab1, state):
    if state == "cold":
        lab1.clear("r2", "r3")
    traffic.ping(lab1, "r5", "10.1.1.2")


def test_routers_ping_each_other_by_eid(lab1):
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r2", "10.2.2.3", source="10.1.1.2")


def test_host_pings_its_gateway(lab1):
    traffic.ping(lab1, "r4", "10.1.1.2")


def test_core_is_native(lab1):
    """Underlay addresses answer each other without LISP."""
    traffic.ping(lab1, "x", "172.16.1.2")
    traffic.ping(lab1, "r2", "172.16.1.1")
    traffic.ping(lab1, "r2", "172.16.1.3")


@pytest.mark.parametrize("size", [0, 1400, 1436, 1437, 1472])
def test_ping_sizes(lab1, size):
    """Up to the host's MTU, and past what fits into the core with the outer headers: fragmented, not lost."""
    traffic.ping(lab1, "r4", "10.2.2.5", 3, size=size, options=("-M", "dont"))


def test_too_big_is_said(lab1):
    """DF and too big for the core: ICMP with the MTU that fits (RFC 9300 7.1): 1500 - 36."""
    lab1.run("r4", "ip", "route", "flush", "cache")
    got = traffic.ping(lab1, "r4", "10.2.2.5", 2, size=1472, options=("-M", "do"), wait=1, check=False)
    assert got.received == 0 and "mtu = 1464" in got.text.replace("mtu=", "mtu = "), got.text
    lab1.run("r4", "ip", "route", "flush", "cache")
    traffic.ping(lab1, "r4", "10.2.2.5", 2, size=1436, options=("-M", "do"))


def test_ssh_to_router(lab1):
    """R4 opens a session to R2's site address."""
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    if not os.path.exists(sshd):
        pytest.skip("no sshd here")
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    d = lab1.dir
    for k in ("host", "user"):
        lab1.run("r2", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", d / ("ssh_" + k))
    d.joinpath("sshd_config").write_text("ListenAddress 10.1.1.2\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\n"
        "UsePAM no\nPermitRootLogin yes\nPidFile none\nUseDNS no\n" % (d / "ssh_host", d / "ssh_user.pub"))
    server = lab1.spawn("r2", sshd, "-D", "-e", "-f", d / "sshd_config")
    wait_until(lambda: "listening on" in server.text(), 10, "sshd")
    for client in ("r4", "r5"):  # from the site's own host, and through LISP
        r = lab1.run(client, "ssh", "-n", "-F", "none", "-i", d / "ssh_user", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "root@10.1.1.2",
            "ip -br addr show dev site")
        assert "10.1.1.2/24" in r.stdout, r.stdout
    server.stop()


def test_page_from_router(lab1):
    """R4 fetches a page from a web server on R3's site address."""
    page = lab1.dir / "www"
    page.mkdir()
    (page / "index.html").write_text("two sites talk\n")
    server = traffic.http_server(lab1, "r3", "10.2.2.3", page)
    lab1.clear("r2", "r3")
    r = lab1.run("r4", "curl", "-sS", "--max-time", "15", "http://10.2.2.3/")
    assert r.stdout == "two sites talk\n"
    server.stop()


@pytest.mark.parametrize("way", ["up", "down"])
def test_file_of_200_mb(lab1, tmp_path, way):
    """Arrives with its checksum intact. Segments of 1,460 bytes do not fit the core: path MTU discovery works."""
    server, client, address = ("r5", "r4", "10.2.2.5") if way == "up" else ("r4", "r5", "10.1.1.4")
    digest = hashlib.sha256()
    with open(tmp_path / "file", "wb") as f:
        for _ in range(200):
            block = os.urandom(1 << 20)
            digest.update(block)
            f.write(block)
    p = traffic.http_server(lab1, server, address, tmp_path)
    r = lab1.run(client, "sh", "-c", "curl -sS --max-time 100 http://%s/file | sha256sum" % address)
    p.stop()
    assert r.stdout.split()[0] == digest.hexdigest()


def test_tcp_for_ten_seconds(lab1, record_property):
    end = traffic.iperf3(lab1, "r4", "r5", "10.2.2.5", seconds=10)
    rate = end["sum_received"]["bits_per_second"]
    print("TCP: %.0f Mbit/s, %d retransmissions" % (rate / 1e6, end["sum_sent"]["retransmits"]))
    record_property("tcp_mbit_per_s", rate / 1e6)
    assert rate > (1e6 if SANITIZED else 20e6)


def test_udp_for_ten_seconds(lab1, record_property, no_drops):
    """20 Mbit/s of 1,200-byte datagrams: none lost, none out of order, and nobody counts a drop."""
    rate = "5M" if SANITIZED else "20M"
    end = traffic.iperf3(lab1, "r4", "r5", "10.2.2.5", "-u", "-b", rate, "-l", "1200", seconds=10)["sum"]
    print("UDP: %.1f Mbit/s, %d of %d lost, jitter %.3f ms" % (end["bits_per_second"] / 1e6, end["lost_packets"],
        end["packets"], end["jitter_ms"]))
    record_property("udp_mbit_per_s", end["bits_per_second"] / 1e6)
    assert end["packets"] > 4000 and end["lost_packets"] == 0


def test_unknown_eid_is_negative(lab1):
    """
    Nobody has 10.9.9.9: a negative entry for the shortest prefix that covers it and touches no EID prefix (RFC 9301 8.4),
    natively-forward, 15 minutes. 10.1.1.0/24 and 10.2.2.0/24 leave 10.8.0.0/13.
    """
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r4", "10.9.9.9", 1, wait=1, check=False)
    e = wait_until(lambda: [e for e in lab1.entries("r2") if e["state"] == "negative"], 5, "negative entry")[0]
    assert (e["eid"], e["action"], e["ttl_min"], e["locators"]) == ("10.8.0.0/13", "natively-forward", 15, [])
    with Capture(lab1, "core", "br0", "udp port 4342") as cap:
        traffic.ping(lab1, "r4", "10.10.10.10", 1, wait=1, check=False)
        cap.stop()
    assert not [m for m in cap.control(lisp.ECM) if m["inner"]["records"][0]["eid"] == "10.10.10.10/32"]


def test_no_eid_is_asked_for_twice_a_second(lab1):
    """One Map-Request a second for an EID at most, however many packets wait (RFC 9301 5.3)."""
    lab1.clear("r2", "r3")
    with Capture(lab1, "core", "br0", "udp port 4342") as cap:
        s = traffic.Stream(lab1, "r4", "10.1.1.4", "r5", "10.2.2.5", 7005, rate=2000, count=1000).start()
        s.finish_sent()
        cap.stop()
    times = [m["t"] for m in cap.control(lisp.ECM) if m["from"] == "172.16.1.2"]
    assert len(times) >= 1 and all(b - a > 0.95 for a, b in zip(times, times[1:])), times


def test_all_of_it_is_well_formed(lab1):
    """tshark's judgement on everything in the core while both sites resolve and talk."""
    lab1.clear("r2", "r3")
    with Capture(lab1, "core", "br0") as cap:
        traffic.ping(lab1, "r4", "10.2.2.5", 5)
        traffic.ping(lab1, "r2", "10.2.2.5", 2, source="10.1.1.2")
        cap.stop()
    judge(cap.path)
    ports = {(d["src"], d["dst"]) for d in cap.udp(4341)}
    assert ports == {("172.16.1.2", "172.16.1.3"), ("172.16.1.3", "172.16.1.2")}
