#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What lib/wire reads in captured control messages, held against what tshark says of them, field by field.

Every message to or from UDP port 4342 is compared, also inside an Encapsulated Control Message, and every data header; what
was read is written back, byte for byte. The authentication of Map-Register and Map-Notify is recomputed by Python's hmac and
checked by lib/auth. One line a check; status 1 if one fails, 77 (skipped) where tshark is missing.
"""
import argparse
import collections
import hmac
import ipaddress
import json
import pathlib
import shutil
import subprocess
import sys

NAMES = {1: "Map-Request", 2: "Map-Reply", 3: "Map-Register", 4: "Map-Notify", 5: "Map-Notify-Ack", 8: "ECM"}
DIGESTS = {1: "sha1", 2: "sha256", 3: "sha256"}
SALTS = {3: b"Map-Register", 4: b"Map-Notify", 5: b"Map-Notify-Ack"}


class Tree:
    """A JSON object of tshark's. Its keys repeat and their order counts, so it is a list of pairs."""

    def __init__(self, pairs):
        self.pairs = pairs

    def all(self, name):
        return [v for k, v in self.pairs if k == name]

    def one(self, name, default=None):
        found = self.all(name)
        return found[0] if found else default

    def find(self, name):
        """The first value of that name, however deep."""
        for k, v in self.pairs:
            if k == name:
                return v
            if isinstance(v, Tree):
                found = v.find(name)
                if found is not None:
                    return found
        return None

    def number(self, name):
        value = self.find(name)
        return None if value is None else int(value, 0)


def letters(tree, names):
    return [letter for letter, name in names if tree.number(name) == 1]


def eid(address, plen, iid):
    if address is None:
        return {"iid": int(iid or 0), "prefix": None}
    return {"iid": int(iid or 0), "prefix": str(ipaddress.ip_network(f"{address}/{plen}", strict=False))}


def eid_of(tree, names, plen):
    """An EID or prefix, plain by one of `names` or in an LCAF of type 2."""
    iid = tree.find("lisp.lcaf.iid")
    for name in names if iid is None else ("lisp.lcaf.iid.ipv4", "lisp.lcaf.iid.ipv6"):
        address = tree.find(name)
        if address is not None:
            return eid(address, plen if plen is not None else ipaddress.ip_address(address).max_prefixlen, iid)
    return eid(None, 0, iid)


def locator(tree):
    flags = letters(tree, [("L", "lisp.loc.flags.local"), ("p", "lisp.loc.flags.probe"), ("R", "lisp.loc.flags.reach")])
    return {
        "rloc": str(ipaddress.ip_address(tree.one("lisp.loc.locator"))) if tree.number("lisp.loc.afi") in (1, 2) else None,
        "priority": tree.number("lisp.loc.priority"),
        "weight": tree.number("lisp.loc.weight"),
        "m-priority": tree.number("lisp.loc.multicast_priority"),
        "m-weight": tree.number("lisp.loc.multicast_weight"),
        "flags": flags,
    }


def record(tree):
    # The EID comes before the locators, of which an LCAF must not be taken for it.
    head = Tree([(k, v) for k, v in tree.pairs if k != "lisp.loc"])
    return {
        "eid": eid_of(head, ("lisp.mapping.eid.ipv4", "lisp.mapping.eid.ipv6"), tree.number("lisp.mapping.eid.masklen")),
        "ttl": tree.number("lisp.mapping.ttl") & 0xFFFFFFFF,
        "act": tree.number("lisp.mapping.act"),
        "authoritative": tree.number("lisp.mapping.auth") == 1,
        "map-version": tree.number("lisp.mapping.ver"),
        "locator-count": tree.number("lisp.mapping.loccnt"),
        "locators": [locator(loc) for loc in tree.all("lisp.loc")],
    }


