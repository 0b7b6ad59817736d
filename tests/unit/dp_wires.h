/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data plane without a control lcore: four ports whose wires are rings, one or two workers, and
 * tables set by hand. Who includes it runs turns of a worker, or single stages, and sees what
 * leaves.
 *
 *   port 0  site  10.1.1.2/24    2001:db8:1:1::2/64    instance 0
 *   port 1  core  172.16.1.2/24  fd00:16:1::2/64
 *   port 2  site  10.100.1.2/24  2001:db8:64:1::2/64   instance 100
 *   port 3  core  172.18.1.2/24  fd00:18:1::2/64       instance 100, proxy-ITR
 *
 * fe80::2 is this machine's, on any port.
 *
 * Any of them may be a VLAN (10, 20, 30, 40, in this order) of a fifth port, the trunk, which
 * itself is a core port without addresses.
 */
#ifndef XTR_DP_WIRES_H
#define XTR_DP_WIRES_H

#include <arpa/inet.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "datapath/dp.h"
#include "datapath/hop.h"
#include "wire/data.h"

#define DP_PORTS   4
#define DP_SITE    0
#define DP_CORE    1
#define DP_SITE2   2
#define DP_PROXY   3
#define DP_IID2    100
#define DP_MTU     1500
#define DP_TRUNK   DP_PORTS /* where there are VLANs */
#define DP_DEVICES (DP_PORTS + 1)

struct dp_wires {
	struct xtr_dp *dp;
	struct xtr_worker *w;                             /* the first */
	struct rte_ring *rx[DP_DEVICES], *tx[DP_DEVICES]; /* NULL: it is a VLAN, or not there */
	uint32_t tunnel, tunnel2; /* 10.2.2.0/24; the other one of 10.3.0.0/16 */
	uint32_t tunnel6;         /* 10.26.0.0/16 and 2001:db8:26::/48: over IPv6 */
	uint32_t encap;           /* the entry of 10.2.2.0/24 */
};

static const uint8_t dp_mac[DP_DEVICES][6] = {{2, 0, 0, 0, 1, 0}, {2, 0, 0, 0, 1, 1},
    {2, 0, 0, 0, 1, 2}, {2, 0, 0, 0, 1, 3}, {2, 0, 0, 0, 1, 4}};
/* what each is as a VLAN */
static const uint16_t dp_vlan[DP_PORTS] = {10, 20, 30, 40};

static inline void dp_need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "data plane of the test: %s: %s\n", what, rte_strerror(rte_errno));
	abort();
}

static inline void dp_eal(void)
{
	static char lcores[32], name[] = "xtr-test", m[] = "-m", megabytes[] = "128";
	static char a[] = "--no-huge", b[] = "--no-shconf", c[] = "--no-pci",
		    d[] = "--no-telemetry";
	static char quiet[] = "--log-level=warning";
	char *argv[] = {name, a, b, c, d, m, megabytes, quiet, lcores, NULL};
	int cpu = sched_getcpu();

	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", cpu < 0 ? 0 : cpu);
	dp_need(rte_eal_init((int)RTE_DIM(argv) - 1, argv) >= 0, "EAL");
}

static inline uint32_t dp_entry(struct dp_wires *f, struct xtr_fwd fwd)
{
	uint32_t index = xtr_pool_get(&f->dp->fwd);

	dp_need(index != 0, "entry");
	*(struct xtr_fwd *)xtr_pool_at(&f->dp->fwd, index) = fwd;
	return index;
}

static inline void dp_address(const char *text, struct xtr_ip *ip)
{
	memset(ip, 0, sizeof(*ip));
	ip->af = strchr(text, ':') ? 6 : 4;
	dp_need(inet_pton(ip->af == 6 ? AF_INET6 : AF_INET, text, ip->b) == 1, text);
}

static inline void dp_prefix(const char *prefix, struct xtr_ip *ip, unsigned *plen)
{
	char text[64];

	dp_need(sscanf(prefix, "%63[0-9a-f.:]/%u", text, plen) == 2, prefix);
	dp_address(text, ip);
}

