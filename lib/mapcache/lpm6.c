/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: how the writer finds and changes prefixes. See lpm6.h. */
#include "mapcache/lpm6.h"
#include "mapcache/lpm6_recent.h"

#include <errno.h>
#include <rte_prefetch.h>

#define DEPTH 129u /* nodes on a way down, each after the other's bits, and the end */

/* Where a prefix belongs: slots that it covers, or one that holds what it must be apart from. */
struct place {
	struct step {
		struct xtr_lpm6_node *in; /* NULL: a root */
		uint64_t *slot;
	} step[DEPTH]; /* from the root down to the last whose node concerns the prefix */
	unsigned last;
	struct xtr_lpm6_node *in;
	uint64_t *slot;
	unsigned n;    /* slots */
	unsigned fork; /* the place of the first bit that differs from what is in the slot... */
	bool apart;    /* ...if it does */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static uint64_t *root_of(struct xtr_lpm6 *t, unsigned plen)
{
	return &t->root[plen <= XTR_LPM6_SHORT];
}

void xtr_lpm6_fini(struct xtr_lpm6 *t)
{
	xtr_lpm6_put_all(t, t->root[0]);
	xtr_lpm6_put_all(t, t->root[1]);
	xtr_lpm6_limbo_destroy(t->limbo);
	memset(t, 0, sizeof(*t));
}

/* The longest prefix of one trie that covers the key and is not longer than plen, or NULL. */
static struct xtr_lpm6_record *find(uint64_t slot, const struct xtr_lpm6_key *k, unsigned plen)
{
	struct xtr_lpm6_record *r;
	unsigned common;

	while (xtr_lpm6_is_node(slot))
		slot = *xtr_lpm6_down(slot, k);
	if (!slot)
		return NULL;
	r = xtr_lpm6_record_at(slot);
	common = least(xtr_lpm6_common(&r->bits, k), plen);
	while (r && xtr_lpm6_length(r->word) > common)
		r = xtr_lpm6_above(r);
	return r;
}

static void locate(struct place *p, uint64_t *root, const struct xtr_lpm6_key *k, unsigned plen)
{
	struct step *step = p->step;
	struct xtr_lpm6_node *n;
	unsigned fits;

	*step = (struct step){NULL, root};
	p->apart = false;
	while (xtr_lpm6_is_node(*step->slot)) {
		n = xtr_lpm6_node_at(*step->slot);
		if (n->at >= plen || xtr_lpm6_common(&n->bits, k) < n->at)
			break;
		p->last = (unsigned)(step - p->step);
		if (xtr_lpm6_end(n) >= plen) {
			p->in = n;
			p->n = 1u << (xtr_lpm6_end(n) - plen);
			p->slot = &n->slot[xtr_lpm6_index(*step->slot, k) & ~(p->n - 1)];
			return;
		}
		step[1] = (struct step){n, &n->slot[xtr_lpm6_index(*step->slot, k)]};
		step++;
	}
	p->last = (unsigned)(step - p->step);
	p->in = step->in;
	p->slot = step->slot;
	p->n = 1;
	if (!*p->slot)
		return;
	fits = least(plen, xtr_lpm6_is_node(*p->slot) ? xtr_lpm6_node_at(*p->slot)->at
						      : xtr_lpm6_slot_length(*p->slot));
	p->fork = xtr_lpm6_common(xtr_lpm6_bits(*p->slot), k);
	p->apart = p->fork < fits;
}

static void fit(struct xtr_lpm6 *t, struct place *p)
{
	for (unsigned i = p->last + 1; i-- > 0;)
		xtr_lpm6_fit(t, p->step[i].in, p->step[i].slot);
}

static uint32_t index_of(const struct xtr_lpm6_record *r)
{
	return r ? (uint32_t)(r - xtr_lpm6_record_of(0)) : 0;
}

static void set_word(struct xtr_lpm6_record *r, uint32_t parent, uint32_t value)
{
	__atomic_store_n(
	    &r->word, xtr_lpm6_word(parent, value, xtr_lpm6_length(r->word)), __ATOMIC_RELEASE);
}

static void set_parent(struct xtr_lpm6_record *r, const struct xtr_lpm6_record *parent)
{
	set_word(r, index_of(parent), xtr_lpm6_value(r->word));
}

/* A prefix may cover a million others: what comes soon is fetched while one is worked on. */
static void prefetch_ahead(const struct xtr_lpm6_node *n, unsigned i)
{
	unsigned size = 1u << n->n_bits, ahead = 16;

	if (i + ahead < size)
		rte_prefetch0(xtr_lpm6_bits(n->slot[i + ahead]));
	for (unsigned k = 1; i == 0 && k < least(ahead, size - 1) + 1; k++)
		rte_prefetch0(xtr_lpm6_bits(n->slot[k]));
}

/* Puts a new record into the chains of all that is in a slot that it covers. */
static void adopt(struct xtr_lpm6_node *in, uint64_t *slot, const struct xtr_lpm6_record *new)
{
	struct xtr_lpm6_node *n = xtr_lpm6_node_at(*slot);
	struct xtr_lpm6_record *r = xtr_lpm6_record_at(*slot), *above;
	unsigned plen = xtr_lpm6_length(new->word);

	if (xtr_lpm6_is_node(*slot)) {
		for (unsigned i = 0; i < 1u << n->n_bits; i++) {
			prefetch_ahead(n, i);
			adopt(n, &n->slot[i], new);
		}
		return;
	}
	if (xtr_lpm6_slot_length(*slot) < plen || !r) {
		xtr_lpm6_store(in, slot, xtr_lpm6_slot_of(new));
		return;
	}
	while ((above = xtr_lpm6_above(r)) != NULL && xtr_lpm6_length(above->word) >= plen) {
		if (above == new)
			return;
		r = above;
	}
	if (r != new)
		set_parent(r, new);
}

/* Takes it out of them, in favour of its own parent. */
static void disown(struct xtr_lpm6_node *in, uint64_t *slot, const struct xtr_lpm6_record *old)
{
	struct xtr_lpm6_node *n = xtr_lpm6_node_at(*slot);
	struct xtr_lpm6_record *r = xtr_lpm6_record_at(*slot), *above;

	if (xtr_lpm6_is_node(*slot)) {
		for (unsigned i = 0; i < 1u << n->n_bits; i++) {
			prefetch_ahead(n, i);
			disown(n, &n->slot[i], old);
		}
		return;
	}
	if (r == old) {
		xtr_lpm6_store(in, slot, xtr_lpm6_slot_of(xtr_lpm6_above(old)));
		return;
	}
	for (; r && (above = xtr_lpm6_above(r)) != NULL; r = above)
		if (above == old) {
			set_parent(r, xtr_lpm6_above(old));
			return;
		}
}

/* Puts a node where a prefix leaves the way to what a slot holds. */
static bool fork_at(
    struct xtr_lpm6 *t, const struct place *p, const struct xtr_lpm6_key *k, uint64_t record)
{
	uint64_t fork = xtr_lpm6_node_new(t, k, p->fork, 1);
	struct xtr_lpm6_node *n = xtr_lpm6_node_at(fork);
	unsigned bit;

