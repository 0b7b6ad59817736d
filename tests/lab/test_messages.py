# SPDX-License-Identifier: BSD-3-Clause
"""Every control message of lab 1, field by field, by a reader of our own and by tshark; its MAC by Python's hmac."""

import time

import pytest

import conf
import lab as labs
import lisp
import traffic
from capture import Capture, judge, tshark
from proc import wait_until

LOCATOR = {"priority": 1, "weight": 50, "m_priority": 255, "m_weight": 0, "probed": False, "reachable": True, "unused": 0}


class Talk:
    """Lab 1 from its first message to the fifth ping, captured in the core."""

    def __init__(self, lab, algorithm, change=lambda configs: None):
        self.algorithm = algorithm
        lab.two_sites()
        configs = conf.lab1(algorithm)
        change(configs)
        self.began = time.time()
        self.cap = Capture(lab, "core", "br0")
        lab.start_all(configs)
        traffic.ping(lab, "r4", "10.2.2.5", 5)
        self.cap.stop()
        self.messages = self.cap.control(probes=True)

    def of(self, kind, **where):
        return [m for m in self.messages if m["type"] == kind and not m.get("probe") and
            all(m[k] == v for k, v in where.items())]


@pytest.fixture(scope="module", params=["sha1", "sha256", "sha256-hkdf"])
def talk(request):
    labs.need_binaries()
    with labs.Lab() as lab:
        t = Talk(lab, request.param)
        t.lab = lab
        yield t


def record_of(r, eid, rloc, local=True):
    assert (r["eid"], r["iid"], r["ttl"], r["action"], r["reserved"], r["version"]) == (eid, 0, 1440, 0, 0, 0)
    assert r["locators"] == [dict(LOCATOR, rloc=rloc, local=local)]


def test_tshark_finds_no_fault(talk):
    judge(talk.cap.path)


@pytest.mark.parametrize("rloc,eid", [("172.16.1.2", "10.1.1.0/24"), ("172.16.1.3", "10.2.2.0/24")])
def test_map_register(talk, rloc, eid):
    got = talk.of(lisp.REGISTER, **{"from": rloc})
    assert got
    last = 0
    for m in got:
        assert (m["to"], m["from_port"], m["to_port"]) == ("172.16.1.1", 4342, 4342)
        assert (m["proxy"], m["security"], m["use_ttl"], m["merge"], m["notify"], m["reserved"]) == (
            False, False, False, False, True, 0)
        assert (m["key_id"], m["algorithm"]) == (0, lisp.ALGORITHMS[talk.algorithm])
        assert lisp.authenticated(m, conf.KEY)
        assert not lisp.authenticated(m, conf.KEY + "x")
        # nonces start from the clock and rise
        assert abs((m["nonce"] >> 32) - talk.began) < 60 and m["nonce"] > last
        last = m["nonce"]
        if m["ids"]:
            assert len(m["xtr_id"]) == 16 and any(m["xtr_id"])
        (r,) = m["records"]
        record_of(r, eid, rloc)
    # acknowledged: not sent again and again
    assert len(got) <= 2


@pytest.mark.parametrize("rloc,eid", [("172.16.1.2", "10.1.1.0/24"), ("172.16.1.3", "10.2.2.0/24")])
def test_map_notify(talk, rloc, eid):
    registers = {m["nonce"]: m for m in talk.of(lisp.REGISTER, **{"from": rloc})}
    got = talk.of(lisp.NOTIFY, to=rloc)
    assert len(got) == len(registers)
    for m in got:
        asked = registers[m["nonce"]]
        assert (m["from"], m["from_port"], m["to_port"]) == ("172.16.1.1", 4342, asked["from_port"])
        assert (m["key_id"], m["algorithm"]) == (asked["key_id"], asked["algorithm"])
        assert lisp.authenticated(m, conf.KEY)
        (r,) = m["records"]
        record_of(r, eid, rloc, r["locators"][0]["local"])
        assert m.get("xtr_id") == asked.get("xtr_id") and m.get("site_id") == asked.get("site_id")


