/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6: how many bits a node tests (Nilsson and Karlsson, "IP-Address Lookup Using LC-Tries",
 * 1999): one more while enough slots would then be of use, one less when few are.
 */
#include "mapcache/lpm6_node.h"

#include <stdlib.h>

/* In hundredths of the slots. */
#define GROW_USED   30u /* to be of use afterwards */
#define GROW_GAIN   5u  /* to have a node that one bit more makes smaller or superfluous */
#define SHRINK_USED 12u

static uint64_t made; /* nodes by make(); numbers them. control only */

static bool is_used(uint64_t slot, unsigned end)
{
	return xtr_lpm6_is_node(slot) || xtr_lpm6_slot_length(slot) >= end;
}

static void count(struct xtr_lpm6_node *n, uint64_t slot, int by)
{
	unsigned end = xtr_lpm6_end(n);

	if (xtr_lpm6_is_node(slot)) {
		n->deep = (uint16_t)(n->deep + by);
		if ((slot & 0x7f) == end)
			n->next_deep = (uint16_t)(n->next_deep + by);
	} else if (xtr_lpm6_slot_length(slot) > end) {
		n->deep = (uint16_t)(n->deep + by);
	} else if (xtr_lpm6_slot_length(slot) == end) {
		n->exact = (uint16_t)(n->exact + by);
	}
}

static void count_all(struct xtr_lpm6_node *n)
{
	for (unsigned i = 0; i < 1u << n->n_bits; i++)
		count(n, n->slot[i], 1);
}

void xtr_lpm6_store(struct xtr_lpm6_node *in, uint64_t *slot, uint64_t value)
{
	if (*slot == value)
		return;
	if (in) {
		count(in, *slot, -1);
		count(in, value, 1);
	}
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

/* A new node, all slots empty. */
static struct xtr_lpm6_node *make(
    struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned at, unsigned n_bits, uint64_t *slot)
{
	struct xtr_lpm6_node *n;

	*slot = xtr_lpm6_node_new(t, k, at, n_bits);
	if (!*slot)
		return NULL;
	n = xtr_lpm6_node_at(*slot);
	n->next = ++made;
	memset(n->slot, 0, sizeof(n->slot[0]) << n_bits);
	return n;
}

static bool is_new(uint64_t slot, uint64_t since)
{
	return xtr_lpm6_is_node(slot) && xtr_lpm6_node_at(slot)->next > since;
}

/* Frees a new node with the new ones below. */
static void unmake(struct xtr_lpm6 *t, uint64_t slot, uint64_t since)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);

	if (!is_new(slot, since))
		return;
	for (unsigned i = 0; i < 1u << n->n_bits; i++)
		unmake(t, n->slot[i], since);
	xtr_lpm6_put(t, slot);
}

static bool is_sparse(const struct xtr_lpm6_node *n)
{
	unsigned used = n->deep + n->exact;

	return n->n_bits == 1 ? used < 2 : 100 * used < SHRINK_USED << n->n_bits;
}

static bool is_crowded(const struct xtr_lpm6_node *n)
{
	unsigned slots = 1u << n->n_bits;

	return n->n_bits < XTR_LPM6_BITS_MAX && xtr_lpm6_end(n) % 64 != 0 &&
	       100u * n->next_deep >= GROW_GAIN * slots &&
	       100u * (n->deep + n->next_deep) >= GROW_USED * 2 * slots;
}

/* What two slots of a node make as one slot of a node that has a bit less. */
static bool merge(
    struct xtr_lpm6 *t, const uint64_t *pair, const struct xtr_lpm6_node *in, uint64_t *out)
{
	unsigned end = xtr_lpm6_end(in);
	struct xtr_lpm6_node *n;

	/* of no use are empty ones and records that are in both */
	*out = pair[is_used(pair[1], end)];
	if (!is_used(pair[0], end) || !is_used(pair[1], end))
		return true;
	n = make(t, xtr_lpm6_bits(pair[0]), end - 1, 1, out);
	if (!n)
		return false;
	memcpy(n->slot, pair, sizeof(*pair) * 2);
	count_all(n);
	return true;
}