static inline uint32_t dp_set(const struct xtr_lpm *lpm, const char *prefix, uint32_t entry)
{
	struct xtr_ip ip;
	unsigned plen;

	dp_prefix(prefix, &ip, &plen);
	dp_need(xtr_lpm_set((struct xtr_lpm *)(uintptr_t)lpm, &ip, plen, entry) == 0, prefix);
	return entry;
}

/* What Linux routes: in the routes, and in every instance's LISP view. */
static inline void dp_route(struct dp_wires *f, const char *prefix, struct xtr_fwd fwd)
{
	uint32_t entry = dp_entry(f, fwd);

	dp_set(f->dp->instances[0].routes, prefix, entry);
	for (unsigned i = 0; i < f->dp->n_instances; i++)
		dp_set(f->dp->instances[i].lisp, prefix, entry);
}

/* A route that the LISP views do not show: LISP has the same prefix, or it leads nowhere. */
static inline void dp_hidden_route(struct dp_wires *f, const char *prefix, struct xtr_fwd fwd)
{
	dp_set(f->dp->instances[0].routes, prefix, dp_entry(f, fwd));
}

static inline uint32_t dp_lisp(
    struct dp_wires *f, unsigned inst, const char *prefix, struct xtr_fwd fwd)
{
	return dp_set(f->dp->instances[inst].lisp, prefix, dp_entry(f, fwd));
}

/* status: locator-status-bits of its packets. */
static inline void dp_own_status(
    struct dp_wires *f, unsigned inst, const char *prefix, uint8_t status)
{
	uint32_t entry = dp_entry(f, (struct xtr_fwd){.action = XTR_FWD_ROUTES,
					 .word1 = htonl(f->dp->instances[inst].iid << 8 | status)});

	dp_set(f->dp->instances[inst].database, prefix, entry);
	dp_set(f->dp->instances[inst].lisp, prefix, entry);
}

static inline void dp_own(struct dp_wires *f, unsigned inst, const char *prefix)
{
	dp_own_status(f, inst, prefix, 0);
}

/* A next hop on the port, whose MAC is 02:00:00:00:02:<last>. */
static inline uint32_t dp_adj(struct dp_wires *f, unsigned port, uint8_t last, uint8_t state)
{
	uint32_t index = xtr_pool_get(&f->dp->adj);
	struct xtr_adj *adj = xtr_pool_at(&f->dp->adj, index);

	dp_need(index != 0, "next hop");
	adj->state = state;
	adj->port = (uint8_t)port;
	adj->mtu = DP_MTU;
	memcpy(adj->eth, (uint8_t[]){2, 0, 0, 0, 2, last}, 6);
	memcpy(adj->eth + 6, dp_mac[port], 6);
	adj->eth[12] = 8;
	return index;
}

static inline uint32_t dp_tunnel_of(
    struct dp_wires *f, uint8_t last, uint8_t state, uint8_t af, unsigned outer_len)
{
	uint32_t index = xtr_pool_get(&f->dp->tunnel);
	struct xtr_tunnel *t = xtr_pool_at(&f->dp->tunnel, index);

	dp_need(index != 0, "tunnel");
	t->state = state;
	t->port = DP_CORE;
	t->ip_at = 14;
	t->len = (uint16_t)(14 + outer_len);
	t->mtu = DP_MTU;
	t->af = af;
	memcpy(t->tmpl, (uint8_t[]){2, 0, 0, 0, 2, last}, 6);
	memcpy(t->tmpl + 6, dp_mac[DP_CORE], 6);
	return index;
}

