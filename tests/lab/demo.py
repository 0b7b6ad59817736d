# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/demo shows: labs 1 and 2 of the documents, from the sample configurations, step by step."""

import pathlib
import shutil
import sys

import netns
import traffic
from lab import TOP, Lab
from proc import tail, wait_until

SAMPLES = TOP / "config/samples"


def step(text):
    print("\n== " + text, flush=True)


def indent(text):
    print("\n".join("    " + line for line in text.rstrip().splitlines()), flush=True)


class Demo:
    """One lab from its sample configurations. A lab gives its names and pictures, wires() and tell()."""

    name = ""      # of the namespaces, the directory and the samples
    word = ""      # what scripts/demo is called with
    spaces = ()    # the namespaces of its wires()
    routers = {}   # name -> what it is, in the order of their start
    prefixes = ()  # what the sites register
    picture = kept = ""

    def __init__(self, keep):
        self.keep = keep
        self.prefix = "xtrd-%s-" % self.name
        self.dir = pathlib.Path("/run/xtrd-%s" % self.name)
        self.sent = self.received = 0

    def remove(self):
        for name in self.spaces:
            netns.remove(self.prefix + name)
        shutil.rmtree(self.dir, ignore_errors=True)

    def show(self, router, *words):
        step("%s: xtrctl show %s" % (router, " ".join(words)))
        indent(self.lab.show(router, *words))

    def ping(self, host, target):
        got = traffic.ping(self.lab, host, target, 5, interval=0.5, check=False)
        indent(got.text)
        self.sent += got.sent
        self.received += got.received

    def start(self):
        step("Making the hosts and the cables: network namespaces %s" % " ".join(self.prefix + s for s in self.spaces))
        self.wires()
        for r, role in self.routers.items():
            conf = SAMPLES / ("%s-%s.conf" % (self.name, r))
            step("Starting %s, %s: xtrd -c %s" % (r, role, conf.relative_to(TOP)))
            self.lab.configs[r], self.lab.sockets[r] = conf, str(self.dir / (r + ".sock"))
            self.lab.start(r)
        step("The sites register their prefixes with r1 (Map-Register, answered by Map-Notify)")
        wait_until(lambda: set(self.prefixes) <= {r["eid"] for r in self.lab.registrations()}, 15, "registrations")
        self.show("r1", "sites")

    def run(self):
        """The status for the shell: 0 only if no ping was lost."""
        self.remove()  # what an earlier run left that was killed
        self.dir.mkdir(mode=0o755)
        self.lab = Lab(self.prefix, self.dir, tied=not self.keep)
        done = False
        try:
            print(self.picture)
            self.start()
            self.tell()
            lost = self.sent - self.received
            step("%d pings sent, %d answered, %d lost%s" % (self.sent, self.received, lost,
                ": not even the first was lost while the mapping was asked for" if not lost else ""))
            done = not lost
            if self.keep:
                print(self.kept % {"p": self.prefix, "d": self.dir})
                print("Remove it:\n    scripts/demo %s--remove" % (self.word and self.word + " "))
                self.lab.keep()
        finally:
            if not done:
                for r in self.routers:
                    print("\n-- last words of %s:\n%s" % (r, tail(self.dir / (r + ".log"), 20)), file=sys.stderr)
            self.lab.stop()
        if not self.keep:
            step("Removed: namespaces, processes, files")
        return 0 if done else 1


class TwoSites(Demo):
    name = "lab1"
    spaces = ("core", "r1", "r2", "r3", "r4", "r5")
    routers = {
        "r1": "the Map-Server and Map-Resolver",
        "r2": "the xTR of the site 10.1.1.0/24",
        "r3": "the xTR of the site 10.2.2.0/24",
    }
    prefixes = ("10.1.1.0/24", "10.2.2.0/24")
    picture = """
    r4 10.1.1.4 ---- r2 xTR ------- 172.16.1.0/24 ------- r3 xTR ---- r5 10.2.2.5
             10.1.1.2 | 172.16.1.2        |       172.16.1.3 | 10.2.2.3
                                    r1 172.16.1.1
                             Map-Server and Map-Resolver

  r4 and r5 are hosts with nothing but a default route: their addresses are EIDs, which the core
  has no route to. r1, r2 and r3 each run xtrd."""
    kept = """
The lab runs on. Look around:
    build/app/xtrctl/xtrctl -s %(d)s/r2.sock                      a prompt on r2 (show map-cache, show drops, ...)
    build/app/xtrctl/xtrctl -s %(d)s/r1.sock show sites           what the Map-Server knows
    ip netns exec %(p)sr4 ping 10.2.2.5                           from the host r4
    ip netns exec %(p)sr2 ip addr                                 Linux on r2 sees the ports as TAPs
    ip netns exec %(p)score tcpdump -ni br0 udp                   the core: UDP 4342 control, 4341 data
    tail -f %(d)s/r2.log"""

    def wires(self):
        self.lab.two_sites(prober=False)

    def tell(self):
        step("r2's map-cache before the first packet: it does not know yet where 10.2.2.5 is")
        indent(self.lab.show("r2", "map-cache"))
        step("r4 pings r5: r2 holds the packet, asks r1, r3 answers, the packet goes on its way")
        self.ping("r4", "10.2.2.5")
        step("r2's map-cache now: the whole prefix of the other site, and its locator")
        indent(self.lab.show("r2", "map-cache"))


