# SPDX-License-Identifier: BSD-3-Clause
"""
LISP messages read by Python, from the text and figures of the RFCs and from what lib/wire's headers promise: the reverse of
lisp_writer.py, and its own code. read() gives a message in the JSON forms of wire_dump.c, with every field and nothing that
follows from others, or raises Malformed. An LCAF that is as long as it says but wrong inside is {..., "error": True} there.
"""
import ipaddress
import struct

FIXED = {0: 0, 1: 4, 2: 16, 6: 6, 16389: 6, 16390: 8}
MAX_DEPTH = 8   # LCAFs in one another
MAX_AUTH = 64   # no algorithm has longer authentication data


class Malformed(Exception):
    pass


def need(good):
    if not good:
        raise Malformed


def flags_of(first, letters):
    """letters: (letter, bit from the high end) of the first word."""
    return sorted(letter for letter, bit in letters if first >> 31 - bit & 1)


def ones_sum(data):
    total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def bytes(self, n):
        need(n <= self.left())
        self.at += n
        return self.data[self.at - n:self.at]

    def take(self, fmt):
        values = struct.unpack("!" + fmt, self.bytes(struct.calcsize("!" + fmt)))
        return values if len(values) > 1 else values[0]

    def raw_address(self):
        """(AFI, the bytes after it)"""
        afi = self.take("H")
        if afi in FIXED:
            return afi, self.bytes(FIXED[afi])
        if afi == 17:
            end = self.data.find(b"\0", self.at)
            need(end >= 0)
            return afi, self.bytes(end + 1 - self.at)
        need(afi == 16387 and self.left() >= 6)
        return afi, self.bytes(6 + struct.unpack_from("!H", self.data, self.at + 4)[0])

    def address(self, depth=0):
        return address_of(*self.raw_address(), depth)

    def eid(self, plen=None):
        """An EID or EID-prefix: an IP address, also in an instance-ID LCAF, must be right."""
        afi, raw = self.raw_address()
        bits = {1: 32, 2: 128}.get(afi)
        if afi == 16387 and raw[2] == 2:
            need(len(raw) >= 12)
            iid, inner = struct.unpack_from("!IH", raw, 6)
            if iid <= 0xffffff and inner in (0, 1, 2):
                need(len(raw) == 12 + FIXED[inner])
                bits = {1: 32, 2: 128}.get(inner)
        need(bits is None or plen is None or plen <= bits)
        return address_of(afi, raw, 0)


def address_of(afi, raw, depth):
    if afi == 0:
        return {"afi": 0}
    if afi in (1, 2):
        return {"afi": afi, "ip": str(ipaddress.ip_address(raw))}
    if afi == 17:
        return {"afi": 17, "bytes": raw.hex()}
    if afi != 16387:
        return {"afi": afi, "mac": ":".join("%02x" % b for b in raw)}
    out = {"afi": afi, "lcaf": raw[2]}
    try:
        need(depth < MAX_DEPTH)
        c = Cursor(raw[6:])
        fields = LCAF.get(raw[2], other)(c, depth + 1, raw[3])
        need(c.left() == 0)
        return {**out, "flags": raw[1], "rsvd2": raw[3], "length": len(raw) - 6, **fields}
    except Malformed:
        return {**out, "error": True}


def rest(c):
    return c.bytes(c.left()).hex()


def prefix_fits(plen, address):
    need(plen <= {1: 32, 2: 128}.get(address["afi"], 255))


def afi_list(c, depth, _):
    out = []
    while c.left():
        out.append(c.address(depth))
    return {"addresses": out}


def instance(c, depth, rsvd2):
    return {"iid": c.take("I"), "mask-len": rsvd2, "address": c.address(depth)}


def as_number(c, depth, _):
    return {"asn": c.take("I"), "address": c.address(depth)}


def application(c, depth, _):
    tos, a, b, d, e = c.take("I4H")
    return {"tos": tos >> 8, "protocol": tos & 255, "local": [a, b], "remote": [d, e], "address": c.address(depth)}


def geo(c, depth, _):
    lat, lat_m, lat_s, lon, lon_m, lon_s, altitude = c.take("HBBHBBi")
    need(lat & 0x7fff <= 90 and lon & 0x7fff <= 180 and max(lat_m, lat_s, lon_m, lon_s) <= 59)
    return {"latitude": {"north": bool(lat >> 15), "degrees": lat & 0x7fff, "minutes": lat_m, "seconds": lat_s},
            "longitude": {"east": bool(lon >> 15), "degrees": lon & 0x7fff, "minutes": lon_m, "seconds": lon_s},
            "altitude": altitude, "address": c.address(depth)}


def opaque(c, _, __):
    number, wild = c.take("BH")
    need(number <= 15)
    return {"field-num": number, "wildcards": wild, "key": rest(c)}


