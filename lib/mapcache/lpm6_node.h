/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes of the IPv6 trie (lpm6.h), their memory, and how a key is held against one. */
#ifndef XTR_MAPCACHE_LPM6_NODE_H
#define XTR_MAPCACHE_LPM6_NODE_H

#include <string.h>
#include <rte_byteorder.h>

#include "mapcache/lpm6.h"
#include "mapcache/slab.h"

#define XTR_LPM6_CHILD 0x80000000u /* in a slot: the rest is a node's index */

struct xtr_lpm6_key {
	uint64_t word[2]; /* host order, first bits first */
};

struct xtr_lpm6_node {
	/* fixed */
	struct xtr_lpm6_key bits, mask; /* what keys must have before the node's own four bits */
	uint8_t at;                     /* the first of these: a multiple of 4 */
	uint8_t length[16]; /* control only: by how many of the four bits the owner of each slot's
			       value is fixed; 0: no value. In limbo: the next there */
	/* control: rw, workers: ro, atomic */
	uint32_t above; /* the value of the slot that leads here, 0: none */
	uint32_t slot[16] __attribute__((aligned(64)));
};
_Static_assert(sizeof(struct xtr_lpm6_node) == 128, "two cache lines");

/* Nodes that wait for a grace period, linked by their indexes, first to last; those up to mark go
 * by the callback that is due. */
struct xtr_lpm6_limbo {
	struct xtr_rcu_head head;
	struct xtr_rcu *rcu;
	uint32_t first, mark, last;
	bool waiting, dead;
};

/* Of all tables. Control: rw; workers read nodes by it, whose addresses never change. */
extern struct xtr_slab xtr_lpm6_slab;

/* Control only. A node for keys that begin so, without values: its slot word, or 0. */
uint32_t xtr_lpm6_node_new(const struct xtr_lpm6_key *k, unsigned at, uint32_t above);
uint32_t xtr_lpm6_node_copy(uint32_t from, uint32_t above);
/* No reader knows it. 0 is allowed. */
void xtr_lpm6_node_put(uint32_t index);
/* All that hang below a slot. */
void xtr_lpm6_node_put_below(uint32_t slot);
/* Where nodes of a table wait; NULL: no memory. destroy: no reader is left. */
struct xtr_lpm6_limbo *xtr_lpm6_limbo_create(struct xtr_rcu *rcu);
void xtr_lpm6_limbo_destroy(struct xtr_lpm6_limbo *l);
void xtr_lpm6_node_retire(struct xtr_lpm6 *t, uint32_t index);

static inline struct xtr_lpm6_node *xtr_lpm6_node_at(uint32_t index)
{
	return xtr_slab_at(&xtr_lpm6_slab, index & ~XTR_LPM6_CHILD);
}

static inline uint32_t xtr_lpm6_load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline struct xtr_lpm6_key xtr_lpm6_key_of(const uint8_t *b)
{
	struct xtr_lpm6_key k;

	memcpy(&k, b, sizeof(k));
	k.word[0] = rte_be_to_cpu_64(k.word[0]);
	k.word[1] = rte_be_to_cpu_64(k.word[1]);
	return k;
}

static inline unsigned xtr_lpm6_nibble(const struct xtr_lpm6_key *k, unsigned at)
{
	return k->word[at / 64] >> (60 - at % 64) & 15;
}

static inline bool xtr_lpm6_matches(const struct xtr_lpm6_node *n, const struct xtr_lpm6_key *k)
{
	return !(((k->word[0] ^ n->bits.word[0]) & n->mask.word[0]) |
		 ((k->word[1] ^ n->bits.word[1]) & n->mask.word[1]));
}

#endif
