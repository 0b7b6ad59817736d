/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: how the writer keeps the trie that readers walk. See lpm6.h. */
#include "mapcache/lpm6.h"
#include "mapcache/lpm6_node.h"

#include <errno.h>

static void store(uint32_t *p, uint32_t value)
{
	if (*p != value)
		__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static unsigned common_bits(const struct xtr_lpm6_key *a, const struct xtr_lpm6_key *b)
{
	uint64_t high = a->word[0] ^ b->word[0], low = a->word[1] ^ b->word[1];

	return high  ? (unsigned)__builtin_clzll(high)
	       : low ? 64 + (unsigned)__builtin_clzll(low)
		     : 128;
}

void xtr_lpm6_fini(struct xtr_lpm6 *t)
{
	xtr_lpm6_node_put_below(t->root);
	xtr_lpm6_limbo_destroy(t->limbo);
	xtr_lpm6_rib_fini(&t->rib);
	memset(t, 0, sizeof(*t));
}

/* Which of a node's slots a prefix that ends in it has: the first, and how many. */
static unsigned first_slot(const struct xtr_lpm6_key *k, unsigned at)
{
	return xtr_lpm6_nibble(k, at);
}

static unsigned n_slots(unsigned at, unsigned plen)
{
	return 1u << (at + 4 - plen);
}

static void set_value(uint32_t *slot, uint32_t value)
{
	if (*slot & XTR_LPM6_CHILD)
		store(&xtr_lpm6_node_at(*slot)->above, value);
	else
		store(slot, value);
}

/* Gives the slots of a prefix its value, but for those that a longer one has. */
static void paint(
    struct xtr_lpm6_node *n, const struct xtr_lpm6_key *k, unsigned plen, uint32_t value)
{
	unsigned first = first_slot(k, n->at), length = plen - n->at;

	for (unsigned i = first; i < first + n_slots(n->at, plen); i++)
		if (n->length[i] <= length) {
			n->length[i] = (uint8_t)length;
			set_value(&n->slot[i], value);
		}
}

/*
 * Puts a node where the slot leads past the prefix, or elsewhere. `at`: where the node tests that
 * the prefix ends in.
 */
static int split(struct xtr_lpm6 *t, uint32_t *link, const struct xtr_lpm6_key *k, unsigned plen,
    unsigned at, uint32_t value)
{
	const struct xtr_lpm6_node *old = xtr_lpm6_node_at(*link);
	unsigned common = common_bits(&old->bits, k), place;
	uint32_t middle, below, leaf = 0, gone = *link;
	bool apart = common < at && common < old->at;

	place = apart ? common & ~3u : at;
	middle = xtr_lpm6_node_new(k, place, old->above);
	below = xtr_lpm6_node_copy(gone, 0);
	if (apart)
		leaf = xtr_lpm6_node_new(k, at, 0);
	if (!middle || !below || (apart && !leaf)) {
		xtr_lpm6_node_put(middle);
		xtr_lpm6_node_put(below);
		xtr_lpm6_node_put(leaf);
		return -ENOMEM;
	}
	xtr_lpm6_node_at(middle)->slot[xtr_lpm6_nibble(&old->bits, place)] = below;
	if (apart) {
		xtr_lpm6_node_at(middle)->slot[xtr_lpm6_nibble(k, place)] = leaf;
		paint(xtr_lpm6_node_at(leaf), k, plen, value);
	} else {
		paint(xtr_lpm6_node_at(middle), k, plen, value);
	}
	t->nodes += apart ? 3 : 2;
	store(link, middle);
	xtr_lpm6_node_retire(t, gone);
	return 0;
}

static int insert(struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned plen, uint32_t value)
{
	unsigned at = (plen - 1) & ~3u;
	uint32_t *link = &t->root, leaf;
	struct xtr_lpm6_node *n;

	while (*link & XTR_LPM6_CHILD) {
		n = xtr_lpm6_node_at(*link);
		if (n->at > at || !xtr_lpm6_matches(n, k))
			return split(t, link, k, plen, at, value);
		if (n->at == at) {
			paint(n, k, plen, value);
			return 0;
		}
		link = &n->slot[xtr_lpm6_nibble(k, n->at)];
	}
	leaf = xtr_lpm6_node_new(k, at, *link);
	if (!leaf)
		return -ENOMEM;
	t->nodes++;
	paint(xtr_lpm6_node_at(leaf), k, plen, value);
	store(link, leaf);
	return 0;
}

/* Takes a node out that has no value and at most one node below. True: it is gone. */
static bool prune(struct xtr_lpm6 *t, uint32_t *link)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(*link);
	uint32_t below = 0, gone = *link, copy;
	unsigned children = 0;

	for (unsigned i = 0; i < 16; i++) {
		if (n->length[i])
			return false;
		if (n->slot[i]) {
			children++;
			below = n->slot[i];
		}
	}
	if (children > 1)
		return false;
	if (!children) {
		store(link, n->above);
	} else if (!n->above) {
		store(link, below);
	} else {
		copy = xtr_lpm6_node_copy(below, n->above);
		if (!copy)
			return false; /* it stays and does no harm */
		t->nodes++;
		store(link, copy);
		xtr_lpm6_node_retire(t, below);
	}
	xtr_lpm6_node_retire(t, gone);
	return true;
}

