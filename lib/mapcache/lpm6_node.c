/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: memory of records and nodes, and how it waits for readers. See lpm6_node.h. */
#include "mapcache/lpm6_node.h"

#include <stdlib.h>

#define SLAB_BITS    6u /* nodes of more bits come from malloc */
#define RECORD_PAGES (XTR_LPM6_PARENTS / (XTR_SLAB_PAGE / sizeof(struct xtr_lpm6_record)))
#define NODE_PAGES   (1u << 20) /* 4 GiB of addresses */
#define UNIT         16u

struct xtr_slab xtr_lpm6_records;
static struct xtr_slab nodes;
static uint32_t n_live; /* objects of all tables. control only */

static size_t node_size(unsigned n_bits)
{
	return sizeof(struct xtr_lpm6_node) + (sizeof(uint64_t) << n_bits);
}

/* The addresses that objects live in are taken with the first object and given back with the
 * last. */
static bool reserve(void)
{
	static const uint16_t record = sizeof(struct xtr_lpm6_record);
	uint16_t sizes[SLAB_BITS];

	if (xtr_lpm6_records.base)
		return true;
	for (unsigned i = 0; i < SLAB_BITS; i++)
		sizes[i] = (uint16_t)node_size(i + 1);
	if (xtr_slab_init(&xtr_lpm6_records, record, &record, 1, RECORD_PAGES) < 0)
		return false;
	if (xtr_slab_init(&nodes, UNIT, sizes, SLAB_BITS, NODE_PAGES) < 0) {
		xtr_slab_fini(&xtr_lpm6_records);
		return false;
	}
	return true;
}

static void release(void)
{
	if (n_live)
		return;
	xtr_slab_fini(&xtr_lpm6_records);
	xtr_slab_fini(&nodes);
}

uint64_t xtr_lpm6_record_new(
    struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned plen, uint64_t word)
{
	uint32_t i = reserve() ? xtr_slab_get(&xtr_lpm6_records, 0) : 0;
	struct xtr_lpm6_record *r;

	if (!i) {
		release();
		return 0;
	}
	n_live++;
	t->bytes += sizeof(*r);
	r = xtr_lpm6_record_of(i);
	r->bits = xtr_lpm6_first_bits(*k, plen);
	r->word = word;
	r->next = 0;
	return (uint64_t)(uintptr_t)r << 16 | plen << 8;
}

uint64_t xtr_lpm6_node_new(
    struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned at, unsigned n_bits)
{
	struct xtr_lpm6_node *n = NULL;
	uint32_t i;

	if (n_bits > SLAB_BITS) {
		n = malloc(node_size(n_bits));
	} else if (reserve()) {
		i = xtr_slab_get(&nodes, n_bits - 1);
		n = i ? xtr_slab_at(&nodes, i) : NULL;
	}
	if (!n) {
		release();
		return 0;
	}
	n_live++;
	t->bytes += node_size(n_bits);
	memset(n, 0, sizeof(*n));
	n->bits = xtr_lpm6_first_bits(*k, at);
	n->at = (uint8_t)at;
	n->n_bits = (uint8_t)n_bits;
	return (uint64_t)(uintptr_t)n << 16 | (64 - n_bits) << 8 | XTR_LPM6_NODE | at;
}

static void free_object(uint64_t slot)
{
	struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);

	if (!xtr_lpm6_is_node(slot))
		xtr_slab_put(&xtr_lpm6_records,
		    (uint32_t)(xtr_lpm6_record_at(slot) - xtr_lpm6_record_of(0)));
	else if (n->n_bits > SLAB_BITS)
		free(n);
	else
		xtr_slab_put(&nodes, (uint32_t)(((char *)n - nodes.base) / UNIT));
	n_live--;
	release();
}

static void uncount(struct xtr_lpm6 *t, uint64_t slot)
{
	t->bytes -= xtr_lpm6_is_node(slot) ? node_size(xtr_lpm6_node_at(slot)->n_bits)
					   : sizeof(struct xtr_lpm6_record);
}

void xtr_lpm6_put(struct xtr_lpm6 *t, uint64_t slot)
{
	if (!slot)
		return;
	uncount(t, slot);
	free_object(slot);
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
	uint64_t end = l->dead ? l->last : l->mark, slot;

	l->waiting = false;
	do {
		slot = l->first;
		l->first = slot == l->last ? 0 : xtr_lpm6_record_at(slot)->next;
		free_object(slot);
	} while (slot != end);
	if (!l->first)
		l->last = 0;
	if (l->dead)
		free(l);
	else if (l->first)
		wait_for_readers(l);
}

void xtr_lpm6_retire(struct xtr_lpm6 *t, uint64_t slot)
{
	struct xtr_lpm6_limbo *l = t->limbo;

	uncount(t, slot);
	if (l->last)
		xtr_lpm6_record_at(l->last)->next = slot;
	else
		l->first = slot;
	l->last = slot;
	if (!l->waiting)
		wait_for_readers(l);
}

/* Frees nodes, and puts records, which may be in many slots and chains, into a list once each. Its
 * last points to itself. */
static void collect(struct xtr_lpm6 *t, uint64_t slot, struct xtr_lpm6_record **list)
{
	struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);
	struct xtr_lpm6_record *r;

	if (xtr_lpm6_is_node(slot)) {
		for (unsigned i = 0; i < 1u << n->n_bits; i++)
			collect(t, n->slot[i], list);
		xtr_lpm6_put(t, slot);
		return;
	}
	for (r = xtr_lpm6_record_at(slot); r && !r->next; r = xtr_lpm6_above(r)) {
		r->next = (uintptr_t)(*list ? *list : r);
		*list = r;
	}
}

void xtr_lpm6_put_all(struct xtr_lpm6 *t, uint64_t slot)
{
	struct xtr_lpm6_record *list = NULL, *next;

	collect(t, slot, &list);
	for (; list; list = next) {
		next = (struct xtr_lpm6_record *)(uintptr_t)list->next;
		next = next == list ? NULL : next;
		xtr_lpm6_put(t, (uint64_t)(uintptr_t)list << 16);
	}
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
