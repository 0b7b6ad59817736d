# SPDX-License-Identifier: BSD-3-Clause
"""
Holds what wire_dump --all says of a message against what was put in, or against what lisp_reader.py reads in the same bytes,
with all that follows from it: EIDs, names, counts.
"""
import ipaddress
import json
import re
import subprocess
import sys

import lisp_reader
from lisp_writer import Writer

NAMES = {1: "Map-Request", 2: "Map-Reply", 3: "Map-Register", 4: "Map-Notify", 5: "Map-Notify-Ack", 6: "Map-Referral",
         7: "Info", 8: "Encapsulated Control Message", 15: "Shared Extension"}
ACTIONS = ["no-action", "natively-forward", "send-map-request", "drop", "drop-policy-denied", "drop-auth-failure"]
REFERRALS = ["node-referral", "ms-referral", "ms-ack", "ms-not-registered", "delegation-hole", "not-authoritative"]
ALGORITHMS = ["none", "sha1", "sha256", "sha256-hkdf"]
LCAFS = {**dict(enumerate((
    "null-body", "afi-list", "instance-id", "as-number", "application-data", "geo-coordinates", "opaque-key", "nat-traversal",
    "nonce-locator", "multicast-info", "explicit-locator-path", "security-key", "source-dest-key", "replication-list-entry",
    "json-data-model", "key-value-address-pair", "encapsulation-format"))), 255: "vendor-specific"}
CLAUSE = re.compile(r"(RFC (791|8060|8111|9301|9303|9304|9306|9437|9735)|draft-ermagan-lisp-nat-traversal) \d+(\.\d+)*$|"
                    r"RFC 9301 5$")


def run(command, lines):
    """What a program answers to each line; the line that it dies of ends the test."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=240)
    out = done.stdout.splitlines()
    if done.returncode or len(out) != len(lines):
        dead = lines[len(out)] if len(out) < len(lines) else "the end"
        sys.exit(f"FAILED  {command[0]} ended with status {done.returncode} at {dead[:2000]}\n{done.stderr[-4000:]}")
    return out


# -- what was put in, as lisp_reader.py says it

def canon_address(a):
    if a is None or a["afi"] == 0:
        return {"afi": 0}
    if a["afi"] == 17:
        return {"afi": 17, "bytes": a["name"].encode().hex() + "00"}
    if a["afi"] != 16387:
        return a
    out = {"length": len(Writer().address(a)) - 8, "flags": 0,
           "rsvd2": a.get("mask-len", 0) if a["lcaf"] == 2 else int(a.get("binary", 0))}
    if a["lcaf"] == 2:
        out["mask-len"] = 0
    for name, value in a.items():
        if isinstance(value, dict) and "afi" in value:
            value = canon_address(value)
        elif name in ("addresses", "rtrs"):
            value = [canon_address(x) for x in value]
        elif name in ("hops", "entries"):
            value = [{**x, "address": canon_address(x["address"])} for x in value]
        out[name] = value
    return out


def canon(m):
    if isinstance(m, list):
        return [canon(x) for x in m]
    if not isinstance(m, dict):
        return m
    if "afi" in m:
        return canon_address(m)
    out = {name: canon(value) for name, value in m.items()}
    if "flags" in out:
        out["flags"] = sorted(out["flags"])
    if out.get("type") == 6:
        out["records"] = [{"incomplete": False, "signatures": [], **r} for r in out["records"]]
    if "kdf-id" in out:
        out["records"] = [{"mask-len": r["mask-len"], "address": r["address"]} for r in out.get("records", [])]
    if out.get("type") == 15:
        out["flags"] = []
    return out


# -- what wire_dump --all says of it, with all that follows

def eid_of(address, plen):
    """The EID that xtrd makes of an address: instance-ID and IP prefix."""
    iid = 0
    if address["afi"] == 16387 and address["lcaf"] == 2:
        # Of an instance-ID LCAF the instance is known even where its address is wrong inside.
        if "error" in address:
            return None
        if address["iid"] > 0xffffff:
            return {"iid": 0, "prefix": None}
        iid, address = address["iid"], address["address"]
    if address["afi"] not in (1, 2):
        return {"iid": iid, "prefix": None}
    plen = ipaddress.ip_address(address["ip"]).max_prefixlen if plen is None else plen
    return {"iid": iid, "prefix": str(ipaddress.ip_network("%s/%d" % (address["ip"], plen), strict=False))}


def ip_of(address):
    return address.get("ip") if address["afi"] in (1, 2) else None


def full_record(r, kind):
    names = REFERRALS if kind == 6 else ACTIONS
    action = names[r["act"]] if r["act"] < len(names) else "unknown"
    return {**r, "eid": eid_of(r["address"], r["mask-len"]), "action": action,
            "locator-count": len(r["locators"]), "locators": [{**x, "rloc": ip_of(x["address"])} for x in r["locators"]]}


def vendor_in(m):
    """A vendor's LCAF as EID (also of LISP-SEC's data) or locator, of which RFC 9306 section 4 speaks."""
    addresses = m.get("itr-addresses", []) + [m[k] for k in ("source-address", "eid-address", "info-address") if k in m]
    for r in m.get("records", []) + ([m["map-data"]] if "map-data" in m else []):
        addresses += [r["address"]] + [x["address"] for x in r.get("locators", [])]
    addresses += [r["address"] for r in m.get("sec", {}).get("eid-ad", {}).get("records", [])]
    return any(a.get("lcaf") == 255 for a in addresses)


def full(m):
    if "error" in m:
        return m
    kind = m["type"]
    out = {**m, "vendor": vendor_in(m), "name": NAMES[kind]}
    if kind == 8:
        return {**out, "inner": full(m["inner"])}
    if kind == 15:
        return out
    out["record-count"] = len(m.get("records", []))
    if kind == 1:
        out["source-eid"] = eid_of(m["source-address"], None)
        out["itr-rlocs"] = [a["ip"] for a in m["itr-addresses"] if a["afi"] in (1, 2)]
        out["records"] = [{**r, "eid": eid_of(r["address"], r["mask-len"])} for r in m["records"]]
        out["eids"] = [r["eid"] for r in out["records"]]
        if "map-data" in m:
            out["map-data"] = full_record(m["map-data"], 1)
    elif kind == 7:
        out["eid"] = eid_of(m["eid-address"], m["mask-len"])
    else:
        out["records"] = [full_record(r, kind) for r in m["records"]]
    if kind in (3, 4, 5):
        a = m["algorithm"]
        out["algorithm-name"] = ALGORITHMS[a] if a < len(ALGORITHMS) else "algorithm %d" % a
    return out


def spelt(text):
    """An IP address or prefix as Python spells it: ::11.0.0.1 is inet_ntop()'s way to say ::b00:1."""
    address, slash, plen = text.partition("/")
    return str(ipaddress.ip_address(address)) + slash + plen


