#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lib/wire against Python that was written from the RFCs alone (lisp_writer.py, lisp_reader.py).

- What lib/wire writes of each case of wire_judge_cases.py is what Python writes, byte for byte.
- What Python writes, lib/wire reads as what was put in, field by field, and writes back as it was.
- Malformed messages: each cut short anywhere, each length and count wrong by one, each byte at random. lib/wire and Python
  agree on which can be read, and on every field of those; what cannot is an error with offset, field and clause.
- What cannot be written is refused. Authentication data are right both ways.

One line a check, which stands for as many messages as it says; status 1 if one fails.
"""
import argparse
import hashlib
import hmac
import json
import random
import struct
import sys

import wire_judge_cases as cases
from lisp_writer import FLAGS, Writer, checksum, data_header, vxlan_header
from test_captures import Checks
from wire_judge import NAMES, canon, eid_of, error_is_whole, first_difference, full, ip_of, judge, python_reads, run, stripped

SEED = 20231101
LONG = 300  # messages above this many bytes are not cut everywhere


class Judge:
    def __init__(self, checks, dump):
        self.checks, self.dump = checks, dump
        self.batch = []  # (check, bytes)
        self.read = self.refused = 0

    def add(self, what, raw):
        self.batch.append((what, raw))

    def done(self):
        wrong, count = {}, {}
        for (what, raw), said in zip(self.batch, run([self.dump, "--all"], [raw.hex() for _, raw in self.batch])):
            count[what] = count.get(what, 0) + 1
            refused = '"error"' in said[:40]
            self.refused += refused
            self.read += not refused
            problem = judge(raw, said)
            if problem:
                wrong.setdefault(what, (raw.hex(), problem))
        for what, n in count.items():
            self.checks.check(what not in wrong, f"{what} ({n})", wrong.get(what))
        self.batch = []


# -- the parts

def writers_agree(checks, make):
    for args in ([], ["--eid"]):
        todo = [(name, m) for name, m in cases.MESSAGES if not args or by_eid(m)]
        lines = [json.dumps(by_eid(m) if args else m) for _, m in todo]
        for (name, m), ours in zip(todo, run([make, *args], lines)):
            theirs = Writer().message(m).hex()
            at = next((i // 2 for i in range(0, len(theirs), 2) if ours[i:i + 2] != theirs[i:i + 2]), 0)
            checks.check(ours == theirs, f"{name}: written as Python does{' from EIDs' if args else ''}",
                         f"byte {at}: {ours} {theirs}")
    for kind, todo, python in ("data", cases.DATA, data_header), ("vxlan", cases.VXLAN, vxlan_header):
        for (name, d), ours in zip(todo, run([make], [json.dumps({kind: d}) for _, d in todo])):
            checks.check(ours == python(d).hex(), f"{name}: written as Python does", (ours, python(d).hex()))


def by_eid(m):
    """The description for the writers that take EIDs and IP addresses, or None if there is more in it."""
    def eid(address, plen):
        if address["afi"] == 16387 and address["lcaf"] == 2 and (address.get("mask-len") or not
                0 < address["iid"] <= 0xffffff or address["address"]["afi"] not in (1, 2)):
            raise ValueError
        if address["afi"] not in (0, 1, 2) and address.get("lcaf") != 2:
            raise ValueError
        out = eid_of(address, plen)
        # the mask leaves of the address what it says
        if out["prefix"] and out["prefix"].split("/")[0] != address.get("address", address)["ip"]:
            raise ValueError
        return out

    def ip(address):
        if address["afi"] not in (0, 1, 2):
            raise ValueError
        return ip_of(address)

    def convert(o):
        if isinstance(o, list):
            return [convert(x) for x in o]
        if not isinstance(o, dict):
            return o
        if "kdf-id" in o:
            raise ValueError
        out = {k: convert(v) for k, v in o.items() if k not in ("address", "itr-addresses", "source-address")}
        if "mask-len" in o:
            out["eid"] = eid(o["address"], o["mask-len"])
        elif "priority" in o:
            out["rloc"] = ip(o["address"])
        if "itr-addresses" in o:
            out["itr-rlocs"] = [ip(a) for a in o["itr-addresses"]]
            out["source-eid"] = eid(o["source-address"], None)
        return out

    if m["type"] == 7:
        return None
    try:
        return convert(m)
    except ValueError:
        return None


def readers_agree(checks, dump):
    raws = [Writer().message(m) for _, m in cases.MESSAGES]
    for (name, m), raw, said in zip(cases.MESSAGES, raws, run([dump, "--all"], [raw.hex() for raw in raws])):
        o = json.loads(said)
        want, have = full(canon(m)), stripped(o)
        checks.check(want == have, f"{name}: read as put in", first_difference(want, have))
        checks.check(o.get("again") == raw.hex(), f"{name}: written back", o.get("again"))
        checks.check(canon(m) == python_reads(raw), f"{name}: read as put in by Python",
                     first_difference(canon(m), python_reads(raw)))
    for option, todo, python in ("--data", cases.DATA, data_header), ("--vxlan", cases.VXLAN, vxlan_header):
        for (name, d), said in zip(todo, run([dump, option], [python(d).hex() for _, d in todo])):
            o = json.loads(said)
            want = {**d, "flags": sorted(d["flags"])}
            have = {k: sorted(o[k]) if k == "flags" else o[k] for k in d}
            checks.check(want == have, f"{name}: read as put in", first_difference(want, have))
            checks.check(o["again"] == python(d).hex(), f"{name}: written back", o["again"])


def cuts(n):
    if n <= LONG:
        return range(n)
    return [*range(LONG // 2), *range(LONG // 2, n - LONG // 4, 41), *range(n - LONG // 4, n)]


def malformed(checks, dump):
    judge_of = Judge(checks, dump)
    for name, m in cases.MESSAGES:
        raw = Writer().message(m)
        for n in cuts(len(raw)):
            judge_of.add(f"{name}: cut short at each byte", raw[:n])
    judge_of.done()
    checks.check(judge_of.refused > 20 * judge_of.read > 0, f"{judge_of.refused} cut messages refused, {judge_of.read} read")
    for name, m in cases.MESSAGES:
        plain = Writer()
        plain.message(m)
        seen = set()
        for at, field in enumerate(plain.fields):
            # of 255 records, the first ones
            if list(seen).count(field) > 4 or len(seen) > 40:
                continue
            seen.add(field)
            # lengths that count themselves have ends to go beyond
            for delta in range(-40, 12) if field.endswith("AD length") or field == "OTK length" else (-1, 1, -2, 2, 8, 255):
                judge_of.add(f"{name}: each length and count wrong", Writer(at, delta).message(m))
    judge_of.done()
    # RFC 9303 6.1: an EID-AD has 4 bytes, or 8 and what they count
    for m in cases.reply([cases.record()], ["S"], sec=cases.sec_reply(cases.eid_ad())), \
            cases.ecm(cases.request(), ["S"], sec=cases.sec_ecm(cases.eid_ad())):
        raw = Writer().message(m)
        at = raw.index(b"\0\4\0\1")
        for more in range(10):
            judge_of.add(f"{NAMES[m['type']]}: an EID-AD of 4 to 13 bytes",
                         raw[:at] + struct.pack("!HH", 4 + more, 1) + bytes(more) + raw[at + 4:])
    judge_of.done()
    rng = random.Random(SEED)
    for name, m in cases.MESSAGES:
        raw = Writer().message(m)
        for _ in range(24):
            bad = bytearray(raw)
            for _ in range(rng.randint(1, 3)):
                # early bytes matter more
                at = min(rng.randrange(len(raw)), rng.randrange(len(raw)))
                bad[at] = rng.choice((0, 1, 255, bad[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
            judge_of.add(f"{name}: bytes changed at random, seed {SEED}", bytes(bad))
    judge_of.done()
    checks.check(min(judge_of.read, judge_of.refused) > 1000, f"in all {judge_of.refused} refused, {judge_of.read} read")


def bad_addresses(checks, dump):
    """LCAFs wrong inside, whole outside: the message is read, and both say of the address the same."""
    judge_of, rng = Judge(checks, dump), random.Random(SEED + 1)
    for name, a in cases.ADDRESSES:
        if a["afi"] != 16387:
            continue
        raw = Writer().address(a)
        for n in range(len(raw) - 8):
            judge_of.add(f"{name}: its payload cut short at each byte", locator_message(relength(raw[:8 + n])))
        for extra in (b"\0", b"\0\0", b"\0\x01", b"\0\x01\x0a\0\0\x01", b"\0\x11x\0"):
            judge_of.add(f"{name}: more behind its payload", locator_message(relength(raw + extra)))
        for _ in range(60):
            bad = bytearray(raw)
            for _ in range(rng.randint(1, 2)):
                at = rng.randrange(8, len(raw)) if len(raw) > 8 else 4
                bad[at] = rng.choice((0, 1, 2, 17, 0x40, 255, bad[at] ^ 1 << rng.randrange(8)))
            judge_of.add(f"{name}: its bytes changed at random, seed {SEED + 1}", locator_message(bytes(bad)))
    judge_of.done()
    for depth in range(1, 12):
        judge_of.add("LCAFs in one another, 1 to 11", locator_message(Writer().address(cases.nested([1] * depth, cases.V4))))
        judge_of.add("instance-IDs in one another, 1 to 11",
                     locator_message(Writer().address(cases.nested([2] * depth, cases.V4))))
        judge_of.add("instance-IDs in one another as EID, 1 to 11",
                     Writer().message(cases.request(records=[cases.asked(cases.nested([2] * depth, cases.V4), 32)])))
    for plen in (32, 33, 128, 129, 255):
        for source, dest in ((cases.V4, cases.V6), (cases.V6, cases.V4), (cases.MAC, cases.NONE)):
            for lens in ((plen, 0), (0, plen)):
                pair = cases.lcaf(12, source=source, dest=dest, source_mask_len=lens[0], dest_mask_len=lens[1])
                group = cases.lcaf(9, iid=1, source=source, group=dest, source_mask_len=lens[0], group_mask_len=lens[1])
                judge_of.add("mask lengths at and beyond their ends", locator_message(Writer().address(pair)))
                judge_of.add("mask lengths at and beyond their ends", locator_message(Writer().address(group)))
    for iid in (0, 1, 0xffffff, 0x1000000, 0xffffffff):
        for inner, plen in ((cases.V4B, 32), (cases.V6, 128), (cases.NONE, 0), (cases.MAC, 48)):
            judge_of.add("instance-IDs at and beyond their end",
                         Writer().message(cases.request(records=[cases.asked(cases.iid(iid, inner), plen)])))
    for number in (15, 16, 255):
        judge_of.add("key field numbers at and beyond their end",
                     locator_message(Writer().address(cases.lcaf(6, field_num=number, wildcards=1, key="0102"))))
    for lat, lon in (((91, 0, 0), (0, 0, 0)), ((0, 60, 0), (0, 0, 0)), ((0, 0, 60), (0, 0, 0)), ((0, 0, 0), (181, 0, 0)),
                     ((0, 0, 0), (0, 60, 0)), ((0, 0, 0), (0, 0, 60)), ((90, 59, 59), (180, 59, 59)),
                     ((346, 0, 0), (0, 0, 0))):
        for half in (True, False):
            judge_of.add("geo-coordinates at and beyond their ends",
                         locator_message(Writer().address(cases.geo(half, lat, not half, lon, 0, cases.V4))))
    judge_of.done()


def summed(raw, options=0):
    """An ECM whose inner checksums are made right, whatever else its inner headers say."""
    raw = bytearray(raw)
    v4 = raw[4] >> 4 != 6
    udp = 4 + (20 + options if v4 else 40)
    if v4:
        raw[14:16] = b"\0\0"
        raw[14:16] = struct.pack("!H", checksum(bytes(raw[4:udp])))
    addresses = raw[16:24] if v4 else raw[12:44]
    size = struct.unpack_from("!H", raw, udp + 4)[0]
    raw[udp + 6:udp + 8] = b"\0\0"
    total = checksum(bytes(addresses) + struct.pack("!HH", 17, size) + bytes(raw[udp:udp + size]))
    raw[udp + 6:udp + 8] = struct.pack("!H", total or 0xffff)
    return bytes(raw)


def inner_headers(checks, dump):
    """Each byte of an ECM's inner headers, wrong in several ways, under checksums that are right, and are not."""
    judge_of = Judge(checks, dump)
    for what, more in ("IPv4", {}), ("IPv6", {"src": "fd00:1::4", "dst": "fd00:2::5"}):
        raw = Writer().message(cases.ecm(cases.request(), **more))
        for at in range(4, 4 + (20 if what == "IPv4" else 40) + 8):
            for value in (0, 1, 4, 5, 6, 15, 16, 17, 0x20, 0x44, 0x46, 0x55, 0x60, 0x80, 0xff, raw[at] - 1 & 255,
                          raw[at] + 1 & 255):
                bad = raw[:at] + bytes([value]) + raw[at + 1:]
                judge_of.add(f"ECM, {what}: each byte of the inner headers", bad)
                judge_of.add(f"ECM, {what}: each byte of the inner headers, checksums right", summed(bad))
    raw = Writer().message(cases.ecm(cases.request()))
    for words in range(1, 11):
        # RFC 791 3.1: IHL counts words; options of no operation
        longer = raw[:4] + bytes([0x45 + words]) + raw[5:6] + struct.pack("!H", len(raw) - 4 + 4 * words) + raw[8:24] + \
            b"\1" * 4 * words + raw[24:]
        judge_of.add("ECM, IPv4 with options", summed(longer, 4 * words))
        judge_of.add("ECM, IPv4 with options, one byte less", summed(longer, 4 * words)[:-1])
    for port in (4341, 4342, 0, 65535):
        judge_of.add("ECM, inner ports", Writer().message(cases.ecm(cases.request(), sport=port)))
        judge_of.add("ECM, inner ports", Writer().message(cases.ecm(cases.request(), dport=port)))
    for src in {}, {"src": "fd00:1::4", "dst": "fd00:2::5"}:
        raw = Writer().message(cases.ecm(cases.request(), **src))
        at = 4 + (40 if src else 20) + 6
        judge_of.add("ECM, UDP checksum 0, wrong", raw[:at] + b"\0\0" + raw[at + 2:])
        judge_of.add("ECM, UDP checksum 0, wrong", raw[:at] + b"\0\1" + raw[at + 2:])
    m = cases.request()
    for _ in range(4):  # wire_dump looks into four
        m = cases.ecm(m)
        judge_of.add("ECMs in one another", Writer().message(m))
    judge_of.done()
    checks.check(min(judge_of.read, judge_of.refused) > 500,
                 f"of inner headers {judge_of.refused} refused, {judge_of.read} read")
    said = run([dump, "--all"], [summed(longer, 4 * words).hex()])
    checks.check(json.loads(said[0]).get("inner", {}).get("type") == 1, "an ECM with 40 bytes of IPv4 options is read", said)


