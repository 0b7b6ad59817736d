# SPDX-License-Identifier: BSD-3-Clause
"""
`show forwarding` agrees with the wire: 240 random packets, each one first asked about and then sent, under random routes,
mappings and PETRs. What is seen at all ends decides.

    mr 10.0.0.1 -- core 10.0.0.2 xtr 10.1.0.1 site -- host      EIDs 10.1.0.0/16
                                     10.3.0.1 world -- outside  a proxy-ITR's port
"""

import collections
import ipaddress
import os
import random
import select
import socket
import struct
import threading
import time

import pytest

import conf
import lab as labs
import lisp
import traffic
from lab import moved
from proc import wait_until

SEED = int(os.environ.get("XTRD_SEED", 6832))
CASES, BATCH = 240, 20
PORTS = {"core": "mr", "site": "host", "world": "outside"}  # port of the xTR -> who is at its other end
HOST, FOREIGN, OUTSIDE, MR = "10.1.0.4", "203.0.113.9", "10.3.0.2", "10.0.0.1"
KNOWN = {"core": [MR, *("10.0.0.%d" % n for n in (11, 12, 13, 14, 21, 22))], "site": [HOST, "10.1.0.5"],
    "world": [OUTSIDE]}
SILENT = {"core": "10.0.0.77", "site": "10.1.0.77", "world": "10.3.0.77"}  # nobody there
SPORT, DPORT, LENGTH = 49152, 9, 92  # of the packet that the answer is about
MARK = b"forwarding-case-"
POSITIVE = {  # what the mapping system says: locators (rloc, priority, weight)
    "20.0.0.0/16": [("10.0.0.11", 1, 100)],
    "20.1.0.0/16": [("10.0.0.12", 1, 100)],
    "20.2.0.0/16": [("10.0.0.11", 1, 50), ("10.0.0.12", 1, 50)],
    "20.3.0.0/16": [("10.99.0.1", 1, 100), ("10.0.0.13", 2, 100)],
    "20.4.0.0/16": [("10.99.0.1", 1, 100)],
    "20.5.0.0/16": [("10.0.0.14", 255, 0)],
    "20.6.0.0/16": [("10.0.0.77", 1, 100)],
    "20.7.0.0/16": [("10.0.0.14", 1, 100), ("10.0.0.13", 255, 100)],
    "20.8.0.0/24": [("10.0.0.11", 1, 100)],
    "20.9.0.0/16": [("10.0.0.12", 1, 10), ("10.0.0.13", 1, 90), ("10.0.0.14", 2, 100)],
}
NEGATIVE = {"30.0.0.0/16": 1, "30.1.0.0/16": 1, "30.2.0.0/16": 1, "30.3.0.0/16": 3, "30.4.0.0/16": 0}
UNRESOLVED = ["40.0.0.0/16", "40.1.0.0/16"]
CONFIGURED = {"50.0.0.0/16": "drop", "51.0.0.0/16": "natively-forward", "53.0.0.0/16": "send-map-request"}
STATIC = "52.0.0.0/16"  # configured with a locator
SERVED = ["53.0.0.0/16", STATIC]  # by the proxy-ITR: what is configured to be asked for, or has locators
DATABASE = "10.1.0.0/16"
OWN = ["10.1.5.0/24", "10.1.6.0/24", "10.1.0.0/24"]
WITHOUT = "own EID without a route"
PETRS = ["10.0.0.21", "10.0.0.22"]
# what is rare, and the heart of it, in every batch: target within, port, source
HEART = [*((p, "site", HOST) for p in ("30.0.0.0/16", "30.1.0.0/16", "30.4.0.0/16", OWN[1])),
    (STATIC, "world", OUTSIDE), ("20.0.0.0/16", "world", HOST)]
LOCAL = ["10.1.0.1", "10.0.0.2", "10.3.0.1"]