def nat(c, depth, _):
    ms, etr = c.take("HH")
    out = {"ms-port": ms, "etr-port": etr, "global-etr": c.address(depth), "ms": c.address(depth),
           "private-etr": c.address(depth)}
    return {**out, "rtrs": afi_list(c, depth, _)["addresses"]}


def nonce(c, depth, _):
    return {"nonce": c.take("I") & 0xffffff, "address": c.address(depth)}


def multicast(c, depth, _):
    iid, _, source_len, group_len = c.take("IHBB")
    source, group = c.address(depth), c.address(depth)
    prefix_fits(source_len, source)
    prefix_fits(group_len, group)
    return {"iid": iid, "source-mask-len": source_len, "group-mask-len": group_len, "source": source, "group": group}


def path(c, depth, _):
    hops = []
    while c.left():
        bits = c.take("H")
        hops.append({"flags": [f for f, bit in (("L", 4), ("P", 2), ("S", 1)) if bits & bit], "address": c.address(depth)})
    return {"hops": hops}


def keys(c, depth, _):
    count, _, algorithm, revoke = c.take("BBBB")
    return {"algorithm": algorithm, "revoke": bool(revoke & 1), "keys": [c.bytes(c.take("H")).hex() for _ in range(count)],
            "address": c.address(depth)}


def pair(c, depth, _):
    _, source_len, dest_len = c.take("HBB")
    source, dest = c.address(depth), c.address(depth)
    prefix_fits(source_len, source)
    prefix_fits(dest_len, dest)
    return {"source-mask-len": source_len, "dest-mask-len": dest_len, "source": source, "dest": dest}


def replication(c, depth, _):
    entries = []
    while c.left():
        entries.append({"level": c.take("I") & 255, "address": c.address(depth)})
    return {"entries": entries}


def json_model(c, depth, rsvd2):
    text = c.bytes(c.take("H")).hex()
    return {"binary": bool(rsvd2 & 1), "json": text, "address": c.address(depth) if c.left() else {"afi": 0}}


def key_value(c, depth, _):
    return {"key": c.address(depth), "value": c.address(depth)}


def encapsulation(c, depth, _):
    return {"formats": c.take("I") & 0x7f, "address": c.address(depth)}


def vendor(c, _, __):
    return {"oui": c.take("I") & 0xffffff, "data": rest(c)}


def other(c, _, __):
    return {"payload": rest(c)}


LCAF = {0: lambda c, _, __: {}, 1: afi_list, 2: instance, 3: as_number, 4: application, 5: geo, 6: opaque, 7: nat, 8: nonce,
        9: multicast, 10: path, 11: keys, 12: pair, 13: replication, 14: json_model, 15: key_value, 16: encapsulation,
        255: vendor}


def request_record(c):
    n, plen = c.take("BB")
    return {"notify": bool(n >> 7), "mask-len": plen, "address": c.eid(plen)}


def record(c, referral=False):
    ttl, n, plen, bits, version = c.take("IBBHH")
    out = {"ttl": ttl, "mask-len": plen, "act": bits >> 13, "authoritative": bool(bits >> 12 & 1),
           "map-version": version & 0xfff, "address": c.eid(plen), "locators": []}
    if referral:
        out.update({"incomplete": bool(bits >> 11 & 1), "signatures": []})
    for _ in range(n):
        p, w, mp, mw, f = c.take("BBBBH")
        out["locators"].append({"priority": p, "weight": w, "m-priority": mp, "m-weight": mw,
                                "flags": sorted(x for x, bit in (("L", 4), ("p", 2), ("R", 1)) if f & bit),
                                "address": c.address()})
    for _ in range(version >> 12 if referral else 0):
        ttl, until, since, tag, size, algorithm, _, _ = c.take("IIIHHBBH")
        out["signatures"].append({"original-ttl": ttl, "expiration": until, "inception": since, "key-tag": tag,
                                  "algorithm": algorithm, "signature": c.bytes(size).hex()})
    return out


def eid_ad(c, ecm):
    """RFC 9303 6.1; the E bit is an ECM's."""
    size = c.take("H")
    need(size >= 4)
    c = Cursor(c.bytes(size - 2))
    out = {"kdf-id": c.take("H"), "records": []}
    if size == 4:
        return out
    count, e, hmac_id = c.take("BBH")
    for _ in range(count):
        r = request_record(c)
        out["records"].append({"mask-len": r["mask-len"], "address": r["address"]})
    return {**out, "E": ecm and bool(e >> 7), "hmac-id": hmac_id, "hmac": rest(c)}


def sized(c):
    """A length that counts itself, and a cursor over what it covers."""
    size = c.take("H")
    need(size >= 4)
    return Cursor(c.bytes(size - 2))


def ids(c):
    return {"xtr-id": c.bytes(16).hex(), "site-id": c.bytes(8).hex()}


