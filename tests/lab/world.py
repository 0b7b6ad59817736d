# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of lab 2 share: who is where, cold caches, what each link sees."""

import contextlib

import lisp
from capture import Capture, judge
from proc import wait_until

ROUTERS = ("r1", "lisp1", "lisp2")
HOSTS = {"h1": "192.168.1.4", "h2": "192.168.2.5", "w": "4.2.2.2"}
FOREIGN = "203.0.113.4"  # no EID


def hosts(plan):
    """As HOSTS, in a combination of families."""
    return {"h1": plan.home(1, 4), "h2": plan.home(2, 5), "w": plan.outside(2)}


HOPS = {"h1": ("h1", "eth0"), "br1": ("core", "br1"), "br3": ("core", "br3"), "w": ("w", "eth0")}

# IP headers of packets between h1 and w: as they are, and as they are wrapped between lisp1 and R1
OUT, BACK = ("192.168.1.4", "4.2.2.2"), ("4.2.2.2", "192.168.1.4")
OUT_WRAPPED, BACK_WRAPPED = [("10.0.1.2", "10.0.3.1"), OUT], [("10.0.1.1", "10.0.1.2"), BACK]


def headers(plan):
    """OUT, BACK, OUT_WRAPPED, BACK_WRAPPED in a combination of families."""
    h1, w = plan.home(1, 4), plan.outside(2)
    out, back = (h1, w), (w, h1)
    return (out, back, [(plan.link(1, 2), plan.petr), out], [(plan.link(1, 1), plan.link(1, 2)), back])


PINGS = "icmp.type == 8 || icmp.type == 0"


def cold(lab):
    lab.clear(*ROUTERS)


def asked(cap, router="10.0.1.2"):
    """The EIDs of the Map-Requests that this router sent to the mapping system."""
    return [r["eid"] for m in cap.control(lisp.ECM) if m["from"] == router for r in m["inner"]["records"]]


@contextlib.contextmanager
def every_hop(lab):
    """Captures on h1's link, lisp1's, the outside world's and w's; at the end tshark has found nothing wrong in any."""
    with contextlib.ExitStack() as stack:
        caps = {n: stack.enter_context(Capture(lab, *HOPS[n])) for n in HOPS}
        yield caps
        for cap in caps.values():
            cap.stop()
            judge(cap.path)


@contextlib.contextmanager
def default_route(lab, router="lisp1", via="10.0.1.1"):
    """A default route in Linux, from when xtrd has it."""
    lab.ip(router, "route", "add", "default", "via", via)
    try:
        wait_until(lambda: result(lab, router)["action"] in ("forward", "wait"), 10, "the default route in xtrd")
        yield
    finally:
        lab.ip(router, "route", "del", "default")
    wait_until(lambda: result(lab, router)["action"] == "drop", 10, "no default route in xtrd")


def result(lab, router, address="4.2.2.2", source=FOREIGN):
    """What `show forwarding` says would happen to a packet."""
    return lab.ctl(router, "show", "forwarding", address, "from", source)["result"]
