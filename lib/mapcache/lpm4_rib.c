/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/lpm4_rib.h"

#include <errno.h>
#include <stdlib.h>

#define NODE_BYTES 24u
#define PAGES      (1u << 17) /* room for 22 million nodes */

_Static_assert(sizeof(struct xtr_lpm4_node) <= NODE_BYTES, "a node");

int xtr_lpm4_rib_init(struct xtr_lpm4_rib *r, uint32_t *brief, uint32_t *root, uint64_t *any)
{
	static const uint16_t size = NODE_BYTES;

	r->brief = brief;
	r->root = root;
	r->any = any;
	r->count = 0;
	return xtr_slab_init(&r->nodes, 8, &size, 1, PAGES);
}

void xtr_lpm4_rib_fini(struct xtr_lpm4_rib *r)
{
	xtr_slab_fini(&r->nodes);
}

static uint32_t brief_index(uint32_t ip, unsigned plen)
{
	return 1u << plen | (plen ? ip >> (32 - plen) : 0);
}

static uint32_t *brief_at(const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen)
{
	return &r->brief[brief_index(ip, plen)];
}

static bool is_any(const struct xtr_lpm4_rib *r, uint32_t i)
{
	return r->any[i / 64] >> (i % 64) & 1;
}

/* A prefix has come, whose first bits brief knows as i. */
static void mark(struct xtr_lpm4_rib *r, uint32_t i)
{
	for (; i && !is_any(r, i); i /= 2)
		r->any[i / 64] |= 1ull << (i % 64);
}

/* One has gone. */
static void unmark(struct xtr_lpm4_rib *r, uint32_t i)
{
	for (; i && !r->brief[i]; i /= 2) {
		if (i >> XTR_LPM4_SHORT ? r->root[i & 0xffff] != 0
					: is_any(r, 2 * i) || is_any(r, 2 * i + 1))
			break;
		r->any[i / 64] &= ~(1ull << (i % 64));
	}
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
		mark(r, brief_index(ip, plen));
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
	mark(r, brief_index(ip, XTR_LPM4_SHORT));
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
		unmark(r, brief_index(ip, plen));
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
	unmark(r, brief_index(ip, XTR_LPM4_SHORT));
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

uint32_t xtr_lpm4_rib_covering(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, unsigned *len)
{
	const struct xtr_lpm4_node *n;
	uint32_t value = 0, i = plen > XTR_LPM4_SHORT ? r->root[ip >> 16] : 0;
	unsigned brief;

	for (; i; i = n->child[bit(ip, n->plen)]) {
		n = xtr_lpm4_rib_node(r, i);
		if (n->plen >= plen || !covers(n, ip, plen))
			break;
		if (n->value) {
			value = n->value;
			*len = n->plen;
		}
	}
	if (value)
		return value;
	brief =
	    xtr_lpm4_rib_brief(r, ip, plen <= XTR_LPM4_SHORT ? plen : XTR_LPM4_SHORT + 1, &value);
	if (brief)
		*len = brief - 1;
	return value;
}

/* Prefixes in order of address, shorter first. */
static bool not_before(uint32_t ip, unsigned plen, uint32_t from_ip, unsigned from_plen)
{
	return ip > from_ip || (ip == from_ip && plen >= from_plen);
}

/* The first node below one (itself included) that has a value and is not before ip/plen. Of two
 * subtrees at most one lies astride, so that this is one way down and one up. */
static uint32_t next_node(const struct xtr_lpm4_rib *r, uint32_t i, uint32_t ip, unsigned plen)
{
	const struct xtr_lpm4_node *n = xtr_lpm4_rib_node(r, i);
	uint32_t found;

	if (!i || (n->ip | ~xtr_lpm4_mask(n->plen)) < ip)
		return 0;
	if (n->value && not_before(n->ip, n->plen, ip, plen))
		return i;
	found = next_node(r, n->child[0], ip, plen);
	return found ? found : next_node(r, n->child[1], ip, plen);
}

/* The same from brief's i on, a prefix of `depth` bits. */
static bool next_brief(const struct xtr_lpm4_rib *r, uint32_t i, unsigned depth, uint32_t ip,
    unsigned plen, struct xtr_lpm4_prefix *p)
{
	uint32_t first = depth ? i << (32 - depth) : 0;

	if (!is_any(r, i) || (first | ~xtr_lpm4_mask(depth)) < ip)
		return false;
	if (r->brief[i] && not_before(first, depth, ip, plen)) {
		*p = (struct xtr_lpm4_prefix){first, r->brief[i], (uint8_t)depth};
		return true;
	}
	if (depth == XTR_LPM4_SHORT) {
		const struct xtr_lpm4_node *n;

		i = next_node(r, r->root[first >> 16], ip, plen);
		n = xtr_lpm4_rib_node(r, i);
		if (i)
			*p = (struct xtr_lpm4_prefix){n->ip, n->value, n->plen};
		return i != 0;
	}
	return next_brief(r, 2 * i, depth + 1, ip, plen, p) ||
	       next_brief(r, 2 * i + 1, depth + 1, ip, plen, p);
}

bool xtr_lpm4_rib_next(
    const struct xtr_lpm4_rib *r, uint32_t ip, unsigned plen, struct xtr_lpm4_prefix *p)
{
	return next_brief(r, 1, 0, ip, plen, p);
}