	if (!fork)
		return false;
	bit = xtr_lpm6_index(fork, k);
	n->slot[0] = n->slot[1] = 0;
	xtr_lpm6_store(n, &n->slot[bit], record);
	xtr_lpm6_store(n, &n->slot[!bit], *p->slot);
	xtr_lpm6_store(p->in, p->slot, fork);
	return true;
}

int xtr_lpm6_set(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, uint32_t value)
{
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);
	uint64_t *root = root_of(t, plen), new;
	struct xtr_lpm6_record *r = find(*root, &k, plen);
	struct place p;

	if (r && xtr_lpm6_length(r->word) == plen) {
		xtr_lpm6_begin(&k, plen);
		set_word(r, xtr_lpm6_parent(r->word), value);
		return 0;
	}
	if (!t->limbo) {
		t->limbo = xtr_lpm6_limbo_create(t->rcu);
		if (!t->limbo)
			return -ENOMEM;
	}
	new = xtr_lpm6_record_new(t, &k, plen, xtr_lpm6_word(index_of(r), value, plen));
	if (!new)
		return -ENOMEM;
	xtr_lpm6_begin(&k, plen);
	locate(&p, root, &k, plen);
	if (p.apart && !fork_at(t, &p, &k, new)) {
		xtr_lpm6_put(t, new);
		return -ENOMEM;
	}
	for (unsigned i = 0; !p.apart && i < p.n; i++)
		adopt(p.in, &p.slot[i], xtr_lpm6_record_at(new));
	t->n++;
	fit(t, &p);
	return 0;
}

uint32_t xtr_lpm6_del(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen)
{
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);
	uint64_t *root = root_of(t, plen);
	struct xtr_lpm6_record *r = find(*root, &k, plen);
	struct place p;
	uint32_t value;

	if (!r || xtr_lpm6_length(r->word) != plen)
		return 0;
	value = xtr_lpm6_value(r->word);
	xtr_lpm6_begin(&k, plen);
	locate(&p, root, &k, plen);
	for (unsigned i = 0; i < p.n; i++)
		disown(p.in, &p.slot[i], r);
	t->n--;
	xtr_lpm6_retire(t, xtr_lpm6_slot_of(r));
	fit(t, &p);
	return value;
}

uint32_t xtr_lpm6_get(const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen)
{
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);
	const struct xtr_lpm6_record *r = find(t->root[plen <= XTR_LPM6_SHORT], &k, plen);

	return r && xtr_lpm6_length(r->word) == plen ? xtr_lpm6_value(r->word) : 0;
}

uint32_t xtr_lpm6_covering(
    const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, unsigned *len)
{
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);
	const struct xtr_lpm6_record *r = plen ? find(t->root[0], &k, plen - 1) : NULL;

	if (!r && plen)
		r = find(t->root[1], &k, plen - 1);
	if (!r)
		return 0;
	*len = xtr_lpm6_length(r->word);
	return xtr_lpm6_value(r->word);
}

uint32_t xtr_lpm6_count(const struct xtr_lpm6 *t)
{
	return t->n;
}

size_t xtr_lpm6_memory(const struct xtr_lpm6 *t)
{
	return t->bytes + (t->limbo ? sizeof(*t->limbo) : 0);
}
