/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/trie.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/small.h"

/*
 * Each node stands for a prefix; its children are longer and lie inside it, by the bit that
 * follows. A node without a value exists only to fork, so it always has two children.
 *
 * There are millions of nodes, half of which are leaves and nearly all others fork without a value:
 * a node has room for the bytes of its prefix, and for two children, or a value, or both, and is
 * replaced by one with more room when it needs that.
 */
struct xtr_trie_node {
	uint8_t plen;
	uint8_t room; /* CHILDREN, VALUE */
	uint8_t b[];  /* then, aligned, child[2], value: those that it has room for */
};

enum { CHILDREN = 1, VALUE = 2 };

static size_t words_at(unsigned plen)
{
	size_t end = offsetof(struct xtr_trie_node, b) + (plen + 7) / 8;

	return (end + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
}

static void **words(const struct xtr_trie_node *n)
{
	return (void **)((uintptr_t)n + words_at(n->plen));
}

/* Of a node that has room for children. */
static struct xtr_trie_node **child(const struct xtr_trie_node *n, unsigned which)
{
	return (struct xtr_trie_node **)&words(n)[which];
}

static struct xtr_trie_node *get_child(const struct xtr_trie_node *n, unsigned which)
{
	return n->room & CHILDREN ? *child(n, which) : NULL;
}

/* Of a node that has room for a value. */
static void **value_of(const struct xtr_trie_node *n)
{
	return &words(n)[n->room & CHILDREN ? 2 : 0];
}

static void *get_value(const struct xtr_trie_node *n)
{
	return n->room & VALUE ? *value_of(n) : NULL;
}

static bool node_covers(const struct xtr_trie_node *n, const uint8_t *b, unsigned plen)
{
	return n->plen <= plen && xtr_bits_common(n->b, b, n->plen) == n->plen;
}

static struct xtr_trie_node *node_new(const uint8_t *b, unsigned plen, unsigned room)
{
	size_t n_words = (room & CHILDREN ? 2 : 0) + (room & VALUE ? 1 : 0);
	struct xtr_trie_node *n = xtr_small_alloc(words_at(plen) + n_words * sizeof(void *));

	if (!n)
		return NULL;
	n->plen = (uint8_t)plen;
	n->room = (uint8_t)room;
	memcpy(n->b, b, (plen + 7) / 8);
	if (plen & 7)
		n->b[plen / 8] &= (uint8_t)(0xff << (8 - (plen & 7)));
	return n;
}

/* Puts a node with room for both in the place of one that has not. NULL if memory is short. */
static struct xtr_trie_node *node_grow(struct xtr_trie_node **link)
{
	struct xtr_trie_node *old = *link, *n = node_new(old->b, old->plen, CHILDREN | VALUE);

	if (!n)
		return NULL;
	*child(n, 0) = get_child(old, 0);
	*child(n, 1) = get_child(old, 1);
	*value_of(n) = get_value(old);
	*link = n;
	xtr_small_free(old);
	return n;
}

static void node_free_all(struct xtr_trie_node *n)
{
	if (!n)
		return;
	node_free_all(get_child(n, 0));
	node_free_all(get_child(n, 1));
	xtr_small_free(n);
}

void xtr_trie_clear(struct xtr_trie *t)
{
	node_free_all(t->root);
	t->root = NULL;
	t->count = 0;
}

int xtr_trie_set(
    struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen, void *value, void **old)
{
	struct xtr_trie_node **link = &t->root, *n, *fork, *leaf;
	unsigned common;

	if (old)
		*old = NULL;
	while ((n = *link) != NULL && node_covers(n, ip->b, plen)) {
		if (n->plen == plen) {
			if (!(n->room & VALUE) && !(n = node_grow(link)))
				return -ENOMEM;
			if (old)
				*old = *value_of(n);
			if (!*value_of(n))
				t->count++;
			*value_of(n) = value;
			return 0;
		}
		if (!(n->room & CHILDREN) && !(n = node_grow(link)))
			return -ENOMEM;
		link = child(n, xtr_bit_at(ip->b, n->plen));
	}
	common = n ? xtr_bits_common(n->b, ip->b, n->plen < plen ? n->plen : plen) : plen;
	leaf = node_new(ip->b, plen, n && common == plen ? VALUE | CHILDREN : VALUE);
	if (!leaf)
		return -ENOMEM;
	*value_of(leaf) = value;
	if (!n) {
		*link = leaf;
	} else {
		if (common == plen) {
			*child(leaf, xtr_bit_at(n->b, plen)) = n;
			*link = leaf;
		} else {
			fork = node_new(ip->b, common, CHILDREN);
			if (!fork) {
				xtr_small_free(leaf);
				return -ENOMEM;
			}
			*child(fork, xtr_bit_at(ip->b, common)) = leaf;
			*child(fork, xtr_bit_at(n->b, common)) = n;
			*link = fork;
		}
	}
	t->count++;
	return 0;
}

/* The one child that a node has, or none. */
static struct xtr_trie_node *only_child(const struct xtr_trie_node *n)
{
	return get_child(n, 0) ? get_child(n, 0) : get_child(n, 1);
}

void *xtr_trie_del(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	struct xtr_trie_node **link = &t->root, **parent = NULL, *n, *p;
	void *value;

	while ((n = *link) != NULL && n->plen < plen && node_covers(n, ip->b, plen)) {
		if (!(n->room & CHILDREN))
			return NULL;
		parent = link;
		link = child(n, xtr_bit_at(ip->b, n->plen));
	}
	if (!n || n->plen != plen || !node_covers(n, ip->b, plen) || !get_value(n))
		return NULL;
	value = *value_of(n);
	*value_of(n) = NULL;
	t->count--;
	if (get_child(n, 0) && get_child(n, 1))
		return value;
	*link = only_child(n);
	xtr_small_free(n);
	/* a fork that lost one of its two children is of no more use */
	if (!*link && parent) {
		p = *parent;
		if (!get_value(p)) {
			*parent = only_child(p);
			xtr_small_free(p);
		}
	}
	return value;
}

void *xtr_trie_get(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_trie_node *n = t->root;

	while (n && node_covers(n, ip->b, plen)) {
		if (n->plen == plen)
			return get_value(n);
		n = get_child(n, xtr_bit_at(ip->b, n->plen));
	}
	return NULL;
}

static void *longest_upto(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen, int max)
{
	const struct xtr_trie_node *n = t->root;
	void *best = NULL;

	while (n && (int)n->plen <= max && node_covers(n, ip->b, plen)) {
		if (get_value(n))
			best = get_value(n);
		if (n->plen == plen)
			break;
		n = get_child(n, xtr_bit_at(ip->b, n->plen));
	}
	return best;
}

void *xtr_trie_longest(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	return longest_upto(t, ip, plen, (int)plen);
}

void *xtr_trie_parent(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	return longest_upto(t, ip, plen, (int)plen - 1);
}

/* The topmost node inside ip/plen. */
static struct xtr_trie_node *subtree(
    const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	struct xtr_trie_node *n = t->root;

	while (n && n->plen < plen) {
		if (!node_covers(n, ip->b, plen))
			return NULL;
		n = get_child(n, xtr_bit_at(ip->b, n->plen));
	}
	return n && xtr_bits_common(n->b, ip->b, plen) == plen ? n : NULL;
}

bool xtr_trie_any_within(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	/* every subtree ends in leaves, and leaves have values */
	return subtree(t, ip, plen) != NULL;
}

static void *first_in(const struct xtr_trie_node *n)
{
	while (!get_value(n))
		n = get_child(n, 0);
	return get_value(n);
}

void *xtr_trie_next(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_trie_node *n = t->root,
				   *after = NULL; /* what follows the path to ip/plen */

	while (n) {
		unsigned len = n->plen < plen ? n->plen : plen,
			 at = xtr_bits_common(n->b, ip->b, len);

		if (at < len) /* the path ends: the node's side of the fork is before or after */
			return xtr_bit_at(n->b, at) ? first_in(n) : after ? first_in(after) : NULL;
		if (n->plen > plen)
			return first_in(n);
		at = n->plen < plen ? xtr_bit_at(ip->b, n->plen) : 0;
		if (!at && get_child(n, 1))
			after = get_child(n, 1);
		n = get_child(n, at);
	}
	return after ? first_in(after) : NULL;
}

static int walk(struct xtr_trie_node *n, int (*fn)(void *value, void *arg), void *arg)
{
	struct xtr_trie_node *below[2];
	int rc = 0;

	if (!n)
		return 0;
	/*
	 * fn may delete n's value, which frees n unless it forks; its children stay where they are
	 * in memory. Freeing a child by deleting its own value may free n too (as a useless fork),
	 * so both are read before.
	 */
	below[0] = get_child(n, 0);
	below[1] = get_child(n, 1);
	if (get_value(n))
		rc = fn(get_value(n), arg);
	if (!rc)
		rc = walk(below[0], fn, arg);
	return rc ? rc : walk(below[1], fn, arg);
}

int xtr_trie_walk(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen,
    int (*fn)(void *value, void *arg), void *arg)
{
	return walk(plen ? subtree(t, ip, plen) : t->root, fn, arg);
}