def config(petrs, use):
    return {
        "ports": (
            conf.port("core", "xtr-core", 0, "core", "10.0.0.2/24"),
            conf.port("site", "xtr-site", 1, "site", "10.1.0.1/24"),
            conf.port("world", "xtr-world", 2, "core", "10.3.0.1/24", **{"proxy-itr": True}),
        ),
        # the senders, who are told of what is dropped
        "routes": ({"prefix": FOREIGN + "/32", "via": HOST}, {"prefix": "10.1.7.7/32", "via": HOST},
            {"prefix": "4.2.2.2/32", "via": OUTSIDE}),
        "map-resolver": [MR],
        "database-mapping": (conf.mapping(DATABASE, "10.0.0.2"),),
        "map-cache": tuple({"eid-prefix": p, "action": a} for p, a in CONFIGURED.items()) +
            ({"eid-prefix": STATIC, "locators": ({"rloc": "10.0.0.13", "priority": 1, "weight": 100},)},),
        "lisp": {"probe-interval-ms": 0, "petr-use": use},
        **({"use-petr": petrs} if petrs else {}),
    }


def inside(address, prefixes):
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(p) for p in prefixes)


class MapResolver(threading.Thread):
    """Answers for what it is told to; remembers whom it was asked for."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        with lab.inside("mr"):
            self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.s.bind((MR, 4342))
        self.s.settimeout(0.05)
        self.asked, self.answers, self.over = [], {}, threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                data = self.s.recv(65536)
            except TimeoutError:
                continue
            ecm = lisp.read(data)
            if ecm["type"] != lisp.ECM:
                continue
            ask = ecm["inner"]
            eid = ask["records"][0]["eid"]
            self.asked.append(eid.split("/")[0])
            for prefix, (locators, action) in self.answers.items():
                if ipaddress.ip_network(eid).subnet_of(ipaddress.ip_network(prefix)):
                    record = lisp.w_record(prefix, [lisp.w_locator(*x) for x in locators], action=action)
                    self.s.sendto(lisp.w_reply([record], ask["nonce"]), (ask["itr_rlocs"][0], 4342))

    def stop(self):
        self.over.set()
        self.join(5)
        self.s.close()


def ip_udp(source, target, payload):
    """An IPv4 UDP packet, no checksum of UDP."""
    s, d = (ipaddress.ip_address(a).packed for a in (source, target))
    udp = struct.pack("!HHHH", SPORT, DPORT, LENGTH - 20, 0) + payload.ljust(LENGTH - 28, b"\0")
    head = struct.pack("!BBHHHBBH", 0x45, 0, LENGTH, 0, 0, 64, 17, 0) + s + d
    return head[:10] + struct.pack("!H", lisp.checksum(head)) + head[12:] + udp


class Eyes(threading.Thread):
    """Sees each packet of ours at the far end of every port, and where the xTR's Linux gets it."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.far = {p: traffic.Raw(lab, ns, "eth0") for p, ns in PORTS.items()}
        self.taps = {p: traffic.Raw(lab, "xtr", p) for p in PORTS}
        self.seen, self.over = collections.defaultdict(list), threading.Event()
        self.start()

    def run(self):
        where = {raw.s: (kind, p) for kind, ends in (("wire", self.far), ("linux", self.taps)) for p, raw in ends.items()}
        while not self.over.is_set():
            for s in select.select(list(where), [], [], 0.05)[0]:
                frame, address = s.recvfrom(65536)
                if address[2] != socket.PACKET_OUTGOING:
                    self.note(*where[s], frame)

    def note(self, kind, port, frame):
        if frame[12:14] != b"\x08\0" or frame[23] != 17:
            return
        at, outer = 14, None
        if frame[36:38] == struct.pack("!H", 4341):
            outer, at = (socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])), 50
        payload = frame[at + 28:]
        if payload.startswith(MARK):
            self.seen[payload[len(MARK):].split(b"\0")[0].decode()].append((kind, port, outer, frame[:6].hex(":")))

    def stop(self):
        self.over.set()
        self.join(5)
        for raw in [*self.far.values(), *self.taps.values()]:
            raw.s.close()


