# SPDX-License-Identifier: BSD-3-Clause
"""
LISP messages, addresses and data headers written by Python, from the text and figures of the RFCs alone: an oracle that
shares no line with the C code. What is to be written is said in the JSON forms of wire_dump.c, as dicts; what is left out
is 0, empty, or AFI 0.

    Writer().message({"type": 2, "nonce": "0000000000000001", "records": [...]})  ->  bytes

A writer can also lie in one length or count: it numbers the fields that say how much follows (`fields` has their names),
and adds `delta` to the one whose number is `skew`. Checksums are right all the same.
"""
import ipaddress
import struct

REQUEST, REPLY, REGISTER, NOTIFY, NOTIFY_ACK, REFERRAL, INFO, ECM, EXTENSION = 1, 2, 3, 4, 5, 6, 7, 8, 15
AFI_IPV4, AFI_IPV6, AFI_802, AFI_NAME, AFI_LCAF, AFI_MAC48, AFI_MAC64 = 1, 2, 6, 17, 16387, 16389, 16390

# Bits of the first word, counted from its high end as in the figures.
FLAGS = {
    REQUEST: {"A": 4, "M": 5, "P": 6, "S": 7, "p": 8, "s": 9, "I": 11, "L": 17, "D": 18},  # RFC 9301 5.2; I: RFC 9437 4
    REPLY: {"P": 4, "E": 5, "S": 6},  # RFC 9301 5.4
    REGISTER: {"P": 4, "S": 5, "I": 6, "E": 19, "T": 20, "a": 21, "M": 23},  # RFC 9301 5.6
    NOTIFY: {}, NOTIFY_ACK: {}, REFERRAL: {},
    INFO: {"R": 4},  # draft-ermagan-lisp-nat-traversal
    ECM: {"S": 4, "D": 5},  # RFC 9301 5.8
}


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def word(kind, flags=(), low=0):
    """The first four bytes: type, flags, and what stands at the low end."""
    value = kind << 28 | low
    for flag in flags:
        value |= 1 << 31 - FLAGS[kind][flag]
    return struct.pack("!I", value)


def unhex(text):
    return bytes.fromhex(text or "")


