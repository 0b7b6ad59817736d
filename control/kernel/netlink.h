/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink by libmnl: what Linux knows of links, addresses, routes and neighbours comes in as
 * events, and what the configuration asks for is set. Control lcore only.
 *
 * Events are hints, the dump is the truth: xtr_nl_resync() starts a dump of everything; each object
 * comes as an event, and at the end of each kind `synced` is called, so that the receiver can sweep
 * what was not seen again. It happens at start, after an overrun of the socket (ENOBUFS) and, for
 * routes, after each link event. A dump is read in slices, as the socket becomes readable.
 */
#ifndef XTR_NETLINK_H
#define XTR_NETLINK_H

#include <net/if.h>
#include "wire/addr.h"

#define XTR_NL_MAX_NEXTHOPS 16

enum xtr_nl_kind { XTR_NL_LINK, XTR_NL_ADDR, XTR_NL_ROUTE, XTR_NL_NEIGH, XTR_NL_KINDS };

struct xtr_nl_link {
	int ifindex;
	char name[IFNAMSIZ];
	bool up, running; /* IFF_UP, carrier */
	uint32_t mtu;
	uint8_t mac[6];
};

struct xtr_nl_addr {
	int ifindex;
	struct xtr_ip ip;
	uint8_t plen;
	bool tentative;
};

enum xtr_nl_route_type {
	XTR_NL_UNICAST,
	XTR_NL_LOCAL,
	XTR_NL_BLACKHOLE,
	XTR_NL_UNREACHABLE,
	XTR_NL_PROHIBIT,
	XTR_NL_OTHER
};

struct xtr_nl_nexthop {
	int ifindex;
	struct xtr_ip via; /* af 0: directly connected */
	uint8_t weight;    /* 1 and up */
};

/*
 * The callback always carries the whole route: what is reported for (prefix, table, metric)
 * replaces what was reported for it before. Linux may hold several routes of one prefix, table and
 * metric (`ip route append`): the first of them with a live next hop is reported, as Linux itself
 * would choose; an IPv6 multipath route, which Linux changes one next hop at a time, comes with all
 * its next hops. Changes to such routes arrive by a dump that this module asks for. A UNICAST route
 * with n_nexthops 0 exists, but all its next hops are dead. Routes with a TOS or a source prefix,
 * and cached ones, are not reported; those with an encapsulation (RTA_ENCAP) are OTHER.
 */
struct xtr_nl_route {
	struct xtr_eid prefix; /* iid 0 */
	uint32_t table;        /* RT_TABLE_MAIN and RT_TABLE_LOCAL are reported, no other */
	uint32_t metric;
	enum xtr_nl_route_type type;
	uint8_t n_nexthops; /* from RTA_GATEWAY/RTA_VIA/RTA_OIF, RTA_MULTIPATH or a next-hop object
			       (RTA_NH_ID); dead and linkdown ones left out */
	struct xtr_nl_nexthop nexthops[XTR_NL_MAX_NEXTHOPS];
};

/* Of unicast addresses only. */
struct xtr_nl_neigh {
	int ifindex;
	struct xtr_ip ip;
	uint8_t mac[6];
	bool usable; /* has a MAC: REACHABLE, STALE, DELAY, PROBE, PERMANENT, NOARP */
	bool failed; /* NUD_FAILED: Linux asked and nobody answered */
};

/* Callbacks; `gone` is true for a deletion. */
struct xtr_nl_ops {
	void (*link)(void *arg, const struct xtr_nl_link *l, bool gone);
	void (*addr)(void *arg, const struct xtr_nl_addr *a, bool gone);
	void (*route)(void *arg, const struct xtr_nl_route *r, bool gone);
	void (*neigh)(void *arg, const struct xtr_nl_neigh *n, bool gone);
	/*
	 * A dump of this kind begins, ends: what was not reported in between does not exist any
	 * more. A dump that the kernel calls interrupted (NLM_F_DUMP_INTR) begins again: sync_begin
	 * twice, then synced once.
	 */
	void (*sync_begin)(void *arg, enum xtr_nl_kind kind);
	void (*synced)(void *arg, enum xtr_nl_kind kind);
	void *arg;
};