/* A tunnel to 172.16.1.<last>, whose MAC is 02:00:00:00:02:<last>. */
static inline uint32_t dp_tunnel(struct dp_wires *f, uint8_t last, uint8_t state)
{
	static const uint8_t outer[36] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 0, 17, 0, 0, 172, 16, 1, 2,
	    172, 16, 1, 0, 0, 0, 0x10, 0xf5, 0, 0, 0, 0};
	uint32_t index = dp_tunnel_of(f, last, state, 4, sizeof(outer)), sum = 0;
	struct xtr_tunnel *t = xtr_pool_at(&f->dp->tunnel, index);

	t->tmpl[12] = 8;
	memcpy(t->tmpl + 14, outer, sizeof(outer));
	t->tmpl[14 + 19] = last;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)t->tmpl[14 + i] << 8 | t->tmpl[15 + i];
	sum = ~((sum & 0xffff) + (sum >> 16));
	t->tmpl[14 + 10] = (uint8_t)(sum >> 8);
	t->tmpl[14 + 11] = (uint8_t)sum;
	xtr_dp_name_tunnel(f->dp, index, 4, t->tmpl + 14 + 16);
	return index;
}

/* A tunnel to fd00:16:1::<last>, whose MAC is 02:00:00:00:02:<last>. */
static inline uint32_t dp_tunnel6(struct dp_wires *f, uint8_t last, uint8_t state)
{
	static const uint8_t outer[56] = {0x60, 0, 0, 0, 0, 0, 17, 0, /* source */ 0xfd, 0, 0, 0x16,
	    0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* destination */ 0xfd, 0, 0, 0x16, 0, 1, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, /* UDP */ 0, 0, 0x10, 0xf5};
	uint32_t index = dp_tunnel_of(f, last, state, 6, sizeof(outer));
	struct xtr_tunnel *t = xtr_pool_at(&f->dp->tunnel, index);

	t->tmpl[12] = 0x86;
	t->tmpl[13] = 0xdd;
	memcpy(t->tmpl + 14, outer, sizeof(outer));
	t->tmpl[14 + 39] = last;
	xtr_dp_name_tunnel(f->dp, index, 6, t->tmpl + 14 + 24);
	return index;
}

/* Two hops, half of the slots each. */
static inline uint32_t dp_pair(struct dp_wires *f, uint32_t a, uint32_t b)
{
	uint32_t index = xtr_pool_get(&f->dp->set);
	struct xtr_set *set = xtr_pool_at(&f->dp->set, index);

	dp_need(index != 0, "set");
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		set->hop[i] = i & 1 ? b : a;
	return index;
}

static inline struct xtr_fwd dp_to(uint8_t action, uint32_t target)
{
	return (struct xtr_fwd){.action = action, .target = target};
}

/* What natively-forward leads to: `state` is none (no PETR is configured), routes, miss, one or two
 * of them. False: no such state. */
static inline bool dp_petr(struct dp_wires *f, bool always, const char *state)
{
	struct xtr_fwd fwd = dp_to(XTR_FWD_ENCAP, f->tunnel);

	if (!strcmp(state, "two")) {
		fwd = dp_to(XTR_FWD_ENCAP, dp_pair(f, f->tunnel, f->tunnel2));
		fwd.set_log2 = XTR_SET_LOG2;
	} else if (!strcmp(state, "miss")) {
		fwd = dp_to(XTR_FWD_MISS, 0);
	} else if (!strcmp(state, "routes")) {
		fwd = dp_to(XTR_FWD_ROUTES, 0);
	} else if (!strcmp(state, "none")) {
		fwd = dp_to(XTR_FWD_NONE, 0);
	} else if (strcmp(state, "one")) {
		return false;
	}
	f->dp->petr_fwd = fwd.action == XTR_FWD_NONE ? 0 : dp_entry(f, fwd);
	f->dp->petr_always = always;
	return true;
}

