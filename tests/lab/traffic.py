# SPDX-License-Identifier: BSD-3-Clause
"""What hosts send each other: pings, numbered UDP streams, TCP, pages; and raw frames for tests that craft them."""

import collections
import contextlib
import json
import re
import select
import socket
import struct
import sys
import threading
import time

from proc import wait_until

# Linux; Python has no names for them
SO_RCVBUFFORCE = 33
IP_RECVERR, IPV6_RECVERR = 11, 25


def family(ip):
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def url(ip, path=""):
    return "http://%s/%s" % ("[%s]" % ip if ":" in ip else ip, path)

Ping = collections.namedtuple("Ping", "sent received duplicates rtts text")


def ping(lab, name, target, count=5, interval=0.2, wait=5, source=None, size=None, options=(), check=True):
    """Real pings. rtts in ms. With check, every one is answered once, or the assertion carries ping's words."""
    argv = ["ping", "-n", "-c", count, "-i", interval, "-W", wait, *options]
    argv += ["-I", source] if source else []
    argv += ["-s", size] if size is not None else []
    r = lab.run(name, *argv, target, check=False, timeout=count * (interval + 1) + wait + 20)
    m = re.search(r"(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?", r.stdout)
    assert m, "ping said: %s%s" % (r.stdout, r.stderr)
    got = Ping(int(m[1]), int(m[2]), int(m[3] or 0), [float(t) for t in re.findall(r"time=([\d.]+) ms", r.stdout)],
        r.stdout)
    if check:
        assert (got.received, got.duplicates) == (count, 0), r.stdout
        assert "From " not in r.stdout, r.stdout
    return got


class Stream:
    """
    Numbered UDP datagrams from one namespace to another at a rate, received and accounted for.

    start(), later finish(): sends no more, waits until all are there or `grace` seconds pass, and fills
    sent, received, lost (numbers), reordered, duplicates, foreign (datagrams that are not of this stream).
    """

    def __init__(self, lab, source, source_ip, target, target_ip, port, rate=1000, size=64, count=None, tos=None):
        self.rate, self.count, self.size = rate, count, max(size, 16)
        self.tag = struct.pack("!II", 0x58545244, port)
        self.dst = (target_ip, port)
        with lab.inside(target):
            self.rx = socket.socket(family(target_ip), socket.SOCK_DGRAM)
            self.rx.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            self.rx.bind((target_ip, port))
        with lab.inside(source):
            self.tx = socket.socket(family(source_ip), socket.SOCK_DGRAM)
            self.tx.bind((source_ip, 0))
            if tos is not None:
                self.tx.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        self.sent = self.foreign = self.send_errors = 0
        self.seen = []  # numbers as they arrived
        self.stamps = []  # when, monotonic seconds
        self._stop = threading.Event()
        self._done = threading.Event()

    def start(self):
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._receive, self._send)]
        for t in self._threads:
            t.start()
        return self

    def _send(self):
        begin = time.monotonic()
        pad = bytes(self.size - 16)
        while not self._stop.is_set() and (self.count is None or self.sent < self.count):
            due = begin + self.sent / self.rate
            now = time.monotonic()
            if due > now:
                time.sleep(due - now)
            try:
                self.tx.sendto(self.tag + struct.pack("!Q", self.sent) + pad, self.dst)
            except OSError:
                self.send_errors += 1  # e.g. an ICMP error came back: counted, and the number is lost below
            self.sent += 1

    def _receive(self):
        self.rx.settimeout(0.05)
        while not self._done.is_set():
            try:
                d = self.rx.recv(65536)
            except TimeoutError:
                continue
            if len(d) != self.size or d[:8] != self.tag:
                self.foreign += 1
                continue
            self.stamps.append(time.monotonic())
            self.seen.append(struct.unpack("!Q", d[8:16])[0])

    def wait_sent(self, limit):
        """For a stream with a count: all are sent."""
        self._threads[1].join(limit)
        assert not self._threads[1].is_alive(), "the stream was not sent in %g s" % limit

    def finish(self, grace=3.0):
        self._stop.set()
        self._threads[1].join(10)
        end = time.monotonic() + grace
        while len(set(self.seen)) < self.sent and time.monotonic() < end:
            time.sleep(0.02)
        self._done.set()
        self._threads[0].join(10)
        self.rx.close()
        self.tx.close()
        got = collections.Counter(self.seen)
        self.received = len(got)
        self.lost = [n for n in range(self.sent) if n not in got]
        self.duplicates = sum(c - 1 for c in got.values())
        self.reordered = sum(1 for a, b in zip(self.seen, self.seen[1:]) if b < a)
        return self

    def finish_sent(self, limit=20):
        """For a stream with a count: all are sent, and have come as perfect() asks."""
        self.wait_sent(limit)
        self.finish().perfect()

    def perfect(self):
        """Nothing lost, nothing twice, everything in order, nothing of others."""
        assert self.sent and not self.lost and not self.send_errors, "%d sent, lost %d: %s" % (
            self.sent, len(self.lost), self.lost[:20])
        assert (self.duplicates, self.reordered, self.foreign) == (0, 0, 0), (
            self.duplicates, self.reordered, self.foreign)

    def longest_gap(self):
        """Seconds between two arrivals, at most."""
        return max((b - a for a, b in zip(self.stamps, self.stamps[1:])), default=0.0)