class Writer:
    def __init__(self, skew=None, delta=0):
        self.fields, self.skew, self.delta = [], skew, delta

    def size(self, name, fmt, value):
        """A field that says how much follows."""
        if len(self.fields) == self.skew:
            value = (value + self.delta) % (1 << 8 * struct.calcsize("!" + fmt))
        self.fields.append(name)
        return struct.pack("!" + fmt, value)

    # -- addresses

    def address(self, a=None):
        """AFI and address; RFC 8060 section 2.2 for AFI 0."""
        afi = (a or {}).get("afi", 0)
        head = struct.pack("!H", afi)
        if afi == 0:
            return head
        if afi in (AFI_IPV4, AFI_IPV6):
            return head + ipaddress.ip_address(a["ip"]).packed
        if afi in (AFI_802, AFI_MAC48, AFI_MAC64):
            return head + bytes.fromhex(a["mac"].replace(":", ""))
        if afi == AFI_NAME:  # RFC 9735 3: an ASCII string, null-terminated
            return head + a["name"].encode() + b"\0"
        assert afi == AFI_LCAF, afi
        return head + self.lcaf(a)

    def lcaf(self, a):
        """RFC 8060 section 3: Rsvd1, Flags, Type, Rsvd2, Length, and the payload that the length covers."""
        kind = a["lcaf"]
        rsvd2 = a.get("mask-len", 0) if kind == 2 else int(a.get("binary", False)) if kind == 14 else a.get("rsvd2", 0)
        payload = getattr(self, "lcaf_%d" % kind, self.lcaf_other)(a)
        return struct.pack("!BBBB", 0, a.get("flags", 0) if isinstance(a.get("flags"), int) else 0, kind, rsvd2) + \
            self.size("LCAF length", "H", len(payload)) + payload

    def lcaf_0(self, a):
        return b""

    def lcaf_1(self, a):
        return b"".join(self.address(x) for x in a["addresses"])

    def lcaf_2(self, a):
        return struct.pack("!I", a["iid"]) + self.address(a.get("address"))

    def lcaf_3(self, a):
        return struct.pack("!I", a["asn"]) + self.address(a.get("address"))

    def lcaf_4(self, a):
        ports = a.get("local", [0, 0]) + a.get("remote", [0, 0])
        return struct.pack("!I4H", a.get("tos", 0) << 8 | a.get("protocol", 0), *ports) + self.address(a.get("address"))

    def lcaf_5(self, a):
        lat, lon = a["latitude"], a["longitude"]
        return struct.pack("!HBB", lat["north"] << 15 | lat["degrees"], lat["minutes"], lat["seconds"]) + \
            struct.pack("!HBB", lon["east"] << 15 | lon["degrees"], lon["minutes"], lon["seconds"]) + \
            struct.pack("!i", a["altitude"]) + self.address(a.get("address"))

    def lcaf_6(self, a):
        return struct.pack("!BH", a.get("field-num", 0), a.get("wildcards", 0)) + unhex(a.get("key"))

    def lcaf_7(self, a):
        return struct.pack("!HH", a["ms-port"], a["etr-port"]) + self.address(a.get("global-etr")) + \
            self.address(a.get("ms")) + self.address(a.get("private-etr")) + \
            b"".join(self.address(x) for x in a.get("rtrs", ()))

    def lcaf_8(self, a):
        return struct.pack("!I", a["nonce"]) + self.address(a.get("address"))

    def lcaf_9(self, a):
        return struct.pack("!IHBB", a["iid"], 0, a["source-mask-len"], a["group-mask-len"]) + \
            self.address(a.get("source")) + self.address(a.get("group"))

    def lcaf_10(self, a):
        bits = {"L": 4, "P": 2, "S": 1}
        return b"".join(struct.pack("!H", sum(bits[f] for f in hop.get("flags", ()))) + self.address(hop.get("address"))
                        for hop in a["hops"])

    def lcaf_11(self, a):
        keys = [unhex(k) for k in a["keys"]]
        return self.size("key count", "B", len(keys)) + struct.pack("!BBB", 0, a["algorithm"], a.get("revoke", False)) + \
            b"".join(self.size("key length", "H", len(k)) + k for k in keys) + self.address(a.get("address"))

    def lcaf_12(self, a):
        return struct.pack("!HBB", 0, a["source-mask-len"], a["dest-mask-len"]) + self.address(a.get("source")) + \
            self.address(a.get("dest"))

    def lcaf_13(self, a):
        return b"".join(struct.pack("!HBB", 0, 0, e["level"]) + self.address(e.get("address")) for e in a["entries"])

    def lcaf_14(self, a):
        text = unhex(a["json"])
        return self.size("JSON length", "H", len(text)) + text + self.address(a.get("address"))

    def lcaf_15(self, a):
        return self.address(a.get("key")) + self.address(a.get("value"))

    def lcaf_16(self, a):
        return struct.pack("!I", a["formats"]) + self.address(a.get("address"))

    def lcaf_255(self, a):
        """RFC 9306 section 4: Rsvd3, OUI, internal format."""
        return struct.pack("!I", a["oui"]) + unhex(a["data"])

    def lcaf_other(self, a):
        return unhex(a["payload"])

    # -- records

    def request_record(self, r):
        """RFC 9301 5.2: Reserved, EID mask-len, EID-Prefix-AFI, EID-Prefix. RFC 9437 4: the first bit is N."""
        return struct.pack("!BB", r.get("notify", False) << 7, r.get("mask-len", 0)) + self.address(r.get("address"))

    def locator(self, loc):
        """RFC 9301 5.4."""
        bits = {"L": 4, "p": 2, "R": 1}
        return struct.pack("!BBBBH", loc.get("priority", 0), loc.get("weight", 0), loc.get("m-priority", 0),
                           loc.get("m-weight", 0), sum(bits[f] for f in loc.get("flags", ()))) + \
            self.address(loc.get("address"))

    def record(self, r):
        """RFC 9301 5.4; RFC 8111 6.4 for the I bit and the signatures."""
        signatures = r.get("signatures", [])
        return struct.pack("!I", r.get("ttl", 0)) + self.size("locator count", "B", len(r.get("locators", ()))) + \
            struct.pack("!BH", r.get("mask-len", 0), r.get("act", 0) << 13 | r.get("authoritative", False) << 12 |
                        r.get("incomplete", False) << 11) + \
            self.version(len(signatures), r.get("map-version", 0)) + self.address(r.get("address")) + \
            b"".join(self.locator(loc) for loc in r.get("locators", ())) + \
            b"".join(self.signature(s) for s in signatures)

    def version(self, sig_cnt, map_version):
        if sig_cnt:
            sig_cnt = self.size("SigCnt", "B", sig_cnt)[0] & 15
        return struct.pack("!H", sig_cnt << 12 | map_version)

    def signature(self, s):
        """RFC 8111 6.4.1."""
        sig = unhex(s["signature"])
        return struct.pack("!IIIH", s["original-ttl"], s["expiration"], s["inception"], s["key-tag"]) + \
            self.size("signature length", "H", len(sig)) + struct.pack("!BBH", s["algorithm"], 0, 0) + sig

    # -- LISP-SEC, RFC 9303

    def eid_ad(self, ad):
        """EID-AD Length counts all of the EID-AD, itself among it: 4 where only the KDF ID is there (6.1)."""
        rest = b""
        if ad.get("records") is not None:
            rest = self.size("EID record count", "B", len(ad["records"])) + \
                struct.pack("!BH", ad.get("E", False) << 7, ad.get("hmac-id", 0)) + \
                b"".join(self.request_record(r) for r in ad["records"]) + unhex(ad.get("hmac"))
        return self.size("EID-AD length", "H", 4 + len(rest)) + struct.pack("!H", ad.get("kdf-id", 0)) + rest

    def sec_ecm(self, sec):
        otk = unhex(sec.get("otk"))
        return struct.pack("!BBH", 1, 0, sec.get("hmac-id", 0)) + self.size("OTK length", "H", 4 + len(otk)) + \
            struct.pack("!BB", sec.get("key-id", 0), sec.get("wrap-id", 0)) + otk + self.eid_ad(sec["eid-ad"])

    def sec_reply(self, sec):
        mac = unhex(sec.get("hmac"))
        return struct.pack("!BBH", 1, 0, 0) + self.eid_ad(sec["eid-ad"]) + self.size("PKT-AD length", "H", 4 + len(mac)) + \
            struct.pack("!H", sec.get("hmac-id", 0)) + mac

    # -- messages

    def message(self, m):
        return {REQUEST: self.request, REPLY: self.reply, REGISTER: self.register, NOTIFY: self.register,
                NOTIFY_ACK: self.register, REFERRAL: self.reply, INFO: self.info, ECM: self.ecm,
                EXTENSION: self.extension}[m["type"]](m)

    def counted(self, m, shift_in=0):
        """The first word, whose low byte counts the records."""
        head = word(m["type"], m.get("flags", ()), shift_in)
        return head[:3] + self.size("record count", "B", len(m.get("records", ())))

    def ids(self, m):
        return unhex(m.get("xtr-id")) + unhex(m.get("site-id"))

    def request(self, m):
        rlocs = m["itr-addresses"]
        # IRC: one less than there are; bits 19 to 23
        count = self.size("ITR-RLOC count", "B", len(rlocs) - 1)[0] & 31
        out = self.counted(m, count << 8) + unhex(m["nonce"]) + self.address(m.get("source-address")) + \
            b"".join(self.address(a) for a in rlocs) + b"".join(self.request_record(r) for r in m.get("records", ()))
        if "map-data" in m:
            out += self.record(m["map-data"])
        return out + self.ids(m)

    def reply(self, m):
        out = self.counted(m) + unhex(m["nonce"]) + b"".join(self.record(r) for r in m.get("records", ()))
        return out + (self.sec_reply(m["sec"]) if "sec" in m else b"")

    def auth(self, m):
        data = unhex(m.get("auth-data"))
        return struct.pack("!BB", m.get("key-id", 0), m.get("algorithm", 0)) + \
            self.size("authentication data length", "H", len(data)) + data

    def register(self, m):
        return self.counted(m) + unhex(m["nonce"]) + self.auth(m) + \
            b"".join(self.record(r) for r in m.get("records", ())) + self.ids(m)

    def info(self, m):
        """draft-ermagan-lisp-nat-traversal: nonce, authentication, TTL, EID-prefix, then AFI 0, a name, or type 7."""
        return word(INFO, m.get("flags", ())) + unhex(m["nonce"]) + self.auth(m) + \
            struct.pack("!IBB", m.get("ttl", 0), 0, m.get("mask-len", 0)) + self.address(m.get("eid-address")) + \
            self.address(m.get("info-address"))

    def extension(self, m):
        """RFC 9304 3: the sub-type's twelve bits follow the type's four."""
        return struct.pack("!H", EXTENSION << 12 | m["subtype"]) + unhex(m["data"])

    def ecm(self, m):
        """RFC 9301 5.8: the inner headers are whole, checksums as of RFC 791, RFC 768, RFC 8200."""
        inner = self.message(m["inner"])
        src, dst = (ipaddress.ip_address(m[k]) for k in ("inner-source", "inner-destination"))
        udp = struct.pack("!HH", m["inner-source-port"], m["inner-destination-port"]) + \
            self.size("UDP length", "H", 8 + len(inner)) + b"\0\0"
        if src.version == 4:
            pseudo = src.packed + dst.packed + struct.pack("!BB", 0, 17) + udp[4:6]
            ip = struct.pack("!BB", 0x45, 0) + self.size("IPv4 total length", "H", 28 + len(inner)) + \
                struct.pack("!HHBBH", 0, 0x4000, 64, 17, 0) + src.packed + dst.packed
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        else:
            pseudo = src.packed + dst.packed + b"\0\0" + udp[4:6] + struct.pack("!I", 17)
            ip = struct.pack("!I", 6 << 28) + self.size("IPv6 payload length", "H", 8 + len(inner)) + \
                struct.pack("!BB", 17, 64) + src.packed + dst.packed
        udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + inner) or 0xffff)
        return word(ECM, m.get("flags", ())) + (self.sec_ecm(m["sec"]) if "sec" in m else b"") + ip + udp + inner


# -- data headers

def data_header(d):
    """RFC 9300 5.1, 5.3; RFC 9302 for versions; RFC 9305 3 for the P bit."""
    first = sum({"N": 0x80, "L": 0x40, "E": 0x20, "V": 0x10, "I": 8, "P": 4}[f] for f in d["flags"]) | d.get("kk", 0)
    if "P" in d["flags"]:
        low = d["next"]
    elif "N" in d["flags"]:
        low = d["nonce"]
    elif "V" in d["flags"]:
        low = d["source-version"] << 12 | d["dest-version"]
    else:
        low = 0
    lsb = d["lsb"] if "L" in d["flags"] else 0
    return struct.pack("!II", first << 24 | low, d["instance-id"] << 8 | lsb if "I" in d["flags"] else lsb)


def vxlan_header(d):
    """RFC 7348 5; draft-ietf-nvo3-vxlan-gpe 3 for version, P, B, O and the next protocol."""
    first = sum({"I": 8, "P": 4, "B": 2, "O": 1}[f] for f in d["flags"]) | d.get("version", 0) << 4
    return struct.pack("!II", first << 24 | (d["next"] if "P" in d["flags"] else 0),
                       d["vni"] << 8 if "I" in d["flags"] else 0)
