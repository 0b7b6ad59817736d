#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Makes tests/fuzz/corpus: make_corpus.py BUILD

msg/   the control messages of tests/captures and of tests/unit/wire_vectors.h, and what the generator of the property
       tests (BUILD/tests/unit/test_wire_property) makes of each type;
lcaf/  addresses of all kinds (BUILD/tests/unit/test_lcaf_property);
data/  data headers;
icmp/  ICMP and ICMPv6 errors about LISP packets, made with scapy, a byte in front as fuzz_icmp.c has it.

A file each, no two alike in what matters, below 1 kB, named by what they hold, so that a second run changes nothing.
With --merge BUILD_FUZZ FOUND it adds the inputs of the directory FOUND/TARGET that a run of fuzzing found and that reach
lines that the others do not (libFuzzer's -merge=1 decides), as far as they are small.
"""
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
CORPUS = TESTS / "fuzz" / "corpus"
SIZE_MAX = 1000  # bytes a file
# Target and the directory that what it finds is kept in.
TARGETS = {"fuzz_msg": "msg", "fuzz_ecm": "msg", "fuzz_lcaf": "lcaf", "fuzz_data": "data", "fuzz_icmp": "icmp"}


def captured(path):
    command = ["tshark", "-r", str(path), "-Y", "lisp and not icmp and not icmpv6", "-T", "fields", "-e", "udp.payload"]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [field for line in out.splitlines() for field in line.split(",")]


def by_hand(path):
    """What the macros of a header say, by the preprocessor's word; parts of messages are as good as messages."""
    text = re.sub(r"^#include.*$", "", path.read_text(), flags=re.M)
    source = text + "".join("@ %s\n" % name for name in re.findall(r"^#define (V_\w+)\s", text, re.M))
    command = ["cc", "-E", "-P", "-x", "c", "-"]
    out = subprocess.run(command, input=source, check=True, stdout=subprocess.PIPE, text=True).stdout
    texts = ["".join(re.findall(r'"([^"]*)"', part)).replace(" ", "") for part in out.split("@")[1:]]
    return [text for text in texts if re.fullmatch("([0-9a-f]{2}){4,}", text)]


def keep(kind, name, data):
    directory = CORPUS / kind
    directory.mkdir(parents=True, exist_ok=True)
    if len(data) < SIZE_MAX:
        (directory / ("%s-%s" % (name, hashlib.sha256(data).hexdigest()[:12]))).write_bytes(data)


def known():
    shapes = set()
    messages = by_hand(TESTS / "unit" / "wire_vectors.h")
    for path in sorted((TESTS / "captures").glob("*.pcap")):
        messages += captured(path)
    for message in map(bytes.fromhex, messages):
        # Messages that differ in nonce and authentication data only teach a fuzzer nothing.
        shape = message[:4] + message[12:16] + message[36 if message[0] >> 4 in (3, 4, 5) else 16:]
        shape = message[:4] + message[32:36] + message[44:] if message[0] >> 4 == 8 else shape
        if shape not in shapes:
            shapes.add(shape)
            keep("msg", "type%d" % (message[0] >> 4), message)


def generated(build):
    for test, kinds in (("wire", {"type": "msg", "data": "data", "vxlan": "data"}), ("lcaf", {"lcaf": "lcaf", "addr": "lcaf"})):
        with tempfile.TemporaryDirectory() as made:
            program = pathlib.Path(build, "tests", "unit", "test_%s_property" % test)
            subprocess.run([program, "--corpus", made], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for path in sorted(pathlib.Path(made).iterdir()):
                name = path.name.split("-")[0]
                keep(kinds[re.match("[a-z]+", name)[0]], name, path.read_bytes())


def errors():
    from scapy.layers.inet import ICMP, IP, UDP
    from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, IPv6ExtHdrFragment
    from scapy.packet import Raw
    lisp = Raw(b"\x08" + bytes(5) + b"\x05" + b"\0")
    inner = {4: IP(src="10.1.1.4", dst="10.2.2.5") / UDP(sport=1, dport=2) / Raw(bytes(40)),
        6: IPv6(src="2001:db8:1::4", dst="2001:db8:2::5") / UDP(sport=1, dport=2) / Raw(bytes(40))}
    udp = UDP(sport=50000, dport=4341, chksum=0)
    of4 = {"too-big": ICMP(type=3, code=4, nexthopmtu=1400), "old": ICMP(type=3, code=4), "host": ICMP(type=3, code=1),
        "prohibited": ICMP(type=3, code=13), "time": ICMP(type=11)}
    of6 = {"too-big": ICMPv6PacketTooBig(mtu=1400), "host": ICMPv6DestUnreach(code=3), "time": ICMPv6TimeExceeded(),
        "prohibited": ICMPv6DestUnreach(code=1)}
    for v, about in inner.items():
        outer4 = bytes(IP(src="192.0.2.1", dst="192.0.2.2", flags="DF", id=0) / udp / lisp / about)
        outer6 = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / udp / lisp / about)
        part6 = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrFragment(id=7, m=1) / udp / lisp / about)
        for name, icmp in of4.items():
            for quote in (28, 36, 56, 500):
                p = IP(src="198.51.100.7", dst="192.0.2.1") / icmp / Raw(outer4[:quote])
                keep("icmp", "4in%d-%s-%d" % (v, name, quote), b"\1" + bytes(p))
        for name, icmp in of6.items():
            for outer in (outer6, part6):
                p = IPv6(src="2001:db8:99::7", dst="2001:db8::1") / icmp / Raw(outer)
                keep("icmp", "6in%d-%s" % (v, name), b"\1" + bytes(p))


def merge(build, found):
    for target, kind in TARGETS.items():
        inputs = pathlib.Path(found, target)
        if not inputs.is_dir():
            continue
        with tempfile.TemporaryDirectory() as merged:
            # The first directory takes what the others add to it.
            for path in (CORPUS / kind).iterdir():
                pathlib.Path(merged, path.name).write_bytes(path.read_bytes())
            before = {path.name for path in pathlib.Path(merged).iterdir()}
            program = pathlib.Path(build, "tests", "fuzz", target)
            subprocess.run([program, "-set_cover_merge=1", "-use_counters=0", merged, inputs], check=True, stderr=subprocess.DEVNULL)
            for path in pathlib.Path(merged).iterdir():
                if path.name not in before:
                    keep(kind, "found-" + target.removeprefix("fuzz_"), path.read_bytes())


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--merge":
        merge(*sys.argv[2:])
    elif len(sys.argv) == 2:
        known()
        generated(sys.argv[1])
        errors()
    else:
        print(__doc__, file=sys.stderr)
        return 2
    for kind in sorted(set(TARGETS.values())):
        print("%d inputs in %s" % (len(list((CORPUS / kind).iterdir())), kind))
    return 0


if __name__ == "__main__":
    sys.exit(main())
