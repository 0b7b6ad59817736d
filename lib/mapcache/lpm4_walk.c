/* SPDX-License-Identifier: BSD-3-Clause */
/* What covers an IPv4 prefix, and what lies in it. */
#include "mapcache/lpm4.h"

static uint32_t small_covering(
    const struct xtr_lpm4_own *t, uint32_t ip, unsigned plen, unsigned *len)
{
	while (plen--) {
		uint32_t first = ip & xtr_lpm4_mask(plen), at = xtr_lpm4_small_find(t, first, plen);

		if (at < t->n && t->prefix[at].ip == first && t->prefix[at].plen == plen) {
			*len = plen;
			return t->prefix[at].value;
		}
	}
	return 0;
}

uint32_t xtr_lpm4_covering(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen, unsigned *len)
{
	return t->own->big ? xtr_lpm4_big_covering(t->own->big, ip, plen, len)
			   : small_covering(t->own, ip, plen, len);
}

static bool next(
    const struct xtr_lpm4_own *t, uint32_t ip, unsigned plen, struct xtr_lpm4_prefix *p)
{
	uint32_t at;

	if (t->big)
		return xtr_lpm4_big_next(t->big, ip, plen, p);
	at = xtr_lpm4_small_find(t, ip, plen);
	if (at == t->n)
		return false;
	*p = t->prefix[at];
	return true;
}

int xtr_lpm4_walk(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg)
{
	uint32_t all = xtr_lpm4_mask(plen);
	struct xtr_lpm4_prefix p = {.ip = ip, .plen = (uint8_t)plen};
	int rc = 0;

	/* from where it is each time: fn may have changed the table, and its form */
	for (; !rc && next(t->own, p.ip, plen, &p) && (p.ip & all) == ip; plen = p.plen + 1u) {
		uint8_t b[4] = {(uint8_t)(p.ip >> 24), (uint8_t)(p.ip >> 16), (uint8_t)(p.ip >> 8),
		    (uint8_t)p.ip};
		struct xtr_ip at = xtr_ip4(b);

		rc = fn(&at, p.plen, p.value, arg);
	}
	return rc;
}