def test_map_request(talk):
    first = talk.of(lisp.ECM, **{"from": "172.16.1.2"})[0]
    assert (first["to"], first["to_port"], first["reserved"], first["ddt"], first["security"]) == (
        "172.16.1.1", 4342, 0, 0, 0)
    assert first["ip_checksum_ok"] and first["udp_checksum_ok"] and first["dport"] == 4342
    q = first["inner"]
    assert q["type"] == lisp.REQUEST and q["reserved"] == 0
    assert not any(q[k] for k in ("authoritative", "map_data", "probe", "smr", "pitr", "smr_invoked", "local_xtr",
        "dont_reply"))
    assert (q["source"], q["source_iid"], q["itr_rlocs"]) == ("10.1.1.4", 0, ["172.16.1.2"])
    assert q["records"] == [{"eid": "10.2.2.5/32", "iid": 0, "reserved": 0}]
    assert q["nonce"]


def test_map_server_forwards(talk):
    first = talk.of(lisp.ECM, **{"from": "172.16.1.2"})[0]
    (on,) = talk.of(lisp.ECM, **{"from": "172.16.1.1", "to": "172.16.1.3"})
    assert on["to_port"] == 4342 and on["inner_raw"] == first["inner_raw"] and on["sport"] == first["sport"]
    assert on["ip_checksum_ok"] and on["udp_checksum_ok"]


def test_map_reply(talk):
    ask = talk.of(lisp.ECM, **{"from": "172.16.1.2"})[0]
    (m,) = talk.of(lisp.REPLY, to="172.16.1.2")
    assert (m["from"], m["to_port"], m["nonce"]) == ("172.16.1.3", ask["sport"], ask["inner"]["nonce"])
    assert (m["probe"], m["echo_nonce"], m["security"], m["reserved"]) == (False, False, False, 0)
    (r,) = m["records"]
    record_of(r, "10.2.2.0/24", "172.16.1.3")
    assert r["authoritative"]


def test_the_way_back_is_resolved_the_same_way(talk):
    """R3 asks for R4 when R5 answers the first ping."""
    (ask,) = talk.of(lisp.ECM, **{"from": "172.16.1.3"})
    assert ask["inner"]["records"][0]["eid"] == "10.1.1.4/32" and ask["inner"]["source"] == "10.2.2.5"
    (m,) = talk.of(lisp.REPLY, to="172.16.1.3")
    record_of(m["records"][0], "10.1.1.0/24", "172.16.1.2")


def test_data(talk):
    """Ten LISP packets: no flag set, no nonce (RFC 9300 4.1), UDP checksum zero, source port not 4341."""
    got = list(talk.cap.udp(4341))
    assert len(got) == 10
    for d in got:
        assert d["payload"][:8] == bytes(8), d["payload"][:8].hex()
        assert d["checksum"] == 0 and d["sport"] != 4341 and d["ttl"] == 63 and d["dport"] == 4341


