# SPDX-License-Identifier: BSD-3-Clause
"""
What the judges of lib/wire are given: every address, record, message and data header in each of its forms, as dicts in the
JSON forms of wire_dump.c. (name, what) each; a name is said once.
"""
NONE = {"afi": 0}
NONCE = "0102030405060708"
XTR_ID, SITE_ID = "000102030405060708090a0b0c0d0e0f", "a0a1a2a3a4a5a6a7"
IDS = {"xtr-id": XTR_ID, "site-id": SITE_ID}


def ip(text):
    return {"afi": 2 if ":" in text else 1, "ip": text}


def mac(afi, text):
    return {"afi": afi, "mac": text}


def dn(text):
    return {"afi": 17, "name": text}


def lcaf(kind, **fields):
    return {"afi": 16387, "lcaf": kind, **{k.replace("_", "-"): v for k, v in fields.items()}}


def iid(number, inner, **more):
    return lcaf(2, iid=number, address=inner, **more)


def geo(north, lat, east, lon, altitude, address=NONE):
    return lcaf(5, latitude=dict(zip(("north", "degrees", "minutes", "seconds"), (north, *lat))),
                longitude=dict(zip(("east", "degrees", "minutes", "seconds"), (east, *lon))), altitude=altitude,
                address=address)


def nested(kinds, inner):
    """An address in LCAFs of these kinds, the first outermost."""
    for kind in reversed(kinds):
        inner = {1: lambda a: lcaf(1, addresses=[a]), 2: lambda a: iid(5, a), 3: lambda a: lcaf(3, asn=64512, address=a),
                 8: lambda a: lcaf(8, nonce=7, address=a), 15: lambda a: lcaf(15, key=dn("k"), value=a)}[kind](inner)
    return inner


V4, V4B, V6 = ip("172.16.1.3"), ip("10.2.2.5"), ip("2001:db8::3")
MAC = mac(6, "00:00:5e:00:53:01")

