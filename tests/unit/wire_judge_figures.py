# SPDX-License-Identifier: BSD-3-Clause
"""
Figures of the RFCs filled in by hand: the bytes of each address of wire_judge_cases.py, and of the messages and headers of
which tshark says nothing or the wrong thing. Spaces part the fields of the figure; its names stand beside.
"""
V4, V6 = "0001 ac100103", "0002 20010db8000000000000000000000003"  # AFI, address
V4B, MAC = "0001 0a020205", "0006 00005e005301"

# RFC 8060 section 3: AFI = 16387, Rsvd1, Flags, Type, Rsvd2, Length; then what the section draws
ADDRESSES = {
    "AFI 0": "0000",  # RFC 8060 2.2: nothing follows
    "AFI 1": V4,
    "AFI 2": V6,
    "AFI 6": MAC,  # 4.10.2
    "AFI 17": "0011 726f757465722e6578616d706c6500",  # RFC 9735 3: text, a zero byte
    "AFI 17, empty": "0011 00",
    "AFI 16389": "4005 00005e005302",  # RFC 7042: 48-bit MAC
    "AFI 16390": "4006 00005efffe005303",  # 64-bit MAC
    "LCAF 0": "4003 00 00 00 00 0000",
    # 4.10: AFI and address, one after the other
    "LCAF 1, IPv4 and IPv6 (4.10.1)": "4003 00 00 01 00 0018" + V4 + V6,
    "LCAF 1, MAC (4.10.2)": "4003 00 00 01 00 0008" + MAC,
    "LCAF 1, name (4.10.3)": "4003 00 00 01 00 000e 0011 7777772e6578616d706c6500",
    "LCAF 1, application data inside (4.10.4)":
        "4003 00 00 01 00 001a 4003 00 00 04 00 0012 0000b8 11 0001 0002 0003 0004" + V4,
    "LCAF 1, geo and IPv4 (4.10.5)": "4003 00 00 01 00 001c 4003 00 00 05 00 000e 8033 1c 26 0000 00 05 0000002e 0000" + V4,
    "LCAF 1, AFI 0 and name": "4003 00 00 01 00 0006 0000 0011 7800",
    "LCAF 1, empty": "4003 00 00 01 00 0000",
    # 4.1: the byte after the type is the IID mask-len; Instance ID, AFI, address
    "LCAF 2, IPv4": "4003 00 00 02 00 000a 00000064" + V4B,
    "LCAF 2, IPv6, IID mask-len 32": "4003 00 00 02 20 0016 00ffffff 0002 fd000002000000000000000000000000",
    "LCAF 2, AFI 0: a range": "4003 00 00 02 18 0006 00640000 0000",
    "LCAF 2, 32 bits": "4003 00 00 02 00 000a fedcba98" + V4B,
    "LCAF 2, MAC": "4003 00 00 02 00 000c 00000007" + MAC,
    "LCAF 2, name": "4003 00 00 02 00 000b 00000008 0011 686f737400",
    # 4.2: AS number, AFI, address
    "LCAF 3, IPv4": "4003 00 00 03 00 000a fa56ea01" + V4,
    "LCAF 3, AFI 0": "4003 00 00 03 00 0006 0000fc00 0000",
    # 5.1: TOS (24 bits), protocol, local ports low and high, remote ports low and high, AFI, address
    "LCAF 4, IPv4": "4003 00 00 04 00 0012 0000b8 06 0400 ffff 01bb 01bc" + V4,
    "LCAF 4, flow label, IPv6": "4003 00 00 04 00 001e 0abcde 11 0000 0000 0035 0035" + V6,
    # 4.3: N and latitude degrees, minutes, seconds; E and longitude likewise; altitude; AFI, address
    "LCAF 5, north east": "4003 00 00 05 00 0012 8033 1c 26 8000 3b 05 0000002e" + V4,
    "LCAF 5, south west, below the sea": "4003 00 00 05 00 001e 005a 00 3b 00b4 01 02 fffffe52" + V6,
    "LCAF 5, no altitude": "4003 00 00 05 00 0014 8000 00 00 800d 18 12 7fffffff 0011 746f77657200",
    # 5.2: key field num, key wildcard fields, key
    "LCAF 6": "4003 00 00 06 00 000b 03 8005 0102030405060708",
    "LCAF 6, no key": "4003 00 00 06 00 0003 0f 0000",
    # 4.4: MS UDP port, ETR UDP port; AFI and address of global ETR, MS, private ETR, RTRs
    "LCAF 7, two RTRs": "4003 00 00 07 00 002e 10f6 ee48 0001 c6336407 0001 c0000201 0001 0a000007 0001 cb007101" + V6,
    "LCAF 7, no RTR": "4003 00 00 07 00 001e 10f6 10f5" + V6 + V4 + "0000",
    # 5.3: reserved, nonce, AFI, address
    "LCAF 8, IPv4": "4003 00 00 08 00 000a 00 abcdef" + V4,
    "LCAF 8, MAC": "4003 00 00 08 00 000c 00 000001" + MAC,
    # 4.5: instance-ID; reserved, source mask-len, group mask-len; AFI, source; AFI, group
    "LCAF 9, IPv4": "4003 00 00 09 00 0014 00000064 0000 20 04" + V4 + "0001 e0000000",
    "LCAF 9, IPv6": "4003 00 00 09 00 002c 00000000 0000 40 80 0002 20010db8000000000000000000000000"
                    "0002 ff3e0000000000000000000000010002",
    "LCAF 9, any source": "4003 00 00 09 00 0010 00000001 0000 00 20 0000 0001 ef010203",
    # 4.6: Rsvd3 and L P S (the low three bits), AFI, hop
    "LCAF 10, every flag": "4003 00 00 0a 00 0040 0000" + V4 + "0004" + V6 + "0002" + V4 + "0001" + V6 + "0007" + V4B,
    "LCAF 10, a name, empty": "4003 00 00 0a 00 000c 0001 0011 686f7000 0000 0000",
    # 4.7: key count, Rsvd3, key algorithm, Rsvd4 and R; key length, key material; AFI, locator
    "LCAF 11, two keys": "4003 00 00 0b 00 001f 02 00 05 00 0010 00112233445566778899aabbccddeeff 0001 a5" + V4,
    "LCAF 11, revoked": "4003 00 00 0b 00 001a 01 00 02 01 0002 0102" + V6,
    "LCAF 11, no key": "4003 00 00 0b 00 0006 00 00 01 00 0000",
    # 4.8: reserved, source mask-len, destination mask-len; AFI, source prefix; AFI, destination prefix
    "LCAF 12, IPv4": "4003 00 00 0c 00 0010 0000 18 20 0001 0a010100" + V4B,
    "LCAF 12, IPv6": "4003 00 00 0c 00 0028 0000 00 80 0002 00000000000000000000000000000000" + V6,
    "LCAF 12, MAC": "4003 00 00 0c 00 0014 0000 30 30" + MAC + "0006 00005e005309",
    # 4.9: Rsvd3, Rsvd4, level; AFI, RTR or ETR
    "LCAF 13, three levels": "4003 00 00 0d 00 002a 0000 00 00" + V4 + "0000 00 01" + V6 + "0000 00 80 0011 72747200",
    "LCAF 13, one": "4003 00 00 0d 00 000a 0000 00 ff" + V4B,
    # 5.4: the low bit of the byte after the type is B; JSON length, JSON; AFI, address
    "LCAF 14, text": "4003 00 00 0e 00 0024 001c 7b22726f757465722d61646472657373223a22312e312e312e31227d" + V4,
    "LCAF 14, binary, AFI 0": "4003 00 00 0e 01 0007 0003 ff00a0 0000",
    # 5.5: AFI, address as key; AFI, address as value
    "LCAF 15, IPv4 and name": "4003 00 00 0f 00 000d" + V4B + "0011 626c756500",
    "LCAF 15, IPv6 and MAC": "4003 00 00 0f 00 001a" + V6 + MAC,
    # 5.6: 25 reserved bits, then U G N v V l L
    "LCAF 16, each": "4003 00 00 10 00 000a 0000007f" + V4,
    "LCAF 16, L": "4003 00 00 10 00 0016 00000001" + V6,
    "LCAF 16, l": "4003 00 00 10 00 0016 00000002" + V6,
    "LCAF 16, V": "4003 00 00 10 00 0016 00000004" + V6,
    "LCAF 16, v": "4003 00 00 10 00 0016 00000008" + V6,
    "LCAF 16, N": "4003 00 00 10 00 0016 00000010" + V6,
    "LCAF 16, G": "4003 00 00 10 00 0016 00000020" + V6,
    "LCAF 16, U": "4003 00 00 10 00 0016 00000040" + V6,
    # RFC 9306 4: Rsvd3, OUI, internal format
    "LCAF 255": "4003 00 00 ff 00 0007 00 00005e c0ffee",
    "LCAF 255, OUI alone": "4003 00 00 ff 00 0004 00 acde48",
    "LCAF 200, unknown": "4003 00 00 c8 00 0004 0badcafe",
    # a list of an instance-ID of a key "k" and a MAC address
    "nested 3 deep": "4003 00 00 01 00 0020 4003 00 00 02 00 0018 00000005 4003 00 00 0f 00 000c 0011 6b00" + MAC,
    "nested 8 deep":
        "4003 00 00 01 00 0056 4003 00 00 02 00 004e 00000005 4003 00 00 03 00 0042 0000fc00"
        "4003 00 00 08 00 0036 00 000007 4003 00 00 0f 00 002a 0011 6b00 4003 00 00 01 00 001e"
        "4003 00 00 02 00 0016 00000005 4003 00 00 03 00 000a 0000fc00" + V4,
    "LCAF 11 with IID inside": "4003 00 00 0b 00 0026 01 00 04 00 0002 00ff 4003 00 00 02 00 0016 00000009" + V6,
    "LCAF 10 with names and IIDs": "4003 00 00 0a 00 0028 0004 4003 00 00 02 00 000a 00000003" + V4 + "0001" + V6,
    "LCAF 13 with an encapsulation": "4003 00 00 0d 00 0016 0000 00 03 4003 00 00 10 00 000a 00000009" + V4,
}

