/* SPDX-License-Identifier: BSD-3-Clause */
/* The small form of an IPv4 table: see lpm4.h. */
#include "mapcache/lpm4.h"

#include <stdlib.h>
#include <string.h>

#define LEAF XTR_LPM4_LEAF

/* In front of the tree, in a cache line that readers don't touch. */
struct head {
	struct xtr_rcu_head rcu;
	uint32_t cuts;
	uint32_t bytes;
};
_Static_assert(sizeof(struct head) <= 64, "a cache line");

struct cuts {
	uint32_t n;
	uint32_t end[XTR_LPM4_CUTS];
	uint32_t value[XTR_LPM4_CUTS];
};
_Static_assert(2 * XTR_LPM4_SMALL + 1 <= XTR_LPM4_CUTS, "prefixes fit");

static void cut_at(struct cuts *c, uint64_t *pos, uint32_t end, uint32_t value)
{
	if (*pos > end)
		return;
	c->end[c->n] = end;
	c->value[c->n++] = value;
	*pos = (uint64_t)end + 1;
}

/* Cuts the address space at both ends of each prefix; equal neighbours stay apart, so that each
 * prefix keeps intervals of its own. */
static void cut(struct cuts *c, const struct xtr_lpm4_prefix *p, uint32_t n)
{
	struct {
		uint32_t end, value;
	} open[34] = {{UINT32_MAX, 0}}; /* prefixes that cover pos, and the whole space */
	unsigned depth = 0;
	uint64_t pos = 0;

	c->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (; depth && open[depth].end < p[i].ip; depth--)
			cut_at(c, &pos, open[depth].end, open[depth].value);
		if (pos < p[i].ip)
			cut_at(c, &pos, p[i].ip - 1, open[depth].value);
		depth++;
		open[depth].end = p[i].ip | ~xtr_lpm4_mask(p[i].plen);
		open[depth].value = p[i].value;
	}
	for (;; depth--) {
		cut_at(c, &pos, open[depth].end, open[depth].value);
		if (!depth)
			break;
	}
}

static struct head *head_of(uintptr_t word)
{
	return (struct head *)((word & ~(uintptr_t)63) - 64);
}

static void fill_above(
    struct xtr_lpm4_root *root, const struct xtr_lpm4_leaf *leaf, uint32_t leaves)
{
	struct xtr_lpm4_node16 *node = (struct xtr_lpm4_node16 *)(root + 1);

	for (uint32_t i = 0; i < leaves; i++) {
		uint32_t last = leaf[i].end[LEAF - 1];

		if (leaves <= XTR_LPM4_ROOT) {
			root->end[i] = last;
		} else {
			node[i / XTR_LPM4_NODE].end[i % XTR_LPM4_NODE] = last;
			root->end[i / XTR_LPM4_NODE] = last;
		}
	}
}

uintptr_t xtr_lpm4_small_build(const struct xtr_lpm4_prefix *p, uint32_t n)
{
	struct xtr_lpm4_leaf *leaf;
	struct cuts c;
	uint32_t leaves;
	uintptr_t word;
	size_t bytes;
	char *block;

	cut(&c, p, n);
	leaves = (c.n + LEAF - 1) / LEAF;
	word = leaves == 1 ? 1 : leaves <= XTR_LPM4_ROOT ? 2 : 3;
	bytes = 64 + (size_t)(uintptr_t)xtr_lpm4_leaves(word) + leaves * sizeof(*leaf);
	block = aligned_alloc(64, bytes);
	if (!block)
		return 0;
	memset(block, 0xff, bytes);
	((struct head *)block)->cuts = c.n;
	((struct head *)block)->bytes = (uint32_t)bytes;
	word |= (uintptr_t)(block + 64);
	leaf = (struct xtr_lpm4_leaf *)(uintptr_t)xtr_lpm4_leaves(word);
	for (uint32_t i = 0; i < c.n; i++) {
		leaf[i / LEAF].end[i % LEAF] = c.end[i];
		leaf[i / LEAF].value[i % LEAF] = c.value[i];
	}
	if (leaves > 1)
		fill_above((struct xtr_lpm4_root *)(void *)(block + 64), leaf, leaves);
	return word;
}

void xtr_lpm4_small_store(uintptr_t word, const struct xtr_lpm4_prefix *p, uint32_t n)
{
	struct xtr_lpm4_leaf *leaf = (struct xtr_lpm4_leaf *)(uintptr_t)xtr_lpm4_leaves(word);
	uint32_t k = 0, cuts = head_of(word)->cuts;
	struct cuts c;

	cut(&c, p, n);
	for (uint32_t i = 0; i < cuts; i++) {
		uint32_t *value = &leaf[i / LEAF].value[i % LEAF];

		while (c.end[k] < leaf[i / LEAF].end[i % LEAF])
			k++;
		if (*value != c.value[k])
			__atomic_store_n(value, c.value[k], __ATOMIC_RELEASE);
	}
}

uint32_t xtr_lpm4_small_cuts(uintptr_t word)
{
	return head_of(word)->cuts;
}

size_t xtr_lpm4_small_memory(uintptr_t word)
{
	return word ? head_of(word)->bytes : 0;
}

static void free_block(struct xtr_rcu_head *head)
{
	free(head);
}

void xtr_lpm4_small_retire(uintptr_t word, struct xtr_rcu *rcu)
{
	if (word)
		xtr_rcu_defer(rcu, &head_of(word)->rcu, free_block);
}

void xtr_lpm4_small_free(uintptr_t word)
{
	if (word)
		free(head_of(word));
}