class World:
    """The lab, what is true in it at the moment, and the means to change that."""

    def __init__(self, lab, rng):
        self.lab, self.rng = lab, rng
        self.mr = MapResolver(lab)
        self.eyes = None
        self.routes = []
        self.resolving, self.held = {str(ipaddress.ip_network(p)[1]) for p in [*POSITIVE, *NEGATIVE]}, set()
        self.number = self.canary = 0
        self.met = collections.Counter()  # what was decided on the way: step, table, action

    def restart(self, petrs, use):
        """The xTR anew, with all mappings learned and no routes but those of its ports."""
        if "xtr" in self.lab.routers:
            self.eyes.stop()
            self.lab.end("xtr")
        if self.routes:
            with self.lab.inside("xtr"):
                labs.ip_batch(["route del " + r for r in self.routes])
        self.routes = []
        self.lab.start("xtr", config(petrs, use))
        with self.lab.inside("xtr"):
            labs.ip_batch(["neigh replace %s lladdr %s dev %s nud permanent" % (a, self.mac(port), port)
                for port, known in KNOWN.items() for a in known])
        self.macs = {p: traffic.mac_of(self.lab, "xtr", p) for p in PORTS}
        self.eyes = Eyes(self.lab)
        self.learned = {**{p: (v, 0) for p, v in POSITIVE.items()}, **{p: ((), a) for p, a in NEGATIVE.items()}}
        self.mr.answers = dict(self.learned)
        self.change([])
        for p in self.learned:
            self.send("site", HOST, str(ipaddress.ip_network(p)[1]), "prime")
        wait_until(lambda: {e["eid"] for e in self.lab.entries("xtr") if e["state"] != "incomplete"} >= set(self.learned),
            20, "all mappings learned")
        self.mr.answers = {}

    def mac(self, port):
        return traffic.mac_of(self.lab, PORTS[port], "eth0")

    def show(self, target, source, port):
        return self.lab.ctl("xtr", "show", "forwarding", target, "from", source, "port", port)

    def send(self, port, source, target, name):
        mac = bytes.fromhex(self.macs[port].replace(":", ""))
        self.eyes.far[port].send(mac + bytes.fromhex("0200000000010800") + ip_udp(source, target, MARK + name.encode()))

    def change(self, routes):
        """Linux has these routes instead of those before; returns when the xTR has them too."""
        self.canary += 1
        last = "192.0.2.%d" % self.canary
        routes = routes + ["%s via %s" % (last, MR)]
        with self.lab.inside("xtr"):
            labs.ip_batch(["route del " + r for r in self.routes] + ["route add " + r for r in routes])
        self.routes = routes
        # netlink tells of them in this order
        wait_until(lambda: self.show(last, FOREIGN, "site")["result"]["action"] == "forward", 10, "the xTR has the routes")

    # -- random things

    def some_routes(self):
        rng, routes = self.rng, {}
        if rng.random() < 0.5:
            routes["default"] = self.way(prefer_bad=0.2)
        # RLOCs that nothing leads to; and in turn no PETR, one, both
        dead = [rloc for rloc in ("10.0.0.12", "10.0.0.14") if rng.random() < 0.3]
        routes.update(("blackhole %s" % rloc, "") for rloc in dead + PETRS[:self.canary % 3])
        prefixes = [*POSITIVE, *NEGATIVE, *UNRESOLVED, *CONFIGURED, STATIC, "10.1.5.0/24", DATABASE]
        for p in rng.sample(prefixes, 12):
            net = ipaddress.ip_network(p)
            shape = rng.choice(("longer", "longer", "host", "equal", "equal", "shorter"))
            if shape == "longer" and p != DATABASE:  # that one is connected
                net = ipaddress.ip_network((int(net[0]), min(net.prefixlen + 8, 28)))
            elif shape == "host":
                net = ipaddress.ip_network(net[7])
            elif shape == "shorter" and not p.startswith("10."):
                net = net.supernet(new_prefix=rng.choice((8, 12, 15)))
            routes[str(net)] = self.way()
        return [(way + " " if way in ("blackhole", "unreachable", "prohibit") else "") + to +
            (" " + way if way.startswith(("via", "dev")) else "") for to, way in routes.items()]

    def way(self, prefer_bad=0.35):
        rng = self.rng
        if rng.random() < prefer_bad:
            return rng.choice(("blackhole", "unreachable", "prohibit"))
        return rng.choice(("via " + MR, "via " + MR, "via " + OUTSIDE, "via " + OUTSIDE, "via " + SILENT["core"],
            "dev elsewhere"))

    def withdraw(self):
        """One learned mapping is gone, and the mapping system does not answer any more."""
        if not self.learned or self.rng.random() < 0.4:
            return
        p = self.rng.choice(sorted(self.learned))
        del self.learned[p]
        assert self.lab.ctl("xtr", "clear", "map-cache", p)["cleared"] == 1, p

    def a_target(self, within=None):
        rng = self.rng
        p = within or rng.choice((rng.choice(sorted(POSITIVE)), rng.choice(sorted(POSITIVE)), rng.choice(sorted(NEGATIVE)),
            rng.choice(UNRESOLVED), rng.choice([*CONFIGURED, STATIC]), rng.choice(OWN), "other"))
        if p == "other":
            return rng.choice([*LOCAL, HOST, "10.1.0.5", MR, OUTSIDE, *SILENT.values(), "60.%d.0.1" % rng.randrange(200)])
        net = ipaddress.ip_network(p)
        return str(net[rng.choice((7, rng.randrange(2, 250), rng.randrange(2, net.num_addresses - 2)))])

    def a_packet(self):
        port = self.rng.choice(("site", "site", "site", "world", "world", "core"))
        return port, self.rng.choice({"site": (HOST, HOST, "10.1.7.7", FOREIGN), "core": (FOREIGN, HOST),
            "world": (OUTSIDE, "4.2.2.2", HOST)}[port])

    # -- one batch

    def batch(self, size):
        """Asks about packets, sends them, and compares. Their destinations differ, so none concerns another."""
        cases, targets = [], set()
        while len(cases) < size:
            within, port, source = HEART[len(cases)] if len(cases) < len(HEART) else (None, *self.a_packet())
            target = self.a_target(within)
            if target in targets:
                continue
            targets.add(target)
            cases.append((str(self.number), port, source, target))
            self.number += 1
        answers = {c[0]: self.show(c[3], c[2], c[1]) for c in cases}
        for c in cases:
            self.judge(*c[1:], answers[c[0]]["result"])
        drops, counters = self.lab.drops("xtr"), self.lab.counters("xtr")
        for name, port, source, target in cases:
            self.send(port, source, target, name)
        ends = ["end-%s-%d" % (p, self.number) for p in PORTS]
        for name, (port, target) in zip(ends, (("core", HOST), ("site", MR), ("world", HOST))):
            self.send(port, FOREIGN, target, name)
        self.met.update((s["step"], s.get("table"), s["action"]) for a in answers.values() for s in a["steps"]
            if "action" in s)
        self.met.update(WITHOUT for a in answers.values() if a["result"].get("reason") == "no-route"
            and any(s.get("table") == "database" for s in a["steps"]))
        want = {name: self.expected(a) for name, a in answers.items()}
        actions = collections.Counter(a["result"]["action"] for a in answers.values())
        dropped = collections.Counter(a["result"]["reason"] for a in answers.values() if a["result"]["action"] == "drop")
        fresh = {a["address"] for a in answers.values() if a["result"].get("reason") == "asked-now"}
        # what was held for a next hop before is decided about anew when routes change
        self.resolving |= self.held | {a["address"] for a in answers.values() if a["result"]["action"] == "resolve"}
        self.held = {a["address"] for a in answers.values() if a["result"]["action"] == "wait"}

        def settled():
            now, late = self.lab.counters("xtr"), ("hold-timeout", "neighbour-failed")  # of batches before
            d = {k: v for k, v in moved(drops, self.lab.drops("xtr")).items() if k not in late}
            return d == dropped and fresh <= set(self.mr.asked) and all(self.eyes.seen.get(n) for n in ends) and \
                now["punted-map-cache-miss"] - counters["punted-map-cache-miss"] >= actions["resolve"] and \
                now["punted-neighbour-unknown"] - counters["punted-neighbour-unknown"] >= actions["wait"] and \
                all(self.eyes.seen.get(n) for n, w in want.items() if w)
        end = time.monotonic() + 5
        while not settled() and time.monotonic() < end:
            time.sleep(0.01)
        wrong = ["%s\n  asked: %s\n  seen: %s" % (c, answers[c[0]], self.eyes.seen.get(c[0])) for c in cases
            if self.eyes.seen.get(c[0], []) != want[c[0]]]
        about = "seed %d, routes %s, petrs %s" % (SEED, self.routes, self.lab.petrs("xtr"))
        assert not wrong, about + "\n" + "\n".join(wrong)
        assert settled(), "%s\ndrops %s, moved %s\nactions %s, moved %s\nnot asked: %s\n%s" % (about, dropped,
            moved(drops, self.lab.drops("xtr")), actions, moved(counters, self.lab.counters("xtr")),
            fresh - set(self.mr.asked), "\n".join("%s %s" % (c, answers[c[0]]["result"]) for c in cases))
        assert not set(self.mr.asked) - self.resolving, (set(self.mr.asked) - self.resolving, about)
        return actions, dropped

    def judge(self, port, source, target, result):
        """What the configuration alone says: whose packets LISP may touch, and where a proxy-ITR's may go."""
        own = port == "site" and inside(source, [DATABASE])
        stranger = port == "world"  # whatever the source: the port is on the core side
        served = inside(target, SERVED)
        said = (port, source, target, result, self.routes)
        if result["action"] in ("encapsulate", "resolve"):
            assert own or stranger and served, said
        # only longer ones hide LISP's /16
        hiding = [r.split()[0] for r in self.routes if " via " in r or " dev " in r]
        hidden = any(p != "default" and ipaddress.ip_network(p).prefixlen > 16 and inside(target, [p]) for p in hiding)
        if served and not hidden and (own or stranger):
            if inside(target, [STATIC]):
                assert (result["action"], result.get("rloc")) == ("encapsulate", "10.0.0.13"), said
            else:
                assert result["action"] == "resolve", said
        if stranger:
            self.met["stranger", served, result["action"]] += 1

    def expected(self, answer):
        """Where the packet is to be seen, by what the answer says."""
        r = answer["result"]
        if r["action"] == "linux":
            return [("linux", answer["port"], None, self.macs[answer["port"]])]
        if r["action"] == "encapsulate":
            return [("wire", r["port"], (r["source_rloc"], r["rloc"]), self.mac_of_hop(r))]
        if r["action"] == "forward":
            return [("wire", r["port"], None, self.mac_of_hop(r))]
        return []

    def mac_of_hop(self, r):
        assert r["next_hop"] in KNOWN[r["port"]], r
        return self.mac(r["port"])


