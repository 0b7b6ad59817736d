# SPDX-License-Identifier: BSD-3-Clause
"""
Who has which address in labs 1 and 2, for each combination of the families of EIDs and RLOCs. "4in4" is that of the
documents; in "6in4" the sites speak IPv6 and the core IPv4, and so on.
"""

import ipaddress

NAMES = ("4in4", "6in4", "4in6", "6in6")


class Plan:
    def __init__(self, name):
        self.name = name
        self.eid, self.rloc = int(name[0]), int(name[3])
        self.overhead = {4: 36, 6: 56}[self.rloc]  # outer IP, UDP and LISP headers
        self.echo = {4: 28, 6: 48}[self.eid]       # IP and ICMP headers of a ping
        self.host_length = {4: 32, 6: 128}[self.eid]
        # what tshark calls pings and their answers
        self.request, self.reply = {4: ("icmp.type == 8", "icmp.type == 0"), 6: ("icmpv6.type == 128",
            "icmpv6.type == 129")}[self.eid]
        self.pings = "%s || %s" % (self.request, self.reply)

    # -- lab 1

    def core(self, n):
        """An address of the core: 1 R1, 2 R2, 3 R3, 9 the host x."""
        return {4: "172.16.1.%d", 6: "2001:db8:16::%d"}[self.rloc] % n

    def lan(self, site, n):
        """An address of a site: 4 and 5 its host, 2 and 3 its router."""
        return {4: "10.%d.%d.%d" % (site, site, n), 6: "2001:db8:%d::%d" % (site, n)}[self.eid]

    def lan_prefix(self, site):
        return network(self.lan(site, 0 if self.eid == 4 else 1))

    # -- lab 2

    def link(self, n, h, family=None):
        """An address on R1's link n: 1 to lisp1, 2 to lisp2, 3 to the outside world, where 1 is R1."""
        return {4: "10.0.%d.%d", 6: "2001:db8:100:%d::%d"}[family or self.rloc] % (n, h)

    def links(self, n, h):
        """Its addresses there: the outside world speaks the EIDs' family, R1's RLOC is of the core's."""
        return [self.link(n, h, f) for f in sorted({self.rloc, self.eid} if n == 3 else {self.rloc})]

    def home(self, site, n):
        """An address of a site: 1 its router; host 4 of site 1, 5 of site 2."""
        return {4: "192.168.%d.%d", 6: "2001:db8:%d::%d"}[self.eid] % (site, n)

    def home_prefix(self, site):
        return network(self.home(site, 1))

    @property
    def announced(self):
        """What a routing daemon of R1 tells the world."""
        return {4: "192.168.0.0/16", 6: "2001:db8::/44"}[self.eid]

    def outside(self, n):
        """In the world that speaks no LISP: 1 its router, 2 the host w."""
        return {4: "4.2.2.%d", 6: "2620:4:2:2::%d"}[self.eid] % n

    @property
    def default(self):
        return {4: "0.0.0.0/0", 6: "::/0"}[self.eid]

    @property
    def petr(self):
        """R1's RLOC as PETR, Map-Server and Map-Resolver."""
        return self.link(3, 1)


PLANS = {n: Plan(n) for n in NAMES}
DEFAULT = PLANS["4in4"]


def length(ip):
    """Of the prefix of a network here."""
    return 64 if ":" in ip else 24


def interface(ip):
    """With its length, as a port or a host has it."""
    return "%s/%d" % (ip, length(ip))


def host(ip):
    """The host prefix."""
    return "%s/%d" % (ip, 128 if ":" in ip else 32)


def network(ip):
    return str(ipaddress.ip_network(interface(ip), strict=False))


def hole(address, prefixes):
    """The shortest prefix that covers an address and touches none of these (RFC 9301 8.4)."""
    bits = 128 if ":" in address else 32
    for n in range(bits + 1):
        net = ipaddress.ip_network("%s/%d" % (address, n), strict=False)
        if not any(net.overlaps(ipaddress.ip_network(p)) for p in prefixes):
            return str(net)
    raise AssertionError("%s is in one of %s" % (address, prefixes))