static inline void dp_routes(struct dp_wires *f)
{
	uint32_t r3 = dp_adj(f, DP_CORE, 3, XTR_HOP_READY),
		 r9 = dp_adj(f, DP_CORE, 9, XTR_HOP_READY);
	struct xtr_fwd pair = dp_to(XTR_FWD_FORWARD, dp_pair(f, r3, r9));

	pair.set_log2 = XTR_SET_LOG2;
	dp_route(f, "10.1.1.2/32", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "10.1.1.255/32", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "172.16.1.2/32", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "10.1.1.4/32", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 4, XTR_HOP_READY)));
	dp_route(f, "10.1.1.6/32", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 6, XTR_HOP_DOWN)));
	dp_route(
	    f, "10.1.1.7/32", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 7, XTR_HOP_UNRESOLVED)));
	dp_route(
	    f, "10.100.1.4/32", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE2, 104, XTR_HOP_READY)));
	dp_route(f, "172.16.1.0/24", dp_to(XTR_FWD_GLEAN, DP_CORE));
	dp_route(f, "172.16.1.3/32", dp_to(XTR_FWD_FORWARD, r3));
	dp_route(f, "172.17.0.0/16", pair);
	dp_route(f, "172.18.1.2/32", dp_to(XTR_FWD_LOCAL, 0));
	dp_hidden_route(f, "10.1.1.0/24", dp_to(XTR_FWD_GLEAN, DP_SITE));
	dp_hidden_route(f, "10.100.1.0/24", dp_to(XTR_FWD_GLEAN, DP_SITE2));
	dp_hidden_route(f, "192.0.2.0/24",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_BLACKHOLE});
	/* and the same with IPv6, whose neighbours are the same machines */
	dp_route(f, "2001:db8:1:1::2/128", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "fd00:16:1::2/128", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "fd00:18:1::2/128", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "fe80::2/128", dp_to(XTR_FWD_LOCAL, 0));
	dp_route(f, "fe80::3/128", /* by an interface that is no port */
	    (struct xtr_fwd){.action = XTR_FWD_LOCAL, .reason = XTR_LOCAL_ROUTE});
	dp_route(
	    f, "2001:db8:1:1::4/128", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 4, XTR_HOP_READY)));
	dp_route(
	    f, "2001:db8:1:1::6/128", dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 6, XTR_HOP_DOWN)));
	dp_route(f, "2001:db8:1:1::7/128",
	    dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE, 7, XTR_HOP_UNRESOLVED)));
	dp_route(f, "2001:db8:64:1::4/128",
	    dp_to(XTR_FWD_FORWARD, dp_adj(f, DP_SITE2, 104, XTR_HOP_READY)));
	dp_route(f, "fd00:16:1::/64", dp_to(XTR_FWD_GLEAN, DP_CORE));
	dp_route(f, "fd00:16:1::3/128", dp_to(XTR_FWD_FORWARD, r3));
	dp_route(f, "fd00:17::/32", pair);
	dp_hidden_route(f, "2001:db8:1:1::/64", dp_to(XTR_FWD_GLEAN, DP_SITE));
	dp_hidden_route(f, "2001:db8:64:1::/64", dp_to(XTR_FWD_GLEAN, DP_SITE2));
	dp_hidden_route(f, "2001:db8:bad::/48",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_BLACKHOLE});
}

static inline void dp_petr_rloc(struct xtr_rloc_rule *rule, const char *prefix)
{
	struct xtr_ip ip;
	unsigned plen;

	dp_prefix(prefix, &ip, &plen);
	rule->rloc[rule->n].af = ip.af;
	rule->rloc[rule->n].plen = (uint8_t)plen;
	memcpy(rule->rloc[rule->n++].ip, ip.b, 16);
}