struct xtr_nl;

/*
 * Opens an event socket, a dump socket and a request socket in the present network namespace, and
 * asks for the first dump of all kinds. Callbacks run inside xtr_nl_read() only; they may call any
 * function here but xtr_nl_read() and xtr_nl_close(). NULL and errno on failure.
 */
struct xtr_nl *xtr_nl_open(const struct xtr_nl_ops *ops);
void xtr_nl_close(struct xtr_nl *nl);
/* Two descriptors to poll for reading (level-triggered: a slice may leave more): events, and
 * answers to dumps. Call xtr_nl_read() when one is readable. */
int xtr_nl_event_fd(const struct xtr_nl *nl);
int xtr_nl_dump_fd(const struct xtr_nl *nl);
/* Reads what is there, a bounded slice; events overrun -> a resync starts by itself. 0 or negative
 * errno (fatal). */
int xtr_nl_read(struct xtr_nl *nl);
/* Asks for a dump of all kinds, or of one. Kinds wait in a queue; asking twice while waiting is one
 * dump. */
void xtr_nl_resync(struct xtr_nl *nl);
void xtr_nl_resync_kind(struct xtr_nl *nl, enum xtr_nl_kind kind);
/* True when no dump is under way or waiting. */
bool xtr_nl_in_sync(const struct xtr_nl *nl);
/* Overruns of the event socket so far, and dumps of one kind carried to their end, for `show
 * counters`. */
uint64_t xtr_nl_overruns(const struct xtr_nl *nl);
uint64_t xtr_nl_dumps(const struct xtr_nl *nl);

/* Changes, each one synchronous request with acknowledgement on a socket of its own. 0 or negative
 * errno. Adding what is there already is no error; nor is deleting what is not there. */
int xtr_nl_link_set(struct xtr_nl *nl, int ifindex, bool up, uint32_t mtu); /* mtu 0: as it is */
/* An IPv6 address comes without detection of duplicates: as a router's own it is usable at once. */
int xtr_nl_addr_add(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, uint8_t plen);
int xtr_nl_addr_del(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, uint8_t plen);
/* table 0: main. type UNICAST or BLACKHOLE. Replaces a route of the same prefix, table and metric.
 * Marked RTPROT_STATIC. */
int xtr_nl_route_add(struct xtr_nl *nl, const struct xtr_nl_route *r);
/* Deletes the static route of this prefix, table and metric. For IPv4 metric 0 means any metric to
 * Linux; next hops, where given, then have to match too. */
int xtr_nl_route_del(struct xtr_nl *nl, const struct xtr_nl_route *r);
/* Would Linux find a route to dst for what it sends, before it has chosen a source address? 0, or
 * -ENETUNREACH or another negative errno. */
int xtr_nl_route_get(struct xtr_nl *nl, const struct xtr_ip *dst);
/* Policy rule "from|to PREFIX iif lo lookup TABLE" with a priority, for what Linux itself sends. */
struct xtr_nl_rule {
	struct xtr_eid prefix;
	bool to; /* else from */
};
int xtr_nl_rule_add(
    struct xtr_nl *nl, const struct xtr_nl_rule *r, uint32_t table, uint32_t priority);
int xtr_nl_rule_del(
    struct xtr_nl *nl, const struct xtr_nl_rule *r, uint32_t table, uint32_t priority);
/* A permanent neighbour. */
int xtr_nl_neigh_set(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, const uint8_t mac[6]);
/*
 * Makes Linux resolve, or confirm, a neighbour (NTF_USE). Does not wait for an answer from the
 * kernel. NTF_USE would turn a permanent entry into an incomplete one, so for neighbours known as
 * permanent nothing is sent.
 */
int xtr_nl_neigh_use(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip);

#endif
