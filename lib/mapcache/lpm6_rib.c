/* SPDX-License-Identifier: BSD-3-Clause */
/* A path-compressed binary trie. */
#include "mapcache/lpm6.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool covers(const struct xtr_lpm6_rib_node *n, const uint8_t *b, unsigned plen)
{
	return n->plen <= plen && xtr_bits_common(n->b, b, n->plen) == n->plen;
}

static struct xtr_lpm6_rib_node *node_new(
    struct xtr_lpm6_rib *t, const uint8_t *b, unsigned plen, uint32_t value)
{
	struct xtr_lpm6_rib_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	t->bytes += sizeof(*n);
	n->plen = (uint8_t)plen;
	n->value = value;
	memcpy(n->b, b, (plen + 7) / 8);
	if (plen & 7)
		n->b[plen / 8] &= (uint8_t)(0xff << (8 - (plen & 7)));
	return n;
}

static void drop(struct xtr_lpm6_rib *t, struct xtr_lpm6_rib_node *n)
{
	t->bytes -= sizeof(*n);
	free(n);
}

static void free_all(struct xtr_lpm6_rib_node *n)
{
	if (!n)
		return;
	free_all(n->child[0]);
	free_all(n->child[1]);
	free(n);
}

void xtr_lpm6_rib_fini(struct xtr_lpm6_rib *t)
{
	free_all(t->root);
	memset(t, 0, sizeof(*t));
}

int xtr_lpm6_rib_set(struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen, uint32_t value)
{
	struct xtr_lpm6_rib_node **link = &t->root, *n, *leaf, *fork;
	unsigned common;

	while ((n = *link) != NULL && covers(n, ip, plen)) {
		if (n->plen == plen) {
			t->n += !n->value;
			n->value = value;
			return 0;
		}
		link = &n->child[xtr_bit_at(ip, n->plen)];
	}
	leaf = node_new(t, ip, plen, value);
	if (!leaf)
		return -ENOMEM;
	if (n) {
		common = xtr_bits_common(n->b, ip, n->plen < plen ? n->plen : plen);
		if (common == plen) {
			leaf->child[xtr_bit_at(n->b, plen)] = n;
		} else {
			fork = node_new(t, ip, common, 0);
			if (!fork) {
				drop(t, leaf);
				return -ENOMEM;
			}
			fork->child[xtr_bit_at(ip, common)] = leaf;
			fork->child[xtr_bit_at(n->b, common)] = n;
			leaf = fork;
		}
	}
	*link = leaf;
	t->n++;
	return 0;
}

uint32_t xtr_lpm6_rib_del(struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen)
{
	struct xtr_lpm6_rib_node **link = &t->root, **parent = NULL, *n, *p;
	uint32_t value;

	while ((n = *link) != NULL && n->plen < plen && covers(n, ip, plen)) {
		parent = link;
		link = &n->child[xtr_bit_at(ip, n->plen)];
	}
	if (!n || n->plen != plen || !covers(n, ip, plen) || !n->value)
		return 0;
	value = n->value;
	t->n--;
	n->value = 0;
	if (n->child[0] && n->child[1])
		return value;
	*link = n->child[0] ? n->child[0] : n->child[1];
	drop(t, n);
	if (!*link && parent && !(p = *parent)->value) {
		/* a fork that lost one of its two children is of no more use */
		*parent = p->child[0] ? p->child[0] : p->child[1];
		drop(t, p);
	}
	return value;
}

uint32_t xtr_lpm6_rib_get(const struct xtr_lpm6_rib *t, const uint8_t *ip, unsigned plen)
{
	const struct xtr_lpm6_rib_node *n = t->root;

	while (n && covers(n, ip, plen)) {
		if (n->plen == plen)
			return n->value;
		n = n->child[xtr_bit_at(ip, n->plen)];
	}
	return 0;
}
