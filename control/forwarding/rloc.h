/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RLOCs that this machine encapsulates to: each has a tunnel (a template of outer headers) that
 * follows the routes. Shared by all mappings that name the RLOC. Control lcore only.
 */
#ifndef XTR_RLOC_H
#define XTR_RLOC_H

#include <jansson.h>
#include "config/config.h"
#include "control/forwarding/rib.h"

struct xtr_rlocs;

struct xtr_rloc {
	struct xtr_ip ip;
	uint32_t tunnel; /* index in the pool of tunnels */
	const char *why; /* NULL: usable; else why not */
	uint64_t since_ms;
};

struct xtr_rlocs_ops {
	/* The source RLOC to use on a port towards an address of this family; false: none. */
	bool (*source)(void *arg, unsigned port, uint8_t af, struct xtr_ip *src);
	void *arg;
};

struct xtr_rlocs *xtr_rlocs_create(struct xtr_dp *dp, struct xtr_rib *rib,
    struct xtr_holder *holder, struct xtr_wheel *wheel, const struct xtr_rlocs_ops *ops);
void xtr_rlocs_destroy(struct xtr_rlocs *rlocs);
/* The RLOC, made if it is new, with a reference; NULL if memory is short. */
struct xtr_rloc *xtr_rloc_get(struct xtr_rlocs *rlocs, const struct xtr_ip *ip);
void xtr_rloc_put(struct xtr_rlocs *rlocs, struct xtr_rloc *rloc);
/* Routes or next hops changed: brings the tunnels in line. */
void xtr_rlocs_update(struct xtr_rlocs *rlocs);
/* A packet for a tunnel that was not ready. Takes m. */
void xtr_rloc_hold(struct xtr_rlocs *rlocs, uint32_t tunnel, struct rte_mbuf *m);
/* `show rlocs`: a new reference. */
json_t *xtr_rlocs_show(const struct xtr_rlocs *rlocs, const struct xtr_config *cfg);
/* Packets and bytes encapsulated to it, all workers. */
struct xtr_rloc_count xtr_rloc_count(const struct xtr_rlocs *rlocs, const struct xtr_rloc *rloc);

#endif
