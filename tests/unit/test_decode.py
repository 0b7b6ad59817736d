#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""xtrctl decode on the captures of other systems, on files made here (every link type, file format, header on the way to UDP),
and on garbage. Packets are made by scapy, LISP messages by lisp_writer.py; neither shares a line with the decoder.

usage: test_decode.py XTRCTL WIRE_DUMP
"""
import json
import os
import pathlib
import random
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime

from scapy.config import conf
from scapy.layers.inet import ICMP, IP, IPOption_NOP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, fragment6
from scapy.layers.ipsec import AH
from scapy.layers.l2 import ARP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether
from scapy.utils import PcapNgWriter, rdpcap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lisp_writer import Writer, data_header, vxlan_header  # noqa: E402

conf.verb = 0
XTRCTL = DUMP = None
CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
LIMIT = 60  # seconds; nothing here takes so long
ETHERNET, RAW, SLL, IPV4, IPV6, SLL2 = 1, 101, 113, 228, 229, 276  # LINKTYPE_...
WHEN = (1790000000, 123456789)  # 2026-09-21T13:33:20
NONCE = "0102030405060708"
ETHER = {"dst": "02:00:00:00:00:01", "src": "02:00:00:00:00:02"}


def ip(text):
    return {"afi": 2 if ":" in text else 1, "ip": text}


def lcaf(kind, **fields):
    return {"afi": 16387, "lcaf": kind, **{k.replace("_", "-"): v for k, v in fields.items()}}


NONE, V4, V6, MAC = {"afi": 0}, ip("172.16.1.3"), ip("2001:db8::3"), {"afi": 6, "mac": "00:00:5e:00:53:01"}


def name(text):
    return {"afi": 17, "name": text}


def locator(address, flags=("R",)):
    return {"address": address, "priority": 1, "weight": 100, "m-priority": 255, "m-weight": 0, "flags": list(flags)}


def record(address=ip("10.2.2.0"), mask_len=24, locators=(), **more):
    return {"ttl": 1440, "mask-len": mask_len, "address": address, "locators": list(locators), **more}


def reply(*records, **more):
    return {"type": 2, "nonce": NONCE, "records": list(records), **more}


def message(m):
    return Writer().message(m)


REPLY = message(reply(record(locators=[locator(V4)])))


def control(payload, src="172.16.1.1", dst="172.16.1.2", sport=4342, dport=4342):
    net = IPv6(src=src, dst=dst) if ":" in src else IP(src=src, dst=dst)
    return net / UDP(sport=sport, dport=dport) / payload


def pcap(packets, link=ETHERNET, order="<", nano=False, when=WHEN):
    """A classic capture. Packets are bytes, or (bytes, length on the wire)."""
    out = struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 262144, link)
    for p in packets:
        p, length = p if isinstance(p, tuple) else (bytes(p), len(bytes(p)))
        out += struct.pack(order + "IIII", when[0], when[1] if nano else when[1] // 1000, len(p), length) + p
    return out


def run(*args, stdin=b"", env=None):
    base = dict(os.environ, XTRD_SOCKET="/nowhere/xtrd.sock", ASAN_OPTIONS="detect_leaks=1")
    base.update(env or {})
    return subprocess.run([XTRCTL, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, env=base)


def dump(*payloads):
    """The messages as wire_dump --all has them."""
    text = "".join(p.hex() + "\n" for p in payloads)
    out = subprocess.run([DUMP, "--all"], input=text, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT).stdout
    return [without_again(json.loads(line)) for line in out.splitlines()]


def without_again(m):
    """wire_dump says also what our writer makes of the message."""
    m.pop("again", None)
    if "inner" in m:
        without_again(m["inner"])
    return m


class Case(unittest.TestCase):
    maxDiff = None

    def decode(self, capture):
        done = run("decode", "-", "--json", stdin=capture)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json.loads(done.stdout)

    def packets(self, capture):
        return self.decode(capture)["packets"]

    def text(self, capture):
        done = run("decode", "-", stdin=capture)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode("ascii")

    def body(self, payload, **more):
        """The lines about one control message, without those of the packet and of the end."""
        return self.text(pcap([bytes(control(payload, **more))], RAW)).split("\n", 1)[1].rsplit("\n\n", 1)[0]

    def fails(self, *args, stdin=b""):
        done = run(*args, stdin=stdin)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith(b"xtrctl: "), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        return done.stderr.decode(), done.stdout


class Captures(Case):
    """What other systems sent."""

    def ours(self, path):
        done = run("decode", str(path), "--json")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json.loads(done.stdout)

    def test_as_scapy_reads_them(self):
        files = sorted(CAPTURES.glob("*.pcap"))
        self.assertGreaterEqual(len(files), 4)
        kinds = {}
        for path in files:
            document = self.ours(path)
            lisp = [(i, p) for i, p in enumerate(rdpcap(str(path)), 1)
                    if UDP in p and p.getlayer(UDP, 1).underlayer.name in ("IP", "IPv6")
                    and {p[UDP].sport, p[UDP].dport} & {4341, 4342} and ICMP not in p]
            self.assertEqual(document["summary"], {"read": len(rdpcap(str(path))), "shown": len(lisp),
                                                   "fragments-without-first": 0})
            said = dump(*(bytes(p[UDP].payload) for _, p in lisp))
            for (number, p), ours, theirs in zip(lisp, document["packets"], said):
                with self.subTest(f"{path.name} {number}"):
                    outer = p[UDP].underlayer
                    self.assertEqual([ours[k] for k in ("number", "source", "destination", "source-port", "destination-port",
                                                        "ttl", "tos", "length")],
                                     [number, outer.src, outer.dst, p[UDP].sport, p[UDP].dport, outer.ttl, outer.tos, len(p)])
                    self.assertEqual(ours["time"][:19], datetime.utcfromtimestamp(int(p.time)).isoformat())
                    kinds[ours["kind"]] = kinds.get(ours["kind"], 0) + 1
                    if 4342 in (p[UDP].sport, p[UDP].dport):
                        self.assertEqual((ours["kind"], ours["message"]), ("control", theirs))
                    else:
                        payload = bytes(p[UDP].payload)
                        inner = (IP if payload[8] >> 4 == 4 else IPv6)(payload[8:])
                        self.assertEqual(ours["kind"], "data")
                        self.assertEqual((ours["inner"]["source"], ours["inner"]["destination"]), (inner.src, inner.dst))
                        self.assertNotIn("error", ours["inner"])
        self.assertGreater(kinds["data"], 20)
        self.assertGreater(kinds["control"], 100)

    def test_as_tshark_counts_them(self):
        if not shutil.which("tshark"):
            self.skipTest("tshark is not installed")
        for path in sorted(CAPTURES.glob("*.pcap")):
            command = ["tshark", "-r", str(path), "-Y", "(lisp or lisp-data) and not icmp.type == 3 and not icmpv6.type == 1",
                       "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "lisp-data.iid"]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT, text=True)
            theirs = [line.split("\t") for line in out.stdout.splitlines()]
            ours = self.ours(path)["packets"]
            self.assertEqual([p["number"] for p in ours], [int(t[0]) for t in theirs])
            for p, (_, epoch, iid) in zip(ours, theirs):
                self.assertEqual(p["time"][19:-1], "." + epoch.split(".")[1])
                if p["kind"] == "data":
                    self.assertEqual(p["header"]["instance-id"], int(iid) if iid else None)

    def test_text_has_each(self):
        for path in sorted(CAPTURES.glob("*.pcap")):
            done = run("decode", str(path))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            document = self.ours(path)
            blocks = done.stdout.decode("ascii").split("\n\n")
            self.assertEqual(blocks.pop(), "%d of %d packets shown\n" % (document["summary"]["shown"],
                                                                        document["summary"]["read"]))
            for block, p in zip(blocks, document["packets"]):
                self.assertTrue(block.startswith(f"#{p['number']} "), block)
                self.assertIn(f" {p['source']}:{p['source-port']} > {p['destination']}:{p['destination-port']}", block)
                self.assertNotIn("error", block)


class Roads(Case):
    """From the file to the UDP payload."""

    def test_link_types(self):
        four, six = control(REPLY), control(REPLY, "2001:db8::1", "2001:db8::2")
        wants = [{"source": "172.16.1.1", "destination": "172.16.1.2"},
                 {"source": "2001:db8::1", "destination": "2001:db8::2"}]
        message_json = dump(REPLY)[0]
        links = {
            ETHERNET: lambda p: Ether(**ETHER) / p,
            RAW: lambda p: p,
            SLL: lambda p: CookedLinux(proto=0x0800 if IP in p else 0x86dd) / p,
            SLL2: lambda p: CookedLinuxV2(proto=0x0800 if IP in p else 0x86dd) / p,
        }
        for link, wrap in links.items():
            for order in "<>":
                for nano in (False, True):
                    with self.subTest(link=link, order=order, nano=nano):
                        found = self.packets(pcap([bytes(wrap(four)), bytes(wrap(six))], link, order, nano))
                        self.assertEqual(len(found), 2)
                        for p, want in zip(found, wants):
                            self.assertEqual({k: p[k] for k in want}, want)
                            self.assertEqual((p["source-port"], p["destination-port"], p["kind"]), (4342, 4342, "control"))
                            self.assertEqual(p["message"], message_json)
                            self.assertEqual(p["time"], "2026-09-21T14:13:20.123456%sZ" % ("789" if nano else "000"))
        self.assertEqual(self.packets(pcap([bytes(four)], IPV4))[0]["message"], message_json)
        self.assertEqual(self.packets(pcap([bytes(six)], IPV6))[0]["message"], message_json)

    def test_pcapng(self):
        for order in "<>":
            with tempfile.NamedTemporaryFile(suffix=".pcapng") as f:
                writer = PcapNgWriter(f.name)
                writer.write(Ether(**ETHER) / control(REPLY))
                writer.write(Ether(**ETHER) / Dot1Q(vlan=7) / control(REPLY, "2001:db8::1", "2001:db8::2"))
                writer.close()
                done = run("decode", f.name, "--json")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            found = json.loads(done.stdout)["packets"]
            self.assertEqual([p["message"]["name"] for p in found], ["Map-Reply", "Map-Reply"])
            self.assertEqual(found[1]["vlans"], [7])

    def test_pcapng_by_hand(self):
        """Both byte orders, a block that nobody knows, a Simple Packet Block, nanoseconds."""
        packet = bytes(control(REPLY))
        for order in "<>":
            def block(kind, body):
                body += bytes(-len(body) % 4)
                size = struct.pack(order + "I", len(body) + 12)
                return struct.pack(order + "I", kind) + size + body + size
            stamp = WHEN[0] * 10**9 + WHEN[1]
            file = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)) + \
                block(1, struct.pack(order + "HHI", RAW, 0, 0) + struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)) + \
                block(0x0bad, b"whatever") + \
                block(6, struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xffffffff, len(packet), len(packet)) + packet) + \
                block(3, struct.pack(order + "I", len(packet)) + packet)
            found = self.packets(file)
            self.assertEqual([p["message"]["type"] for p in found], [2, 2])
            self.assertEqual(found[0]["time"], "2026-09-21T14:13:20.123456789Z")

    def test_vlans(self):
        for tags, want in ((Dot1Q(vlan=10), [10]), (Dot1AD(vlan=20) / Dot1Q(vlan=4095), [20, 4095]),
                           (Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / Dot1Q(vlan=4), [1, 2, 3, 4])):
            capture = pcap([bytes(Ether(**ETHER) / tags / control(REPLY))])
            found = self.packets(capture)[0]
            self.assertEqual((found["vlans"], found["message"]["name"]), (want, "Map-Reply"))
            self.assertIn("".join(f", VLAN {v}" for v in want), self.text(capture))
        old = bytes(Ether(**ETHER) / Dot1Q(vlan=9) / Dot1Q(vlan=10) / control(REPLY)).replace(b"\x81\0", b"\x91\0", 1)
        self.assertEqual(self.packets(pcap([old]))[0]["vlans"], [9, 10])
        five = self.packets(pcap([bytes(Ether(**ETHER) / Dot1Q() / Dot1Q() / Dot1Q() / Dot1Q() / Dot1Q() / control(REPLY))]))
        self.assertEqual(five[0]["error"]["field"], "VLAN tag")
        self.assertEqual(five[0]["error"]["offset"], 14 + 4 * 4)

    def test_ip_options_and_extension_headers(self):
        udp = UDP(sport=4342, dport=4342) / REPLY
        want = dump(REPLY)[0]
        six = IPv6(src="2001:db8::1", dst="2001:db8::2")
        for p in (IP(options=[IPOption_NOP()] * 7) / udp,
                  six / IPv6ExtHdrHopByHop() / udp,
                  six / IPv6ExtHdrDestOpt() / udp,
                  six / IPv6ExtHdrRouting(addresses=["2001:db8::9"]) / udp,
                  six / AH(nh=17, payloadlen=4, spi=1, seq=1, icv=bytes(12)) / udp,
                  six / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(addresses=["::9"]) / IPv6ExtHdrDestOpt() / udp,
                  six / IPv6ExtHdrFragment(offset=0, m=0, id=9) / udp):
            with self.subTest(p.summary()):
                found = self.packets(pcap([bytes(p)], RAW))[0]
                self.assertEqual(found["message"], want)
                self.assertNotIn("fragment", found)

    def test_as_it_comes(self):
        """tcpdump at the other end of the pipe is at work still."""
        with subprocess.Popen([XTRCTL, "decode", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
            try:
                p.stdin.write(pcap([bytes(control(REPLY))], RAW))
                p.stdin.flush()
                self.assertTrue(select.select([p.stdout], [], [], LIMIT)[0])
                self.assertTrue(p.stdout.readline().startswith(b"#1 "))
                self.assertIsNone(p.poll())
                p.stdin.close()
                self.assertEqual(p.wait(LIMIT), 0)
            finally:
                p.kill()

    def test_ports(self):
        request = message({"type": 7, "flags": ["R"], "nonce": NONCE, "auth-data": "", "info-address": lcaf(
            7, ms_port=4342, etr_port=4341, global_etr=V4, ms=V4, private_etr=V4, rtrs=[])})
        data = data_header({"flags": []}) + bytes(IP() / ICMP())
        for sport, dport, payload, kind in (
                (4342, 50000, REPLY, "control"), (50000, 4342, REPLY, "control"), (4341, 4342, REPLY, "control"),
                (4342, 4341, request, "control"),  # an Info-Reply goes where the Info-Request came from
                (4342, 4341, data, "data"), (4341, 4341, data, "data"), (50000, 4341, data, "data"), (4341, 50000, data, "data"),
                (50000, 4789, vxlan_header({"flags": "I", "vni": 5}) + bytes(Ether(**ETHER) / IP()), "vxlan"),
                (50000, 4790, vxlan_header({"flags": "IP", "vni": 5, "next": 1}) + bytes(IP()), "vxlan-gpe")):
            found = self.packets(pcap([bytes(control(payload, sport=sport, dport=dport))], RAW))[0]
            self.assertEqual(found["kind"], kind, (sport, dport))
            self.assertNotIn("error", json.dumps(found))

    def test_what_has_nothing_to_do_with_it(self):
        document = self.decode(pcap([bytes(Ether(**ETHER) / p) for p in (
            ARP(), IP() / TCP(sport=4342, dport=4342), IP() / UDP(sport=53, dport=53) / b"x", IP() / ICMP() / b"x",
            IPv6() / UDP(sport=1, dport=2), IP(proto=89) / b"ospf")] + [bytes(Ether(type=38, **ETHER) / (b"\x42" * 38))]))
        self.assertEqual(document, {"packets": [], "summary": {"read": 7, "shown": 0, "fragments-without-first": 0}})

    def test_ethernet_padding_is_no_payload(self):
        found = self.packets(pcap([bytes(Ether(**ETHER) / control(b"\x28\0\0\0")) + bytes(20)]))
        self.assertEqual(found[0]["message"]["length"], 4)

    def test_length_zero_as_before_segmentation(self):
        p = bytearray(bytes(control(REPLY)))
        p[2:4] = b"\0\0"
        self.assertEqual(self.packets(pcap([bytes(p)], RAW))[0]["message"], dump(REPLY)[0])

    def test_fragments(self):
        big = message(reply(*(record(ip(f"10.{i}.0.0"), 16, [locator(V4)]) for i in range(60))))
        six = IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrFragment(id=77) / UDP(sport=4342, dport=4342) / big
        for parts in (fragment(IP(src="172.16.1.1", dst="172.16.1.2", id=5) / UDP(sport=4342, dport=4342) / big, 600),
                      fragment6(six, 700)):
            self.assertGreater(len(parts), 2)
            found = self.packets(pcap([bytes(p) for p in parts], RAW))
            self.assertEqual([p["kind"] for p in found], ["control"] + ["fragment"] * (len(parts) - 1))
            self.assertEqual([p["fragment"]["more"] for p in found], [True] * (len(parts) - 1) + [False])
            self.assertEqual(found[0]["message"]["error"]["errno"], "EBADMSG")  # and nothing worse
            end = 0
            for p in found:
                self.assertEqual(p["fragment"]["offset"], end)
                end += p["fragment"]["length"]
            self.assertEqual(end, 8 + len(big))
            self.assertTrue(all(p["first-fragment"] == 1 for p in found[1:]))
            text = self.text(pcap([bytes(p) for p in parts], RAW))
            self.assertIn("more follow\n", text)
            self.assertIn("the last; the first is packet 1\n", text)
            # without the first, nobody knows whose they are
            rest = self.decode(pcap([bytes(p) for p in parts[1:]], RAW))
            self.assertEqual(rest["packets"], [])
            self.assertEqual(rest["summary"]["fragments-without-first"], len(parts) - 1)
            self.assertIn("%d fragments of UDP" % (len(parts) - 1), self.text(pcap([bytes(p) for p in parts[1:]], RAW)))

    def test_fragments_of_several(self):
        """Whose a later fragment is: by addresses and identifier, and the latest where they come again."""
        def parts(dst, number):
            return fragment(IP(src="172.16.1.1", dst=dst, id=number) / UDP(sport=4342, dport=4342) / bytes(900), 600)
        a, b, c, d = parts("172.16.1.2", 5), parts("172.16.1.3", 5), parts("172.16.1.2", 6), parts("172.16.1.2", 5)
        order = (a[0], b[0], c[0], a[1], c[1], b[1], d[0], d[1])
        found = self.packets(pcap([bytes(p) for p in order], RAW))
        self.assertEqual([p.get("first-fragment") for p in found], [None, None, None, 1, 3, 2, None, 7])

    def test_fragments_of_others(self):
        parts = fragment(IP(id=5) / UDP(sport=53, dport=53) / bytes(2000), 600)
        self.assertEqual(self.packets(pcap([bytes(p) for p in parts], RAW)), [])

    def test_cut_everywhere(self):
        """Each length of some packets: never more than an error in it, and always told to be cut."""
        for link, p in ((ETHERNET, Ether(**ETHER) / Dot1Q(vlan=3) / control(REPLY)),
                        (RAW, control(REPLY, "2001:db8::1", "2001:db8::2")),
                        (SLL2, CookedLinuxV2(proto=0x0800) / control(
                            data_header({"flags": "I", "instance-id": 5}) + bytes(IP() / UDP(dport=4342) / REPLY),
                            dport=4341, sport=61000)),
                        (SLL, CookedLinux(proto=0x0800) / control(
                            vxlan_header({"flags": "I", "vni": 5}) + bytes(Ether(**ETHER) / IPv6() / ICMP()),
                            dport=4789, sport=61000))):
            p = bytes(p)
            found = self.packets(pcap([(p[:n], len(p)) for n in range(len(p) + 1)], link))
            self.assertEqual(len(found), len(p) + 1)
            for n, one in enumerate(found[:-1]):
                self.assertEqual((one["captured"], one["length"]), (n, len(p)))
            self.assertNotIn("captured", found[-1])
            self.assertNotIn("error", json.dumps(found[-1]))
            self.assertIn(f"cut: {len(p) - 1} of {len(p)} bytes were captured\n", self.text(pcap([(p[:-1], len(p))], link)))


class Inside(Case):
    """Data packets and what is in them."""

    def data(self, header, inner, **more):
        capture = pcap([bytes(control(header + bytes(inner), sport=61000, dport=4341, **more))], RAW)
        return self.packets(capture)[0], self.text(capture).split("\n", 1)[1].rsplit("\n\n", 1)[0]

    def test_lisp(self):
        found, text = self.data(data_header({"flags": "NLEI", "nonce": 0xabcdef, "instance-id": 100, "lsb": 3}),
                                IP(src="10.1.1.4", dst="10.2.2.5", ttl=63, tos=0xb8) / TCP(sport=40000, dport=443))
        self.assertEqual(found["header"], {"flags": ["N", "L", "E", "I"], "kk": 0, "nonce": 0xabcdef, "echo": True,
                                           "source-version": None, "dest-version": None, "instance-id": 100, "lsb": 3,
                                           "next": None})
        self.assertEqual(text, """\
  LISP data, flags N L E I, nonce 0xabcdef (to be echoed), instance-ID 100, locator-status bits 0x3
    packet 10.1.1.4:40000 > 10.2.2.5:443, TCP, TTL 63, TOS 0xb8, 40 bytes""")
        _, text = self.data(data_header({"flags": "V", "source-version": 5, "dest-version": 4095}),
                            IPv6(src="fd00::1", dst="fd00::2", hlim=9, tc=4) / UDP(sport=1, dport=2) / b"x")
        self.assertEqual(text, """\
  LISP data, flags V, map-versions 5 > 4095
    packet [fd00::1]:1 > [fd00::2]:2, UDP, TTL 9, TOS 0x04, 49 bytes""")

    def test_gpe(self):
        ether = Ether(**ETHER) / Dot1Q(vlan=5) / IP(src="10.1.1.4", dst="10.2.2.5") / ICMP()
        for number, word, inner in ((1, "IPv4", IP(src="10.1.1.4", dst="10.2.2.5") / ICMP()),
                                    (2, "IPv6", IPv6(src="fd00::1", dst="fd00::2")), (3, "Ethernet", ether)):
            found, text = self.data(data_header({"flags": "P", "next": number}), inner)
            self.assertEqual(found["inner"]["source"], inner[IPv6 if number == 2 else IP].src)
            self.assertIn(f"  LISP data, flags P, next {word}\n", text)
        self.assertIn("""
    Ethernet 02:00:00:00:00:02 > 02:00:00:00:00:01, VLAN 5, type 0x0800
    packet 10.1.1.4 > 10.2.2.5, ICMP type 8 code 0, TTL 64, TOS 0x00, 28 bytes""", text)
        found, text = self.data(data_header({"flags": "P", "next": 4}), bytes(12))
        self.assertEqual(found["inner"], {"length": 12})
        self.assertTrue(text.endswith("next NSH\n    12 bytes inside, not looked into"), text)
        # P says IPv6, but the packet is IPv4
        found, text = self.data(data_header({"flags": "P", "next": 2}), IP())
        self.assertEqual(found["inner"]["error"]["field"], "IP version")

    def test_encrypted(self):
        found, text = self.data(data_header({"flags": "", "kk": 2}), b"secret")
        self.assertEqual((found["header"]["kk"], found["inner"]), (2, {"length": 6}))
        self.assertIn("encrypted with key 2\n    6 bytes inside, not looked into", text)

    def test_control_inside_data(self):
        """As a Map-Server behind an RTR answers (draft-ermagan-lisp-nat-traversal)."""
        found, text = self.data(data_header({"flags": "I", "instance-id": 0xffffff}), control(REPLY))
        self.assertEqual(found["inner"]["message"], dump(REPLY)[0])
        self.assertIn("      Map-Reply, nonce 0x0102030405060708, 40 bytes\n        EID 10.2.2.0/24, TTL 1440 min", text)

    def test_depth(self):
        p = bytes(IP() / ICMP())
        for _ in range(20):
            p = bytes(control(data_header({"flags": ""}) + p, sport=4341, dport=4341))
        inner = self.packets(pcap([p], RAW))[0]
        depth = 0
        while "inner" in inner:
            depth, inner = depth + 1, inner["inner"]
        self.assertEqual(depth, 4)

    def test_bad_inner(self):
        found, text = self.data(data_header({"flags": ""}), b"\x50" + bytes(30))
        self.assertEqual(found["inner"]["error"]["text"], "offset 0, IP version: is neither 4 nor 6 (RFC 9300 5)")
        self.assertTrue(text.endswith("error: offset 0, IP version: is neither 4 nor 6 (RFC 9300 5)"))
        found, _ = self.data(data_header({"flags": ""}), b"")
        self.assertEqual(found["inner"]["error"]["field"], "IP header")
        found, _ = self.data(data_header({"flags": ""})[:7], b"")
        self.assertEqual(found["error"]["clause"], "RFC 9300 5.1")
        _, text = self.data(data_header({"flags": ""}), bytes(IP() / ICMP() / bytes(100))[:40])
        self.assertIn("128 bytes, the last 88 of them are not there", text)

    def test_vxlan(self):
        inner = Ether(**ETHER) / IP(src="10.1.1.4", dst="10.2.2.5") / ICMP()
        capture = pcap([bytes(control(vxlan_header({"flags": "I", "vni": 0xabcdef}) + bytes(inner), dport=4789, sport=61000)),
                        bytes(control(vxlan_header({"flags": "IPBO", "vni": 5, "next": 1}) + bytes(inner[IP]), dport=4790,
                                      sport=61000)),
                        bytes(control(vxlan_header({"flags": "I", "vni": 6}) + bytes(inner), dport=4790, sport=61000)),
                        bytes(control(vxlan_header({"flags": ""}) + bytes(inner), dport=4789, sport=61000)),
                        bytes(control(b"\x08\0\0", dport=4789, sport=61000)),
                        # to VXLAN's own port P is reserved, and ignored (RFC 7348 section 5)
                        bytes(control(vxlan_header({"flags": "IP", "vni": 7, "next": 1}) + bytes(inner), dport=4789,
                                      sport=61000))], RAW)
        found = self.packets(capture)
        self.assertEqual([p["kind"] for p in found], ["vxlan", "vxlan-gpe", "vxlan-gpe", "vxlan", "vxlan", "vxlan"])
        self.assertEqual(found[0]["header"], {"flags": ["I"], "version": 0, "vni": 0xabcdef, "next": None})
        self.assertEqual(found[1]["header"], {"flags": ["I", "P", "B", "O"], "version": 0, "vni": 5, "next": 1})
        self.assertTrue(all(p["inner"]["destination"] == "10.2.2.5" for p in found[:4] + found[5:]))
        self.assertEqual((found[3]["error"]["reason"], found[4]["error"]["field"]), ("I is not set", "VXLAN header"))
        text = self.text(capture)
        self.assertIn("  VXLAN, flags I, VNI 11259375\n", text)
        self.assertIn("  VXLAN-GPE, flags I P B O, VNI 5, next IPv4\n", text)
        self.assertIn("  error: offset 0, flags: I is not set (RFC 7348 5)\n", text)


class Words(Case):
    """Messages and addresses as a person reads them."""

    ADDRESSES = [
        (NONE, "none"), (V4, "172.16.1.3"), (V6, "2001:db8::3"), (MAC, "00:00:5e:00:53:01"),
        (name("router.example"), '"router.example"'),
        (name('a\x1b[2J"\\'), '"a\\x1b[2J\\x22\\x5c"'),  # nothing from the network reaches the terminal as it is
        (lcaf(0), "{null body}"),
        (lcaf(1, addresses=[V4, V6]), "{list 172.16.1.3, 2001:db8::3}"),
        (lcaf(1, addresses=[]), "{list none}"),
        (lcaf(2, iid=100, address=V4), "[100] 172.16.1.3"),
        (lcaf(2, iid=0x640000, mask_len=8, address=NONE), "[6553600/8] none"),
        (lcaf(3, asn=4200000001, address=V4), "{AS 4200000001, address 172.16.1.3}"),
        (lcaf(4, tos=0xb8, protocol=6, local=[1024, 65535], remote=[443, 444], address=V4),
         "{application: TOS 0x0000b8, protocol 6, local ports 1024 to 65535, remote ports 443 to 444, address 172.16.1.3}"),
        (lcaf(5, latitude={"north": True, "degrees": 51, "minutes": 28, "seconds": 38},
              longitude={"east": False, "degrees": 0, "minutes": 1, "seconds": 5}, altitude=-46, address=V4),
         "{at 51 deg 28 min 38 s N, 0 deg 1 min 5 s W, altitude -46 m, address 172.16.1.3}"),
        (lcaf(5, latitude={"north": False, "degrees": 90, "minutes": 0, "seconds": 0},
              longitude={"east": True, "degrees": 180, "minutes": 0, "seconds": 0}, altitude=0x7fffffff, address=NONE),
         "{at 90 deg 0 min 0 s S, 180 deg 0 min 0 s E, address none}"),
        (lcaf(6, field_num=3, wildcards=5, key="0102"), "{opaque key 0102, fields 4, wildcards 0x0005}"),
        (lcaf(7, ms_port=4342, etr_port=61000, global_etr=ip("198.51.100.7"), ms=ip("192.0.2.1"), private_etr=ip("10.0.0.7"),
              rtrs=[ip("203.0.113.1"), V6]),
         "{NAT: Map-Server port 4342, ETR port 61000, global ETR 198.51.100.7, Map-Server 192.0.2.1, private ETR 10.0.0.7, "
         "RTRs 203.0.113.1, 2001:db8::3}"),
        (lcaf(8, nonce=0xabcdef, address=V4), "{nonce 0xabcdef, address 172.16.1.3}"),
        (lcaf(9, iid=100, source_mask_len=32, group_mask_len=4, source=V4, group=ip("224.0.0.0")),
         "{multicast [100] (172.16.1.3/32, 224.0.0.0/4)}"),
        (lcaf(10, hops=[{"flags": ["S"], "address": V4}, {"flags": ["L", "P"], "address": V6}, {"address": V4}]),
         "{path 172.16.1.3 strict > 2001:db8::3 lookup probe > 172.16.1.3}"),
        (lcaf(10, hops=[]), "{path of no hops}"),
        (lcaf(11, algorithm=2, revoke=True, keys=["0011", "a5"], address=V4),
         "{revoked security keys: algorithm 2, 2 of 2, 1 bytes, locator 172.16.1.3}"),
        (lcaf(12, source_mask_len=24, dest_mask_len=32, source=ip("10.1.1.0"), dest=V4), "{from 10.1.1.0/24 to 172.16.1.3/32}"),
        (lcaf(13, entries=[{"level": 0, "address": V4}, {"level": 128, "address": name("rtr")}]),
         '{replicate to 172.16.1.3 level 0, "rtr" level 128}'),
        (lcaf(14, binary=False, json=b'{"a":1}\n'.hex(), address=V4), '{JSON {"a":1}\\x0a, address 172.16.1.3}'),
        (lcaf(14, binary=True, json="ff00a0", address=NONE), "{binary JSON ff00a0}"),
        (lcaf(15, key=V4, value=name("blue")), '{key 172.16.1.3, value "blue"}'),
        (lcaf(16, formats=0x7f, address=V4), "{encapsulations LISP L2-LISP VXLAN VXLAN-GPE NVGRE GENEVE GUE, address 172.16.1.3}"),
        (lcaf(16, formats=0, address=V4), "{encapsulations none, address 172.16.1.3}"),
        (lcaf(255, oui=0x00005e, data="c0ffee"), "{vendor 00005e, data c0ffee}"),
        (lcaf(200, payload="0badcafe"), "{LCAF type 200, 4 bytes 0badcafe}"),
        (lcaf(1, addresses=[lcaf(2, iid=5, address=lcaf(3, asn=7, address=MAC))]),
         "{list [5] {AS 7, address 00:00:5e:00:53:01}}"),
    ]

    def test_addresses(self):
        for address, words in self.ADDRESSES:
            with self.subTest(words):
                body = self.body(message(reply(record(locators=[locator(address)]))))
                self.assertEqual(body.split("\n")[-1],
                                 f"      locator {words}, priority 1, weight 100, multicast 255/0, reachable")

    def test_bad_address(self):
        """One locator that is malformed costs none of the others."""
        good = message(reply(record(locators=[locator(lcaf(3, asn=5, address=V4)), locator(V4)])))
        at = good.index(b"\x40\x03")
        bad = good[:at + 12] + b"\xff\xff" + good[at + 14:]  # an AFI that nobody knows
        lines = self.body(bad).split("\n")
        self.assertTrue(lines[2].startswith("      locator malformed as-number: offset "), lines[2])
        self.assertTrue(lines[3].startswith("      locator 172.16.1.3, priority 1"), lines[3])

    def test_map_request(self):
        m = {"type": 1, "nonce": NONCE, "flags": list("AMPSpsILD"), "source-address": lcaf(2, iid=7, address=ip("10.1.1.4")),
             "itr-addresses": [V4, V6, lcaf(0)], "xtr-id": "00" * 15 + "01", "site-id": "00" * 7 + "02",
             "records": [{"notify": True, "mask-len": 32, "address": lcaf(2, iid=7, address=ip("10.2.2.5"))},
                         {"mask-len": 48, "address": MAC}], "map-data": record(locators=[locator(V4, ["L", "p"])])}
        self.assertEqual(self.body(message(m)), """\
  Map-Request, nonce 0x0102030405060708, flags A (authoritative), M (mapping of the asker), P (probe), S (SMR), p (from a PITR), \