def know_the_way(lab, name, router):
    """
    The kernels on the way to the first xtrd know their neighbours: where one has just been found, Linux sends what waited
    for it while the sender goes past already, and a stream without gaps is out of order before it comes to us.
    """
    ping(lab, name, router, 1)


TRIES = 3  # probes of a hop, since Linux limits the rate of its ICMP


def traceroute(lab, name, target, source=None, max_hops=8, wait=1.0):
    """UDP traceroute: who answers at TTL 1, 2, ... up to the target; None where nobody does."""
    hops = []
    level, errors, hop_limit = ((socket.IPPROTO_IPV6, IPV6_RECVERR, socket.IPV6_UNICAST_HOPS) if ":" in target else
        (socket.IPPROTO_IP, IP_RECVERR, socket.IP_TTL))
    with lab.inside(name):
        s = socket.socket(family(target), socket.SOCK_DGRAM)
    with contextlib.closing(s):
        s.setsockopt(level, errors, 1)
        if source:
            s.bind((source, 0))
        for ttl in range(1, max_hops + 1):
            s.setsockopt(level, hop_limit, ttl)
            hop = next(filter(None, (_hop(s, target, 33434 + TRIES * ttl + n, wait) for n in range(TRIES))), None)
            hops.append(hop)
            if hop == target:
                break
    return hops


def _hop(s, target, port, wait):
    """Sends one probe; who sent an ICMP error for it (time exceeded, or port unreachable from the target), or None."""
    with contextlib.suppress(OSError):  # an error of the probe before
        s.sendto(b"hop", (target, port))
    poll = select.poll()
    poll.register(s, 0)  # errors alone
    end = time.monotonic() + wait
    while (left := end - time.monotonic()) > 0 and poll.poll(left * 1000):
        try:
            _, ancillary, _, to = s.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        except BlockingIOError:
            s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # one that is not in the queue: forgotten
            continue
        for _, kind, data in ancillary:
            # struct sock_extended_err: errno, origin, type, code; behind its 16 bytes the sockaddr of who complains.
            # Time exceeded, or unreachable
            if kind == IP_RECVERR and to[1] == port and data[5] in (3, 11):
                return socket.inet_ntoa(data[20:24])
            if kind == IPV6_RECVERR and to[1] == port and data[5] in (1, 3):
                return socket.inet_ntop(socket.AF_INET6, data[24:40])
    return None


def flows(source, target, port, count):
    """One UDP datagram from each of `count` source ports, from the namespace that the thread is in."""
    for sport in range(20000, 20000 + count):
        with socket.socket(family(source), socket.SOCK_DGRAM) as s:
            s.bind((source, sport))
            s.sendto(b"flow", (target, port))


def iperf3(lab, client, server, address, *options, seconds=10):
    """iperf3's JSON `end`."""
    s = lab.spawn(server, "iperf3", "--forceflush", "-s", "-1", "-B", address)
    wait_until(lambda: "listening" in s.text(), 5, "iperf3 server")
    r = lab.run(client, "iperf3", "-J", "-c", address, "-t", seconds, *options, check=False, timeout=seconds + 40)
    doc = json.loads(r.stdout)
    assert "error" not in doc, doc["error"]
    s.stop()
    return doc["end"]


WEB = """
import functools, http.server, socket, socketserver, sys
# http.server's own class looks the host's name up in the DNS, which no lab has
socketserver.ThreadingTCPServer.allow_reuse_address = True
if ":" in sys.argv[1]:
    socketserver.ThreadingTCPServer.address_family = socket.AF_INET6
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[3])
with socketserver.ThreadingTCPServer((sys.argv[1], int(sys.argv[2])), handler) as s:
    print("listening", flush=True)
    s.serve_forever()
"""


def http_server(lab, name, address, directory, port=80):
    """Python's web server over a directory; it listens when this returns."""
    p = lab.spawn(name, sys.executable, "-c", WEB, address, port, directory)
    wait_until(lambda: "listening" in p.text(), 10, "web server on %s" % address)
    return p


class Raw:
    """A packet socket on an interface: crafted frames out, whatever arrives in."""

    def __init__(self, lab, name, iface):
        with lab.inside(name):
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            self.s.bind((iface, 0))
            self.mac = self.s.getsockname()[4].hex(":")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def send(self, frame):
        self.s.send(bytes(frame))

    def drain(self):
        """Forgets what has arrived."""
        self.s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.s.recv(65536)

    def arrivals(self, limit):
        """Frames that come in, within `limit` seconds."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            self.s.settimeout(left)
            try:
                data, addr = self.s.recvfrom(65536)
            except TimeoutError:
                return
            if addr[2] != socket.PACKET_OUTGOING:
                yield data

    def expect(self, predicate, limit, what):
        """The first frame for which predicate() gives something true: what it gave."""
        for data in self.arrivals(limit):
            got = predicate(data)
            if got:
                return got
        raise AssertionError("no frame within %g s: %s" % (limit, what))


def mac_of(lab, name, iface):
    with lab.inside(name):
        return json.loads(lab.run(name, "ip", "-j", "link", "show", "dev", iface).stdout)[0]["address"]
