/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes and neighbours: from Linux (or from the configuration, where there is no mirror) into what
 * workers read. Control lcore only.
 *
 * A neighbour is a next hop on a port, with or without a MAC yet. It is made when Linux reports it,
 * when a route's gateway or an RLOC needs it, or when a worker met an unknown host of a connected
 * network. Packets wait in it until Linux has resolved it.
 */
#ifndef XTR_RIB_H
#define XTR_RIB_H

#include "control/forwarding/fib.h"
#include "control/forwarding/hold.h"
#include "util/timer.h"

#define XTR_RIB_MAX_HOPS 16

struct xtr_rib;

struct xtr_rib_hop {
	int port;          /* index, or -1: an interface that is no port of ours (Linux forwards) */
	struct xtr_ip via; /* af 0: directly connected */
	uint8_t weight;    /* 1 and up */
};

enum xtr_rib_type {
	XTR_RIB_UNICAST,
	XTR_RIB_LOCAL,
	XTR_RIB_BLACKHOLE,
	XTR_RIB_UNREACHABLE,
	XTR_RIB_PROHIBIT
};

struct xtr_rib_route {
	struct xtr_eid prefix;
	enum xtr_rib_type type;
	uint32_t table, metric; /* of Linux: what makes two routes of a prefix different. Lowest
				   metric wins; LOCAL before all */
	uint8_t n_hops;
	struct xtr_rib_hop hops[XTR_RIB_MAX_HOPS];
};

/* A next hop; only what RLOCs need to know of it is public. */
struct xtr_nbr {
	struct xtr_nbr_key {
		uint8_t port;
		struct xtr_ip ip;
	} key;
	uint32_t adj;   /* index in the pool of next hops */
	bool known;     /* has a MAC */
	bool failed;    /* has none, and Linux asked in vain */
	uint8_t mac[6]; /* where known */
};

struct xtr_rib_ops {
	/* Make Linux resolve, or confirm, a neighbour. */
	void (*ask)(void *arg, unsigned port, const struct xtr_ip *ip);
	/* Routes or next hops changed: RLOCs are to be looked at again. */
	void (*changed)(void *arg);
	void *arg;
};

struct xtr_rib *xtr_rib_create(struct xtr_dp *dp, struct xtr_fib *fib, struct xtr_holder *holder,
    struct xtr_wheel *wheel, const struct xtr_rib_ops *ops);
void xtr_rib_destroy(struct xtr_rib *rib);

/* Adds or replaces a route; `gone` removes it. Linux reports the same route again and again: no
 * change costs little. */
int xtr_rib_route(struct xtr_rib *rib, const struct xtr_rib_route *r, bool gone);
/* A neighbour has this MAC; or (mac NULL) it is gone; failed: Linux asked in vain. */
void xtr_rib_neigh(
    struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, const uint8_t *mac, bool failed);
/* A dump begins: what is not reported until the sweep goes. */
void xtr_rib_mark_routes(struct xtr_rib *rib);
void xtr_rib_sweep_routes(struct xtr_rib *rib);
void xtr_rib_mark_neighs(struct xtr_rib *rib);
void xtr_rib_sweep_neighs(struct xtr_rib *rib);

/*
 * The next hop that Linux's routes choose towards ip, for an RLOC: with several, by the address's
 * hash. NULL and *state says why: no route, blackhole, local, or an interface that is no port. The
 * result comes with a reference, to be given back.
 */
struct xtr_nbr *xtr_rib_resolve(struct xtr_rib *rib, const struct xtr_ip *ip, const char **why);
void xtr_nbr_put(struct xtr_rib *rib, struct xtr_nbr *nbr);

/* A packet for a neighbour without a MAC: by next hop index (from a worker), or by port and
 * destination of a connected network. Takes m. */
void xtr_rib_hold_adj(struct xtr_rib *rib, uint32_t adj, struct rte_mbuf *m);
void xtr_rib_hold_host(
    struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, struct rte_mbuf *m);
/* The next hop with this index in the pool of next hops; NULL: none any more. */
const struct xtr_nbr *xtr_rib_nbr(const struct xtr_rib *rib, uint32_t adj);
/* Makes Linux resolve a next hop without a MAC, once a second at most. */
void xtr_rib_ask(struct xtr_rib *rib, struct xtr_nbr *nbr);

#endif