ADDRESSES = [
    ("AFI 0", NONE),
    ("AFI 1", V4),
    ("AFI 2", V6),
    ("AFI 6", MAC),
    ("AFI 17", dn("router.example")),
    ("AFI 17, empty", dn("")),
    ("AFI 16389", mac(16389, "00:00:5e:00:53:02")),
    ("AFI 16390", mac(16390, "00:00:5e:ff:fe:00:53:03")),
    ("LCAF 0", lcaf(0)),
    ("LCAF 1, IPv4 and IPv6 (4.10.1)", lcaf(1, addresses=[V4, V6])),
    ("LCAF 1, MAC (4.10.2)", lcaf(1, addresses=[MAC])),
    ("LCAF 1, name (4.10.3)", lcaf(1, addresses=[dn("www.example")])),
    ("LCAF 1, application data inside (4.10.4)",
     lcaf(1, addresses=[lcaf(4, tos=0xb8, protocol=17, local=[1, 2], remote=[3, 4], address=V4)])),
    ("LCAF 1, geo and IPv4 (4.10.5)", lcaf(1, addresses=[geo(True, (51, 28, 38), False, (0, 0, 5), 46), V4])),
    ("LCAF 1, AFI 0 and name", lcaf(1, addresses=[NONE, dn("x")])),
    ("LCAF 1, empty", lcaf(1, addresses=[])),
    ("LCAF 2, IPv4", iid(100, V4B)),
    ("LCAF 2, IPv6, IID mask-len 32", iid(0xffffff, ip("fd00:2::"), mask_len=32)),
    ("LCAF 2, AFI 0: a range", iid(0x640000, NONE, mask_len=24)),
    ("LCAF 2, 32 bits", iid(0xfedcba98, V4B)),
    ("LCAF 2, MAC", iid(7, MAC)),
    ("LCAF 2, name", iid(8, dn("host"))),
    ("LCAF 3, IPv4", lcaf(3, asn=4200000001, address=V4)),
    ("LCAF 3, AFI 0", lcaf(3, asn=64512, address=NONE)),
    ("LCAF 4, IPv4", lcaf(4, tos=0xb8, protocol=6, local=[1024, 65535], remote=[443, 444], address=V4)),
    ("LCAF 4, flow label, IPv6", lcaf(4, tos=0xabcde, protocol=17, local=[0, 0], remote=[53, 53], address=V6)),
    ("LCAF 5, north east", geo(True, (51, 28, 38), True, (0, 59, 5), 46, V4)),
    ("LCAF 5, south west, below the sea", geo(False, (90, 0, 59), False, (180, 1, 2), -430, V6)),
    ("LCAF 5, no altitude", geo(True, (0, 0, 0), True, (13, 24, 18), 0x7fffffff, dn("tower"))),
    ("LCAF 6", lcaf(6, field_num=3, wildcards=0x8005, key="0102030405060708")),
    ("LCAF 6, no key", lcaf(6, field_num=15, wildcards=0, key="")),
    ("LCAF 7, two RTRs", lcaf(7, ms_port=4342, etr_port=61000, global_etr=ip("198.51.100.7"), ms=ip("192.0.2.1"),
                              private_etr=ip("10.0.0.7"), rtrs=[ip("203.0.113.1"), V6])),
    ("LCAF 7, no RTR", lcaf(7, ms_port=4342, etr_port=4341, global_etr=V6, ms=V4, private_etr=NONE, rtrs=[])),
    ("LCAF 8, IPv4", lcaf(8, nonce=0xabcdef, address=V4)),
    ("LCAF 8, MAC", lcaf(8, nonce=1, address=MAC)),
    ("LCAF 9, IPv4", lcaf(9, iid=100, source_mask_len=32, group_mask_len=4, source=V4, group=ip("224.0.0.0"))),
    ("LCAF 9, IPv6", lcaf(9, iid=0, source_mask_len=64, group_mask_len=128, source=ip("2001:db8::"),
                          group=ip("ff3e::1:2"))),
    ("LCAF 9, any source", lcaf(9, iid=1, source_mask_len=0, group_mask_len=32, source=NONE, group=ip("239.1.2.3"))),
    ("LCAF 10, every flag", lcaf(10, hops=[{"flags": [], "address": V4}, {"flags": ["L"], "address": V6},
                                           {"flags": ["P"], "address": V4}, {"flags": ["S"], "address": V6},
                                           {"flags": ["L", "P", "S"], "address": V4B}])),
    ("LCAF 10, a name, empty", lcaf(10, hops=[{"flags": ["S"], "address": dn("hop")}, {"flags": [], "address": NONE}])),
    ("LCAF 11, two keys", lcaf(11, algorithm=5, revoke=False, keys=["00112233445566778899aabbccddeeff", "a5"],
                               address=V4)),
    ("LCAF 11, revoked", lcaf(11, algorithm=2, revoke=True, keys=["0102"], address=V6)),
    ("LCAF 11, no key", lcaf(11, algorithm=1, revoke=False, keys=[], address=NONE)),
    ("LCAF 12, IPv4", lcaf(12, source_mask_len=24, dest_mask_len=32, source=ip("10.1.1.0"), dest=V4B)),
    ("LCAF 12, IPv6", lcaf(12, source_mask_len=0, dest_mask_len=128, source=ip("::"), dest=V6)),
    ("LCAF 12, MAC", lcaf(12, source_mask_len=48, dest_mask_len=48, source=MAC, dest=mac(6, "00:00:5e:00:53:09"))),
    ("LCAF 13, three levels", lcaf(13, entries=[{"level": 0, "address": V4}, {"level": 1, "address": V6},
                                                {"level": 128, "address": dn("rtr")}])),
    ("LCAF 13, one", lcaf(13, entries=[{"level": 255, "address": V4B}])),
    ("LCAF 14, text", lcaf(14, binary=False, json=b'{"router-address":"1.1.1.1"}'.hex(), address=V4)),
    ("LCAF 14, binary, AFI 0", lcaf(14, binary=True, json="ff00a0", address=NONE)),
    ("LCAF 15, IPv4 and name", lcaf(15, key=V4B, value=dn("blue"))),
    ("LCAF 15, IPv6 and MAC", lcaf(15, key=V6, value=MAC)),
    ("LCAF 16, each", lcaf(16, formats=0x7f, address=V4)),
] + [("LCAF 16, %s" % name, lcaf(16, formats=bit, address=V6)) for name, bit in
     (("L", 1), ("l", 2), ("V", 4), ("v", 8), ("N", 16), ("G", 32), ("U", 64))] + [
    ("LCAF 255", lcaf(255, oui=0x00005e, data="c0ffee")),
    ("LCAF 255, OUI alone", lcaf(255, oui=0xacde48, data="")),
    ("LCAF 200, unknown", lcaf(200, flags=0, rsvd2=0, payload="0badcafe")),
    ("nested 3 deep", nested((1, 2, 15), MAC)),
    ("nested 8 deep", nested((1, 2, 3, 8, 15, 1, 2, 3), V4)),
    ("LCAF 11 with IID inside", lcaf(11, algorithm=4, revoke=False, keys=["00ff"], address=iid(9, V6))),
    ("LCAF 10 with names and IIDs", lcaf(10, hops=[{"flags": ["L"], "address": iid(3, V4)},
                                                   {"flags": ["S"], "address": V6}])),
    ("LCAF 13 with an encapsulation", lcaf(13, entries=[{"level": 3, "address": lcaf(16, formats=9, address=V4)}])),
]