s (SMR-invoked), I (xTR-ID), L (local xTR), D (do not reply), %d bytes
    asks for [7] 10.2.2.5/32, and to be told of changes (N)
    asks for 00:00:5e:00:53:01/48
    source EID [7] 10.1.1.4, ITR-RLOCs 172.16.1.3, 2001:db8::3, {null body}
    own mapping 10.2.2.0/24, TTL 1440 min, no-action
      locator 172.16.1.3, priority 1, weight 100, multicast 255/0, local, probed, not reachable
    xTR-ID 00000000000000000000000000000001, site-ID 0000000000000002""" % len(message(m)))

    def test_map_reply(self):
        m = reply(record(act=1, authoritative=True, ttl=15), record(ip("fd00::"), 8, [locator(V6)], ttl=0xffffffff,
                                                                    **{"map-version": 9}),
                  record(NONE, 0), flags=["P", "E"])
        self.assertEqual(self.body(message(m)), """\
  Map-Reply, nonce 0x0102030405060708, flags P (probe), E (echo-nonce), %d bytes
    EID 10.2.2.0/24, TTL 15 min, natively-forward, authoritative, no locators
    EID fd00::/8, TTL: the receiver decides, no-action, map-version 9
      locator 2001:db8::3, priority 1, weight 100, multicast 255/0, reachable
    EID none, TTL 1440 min, no-action, no locators""" % len(message(m)))

    def test_map_register_and_notify(self):
        m = {"type": 3, "nonce": NONCE, "flags": list("PSIETaM"), "key-id": 1, "algorithm": 2, "auth-data": "b2" * 32,
             "xtr-id": "00" * 15 + "01", "site-id": "00" * 7 + "02", "records": [record(locators=[locator(V4)])]}
        self.assertEqual(self.body(message(m)), """\
  Map-Register, nonce 0x0102030405060708, flags P (proxy-reply), S (LISP-SEC), I (xTR-ID), E (EID-notify), T (use TTL), a (merge), \
