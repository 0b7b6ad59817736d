/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/lpm4_rib.h"

#include <errno.h>
#include <stdlib.h>

#define NODE_BYTES 24u
#define PAGES      (1u << 17) /* room for 22 million nodes */

_Static_assert(sizeof(struct xtr_lpm4_node) <= NODE_BYTES, "a node");

int xtr_lpm4_rib_init(struct xtr_lpm4_rib *r, uint32_t *brief, uint32_t *root)
{
	static const uint16_t size = NODE_BYTES;

	r->brief = brief;
	r->root = root;
	r->count = 0;
	return xtr_slab_init(&r->nodes, 8, &size, 1, PAGES);
}

void xtr_lpm4_rib_fini(struct xtr_lpm4_rib *r)
{
	xtr_slab_fini(&r->nodes);
}

static uint32_t *brief_at(const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen)
{
	return &r->brief[1u << plen | (plen ? ip >> (32 - plen) : 0)];
}

static unsigned bit(uint32_t ip, unsigned n)
{
	return ip >> (31 - n) & 1;
}

static bool covers(const struct xtr_lpm4_node *n, uint32_t ip, unsigned plen)
{
	return n->plen <= plen && !((n->ip ^ ip) & xtr_lpm4_mask(n->plen));
}

static uint32_t node_new(struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, uint32_t value)
{
	uint32_t i = xtr_slab_get(&r->nodes, 0);

	if (i)
		*xtr_lpm4_rib_node(r, i) = (struct xtr_lpm4_node){
		    .ip = ip & xtr_lpm4_mask(plen), .plen = (uint8_t)plen, .value = value};
	return i;
}

int xtr_lpm4_rib_set(
    struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, uint32_t value, uint32_t *old)
{
	uint32_t *link, leaf, fork;
	struct xtr_lpm4_node *n;
	unsigned common;

	if (plen <= XTR_LPM4_SHORT) {
		link = brief_at(r, ip, plen);
		*old = *link;
		r->count += !*old;
		*link = value;
		return 0;
	}
	*old = 0;
	for (link = &r->root[ip >> 16]; *link; link = &n->child[bit(ip, n->plen)]) {
		n = xtr_lpm4_rib_node(r, *link);
		if (!covers(n, ip, plen))
			break;
		if (n->plen == plen) {
			*old = n->value;
			r->count += !n->value;
			n->value = value;
			return 0;
		}
	}
	leaf = node_new(r, ip, plen, value);
	if (!leaf)
		return -ENOMEM;
	if (*link) {
		n = xtr_lpm4_rib_node(r, *link);
		common = n->ip == ip ? 32 : (unsigned)__builtin_clz(n->ip ^ ip);
		common = common < plen ? common : plen;
		common = common < n->plen ? common : n->plen;
		if (common == plen) {
			xtr_lpm4_rib_node(r, leaf)->child[bit(n->ip, plen)] = *link;
		} else {
			fork = node_new(r, ip, common, 0);
			if (!fork) {
				xtr_slab_put(&r->nodes, leaf);
				return -ENOMEM;
			}
			xtr_lpm4_rib_node(r, fork)->child[bit(ip, common)] = leaf;
			xtr_lpm4_rib_node(r, fork)->child[bit(n->ip, common)] = *link;
			leaf = fork;
		}
	}
	*link = leaf;
	r->count++;
	return 0;
}

uint32_t xtr_lpm4_rib_del(struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen)
{
	uint32_t *link, *parent = NULL, value, gone;
	struct xtr_lpm4_node *n;

	if (plen <= XTR_LPM4_SHORT) {
		link = brief_at(r, ip, plen);
		value = *link;
		r->count -= value != 0;
		*link = 0;
		return value;
	}
	for (link = &r->root[ip >> 16];; link = &n->child[bit(ip, n->plen)]) {
		if (!*link)
			return 0;
		n = xtr_lpm4_rib_node(r, *link);
		if (!covers(n, ip, plen))
			return 0;
		if (n->plen == plen)
			break;
		parent = link;
	}
	value = n->value;
	if (!value)
		return 0;
	r->count--;
	n->value = 0;
	if (n->child[0] && n->child[1])
		return value;
	gone = *link;
	*link = n->child[0] ? n->child[0] : n->child[1];
	xtr_slab_put(&r->nodes, gone);
	if (!*link && parent) {
		n = xtr_lpm4_rib_node(r, *parent);
		if (!n->value) { /* a fork that lost one of its two children */
			gone = *parent;
			*parent = n->child[0] ? n->child[0] : n->child[1];
			xtr_slab_put(&r->nodes, gone);
		}
	}
	return value;
}