def reserved_bits(checks, dump):
    """Bits that RFC 9301 reserves are ignored; where only drafts define them, they are written back."""
    base = [cases.request(["I"], **cases.IDS), cases.reply([cases.record()]), cases.register(), cases.register(4),
            cases.register(5), cases.referral([cases.record()]), cases.info(), cases.ecm(cases.request())]
    for m in base:
        kind, raw = m["type"], Writer().message(m)
        used = set(FLAGS[kind].values()) | set(range(19, 24) if kind == 1 else ())
        bits = [bit for bit in range(4, 32 if kind in (7, 8) else 24) if bit not in used]
        lines = []
        for bit in bits:
            word = struct.unpack("!I", raw[:4])[0] | 1 << 31 - bit
            lines.append((struct.pack("!I", word) + raw[4:]).hex())
        plain, *said = [json.loads(line) for line in run([dump, "--all"], [raw.hex(), *lines])]
        same = [bit for bit, o in zip(bits, said) if stripped(o) == stripped(plain)]
        checks.check(same == bits, f"{NAMES[kind]}: reserved bits are ignored ({len(bits)})", set(bits) - set(same))
        if kind not in (6, 7):
            again = [bit for bit, o, line in zip(bits, said, lines) if o["again"] == line]
            checks.check(again == bits, f"{NAMES[kind]}: reserved bits are written back ({len(bits)})", set(bits) - set(again))


