/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RLOCs that this machine encapsulates to: each has a tunnel (a template of outer headers) that
 * follows the routes. Shared by all mappings that name the RLOC. Control lcore only.
 */
#ifndef XTR_RLOC_H
#define XTR_RLOC_H

#include <jansson.h>
#include <sys/queue.h>
#include "config/config.h"
#include "control/forwarding/rib.h"

struct xtr_rlocs;
struct xtr_probe;
struct xtr_rloc_use;

enum xtr_way { /* how packets get to an RLOC */
	XTR_WAY_READY,
	XTR_WAY_RESOLVING, /* the next hop's MAC is being asked for: packets are held */
	XTR_WAY_FAILED,    /* the next hop does not answer */
	XTR_WAY_NONE,      /* no route, or none that can be used */
};

struct xtr_rloc {
	struct xtr_ip ip;
	uint32_t tunnel; /* index in the pool of tunnels */
	uint32_t id;     /* which flows of several RLOCs it takes (mapcache/set.h) */
	enum xtr_way way;
	const char *why; /* NULL where ready; else half a line on why not */
	uint64_t since_ms;
	/* What the core carries of outer packets to it, bytes, by an ICMP error; 0: none has come.
	 * From path_mtu_ms on it is tried again whether that still holds. */
	uint16_t path_mtu;
	uint64_t path_mtu_ms;
	/* alive.c's: mappings that name it, and its probe as an ordinary locator */
	LIST_HEAD(, xtr_rloc_use) uses;
	struct xtr_probe *probe;
	/* while it is in the list of those that changed: the next of the mappings to look at it */
	struct xtr_rloc_use *look;
	bool changed, again; /* in the list; has changed since that began */
	TAILQ_ENTRY(xtr_rloc) next_changed;
};
TAILQ_HEAD(xtr_rlocs_list, xtr_rloc);

struct xtr_rlocs_ops {
	/* The source RLOC to use on a port towards an address of this family; false: none. */
	bool (*source)(void *arg, unsigned port, uint8_t af, struct xtr_ip *src);
	/* The way to an RLOC is another one now. NULL is allowed. */
	void (*changed)(void *arg, struct xtr_rloc *rloc);
	/* Adds the RLOC's state, and what probes say of it, to its JSON object in `show rlocs`. */
	void (*describe)(void *arg, const struct xtr_rloc *rloc, json_t *object);
	void *arg;
};

struct xtr_rlocs *xtr_rlocs_create(struct xtr_dp *dp, struct xtr_rib *rib,
    struct xtr_holder *holder, struct xtr_wheel *wheel, const struct xtr_rlocs_ops *ops);
void xtr_rlocs_destroy(struct xtr_rlocs *rlocs);
/* The RLOC, made if it is new, with a reference; NULL if memory is short. */
struct xtr_rloc *xtr_rloc_get(struct xtr_rlocs *rlocs, const struct xtr_ip *ip);
void xtr_rloc_put(struct xtr_rlocs *rlocs, struct xtr_rloc *rloc);
/* Routes or next hops changed: all RLOCs are to be looked at, again if that has begun. */
void xtr_rlocs_changed(struct xtr_rlocs *rlocs);
/* Brings the tunnels in line, of at most `max` RLOCs that are still to be looked at. */
void xtr_rlocs_update(struct xtr_rlocs *rlocs, unsigned max);
/* Packets go elsewhere from this turn on: those that wait for an RLOC that has no way are looked up
 * again, behind this turn's gate. */
void xtr_rloc_release(struct xtr_rlocs *rlocs, struct xtr_rloc *rloc);
/* A packet for a tunnel that was not ready. Takes m. */
void xtr_rloc_hold(struct xtr_rlocs *rlocs, uint32_t tunnel, struct rte_mbuf *m);
/* The RLOC, without a reference; NULL: there is none. */
struct xtr_rloc *xtr_rloc_find(const struct xtr_rlocs *rlocs, const struct xtr_ip *ip);
/* The outer headers that workers put in front of packets to it; NULL: it has no way. */
const struct xtr_tunnel *xtr_rloc_tunnel(
    const struct xtr_rlocs *rlocs, const struct xtr_rloc *rloc);
/* What the port towards it carries, bytes. Where the RLOC has a way. */
uint16_t xtr_rloc_link_mtu(const struct xtr_rlocs *rlocs, const struct xtr_rloc *rloc);
/*
 * The core carries no more than mtu bytes to it (RFC 9300 section 7.2): workers do not send more
 * from now on, for ten minutes (RFC 1191 section 6.3, RFC 8201 section 4) or until the way changes.
 * For an RLOC that has a way. True: that is less than they sent so far.
 */
bool xtr_rloc_lower_mtu(struct xtr_rlocs *rlocs, struct xtr_rloc *rloc, uint16_t mtu);
/* `show rlocs`: a new reference. */
json_t *xtr_rlocs_show(const struct xtr_rlocs *rlocs, const struct xtr_config *cfg);
/* Adds next_hop and port to a JSON object. */
void xtr_rloc_show_hop(const struct xtr_rloc *rloc, const struct xtr_config *cfg, json_t *object);
/* The RLOC with this index in the pool of tunnels; NULL: none any more. */
const struct xtr_rloc *xtr_rloc_at(const struct xtr_rlocs *rlocs, uint32_t tunnel);
/* Packets and bytes encapsulated to it, all workers. */
struct xtr_rloc_count xtr_rloc_count(const struct xtr_rlocs *rlocs, const struct xtr_rloc *rloc);

#endif