def message_by_tshark(tree):
    """A control message other than an ECM, as wire_dump would say it, from tshark's tree."""
    kind = tree.number("lisp.type")
    out = {"type": kind, "nonce": "%016x" % tree.number("lisp.nonce"), "record-count": tree.number("lisp.records")}
    if kind == 1:
        flags = letters(tree, [("A", "lisp.mreq.flags.auth"), ("M", "lisp.mreq.flags.mrp"), ("P", "lisp.mreq.flags.probe"),
                               ("S", "lisp.mreq.flags.smr"), ("p", "lisp.mreq.flags.pitr"), ("s", "lisp.mreq.flags.smri")])
        reserved = tree.number("lisp.mreq.res")  # tshark knows no L and D bit: the last two of these
        flags += [letter for letter, bit in (("L", 2), ("D", 1)) if reserved & bit]
        head = Tree([(k, v) for k, v in tree.pairs if k not in ("lisp.mreq.record", "lisp.mreq.itr_rloc", "lisp.mapping")])
        out["source-eid"] = eid_of(head, ("lisp.mreq.srceid.ipv4", "lisp.mreq.srceid_ipv6"), None)
        out["itr-rlocs"] = [str(ipaddress.ip_address(r.find("lisp.mreq.itr_rloc_ipv4") or r.find("lisp.mreq.itr_rloc_ipv6")))
                            for r in tree.all("lisp.mreq.itr_rloc") if r.number("lisp.mreq.itr_rloc.afi") in (1, 2)]
        assert len(tree.all("lisp.mreq.itr_rloc")) == tree.number("lisp.irc") + 1
        out["eids"] = [eid_of(r, ("lisp.mreq.record.prefix.ipv4", "lisp.mreq.record.prefix.ipv6"),
                              r.number("lisp.mreq.record.prefix.length")) for r in tree.all("lisp.mreq.record")]
        if tree.all("lisp.mapping"):
            out["map-data"] = record(tree.one("lisp.mapping"))
    else:
        out["records"] = [record(r) for r in tree.all("lisp.mapping")]
    if kind == 2:
        flags = letters(tree, [("P", "lisp.mrep.flags.probe"), ("E", "lisp.mrep.flags.enlr"), ("S", "lisp.mrep.flags.sec")])
    if kind in (3, 4, 5):
        flags = []
        if kind == 3:
            flags = letters(tree, [("P", "lisp.mreg.flags.pmr"), ("S", "lisp.mreg.flags.sec"), ("I", "lisp.mreg.flags.xtrid")])
            reserved = tree.number("lisp.mreg.res")  # likewise E, T and a, before R
            flags += [letter for letter, bit in (("E", 8), ("T", 4), ("a", 2)) if reserved & bit]
            flags += letters(tree, [("M", "lisp.mreg.flags.wmn")])
        both = tree.number("lisp.keyid")  # key ID and algorithm ID were one field in RFC 6830
        out["key-id"], out["algorithm"] = both >> 8, both & 0xFF
        out["auth-data"] = tree.one("lisp.auth").replace(":", "")
        for name, theirs in ("xtr-id", "lisp.xtrid"), ("site-id", "lisp.siteid"):
            if tree.find(theirs) is not None:
                out[name] = tree.find(theirs).replace(":", "")
    out["flags"] = flags
    return out