def relength(raw):
    return raw[:6] + struct.pack("!H", len(raw) - 8) + raw[8:]


def locator_message(raw):
    """A Map-Reply whose first locator is these bytes, and another behind."""
    m = cases.reply([cases.record(locators=[cases.locator(cases.NONE), cases.locator(cases.V4B)])])
    whole = Writer().message(m)
    at = 12 + 10 + 6 + 6  # header, record, EID, locator
    assert whole[at:at + 2] == b"\0\0"
    return whole[:at] + raw + whole[at + 2:]


def all_data_headers(checks, dump):
    """Each first byte, with all other bits at random; what the flags do not announce is no part of it."""
    rng = random.Random(SEED + 2)
    raws = [bytes([first]) + rng.randbytes(7) for first in range(256) for _ in range(8)]
    wrong = None
    for raw, said in zip(raws, run([dump, "--data"], [raw.hex() for raw in raws])):
        n, l, e, v, i, p = (raw[0] >> 7 - k & 1 for k in range(6))
        low, second = int.from_bytes(raw[1:4], "big"), int.from_bytes(raw[4:], "big")
        versions = v and not n and not p  # RFC 9300 5.3: N wins; RFC 9305 3: P ignores N, E and V
        want = {"nonce": low if n and not p else None, "echo": bool(e and n and not p),
                "source-version": low >> 12 if versions else None, "dest-version": low & 0xfff if versions else None,
                "instance-id": second >> 8 if i else None, "lsb": (second & 0xff if i else second) if l else None,
                "next": raw[3] if p else None, "kk": raw[0] & 3,
                "flags": [letter for letter, bit in zip("NLEVIP", (n, l, e, v, i, p)) if bit]}
        o = json.loads(said)
        again = data_header({**want, "flags": [f for f in want["flags"] if f in "LI" or (
            f == "P" or not p and (f == "N" or f == "E" and n or f == "V" and not n))]}).hex()
        if {**want, "again": again} != o:
            wrong = wrong or (raw.hex(), first_difference({**want, "again": again}, o))
    checks.check(wrong is None, f"data headers of every first byte ({len(raws)})", wrong)
    raws = [bytes([first]) + rng.randbytes(7) for first in range(256) for _ in range(4)]
    for raw, said in zip(raws, run([dump, "--vxlan"], [raw.hex() for raw in raws])):
        i, p, b, x = (raw[0] >> k & 1 for k in (3, 2, 1, 0))
        want = {"flags": [letter for letter, bit in zip("IPBO", (i, p, b, x)) if bit], "version": raw[0] >> 4 & 3,
                "vni": int.from_bytes(raw[4:7], "big") if i else None, "next": raw[3] if p else None}
        have = json.loads(said)
        del have["again"]
        wrong = wrong or (None if want == have else (raw.hex(), first_difference(want, have)))
    checks.check(wrong is None, f"VXLAN headers of every first byte ({len(raws)})", wrong)


