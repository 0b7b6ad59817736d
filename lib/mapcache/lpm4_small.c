/* SPDX-License-Identifier: BSD-3-Clause */
/* The small form of an IPv4 table: see lpm4.h. */
#include "mapcache/lpm4.h"
#include "util/slab.h"

#include <stdlib.h>
#include <string.h>

#define LEAF XTR_LPM4_LEAF

/* In front of the tree, in a cache line that readers don't touch. */
struct head {
	struct xtr_rcu_head rcu;
	uint32_t cuts;
	uint32_t bytes;
	uint32_t index; /* in the slab; 0: of the C library */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct head) == 64, "a cache line");

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
	return (struct head *)(word & ~(uintptr_t)63) - 1;
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

/*
 * Blocks of all tables that are not too large for it come from one slab: it has huge pages where
 * there are many blocks, and a block lies in one page.
 */
#define PAGES (1u << 20) /* 4 GiB of addresses */
static const uint16_t sizes[] = {128, 320, 448, 640, 960, 1344, 2048};
static struct xtr_slab slab;
static uint32_t n_live;

static struct head *slab_new(size_t bytes)
{
	const unsigned classes = sizeof(sizes) / sizeof(sizes[0]);
	unsigned class = 0;
	struct head *head;
	uint32_t i;

	while (class < classes && sizes[class] < bytes)
		class ++;
	if (class == classes)
		return NULL;
	if (!slab.base && xtr_slab_init(&slab, 64, sizes, classes, PAGES) < 0)
		return NULL;
	i = xtr_slab_get(&slab, class);
	if (!i) {
		if (!n_live)
			xtr_slab_fini(&slab);
		return NULL;
	}
	n_live++;
	/* not all at the same place of a page, or their roots would share few lines of a cache */
	head = xtr_slab_at(&slab, i + (i / 32) % ((sizes[class] - (uint32_t)bytes) / 64 + 1));
	head->index = i;
	head->bytes = sizes[class];
	return head;
}

static struct head *block_new(size_t bytes)
{
	struct head *head = slab_new(bytes);

	if (!head) {
		head = aligned_alloc(64, bytes);
		if (!head)
			return NULL;
		head->index = 0;
		head->bytes = (uint32_t)bytes;
	}
	memset(head + 1, 0xff, bytes - sizeof(*head));
	return head;
}

static void block_free(struct head *head)
{
	if (!head->index) {
		free(head);
		return;
	}
	xtr_slab_put(&slab, head->index);
	if (!--n_live)
		xtr_slab_fini(&slab);
}

uintptr_t xtr_lpm4_small_build(const struct xtr_lpm4_prefix *p, uint32_t n)
{
	struct xtr_lpm4_leaf *leaf;
	struct cuts c;
	uint32_t leaves;
	uintptr_t word;
	size_t bytes;
	struct head *head;

	cut(&c, p, n);
	leaves = (c.n + LEAF - 1) / LEAF;
	word = leaves == 1 ? XTR_LPM4_ONE : leaves <= XTR_LPM4_ROOT ? XTR_LPM4_WIDE : XTR_LPM4_DEEP;
	bytes = sizeof(*head) + xtr_lpm4_above((unsigned)word) + leaves * sizeof(*leaf);
	head = block_new(bytes);
	if (!head)
		return 0;
	head->cuts = c.n;
	word |= (uintptr_t)(head + 1);
	leaf = (struct xtr_lpm4_leaf *)(uintptr_t)xtr_lpm4_leaves(word);
	for (uint32_t i = 0; i < c.n; i++) {
		leaf[i / LEAF].end[i % LEAF] = c.end[i];
		leaf[i / LEAF].value[i % LEAF] = c.value[i];
	}
	if (leaves > 1)
		fill_above((struct xtr_lpm4_root *)(void *)(head + 1), leaf, leaves);
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

static void free_block(struct xtr_rcu_head *rcu)
{
	block_free((struct head *)rcu); /* its first member */
}

void xtr_lpm4_small_retire(uintptr_t word, struct xtr_rcu *rcu)
{
	if (word)
		xtr_rcu_defer(rcu, &head_of(word)->rcu, free_block);
}

void xtr_lpm4_small_free(uintptr_t word)
{
	if (word)
		block_free(head_of(word));
}