uint32_t xtr_lpm4_rib_get(const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen)
{
	const struct xtr_lpm4_node *n;
	uint32_t i;

	if (plen <= XTR_LPM4_SHORT)
		return *brief_at(r, ip, plen);
	for (i = r->root[ip >> 16]; i; i = n->child[bit(ip, n->plen)]) {
		n = xtr_lpm4_rib_node(r, i);
		if (!covers(n, ip, plen))
			break;
		if (n->plen == plen)
			return n->value;
	}
	return 0;
}

unsigned xtr_lpm4_rib_brief(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, uint32_t *value)
{
	while (plen--)
		if ((*value = *brief_at(r, ip, plen)) != 0)
			return plen + 1;
	*value = 0;
	return 0;
}

struct paint {
	const struct xtr_lpm4_rib *r;
	uint32_t ip;
	unsigned plen, to;
	uint32_t *node;
};

static unsigned paint(const struct paint *p, uint32_t i)
{
	const struct xtr_lpm4_node *n = xtr_lpm4_rib_node(p->r, i);
	uint32_t first, parts;
	unsigned longer = 0;

	if (!i || n->plen > p->to)
		return 0;
	if (n->value) {
		first = (n->ip - p->ip) >> (32 - p->to);
		parts = 1u << (p->to - n->plen);
		for (uint32_t k = 0; k < parts; k++)
			p->node[first + k] = i;
		longer = n->plen > p->plen;
	}
	return longer + paint(p, n->child[0]) + paint(p, n->child[1]);
}

unsigned xtr_lpm4_rib_paint(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, unsigned to, uint32_t *node)
{
	struct paint p = {r, ip, plen, to, node};
	const struct xtr_lpm4_node *n;
	uint32_t i = r->root[ip >> 16], best = 0;

	while (i) {
		n = xtr_lpm4_rib_node(r, i);
		if (n->plen >= plen || !covers(n, ip, plen))
			break;
		if (n->value)
			best = i;
		i = n->child[bit(ip, n->plen)];
	}
	for (uint32_t k = 0; k < 1u << (to - plen); k++)
		node[k] = best;
	if (i && (xtr_lpm4_rib_node(r, i)->ip ^ ip) & xtr_lpm4_mask(plen))
		i = 0;
	return i ? paint(&p, i) : 0;
}

static struct xtr_lpm4_prefix *list(
    const struct xtr_lpm4_rib *r, uint32_t i, struct xtr_lpm4_prefix *p)
{
	const struct xtr_lpm4_node *n = xtr_lpm4_rib_node(r, i);

	if (!i)
		return p;
	if (n->value)
		*p++ = (struct xtr_lpm4_prefix){n->ip, n->value, n->plen};
	return list(r, n->child[1], list(r, n->child[0], p));
}

void xtr_lpm4_rib_list(const struct xtr_lpm4_rib *r, struct xtr_lpm4_prefix *p)
{
	for (uint32_t i = 0; i < 1u << XTR_LPM4_SHORT; i++) {
		/* those that begin here, shorter first */
		for (unsigned plen = i ? XTR_LPM4_SHORT - (unsigned)__builtin_ctz(i) : 0;
		     plen <= XTR_LPM4_SHORT; plen++) {
			uint32_t value = *brief_at(r, i << 16, plen);

			if (value)
				*p++ = (struct xtr_lpm4_prefix){i << 16, value, (uint8_t)plen};
		}
		p = list(r, r->root[i], p);
	}
}