def refusals(checks, make, dump):
    a = cases.lcaf
    too_much = [
        ("256 records", cases.reply([cases.record()] * 256)),
        ("256 records in a Map-Request", cases.request(records=[cases.asked()] * 256)),
        ("256 locators", cases.reply([cases.record(locators=[cases.locator()] * 256)])),
        ("16 signatures", cases.referral([cases.record(signatures=[cases.signature("00")] * 16)])),
        ("33 ITR-RLOCs", cases.request(rlocs=[cases.V4] * 33)),
        ("no ITR-RLOC but AFI 0", cases.request(rlocs=[cases.NONE, cases.NONE])),
        ("an IPv4 mask-len of 33", cases.request(records=[cases.asked(cases.V4, 33)])),
        ("an IPv6 mask-len of 129", cases.reply([cases.record(cases.V6, 129)])),
        ("an Info mask-len of 33", cases.info(eid=cases.V4, mask_len=33)),
        ("65 bytes of authentication data", cases.register(auth="00" * 65)),
        ("a one-time key of 20 bytes", cases.ecm(cases.request(), ["S"], sec=cases.sec_ecm(cases.eid_ad(), otk="00" * 20))),
        ("no ITR-RLOC", cases.request(rlocs=[])),
        ("an ECM from IPv4 to IPv6", cases.ecm(cases.request(), dst="fd00::1")),
        ("a sub-type of 13 bits", {"type": 15, "subtype": 4096, "data": "0000"}),
        ("a shared extension of 3 bytes", {"type": 15, "subtype": 1, "data": "00"}),
    ] + [("LCAF with " + what, {"address": address}) for what, address in (
        ("latitude 91", cases.geo(True, (91, 0, 0), True, (0, 0, 0), 0)),
        ("longitude 181", cases.geo(True, (0, 0, 0), True, (181, 0, 0), 0)),
        ("60 minutes", cases.geo(True, (0, 60, 0), True, (0, 0, 0), 0)),
        ("60 seconds", cases.geo(True, (0, 0, 0), True, (0, 0, 60), 0)),
        ("key field number 16", a(6, field_num=16, wildcards=0, key="00")),
        ("source mask-len 33", a(12, source_mask_len=33, dest_mask_len=0, source=cases.V4, dest=cases.V4)),
        ("destination mask-len 129", a(12, source_mask_len=0, dest_mask_len=129, source=cases.V6, dest=cases.V6)),
        ("group mask-len 33", a(9, iid=0, source_mask_len=0, group_mask_len=33, source=cases.V4, group=cases.V4)),
        ("a TOS of 25 bits", a(4, tos=1 << 24, protocol=0, local=[0, 0], remote=[0, 0], address=cases.V4)),
        ("a nonce of 25 bits", a(8, nonce=1 << 24, address=cases.V4)),
        ("an OUI of 25 bits", a(255, oui=1 << 24, data="")),
        ("a reserved encapsulation", a(16, formats=0x80, address=cases.V4)),
        ("256 keys", a(11, algorithm=1, revoke=False, keys=["00"] * 256, address=cases.V4)),
        ("65536 bytes", a(14, binary=False, json="20" * 65533, address=cases.V4)),
        ("65535 bytes and a type", a(255, oui=1, data="00" * 65532)),
    )]
    for (what, m), said in zip(too_much, run([make], [json.dumps(m) for _, m in too_much])):
        checks.check(said.startswith("error"), f"{what}: not written", said[:80])
    # one less is
    enough = [
        ("255 keys", {"address": a(11, algorithm=1, revoke=False, keys=["00"] * 255, address=cases.V4)}),
        ("an LCAF of 65535 bytes", {"address": a(255, oui=1, data="00" * 65531)}),
    ]
    for (what, m), said in zip(enough, run([make], [json.dumps(m) for _, m in enough])):
        checks.check(said == Writer().address(m["address"]).hex(), f"{what}: written", said[:80])
    refused = [
        ("a Map-Request without records", cases.request(records=[]), "9301 5.2"),
        ("a Map-Request without any ITR-RLOC address", cases.request(rlocs=[cases.NONE, cases.NONE]), "9301 5.3"),
        ("IPv4 mask-len 33", cases.reply([cases.record(mask_len=33)]), "9301 5.4"),
        ("IPv6 mask-len 129", cases.request(records=[cases.asked(cases.V6, 129)]), "9301 5.2"),
        ("[100] IPv4 mask-len 33", cases.reply([cases.record(cases.iid(100, cases.V4), 33)]), "9301 5.4"),
        ("authentication data of 65 bytes", cases.register(auth="00" * 65), "9301 5.6"),
        ("inner port 4341", cases.ecm(cases.request(), sport=4341), "9301 5.8"),
        ("inner port 4341 ", cases.ecm(cases.request(), dport=4341), "9301 5.8"),
    ]
    for (what, m, clause), said in zip(refused, run([dump, "--all"], [Writer().message(m).hex() for _, m, _ in refused])):
        error = json.loads(said).get("error", {})
        checks.check(error.get("clause") == "RFC " + clause and error_is_whole(error, 1000),
                     f"{what}: refused by RFC {clause}", said)
    for kind in (0, 9, 10, 11, 12, 13, 14):
        error = json.loads(run([dump, "--all"], [bytes([kind << 4, *[0] * 31]).hex()])[0]).get("error", {})
        checks.check(error.get("errno") == "ENOTSUP" and error_is_whole(error, 32), f"type {kind}: not known", error)
    base = Writer().message(cases.request())
    wrong = [afi for afi, said in zip(range(65536), run([dump, "--all"], [
        (base[:22] + struct.pack("!H", afi) + bytes(24)).hex() for afi in range(65536)]))
        if ('"error"' in said) != (afi not in (0, 1, 2, 6, 17, 16387, 16389, 16390))]
    checks.check(not wrong, "every AFI as EID: eight are known (65536)", wrong[:9])


