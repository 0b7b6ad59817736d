# SPDX-License-Identifier: BSD-3-Clause
"""
LISP messages read and written by Python, from RFC 9300 and 9301 alone: an oracle that shares no line with the C code.
Addresses are text, prefixes "10.1.1.0/24"; messages are dicts.
"""

import hashlib
import hmac
import ipaddress
import struct

REQUEST, REPLY, REGISTER, NOTIFY, NOTIFY_ACK, ECM = 1, 2, 3, 4, 5, 8
AFI_LCAF = 16387
ALGORITHMS = {"sha1": 1, "sha256": 2, "sha256-hkdf": 3}
FULL = {1: 20, 2: 32, 3: 32}   # bytes of authentication data that deployed peers send
SHORT = {1: 12, 2: 16, 3: 16}  # RFC 9301 12.5
SALT = {REGISTER: b"Map-Register Authentication", NOTIFY: b"Map-Notify Authentication",
    NOTIFY_ACK: b"Map-Notify-Ack Authentication"}
ACTIONS = {"no-action": 0, "natively-forward": 1, "send-map-request": 2, "drop": 3}


# -- writing

def w_address(ip):
    a = ipaddress.ip_address(ip)
    return struct.pack("!H", 1 if a.version == 4 else 2) + a.packed


def w_eid(ip, iid=0):
    """An EID; with an instance-ID in LCAF type 2 (RFC 8060 4.1)."""
    inner = w_address(ip)
    return struct.pack("!HBBBBHI", AFI_LCAF, 0, 0, 2, 0, 4 + len(inner), iid) + inner if iid else inner


def w_locator(rloc, priority=1, weight=50, m_priority=255, m_weight=0, local=True, probed=False, reachable=True):
    return struct.pack("!BBBBH", priority, weight, m_priority, m_weight, local << 2 | probed << 1 | reachable) + \
        w_address(rloc)


def w_record(eid, locators=(), ttl=1440, iid=0, action=0, authoritative=True):
    net = ipaddress.ip_network(eid)
    return struct.pack("!IBBHH", ttl, len(locators), net.prefixlen, action << 13 | authoritative << 12, 0) + \
        w_eid(str(net.network_address), iid) + b"".join(locators)


def psk(key):
    return key.encode() if isinstance(key, str) else key


def mac(algorithm, kind, nonce, key, covered):
    """The whole MAC of RFC 9301 5.6 over bytes whose authentication data are zero."""
    key = psk(key)
    if algorithm == 1:
        return hmac.new(key, covered, hashlib.sha1).digest()
    if algorithm == 3:
        # HKDF (RFC 5869): extract with the salt, expand with an empty info to one block
        prk = hmac.new(SALT[kind], struct.pack("!Q", nonce) + key, hashlib.sha256).digest()
        key = hmac.new(prk, b"\x01", hashlib.sha256).digest()
    return hmac.new(key, covered, hashlib.sha256).digest()


def w_register(records, key, nonce, algorithm=2, key_id=0, proxy=False, notify=True, ids=None, short=False, kind=REGISTER):
    """A Map-Register (or Map-Notify); ids: (xtr_id, site_id). short: length and coverage of the RFC."""
    first = kind << 28 | len(records)
    if kind == REGISTER:
        first |= proxy << 27 | bool(ids) << 25 | notify << 8
    length = (SHORT if short else FULL)[algorithm]
    head = struct.pack("!IQBBH", first, nonce, key_id, algorithm, length)
    body = b"".join(records)
    tail = ids[0] + ids[1] if ids else b""
    zeroed = head + bytes(length) + body + (b"" if short else tail)
    return head + mac(algorithm, kind, nonce, key, zeroed)[:length] + body + tail


def w_request(eid, itr_rlocs, nonce, source=None, iid=0, probe=False, smr=False):
    net = ipaddress.ip_network(eid)
    first = REQUEST << 28 | probe << 25 | smr << 24 | (len(itr_rlocs) - 1) << 8 | 1
    return struct.pack("!IQ", first, nonce) + (w_eid(source, iid) if source else b"\0\0") + \
        b"".join(map(w_address, itr_rlocs)) + struct.pack("!BB", 0, net.prefixlen) + w_eid(str(net.network_address), iid)


def w_reply(records, nonce, probe=False):
    return struct.pack("!IQ", REPLY << 28 | probe << 27 | len(records), nonce) + b"".join(records)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def pseudo_header(s, d, length):
    """Of UDP: RFC 768, RFC 8200 8.1."""
    return s + d + (struct.pack("!BBH", 0, 17, length) if len(s) == 4 else struct.pack("!II", length, 17))


def w_ecm(inner, src, dst, sport=4342, dport=4342):
    s, d = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    udp = struct.pack("!HHHH", sport, dport, 8 + len(inner), 0)
    c = checksum(pseudo_header(s, d, 8 + len(inner)) + udp + inner) or 0xffff
    udp = udp[:6] + struct.pack("!H", c)
    if len(s) == 16:
        ip = struct.pack("!IHBB", 6 << 28, 8 + len(inner), 17, 64) + s + d
    else:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(inner), 0, 0, 64, 17, 0) + s + d
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return struct.pack("!I", ECM << 28) + ip + udp + inner


def w_data(inner, iid=None, nonce=None):
    """The LISP data header (RFC 9300 5.1) and what it carries."""
    first = (0x08 if iid is not None else 0) << 24 | ((0x80 << 24 | nonce) if nonce is not None else 0)
    return struct.pack("!II", first, (iid or 0) << 8) + inner


# -- reading

