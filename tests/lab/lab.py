# SPDX-License-Identifier: BSD-3-Clause
"""
The labs: sets of network namespaces on one machine with xtrd processes as routers and real kernels as hosts.

    with Lab() as lab:
        lab.two_sites()
        lab.start_all(conf.lab1())
        assert traffic.ping(lab, "r4", "10.2.2.5", 5).received == 5

Every namespace, process and file belongs to one Lab and goes with it, also when a test fails; what a killed run left is
removed by the next one.
"""

import atexit
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import conf
import netns
import plan as plans
from netns import LabError, inside, ip_batch, run, sysctl
from plan import interface
from proc import Proc, Xtrd, tail, wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("XTRD_BUILD", TOP / "build")).resolve()
XTRD = BUILD / "app/xtrd/xtrd"
XTRCTL = BUILD / "app/xtrctl/xtrctl"
WIRE = BUILD / "tests/lab/wire"
SANITIZED = "asan" in BUILD.name  # limits of time are wider there

_labs = []


def moved(before, after):
    """Which counters differ, and by how much."""
    return {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}


class CtlError(Exception):
    """xtrctl ended with an error; its line on standard error."""


def _stop_all():
    for lab in list(_labs):
        try:
            lab.stop()
        except AssertionError as e:
            print(e)


atexit.register(_stop_all)