class World(Demo):
    name = "lab2"
    word = "world"
    spaces = ("core", "r1", "lisp1", "lisp2", "outsideworld", "h1", "h2", "w")
    routers = {
        "r1": "the Map-Server, Map-Resolver, proxy ITR and proxy ETR",
        "lisp1": "the xTR of the site 192.168.1.0/24",
        "lisp2": "the xTR of the site 192.168.2.0/24",
    }
    prefixes = ("192.168.1.0/24", "192.168.2.0/24")
    picture = """
    h1 192.168.1.4 ---- lisp1 xTR ---.
                     .1 | 10.0.1.2    \\  10.0.1.1
                                       r1 ------------ outsideworld ---- w 4.2.2.2
                        10.0.2.2      /  10.0.3.1  10.0.3.2 | 4.2.2.1
    h2 192.168.2.5 ---- lisp2 xTR ---'   10.0.2.1
                     .1 |

  h1 and h2 live in LISP sites; w is a host of an Internet that speaks no LISP: outsideworld is a
  plain Linux router. lisp1 and lisp2 have no default route. r1 stands between the two worlds: it
  unwraps what sites send to the Internet (proxy ETR), and wraps what the Internet sends to sites
  (proxy ITR). r1, lisp1 and lisp2 each run xtrd."""
    kept = """
The lab runs on. Look around:
    build/app/xtrctl/xtrctl -s %(d)s/lisp1.sock                   a prompt on lisp1 (show map-cache, show petrs, ...)
    build/app/xtrctl/xtrctl -s %(d)s/lisp1.sock lig 4.2.2.2       ask the mapping system
    build/app/xtrctl/xtrctl -s %(d)s/r1.sock show forwarding 192.168.1.4 from 4.2.2.2
    ip netns exec %(p)sh1 ping 4.2.2.2                            from the host h1 to the Internet
    ip netns exec %(p)sw ping 192.168.2.5                         from the Internet to the host h2
    ip netns exec %(p)score tcpdump -ni br1 udp                   between lisp1 and r1: wrapped (UDP 4341)
    ip netns exec %(p)score tcpdump -ni br3 icmp                  between r1 and outsideworld: bare
    tail -f %(d)s/r1.log"""

    def wires(self):
        self.lab.world(prober=False)

    def tell(self):
        step("lisp1 asks its proxy ETR, r1 at 10.0.3.1, whether it is there (an RLOC probe), and it answers")
        self.lab.wait_petr("lisp1", "10.0.3.1")
        self.show("lisp1", "petrs")
        step("What would lisp1 do with a packet for 4.2.2.2? It has no route there, and must ask who has it")
        self.forwarding("lisp1", "4.2.2.2", "192.168.1.4")
        step("h1 pings w: lisp1 holds the packet and asks r1, who knows that no LISP site has 4.2.2.2; so lisp1\n"
            "   wraps it for the proxy ETR, r1 unwraps it, and it goes on as it is. Each answer comes to r1, who asks\n"
            "   lisp1 for its prefix and wraps the answer for it")
        self.ping("h1", "4.2.2.2")
        step("lisp1's map-cache now: no LISP site is in this half of all addresses (0.0.0.0/1), so natively-forward it is\n"
            "   for 15 minutes, and nothing else under it will be asked for")
        indent(self.lab.show("lisp1", "map-cache"))
        step("What does lisp1 do with such a packet now?")
        self.forwarding("lisp1", "4.2.2.2", "192.168.1.4")
        step("r1's map-cache: where it sends what comes from outside")
        indent(self.lab.show("r1", "map-cache"))
        self.forwarding("r1", "192.168.1.4", "4.2.2.2")
        step("The other way: w pings h2, whose site nobody outside has talked to yet")
        self.ping("w", "192.168.2.5")
        step("And from site to site, without any proxy: h1 pings h2")
        self.ping("h1", "192.168.2.5")
        step("The way of a packet, by those who answer for its hops (traceroute)")
        indent("h1 to w:  " + "  ".join(map(str, traffic.traceroute(self.lab, "h1", "4.2.2.2"))))
        indent("w to h1:  " + "  ".join(map(str, traffic.traceroute(self.lab, "w", "192.168.1.4"))))
        self.show("lisp1", "petrs")

    def forwarding(self, router, address, source):
        self.show(router, "forwarding", address, "from", source)


DEMOS = {d.word: d for d in (TwoSites, World)}


def main():
    words = sys.argv[1:]
    demo = DEMOS[words.pop(0) if words and words[0] in DEMOS else ""]("--keep" in words)
    if words == ["--remove"]:
        demo.remove()
        return 0
    return demo.run()


if __name__ == "__main__":
    sys.exit(main())