class _Cursor:
    def __init__(self, data):
        self.d, self.at = data, 0

    def take(self, fmt):
        v = struct.unpack_from("!" + fmt, self.d, self.at)
        self.at += struct.calcsize("!" + fmt)
        return v if len(v) > 1 else v[0]

    def bytes(self, n):
        v = self.d[self.at:self.at + n]
        assert len(v) == n, "message ends early"
        self.at += n
        return v

    def address(self):
        """(text or None, instance-ID)"""
        afi = self.take("H")
        if afi == 0:
            return None, 0
        if afi == AFI_LCAF:
            _, _, kind, _, _ = self.take("BBBBH")
            assert kind == 2, "LCAF type %d" % kind
            iid = self.take("I")
            return self.address()[0], iid
        return str(ipaddress.ip_address(self.bytes({1: 4, 2: 16}[afi]))), 0

    def record(self):
        ttl, n, plen, flags, version = self.take("IBBHH")
        eid, iid = self.address()
        r = {"ttl": ttl, "eid": "%s/%d" % (eid, plen) if eid else None, "iid": iid, "action": flags >> 13,
            "authoritative": bool(flags >> 12 & 1), "reserved": flags & 0xfff | version >> 12 << 12,
            "version": version & 0xfff, "locators": []}
        for _ in range(n):
            p, w, mp, mw, f = self.take("BBBBH")
            r["locators"].append({"rloc": self.address()[0], "priority": p, "weight": w, "m_priority": mp,
                "m_weight": mw, "local": bool(f & 4), "probed": bool(f & 2), "reachable": bool(f & 1), "unused": f >> 3})
        return r


def read(data):
    """A control message as a dict; nothing may be left over."""
    c = _Cursor(data)
    first = c.take("I")
    kind = first >> 28
    m = {"type": kind, "raw": data}
    if kind == ECM:
        ip, six = c.bytes(20), False
        if ip[0] >> 4 == 6:
            ip, six = ip + c.bytes(20), True
        assert (ip[0] == 0x45 or six) and ip[6 if six else 9] == 17, "inner header"
        s, d = (ip[8:24], ip[24:40]) if six else (ip[12:16], ip[16:20])
        udp = c.bytes(8)
        m.update(security=first >> 27 & 1, ddt=first >> 26 & 1, reserved=first & 0x3ffffff,
            src=str(ipaddress.ip_address(s)), dst=str(ipaddress.ip_address(d)), ttl=ip[7 if six else 8],
            ip_checksum_ok=six or checksum(ip) == 0)
        m["sport"], m["dport"], length, m["udp_checksum"] = struct.unpack("!HHHH", udp)
        assert struct.unpack("!H", ip[4:6] if six else ip[2:4])[0] == (0 if six else 20) + length
        m["inner_raw"] = c.bytes(length - 8)
        # IPv6 knows no UDP without a checksum (RFC 8200 8.1)
        m["udp_checksum_ok"] = (m["udp_checksum"] == 0 and not six) or checksum(
            pseudo_header(s, d, length) + udp + m["inner_raw"]) == 0
        m["inner"] = read(m["inner_raw"])
    elif kind == REQUEST:
        m.update({k: bool(first >> b & 1) for k, b in (("authoritative", 27), ("map_data", 26), ("probe", 25),
            ("smr", 24), ("pitr", 23), ("smr_invoked", 22), ("local_xtr", 14), ("dont_reply", 13))})
        m["nonce"] = c.take("Q")
        m["reserved"] = first >> 15 & 0x7f
        m["source"], m["source_iid"] = c.address()
        m["itr_rlocs"] = [c.address()[0] for _ in range((first >> 8 & 31) + 1)]
        m["records"] = []
        for _ in range(first & 0xff):
            reserved, plen = c.take("BB")
            ip, iid = c.address()
            m["records"].append({"eid": "%s/%d" % (ip, plen), "iid": iid, "reserved": reserved})
        if m["map_data"]:
            m["own"] = c.record()
    elif kind == REPLY:
        m.update(probe=bool(first >> 27 & 1), echo_nonce=bool(first >> 26 & 1), security=bool(first >> 25 & 1),
            reserved=first >> 8 & 0x1ffff, nonce=c.take("Q"))
        m["records"] = [c.record() for _ in range(first & 0xff)]
    elif kind in (REGISTER, NOTIFY, NOTIFY_ACK):
        if kind == REGISTER:
            m.update(proxy=bool(first >> 27 & 1), security=bool(first >> 26 & 1), ids=bool(first >> 25 & 1),
                use_ttl=bool(first >> 10 & 1), merge=bool(first >> 9 & 1), notify=bool(first >> 8 & 1),
                reserved=first >> 11 & 0x3fff)
        else:
            m["reserved"] = first >> 8 & 0xfffff
        m["nonce"] = c.take("Q")
        m["key_id"], m["algorithm"], length = c.take("BBH")
        m["auth_at"] = c.at
        m["auth"] = c.bytes(length)
        m["records"] = [c.record() for _ in range(first & 0xff)]
        m["records_end"] = c.at
        if len(data) - c.at == 24:
            m["xtr_id"], m["site_id"] = c.bytes(16), c.bytes(8)
    else:
        raise AssertionError("type %d" % kind)
    assert c.at == len(data), "%d bytes after the message" % (len(data) - c.at)
    return m


def authenticated(m, key, short=False):
    """Does the authentication data of a message read match what Python's hmac computes?"""
    length = (SHORT if short else FULL)[m["algorithm"]]
    if len(m["auth"]) != length:
        return False
    end = m["records_end"] if short else len(m["raw"])
    zeroed = m["raw"][:m["auth_at"]] + bytes(length) + m["raw"][m["auth_at"] + length:end]
    return hmac.compare_digest(mac(m["algorithm"], m["type"], m["nonce"], key, zeroed)[:length], m["auth"])
