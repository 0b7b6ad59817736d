# SPDX-License-Identifier: BSD-3-Clause
"""Lab 1: two sites talk, and nobody loses a packet."""

import hashlib
import os
import shutil

import pytest

import conf
import lisp
import traffic
from capture import Capture, judge, layers
from lab import SANITIZED
from plan import hole, host
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


@pytest.fixture
def ends(lab1):
    """The addresses of R4 and R5."""
    return lab1.plan.lan(1, 4), lab1.plan.lan(2, 5)


@pytest.mark.families
@pytest.mark.parametrize("run", range(5))
def test_cold_pings(lab1, ends, run):
    """Five pings on cold caches; every second run with processes that have just started."""
    plan = lab1.plan
    if run % 2:
        cold(lab1, "r2", "r3")
    else:
        lab1.clear("r2", "r3")
    with Capture(lab1, "core", "br0") as cap:
        traffic.ping(lab1, "r4", ends[1], 5)
        cap.stop()
    asked = [m for m in cap.control(lisp.ECM) if m["from"] == plan.core(2)]
    assert asked and asked[0]["inner"]["records"][0]["eid"] == host(ends[1])
    assert (asked[0]["inner"]["source"], asked[0]["inner"]["itr_rlocs"]) == (ends[0], [plan.core(2)])
    assert (asked[0]["src"], asked[0]["dst"], asked[0]["udp_checksum_ok"]) == (*ends, True)
    data = list(cap.udp(4341))
    assert asked[0]["t"] < data[0]["t"], "a packet was encapsulated before the mapping was asked for"
    (e,) = lab1.entries("r2")
    assert (e["eid"], e["state"], e["instance"], e["ttl_min"]) == (plan.lan_prefix(2), "complete", 0, 1440)
    assert e["source"] == "map-reply" and 86000 < e["expires_s"] <= 86400
    (loc,) = e["locators"]
    assert (loc["rloc"], loc["state"], loc["priority"], loc["weight"]) == (plan.core(3), "up", 1, 50)


@pytest.mark.families
def test_registered(lab1):
    """Both sites stand in `show sites`, and their ETRs know it: the Map-Server has acknowledged."""
    plan = lab1.plan
    got = {(r["eid"], r["etr"], r["locators"][0]["rloc"]) for r in lab1.registrations()}
    assert got == {(plan.lan_prefix(s), plan.core(s + 1), plan.core(s + 1)) for s in (1, 2)}
    for router, site in (("r2", 1), ("r3", 2)):
        doc = lab1.ctl(router, "show", "database")
        (server,) = doc["map_servers"]
        assert server["address"] == plan.core(1) and server["state"] == "acknowledged", server
        (entry,) = doc["entries"]
        assert entry["eid"] == plan.lan_prefix(site)
        assert entry["locators"][0]["state"] == "site-self, reachable", entry
        assert plan.lan_prefix(site) in lab1.show("r1", "sites")


@pytest.mark.families
def test_show_forwarding(lab1, ends):
    """The decisions for a packet, where it goes, and what port and source are assumed."""
    plan = lab1.plan
    traffic.ping(lab1, "r4", ends[1], 1)
    doc = lab1.ctl("r2", "show", "forwarding", ends[1], "from", ends[0])
    want = {"action": "encapsulate", "rloc": plan.core(3), "source_rloc": plan.core(2), "next_hop": plan.core(3),
        "port": "core"}
    assert {k: doc["result"].get(k) for k in want} == want, doc
    assert lab1.ctl("r2", "show", "forwarding", ends[1])["result"]["action"] == "encapsulate"
    doc = lab1.ctl("r3", "show", "forwarding", ends[1], "from", plan.core(9) if plan.eid == plan.rloc else ends[0],
        "port", "core")
    assert (doc["result"]["action"], doc["result"]["next_hop"], doc["result"]["port"]) == ("forward", ends[1], "site"), doc
    assert lab1.ctl("r2", "show", "forwarding", plan.lan(1, 2))["result"]["action"] == "linux"


@pytest.mark.families
def test_udp_from_the_first_packet(lab1, ends, no_drops):
    """1,000 packets a second on cold caches: none lost, none out of order."""
    lab1.clear("r2", "r3")
    s = traffic.Stream(lab1, "r4", ends[0], "r5", ends[1], 7001, rate=1000, count=3000).start()
    s.finish_sent()


@pytest.mark.families
def test_burst_from_the_first_packet(lab1, ends, no_drops):
    """As fast as a socket takes them, within what is held for one EID."""
    traffic.know_the_way(lab1, "r4", lab1.plan.lan(1, 2))
    lab1.clear("r2", "r3")
    s = traffic.Stream(lab1, "r4", ends[0], "r5", ends[1], 7002, rate=1000000, count=800).start()
    s.finish_sent()


