/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/lpm6_node.h"

#include <stdlib.h>

#define PAGES (1u << 21) /* 8 GiB of addresses for the nodes of all tables */

struct xtr_slab xtr_lpm6_slab;
static uint32_t n_live; /* control only */

static struct xtr_lpm6_key mask_of(unsigned bits)
{
	return (struct xtr_lpm6_key){{bits == 0    ? 0
				      : bits >= 64 ? ~0ull
						   : ~0ull << (64 - bits),
	    bits <= 64    ? 0
	    : bits == 128 ? ~0ull
			  : ~0ull << (128 - bits)}};
}

void xtr_lpm6_node_put(uint32_t index)
{
	if (!index)
		return;
	xtr_slab_put(&xtr_lpm6_slab, index & ~XTR_LPM6_CHILD);
	if (!--n_live)
		xtr_slab_fini(&xtr_lpm6_slab);
}

/* A node for keys that begin so; without values. Returns its slot word, or 0. */
uint32_t xtr_lpm6_node_new(const struct xtr_lpm6_key *k, unsigned at, uint32_t above)
{
	static const uint16_t size = sizeof(struct xtr_lpm6_node);
	struct xtr_lpm6_node *n;
	uint32_t i;

	if (!xtr_lpm6_slab.base && xtr_slab_init(&xtr_lpm6_slab, sizeof(*n), &size, 1, PAGES) < 0)
		return 0;
	i = xtr_slab_get(&xtr_lpm6_slab, 0);
	if (!i) {
		if (!n_live)
			xtr_slab_fini(&xtr_lpm6_slab);
		return 0;
	}
	n_live++;
	n = xtr_lpm6_node_at(i);
	memset(n, 0, sizeof(*n));
	n->mask = mask_of(at);
	n->bits.word[0] = k->word[0] & n->mask.word[0];
	n->bits.word[1] = k->word[1] & n->mask.word[1];
	n->at = (uint8_t)at;
	n->above = above;
	return i | XTR_LPM6_CHILD;
}

uint32_t xtr_lpm6_node_copy(uint32_t from, uint32_t above)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(from);
	uint32_t to = xtr_lpm6_node_new(&n->bits, n->at, above);

	if (to) {
		memcpy(xtr_lpm6_node_at(to)->length, n->length, sizeof(n->length));
		memcpy(xtr_lpm6_node_at(to)->slot, n->slot, sizeof(n->slot));
	}
	return to;
}

static void free_limbo(struct xtr_rcu_head *head);

static void wait_for_readers(struct xtr_lpm6_limbo *l)
{
	l->waiting = true;
	l->mark = l->last;
	xtr_rcu_defer(l->rcu, &l->head, free_limbo);
}

static void free_limbo(struct xtr_rcu_head *head)
{
	struct xtr_lpm6_limbo *l = (struct xtr_lpm6_limbo *)head;
	uint32_t end = l->dead ? l->last : l->mark, i;

	l->waiting = false;
	do {
		i = l->first;
		if (i == l->last)
			l->first = l->last = 0;
		else
			memcpy(&l->first, xtr_lpm6_node_at(i)->length, sizeof(l->first));
		xtr_lpm6_node_put(i);
	} while (i != end);
	if (l->dead)
		free(l);
	else if (l->first)
		wait_for_readers(l);
}

void xtr_lpm6_node_retire(struct xtr_lpm6 *t, uint32_t index)
{
	struct xtr_lpm6_limbo *l = t->limbo;

	index &= ~XTR_LPM6_CHILD;
	t->nodes--;
	if (l->last)
		memcpy(xtr_lpm6_node_at(l->last)->length, &index, sizeof(index));
	else
		l->first = index;
	l->last = index;
	if (!l->waiting)
		wait_for_readers(l);
}

void xtr_lpm6_node_put_below(uint32_t slot)
{
	if (!(slot & XTR_LPM6_CHILD))
		return;
	for (unsigned i = 0; i < 16; i++)
		xtr_lpm6_node_put_below(xtr_lpm6_node_at(slot)->slot[i]);
	xtr_lpm6_node_put(slot);
}

struct xtr_lpm6_limbo *xtr_lpm6_limbo_create(struct xtr_rcu *rcu)
{
	struct xtr_lpm6_limbo *l = calloc(1, sizeof(*l));

	if (l)
		l->rcu = rcu;
	return l;
}

void xtr_lpm6_limbo_destroy(struct xtr_lpm6_limbo *l)
{
	if (l && l->waiting)
		l->dead = true; /* its callback does the rest */
	else
		free(l);
}
