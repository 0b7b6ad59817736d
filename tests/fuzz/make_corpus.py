#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes tests/fuzz/corpus: the control messages of tests/captures and of tests/unit/wire_vectors.h, a file each, no two
alike. Files are named by what they hold, so that a second run changes nothing."""
import hashlib
import pathlib
import re
import subprocess
import sys


def captured(path):
    command = ["tshark", "-r", str(path), "-Y", "lisp and not icmp and not icmpv6", "-T", "fields", "-e", "udp.payload"]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [field for line in out.splitlines() for field in line.split(",")]


def by_hand(path):
    text = path.read_text().replace("\\\n", " ")
    macros = {}
    for name, body in re.findall(r"^#define (V_\w+)\s+(.*)$", text, re.M):
        macros[name] = "".join(quoted or macros[word] for quoted, word in re.findall(r'"([^"]*)"|(V_\w+)', body))
    return [body.replace(" ", "") for name, body in macros.items() if name not in ("V_NONCE", "V_REGISTER_RECORD", "V_IDS")]


def main():
    tests = pathlib.Path(__file__).resolve().parent.parent
    corpus = tests / "fuzz" / "corpus"
    corpus.mkdir(exist_ok=True)
    shapes = set()
    messages = by_hand(tests / "unit" / "wire_vectors.h")
    for path in sorted((tests / "captures").glob("*.pcap")):
        messages += captured(path)
    for message in map(bytes.fromhex, messages):
        # Messages that differ in nonce and authentication data only teach a fuzzer nothing.
        shape = message[:4] + message[12:16] + message[36 if message[0] >> 4 in (3, 4, 5) else 16:]
        shape = message[:4] + message[32:36] + message[44:] if message[0] >> 4 == 8 else shape
        if shape not in shapes:
            shapes.add(shape)
            name = "type%d-%s" % (message[0] >> 4, hashlib.sha256(message).hexdigest()[:12])
            (corpus / name).write_bytes(message)
    print(f"{len(shapes)} messages in {corpus.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