/* The same with a bit less: *out. */
static bool shrink(struct xtr_lpm6 *t, const struct xtr_lpm6_node *n, uint64_t *out)
{
	struct xtr_lpm6_node *to;
	uint64_t since = made;

	if (n->n_bits == 1)
		return merge(t, n->slot, n, out);
	to = make(t, &n->bits, n->at, n->n_bits - 1u, out);
	if (!to)
		return false;
	for (unsigned i = 0; i < 1u << to->n_bits; i++)
		if (!merge(t, &n->slot[2 * i], n, &to->slot[i])) {
			to->slot[i] = 0;
			unmake(t, *out, since);
			return false;
		}
	count_all(to);
	return true;
}

/* One half of a node, as a node's slot. */
static bool halve(struct xtr_lpm6 *t, const struct xtr_lpm6_node *n, unsigned which, uint64_t *out)
{
	unsigned slots = 1u << (n->n_bits - 1);
	struct xtr_lpm6_key k = n->bits;
	uint64_t less, since = made;
	struct xtr_lpm6_node *to;

	k.word[n->at / 64] |= (uint64_t)which << (63 - n->at % 64);
	to = make(t, &k, n->at + 1u, n->n_bits - 1u, out);
	if (!to)
		return false;
	memcpy(to->slot, &n->slot[which * slots], slots * sizeof(*out));
	count_all(to);
	while (is_new(*out, since) && is_sparse(xtr_lpm6_node_at(*out)) &&
	       shrink(t, xtr_lpm6_node_at(*out), &less)) {
		xtr_lpm6_put(t, *out);
		*out = less;
	}
	return true;
}

/* The longest record no longer than that, of those that cover what is in the slot. */
static uint64_t cover(uint64_t slot, unsigned plen)
{
	const struct xtr_lpm6_record *r;

	while (xtr_lpm6_is_node(slot))
		slot = xtr_lpm6_node_at(slot)->slot[0];
	r = xtr_lpm6_record_at(slot);
	while (r && xtr_lpm6_length(r->word) > plen)
		r = xtr_lpm6_above(r);
	return xtr_lpm6_slot_of(r);
}

/* The two slots that one makes if its node, whose bits end there, gets a bit more. */
static bool split(struct xtr_lpm6 *t, uint64_t slot, unsigned end, uint64_t *pair)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);
	unsigned bit;

	if (!xtr_lpm6_is_node(slot) && xtr_lpm6_slot_length(slot) <= end) {
		pair[0] = pair[1] = slot;
	} else if (!xtr_lpm6_is_node(slot) || n->at > end) {
		bit = xtr_lpm6_bits(slot)->word[end / 64] >> (63 - end % 64) & 1;
		pair[bit] = slot;
		pair[!bit] = cover(slot, end);
	} else if (n->n_bits == 1) {
		memcpy(pair, n->slot, 2 * sizeof(*pair));
	} else {
		return halve(t, n, 0, &pair[0]) && halve(t, n, 1, &pair[1]);
	}
	return true;
}

static bool grow(struct xtr_lpm6 *t, const struct xtr_lpm6_node *n, uint64_t *out)
{
	uint64_t since = made;
	struct xtr_lpm6_node *to = make(t, &n->bits, n->at, n->n_bits + 1u, out);

	if (!to)
		return false;
	for (unsigned i = 0; i < 1u << n->n_bits; i++)
		if (!split(t, n->slot[i], xtr_lpm6_end(n), &to->slot[2 * i])) {
			unmake(t, *out, since);
			return false;
		}
	count_all(to);
	return true;
}

/* A node whose bits follow the grown one's went into this or was halved. */
static void retire_split(struct xtr_lpm6 *t, const struct xtr_lpm6_node *n)
{
	for (unsigned i = 0; i < 1u << n->n_bits; i++)
		if (xtr_lpm6_is_node(n->slot[i]) && (n->slot[i] & 0x7f) == xtr_lpm6_end(n))
			xtr_lpm6_retire(t, n->slot[i]);
}

void xtr_lpm6_fit(struct xtr_lpm6 *t, struct xtr_lpm6_node *in, uint64_t *slot)
{
	while (xtr_lpm6_is_node(*slot)) {
		struct xtr_lpm6_node *n = xtr_lpm6_node_at(*slot);
		bool sparse = is_sparse(n);
		uint64_t old = *slot, new;

		if (!sparse && !is_crowded(n))
			return;
		if (sparse ? !shrink(t, n, &new) : !grow(t, n, &new))
			return;
		xtr_lpm6_store(in, slot, new);
		if (!sparse)
			retire_split(t, n);
		xtr_lpm6_retire(t, old);
	}
}