def stripped(o, name=None):
    """What wire_dump --all said, brought to the same form: flags in order, addresses spelt alike."""
    if isinstance(o, list):
        return [stripped(x, name) for x in o]
    if isinstance(o, str) and name in ("ip", "rloc", "itr-rlocs", "prefix", "inner-source", "inner-destination"):
        return spelt(o)
    if not isinstance(o, dict):
        return o
    if "error" in o and "lcaf" in o:
        return {"afi": o["afi"], "lcaf": o["lcaf"], "error": True}
    if "error" in o:
        return {"error": True}
    out = {name: stripped(value, name) for name, value in o.items() if name not in ("again", "records-end", "length")}
    if isinstance(out.get("flags"), list):
        out["flags"] = sorted(out["flags"])
    if o.get("afi") == 17:
        out.pop("name", None)
    if "lcaf" in o:
        out["length"] = o["length"]
        if out["type"] == LCAFS.get(o["lcaf"]):
            del out["type"]
    if o.get("action") not in ACTIONS + REFERRALS and "action" in o:
        out["action"] = "unknown"
    return out


def errors_in(o, size):
    """Every error in what was said; size: bytes that its offset may go up to."""
    if isinstance(o, list):
        for x in o:
            yield from errors_in(x, size)
    elif isinstance(o, dict):
        if "error" in o:
            limit = 8 + o["length"] if "lcaf" in o and "length" in o else 8 if "lcaf" in o else o.get("length", size)
            yield o["error"], limit
        for name, x in o.items():
            if name != "error":
                yield from errors_in(x, size)


def error_is_whole(error, limit):
    return (0 <= error["offset"] <= limit and error["field"] and error["reason"] and CLAUSE.match(error["clause"]) and
            error["text"] == "offset %(offset)d, %(field)s: %(reason)s (%(clause)s)" % error and "\n" not in error["text"])


def python_reads(raw):
    try:
        return lisp_reader.read(raw)
    except lisp_reader.Malformed:
        return {"error": True}


def forgiving(want, have):
    """EIDs that cannot be told (None) are as the other side has them."""
    if isinstance(want, dict) and isinstance(have, dict) and want.keys() == have.keys():
        return {k: have[k] if k in ("eid", "source-eid") and want[k] is None else forgiving(want[k], have[k]) for k in want}
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return [have[i] if w is None and isinstance(have[i], dict) else forgiving(w, have[i]) for i, w in enumerate(want)]
    return want


def first_difference(want, have, path=""):
    if isinstance(want, dict) and isinstance(have, dict):
        for k in sorted(want.keys() | have.keys()):
            if want.get(k) != have.get(k):
                return first_difference(want.get(k), have.get(k), path + "/" + k)
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for i, (w, h) in enumerate(zip(want, have)):
            if w != h:
                return first_difference(w, h, "%s/%d" % (path, i))
    return f"{path}: {want} wanted, {have} read"


def judge(raw, said):
    """None, or what is wrong with what lib/wire reads in these bytes."""
    o = json.loads(said)
    for error, limit in errors_in(o, len(raw)):
        if not error_is_whole(error, limit):
            return f"an error that says too little: {error}"
    want, have = full(python_reads(raw)), stripped(o)
    want = forgiving(want, have)
    if o["length"] != len(raw):
        return "length"
    return None if want == have else first_difference(want, have)