@pytest.mark.families
def test_both_ways_at_once(lab1, ends, no_drops):
    lab1.clear("r2", "r3")
    a = traffic.Stream(lab1, "r4", ends[0], "r5", ends[1], 7003, rate=500, count=1000).start()
    b = traffic.Stream(lab1, "r5", ends[1], "r4", ends[0], 7004, rate=500, count=1000).start()
    for s in (a, b):
        s.finish_sent()


@pytest.mark.families
@pytest.mark.parametrize("client,server", [("r4", "r5"), ("r5", "r4")])
def test_tcp_from_the_first_packet(lab1, ends, tmp_path, client, server):
    """A file arrives whole; no SYN had to be sent twice, though caches were cold."""
    body = os.urandom(4 << 20)
    (tmp_path / "file").write_bytes(body)
    address = ends[server == "r5"]
    p = traffic.http_server(lab1, server, address, tmp_path)
    lab1.clear("r2", "r3")
    with Capture(lab1, client, "eth0", "tcp or ip6 proto 6") as cap:
        r = lab1.run(client, "sh", "-c", "curl -sS --max-time 60 '%s' | sha256sum" % traffic.url(address, "file"))
        cap.stop()
    p.stop()
    assert r.stdout.split()[0] == hashlib.sha256(body).hexdigest()
    assert len(layers(cap.path, "tcp.flags.syn == 1 && tcp.flags.ack == 0")) == 1


@pytest.mark.families
def test_traceroute(lab1, ends):
    """The routers answer for their hops, from addresses of their sites; caches are cold."""
    lab1.clear("r2", "r3")
    assert traffic.traceroute(lab1, "r4", ends[1]) == [lab1.plan.lan(1, 2), lab1.plan.lan(2, 3), ends[1]]


@pytest.mark.families
@pytest.mark.parametrize("state", ["cold", "warm"])
def test_router_pings_from_its_eid(lab1, ends, state):
    """What Linux on R2 sends from the EID address goes through LISP."""
    if state == "cold":
        lab1.clear("r2", "r3")
    traffic.ping(lab1, "r2", ends[1], source=lab1.plan.lan(1, 2))


@pytest.mark.families
@pytest.mark.parametrize("state", ["cold", "warm"])
def test_remote_host_pings_router(lab1, state):
    if state == "cold":
        lab1.clear("r2", "r3")
    traffic.ping(lab1, "r5", lab1.plan.lan(1, 2))


@pytest.mark.families
def test_routers_ping_each_other_by_eid(lab1):
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r2", lab1.plan.lan(2, 3), source=lab1.plan.lan(1, 2))


@pytest.mark.families
def test_host_pings_its_gateway(lab1):
    traffic.ping(lab1, "r4", lab1.plan.lan(1, 2))


@pytest.mark.families
def test_core_is_native(lab1):
    """Underlay addresses answer each other without LISP."""
    traffic.ping(lab1, "x", lab1.plan.core(2))
    traffic.ping(lab1, "r2", lab1.plan.core(1))
    traffic.ping(lab1, "r2", lab1.plan.core(3))


@pytest.mark.families
def test_neighbour_that_fails(lab1, ends):
    """Nobody has this address of site 2: R3 says so to R4 (RFC 4443 3.1 code 3, RFC 1812 5.2.7.1 code 1)."""
    lost = lab1.plan.lan(2, 77)
    before = lab1.drops("r3").get("neighbour-failed", 0)
    with Capture(lab1, "r4", "eth0") as cap:
        got = traffic.ping(lab1, "r4", lost, 1, wait=10, check=False)
        cap.stop()
    assert got.received == 0 and lab1.drops("r3")["neighbour-failed"] > before, got.text
    said = {4: "icmp.type == 3 && icmp.code == 1", 6: "icmpv6.type == 1 && icmpv6.code == 3"}[lab1.plan.eid]
    # its own headers, and those that it quotes
    assert layers(cap.path, said)[0] == [(lab1.plan.lan(2, 3), ends[0]), (ends[0], lost)], got.text


@pytest.mark.families("4in4", "4in6")
@pytest.mark.parametrize("over", [None, -36, 0, 1, 28])
def test_ping_sizes(lab1, ends, over):
    """Up to the host's MTU, and past what fits into the core with the outer headers: fragmented, not lost."""
    most = 1500 - lab1.plan.overhead - lab1.plan.echo
    traffic.ping(lab1, "r4", ends[1], 3, size=0 if over is None else most + over, options=("-M", "dont"))


