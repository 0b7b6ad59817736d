/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside rib: neighbours and prefixes as its two files share them.
 */
#ifndef XTR_NBR_H
#define XTR_NBR_H

#include <uthash.h>
#include "control/forwarding/rib.h"
#include "util/trie.h"

struct nbr {
	struct xtr_nbr pub;
	struct nbr *same_ip;      /* on another port: the next of them */
	struct nbr *next_recheck; /* while routes change */
	struct rib_prefix *host;  /* stands in the tables as a host route of its own */
	unsigned refs;            /* routes, RLOCs */
	uint32_t seen;            /* sweep generation */
	bool was_ready;           /* workers may have read its MAC */
	bool changing;            /* waits for a grace period to get a new MAC */
	bool dead;                /* freed when the grace period is over */
	uint64_t asked_ms, seen_ms;
	struct xtr_hold hold;
	struct xtr_rcu_head rcu;
	struct xtr_rib *rib;
	UT_hash_handle hh;
};

struct rib_route {
	struct rib_route *next; /* by metric, lowest first; LOCAL before all */
	struct xtr_rib_route r;
	uint32_t seen;
};

struct rib_prefix {
	struct xtr_eid eid;
	struct rib_route *routes;
	struct nbr *host;
	struct rib_prefix *next_stale; /* during a sweep */
	/* next hops of what was installed, with a reference each */
	struct nbr *hops[XTR_RIB_MAX_HOPS];
	unsigned n_hops;
};

struct xtr_rib {
	struct xtr_dp *dp;
	struct xtr_fib *fib;
	struct xtr_holder *holder;
	struct xtr_wheel *wheel;
	struct xtr_rib_ops ops;
	struct xtr_trie prefixes[2];
	struct nbr *nbrs;         /* hash by key */
	struct xtr_trie by_ip[2]; /* of each address the neighbour made first */
	struct nbr **by_adj;      /* index of next hop -> neighbour */
	uint32_t n_by_adj;
	unsigned n_unresolved;
	uint32_t generation, nbr_generation; /* of dumps: routes, neighbours */
	struct xtr_timer timer;
};

/* nbr.c */
struct nbr *nbr_get(struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, bool make);
void nbr_unref(struct nbr *n);
void nbr_release_if_unused(struct nbr *n);
void nbr_tick(struct xtr_rib *rib);
void nbr_destroy_all(struct xtr_rib *rib);

/* rib.c */
/* Says whether the routes let a neighbour stand as a host route, and brings the tables in line. */
void rib_host_update(struct xtr_rib *rib, struct nbr *n);

#endif