def test_tshark_reads_the_same(talk):
    """tshark's dissector and our reader agree, message by message."""
    rows = tshark(talk.cap.path, ["lisp.type", "lisp.nonce", "lisp.authlen", "lisp.auth", "lisp.mapping.ttl",
        "lisp.mapping.eid.masklen", "lisp.mapping.eid.ipv4", "lisp.loc.priority", "lisp.loc.weight", "lisp.loc.locator",
        "lisp.mreq.srceid.ipv4", "lisp.mreq.itr_rloc_ipv4", "lisp.mreq.record.prefix.ipv4"], "lisp && udp.port == 4342")
    assert len(rows) == len(talk.messages)
    for row, m in zip(rows, talk.messages):
        inner = m.get("inner", m)
        assert int(row["lisp.type"][0], 0) == m["type"]
        assert int(row["lisp.nonce"][-1], 0) == inner["nonce"]
        if "auth" in m:
            assert row["lisp.auth"][0].replace(":", "") == m["auth"].hex()
        if inner["type"] == lisp.REQUEST:
            assert row["lisp.mreq.srceid.ipv4"] == ([inner["source"]] if inner["source"] else [])
            assert row["lisp.mreq.itr_rloc_ipv4"] == inner["itr_rlocs"]
            assert row["lisp.mreq.record.prefix.ipv4"] == [r["eid"].split("/")[0] for r in inner["records"]]
        else:
            assert [int(t) for t in row["lisp.mapping.ttl"]] == [r["ttl"] for r in m["records"]]
            assert ["%s/%s" % p for p in zip(row["lisp.mapping.eid.ipv4"], row["lisp.mapping.eid.masklen"])] == [
                r["eid"] for r in m["records"]]
            assert [int(p) for p in row["lisp.loc.priority"]] == [lo["priority"] for r in m["records"]
                for lo in r["locators"]]


def test_acknowledged_in_show(talk):
    """`show sites` and `show database` say what happened."""
    regs = {r["eid"]: r for r in talk.lab.registrations()}
    for eid, etr in (("10.1.1.0/24", "172.16.1.2"), ("10.2.2.0/24", "172.16.1.3")):
        r = regs[eid]
        assert r["etr"].split(":")[0] == etr and r["instance"] == 0 and r["ttl_min"] == 1440
        assert talk.algorithm in str(r["authentication"]) and r["map_notify"] is True and r["proxy_reply"] is False
        assert r["last_registered_s"] <= r["first_registered_s"] <= time.time() - talk.began + 2
        assert [lo["rloc"] for lo in r["locators"]] == [etr]
    assert talk.lab.ctl("r2", "show", "database")


def test_rfc_lengths_and_coverage(new_lab):
    """rfc-authentication: 16 bytes over the message through the last RLOC-record."""
    def change(configs):
        for r in ("r2", "r3"):
            configs[r]["map-server"][0]["rfc-authentication"] = True
    t = Talk(new_lab(), "sha256", change)
    got = t.of(lisp.REGISTER)
    assert got and all(len(m["auth"]) == 16 and lisp.authenticated(m, conf.KEY, short=True) for m in got)


def test_proxy_reply(new_lab):
    """proxy-reply on both ETRs: the Map-Server answers itself, not authoritative, and forwards nothing."""
    def change(configs):
        for r in ("r2", "r3"):
            configs[r]["map-server"][0]["proxy-reply"] = True
    t = Talk(new_lab(), "sha256", change)
    assert all(m["proxy"] for m in t.of(lisp.REGISTER))
    assert not t.of(lisp.ECM, **{"from": "172.16.1.1"})
    (m,) = t.of(lisp.REPLY, to="172.16.1.2")
    assert m["from"] == "172.16.1.1"
    record_of(m["records"][0], "10.2.2.0/24", "172.16.1.3", m["records"][0]["locators"][0]["local"])
    assert not m["records"][0]["authoritative"]


def test_map_server_that_is_not_there(new_lab):
    """No Map-Notify: retransmitted with rising nonces and growing gaps, and said loudly."""
    lab = new_lab()
    lab.two_sites()
    with Capture(lab, "core", "br0") as cap:
        x = lab.start("r2", conf.lab1()["r2"])
        wait_until(lambda: len(cap.control(lisp.REGISTER)) >= 3, 15, "three Map-Registers")
        cap.stop()
    got = cap.control(lisp.REGISTER)
    assert all(a["nonce"] < b["nonce"] for a, b in zip(got, got[1:]))
    gaps = [b["t"] - a["t"] for a, b in zip(got, got[1:])]
    assert 0.8 < gaps[0] < 1.6 and 1.6 < gaps[1] < 3, gaps
    wait_until(lambda: "172.16.1.1" in x.said(), 5, "a line in the log that names the Map-Server")
