/* SPDX-License-Identifier: BSD-3-Clause */
/* What covers an IPv6 prefix, and what lies in it. */
#include "mapcache/lpm6.h"

#include <string.h>

uint32_t xtr_lpm6_covering(
    const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, unsigned *len)
{
	const struct xtr_lpm6_rib_node *n = t->rib.root;
	uint32_t value = 0;

	while (n && n->plen < plen && xtr_bits_common(n->b, ip, n->plen) == n->plen) {
		if (n->value) {
			value = n->value;
			*len = n->plen;
		}
		n = n->child[xtr_bit_at(ip, n->plen)];
	}
	return value;
}

/* How the prefixes below a node lie to an address. */
static bool ends_before(const struct xtr_lpm6_rib_node *n, const uint8_t *ip)
{
	unsigned common = xtr_bits_common(n->b, ip, n->plen);

	return common < n->plen && xtr_bit_at(ip, common);
}

/* The first prefix from a node on, in order of address, shorter first, that is not before ip/plen.
 * Of two subtrees at most one lies astride, so that this is one way down and one up. */
static const struct xtr_lpm6_rib_node *next(
    const struct xtr_lpm6_rib_node *n, const uint8_t *ip, unsigned plen)
{
	const struct xtr_lpm6_rib_node *found;
	int order;

	if (!n || ends_before(n, ip))
		return NULL;
	order = memcmp(n->b, ip, 16);
	if (n->value && (order > 0 || (order == 0 && n->plen >= plen)))
		return n;
	found = next(n->child[0], ip, plen);
	return found ? found : next(n->child[1], ip, plen);
}

int xtr_lpm6_walk(
    struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg)
{
	const struct xtr_lpm6_rib_node *n;
	struct xtr_ip at = xtr_ip6(ip);
	unsigned from = plen;
	int rc = 0;

	xtr_ip_mask(&at, plen);
	/* from where it is each time: fn may have changed the table */
	while (!rc && (n = next(t->rib.root, at.b, from)) != NULL &&
	       xtr_bits_common(n->b, ip, plen) == plen) {
		at = xtr_ip6(n->b);
		from = n->plen + 1u;
		rc = fn(&at, n->plen, n->value, arg);
	}
	return rc;
}
