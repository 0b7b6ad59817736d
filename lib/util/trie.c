/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each node stands for a prefix; its children are longer and lie inside it, by the bit that
 * follows. A node without a value exists only to fork, so it always has two children.
 */
struct xtr_trie_node {
	struct xtr_trie_node *child[2];
	void *value;
	uint8_t plen;
	uint8_t b[16];
};

static bool node_covers(const struct xtr_trie_node *n, const uint8_t *b, unsigned plen)
{
	return n->plen <= plen && xtr_bits_common(n->b, b, n->plen) == n->plen;
}

static struct xtr_trie_node *node_new(const uint8_t *b, unsigned plen, void *value)
{
	struct xtr_trie_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->plen = (uint8_t)plen;
	n->value = value;
	memcpy(n->b, b, (plen + 7) / 8);
	if (plen & 7)
		n->b[plen / 8] &= (uint8_t)(0xff << (8 - (plen & 7)));
	return n;
}

static void node_free_all(struct xtr_trie_node *n)
{
	if (!n)
		return;
	node_free_all(n->child[0]);
	node_free_all(n->child[1]);
	free(n);
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
			if (old)
				*old = n->value;
			if (!n->value)
				t->count++;
			n->value = value;
			return 0;
		}
		link = &n->child[xtr_bit_at(ip->b, n->plen)];
	}
	leaf = node_new(ip->b, plen, value);
	if (!leaf)
		return -ENOMEM;
	if (!n) {
		*link = leaf;
	} else {
		common = xtr_bits_common(n->b, ip->b, n->plen < plen ? n->plen : plen);
		if (common == plen) {
			leaf->child[xtr_bit_at(n->b, plen)] = n;
			*link = leaf;
		} else {
			fork = node_new(ip->b, common, NULL);
			if (!fork) {
				free(leaf);
				return -ENOMEM;
			}
			fork->child[xtr_bit_at(ip->b, common)] = leaf;
			fork->child[xtr_bit_at(n->b, common)] = n;
			*link = fork;
		}
	}
	t->count++;
	return 0;
}

void *xtr_trie_del(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	struct xtr_trie_node **link = &t->root, **parent = NULL, *n, *p;
	void *value;

	while ((n = *link) != NULL && node_covers(n, ip->b, plen) && n->plen < plen) {
		parent = link;
		link = &n->child[xtr_bit_at(ip->b, n->plen)];
	}
	if (!n || n->plen != plen || !node_covers(n, ip->b, plen) || !n->value)
		return NULL;
	value = n->value;
	n->value = NULL;
	t->count--;
	if (n->child[0] && n->child[1])
		return value;
	*link = n->child[0] ? n->child[0] : n->child[1];
	free(n);
	/* a fork that lost one of its two children is of no more use */
	if (!*link && parent) {
		p = *parent;
		if (!p->value) {
			*parent = p->child[0] ? p->child[0] : p->child[1];
			free(p);
		}
	}
	return value;
}

void *xtr_trie_get(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_trie_node *n = t->root;

	while (n && node_covers(n, ip->b, plen)) {
		if (n->plen == plen)
			return n->value;
		n = n->child[xtr_bit_at(ip->b, n->plen)];
	}
	return NULL;
}

static void *longest_upto(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen, int max)
{
	const struct xtr_trie_node *n = t->root;
	void *best = NULL;

	while (n && (int)n->plen <= max && node_covers(n, ip->b, plen)) {
		if (n->value)
			best = n->value;
		if (n->plen == plen)
			break;
		n = n->child[xtr_bit_at(ip->b, n->plen)];
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
		n = n->child[xtr_bit_at(ip->b, n->plen)];
	}
	return n && xtr_bits_common(n->b, ip->b, plen) == plen ? n : NULL;
}

bool xtr_trie_any_within(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen)
{
	/* every subtree ends in leaves, and leaves have values */
	return subtree(t, ip, plen) != NULL;
}

static int walk(struct xtr_trie_node *n, int (*fn)(void *value, void *arg), void *arg)
{
	struct xtr_trie_node *child[2];
	int rc = 0;

	if (!n)
		return 0;
	/*
	 * fn may delete n's value, which frees n unless it forks; its children stay where they are
	 * in memory. Freeing a child by deleting its own value may free n too (as a useless fork),
	 * so both are read before.
	 */
	child[0] = n->child[0];
	child[1] = n->child[1];
	if (n->value)
		rc = fn(n->value, arg);
	if (!rc)
		rc = walk(child[0], fn, arg);
	return rc ? rc : walk(child[1], fn, arg);
}

int xtr_trie_walk(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen,
    int (*fn)(void *value, void *arg), void *arg)
{
	return walk(plen ? subtree(t, ip, plen) : t->root, fn, arg);
}
