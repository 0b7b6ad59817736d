# SPDX-License-Identifier: BSD-3-Clause
"""What a Map-Server refuses: counted, logged with site, prefix, ETR and reason, shown by `show sites`."""

import contextlib
import os
import re
import socket
import time

import pytest

import conf
import lab as labs
import lisp
from proc import wait_until

ME = "172.16.1.9"
IDS = (bytes(range(16)), bytes(8))


class Etr:
    """An ETR written in Python, on host x."""

    def __init__(self, lab):
        self.lab = lab
        self.nonce = int(time.time()) << 32
        with lab.inside("x"):
            self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind((ME, 4342))

    def next(self):
        self.nonce += 1
        return self.nonce

    def register(self, records, nonce=None, key=conf.KEY, **kw):
        kw.setdefault("ids", IDS)
        m = lisp.w_register(records, key, nonce or self.next(), **kw)
        self.send(m)
        return m

    def send(self, m, port=4342):
        self.s.sendto(m, ("172.16.1.1", port))

    def answer(self, limit=5):
        self.s.settimeout(limit)
        return lisp.read(self.s.recv(65536))

    def silent(self):
        """No answer to what was sent so far: the answer to a register sent now is the first that comes."""
        n = self.next()
        self.register([good()], n)
        assert self.answer()["nonce"] == n


def record(eid, rloc=ME, **kw):
    return lisp.w_record(eid, [lisp.w_locator(rloc)], **kw)


def good():
    return record("10.9.1.0/24")


@pytest.fixture(scope="module")
def lab():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.add_ns("r1", "x")
        lab.link("r1", "eth0", "x", "eth0")
        lab.host("r1", "eth0", "172.16.1.1/24")
        lab.host("x", "eth0", ME + "/24")
        everything = ["sha1", "sha256", "sha256-hkdf"]
        nine = conf.site("site9", "10.9.0.0/16", ME, everything)
        nine["eid-prefix"] = ({"prefix": "10.9.0.0/16", "accept-more-specifics": True},)
        modern = conf.site("modern", "10.10.0.0/16", ME)
        old = conf.site("old", "10.11.0.0/16", ME, everything)
        old["replay-protection"] = "off"
        lab.start("r1", {"site": (nine, modern, old)})
        yield lab


@pytest.fixture
def etr(lab):
    e = Etr(lab)
    # Nonces rise over all tests of this file.
    e.nonce = max(e.nonce, getattr(lab, "last_nonce", 0))
    yield e
    lab.last_nonce = e.nonce + 1
    e.s.close()


@contextlib.contextmanager
def refusal(lab, counter, *words, logged=True):
    """
    Exactly one refusal of this name is counted meanwhile, shown by `show sites`, and logged in a line with these words
    (a site logs a reason once a second at most: tests that repeat a reason look at `show sites` only).
    """
    before, shown, mark = lab.counters("r1"), lab.site_errors(), len(lab.routers["r1"].said())
    yield
    wait_until(lambda: lab.counters("r1")[counter] == before[counter] + 1, 5, counter)
    assert sum(lab.site_errors().values()) == sum(shown.values()) + 1
    lines = [lab.last_errors()] + ([lab.routers["r1"].said()[mark:].splitlines()] if logged else [])
    for source in lines:
        assert any(all(w in line for w in words) for line in source), (words, source)
    assert conf.KEY not in str(lines)


def registered(lab):
    return {r["eid"]: r for r in lab.registrations()}


@pytest.mark.parametrize("short", [False, True], ids=["full", "rfc-length"])
@pytest.mark.parametrize("algorithm", [1, 2, 3])
def test_accepts(lab, etr, algorithm, short):
    """Messages that our own writer had no hand in: both lengths, all algorithms; the Map-Notify is checked by Python."""
    n = etr.next()
    etr.register([good()], n, algorithm=algorithm, short=short)
    m = etr.answer()
    assert (m["type"], m["nonce"], m["algorithm"], m["key_id"]) == (lisp.NOTIFY, n, algorithm, 0)
    assert lisp.authenticated(m, conf.KEY, short) or lisp.authenticated(m, conf.KEY)
    assert [r["eid"] for r in m["records"]] == ["10.9.1.0/24"]
    r = registered(lab)["10.9.1.0/24"]
    assert r["etr"].split(":")[0] == ME and re.sub("[^0-9a-f]", "", str(r["xtr_id"]).lower().removeprefix("0x")) == IDS[0].hex()


def test_without_ids(lab, etr):
    n = etr.next()
    etr.register([record("10.9.4.0/24")], n, ids=None)
    assert etr.answer()["nonce"] == n


def test_answers_the_port_that_asked(lab, etr):
    with lab.inside("x"):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        s.bind((ME, 0))
        s.settimeout(5)
        s.sendto(lisp.w_register([good()], conf.KEY, etr.next(), ids=IDS), ("172.16.1.1", 4342))
        assert lisp.read(s.recv(65536))["type"] == lisp.NOTIFY


