/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A path-compressed binary trie under RCU. A node's prefix never changes; its children and value
 * are single words that the writer stores atomically, so that each change is one store to a tree
 * that is whole before and after it.
 */
#include "mapcache/lpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct node {
	struct node *child[2]; /* control: rw, workers: ro, atomic */
	uint32_t value;        /* control: rw, workers: ro, atomic; 0 in a node that only forks */
	uint8_t plen;
	uint8_t b[16];
	struct xtr_rcu_head rcu;
};

struct xtr_lpm {
	struct node *root[2]; /* IPv4, IPv6 */
	struct xtr_rcu *rcu;
	unsigned count;
};

#define LOAD(p)     __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)

static bool covers(const struct node *n, const uint8_t *b, unsigned plen)
{
	return n->plen <= plen && xtr_bits_common(n->b, b, n->plen) == n->plen;
}

static struct node *node_new(const uint8_t *b, unsigned plen, uint32_t value)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->plen = (uint8_t)plen;
	n->value = value;
	memcpy(n->b, b, (plen + 7) / 8);
	if (plen & 7)
		n->b[plen / 8] &= (uint8_t)(0xff << (8 - (plen & 7)));
	return n;
}

static void node_free(struct xtr_rcu_head *head)
{
	free((char *)head - offsetof(struct node, rcu));
}

static void node_free_all(struct node *n)
{
	if (!n)
		return;
	node_free_all(n->child[0]);
	node_free_all(n->child[1]);
	free(n);
}

struct xtr_lpm *xtr_lpm_create(struct xtr_rcu *rcu)
{
	struct xtr_lpm *lpm = calloc(1, sizeof(*lpm));

	if (lpm)
		lpm->rcu = rcu;
	return lpm;
}

void xtr_lpm_destroy(struct xtr_lpm *lpm)
{
	if (!lpm)
		return;
	node_free_all(lpm->root[0]);
	node_free_all(lpm->root[1]);
	free(lpm);
}

int xtr_lpm_set(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, uint32_t value)
{
	struct node **link = &lpm->root[ip->af == 6], *n, *leaf, *fork;
	unsigned common;

	while ((n = *link) != NULL && covers(n, ip->b, plen)) {
		if (n->plen == plen) {
			lpm->count += !n->value;
			STORE(n->value, value);
			return 0;
		}
		link = &n->child[xtr_bit_at(ip->b, n->plen)];
	}
	leaf = node_new(ip->b, plen, value);
	if (!leaf)
		return -ENOMEM;
	if (n) {
		common = xtr_bits_common(n->b, ip->b, n->plen < plen ? n->plen : plen);
		if (common == plen) {
			leaf->child[xtr_bit_at(n->b, plen)] = n;
		} else {
			fork = node_new(ip->b, common, 0);
			if (!fork) {
				free(leaf);
				return -ENOMEM;
			}
			fork->child[xtr_bit_at(ip->b, common)] = leaf;
			fork->child[xtr_bit_at(n->b, common)] = n;
			leaf = fork;
		}
	}
	STORE(*link, leaf);
	lpm->count++;
	return 0;
}

uint32_t xtr_lpm_del(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen)
{
	struct node **link = &lpm->root[ip->af == 6], **parent = NULL, *n, *p;
	uint32_t value;

	while ((n = *link) != NULL && n->plen < plen && covers(n, ip->b, plen)) {
		parent = link;
		link = &n->child[xtr_bit_at(ip->b, n->plen)];
	}
	if (!n || n->plen != plen || !covers(n, ip->b, plen) || !n->value)
		return 0;
	value = n->value;
	lpm->count--;
	STORE(n->value, 0);
	if (n->child[0] && n->child[1])
		return value;
	STORE(*link, n->child[0] ? n->child[0] : n->child[1]);
	xtr_rcu_defer(lpm->rcu, &n->rcu, node_free);
	if (!*link && parent && !(p = *parent)->value) {
		/* a fork that lost one of its two children is of no more use */
		STORE(*parent, p->child[0] ? p->child[0] : p->child[1]);
		xtr_rcu_defer(lpm->rcu, &p->rcu, node_free);
	}
	return value;
}

uint32_t xtr_lpm_get(const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen)
{
	const struct node *n = lpm->root[ip->af == 6];

	while (n && covers(n, ip->b, plen)) {
		if (n->plen == plen)
			return n->value;
		n = n->child[xtr_bit_at(ip->b, n->plen)];
	}
	return 0;
}

unsigned xtr_lpm_count(const struct xtr_lpm *lpm)
{
	return lpm->count;
}

static uint32_t lookup(const struct node *n, const uint8_t *key, unsigned bits)
{
	uint32_t best = 0, value;

	while (n && covers(n, key, bits)) {
		value = LOAD(n->value);
		if (value)
			best = value;
		if (n->plen == bits)
			break;
		n = LOAD(n->child[xtr_bit_at(key, n->plen)]);
	}
	return best;
}

void xtr_lpm_lookup4(
    const struct xtr_lpm *const *tables, const uint32_t *keys, uint32_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		values[i] = lookup(LOAD(tables[i]->root[0]), (const uint8_t *)&keys[i], 32);
}

void xtr_lpm_lookup6(
    const struct xtr_lpm *const *tables, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		values[i] = lookup(LOAD(tables[i]->root[1]), keys[i], 128);
}