M (want Map-Notify), 100 bytes
    authentication: algorithm 2 (sha256), key-id 1, 32 bytes %s
    xTR-ID 00000000000000000000000000000001, site-ID 0000000000000002
    EID 10.2.2.0/24, TTL 1440 min, no-action
      locator 172.16.1.3, priority 1, weight 100, multicast 255/0, reachable""" % ("b2" * 32))
        for kind, word in ((4, "Map-Notify"), (5, "Map-Notify-Ack")):
            body = self.body(message({"type": kind, "nonce": NONCE, "records": [], "algorithm": 0, "auth-data": ""}))
            self.assertTrue(body.startswith(f"  {word}, nonce 0x{NONCE}, 16 bytes\n    authentication: algorithm 0 "), body)

    def test_map_referral(self):
        signature = {"original-ttl": 1440, "expiration": 1700003600, "inception": 1700000000, "key-tag": 7, "algorithm": 2,
                     "signature": "0a0b"}
        m = {"type": 6, "nonce": NONCE, "records": [record(locators=[locator(V4)], act=1, incomplete=True,
                                                           signatures=[signature])]}
        self.assertEqual(self.body(message(m)), """\
  Map-Referral, nonce 0x0102030405060708, 62 bytes
    EID 10.2.2.0/24, TTL 1440 min, ms-referral, incomplete
      locator 172.16.1.3, priority 1, weight 100, multicast 255/0, reachable
      signature: algorithm 2, key tag 7, original TTL 1440 min, from 2023-11-14T22:13:20Z, to 2023-11-14T23:13:20Z, 2 bytes 0a0b""")

    def test_info(self):
        m = {"type": 7, "nonce": NONCE, "key-id": 0, "algorithm": 2, "auth-data": "b2" * 32, "ttl": 5, "mask-len": 24,
             "eid-address": ip("10.1.1.0"), "info-address": NONE}
        self.assertEqual(self.body(message(m)), """\
  Info-Request, nonce 0x0102030405060708, 62 bytes
    authentication: algorithm 2, key-id 0, 32 bytes %s
    EID 10.1.1.0/24, TTL 5 min, none""" % ("b2" * 32))
        m.update({"flags": ["R"], "info-address": lcaf(7, ms_port=4342, etr_port=1, global_etr=V4, ms=V4, private_etr=V4)})
        self.assertIn("  Info-Reply, nonce 0x0102030405060708, flags R (reply), ", self.body(message(m)))

    def test_ecm_and_lisp_sec(self):
        request = {"type": 1, "nonce": NONCE, "itr-addresses": [V4], "records": [{"mask-len": 32, "address": ip("10.2.2.5")}]}
        m = {"type": 8, "flags": ["S", "D"], "inner-source": "10.1.1.4", "inner-destination": "10.2.2.5",
             "inner-source-port": 61616, "inner-destination-port": 4342, "inner": request,
             "sec": {"hmac-id": 2, "key-id": 3, "wrap-id": 1, "otk": "e0" * 24, "eid-ad": {"kdf-id": 1}}}
        self.assertEqual(self.body(message(m)), """\
  Encapsulated Control Message, flags S (LISP-SEC), D (DDT), %d bytes
    LISP-SEC: asks for HMAC 2, one-time key wrapped by 1 with key-id 3, 24 bytes
      EID authentication data: KDF 1
    inner 10.1.1.4:61616 > 10.2.2.5:4342
    Map-Request, nonce 0x0102030405060708, %d bytes
      asks for 10.2.2.5/32
      source EID none, ITR-RLOCs 172.16.1.3""" % (len(message(m)), len(message(request))))
        ad = {"kdf-id": 1, "E": True, "hmac-id": 2, "hmac": "d0" * 2, "records": [{"mask-len": 24, "address": ip("10.2.2.0")}]}
        m = reply(record(locators=[locator(V4)]), flags=["S"], sec={"hmac-id": 2, "hmac": "f0" * 2, "eid-ad": ad})
        self.assertTrue(self.body(message(m)).endswith("""
    LISP-SEC: HMAC 2 of the packet, 2 bytes f0f0
      EID authentication data: KDF 1, HMAC 2, 2 bytes d0d0, the ETR cannot sign (E)
        EID 10.2.2.0/24"""), self.body(message(m)))

    def test_extension_and_vendor(self):
        self.assertEqual(self.body(message({"type": 15, "subtype": 1, "data": "0001"})),
                         "  Shared Extension, 4 bytes\n    sub-type 1, data 0001")
        body = self.body(message(reply(record(lcaf(255, oui=1, data=""), 0))))
        self.assertIn("(RFC 9306 4)\n", body)

    def test_malformed_message(self):
        self.assertEqual(self.body(REPLY[:-1]), """\
  LISP control message, 39 bytes
    error: %s""" % dump(REPLY[:-1])[0]["error"]["text"])
        self.assertRegex(dump(REPLY[:-1])[0]["error"]["text"], r"^offset \d+, .+: .+ \(RFC 9301 5\.[14]\)$")
        self.assertIn("error: offset 0, ", self.body(b"\x00\x00\x00\x00"))
        self.assertIn("error: ", self.body(b""))

    def test_packet_line(self):
        self.assertEqual(self.text(pcap([bytes(control(REPLY, "2001:db8::1", "2001:db8::2", 50000))], RAW)).split("\n")[0],
                         "#1 2026-09-21 14:13:20.123456Z [2001:db8::1]:50000 > [2001:db8::2]:4342, TTL 64, TOS 0x00, 88 bytes")


class Garbage(Case):
    GOOD = bytes(Ether(**ETHER) / control(REPLY))

    def test_files(self):
        good = pcap([self.GOOD])
        for what, file in (("empty", b""), ("text", b"this is no capture\n" * 20), ("half a header", good[:20]),
                           ("magic alone", good[:4]), ("pcapng that ends", b"\x0a\x0d\x0d\x0a" + bytes(3)),
                           ("pcapng with lengths of 0", b"\x0a\x0d\x0d\x0a" + bytes(60))):
            with self.subTest(what):
                err, out = self.fails("decode", "-", stdin=file)
                self.assertTrue(err.startswith("xtrctl: standard input: "), err)
                self.assertEqual(out, b"")
        for link in (105, 147, 999):  # IEEE 802.11, private, unassigned
            err, _ = self.fails("decode", "-", stdin=pcap([self.GOOD], link))
            self.assertIn("is not Ethernet, raw IP or Linux cooked", err)
        err, _ = self.fails("decode", "/nowhere/at.pcap")
        self.assertEqual(err, "xtrctl: /nowhere/at.pcap: No such file or directory\n")
        self.fails("decode", "/")
        self.fails("decode")
        self.fails("decode", "a", "b")

    def test_file_that_ends_in_a_packet(self):
        """As tcpdump leaves it when it is killed: what is whole is printed, and a document all the same."""
        whole = pcap([self.GOOD, self.GOOD])
        for cut in (1, len(self.GOOD) - 1, len(self.GOOD) + 15):
            err, out = self.fails("decode", "-", "--json", stdin=whole[:-cut])
            self.assertIn("after 1 packets: truncated dump file", err)
            self.assertEqual(json.loads(out)["summary"]["shown"], 1)
        err, out = self.fails("decode", "-", stdin=whole[:-1])
        self.assertTrue(out.decode().endswith("1 of 1 packets shown\n"))

    def test_garbage_between(self):
        """A line each, and the rest goes on."""
        ether = bytes(Ether(type=0x0800, **ETHER))
        long_udp = bytearray(self.GOOD)
        long_udp[14 + 20 + 4:14 + 20 + 6] = b"\xff\xff"
        short_udp = bytearray(self.GOOD)
        short_udp[14 + 20 + 4:14 + 20 + 6] = b"\0\x07"
        long_ip = bytearray(self.GOOD)
        long_ip[16:18] = b"\x7f\xff"
        bad = [(b"", "Ethernet header"), (ether[:13], "Ethernet header"), (ether, "IP header"), (ether + b"\x60" * 60, "IP version"),
               (ether + b"\x44" * 60, "IHL"), (ether + b"\x45" * 10, "IPv4 header"), (ether + b"\x4f" * 24, "IHL"),
               (ether + b"\x45\0\0\x13" + bytes(60), "total length"), (long_udp, "UDP length"), (short_udp, "UDP length"),
               (long_ip, "IP length"), (bytes(Ether(type=0x8100, **ETHER)) + b"\0", "VLAN tag"),
               (bytes(Ether(**ETHER) / IPv6(nh=0, plen=4)) + bytes(4), "extension header"),
               (bytes(Ether(**ETHER) / IPv6(nh=60, plen=22)) + b"\x11\xff" + bytes(20), "extension header")]
        packets = []
        for p, _ in bad:
            packets += [bytes(p), self.GOOD]
        found = self.packets(pcap(packets))
        self.assertEqual([p["message"]["name"] for p in found[1::2]], ["Map-Reply"] * len(bad))
        for one, (_, field) in zip(found[::2], bad):
            self.assertIn(field, one["error"]["field"])
            self.assertRegex(one["error"]["text"], r"^offset \d+, .+: .+ \(.+\)$")
        text = self.text(pcap(packets[:4]))
        self.assertEqual(text.count("error: offset 0, Ethernet header: packet ends inside it (IEEE 802.3 3.2)\n"), 2)

    def test_random_packets(self):
        """What the sanitizers would find; the same each time."""
        rng = random.Random(4)
        seeds = [bytes(Ether(**ETHER) / p) for p in (
            control(REPLY), control(REPLY, "2001:db8::1", "2001:db8::2"),
            control(data_header({"flags": "I", "instance-id": 5}) + bytes(control(REPLY)), dport=4341, sport=9),
            control(vxlan_header({"flags": "I", "vni": 5}) + bytes(Ether(**ETHER) / Dot1Q() / control(REPLY)), dport=4789, sport=9),
            IPv6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(m=1) / UDP(sport=4342, dport=4342) / REPLY)]
        seeds += [bytes(Ether(**ETHER) / control(message(reply(record(a, 0, [locator(a)]))))) for a, _ in Words.ADDRESSES]
        for link, start in ((ETHERNET, 0), (RAW, 14), (SLL, 0), (SLL2, 0), (IPV4, 14), (IPV6, 14)):
            packets = []
            for _ in range(3000):
                p = bytearray(rng.choice(seeds)[start:])
                for _ in range(rng.randint(0, 6)):
                    p[rng.randrange(len(p))] = rng.choice((0, 1, 2, 4, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xff, rng.randrange(256)))
                if rng.random() < 0.3:
                    del p[rng.randrange(len(p)):]
                packets.append((bytes(p), len(p) + (rng.randrange(100) if rng.random() < 0.2 else 0)))
            packets += [rng.randbytes(rng.randrange(120)) for _ in range(500)]
            capture = pcap(packets, link)
            document = self.decode(capture)
            self.assertEqual(document["summary"]["read"], len(packets))
            self.assertEqual(document["summary"]["shown"], len(document["packets"]))
            blocks = self.text(capture).split("\n\n")  # all ASCII, all printable: text() and this see to that
            self.assertEqual(len(blocks), len(document["packets"]) + 1)
            self.assertFalse([c for c in "".join(blocks) if not (c.isprintable() or c == "\n")])

    def test_random_files(self):
        rng = random.Random(5)
        good = pcap([self.GOOD] * 5)
        for _ in range(60):
            file = bytearray(good)
            for _ in range(rng.randint(1, 8)):
                file[rng.randrange(len(file))] = rng.randrange(256)
            done = run("decode", "-", "--json", stdin=bytes(file[:rng.randrange(len(file) + 1)]))
            self.assertIn(done.returncode, (0, 1))
            self.assertEqual(done.stderr.count(b"\n"), done.returncode, done.stderr)
            if done.stdout:
                json.loads(done.stdout)

    def test_times_that_are_none(self):
        for when, nano in (((0xffffffff, 0xffffffff), True), ((5, 4000000000), False)):
            capture = pcap([self.GOOD], nano=nano, when=when)
            self.assertIsNone(self.packets(capture)[0]["time"])
            self.assertTrue(self.text(capture).startswith("#1 172.16.1.1:4342 > "))


class Prompt(Case):
    def test_in_a_script(self):
        path = sorted(CAPTURES.glob("*.pcap"))[0]
        done = run(stdin=f"decode {path}\n".encode())
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, run("decode", str(path)).stdout)

    def test_standard_input_is_taken(self):
        done = run(stdin=b"decode -\n")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_full_disk(self):
        path = sorted(CAPTURES.glob("*.pcap"))[0]
        with open("/dev/full", "wb") as full:
            done = subprocess.run([XTRCTL, "decode", str(path)], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT)
        self.assertEqual((done.returncode, done.stderr), (1, b"xtrctl: cannot write: No space left on device\n"))


if __name__ == "__main__":
    XTRCTL, DUMP = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