@pytest.fixture(scope="module")
def world():
    labs.need_binaries()
    with labs.Lab() as lab:
        lab.add_ns("xtr", *PORTS.values())
        for port, ns in PORTS.items():
            lab.link(ns, "eth0", "xtr", "xtr-" + port)
        lab.dpdk_port("xtr", *("xtr-" + p for p in PORTS))
        for port, known in KNOWN.items():
            with lab.inside(PORTS[port]):
                labs.ip_batch(["addr add %s/24 dev eth0" % a for a in known])
        lab.bridge("xtr", "elsewhere")  # an interface that is no port
        w = World(lab, random.Random(SEED))
        yield w
        w.mr.stop()
        if w.eyes:
            w.eyes.stop()


def test_agrees_with_the_wire(world):
    """Three configurations of PETRs, each with new routes for every 20 packets."""
    petrs = tuple(conf.petr(rloc, n + 1, probe=False) for n, rloc in enumerate(PETRS))
    configurations = [(petrs, "always"), (petrs, "no-route"), ((), "always")]
    actions, drops = collections.Counter(), collections.Counter()
    batches = CASES // BATCH
    for n in range(batches):
        if n * len(configurations) % batches < len(configurations):
            world.restart(*configurations[n * len(configurations) // batches])
        world.withdraw()
        world.change(world.some_routes())
        a, d = world.batch(BATCH)
        actions += a
        drops += d
    print("seed %d: %s; dropped: %s" % (SEED, dict(actions), dict(drops)))
    assert sum(actions.values()) == CASES and world.number == CASES
    # all that can happen has happened, else this has shown less than it says
    assert set(actions) == {"encapsulate", "forward", "resolve", "linux", "wait", "drop"}, actions
    assert len(drops) >= 4, drops
    want = {("match", "lisp", x) for x in ("encapsulate", "natively-forward", "send-map-request", "drop", "no-action")} | {
        ("match", "routes", x) for x in ("forward", "local")} | {
        ("petr", None, "encapsulate"), ("petr", None, "routes"), ("match", "database", "routes"), WITHOUT,
        ("stranger", True, "encapsulate"), ("stranger", False, "forward")}
    assert want <= set(world.met), want - set(world.met)
    assert any(world.met["match", "routes", x] for x in ("blackhole", "unreachable", "prohibit"))
    # the own EID database without a route is never asked for
    assert not [a for a in world.mr.asked if a.startswith("10.1.")]