class Lab:
    def __init__(self, prefix=None, directory=None, tied=True):
        self.tied = tied
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="xl%d-" % os.getpid()))
        self.prefix = prefix or self.dir.name + "-"
        self.spaces = []   # short names of namespaces, in the order of their making
        self.procs = []    # helpers: captures, servers
        self.routers = {}  # short name -> Xtrd that runs
        self.configs = {}  # short name -> path of its configuration
        self.sockets = {}  # short name -> operator socket
        self.kept = False
        self.plan = plans.DEFAULT
        _labs.append(self)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop()
        except AssertionError:
            if kind is None:
                raise

    # -- wiring

    def ns(self, name):
        """The full name of a namespace."""
        return self.prefix + name

    def inside(self, name):
        return inside(self.ns(name))

    def add_ns(self, *names):
        for name in names:
            run("ip", "netns", "add", self.ns(name))
            self.spaces.append(name)
            with self.inside(name):
                ip_batch(["link set lo up"])
                # Reverse-path filtering drops without a word; Linux takes the maximum of "all" and the interface.
                sysctl("net/ipv4/conf/all/rp_filter", 0)
                sysctl("net/ipv4/conf/default/rp_filter", 0)

    def link(self, a, ifa, b, ifb, bridge=None):
        """A cable: a veth pair. What is handed over carries whole checksums and is not merged."""
        ip_batch(["link add name %s netns %s type veth peer name %s netns %s" % (ifa, self.ns(a), ifb, self.ns(b))])
        for name, iface in ((a, ifa), (b, ifb)):
            with self.inside(name):
                sysctl("net/ipv6/conf/%s/disable_ipv6" % iface, 1)
                run("ethtool", "-K", iface, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
                ip_batch((["link set %s master %s" % (iface, bridge)] if bridge and name == a else []) +
                    ["link set %s up" % iface])

    def bridge(self, name, bridge):
        with self.inside(name):
            ip_batch(["link add %s type bridge stp_state 0 mcast_snooping 0" % bridge, "link set %s up" % bridge])
            sysctl("net/ipv6/conf/%s/disable_ipv6" % bridge, 1)

    def dpdk_port(self, name, *ifaces):
        """Interfaces that net_af_packet reads: the kernel is not to see the same packets once more."""
        rules = "table netdev xtrlab {\n"
        for i in ifaces:
            rules += "chain %s { type filter hook ingress device \"%s\" priority 0; policy drop; }\n" % (
                "c_" + i.replace("-", "_"), i)
        with self.inside(name):
            run("nft", "-f", "-", stdin=rules + "}\n")

    def trunk(self, name, ends):
        """
        A namespace between a router's port, cabled to its interface `trunk`, and what is cabled to its others: the program
        `wire` carries frames between them. ends: VLAN -> interface; VLAN 0: untagged.
        """
        self.dpdk_port(name, "trunk", *ends.values())
        p = self.spawn(name, WIRE, *("trunk%s=%s" % (".%d" % vid if vid else "", iface) for vid, iface in ends.items()))
        wait_until(lambda: "ready" in p.text(), 10, "wire in %s" % name)
        return p

    def host(self, name, iface, address, gateway=None):
        six = ":" in address
        with self.inside(name):
            if six:
                # a link-local address at once, and no advertisements: hosts are as the lab says
                for leaf, value in (("accept_dad", 0), ("accept_ra", 0), ("disable_ipv6", 0)):
                    sysctl("net/ipv6/conf/%s/%s" % (iface, leaf), value)
            ip_batch(["addr add %s dev %s%s" % (address, iface, " nodad" if six else "")] +
                (["route add default via %s" % gateway] if gateway else []))

    def ip(self, name, *words):
        """`ip` in a namespace."""
        return self.run(name, "ip", *words).stdout

    def two_sites(self, prober=True, plan=plans.DEFAULT):
        """Lab 1's cables and hosts; with a Linux host `x` in the core, 172.16.1.9, for what tests send on purpose."""
        self.plan = plan
        self.add_ns("core", "r1", "r2", "r3", "r4", "r5", *(["x"] if prober else []))
        self.bridge("core", "br0")
        self.link("core", "p1", "r1", "eth0", "br0")
        self.link("core", "p2", "r2", "r2-core", "br0")
        self.link("core", "p3", "r3", "r3-core", "br0")
        self.link("r4", "eth0", "r2", "r2-site")
        self.link("r5", "eth0", "r3", "r3-site")
        self.dpdk_port("r2", "r2-core", "r2-site")
        self.dpdk_port("r3", "r3-core", "r3-site")
        self.host("r1", "eth0", interface(plan.core(1)))
        self.host("r4", "eth0", interface(plan.lan(1, 4)), plan.lan(1, 2))
        self.host("r5", "eth0", interface(plan.lan(2, 5)), plan.lan(2, 3))
        if prober:
            self.link("core", "p9", "x", "eth0", "br0")
            self.host("x", "eth0", interface(plan.core(9)))

    def world(self, prober=True, second_petr=False, plan=plans.DEFAULT):
        """
        Lab 2's cables and hosts; every link of R1 has a bridge in `core` of its own. With a Linux host `x` on lisp1's link,
        10.0.1.9; and with `p2`, cabled to be one more PETR: 10.0.1.3 on lisp1's link, 10.0.3.3 on the outside world's.

            h1 192.168.1.4 -- lisp1 10.0.1.2 -- br1 -- 10.0.1.1 R1 10.0.3.1 -- br3 -- 10.0.3.2 outsideworld -- w 4.2.2.2
            h2 192.168.2.5 -- lisp2 10.0.2.2 -- br2 -- 10.0.2.1 /
        """
        self.plan = plan
        self.add_ns("core", "r1", "lisp1", "lisp2", "outsideworld", "h1", "h2", "w", *(["x"] if prober else []),
            *(["p2"] if second_petr else []))
        for n, r1_end, name, far_end in ((1, "r1-lisp1", "lisp1", "lisp1-core"), (2, "r1-lisp2", "lisp2", "lisp2-core"),
            (3, "r1-world", "outsideworld", "eth0")):
            self.bridge("core", "br%d" % n)
            self.link("core", "br%d-r1" % n, "r1", r1_end, "br%d" % n)
            self.link("core", "br%d-far" % n, name, far_end, "br%d" % n)
        for n in (1, 2):
            self.link("h%d" % n, "eth0", "lisp%d" % n, "lisp%d-site" % n)
            self.dpdk_port("lisp%d" % n, "lisp%d-core" % n, "lisp%d-site" % n)
        self.dpdk_port("r1", "r1-lisp1", "r1-lisp2", "r1-world")
        self.link("w", "eth0", "outsideworld", "eth1")
        self.host("h1", "eth0", interface(plan.home(1, 4)), plan.home(1, 1))
        self.host("h2", "eth0", interface(plan.home(2, 5)), plan.home(2, 1))
        self.host("w", "eth0", interface(plan.outside(2)), plan.outside(1))
        for ip in plan.links(3, 2):
            self.host("outsideworld", "eth0", interface(ip))
        self.host("outsideworld", "eth1", interface(plan.outside(1)))
        with self.inside("outsideworld"):
            sysctl({4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding"}[plan.eid], 1)
            # the EID space, and the addresses of the core for who looks at the way (traceroute)
            ip_batch(["route add %s via %s" % (prefix, plan.link(3, 1, plan.eid))
                for prefix in (plan.announced, {4: "10.0.0.0/8", 6: "2001:db8:100::/48"}[plan.eid])])
        if prober:
            self.link("core", "br1-x", "x", "eth0", "br1")
            self.host("x", "eth0", interface(plan.link(1, 9)), plan.link(1, 1))
        if second_petr:
            self.link("core", "br1-p2", "p2", "p2-core", "br1")
            self.link("core", "br3-p2", "p2", "p2-world", "br3")
            self.dpdk_port("p2", "p2-core", "p2-world")

    # -- processes

    def spawn(self, name, *argv, log=None, stdout=None):
        """A helper process in a namespace; ended with the lab at the latest."""
        p = Proc(argv, self.ns(name), self.dir / (log or "%s-%d.log" % (name, len(self.procs))), tied=self.tied,
            stdout=stdout)
        self.procs.append(p)
        return p

    def run(self, name, *argv, check=True, timeout=120):
        """A program run to its end in a namespace."""
        with self.inside(name):
            return run(*argv, check=check, timeout=timeout)

    def configure(self, router, config):
        """Writes a router's configuration: a dict (operator socket and state directory are added), or text."""
        if isinstance(config, dict):
            config = dict(config)
            config.setdefault("operator-socket", str(self.dir / ("%s.sock" % router)))
            config.setdefault("state-directory", str(self.dir / ("%s.state" % router)))
            self.sockets[router] = config["operator-socket"]
            config = "# SPDX-License-Identifier: BSD-3-Clause\n" + conf.render(config)
        path = self.dir / ("%s.conf" % router)
        path.write_text(config)
        path.chmod(0o600)
        self.configs[router] = path
        return path

    def start(self, router, config=None, wrap=()):
        """Starts an xtrd in the namespace of its name and waits until it says that it is ready."""
        if config is not None:
            self.configure(router, config)
        x = Xtrd(XTRD, self.ns(router), self.configs[router], self.dir, router, self.tied, wrap,
            limit=60 if SANITIZED else 20)
        self.routers[router] = x
        return x

    def start_all(self, configs, registered=True):
        """Starts routers in the order of the dict; then waits until every mapping stands in the Map-Server."""
        for router, config in configs.items():
            self.start(router, config)
        if registered:
            self.wait_registered(configs)

    def wait_registered(self, configs, limit=15):
        want = {m["eid-prefix"] for c in configs.values() for m in c.get("database-mapping", ())}
        wait_until(lambda: want <= {r["eid"] for r in self.registrations()}, limit, "registration of %s" % sorted(want))

    def end(self, router):
        """SIGTERM; a status other than 0, more than 5 s or a sanitizer's complaint fail the test."""
        self.routers.pop(router).end()

    def kill(self, router):
        """SIGKILL."""
        self.routers.pop(router).kill()

    def restart(self, *routers):
        errors = []
        for r in routers:
            try:
                self.end(r)
            except AssertionError as e:
                errors.append("%s: %s" % (r, e))
        # started in any case, so that one bad end fails one test and not all that come after
        for r in routers:
            self.start(r)
        assert not errors, "\n".join(errors)

    def check(self):
        """Every router still runs and no sanitizer has spoken."""
        for name, x in self.routers.items():
            assert x.alive(), "%s ended with status %s:\n%s" % (name, x.p.returncode, tail(x.log, 60))
            assert not x.sanitizer_complaints(), "%s:\n%s" % (name, tail(x.log, 60))

    # -- the operator

    def ctl(self, router, *words, timeout=30):
        """xtrctl --json WORDS: the JSON document. CtlError with the line that it printed when it fails."""
        r = subprocess.run([XTRCTL, "-s", self.sockets[router], "--json", *map(str, words)], capture_output=True,
            text=True, timeout=timeout)
        if r.returncode:
            raise CtlError(r.stderr.strip())
        try:
            return json.loads(r.stdout) if r.stdout.strip() else None
        except ValueError:
            raise AssertionError("xtrctl %s printed no JSON: %r" % (" ".join(map(str, words)), r.stdout[:2000])) from None

    def show(self, router, *words):
        """xtrctl show WORDS as a person sees it."""
        return subprocess.run([XTRCTL, "-s", self.sockets[router], "show", *words], capture_output=True, text=True,
            timeout=30, check=True).stdout

    def entries(self, router, instance=None):
        """The map-cache without the configured entries."""
        words = ["show", "map-cache"] + (["instance", instance] if instance is not None else [])
        return [e for e in self.ctl(router, *words)["entries"] if e["source"] != "static"]

    def registrations(self, router="r1"):
        return [r for s in self.ctl(router, "show", "sites")["sites"] for r in s["registrations"]]

    def site_errors(self, router="r1"):
        """What the Map-Server refused, name -> number, over all sites and for none."""
        doc = self.ctl(router, "show", "sites")
        total = {}
        for part in [doc, *doc["sites"]]:
            for k, v in part["errors"].items():
                if isinstance(v, int):
                    total[k] = total.get(k, 0) + v
        return total

    def last_errors(self, router="r1"):
        """What the Map-Server says of its last refusals, one line a site."""
        doc = self.ctl(router, "show", "sites")
        return ["%s: %s" % (p.get("name", "no site"), p["errors"]["last_error"]) for p in [doc, *doc["sites"]]]

    def clear(self, *routers):
        """Empties the map-caches, and sees that they are empty."""
        for r in routers:
            self.ctl(r, "clear", "map-cache")
            assert self.entries(r) == [], r

    def petrs(self, router):
        """What `show petrs` says, by RLOC."""
        return {p["rloc"]: p for p in self.ctl(router, "show", "petrs")["petrs"]}

    def wait_petr(self, router, rloc, state="up", limit=10):
        """Waits for a PETR's state; its line of `show petrs`."""
        wait_until(lambda: self.petrs(router)[rloc]["state"] == state, limit, "PETR %s %s" % (rloc, state))
        return self.petrs(router)[rloc]

    def counters(self, router):
        return self.ctl(router, "show", "counters")

    def drops(self, router):
        """The drop counters, without what a bridge floods to every port."""
        return {k: v for k, v in self.ctl(router, "show", "drops").items() if k != "ether-destination-not-ours"}

    @contextlib.contextmanager
    def no_drops(self, *routers):
        """No drop counter of these routers moves meanwhile."""
        before = {r: self.drops(r) for r in routers}
        yield
        for r in routers:
            dropped = moved(before[r], self.drops(r))
            assert not dropped, (r, dropped)

    # -- the end

    def keep(self):
        """Lets everything live on: stop() will end nothing."""
        self.routers, self.procs, self.spaces, self.kept = {}, [], [], True

    def stop(self):
        """Ends and removes everything; then fails if a router did not end as it should."""
        if self in _labs:
            _labs.remove(self)
        errors = []
        for name in reversed(list(self.routers)):
            try:
                self.end(name)
            except AssertionError as e:
                errors.append("%s: %s" % (name, e))
        for p in reversed(self.procs):
            try:
                p.stop(limit=3)
            except AssertionError as e:
                errors.append(str(e))
        for name in reversed(self.spaces):
            netns.remove(self.ns(name))
        self.spaces, self.procs = [], []
        if not self.kept and not os.environ.get("XTRD_LAB_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        assert not errors, "\n".join(errors)


def need_binaries():
    for path in (XTRD, XTRCTL):
        if not path.exists():
            raise LabError("%s is not there: build first (scripts/test does)" % path)