def test_wrong_key(lab, etr):
    with refusal(lab, "map-register-authentication-failed", "site9", "10.9.2.0/24", ME):
        etr.register([record("10.9.2.0/24")], key="wrong")
    etr.silent()
    assert "10.9.2.0/24" not in registered(lab)


@pytest.mark.parametrize("at", ["flags", "nonce", "auth", "ttl", "locator", "xtr-id"])
def test_tampered_with(lab, etr, at):
    m = bytearray(lisp.w_register([record("10.9.2.0/24")], conf.KEY, etr.next(), ids=IDS))
    m[{"flags": 0, "nonce": 11, "auth": 20, "ttl": 51, "locator": -25, "xtr-id": -24}[at]] ^= 8
    with refusal(lab, "map-register-authentication-failed", ME, logged=False):
        etr.send(bytes(m))
    etr.silent()


def test_prefix_of_no_site(lab, etr):
    with refusal(lab, "map-register-no-site", "10.99.0.0/16", ME):
        etr.register([record("10.99.0.0/16")])
    etr.silent()
    assert "10.99.0.0/16" not in registered(lab)


def test_more_specific_where_not_allowed(lab, etr):
    with refusal(lab, "map-register-no-site", "modern", "10.10.7.0/24", ME):
        etr.register([record("10.10.7.0/24")])
    etr.silent()


def test_locator_not_allowed(lab, etr):
    with refusal(lab, "map-register-locator-not-allowed", "site9", "10.9.3.0/24", ME):
        etr.register([record("10.9.3.0/24", rloc="172.16.1.66")])
    etr.silent()
    assert "10.9.3.0/24" not in registered(lab)


def test_algorithm_not_allowed(lab, etr):
    with refusal(lab, "map-register-algorithm-not-allowed", "modern", "10.10.0.0/16", ME):
        etr.register([record("10.10.0.0/16")], algorithm=1)
    etr.silent()


def test_replayed(lab, etr):
    """A nonce that is not greater than the last one (RFC 9301 5.6)."""
    old = etr.register([good()])
    assert etr.answer()
    etr.register([record("10.9.5.0/24")])
    assert etr.answer()
    with refusal(lab, "map-register-replay", "site9", "10.9.1.0/24", ME):
        etr.send(old)
    etr.silent()


def test_repeated_is_answered_again(lab, etr):
    """The last accepted register, byte by byte: its Map-Notify may have been lost."""
    m = etr.register([good()])
    first = etr.answer()
    before = lab.site_errors()
    etr.send(m)
    assert etr.answer()["raw"] == first["raw"]
    assert lab.site_errors() == before


def test_replay_survives_the_map_server(lab, etr):
    """The last nonce is kept across a restart (RFC 9301 5.6)."""
    old = etr.register([good()])
    assert etr.answer()
    etr.register([good()])
    assert etr.answer()
    lab.restart("r1")
    with refusal(lab, "map-register-replay", ME):
        etr.send(old)
    etr.silent()


def test_replay_protection_off(lab, etr):
    """For peers whose nonces are random."""
    n = etr.next()
    for nonce in (n, 5, n):
        etr.register([record("10.11.0.0/16")], nonce)
        assert etr.answer()["nonce"] == nonce


def test_valid_records_beside_refused_ones(lab, etr):
    """They are registered, and the Map-Notify carries only them."""
    n = etr.next()
    before = sum(lab.site_errors().values())
    etr.register([record("10.9.20.0/24"), record("10.99.0.0/16"), record("10.9.21.0/24", rloc="172.16.1.66"),
        record("10.9.22.0/24")], n)
    m = etr.answer()
    assert [r["eid"] for r in m["records"]] == ["10.9.20.0/24", "10.9.22.0/24"] and lisp.authenticated(m, conf.KEY)
    now = registered(lab)
    assert {"10.9.20.0/24", "10.9.22.0/24"} <= set(now) and not {"10.99.0.0/16", "10.9.21.0/24"} & set(now)
    assert sum(lab.site_errors().values()) == before + 2


def test_withdrawn(lab, etr):
    """TTL 0 removes (RFC 9301 5.4)."""
    etr.register([record("10.9.30.0/24")])
    assert etr.answer() and "10.9.30.0/24" in registered(lab)
    etr.register([record("10.9.30.0/24", ttl=0)])
    wait_until(lambda: "10.9.30.0/24" not in registered(lab), 5, "withdrawal")
    assert lab.counters("r1")["registration-withdrawn"] >= 1


def test_no_notify_where_not_wanted(lab, etr):
    etr.register([record("10.9.31.0/24")], notify=False)
    wait_until(lambda: "10.9.31.0/24" in registered(lab), 5, "registration")
    etr.silent()