/* The prefix has left the rib. */
static void take_out(
    struct xtr_lpm6 *t, const uint8_t *ip, const struct xtr_lpm6_key *k, unsigned plen)
{
	uint32_t *links[33], *link = &t->root, value = 0;
	unsigned at = (plen - 1) & ~3u, depth = 0, length = plen - at, next = length;
	struct xtr_lpm6_node *n;

	for (;;) {
		links[depth++] = link;
		n = xtr_lpm6_node_at(*link);
		if (n->at == at)
			break;
		link = &n->slot[xtr_lpm6_nibble(k, n->at)];
	}
	while (--next && !value)
		value = xtr_lpm6_rib_get(&t->rib, ip, at + next);
	if (value)
		next++;
	for (unsigned i = first_slot(k, at), end = i + n_slots(at, plen); i < end; i++)
		if (n->length[i] == length) {
			n->length[i] = (uint8_t)next;
			set_value(&n->slot[i], value);
		}
	while (depth && prune(t, links[depth - 1]))
		depth--;
}

int xtr_lpm6_set(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, uint32_t value)
{
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);
	int rc;

	if (!t->limbo) {
		t->limbo = xtr_lpm6_limbo_create(t->rcu);
		if (!t->limbo)
			return -ENOMEM;
	}
	rc = xtr_lpm6_rib_set(&t->rib, ip, plen, value);
	if (rc)
		return rc;
	if (!plen) {
		set_value(&t->root, value);
		return 0;
	}
	rc = insert(t, &k, plen, value);
	if (rc)
		xtr_lpm6_rib_del(&t->rib, ip, plen);
	return rc;
}

uint32_t xtr_lpm6_del(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen)
{
	uint32_t value = xtr_lpm6_rib_del(&t->rib, ip, plen);
	struct xtr_lpm6_key k = xtr_lpm6_key_of(ip);

	if (value && !plen)
		set_value(&t->root, 0);
	else if (value)
		take_out(t, ip, &k, plen);
	return value;
}

uint32_t xtr_lpm6_get(const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen)
{
	return xtr_lpm6_rib_get(&t->rib, ip, plen);
}

uint32_t xtr_lpm6_count(const struct xtr_lpm6 *t)
{
	return t->rib.n;
}

size_t xtr_lpm6_memory(const struct xtr_lpm6 *t)
{
	return t->rib.bytes + t->nodes * sizeof(struct xtr_lpm6_node) +
	       (t->limbo ? sizeof(*t->limbo) : 0);
}