def locator(address=V4, priority=1, weight=100, m_priority=255, m_weight=0, flags=("R",)):
    return {"address": address, "priority": priority, "weight": weight, "m-priority": m_priority, "m-weight": m_weight,
            "flags": list(flags)}


def record(address=ip("10.2.2.0"), mask_len=24, locators=(), ttl=1440, act=0, authoritative=False, map_version=0, **more):
    return {"ttl": ttl, "mask-len": mask_len, "address": address, "act": act, "authoritative": authoritative,
            "map-version": map_version, "locators": list(locators), **more}


def asked(address=V4B, mask_len=32, notify=False):
    return {"notify": notify, "mask-len": mask_len, "address": address}


def request(flags=(), records=None, rlocs=(ip("172.16.1.2"),), source=NONE, nonce=NONCE, **more):
    return {"type": 1, "nonce": nonce, "flags": list(flags), "source-address": source, "itr-addresses": list(rlocs),
            "records": [asked()] if records is None else list(records), **more}


def reply(records=(), flags=(), nonce=NONCE, **more):
    return {"type": 2, "nonce": nonce, "flags": list(flags), "records": list(records), **more}


AUTH = {0: "", 1: "b1" * 20, 2: "b2" * 32, 3: "b3" * 32}
SHORT = {1: "c1" * 12, 2: "c2" * 16, 3: "c3" * 16}
OWN = record(ip("10.1.1.0"), 24, [locator(ip("172.16.1.2"), flags=("L", "R"))], authoritative=True)


def register(kind=3, flags=(), records=(OWN,), algorithm=2, key_id=1, auth=None, nonce=NONCE, **more):
    return {"type": kind, "nonce": nonce, "flags": list(flags), "key-id": key_id, "algorithm": algorithm,
            "auth-data": AUTH[algorithm] if auth is None else auth, "records": list(records), **more}


def referral(records, nonce=NONCE):
    return {"type": 6, "nonce": nonce, "flags": [], "records": list(records)}


def signature(sig, algorithm=2, key_tag=0x1234):
    return {"original-ttl": 1440, "expiration": 1700003600, "inception": 1700000000, "key-tag": key_tag,
            "algorithm": algorithm, "signature": sig}


def info(flags=(), info_address=NONE, eid=NONE, mask_len=0, ttl=0, algorithm=2, auth=None, key_id=0):
    return {"type": 7, "nonce": NONCE, "flags": list(flags), "key-id": key_id, "algorithm": algorithm,
            "auth-data": AUTH[algorithm] if auth is None else auth, "ttl": ttl, "mask-len": mask_len, "eid-address": eid,
            "info-address": info_address}


def ecm(inner, flags=(), src="10.1.1.4", dst="10.2.2.5", sport=61616, dport=4342, **more):
    return {"type": 8, "flags": list(flags), "inner-source": src, "inner-destination": dst, "inner-source-port": sport,
            "inner-destination-port": dport, "inner": inner, **more}


def eid_ad(kdf_id=1, records=None, cant_sign=False, hmac_id=2, hmac="d0" * 16):
    ad = {"kdf-id": kdf_id}
    if records is not None:
        ad.update({"records": list(records), "E": cant_sign, "hmac-id": hmac_id, "hmac": hmac})
    return ad


def sec_ecm(ad, hmac_id=2, key_id=3, wrap_id=1, otk="00" * 8 + "e0" * 16):
    return {"hmac-id": hmac_id, "key-id": key_id, "wrap-id": wrap_id, "otk": otk, "eid-ad": ad}


