# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/demo shows: lab 1 of the documents, from the sample configurations, step by step."""

import pathlib
import shutil
import sys

import netns
import traffic
from lab import TOP, Lab
from proc import tail, wait_until

PREFIX = "xtrd-lab1-"
DIR = pathlib.Path("/run/xtrd-lab1")
SAMPLES = TOP / "config/samples"
SPACES = ("core", "r1", "r2", "r3", "r4", "r5")

PICTURE = """
    R4 10.1.1.4 ---- R2 xTR ------- 172.16.1.0/24 ------- R3 xTR ---- R5 10.2.2.5
             10.1.1.2 | 172.16.1.2        |       172.16.1.3 | 10.2.2.3
                                    R1 172.16.1.1
                             Map-Server and Map-Resolver

  R4 and R5 are hosts with nothing but a default route: their addresses are EIDs, which the core
  has no route to. R1, R2 and R3 each run xtrd.
"""


def remove():
    for name in SPACES:
        netns.remove(PREFIX + name)
    shutil.rmtree(DIR, ignore_errors=True)


def step(text):
    print("\n== " + text, flush=True)


def indent(text):
    print("\n".join("    " + line for line in text.rstrip().splitlines()), flush=True)


def demo(keep):
    remove()  # what an earlier run left that was killed
    DIR.mkdir(mode=0o755)
    lab = Lab(PREFIX, DIR, tied=not keep)
    done = False
    try:
        print(PICTURE)
        step("Making the hosts and the cables: network namespaces %s" % " ".join(PREFIX + s for s in SPACES))
        lab.two_sites(prober=False)
        for r, role in (("r1", "Map-Server and Map-Resolver"), ("r2", "xTR of the site 10.1.1.0/24"),
            ("r3", "xTR of the site 10.2.2.0/24")):
            conf = SAMPLES / ("lab1-%s.conf" % r)
            step("Starting %s, the %s: xtrd -c %s" % (r.upper(), role, conf.relative_to(TOP)))
            lab.configs[r], lab.sockets[r] = conf, str(DIR / (r + ".sock"))
            lab.start(r)
        step("R2 and R3 register their prefixes with R1 (Map-Register, answered by Map-Notify)")
        wait_until(lambda: {"10.1.1.0/24", "10.2.2.0/24"} <= {r["eid"] for r in lab.registrations()}, 15, "registrations")
        step("R1: xtrctl show sites")
        indent(lab.show("r1", "sites"))
        step("R2's map-cache before the first packet: it does not know yet where 10.2.2.5 is")
        indent(lab.show("r2", "map-cache"))
        step("R4 pings R5: R2 holds the packet, asks R1, R3 answers, the packet goes on its way")
        got = traffic.ping(lab, "r4", "10.2.2.5", 5, interval=0.5, check=False)
        indent(got.text)
        step("R2's map-cache now: the whole prefix of the other site, and its locator")
        indent(lab.show("r2", "map-cache"))
        lost = got.sent - got.received
        step("%d pings sent, %d answered, %d lost%s" % (got.sent, got.received, lost,
            ": not even the first was lost while the mapping was asked for" if not lost else ""))
        done = not lost
        if keep:
            print(KEPT % {"p": PREFIX, "d": DIR})
            lab.keep()
    finally:
        if not done:
            for r in lab.routers:
                print("\n-- last words of %s:\n%s" % (r, tail(DIR / (r + ".log"), 20)), file=sys.stderr)
        lab.stop()
    if not keep:
        step("Removed: namespaces, processes, files")
    return 0 if done else 1


KEPT = """
The lab runs on. Look around:
    build/app/xtrctl/xtrctl -s %(d)s/r2.sock                      a prompt on R2 (show map-cache, show drops, ...)
    build/app/xtrctl/xtrctl -s %(d)s/r1.sock show sites           what the Map-Server knows
    ip netns exec %(p)sr4 ping 10.2.2.5                           from the host R4
    ip netns exec %(p)sr2 ip addr                                 Linux on R2 sees the ports as TAPs
    ip netns exec %(p)score tcpdump -ni br0 udp                   the core: UDP 4342 control, 4341 data
    tail -f %(d)s/r2.log
Remove it:
    scripts/demo --remove"""


def main():
    if sys.argv[1:] == ["--remove"]:
        remove()
        return 0
    return demo(keep="--keep" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