def test_bare_map_request_for_nobody(lab, etr):
    """A Map-Request for what no site has gets a negative reply: 15 minutes, natively-forward, no locators."""
    n = int.from_bytes(os.urandom(8), "big")
    etr.send(lisp.w_ecm(lisp.w_request("10.200.0.1/32", [ME], n, "10.9.1.1"), ME, "10.200.0.1"))
    m = etr.answer()
    assert (m["type"], m["nonce"]) == (lisp.REPLY, n)
    (r,) = m["records"]
    assert (r["ttl"], r["action"], r["locators"]) == (15, lisp.ACTIONS["natively-forward"], [])
    assert r["eid"] == "10.128.0.0/9"


def test_configured_but_not_registered(lab, etr):
    """One minute."""
    n = int.from_bytes(os.urandom(8), "big")
    etr.send(lisp.w_ecm(lisp.w_request("10.10.0.1/32", [ME], n, "10.9.1.1"), ME, "10.10.0.1"))
    m = etr.answer()
    (r,) = m["records"]
    assert (m["nonce"], r["ttl"], r["locators"], r["eid"]) == (n, 1, [], "10.10.0.0/16")


def test_probe_is_dropped(lab, etr):
    """RFC 9301 5.2: a Map-Server drops Map-Requests with the probe bit."""
    before = lab.counters("r1")["ms-map-request-dropped"]
    etr.send(lisp.w_ecm(lisp.w_request("10.9.1.1/32", [ME], 77, "10.9.1.1", probe=True), ME, "10.9.1.1"))
    wait_until(lambda: lab.counters("r1")["ms-map-request-dropped"] > before, 5, "counted")
    etr.silent()


# A MAC address, a distinguished name, an unknown LCAF, an EID and a locator of a vendor's.
FOREIGN = {
    "mac": (bytes.fromhex("4005 020000000001"), "address type not supported for an EID"),
    "name": (b"\0\x11host\0", "address type not supported for an EID"),
    "lcaf-200": (bytes.fromhex("4003 0000 c800 0004 01020304"), "address type not supported for an EID"),
    "vendor": (bytes.fromhex("4003 0000 ff00 0006 00 123456 0102"), "vendor-specific"),
}


@pytest.mark.parametrize("encapsulated", [False, True])
@pytest.mark.parametrize("kind", FOREIGN)
def test_eid_of_another_kind(lab, etr, kind, encapsulated):
    """RFC 9306 sections 3 and 4: dropped and logged, as one; nothing of the message is used."""
    eid, said = FOREIGN[kind]
    before = lab.counters("r1")["control-rx-malformed"]
    whole = lisp.w_request("10.9.1.1/32", [ME], etr.next(), "10.9.1.1")
    m = whole[:-6] + eid  # whole ends with AFI 1 and four bytes of address
    etr.send(lisp.w_ecm(m, ME, "10.9.1.1") if encapsulated else m)
    wait_until(lambda: lab.counters("r1")["control-rx-malformed"] == before + 1, 5, "counted")
    log = lab.routers["r1"].log
    there = log.stat().st_size

    def logged():
        etr.send(m)  # one line a second at most: what comes in between is only counted
        return said in log.read_bytes()[there:].decode()

    wait_until(logged, 5, "log line with %r" % said)
    etr.silent()


def test_locator_of_a_vendor(lab, etr):
    """A vendor's costs the message (RFC 9306 section 4), another that nobody knows does not."""
    def with_locator(address):
        return lisp.w_record("10.9.77.0/24", [lisp.w_locator(ME), bytes.fromhex("01 32 ff 00 0000") + address])
    before = lab.counters("r1")["control-rx-malformed"]
    etr.register([with_locator(FOREIGN["vendor"][0])])
    wait_until(lambda: lab.counters("r1")["control-rx-malformed"] == before + 1, 5, "counted")
    etr.silent()
    assert "10.9.77.0/24" not in registered(lab)
    # a site that lists its locators: nobody can say that this one is allowed
    refused = lab.counters("r1")["map-register-locator-not-allowed"]
    etr.register([with_locator(FOREIGN["lcaf-200"][0])])
    wait_until(lambda: lab.counters("r1")["map-register-locator-not-allowed"] == refused + 1, 5, "counted")
    etr.silent()


@pytest.mark.parametrize("kind", ["mac", "name"])
def test_one_foreign_record_of_many(lab, etr, kind):
    """An EID that is no IP prefix is refused by name, and its neighbours in the message are registered all the same."""
    foreign = good()[:4] + b"\0\0" + good()[6:10] + FOREIGN[kind][0]  # no locators
    n = etr.next()
    etr.register([foreign, record("10.9.78.0/24")], n)
    m = etr.answer()
    assert (m["type"], m["nonce"], [r["eid"] for r in m["records"]]) == (lisp.NOTIFY, n, ["10.9.78.0/24"])
    assert "it is no IP prefix" in " ".join(lab.last_errors())