/* Natively-forward, with and without a route; and whose PETR we are, in the second instance. */
static inline void dp_world(struct dp_wires *f)
{
	uint32_t r3 = dp_adj(f, DP_CORE, 3, XTR_HOP_READY), index[2];
	struct xtr_rloc_rule *rule;

	dp_lisp(f, 0, "198.51.0.0/16", dp_to(XTR_FWD_NATIVE, 0));
	dp_lisp(f, 1, "198.51.0.0/16", dp_to(XTR_FWD_NATIVE, 0));
	dp_lisp(f, 0, "2001:db8:51::/48", dp_to(XTR_FWD_NATIVE, 0));
	dp_lisp(f, 1, "2001:db8:51::/48", dp_to(XTR_FWD_NATIVE, 0));
	dp_hidden_route(f, "2001:db8:51:100::/64", dp_to(XTR_FWD_FORWARD, r3));
	dp_hidden_route(f, "2001:db8:51:102::/64",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_UNREACHABLE});
	dp_hidden_route(f, "198.51.100.0/24", dp_to(XTR_FWD_FORWARD, r3));
	dp_hidden_route(f, "198.51.101.0/24",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_BLACKHOLE});
	dp_hidden_route(f, "198.51.102.0/24",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_UNREACHABLE});
	/* 10.20.0.0/16 from 172.16.1.3 and 172.16.1.64/26; within it 10.20.9.0/24 from 172.16.1.5
	 * too */
	f->dp->instances[1].petr = xtr_lpm_create(&f->dp->rcu);
	dp_need(f->dp->instances[1].petr != NULL, "table");
	for (unsigned i = 0; i < 2; i++) {
		index[i] = xtr_pool_get(&f->dp->rloc_rule);
		dp_need(index[i] != 0, "rule");
		rule = xtr_pool_at(&f->dp->rloc_rule, index[i]);
		dp_petr_rloc(rule, i ? "172.16.1.5/32" : "172.16.1.3/32");
		dp_petr_rloc(rule, i ? "fd00:16:1::5/128" : "fd00:16:1::3/128");
		if (!i) {
			dp_petr_rloc(rule, "172.16.1.64/26");
			dp_petr_rloc(rule, "fd00:16:1::40/122");
		}
		rule->next = i ? index[0] : 0;
	}
	dp_set(f->dp->instances[1].petr, "10.20.0.0/16", index[0]);
	dp_set(f->dp->instances[1].petr, "10.20.9.0/24", index[1]);
	dp_set(f->dp->instances[1].petr, "2001:db8:20::/48", index[0]);
	dp_set(f->dp->instances[1].petr, "2001:db8:20:9::/64", index[1]);
}

/* IPv6 EIDs, over either family, and IPv4 ones over IPv6. */
static inline void dp_tables6(struct dp_wires *f)
{
	struct xtr_fwd pair;

	dp_own(f, 0, "2001:db8:1:1::/64");
	dp_own(f, 1, "2001:db8:64:1::/64");
	f->tunnel6 = dp_tunnel6(f, 3, XTR_HOP_READY);
	pair = dp_to(XTR_FWD_ENCAP, dp_pair(f, f->tunnel6, dp_tunnel6(f, 9, XTR_HOP_READY)));
	pair.set_log2 = XTR_SET_LOG2;
	dp_lisp(f, 0, "::/0", dp_to(XTR_FWD_MISS, 0));
	dp_lisp(f, 1, "::/0", (struct xtr_fwd){.action = XTR_FWD_MISS, .word1 = XTR_FWD_OWN_ONLY});
	dp_lisp(f, 1, "2001:db8:12::/48", dp_to(XTR_FWD_MISS, 0));
	for (unsigned i = 0; i < 2; i++) {
		dp_lisp(f, i, "10.26.0.0/16", dp_to(XTR_FWD_ENCAP, f->tunnel6));
		dp_lisp(f, i, "2001:db8:2::/48", dp_to(XTR_FWD_ENCAP, f->tunnel));
		dp_lisp(f, i, "2001:db8:26::/48", dp_to(XTR_FWD_ENCAP, f->tunnel6));
	}
	dp_lisp(f, 0, "2001:db8:3::/48", pair);
	dp_lisp(f, 0, "2001:db8:4::/48",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_MAPCACHE_DROP});
	dp_lisp(f, 0, "2001:db8:5::/48", dp_to(XTR_FWD_ROUTES, 0));
	dp_lisp(
	    f, 0, "2001:db8:6::/48", dp_to(XTR_FWD_ENCAP, dp_tunnel6(f, 10, XTR_HOP_UNRESOLVED)));
	dp_lisp(f, 0, "2001:db8:7::/48", dp_to(XTR_FWD_ENCAP, dp_tunnel6(f, 11, XTR_HOP_DOWN)));
}