SALTS = {3: b"Map-Register", 4: b"Map-Notify", 5: b"Map-Notify-Ack"}


def mac(message, key, whole):
    """RFC 9301 5.6 over a message; whole: the bytes covered."""
    length = struct.unpack_from("!H", message, 14)[0]
    kind, algorithm = message[0] >> 4, message[13]
    zeroed = message[:16] + bytes(length) + message[16 + length:whole]
    if algorithm == 3:
        # RFC 5869: extract from nonce and key, one block expanded from nothing
        key = hmac.digest(hmac.digest(SALTS[kind] + b" Authentication", message[4:12] + key, "sha256"), b"\x01", "sha256")
    return hmac.digest(key, zeroed, hashlib.sha1 if algorithm == 1 else hashlib.sha256)[:length]


def authentication(checks, make, dump):
    key = "an open secret"
    todo = [(kind, a, data, more) for kind in (3, 4, 5) for a, data in [*list(cases.AUTH.items())[1:], *cases.SHORT.items()]
            for more in ({}, cases.IDS)]
    for short in (False, True):
        messages = [cases.register(kind, ["I"] if more and kind == 3 else [], algorithm=a, auth=data, **more)
                    for kind, a, data, more in todo]
        made = run([make, "--key", key] + (["--short"] if short else []), [json.dumps(m) for m in messages])
        signed = []
        for (kind, a, data, more), m, ours in zip(todo, messages, made):
            raw = bytearray(Writer().message(m))
            length = len(data) // 2
            raw[16:16 + length] = mac(bytes(raw), key.encode(), len(raw) - (24 if more and short else 0))
            what = f"{NAMES[kind]}, algorithm {a}, {length} bytes{', IDs' if more else ''}"
            what += ", through the last record" if short else ""
            checks.check(ours == raw.hex(), what + ": signed as Python does", (ours, raw.hex()))
            signed.append((what, bytes(raw)))
        for other, good in (([key], True), ([key + "x"], False), (["x", key], True)):
            for (what, raw), said in zip(signed, run([dump, "--all", *other], [raw.hex() for _, raw in signed])):
                said = json.loads(said)["auth"]
                checks.check(said == (other.index(key) if good else "rejected"),
                             f"{what}: {'verified with ' + ', '.join(other) if good else 'rejected with another key'}", said)
        # each byte that is covered counts
        flips = [(what, bytes(raw[:n]) + bytes([raw[n] ^ 1]) + bytes(raw[n + 1:]))
                 for what, raw in signed for n in range(4, 16 + 12)]
        wrong = [what for (what, raw), said in zip(flips, run([dump, "--all", key], [raw.hex() for _, raw in flips]))
                 if '"error"' not in said and json.loads(said)["auth"] not in ("rejected", "unsupported")
                 and raw[12] == 1]  # the key ID is covered as well
        checks.check(not wrong, f"a bit changed in nonce, header or authentication data: rejected ({len(flips)})", wrong[:3])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", required=True, help="the program made from wire_make.c")
    parser.add_argument("--dump", required=True, help="the program made from wire_dump.c")
    args = parser.parse_args()
    checks = Checks()
    writers_agree(checks, args.make)
    readers_agree(checks, args.dump)
    malformed(checks, args.dump)
    bad_addresses(checks, args.dump)
    inner_headers(checks, args.dump)
    reserved_bits(checks, args.dump)
    all_data_headers(checks, args.dump)
    refusals(checks, args.make, args.dump)
    authentication(checks, args.make, args.dump)
    print(f"{checks.count[True]} checks passed, {checks.count[False]} failed")
    return 0 if not checks.count[False] else 1


if __name__ == "__main__":
    sys.exit(main())
