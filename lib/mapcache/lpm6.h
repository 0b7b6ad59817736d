/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IPv6 half of a longest-prefix match (lpm.h): a path-compressed trie with 16 ways a node
 * (lpm6.c) for readers, beside a binary one (lpm6_rib.c) in which the writer keeps the prefixes.
 * Addresses are in network order.
 *
 * A node tests four bits of the key. Its slots are words that the writer stores one by one: nothing
 * (ask what is above), the value of a prefix that ends in the node, or a node further down, which
 * then holds the value that the slot would have. A node's place never changes: what must stand
 * elsewhere is copied, and the old one waits for a grace period. Deleting and replacing need no
 * memory.
 */
#ifndef XTR_MAPCACHE_LPM6_H
#define XTR_MAPCACHE_LPM6_H

#include <stddef.h>
#include <stdint.h>

#include "mapcache/lpm.h"

struct xtr_lpm6_rib_node {
	struct xtr_lpm6_rib_node *child[2];
	uint32_t value; /* 0: only forks */
	uint8_t plen;
	uint8_t b[16]; /* host bits are zero */
};

struct xtr_lpm6_rib {
	struct xtr_lpm6_rib_node *root;
	uint32_t n; /* prefixes */
	size_t bytes;
};

struct xtr_lpm6_limbo;

struct xtr_lpm6 {
	uint32_t root; /* a slot. control: rw, workers: ro, atomic */
	/* control only */
	uint32_t nodes;
	struct xtr_rcu *rcu;
	struct xtr_lpm6_limbo *limbo; /* NULL: no node yet */
	struct xtr_lpm6_rib rib;
};

/* As their namesakes in lpm.h. */
int xtr_lpm6_set(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, uint32_t value);
uint32_t xtr_lpm6_del(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen);
uint32_t xtr_lpm6_get(const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen);
/* lpm6_walk.c */
uint32_t xtr_lpm6_covering(
    const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, unsigned *len);
int xtr_lpm6_walk(
    struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg);
uint32_t xtr_lpm6_count(const struct xtr_lpm6 *t);
size_t xtr_lpm6_memory(const struct xtr_lpm6 *t);
void xtr_lpm6_fini(struct xtr_lpm6 *t);
/* Key i in the table whose root is *roots[i]. */
void xtr_lpm6_lookup(
    const uint32_t *const *roots, const uint8_t (*keys)[16], uint32_t *values, unsigned n);

/* The writer's prefixes. set: 0 or -ENOMEM; the others as above. */
int xtr_lpm6_rib_set(struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen, uint32_t value);
uint32_t xtr_lpm6_rib_del(struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen);
uint32_t xtr_lpm6_rib_get(const struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen);
void xtr_lpm6_rib_fini(struct xtr_lpm6_rib *t);

#endif
