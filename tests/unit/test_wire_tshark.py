#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What lib/wire writes, judged by tshark.

wire_make writes every case of wire_judge_cases.py with lib/wire; tshark decodes them all; every field that it shows, in
its order, reserved bits among them, is compared with what was put in. Where tshark is silent or wrong, TSHARK says so, and
the bytes are compared with a figure of the RFC filled in by hand (wire_judge_figures.py), as are all addresses. One line a
check; status 1 if one fails, 77 (skipped) where tshark is missing.
"""
import argparse
import collections
import ipaddress
import json
import shutil
import struct
import subprocess
import sys
import tempfile

import lisp_writer
import wire_judge_cases as cases
import wire_judge_figures as figures
from test_captures import Checks, Tree

# What tshark (4.0) does not see. Each must happen in some case, so that this table cannot outlive its reasons.
TSHARK = {
    "LCAF payload": "knows types 4, 6, 11, 14 and 16 by name only, and unknown ones not at all: shows their header",
    "IID mask-len": "has no name for it: it is the reserved byte after the type",
    "inner AFI": "does not know that AFI inside this LCAF: shows the AFI, and goes on after the LCAF",
    "AFI 0 in a list": "stops in an AFI list at an AFI 0, and takes what is left of the list for what follows it",
    "EID AFI": "does not know 64-bit MAC addresses as EIDs: stops",
    "source EID AFI": "does not know names and 64-bit MAC addresses as source EIDs: stops",
    "ITR-RLOC AFI": "takes IPv4 and IPv6 ITR-RLOCs only: stops at others",
    "request flags": "has no L, D and I bit: shows them among reserved bits",
    "request IDs": "does not know xTR-ID and site-ID in a Map-Request: shows bytes",
    "N": "does not know the N bit of RFC 9437: shows it among reserved bits",
    "register flags": "has no E, T and a bit: shows them among reserved bits",
    "notify IDs": "does not know xTR-ID and site-ID in a Map-Notify without bits of an old draft: shows bytes",
    "keyid": "takes key ID and algorithm ID for one number, as RFC 6830 has it",
    "Notify-Ack": "does not know type 5: shows bytes",
    "signatures": "counts signatures but does not read them: takes what follows for the next record, or shows bytes",
    "info EID": "shows an LCAF that is the EID-prefix of an Info-Request as text only",
    "info": "expects AFI 0 at the end of an Info-Request: shows bytes",
    "ECM sec": "does not know LISP-SEC: shows bytes, and not the message inside",
    "reply sec": "does not know LISP-SEC: shows bytes",
    "extension": "shows bytes after the type",
    "next protocol": "does not know the P bit of RFC 9305: shows it among reserved bits, and no next protocol",
    "VXLAN-GPE B": "does not know the B bit of VXLAN-GPE: shows it among reserved bits",
}
# Keys that sum up others, or that tshark makes of them
SUMS = {"lisp.lcaf.header", "lisp.mreq.flags", "lisp.loc.flags", "lisp.lcaf.mcinfo.flags", "lisp.lcaf.elp_hop.flags",
        "lisp-data.flags", "lisp-data.mapver", "vxlan.flags", "data.len"}
IP_FIELDS = {"ip.src", "ip.dst", "ip.len", "ip.checksum.status", "ipv6.src", "ipv6.dst", "ipv6.plen", "udp.srcport",
             "udp.dstport", "udp.length", "udp.checksum.status"}


class Stop(Exception):
    """tshark gives up here."""


class Sight:
    """The fields that tshark shows of what is described, in its order. `notes` are what it misses."""

    def __init__(self):
        self.out, self.notes = [], set()

    def see(self, **fields):
        """Names of fields with "__" for the dot."""
        for name, value in fields.items():
            self.out.append((name.replace("__", "."), value))

    def put(self, prefix, *pairs):
        self.out += [(prefix + name, value) for name, value in pairs]

    def note(self, name):
        assert name in TSHARK, name
        self.notes.add(name)

    def stop(self, name):
        self.note(name)
        raise Stop

    def lost(self, name, kind="unexpected_field"):
        """An AFI that tshark does not take, which is no end."""
        self.note(name)
        self.out.append(("!", kind))

    def address_in(self, prefix, a, names=("ipv4", "ipv6", "mac", "dn"), afi=True):
        """AFI and address as the fields prefix.afi, prefix.ipv4, ...; false if tshark does not know it."""
        if afi:
            self.out.append((prefix + ".afi", a["afi"]))
        kind = {1: "ipv4", 2: "ipv6", 6: "mac", 16389: "mac", 17: "dn"}.get(a["afi"])
        if a["afi"] == 16387:
            self.lcaf(a)
        elif kind in names:
            self.out.append((prefix + "." + kind, a.get("ip", a.get("mac", a.get("name")))))
        return a["afi"] == 16387 or kind in names

    def inside(self, prefix, a, names=("ipv4", "ipv6", "mac", "dn"), none=True):
        if not self.address_in(prefix, a, names) and (a["afi"] != 0 or not none):
            self.lost("inner AFI")

    def lcaf(self, a):
        kind = a["lcaf"]
        rsvd2 = a.get("mask-len", 0) if kind == 2 else int(a.get("binary", 0))
        if kind == 2 and rsvd2:
            self.note("IID mask-len")
        self.see(lisp__lcaf__res1=0, lisp__lcaf__flags=0, lisp__lcaf__type=kind)
        if kind == 9:
            self.put("lisp.lcaf", (".mcinfo.flags.res", 0), (".mcinfo.flags.rp", 0), (".mcinfo.flags.leave", 0),
                     ("_mcinfo.flags.join", 0))
        else:
            self.see(lisp__lcaf__res2=rsvd2)
        # the length is in the figure, and in what tshark makes of what follows
        self.out.append(("lisp.lcaf.length", len(lisp_writer.Writer().address(a)) - 8))
        if kind in (4, 6, 11, 14, 16, 200):
            self.lost("LCAF payload", "undecoded")
        else:
            getattr(self, "lcaf_%d" % kind)(a)

    def lcaf_0(self, a):
        pass

    def lcaf_1(self, a):
        for x in a["addresses"]:
            if x["afi"] == 0:
                self.see(lisp__lcaf__afi_list__afi=0)
                self.stop("AFI 0 in a list")
            self.inside("lisp.lcaf.afi_list", x)

    def lcaf_2(self, a):
        self.see(lisp__lcaf__iid=a["iid"])
        self.inside("lisp.lcaf.iid", a["address"])

    def lcaf_3(self, a):
        self.see(lisp__lcaf__asn=a["asn"])
        self.inside("lisp.lcaf.asn", a["address"])

    def lcaf_5(self, a):
        for name, half, of in ("lat", "north", a["latitude"]), ("lon", "east", a["longitude"]):
            self.put("lisp.lcaf.geo." + name, (".hemisphere", int(of[half])), (".deg", of["degrees"]),
                     (".min", of["minutes"]), (".sec", of["seconds"]))
        self.see(lisp__lcaf__geo__alt=struct.pack("!i", a["altitude"]).hex())
        self.inside("lisp.lcaf.geo", a["address"])

    def lcaf_7(self, a):
        self.see(lisp__lcaf__natt__msport=a["ms-port"], lisp__lcaf__natt__etrport=a["etr-port"])
        for x in [a["global-etr"], a["ms"], a["private-etr"]] + a["rtrs"]:
            self.inside("lisp.lcaf.natt.rloc", x, ("ipv4", "ipv6"))

    def lcaf_8(self, a):
        self.see(lisp__lcaf__nonce_loc__res=0, lisp__lcaf__nonce_loc=a["nonce"])
        self.inside("lisp.lcaf.nonce_loc", a["address"])

    def lcaf_9(self, a):
        self.put("lisp.lcaf", (".mcinfo_iid", a["iid"]), (".mcinfo.res", 0),
                 (".mcinfo.src.masklen", a["source-mask-len"]), (".mcinfo.grp.masklen", a["group-mask-len"]))
        self.inside("lisp.lcaf.mcinfo.src", a["source"], ("ipv4", "ipv6"), False)
        self.inside("lisp.lcaf.mcinfo.grp", a["group"], ("ipv4", "ipv6"), False)

    def lcaf_10(self, a):
        for hop in a["hops"]:
            self.put("lisp.lcaf", (".elp_hop.flags.res", 0), (".elp_hop.flags.local", int("L" in hop["flags"])),
                     (".elp_hop.flags.probe", int("P" in hop["flags"])), ("_elp_hop.flags.strict", int("S" in hop["flags"])))
            self.inside("lisp.lcaf.elp_hop", hop["address"], ("ipv4", "ipv6"), False)

    def lcaf_12(self, a):
        self.put("lisp.lcaf.srcdst.", ("res", 0), ("src.masklen", a["source-mask-len"]), ("dst.masklen", a["dest-mask-len"]))
        self.inside("lisp.lcaf.srcdst.src", a["source"], ("ipv4", "ipv6", "mac"), False)
        self.inside("lisp.lcaf.srcdst.dst", a["dest"], ("ipv4", "ipv6", "mac"), False)

    def lcaf_13(self, a):
        for e in a["entries"]:
            self.put("lisp.lcaf.rle_entry.", ("res", 0), ("level", e["level"]))
            self.inside("lisp.lcaf.rle_entry", e["address"], ("ipv4", "ipv6"), False)

    def lcaf_15(self, a):
        self.inside("lisp.lcaf.kv_key", a["key"])
        self.inside("lisp.lcaf.kv_value", a["value"])

    def lcaf_255(self, a):
        self.see(lisp__lcaf__vendor__res=0, lisp__lcaf__vendor__oui=a["oui"], lisp__lcaf__vendor__data=a["data"])
        self.out.append(("!", "undecoded"))  # of vendors, nobody knows more

    def record(self, r, referral=False):
        if r["address"]["afi"] == 16390:
            self.stop("EID AFI")
        self.put("lisp.mapping.", ("ttl", r["ttl"]), ("loccnt", len(r["locators"])), ("eid.masklen", r["mask-len"]),
                 ("act", r["act"]), ("auth", int(r["authoritative"])))
        if referral:
            self.see(lisp__referral__incomplete=int(r.get("incomplete", 0)), lisp__mapping__res1=0)
            self.see(lisp__referral__sigcnt=len(r.get("signatures", ())))
        else:
            self.see(lisp__mapping__res1=0, lisp__mapping__res2=0)
        self.see(lisp__mapping__ver=r["map-version"])
        self.address_in("lisp.mapping.eid", r["address"])
        for loc in r["locators"]:
            self.put("lisp.loc.", ("priority", loc["priority"]), ("weight", loc["weight"]),
                     ("multicast_priority", loc["m-priority"]), ("multicast_weight", loc["m-weight"]),
                     ("flags.res", 0), ("flags.local", int("L" in loc["flags"])), ("flags.probe", int("p" in loc["flags"])),
                     ("flags.reach", int("R" in loc["flags"])))
            a = loc["address"]
            self.see(lisp__loc__afi=a["afi"])
            if a["afi"] == 16387:
                self.lcaf(a)
            else:
                self.see(lisp__loc__locator=a.get("ip", a.get("mac", a.get("name", "not set"))))
        if r.get("signatures"):
            self.stop("signatures")

    def ids(self, m, note):
        if "xtr-id" in m:
            self.note(note)
            self.see(data__data=m["xtr-id"] + m["site-id"])

    def message(self, m):
        self.see(lisp__type=m["type"])
        {1: self.request, 2: self.reply, 3: self.register, 4: self.register, 5: self.register, 6: self.referral,
         7: self.info, 8: self.ecm, 15: self.extension}[m["type"]](m)

    def request(self, m):
        bits = {letter: int(letter in m["flags"]) for letter in "AMPSpsILD"}
        self.put("lisp.mreq.flags.", ("auth", bits["A"]), ("mrp", bits["M"]), ("probe", bits["P"]), ("smr", bits["S"]),
                 ("pitr", bits["p"]), ("smri", bits["s"]))
        if bits["I"] or bits["L"] or bits["D"]:
            self.note("request flags")
        # nine bits behind s: R I, five more, L D
        self.see(lisp__mreq__res=bits["I"] << 7 | bits["L"] << 1 | bits["D"])
        self.see(lisp__irc=len(m["itr-addresses"]) - 1, lisp__records=len(m["records"]), lisp__nonce=int(m["nonce"], 16))
        source = m["source-address"]
        self.see(lisp__mreq__srceid__afi=source["afi"])
        if source["afi"] == 0:
            self.see(lisp__mreq__srceid__string="not set")
        elif source["afi"] == 2:
            self.see(lisp__mreq__srceid_ipv6=source["ip"])
        elif not self.address_in("lisp.mreq.srceid", source, ("ipv4", "mac"), False):
            self.stop("source EID AFI")
        for a in m["itr-addresses"]:
            self.see(lisp__mreq__itr_rloc__afi=a["afi"])
            if a["afi"] not in (1, 2):
                self.stop("ITR-RLOC AFI")
            self.out.append(("lisp.mreq.itr_rloc_ipv%d" % (4 if a["afi"] == 1 else 6), a["ip"]))
        for r in m["records"]:
            if r["address"]["afi"] == 16390:
                self.stop("EID AFI")
            if r["notify"]:
                self.note("N")
            self.see(lisp__mreq__record__res=r["notify"] << 7, lisp__mreq__record__prefix__length=r["mask-len"])
            self.address_in("lisp.mreq.record.prefix", r["address"])
        if "map-data" in m:
            self.record(m["map-data"])
        self.ids(m, "request IDs")

    def reply(self, m):
        self.put("lisp.mrep.", *[("flags." + name, int(letter in m["flags"])) for letter, name in
                                 (("P", "probe"), ("E", "enlr"), ("S", "sec"))], ("res", 0))
        self.records(m)
        if "sec" in m:
            self.note("reply sec")
            self.see(data__data=lisp_writer.Writer().sec_reply(m["sec"]).hex())

    def records(self, m):
        self.see(lisp__records=len(m["records"]), lisp__nonce=int(m["nonce"], 16))
        for r in m["records"]:
            self.record(r, m["type"] == 6)

    def auth(self, m):
        self.note("keyid")
        self.see(lisp__keyid=m["key-id"] << 8 | m["algorithm"], lisp__authlen=len(m["auth-data"]) // 2,
                 lisp__auth=m["auth-data"])

    def register(self, m):
        if m["type"] == 3:
            bits = {letter: int(letter in m["flags"]) for letter in "PSIETaM"}
            if bits["E"] or bits["T"] or bits["a"]:
                self.note("register flags")
            self.put("lisp.mreg.flags.", ("pmr", bits["P"]), ("sec", bits["S"]), ("xtrid", bits["I"]), ("rtr", 0))
            self.see(lisp__mreg__res=bits["E"] << 3 | bits["T"] << 2 | bits["a"] << 1, lisp__mreg__flags__wmn=bits["M"])
        elif m["type"] == 5:
            self.note("Notify-Ack")
            self.see(data__data=lisp_writer.Writer().message(m).hex())
            return
        else:
            self.put("lisp.mnot.", ("flags.xtrid", 0), ("flags.rtr", 0), ("res", 0))
        self.see(lisp__records=len(m["records"]), lisp__nonce=int(m["nonce"], 16))
        self.auth(m)
        for r in m["records"]:
            self.record(r)
        if m["type"] == 3 and "xtr-id" in m:
            self.see(lisp__xtrid=m["xtr-id"], lisp__siteid=m["site-id"])
        else:
            self.ids(m, "notify IDs")

    def referral(self, m):
        self.see(lisp__mref__res=0)
        self.records(m)

    def info(self, m):
        self.see(lisp__info__r=int("R" in m["flags"]), lisp__info__res1=0, lisp__nonce=int(m["nonce"], 16))
        self.auth(m)
        self.see(lisp__info__ttl=m["ttl"], lisp__info__res2=0, lisp__info__prefix__masklen=m["mask-len"])
        if m["eid-address"]["afi"] == 16387:
            self.note("info EID")
            self.see(lisp__info__prefix__afi=16387)
        else:
            self.address_in("lisp.info.prefix", m["eid-address"])
        a = m["info-address"]
        self.see(lisp__info__afi=a["afi"])
        if a["afi"] == 16387:
            self.lcaf(a)
        elif a["afi"]:
            self.lost("info", "expected_field")
            self.see(data__data=lisp_writer.Writer().address(a)[2:].hex())

    def ecm(self, m):
        self.see(lisp__ecm__flags__sec=int("S" in m["flags"]), lisp__ecm__flags__ddt=int("D" in m["flags"]),
                 lisp__ecm__res=0)
        if "sec" in m:
            self.note("ECM sec")
            self.see(data__data=lisp_writer.Writer().message(m)[4:].hex())
            return
        size = len(lisp_writer.Writer().message(m["inner"]))
        if ":" in m["inner-source"]:
            self.see(ipv6__plen=8 + size, ipv6__src=m["inner-source"], ipv6__dst=m["inner-destination"])
        else:
            self.see(ip__len=28 + size, ip__checksum__status=1, ip__src=m["inner-source"], ip__dst=m["inner-destination"])
        self.see(udp__srcport=m["inner-source-port"], udp__dstport=m["inner-destination-port"], udp__length=8 + size,
                 udp__checksum__status=1)
        self.message(m["inner"])

    def extension(self, m):
        self.note("extension")
        self.see(data__data="f%03x" % m["subtype"] + m["data"])

    def data_header(self, d):
        flags = d["flags"]
        if "P" in flags:
            self.note("next protocol")
        self.put("lisp-data.flags.", *[(name, int(letter in flags)) for letter, name in (
            ("N", "nonce"), ("L", "lsb"), ("E", "enr"), ("V", "mv"), ("I", "iid"))], ("res", ("P" in flags) << 2 | d["kk"]))
        if "N" in flags:
            self.out.append(("lisp-data.nonce", d["nonce"]))
        if "V" in flags:
            self.put("lisp-data.", ("srcmapver", d["source-version"]), ("dstmapver", d["dest-version"]))
        if "I" in flags:
            self.out.append(("lisp-data.iid", d["instance-id"]))
        if "L" in flags:
            self.out.append(("lisp-data.lsb8" if "I" in flags else "lisp-data.lsb", d["lsb"]))

    def vxlan_header(self, d, gpe):
        if not gpe:
            self.put("vxlan.", ("flag_g", 0), ("flag_i", 1), ("flag_d", 0), ("flag_a", 0), ("flags_reserved", 0), ("gbp", 0))
        else:
            if "B" in d["flags"]:
                self.note("VXLAN-GPE B")
            self.put("vxlan.", ("ver", d["version"]), ("i_bit", int("I" in d["flags"])), ("p_bit", int("P" in d["flags"])),
                     ("o_bit", int("O" in d["flags"])), ("flags_reserved", int("B" in d["flags"])), ("reserved_16", 0),
                     ("next_proto", d["next"]))
        self.put("vxlan.", ("vni", d["vni"] or 0), ("reserved8", 0))


def value_of(name, value):
    if name in ("lisp.auth", "lisp.xtrid", "lisp.siteid", "lisp.lcaf.vendor.data", "data.data"):
        return value.replace(":", "")
    if name.endswith((".ipv6", "_ipv6", "ip.src", "ip.dst")) or name.startswith("ipv6."):
        return value if name == "ipv6.plen" else str(ipaddress.ip_address(value))
    return value


def said(value):
    return str(int(value)) if isinstance(value, (int, bool)) else value


def flat(tree, fields=None):
    """(name, value) of all that is shown in a tree, in order; ("!", kind) for what an expert says."""
    for name, value in tree.pairs:
        if isinstance(value, Tree):
            yield from flat(value, fields)
        elif name.endswith("_raw"):
            if name == "lisp.lcaf.geo.alt_raw":
                yield "lisp.lcaf.geo.alt", value[0]
        elif name.startswith("lisp.") and name.endswith(("undecoded", "unexpected_field", "expected_field")):
            yield "!", name[len("lisp."):]
        elif fields is not None and name not in fields:
            continue
        elif name.startswith(("lisp.", "lisp-data.", "vxlan.", "data.", "ip.", "ipv6.", "udp.")) and name not in SUMS and \
                name not in ("lisp.lcaf.geo.alt",) and isinstance(value, str):
            # names, texts of tshark's own and bytes stay; all else is a number
            value = value_of(name, value)
            if not name.endswith(("string", "dn", "locator", "auth", "xtrid", "siteid", "data", "mac", "ipv4", "ipv6", "src",
                                  "dst")):
                value = str(int(value, 0) & (1 << 64) - 1)
            yield name, value


def shown(frame, headers):
    """What tshark shows of the LISP layers of a frame. Behind data headers is a packet that is not looked at."""
    out, within = [], False
    for name, value in frame.find("layers").pairs:
        if not isinstance(value, Tree):
            continue
        if name in ("lisp", "lisp-data", "vxlan", "vxlan_gpe"):
            out += flat(value)
            within = True
        elif within and not headers:
            out += flat(value, IP_FIELDS if name in ("ip", "ipv6", "udp") else None)
    return out


def frame_of(payload, sport, dport):
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\x02\x01", b"\xc0\0\x02\x02")
    return ip[:10] + struct.pack("!H", lisp_writer.checksum(ip)) + ip[12:] + udp


def by_tshark(frames):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
        f.write(struct.pack("!IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for frame in frames:
            f.write(struct.pack("!IIII", 0, 0, len(frame), len(frame)) + frame)
        f.flush()
        command = ["tshark", "-n", "-r", f.name, "-T", "json", "-x", "-o", "ip.check_checksum:TRUE", "-o",
                   "udp.check_checksum:TRUE"]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120).stdout
    return json.loads(text, object_pairs_hook=Tree)


def made(program, lines, *args):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    out = subprocess.run([program, *args], input=text, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout
    return out.splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", required=True, help="the program made from wire_make.c")
    args = parser.parse_args()
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    checks, notes = Checks(), collections.Counter()

    # every address, against the figures
    for (name, _), ours in zip(cases.ADDRESSES, made(args.make, [{"address": a} for _, a in cases.ADDRESSES])):
        figure = figures.ADDRESSES[name].replace(" ", "")
        checks.check(ours == figure, f"address {name}: as the figure has it", (ours, figure))
    checks.check(set(figures.ADDRESSES) == {name for name, _ in cases.ADDRESSES}, "each address has its figure")

    todo = [(name, m, m, (4342, 4342), Sight.message) for name, m in cases.MESSAGES]
    todo += [(name, {"data": d}, d, (4341, 4341), Sight.data_header) for name, d in cases.DATA]
    todo += [(name, {"vxlan": d}, d, (50000, 4790 if "GPE" in name else 4789),
              lambda sight, d, gpe="GPE" in name: sight.vxlan_header(d, gpe)) for name, d in cases.VXLAN]
    bytes_made = made(args.make, [line for _, line, _, _, _ in todo])
    packet = frame_of(b"what is inside", 1, 2)
    frames = by_tshark([frame_of(bytes.fromhex(ours) + (packet if ports[1] != 4342 else b""), *ports)
                        for ours, (_, _, _, ports, _) in zip(bytes_made, todo)])
    checks.check(len(frames) == len(todo) == len(bytes_made), f"{len(todo)} cases decoded")
    figured = set()
    for (name, _, what, ports, look), ours, frame in zip(todo, bytes_made, frames):
        sight, whole = Sight(), True
        try:
            look(sight, what)
        except Stop:
            whole = False
        want = [(field, said(value)) for field, value in sight.out]
        have = shown(frame, ports[1] != 4342)
        seen = have if whole else have[:len(want)]
        first = next((i for i, pair in enumerate(zip(want, seen)) if pair[0] != pair[1]), min(len(want), len(seen)))
        missed = "" if not sight.notes else " but for " + ", ".join(sorted(sight.notes))
        checks.check(want == seen, f"{name}: {len(want)} fields as tshark has them{missed}",
                     f"field {first}: put in {want[first:first + 3]}, tshark has {have[first:first + 3]}")
        notes.update(sight.notes)
        if name in figures.MESSAGES:
            figure = figures.MESSAGES[name].replace(" ", "")
            checks.check(ours == figure, f"{name}: as the figure has it", (ours, figure))
            figured |= sight.notes
    # A note stands for something that tshark does not judge: some figure does.
    for name, why in TSHARK.items():
        in_address = name in ("LCAF payload", "IID mask-len", "inner AFI", "AFI 0 in a list", "EID AFI", "source EID AFI")
        other = name in ("register flags", "notify IDs", "keyid")  # shown, under other names
        checks.check(notes[name] > 0 and (name in figured or in_address or other),
                     f"{notes[name]} cases, compared by figure{' or bit by bit' if other else ''}: tshark {why}")
    checks.check(set(figures.MESSAGES) <= {case[0] for case in todo}, "each figure has its case")
    print(f"{checks.count[True]} checks passed, {checks.count[False]} failed; "
          f"{len(cases.ADDRESSES)} addresses, {len(todo)} messages and headers")
    return 0 if not checks.count[False] else 1


if __name__ == "__main__":
    sys.exit(main())