def read(data):
    c = Cursor(data)
    first = c.take("I")
    kind = first >> 28
    out = {"type": kind, "flags": []}
    if kind == 15:
        return {**out, "subtype": first >> 16 & 0xfff, "data": data[2:].hex()}
    if kind == 8:
        return {**out, **ecm(c, first)}
    need(1 <= kind <= 7)
    out["nonce"] = c.bytes(8).hex()
    return {**out, **{1: request, 2: reply, 3: register, 4: register, 5: register, 6: referral, 7: info}[kind](c, first)}


def request(c, first):
    out = {"flags": flags_of(first, (("A", 4), ("M", 5), ("P", 6), ("S", 7), ("p", 8), ("s", 9), ("I", 11), ("L", 17),
                                     ("D", 18)))}
    out["source-address"] = c.eid()
    out["itr-addresses"] = [c.address() for _ in range((first >> 8 & 31) + 1)]
    need(any(a["afi"] for a in out["itr-addresses"]))
    need(first & 255)
    out["records"] = [request_record(c) for _ in range(first & 255)]
    if "M" in out["flags"]:
        out["map-data"] = record(c)
    return {**out, **(ids(c) if "I" in out["flags"] else {})}


def reply(c, first):
    out = {"flags": flags_of(first, (("P", 4), ("E", 5), ("S", 6))), "records": [record(c) for _ in range(first & 255)]}
    if "S" in out["flags"]:
        need(c.left())
        if c.data[c.at] == 1:
            c.bytes(4)
            ad, pkt = eid_ad(c, False), sized(c)
            out["sec"] = {"eid-ad": ad, "hmac-id": pkt.take("H"), "hmac": rest(pkt)}
    return out


def auth(c):
    key_id, algorithm, size = c.take("BBH")
    need(size <= MAX_AUTH)
    return {"key-id": key_id, "algorithm": algorithm, "auth-data": c.bytes(size).hex()}


def register(c, first):
    kind = first >> 28
    out = auth(c)
    out["flags"] = flags_of(first, (("P", 4), ("S", 5), ("I", 6), ("E", 19), ("T", 20), ("a", 21), ("M", 23))
                            if kind == 3 else ())
    out["records"] = [record(c) for _ in range(first & 255)]
    # a Map-Notify says by its length whether the IDs are there
    # (draft-ermagan-lisp-nat-traversal: R without I, and what follows are no IDs)
    if "I" in out["flags"] or kind != 3 and c.left() >= 24 and first >> 26 & 3 != 1:
        out.update(ids(c))
    return out


def referral(c, first):
    return {"records": [record(c, True) for _ in range(first & 255)]}


def info(c, first):
    out = {"flags": flags_of(first, (("R", 4),)), **auth(c)}
    ttl, _, plen = c.take("IBB")
    return {**out, "ttl": ttl, "mask-len": plen, "eid-address": c.eid(plen), "info-address": c.address()}


def ecm(c, first):
    out = {"flags": flags_of(first, (("S", 4), ("D", 5)))}
    if "S" in out["flags"]:
        kind, _, hmac_id = c.take("BBH")
        need(kind == 1)
        otk = sized(c)
        key_id, wrap_id = otk.take("BB")
        # RFC 9303 6.1: a preamble of 8 bytes and a key of 16; the length may be of these alone
        if len(otk.data) == 22 and wrap_id in (1, 2):
            otk = Cursor(otk.data[2:] + c.bytes(4))
        out["sec"] = {"hmac-id": hmac_id, "key-id": key_id, "wrap-id": wrap_id, "otk": rest(otk), "eid-ad": eid_ad(c, True)}
    need(c.left())
    version = c.data[c.at] >> 4
    if version == 4:
        need(c.left() >= 20)
        head, total = (c.data[c.at] & 15) * 4, struct.unpack_from("!H", c.data, c.at + 2)[0]
        need(20 <= head <= total <= c.left())
        ip, payload = c.bytes(head), total - head
        # RFC 9301 5.8: an IP header and UDP; no fragment can be read
        need(ones_sum(ip) == 0xffff and ip[9] == 17 and not struct.unpack_from("!H", ip, 6)[0] & 0x3fff)
        src, dst = ip[12:16], ip[16:20]
    else:
        need(version == 6)
        ip = c.bytes(40)
        payload = struct.unpack_from("!H", ip, 4)[0]
        need(payload <= c.left() and ip[6] == 17)
        src, dst = ip[8:24], ip[24:40]
    need(payload >= 8)
    udp = c.data[c.at:c.at + 8]
    sport, dport, size, check = struct.unpack("!4H", udp)
    need(8 <= size <= payload and 4341 not in (sport, dport))
    need(check == 0 or ones_sum(src + dst + struct.pack("!HH", 17, size) + c.data[c.at:c.at + size]) == 0xffff)
    out.update({"inner-source": str(ipaddress.ip_address(src)), "inner-destination": str(ipaddress.ip_address(dst)),
                "inner-source-port": sport, "inner-destination-port": dport})
    c.bytes(8)
    try:
        out["inner"] = read(c.bytes(size - 8))
    except Malformed:
        out["inner"] = {"error": True}
    return out