@pytest.mark.families
def test_too_big_is_said(lab1, ends):
    """DF, or IPv6, and too big for the core: ICMP with the MTU that fits (RFC 9300 7.1): 1500 - 36, or - 56."""
    plan, flush = lab1.plan, ("ip", "-%d" % lab1.plan.eid, "route", "flush", "cache")
    lab1.run("r4", *flush)
    got = traffic.ping(lab1, "r4", ends[1], 2, size=1500 - plan.echo, options=("-M", "do"), wait=1, check=False)
    assert got.received == 0 and "mtu = %d" % (1500 - plan.overhead) in got.text.replace("mtu=", "mtu = "), got.text
    lab1.run("r4", *flush)
    traffic.ping(lab1, "r4", ends[1], 2, size=1500 - plan.overhead - plan.echo, options=("-M", "do"))
    lab1.run("r4", *flush)


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


@pytest.mark.families("4in4", "6in6")
def test_page_from_router(lab1):
    """R4 fetches a page from a web server on R3's site address."""
    page = lab1.dir / "www"
    page.mkdir()
    (page / "index.html").write_text("two sites talk\n")
    address = lab1.plan.lan(2, 3)
    server = traffic.http_server(lab1, "r3", address, page)
    lab1.clear("r2", "r3")
    r = lab1.run("r4", "curl", "-sS", "--max-time", "15", traffic.url(address))
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


@pytest.mark.families
def test_unknown_eid_is_negative(lab1):
    """
    Nobody has 10.9.9.9: a negative entry for the shortest prefix that covers it and touches no EID prefix (RFC 9301 8.4),
    natively-forward, 15 minutes. 10.1.1.0/24 and 10.2.2.0/24 leave 10.8.0.0/13.
    """
    plan = lab1.plan
    nobody, near = {4: ("10.9.9.9", "10.10.10.10"), 6: ("2001:db8:9::9", "2001:db8:a::a")}[plan.eid]
    prefix = hole(nobody, [plan.lan_prefix(1), plan.lan_prefix(2)])
    assert prefix == {4: "10.8.0.0/13", 6: "2001:db8:8::/45"}[plan.eid]
    lab1.clear("r2", "r3")
    traffic.ping(lab1, "r4", nobody, 1, wait=1, check=False)
    e = wait_until(lambda: [e for e in lab1.entries("r2") if e["state"] == "negative"], 5, "negative entry")[0]
    assert (e["eid"], e["action"], e["ttl_min"], e["locators"]) == (prefix, "natively-forward", 15, [])
    with Capture(lab1, "core", "br0", "udp port 4342") as cap:
        traffic.ping(lab1, "r4", near, 1, wait=1, check=False)
        cap.stop()
    assert not [m for m in cap.control(lisp.ECM) if m["inner"]["records"][0]["eid"] == host(near)]


def test_no_eid_is_asked_for_twice_a_second(lab1):
    """One Map-Request a second for an EID at most, however many packets wait (RFC 9301 5.3)."""
    lab1.clear("r2", "r3")
    with Capture(lab1, "core", "br0", "udp port 4342") as cap:
        s = traffic.Stream(lab1, "r4", "10.1.1.4", "r5", "10.2.2.5", 7005, rate=2000, count=1000).start()
        s.finish_sent()
        cap.stop()
    times = [m["t"] for m in cap.control(lisp.ECM) if m["from"] == "172.16.1.2"]
    assert len(times) >= 1 and all(b - a > 0.95 for a, b in zip(times, times[1:])), times


@pytest.mark.families
def test_all_of_it_is_well_formed(lab1, ends):
    """tshark's judgement on everything in the core while both sites register, resolve and talk."""
    plan = lab1.plan
    with Capture(lab1, "core", "br0") as cap:
        cold(lab1, "r2", "r3")
        lab1.wait_registered(conf.lab1(plan=plan))
        traffic.ping(lab1, "r4", ends[1], 5)
        traffic.ping(lab1, "r2", ends[1], 2, source=plan.lan(1, 2))
        cap.stop()
    judge(cap.path)
    assert {m["from"] for m in cap.control(lisp.REGISTER)} == {plan.core(2), plan.core(3)}
    ports = {(d["src"], d["dst"]) for d in cap.udp(4341)}
    assert ports == {(plan.core(2), plan.core(3)), (plan.core(3), plan.core(2))}
    assert [6 if ":" in source else 4 for source, _ in layers(cap.path, plan.request)[0]] == [plan.rloc, plan.eid]