NONCE = "0102030405060708"
IDS = "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7"
ONE = "00 20" + V4B  # N and reserved, EID mask-len, EID
# TTL, locator count, EID mask-len, ACT A, reserved and version, EID; p w mp mw, flags, locator
RECORD = "000005a0 02 18 %s 0001 0a020200 01 32 ff 00 0001" + V4 + "02 64 03 07 0007" + V6
PLAIN = RECORD % "0000 0000"
OWN = "000005a0 01 18 1000 0000 0001 0a010100 01 64 ff 00 0005 0001 ac100102"
# RFC 8111 6.4.1: original TTL, expiration, inception, key tag, length, algorithm, reserved, reserved, signature
SIGNATURE = "000005a0 6553ff10 6553f100 %04x %04x %02x 00 0000 %s"
# IPv4 header and UDP header of an ECM of n bytes from 10.1.1.4:61616 to 10.2.2.5:4342; checksums
IP4 = "4500 %04x 0000 4000 40 11 %s 0a010104 0a020205 f0b0 10f6 %04x %s"
REQUEST = "10 0000 01" + NONCE + "0000 0001 ac100102" + ONE
AUTH2 = "b2" * 32

MESSAGES = {
    # RFC 9301 5.2: type, A M P S p s R I, reserved, L D, IRC, record count; RFC 9437 4: the I bit, and N of a record
    "Map-Request, I": "10100001" + NONCE + "0000 0001 ac100102" + ONE + IDS,
    "Map-Request, N: subscription": "10100001" + NONCE + "0000 0001 ac100102 80 20" + V4B + IDS,
    "Map-Request, M and I": "14100001" + NONCE + "0000 0001 ac100102" + ONE + OWN + IDS,
    "Map-Request, L": "10004001" + NONCE + "0000 0001 ac100102" + ONE,
    "Map-Request, D": "10002001" + NONCE + "0000 0001 ac100102" + ONE,
    "Map-Request, 6 kinds of ITR-RLOC": "10000501" + NONCE + "0000" + V4 + V6 + MAC + "0011 69747200"
        "4003 00 00 02 00 000a 00000005" + V4B + V4B + ONE,
    "Map-Request, source name": "10000001" + NONCE + "0011 61736b657200 0001 ac100102 00 30 0011 61736b656400",
    # RFC 9301 5.4, RFC 9303 6.2: MR AD type, unassigned; EID-AD length, KDF ID; record count, E, EID HMAC ID; records;
    # EID HMAC; PKT-AD length, PKT HMAC ID; PKT HMAC
    "Map-Reply, S": "22000001" + NONCE + PLAIN + "01 000000 0020 0001 01 00 0002 00 18 0001 0a020200" + "d0" * 16 +
        "0014 0002" + "f0" * 16,
    "Map-Reply, S: two records, P": "2a000002" + NONCE + PLAIN + "000005a0 00 10 0000 0000 0001 0a030000"
        "01 000000 0024 0002 02 00 0001 00 18 0001 0a020200 00 10 0001 0a030000" + "d1" * 12 + "0010 0001" + "f1" * 12,
    # RFC 9301 5.7: type, reserved, record count; nonce; key ID, algorithm ID, authentication data length and data; records
    "Map-Notify-Ack": "50000001" + NONCE + "01 02 0020" + AUTH2 + OWN,
    "Map-Notify-Ack with IDs": "50000001" + NONCE + "01 02 0020" + AUTH2 + OWN + IDS,
    "Map-Notify with IDs": "40000001" + NONCE + "01 02 0020" + AUTH2 + OWN + IDS,
    # RFC 9301 5.6: P S I, reserved, E T a R M
    "Map-Register, every flag": "3e001d01" + NONCE + "01 02 0020" + AUTH2 + OWN + IDS,
    # RFC 8111 6.4: ACT A I; SigCnt before the version
    "Map-Referral, signed": "60000001" + NONCE + RECORD % "2000 1000" + SIGNATURE % (0x1234, 32, 2, "5a" * 32),
    "Map-Referral, 15 signatures and a record more": "60000002" + NONCE + RECORD % "4800 f000" +
        "".join(SIGNATURE % (n, n, n % 3, "%02x" % n * n) for n in range(15)) +
        "000005a0 02 10 2000 0000 0001 0a030000 01 32 ff 00 0001" + V4 + "02 64 03 07 0007" + V6,
    "Map-Referral with a key": "60000001" + NONCE + "000005a0 01 00 0000 0000 4003 00 00 02 00 0006 00000000 0000"
        "01 64 ff 00 0001 4003 00 00 0b 00 002d 01 00 02 00 0021" + "0a" * 33 + V4,
    # draft-ermagan-lisp-nat-traversal: R, reserved; key ID, authentication data length; TTL; reserved, EID mask-len, AFI;
    # then a name, as lispers.net has it
    "Info-Request, a name": "70000000" + NONCE + "00 02 0020" + AUTH2 + "00000000 00 00 0000 0011 7874722e6578616d706c6500",
    "Info-Request, [100] IPv6": "70000000" + NONCE + "ff 01 0014" + "b1" * 20 + "00000000 00 40"
        "4003 00 00 02 00 0016 00000064 0002 fd000001000000000000000000000000 0000",
    # RFC 9301 5.8, RFC 9303 6.1: ECM AD type, unassigned, requested HMAC ID; OTK length, key ID, OTK wrap ID; preamble,
    # one-time key; EID-AD length, KDF ID; ...
    "ECM, S: an ITR's": "88000000 01 00 0002 001c 03 01" + "00" * 8 + "e0" * 16 + "0004 0001" +
        IP4 % (0x38, "23aa", 0x24, "0da3") + REQUEST,
    "ECM, S: a Map-Server's": "8c000000 01 00 0002 001c 03 01" + "00" * 8 + "e0" * 16 + "0020 0002 01 80 0002 00 18"
        "0001 0a020200" + "d0" * 16 + IP4 % (0x38, "23aa", 0x24, "0da3") + REQUEST,
    # RFC 9304 3: type, sub-type, extension-specific
    "Shared extension, sub-type 0": "f000 0000",
    "Shared extension, sub-type 4095": "ffff 00112233445566",
    # RFC 9305 3: N L E V I P K K; zero; next protocol; instance-ID and locator-status-bits
    "data header, P, IPv4": "04 0000 01 00000000",
    "data header, P, IPv6, I": "0c 0000 02 000064 00",
    "data header, P, Ethernet, L, I, KK": "4d 0000 03 abcdef 55",
    "data header, P, NSH, L": "44 0000 04 12345678",
    # RFC 7348 5: R R R R I R R R, reserved, VNI, reserved; VXLAN-GPE: R R Ver I P B O, reserved, next protocol, VNI
    "VXLAN header, GPE, Ethernet, B": "0e 0000 03 000001 00",
}
