/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prefixes of a big IPv4 table, as its writer keeps them: up to length 16 an array by length
 * and bits, longer ones in path-compressed tries, one for each value of the first 16 bits. Control
 * lcore only.
 */
#ifndef XTR_MAPCACHE_LPM4_RIB_H
#define XTR_MAPCACHE_LPM4_RIB_H

#include "mapcache/lpm4.h"
#include "util/slab.h"

#define XTR_LPM4_SHORT 16u /* bits */

#define XTR_LPM4_RIB_ANY ((2u << XTR_LPM4_SHORT) / 64)

struct xtr_lpm4_node {
	uint32_t ip;
	uint32_t child[2]; /* indexes in the slab */
	uint32_t value;    /* 0: only forks */
	uint8_t plen;
};

struct xtr_lpm4_rib {
	uint32_t *brief; /* 1 << plen | first bits -> value, 0 none; of the caller: 2 << 16 */
	uint32_t *root;  /* first 16 bits -> node; of the caller: 1 << 16 */
	uint64_t *any; /* bits, indexed like brief: is there a prefix in this one, or itself? Of the
			  caller: XTR_LPM4_RIB_ANY words */
	struct xtr_slab nodes;
	uint32_t count;
};

/* The arrays are all zero. 0 or -ENOMEM. */
int xtr_lpm4_rib_init(struct xtr_lpm4_rib *r, uint32_t *brief, uint32_t *root, uint64_t *any);
void xtr_lpm4_rib_fini(struct xtr_lpm4_rib *r);
/* *old: the value it had, or 0. 0 or -ENOMEM. */
int xtr_lpm4_rib_set(
    struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, uint32_t value, uint32_t *old);
uint32_t xtr_lpm4_rib_del(struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen);
uint32_t xtr_lpm4_rib_get(const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen);
/* The longest prefix of up to 16 bits that covers ip and is shorter than plen: its length plus one
 * (0: none) and value. */
unsigned xtr_lpm4_rib_brief(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, uint32_t *value);
/*
 * Which node decides for each of the 2^(to - plen) parts of a prefix longer than 16, by prefixes of
 * length 17 to `to`; 0: none. Returns how many of those in it are longer than `plen`.
 */
unsigned xtr_lpm4_rib_paint(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, unsigned to, uint32_t *node);
/* As their namesakes xtr_lpm4_big. */
uint32_t xtr_lpm4_rib_covering(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, unsigned *len);
bool xtr_lpm4_rib_next(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, struct xtr_lpm4_prefix *p);

static inline struct xtr_lpm4_node *xtr_lpm4_rib_node(const struct xtr_lpm4_rib *r, uint32_t index)
{
	return xtr_slab_at(&r->nodes, index);
}

#endif
