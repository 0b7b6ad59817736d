/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a look-up leads a worker to: forwarding entries, next hops, tunnels. All live in pools
 * (mapcache/pool.h), are written by the control lcore and, but for a forwarding entry's `used`,
 * only read by workers.
 *
 * GATES. When a thing that made workers punt packets (an unresolved EID, an unknown neighbour)
 * becomes usable, packets that come later must not overtake those that the control lcore holds. So
 * it is published with gate = E, a number higher than any worker has adopted. A worker that meets a
 * gate above its own gate_seen keeps the packet in a queue of its own. The control lcore waits for
 * a grace period (nobody punts for it any more), empties the punt ring, gives all held packets back
 * by the inject rings, marked so that they pass this gate, and then publishes E. A worker reads
 * that number, then empties its inject ring, then adopts the number and lets its queue go: order is
 * kept whatever the rate, without a lock or a wait.
 */
#ifndef XTR_MAPCACHE_FWD_H
#define XTR_MAPCACHE_FWD_H

#include <stddef.h>
#include <stdint.h>
#include <rte_common.h>

enum xtr_fwd_action {
	XTR_FWD_NONE = 0, /* no match: the entry of index 0 */
	XTR_FWD_DROP,     /* reason: enum xtr_drop */
	XTR_FWD_LOCAL,    /* an address of this machine: decapsulation or Linux */
	XTR_FWD_FORWARD,  /* natively: target is a next hop */
	XTR_FWD_GLEAN,    /* a connected network: its neighbour is not known yet; target: port */
	XTR_FWD_ENCAP,    /* target is a tunnel */
	XTR_FWD_ROUTES,   /* ask the instance's routes: own EIDs */
	XTR_FWD_NATIVE,   /* natively-forward: to a PETR, or by the routes (RFC 6832 section 6.1) */
	XTR_FWD_MISS,     /* send-map-request */
};

/* Not an address of this machine, but a route by an interface that is no port: Linux forwards. Like
 * any route it does not hide a LISP entry of its length. */
#define XTR_LOCAL_ROUTE 1u

/* In word1. For packets of own EIDs: strangers at a proxy-ITR go by the routes, since it is not
 * configured to serve this (RFC 6832 section 5). */
#define XTR_FWD_OWN_ONLY 1u
/* In word1, from this bit on: the index of the entry's own counters (dp.h), 0: it has none. */
#define XTR_FWD_COUNT_SHIFT 1

/* A forwarding entry: small, since each EID prefix has one. Immutable once published, but for gate
 * and used. */
struct xtr_fwd {
	uint8_t action; /* enum xtr_fwd_action */
	uint8_t plen;
	uint8_t set_log2; /* 0: target is one index; XTR_SET_LOG2: a set's, whose slot the flow hash
			     picks */
	uint8_t used; /* worker: sets, control: reads and clears; atomic. A packet has met this LISP
			 entry since it was cleared */
	union {
		uint32_t target;
		uint32_t reason; /* DROP: enum xtr_drop; LOCAL: XTR_LOCAL_ROUTE, or 0 for an address
				  */
	};
	uint32_t gate; /* 0: open */
	/* EID database: second word of the LISP header for this source, network order. Other LISP
	 * entries: XTR_FWD_OWN_ONLY or 0, and the index of counters. */
	uint32_t word1;
};
_Static_assert(sizeof(struct xtr_fwd) == 16, "four entries a cache line");

enum xtr_hop_state {
	XTR_HOP_UNRESOLVED = 0, /* punt: the control lcore makes Linux ask */
	XTR_HOP_READY,
	XTR_HOP_DOWN, /* no route, port down: drop */
};

/* A next hop on a port: neighbour or gateway. The contents but for state and gate change only while
 * not READY, a grace period after it left that state. */
struct xtr_adj {
	uint32_t gate;
	uint8_t state; /* enum xtr_hop_state */
	uint8_t port;  /* index in xtr_dp.ports */
	uint16_t mtu;
	uint8_t eth[14]; /* Ethernet header */
	uint8_t pad[10];
};
_Static_assert(sizeof(struct xtr_adj) == 32, "two next hops a cache line");

#define XTR_TUNNEL_TMPL_MAX 116

/* An RLOC to encapsulate to: the ready-made outer headers. Rules as for xtr_adj. What a packet
 * needs lies in one cache line. mtu changes while READY too, when the core says what fits: a store
 * that needs no other with it. */
struct xtr_tunnel {
	uint32_t gate;
	uint16_t mtu;  /* of the outer IP packet, bytes */
	uint8_t state; /* enum xtr_hop_state */
	uint8_t port;
	uint8_t len;   /* template bytes: Ethernet, IP, UDP, LISP */
	uint8_t ip_at; /* offset of the outer IP header */
	/* lengths, TTL, TOS, source port and LISP header are 0, and an IPv4 header's checksum is
	 * right so */
	uint8_t tmpl[XTR_TUNNEL_TMPL_MAX];
	uint8_t af; /* outer family, 4 or 6 */
} __rte_aligned(128);
_Static_assert(sizeof(struct xtr_tunnel) == 128, "two cache lines");
_Static_assert(offsetof(struct xtr_tunnel, tmpl) + 14 + 40 <= 64, "all up to the IPv6 addresses");

#endif
