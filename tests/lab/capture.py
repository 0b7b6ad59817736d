# SPDX-License-Identifier: BSD-3-Clause
"""Captures by tcpdump, read as they grow; tshark as the judge of what is in them."""

import contextlib
import ipaddress
import os
import re
import socket
import struct

import lisp
from netns import run
from proc import wait_until

MARKER = 0x88b5  # EtherType for local experiments: the harness's own frames


class Capture:
    """Everything that passes an interface, from the moment this returns until stop()."""

    count = 0

    def __init__(self, lab, name, iface, filter=""):
        Capture.count += 1
        self.lab, self.name, self.iface = lab, name, iface
        self.path = lab.dir / ("%d-%s-%s.pcap" % (Capture.count, name, iface))
        full = "(%s) or ether proto %d" % (filter, MARKER) if filter else ""
        self.p = lab.spawn(name, "tcpdump", "-i", iface, "-U", "--immediate-mode", "-B", "32768", "-s", "0", "-n", "-Z",
            "root", "-w", self.path, *([full] if full else []), log="capture-%d.log" % Capture.count)
        wait_until(lambda: "listening on" in self.p.text(), 10, "tcpdump on %s" % iface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.alive():
            self.p.stop()

    def frames(self):
        """(seconds, bytes) of each whole frame in the file so far."""
        with contextlib.suppress(FileNotFoundError):
            data = self.path.read_bytes()
            at = 24
            while at + 16 <= len(data):
                sec, usec, n, _ = struct.unpack_from("<IIII", data, at)
                if at + 16 + n > len(data):
                    return
                frame = data[at + 16:at + 16 + n]
                at += 16 + n
                if frame[12:14] != struct.pack("!H", MARKER):
                    yield sec + usec / 1e6, frame

    def udp(self, port=None):
        """Whole UDP datagrams in the file, of either family: dicts with t, src, dst, sport, dport, ttl, tos, df, payload."""
        for t, f in self.frames():
            d = read_udp(f)
            if d and port in (None, d["sport"], d["dport"]):
                d["t"] = t
                yield d

    def control(self, kind=None, probes=False):
        """LISP control messages in the file; an ECM counts as its own type. RLOC-probes and their answers only if asked for."""
        out = []
        for d in self.udp():
            if 4342 in (d["sport"], d["dport"]) and d["payload"]:
                m = lisp.read(d["payload"])
                if kind in (None, m["type"]) and (probes or not m.get("probe")):
                    out.append(dict(m, **{"from": d["src"], "to": d["dst"], "from_port": d["sport"],
                        "to_port": d["dport"], "t": d["t"]}))
        return out

    def stop(self):
        """Ends it when all that happened before this call is in the file. Fails if tcpdump lost something."""
        token = os.urandom(16)
        with self.lab.inside(self.name):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind((self.iface, 0))
        with contextlib.closing(s):
            # a link-local destination: no bridge forwards it
            s.send(bytes.fromhex("0180c200000e020000000001") + struct.pack("!H", MARKER) + token + bytes(30))
        wait_until(lambda: token in self.path.read_bytes()[-1000000:], 10, "tcpdump's last packet")
        self.p.stop()
        lost = re.search(r"(\d+) packets dropped by kernel", self.p.text())
        assert lost and lost[1] == "0", self.p.text()
        return self


def read_udp(frame):
    """The outermost UDP datagram of an Ethernet frame, or None."""
    if frame[12:14] == b"\x86\xdd":
        return _read_udp6(frame)
    if frame[12:14] != b"\x08\0" or len(frame) < 42:
        return None
    ihl = (frame[14] & 15) * 4
    total, _, frag = struct.unpack("!HHH", frame[16:22])
    if frame[23] != 17 or frag & 0x3fff:
        return None
    at = 14 + ihl
    sport, dport, length, check = struct.unpack("!HHHH", frame[at:at + 8])
    return {"src": str(ipaddress.ip_address(frame[26:30])), "dst": str(ipaddress.ip_address(frame[30:34])),
        "sport": sport, "dport": dport, "ttl": frame[22], "tos": frame[15], "df": bool(frag & 0x4000),
        "checksum": check, "total": total, "payload": frame[at + 8:at + length]}


def _read_udp6(frame):
    if len(frame) < 62 or frame[20] != 17:
        return None
    first, payload = struct.unpack("!IH", frame[14:20])
    sport, dport, length, check = struct.unpack("!HHHH", frame[54:62])
    return {"src": str(ipaddress.ip_address(frame[22:38])), "dst": str(ipaddress.ip_address(frame[38:54])),
        "sport": sport, "dport": dport, "ttl": frame[21], "tos": first >> 20 & 0xff, "df": True, "checksum": check,
        "total": 40 + payload, "payload": frame[62:54 + length]}


CHECKS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
    "-o", "udp.ignore_ipv6_zero_checksum:TRUE"]


def tshark(path, fields, display=None):
    """Chosen fields of each packet as dicts of lists: a field that stands in several layers has several values."""
    r = run("tshark", "-n", "-r", path, *CHECKS, *(["-Y", display] if display else []), "-T", "fields", "-E",
        "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|", *[x for f in fields for x in ("-e", f)],
        timeout=120)
    return [{f: v.split("|") if v else [] for f, v in zip(fields, line.split("\t"))} for line in r.stdout.splitlines()]


def layers(path, display):
    """Source and destination of every IP header of each packet, the outermost first: [("10.1.1.4", "10.2.2.5"), ...]."""
    packets = []
    for p in tshark(path, ["frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst"], display):
        left = {"ip": zip(p["ip.src"], p["ip.dst"]), "ipv6": zip(p["ipv6.src"], p["ipv6.dst"])}
        packets.append([next(left[layer]) for layer in p["frame.protocols"][0].split(":") if layer in left])
    return packets


def judge(path):
    """tshark finds nothing malformed and no wrong checksum, at any depth."""
    bad = tshark(path, ["frame.number", "frame.protocols", "_ws.expert.message", "_ws.malformed"],
        "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0 || "
        # a tunnel's data may come without, over IPv6 too (RFC 6935), and nothing else
        "(udp.checksum == 0 && ipv6 && !(udp.port == 4341)) || icmp.checksum.status == 0 || "
        "icmpv6.checksum.status == 0 || _ws.expert.group == \"Malformed\" || _ws.expert.group == \"Checksum\"")
    assert not bad, bad[:5]
