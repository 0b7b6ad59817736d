# SPDX-License-Identifier: BSD-3-Clause
"""
A host that scans: UDP to random addresses of a prefix, as frames to one MAC address, at a rate, until it is ended.

    flood.py IFACE MAC SOURCE FIRST COUNT RATE     destinations: COUNT addresses from FIRST on

At SIGTERM it prints how many it has sent.
"""

import ipaddress
import random
import signal
import socket
import struct
import sys
import time

import lisp

FRAMES = 8192  # prepared ones
BATCH = 32     # between two looks at the clock


def frames(iface_mac, mac, source, first, count):
    ethernet = bytes.fromhex(mac.replace(":", "")) + iface_mac + b"\x08\x00"
    for _ in range(FRAMES):
        dst = ipaddress.IPv4Address(int(ipaddress.IPv4Address(first)) + random.randrange(count)).packed
        ip = bytearray(struct.pack("!BBHHHBBH", 0x45, 0, 46, random.randrange(65536), 0, 64, 17, 0) +
            ipaddress.IPv4Address(source).packed + dst)
        ip[10:12] = struct.pack("!H", lisp.checksum(bytes(ip)))
        udp = struct.pack("!HHHH", random.randrange(1024, 65536), 9, 26, 0)
        yield ethernet + bytes(ip) + udp + bytes(18)


def main():
    iface, mac, source, first, count, rate = sys.argv[1:]
    rate = int(rate)
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((iface, 0))
    ready = list(frames(s.getsockname()[4], mac, source, first, int(count)))
    print("sending", flush=True)
    begin, sent = time.monotonic(), 0
    while not stop:
        ahead = sent / rate - (time.monotonic() - begin)
        if ahead > 0:
            time.sleep(ahead)
        for _ in range(BATCH):
            try:
                s.send(ready[random.randrange(FRAMES)])
                sent += 1
            except OSError:
                pass  # the interface's queue is full
    print("sent %d in %.3f s" % (sent, time.monotonic() - begin), flush=True)


main()