def sec_reply(ad, hmac_id=2, hmac="f0" * 16):
    return {"hmac-id": hmac_id, "hmac": hmac, "eid-ad": ad}


ITR_ADDRESSES = [V4, V6, MAC, dn("itr"), iid(5, V4B), V4B]
TWO = [locator(V4, 1, 50), locator(V6, 2, 100, 3, 7, ("L", "p", "R"))]

MESSAGES = [
    ("Map-Request", request()),
] + [("Map-Request, %s" % f, request([f])) for f in "APSpsLD"] + [
    ("Map-Request, every flag", request(list("APSpsLD"))),
    ("Map-Request, I", request(["I"], **IDS)),
    ("Map-Request, N: subscription", request(["I"], [asked(notify=True)], **IDS)),
    ("Map-Request, M", request(["M"], **{"map-data": OWN})),
    ("Map-Request, M and I", request(["M", "I"], **{"map-data": OWN}, **IDS)),
    ("Map-Request, M without locators", request(["M"], **{"map-data": record(ip("10.1.1.0"), 24)})),
    ("Map-Request, source IPv4", request(source=ip("10.1.1.4"))),
    ("Map-Request, source IPv6, IPv6 asked", request(source=ip("fd00:1::4"), records=[asked(ip("fd00:2::5"), 128)])),
    ("Map-Request, source MAC", request(source=MAC, records=[asked(mac(6, "00:00:5e:00:53:09"), 48)])),
    ("Map-Request, instance-ID", request(source=iid(100, ip("10.1.1.4")), records=[asked(iid(100, V4B))])),
    ("Map-Request, source name", request(source=dn("asker"), records=[asked(dn("asked"), 48)])),
    ("Map-Request, a prefix", request(records=[asked(ip("10.2.0.0"), 15)])),
    ("Map-Request, everything", request(records=[asked(ip("0.0.0.0"), 0), asked(ip("::"), 0)])),
    ("Map-Request, AFI 0", request(["P"], [asked(NONE, 0)])),
    ("Map-Request, 3 records", request(records=[asked(), asked(ip("fd00:2::"), 64, True), asked(iid(9, V4B))])),
    ("Map-Request, 255 records", request(records=[asked(ip("10.2.%d.0" % n), 24) for n in range(255)])),
    ("Map-Request, 6 kinds of ITR-RLOC", request(rlocs=ITR_ADDRESSES)),
    ("Map-Request, 32 ITR-RLOCs", request(rlocs=[ip("172.16.1.%d" % n) for n in range(1, 33)])),
    ("Map-Request, nonce 0", request(["S"], nonce="0" * 16)),
    ("Map-Request, nonce all ones", request(nonce="f" * 16)),
    ("Map-Reply, negative", reply([record(ttl=15, act=1, authoritative=False)])),
] + [("Map-Reply, action %d" % act, reply([record(act=act, ttl=1)])) for act in range(8)] + [
    ("Map-Reply, P", reply([record(locators=TWO)], ["P"])),
    ("Map-Reply, E", reply([record(locators=TWO)], ["E"])),
    ("Map-Reply, no record", reply([])),
    ("Map-Reply, authoritative, version", reply([record(locators=TWO, authoritative=True, map_version=0xabc)])),
    ("Map-Reply, version 4095", reply([record(locators=TWO, map_version=0xfff)])),
    ("Map-Reply, TTL 0", reply([record(locators=TWO, ttl=0)])),
    ("Map-Reply, TTL forever", reply([record(locators=TWO, ttl=0xffffffff)])),
    ("Map-Reply, locator flags", reply([record(locators=[locator(flags=f) for f in
                                                         ((), ("L",), ("p",), ("R",), ("L", "p", "R"))])])),
    ("Map-Reply, priority 255", reply([record(locators=[locator(priority=255, weight=0, m_priority=0, m_weight=255)])])),
    ("Map-Reply, AFI 0 in record and locator", reply([record(NONE, 0, [locator(NONE)])])),
    ("Map-Reply, mask-len 0", reply([record(ip("0.0.0.0"), 0, TWO), record(ip("::"), 0, TWO)])),
    ("Map-Reply, IPv6 and [100] IPv4", reply([record(ip("fd00:2::"), 32, TWO), record(iid(100, ip("10.2.0.0")), 16, TWO)])),
    ("Map-Reply, 255 locators", reply([record(locators=[locator(ip("172.16.%d.1" % n)) for n in range(255)])])),
    ("Map-Reply, 255 records", reply([record(ip("10.%d.0.0" % n), 16, [locator()]) for n in range(255)])),
    ("Map-Register", register()),
] + [("Map-Register, %s" % f, register(flags=[f])) for f in "PSETaM"] + [
    ("Map-Register, every flag", register(flags=list("PSIETaM"), **IDS)),
    ("Map-Register, I", register(flags=["I"], **IDS)),
    ("Map-Register, withdraw", register(records=[record(ip("10.1.1.0"), 24, ttl=0)])),
    ("Map-Register, 8 records", register(flags=["M"], records=[record(ip("10.1.%d.0" % n), 24, [locator()])
                                                               for n in range(8)])),
] + [("%s, algorithm %d, %d bytes" % (name, a, len(data) // 2), register(kind, algorithm=a, auth=data))
     for kind, name in ((3, "Map-Register"), (4, "Map-Notify"), (5, "Map-Notify-Ack"))
     for a, data in [*AUTH.items(), *SHORT.items()]] + [
    ("Map-Notify", register(4)),
    ("Map-Notify with IDs", register(4, **IDS)),
    ("Map-Notify, 3 records", register(4, records=[OWN, OWN, OWN])),
    ("Map-Notify-Ack", register(5)),
    ("Map-Notify-Ack with IDs", register(5, **IDS)),
] + [("Map-Referral, action %d" % act, referral([record(locators=TWO, act=act, incomplete=act in (3, 5))]))
     for act in range(6)] + [
    ("Map-Referral, no locator", referral([record(ttl=15, act=4)])),
    ("Map-Referral with a key", referral([record(iid(0, NONE), 0, [locator(
        lcaf(11, algorithm=2, revoke=False, keys=["0a" * 33], address=V4))], act=0)])),
    ("Map-Referral, signed", referral([record(locators=TWO, act=1, signatures=[signature("5a" * 32)])])),
    ("Map-Referral, 15 signatures and a record more", referral([
        record(locators=TWO, act=2, incomplete=True, signatures=[signature("%02x" % n * n, n % 3, n) for n in range(15)]),
        record(ip("10.3.0.0"), 16, TWO, act=1)])),
    ("Info-Request", info(eid=ip("10.1.1.0"), mask_len=24, ttl=1440)),
    ("Info-Request, algorithm 0", info(algorithm=0)),
    ("Info-Request, a name", info(info_address=dn("xtr.example"))),
    ("Info-Request, [100] IPv6", info(eid=iid(100, ip("fd00:1::")), mask_len=64, algorithm=1, key_id=255)),
    ("Info-Reply", info(["R"], lcaf(7, ms_port=4342, etr_port=61000, global_etr=ip("198.51.100.7"), ms=ip("192.0.2.1"),
                                    private_etr=ip("10.0.0.7"), rtrs=[ip("203.0.113.1"), ip("203.0.113.2")]),
                        ip("10.1.1.0"), 24, 1440)),
    ("Info-Reply, no RTR", info(["R"], lcaf(7, ms_port=4342, etr_port=4341, global_etr=V4, ms=V4, private_etr=V4, rtrs=[]))),
    ("ECM, IPv4", ecm(request())),
    ("ECM, IPv6", ecm(request(), src="fd00:1::4", dst="fd00:2::5")),
    ("ECM, D", ecm(request(), ["D"])),
    ("ECM, odd length", ecm(request(records=[asked(dn("odd"), 32)]))),
    ("ECM around a Map-Register", ecm(register())),
    ("ECM in ECM", ecm(ecm(request()))),
    ("ECM, S: an ITR's", ecm(request(), ["S"], sec=sec_ecm(eid_ad(1)))),
    ("ECM, S: a Map-Server's", ecm(request(), ["S", "D"], sec=sec_ecm(eid_ad(2, [asked(ip("10.2.2.0"), 24)], True)))),
    ("ECM, S: two EIDs, IPv6", ecm(request(), ["S"], "fd00:1::4", "fd00:2::5", sec=sec_ecm(
        eid_ad(0, [asked(ip("fd00:2::"), 32), asked(iid(100, ip("10.2.0.0")), 16)], hmac_id=1, hmac="d1" * 12),
        hmac_id=0, key_id=255, wrap_id=2, otk="e1" * 24))),
    ("ECM, S: a vendor's EID", ecm(request(), ["S"], sec=sec_ecm(eid_ad(1, [asked(lcaf(255, oui=1, data="00"), 0)])))),
    ("Map-Reply, S: a vendor's EID", reply([record(locators=TWO)], ["S"], sec=sec_reply(
        eid_ad(1, [asked(lcaf(255, oui=1, data="00"), 0)])))),
    ("Map-Reply, S", reply([record(locators=TWO)], ["S"], sec=sec_reply(eid_ad(1, [asked(ip("10.2.2.0"), 24)])))),
    ("Map-Reply, S: two records, P", reply([record(locators=TWO), record(ip("10.3.0.0"), 16)], ["P", "S"], sec=sec_reply(
        eid_ad(2, [asked(ip("10.2.2.0"), 24), asked(ip("10.3.0.0"), 16)], hmac_id=1, hmac="d1" * 12), 1, "f1" * 12))),
    ("Shared extension, sub-type 0", {"type": 15, "subtype": 0, "data": "0000"}),
    ("Shared extension, sub-type 4095", {"type": 15, "subtype": 4095, "data": "00112233445566"}),
]

# every address wherever one may stand
for _name, _a in ADDRESSES:
    # RFC 9735 3: a name's mask-len is its length in bits, with its zero byte
    _plen = {1: 32, 2: 128, 17: 8 * (len(_a.get("name", "")) + 1)}.get(_a["afi"], 0)
    MESSAGES += [
        ("Map-Reply, EID and locator %s" % _name, reply([record(_a, _plen, [locator(_a), locator(V4B)])])),
        ("Map-Request from %s" % _name, request(source=_a)),
        ("Map-Request for %s" % _name, request(records=[asked(_a, _plen), asked()])),
        ("Map-Request, ITR-RLOC %s" % _name, request(rlocs=[V6, _a])),
    ]

DATA = [("data header, %s" % name, dict(zip(("flags", "kk", "nonce", "source-version", "dest-version", "instance-id", "lsb",
                                             "next"), fields))) for name, fields in (
    ("no flag", ([], 0, None, None, None, None, None, None)),
    ("N", (["N"], 0, 0xabcdef, None, None, None, None, None)),
    ("N and E", (["N", "E"], 0, 1, None, None, None, None, None)),
    ("V", (["V"], 0, None, 0xabc, 0x123, None, None, None)),
    ("L", (["L"], 0, None, None, None, None, 0x80000001, None)),
    ("I", (["I"], 0, None, None, None, 0xfedcba, None, None)),
    ("L and I", (["L", "I"], 0, None, None, None, 100, 0x81, None)),
    ("N, L, E, I", (["N", "L", "E", "I"], 0, 0x123456, None, None, 0xffffff, 0xff, None)),
    ("L, V, I", (["L", "V", "I"], 0, None, 0xfff, 0, 1, 1, None)),
    ("KK", (["N"], 3, 0x800001, None, None, None, None, None)),
    ("P, IPv4", (["P"], 0, None, None, None, None, None, 1)),
    ("P, IPv6, I", (["I", "P"], 0, None, None, None, 100, None, 2)),
    ("P, Ethernet, L, I, KK", (["L", "I", "P"], 1, None, None, None, 0xabcdef, 0x55, 3)),
    ("P, NSH, L", (["L", "P"], 0, None, None, None, None, 0x12345678, 4)),
)]

VXLAN = [("VXLAN header, %s" % name, dict(zip(("flags", "version", "vni", "next"), fields))) for name, fields in (
    ("plain", (["I"], 0, 0xabcdef, None)),
    ("plain, VNI 0", (["I"], 0, 0, None)),
    ("GPE, IPv4", (["I", "P"], 0, 100, 1)),
    ("GPE, IPv6", (["I", "P"], 0, 0xffffff, 2)),
    ("GPE, Ethernet, B", (["I", "P", "B"], 0, 1, 3)),
    ("GPE, OAM", (["I", "P", "O"], 0, 1, 4)),
    ("GPE, no VNI", (["P"], 0, None, 1)),
    ("GPE, version 3", (["I", "P"], 3, 5, 1)),
)]