static inline void dp_tables(struct dp_wires *f)
{
	struct xtr_fwd pair;

	dp_routes(f);
	dp_own(f, 0, "10.1.1.0/24");
	dp_own(f, 1, "10.100.1.0/24");
	dp_own_status(f, 0, "10.1.77.0/24", 0x05);
	dp_own_status(f, 1, "10.100.77.0/24", 0x80);
	f->tunnel = dp_tunnel(f, 3, XTR_HOP_READY);
	f->tunnel2 = dp_tunnel(f, 9, XTR_HOP_READY);
	pair = dp_to(XTR_FWD_ENCAP, dp_pair(f, f->tunnel, f->tunnel2));
	pair.set_log2 = XTR_SET_LOG2;
	dp_lisp(f, 0, "0.0.0.0/0", dp_to(XTR_FWD_MISS, 0));
	dp_lisp(
	    f, 1, "0.0.0.0/0", (struct xtr_fwd){.action = XTR_FWD_MISS, .word1 = XTR_FWD_OWN_ONLY});
	dp_lisp(f, 1, "10.12.0.0/16", dp_to(XTR_FWD_MISS, 0));
	dp_lisp(f, 1, "10.13.0.0/16",
	    (struct xtr_fwd){
		.action = XTR_FWD_ENCAP, .target = f->tunnel, .word1 = XTR_FWD_OWN_ONLY});
	dp_lisp(f, 1, "10.14.0.0/16",
	    (struct xtr_fwd){.action = XTR_FWD_DROP,
		.reason = XTR_DROP_MAPCACHE_DROP,
		.word1 = XTR_FWD_OWN_ONLY});
	f->encap = dp_lisp(f, 0, "10.2.2.0/24", dp_to(XTR_FWD_ENCAP, f->tunnel));
	dp_lisp(f, 1, "10.2.2.0/24", dp_to(XTR_FWD_ENCAP, f->tunnel));
	dp_lisp(f, 0, "10.3.0.0/16", pair);
	dp_lisp(f, 0, "10.4.0.0/16",
	    (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_MAPCACHE_DROP});
	dp_lisp(f, 0, "10.5.0.0/16", dp_to(XTR_FWD_ROUTES, 0));
	dp_lisp(f, 0, "10.6.0.0/16", dp_to(XTR_FWD_ENCAP, dp_tunnel(f, 10, XTR_HOP_UNRESOLVED)));
	dp_lisp(f, 0, "10.7.0.0/16", dp_to(XTR_FWD_ENCAP, dp_tunnel(f, 11, XTR_HOP_DOWN)));
	dp_tables6(f);
	dp_world(f);
}

/* Of all next hops and tunnels that there are. */
static inline void dp_mtu(struct dp_wires *f, uint16_t mtu)
{
	for (uint32_t i = 1; i < f->dp->adj.fresh; i++)
		((struct xtr_adj *)xtr_pool_at(&f->dp->adj, i))->mtu = mtu;
	for (uint32_t i = 1; i < f->dp->tunnel.fresh; i++)
		((struct xtr_tunnel *)xtr_pool_at(&f->dp->tunnel, i))->mtu = mtu;
}

static inline void dp_open_device(struct dp_wires *f, unsigned port, unsigned tx_size)
{
	static unsigned serial; /* a device's name outlives it */
	const char *why = "";
	char name[32];
	int ethdev;

	snprintf(name, sizeof(name), "rx%u", serial);
	f->rx[port] = rte_ring_create(name, 1024, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "tx%u", serial);
	f->tx[port] = rte_ring_create(name, tx_size, SOCKET_ID_ANY, 0);
	dp_need(f->rx[port] && f->tx[port], "ring");
	snprintf(name, sizeof(name), "wire%u", serial++);
	ethdev =
	    rte_eth_from_rings(name, &f->rx[port], 1, &f->tx[port], 1, (unsigned)SOCKET_ID_ANY);
	dp_need(ethdev >= 0, name);
	f->dp->ports[port].trunk = port == DP_TRUNK;
	dp_need(xtr_dp_port_open(f->dp, port, (uint16_t)ethdev, DP_MTU, &why) == 0, why);
	dp_need(xtr_dp_port_start(f->dp, port) == 0, "start of a port");
}