def frames(path):
    """(frame number, payload of the outer UDP header, [(ip, udp, lisp), ...] from the outside in)."""
    command = ["tshark", "-r", str(path), "-Y", "lisp and not icmp and not icmpv6", "-T", "json"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout
    for frame in json.loads(text, object_pairs_hook=Tree):
        layers = frame.find("layers")
        levels, ip, udp = [], None, None
        for name, value in layers.pairs:
            if name in ("ip", "ipv6"):
                ip = value
            elif name == "udp":
                udp = value
            elif name == "lisp":
                levels.append((ip, udp, value))
        yield int(layers.find("frame.number")), levels[0][1].one("udp.payload").replace(":", ""), levels


def data_headers(path):
    """(frame number, eight bytes, the lisp-data layer) of every data packet."""
    command = ["tshark", "-r", str(path), "-Y", "lisp-data and not icmp.type==3", "-T", "json"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout
    for frame in json.loads(text, object_pairs_hook=Tree):
        layers = frame.find("layers")
        payload = layers.one("udp").one("udp.payload").replace(":", "")
        yield int(layers.find("frame.number")), payload[:16], layers.one("lisp-data")


def data_check(checks, path, program, seen):
    """Data headers, as tshark has them, and written back."""
    found = list(data_headers(path))
    for (number, header, tree), ours in zip(found, dump(program, ["--data"], [header for _, header, _ in found])):
        theirs = {"flags": letters(tree, [("N", "lisp-data.flags.nonce"), ("L", "lisp-data.flags.lsb"),
                                          ("E", "lisp-data.flags.enr"), ("V", "lisp-data.flags.mv"),
                                          ("I", "lisp-data.flags.iid")]),
                  "nonce": tree.number("lisp-data.nonce"), "instance-id": tree.number("lisp-data.iid"),
                  "source-version": tree.number("lisp-data.srcmapver"), "dest-version": tree.number("lisp-data.dstmapver")}
        differ = {k: (ours[k], theirs[k]) for k in theirs if ours[k] != theirs[k]}
        checks.check(not differ, f"{path.name} frame {number}: data header as tshark has it", f"(ours, tshark's) {differ}")
        checks.check(ours["again"] == header, f"{path.name} frame {number}: written back as it was", (ours["again"], header))
        seen["data packet"] += 1
        seen["data packet with an instance-ID"] += "I" in ours["flags"]


def address(ip, which):
    return str(ipaddress.ip_address(ip.find(f"ip.{which}") or ip.find(f"ipv6.{which}")))


def frame_by_tshark(levels):
    ip, udp, lisp = levels[0]
    if lisp.number("lisp.type") != 8:
        return message_by_tshark(lisp)
    ip, udp, inner = levels[1]
    return {
        "type": 8,
        "flags": letters(lisp, [("S", "lisp.ecm.flags.sec"), ("D", "lisp.ecm.flags.ddt")]),
        "inner-source": address(ip, "src"),
        "inner-destination": address(ip, "dst"),
        "inner-source-port": udp.number("udp.srcport"),
        "inner-destination-port": udp.number("udp.dstport"),
        "inner": message_by_tshark(inner),
    }


def stripped(said):
    """What wire_dump says, without what tshark has no word for."""
    said = {k: v for k, v in said.items() if k not in ("length", "name", "algorithm-name", "records-end", "auth")}
    if "inner" in said:
        said["inner"] = stripped(said["inner"])
    for rec in said.get("records", []) + ([said["map-data"]] if "map-data" in said else []):
        rec.pop("action")
    return said


def mac(message, key, kind, algorithm, length):
    """RFC 9301 section 5.6 over the whole message, as deployed peers do it."""
    zeroed = message[:16] + bytes(length) + message[16 + length:]
    if algorithm == 3:
        extracted = hmac.digest(SALTS[kind] + b" Authentication", message[4:12] + key, "sha256")
        key = hmac.digest(extracted, b"\x01", "sha256")
    return hmac.digest(key, zeroed, DIGESTS[algorithm])[:length]


class Checks:
    def __init__(self):
        self.count = collections.Counter()

    def check(self, good, what, detail=""):
        self.count[bool(good)] += 1
        print(f"{'ok' if good else 'FAILED'}  {what}{'' if good else ': ' + str(detail)}")


def dump(program, keys, payloads):
    text = "".join(p + "\n" for p in payloads)
    out = subprocess.run([program, *keys], input=text, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    return [json.loads(line) for line in out.splitlines()]


def capture_check(checks, path, program, key, seen):
    captured = list(frames(path))
    payloads = [payload for _, payload, _ in captured]
    said = dump(program, [key], payloads)
    other = dump(program, [key + "x"], payloads)
    short = dump(program, [key], [payload[:-2] for payload in payloads])
    again = dump(program, ["--all"], payloads)
    checks.check(captured and len(captured) == len(said), f"{path.name}: {len(captured)} control messages")
    for (number, payload, levels), ours, wrong, cut, whole in zip(captured, said, other, short, again):
        where = f"{path.name} frame {number}: "
        if "error" in ours:
            checks.check(False, where + "read", ours["error"]["text"])
            continue
        theirs, ours_stripped = frame_by_tshark(levels), stripped(ours)
        differ = {k: (ours_stripped.get(k), theirs.get(k)) for k in ours_stripped.keys() | theirs.keys()
                  if ours_stripped.get(k) != theirs.get(k)}
        inner = ours.get("inner", ours)
        eids = inner.get("eids") or [r["eid"] for r in inner["records"]]
        named = ", ".join(f"[{e['iid']}] {e['prefix']}" for e in eids)
        checks.check(not differ, f"{where}{NAMES[ours['type']]} {named} as tshark has it", f"(ours, tshark's) {differ}")
        checks.check("error" in cut, where + "one byte less is refused", cut)
        checks.check(whole["again"] == payload, where + "written back as it was", (whole["again"], payload))
        seen[NAMES[ours["type"]]] += 1
        seen["probe"] += "P" in ours["flags"] and ours["type"] in (1, 2)
        seen["instance-ID 100"] += any(e["iid"] == 100 for e in eids)
        seen["IPv6 EID"] += any(":" in (e["prefix"] or "") for e in eids)
        seen["negative reply"] += ours["type"] == 2 and any(not r["locators"] for r in ours["records"])
        if ours["type"] in (3, 4, 5):
            message = bytes.fromhex(payload)
            want = mac(message, key.encode(), ours["type"], ours["algorithm"], len(ours["auth-data"]) // 2).hex()
            checks.check(want == ours["auth-data"], where + "authentication data as hmac has it", (ours["auth-data"], want))
            checks.check(ours["auth"] == 0, where + "verified with the key", ours["auth"])
            checks.check(wrong["auth"] == "rejected", where + "rejected with another key", wrong["auth"])


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True, help="the program made from wire_dump.c")
    parser.add_argument("--key", default="Zaq12wsx!@", help="the shared secret (default: %(default)s)")
    parser.add_argument("capture", nargs="*", type=pathlib.Path, help="default: those in tests/captures")
    args = parser.parse_args()
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    checks, seen = Checks(), collections.Counter()
    for path in args.capture or sorted((here.parent / "captures").glob("*.pcap")):
        capture_check(checks, path, args.dump, args.key, seen)
        data_check(checks, path, args.dump, seen)
    if not args.capture:
        # So that no kind of message is missing without a word.
        for what in ("Map-Request", "Map-Reply", "Map-Register", "Map-Notify", "ECM", "probe", "instance-ID 100", "IPv6 EID",
                     "negative reply", "data packet", "data packet with an instance-ID"):
            checks.check(seen[what] > 0, f"all captures: {seen[what]} x {what}")
    print(f"{checks.count[True]} checks passed, {checks.count[False]} failed")
    return 0 if checks.count[True] and not checks.count[False] else 1


if __name__ == "__main__":
    sys.exit(main())