/* offloads: of the trunk, which its VLANs have, too; the wires' driver has none, so the test does
 * what a device would do. Without VLANs of all ports. */
static inline void dp_open_port(
    struct dp_wires *f, unsigned port, unsigned tx_size, unsigned vlans, uint8_t offloads)
{
	struct xtr_dp_port *p = &f->dp->ports[port];
	const char *why = "";

	p->site = port == DP_SITE || port == DP_SITE2;
	p->proxy = port == DP_PROXY;
	p->inst = port == DP_SITE2 || port == DP_PROXY;
	if (vlans >> port & 1)
		dp_need(
		    xtr_dp_vlan_open(f->dp, port, DP_TRUNK, dp_vlan[port], DP_MTU, &why) == 0, why);
	else
		dp_open_device(f, port, tx_size);
	memcpy(p->mac, dp_mac[port], 6);
	if (port == DP_TRUNK || !vlans)
		p->offloads |= offloads;
	p->up = 1;
}

/* tx_size: slots of each port's transmit ring, a power of two; one less can be used. vlans: bit n:
 * port n is a VLAN of the trunk, which is there if there is one. */
static inline void dp_open_as(struct dp_wires *f, unsigned workers, unsigned tx_size,
    unsigned mbufs, unsigned vlans, uint8_t offloads)
{
	struct xtr_dp_opts opts = {.n_workers = workers,
	    .mbufs = mbufs,
	    .hold_mbufs = 1023,
	    .copy_dscp = true,
	    .punt_rate = 1000000,
	    .punt_burst = 1 << 16};

	memset(f, 0, sizeof(*f));
	f->dp = xtr_dp_create(&opts);
	dp_need(f->dp != NULL, "pools and rings");
	dp_need(xtr_dp_instance(f->dp, 0) == 0 && xtr_dp_instance(f->dp, DP_IID2) == 1, "instance");
	f->w = f->dp->workers[0];
	if (vlans)
		dp_open_port(f, DP_TRUNK, tx_size, vlans, offloads);
	for (unsigned port = 0; port < DP_PORTS; port++)
		dp_open_port(f, port, tx_size, vlans, offloads);
	dp_tables(f);
}

static inline void dp_open(struct dp_wires *f, unsigned workers, unsigned tx_size)
{
	dp_open_as(f, workers, tx_size, 8191, 0, 0);
}

static inline void dp_free_ring(struct rte_ring *r)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(r, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

static inline void dp_close(struct dp_wires *f)
{
	for (unsigned port = 0; port < DP_DEVICES; port++) {
		if (!f->rx[port])
			continue;
		xtr_dp_port_close(f->dp, port);
		dp_free_ring(f->rx[port]);
		dp_free_ring(f->tx[port]);
	}
	xtr_dp_destroy(f->dp);
}

static inline unsigned dp_in_use(const struct dp_wires *f)
{
	return rte_mempool_in_use_count(f->dp->rx_pool) +
	       rte_mempool_in_use_count(f->dp->hold_pool);
}

/* The bytes in a packet of this pool, cut into segments of seg bytes (0: one segment). */
static inline struct rte_mbuf *dp_packet(
    struct rte_mempool *pool, const uint8_t *p, size_t len, size_t seg)
{
	struct rte_mbuf *head = NULL;
	size_t done = 0;

	do {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		size_t part = seg && seg < len - done ? seg : len - done;
		char *to = m ? rte_pktmbuf_append(m, (uint16_t)part) : NULL;

		dp_need(to != NULL, "mbuf");
		memcpy(to, p + done, part);
		done += part;
		if (!head)
			head = m;
		else
			dp_need(rte_pktmbuf_chain(head, m) == 0, "chain");
	} while (done < len);
	memset(xtr_pkt(head), 0, sizeof(struct xtr_pkt));
	return head;
}

/* Puts a frame on a port's wire. */
static inline void dp_rx(struct dp_wires *f, unsigned port, const void *frame, size_t len)
{
	struct rte_mbuf *m = dp_packet(f->dp->rx_pool, frame, len, 0);

	dp_need(rte_ring_enqueue(f->rx[port], m) == 0, "rx ring");
}

/* Runs turns of all workers until nothing is left to do. */
static inline void dp_turns(struct dp_wires *f)
{
	unsigned n, limit = 1000;

	do {
		n = 0;
		for (unsigned i = 0; i < f->dp->n_workers; i++)
			n += xtr_worker_turn(f->dp->workers[i]);
		dp_need(--limit != 0, "turns without an end");
	} while (n);
}

/* The next frame that left by a port, or NULL; the caller frees it. */
static inline struct rte_mbuf *dp_tx(struct dp_wires *f, unsigned port)
{
	struct rte_mbuf *m = NULL;

	return rte_ring_dequeue(f->tx[port], (void **)&m) == 0 ? m : NULL;
}

static inline struct rte_mbuf *dp_punted(struct dp_wires *f)
{
	struct rte_mbuf *m = NULL;

	return rte_ring_dequeue(f->dp->punt, (void **)&m) == 0 ? m : NULL;
}

static inline uint64_t dp_all_drops(const struct dp_wires *f)
{
	uint64_t sum = 0;

	for (unsigned d = 0; d < XTR_DROP_N; d++)
		sum += xtr_dp_drops(f->dp, (enum xtr_drop)d);
	return sum;
}

/* How many more packets there are since some were split. */
static inline uint64_t dp_more_parts(const struct dp_wires *f)
{
	return xtr_dp_counter(f->dp, XTR_CTR_PARTS) - xtr_dp_counter(f->dp, XTR_CTR_SPLIT) -
	       xtr_dp_counter(f->dp, XTR_CTR_SPLIT_OUTER);
}

static inline void dp_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The value that a header's checksum field must have, by RFC 1071's addition, which is one modulo
 * 65535. A header is never all zeros, so its sum is 0xffff where the remainder is 0, and the field
 * is never 0xffff. */
static inline uint16_t dp_checksum(const uint8_t *h, unsigned len)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < len; i += 2)
		if (i != 10)
			sum += (uint32_t)h[i] << 8 | h[i + 1];
	sum %= 65535;
	return (uint16_t)(65535 - (sum ? sum : 65535));
}

/* A frame to a port's MAC: UDP, zeros, `total` bytes of IP, `id` in the IP header. Returns its
 * length. */
static inline unsigned dp_frame(
    uint8_t *f, unsigned port, const char *src, const char *dst, uint16_t id, uint16_t total)
{
	uint8_t *h = f + 14;

	memset(f, 0, 14u + total);
	memcpy(f, dp_mac[port], 6);
	f[6] = 2;
	f[12] = 8;
	h[0] = 0x45;
	dp_put16(h + 2, total);
	dp_put16(h + 4, id);
	h[8] = 64;
	h[9] = 17;
	dp_need(inet_pton(AF_INET, src, h + 12) == 1 && inet_pton(AF_INET, dst, h + 16) == 1,
	    "address");
	dp_put16(h + 10, dp_checksum(h, 20));
	return 14u + total;
}

/* The same of IPv6. */
static inline unsigned dp_frame6(
    uint8_t *f, unsigned port, const char *src, const char *dst, uint16_t total)
{
	uint8_t *h = f + 14;

	memset(f, 0, 14u + total);
	memcpy(f, dp_mac[port], 6);
	f[6] = 2;
	f[12] = 0x86;
	f[13] = 0xdd;
	h[0] = 0x60;
	dp_put16(h + 4, total - 40u);
	h[6] = 17;
	h[7] = 64;
	dp_need(inet_pton(AF_INET6, src, h + 8) == 1 && inet_pton(AF_INET6, dst, h + 24) == 1,
	    "address");
	return 14u + total;
}

#endif
