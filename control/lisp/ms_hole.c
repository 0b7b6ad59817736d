/* SPDX-License-Identifier: BSD-3-Clause */
/* Prefixes without EIDs: what negative replies cover (RFC 9301 sections 8.1, 8.3, 8.4). */
#include "control/lisp/ms_internal.h"

bool ms_has_more_specific(const struct xtr_trie *t, const struct xtr_eid *eid)
{
	struct xtr_ip half = eid->ip;

	if (eid->plen >= xtr_ip_bits(&eid->ip))
		return false;
	if (xtr_trie_any_within(t, &half, eid->plen + 1u))
		return true;
	half.b[eid->plen >> 3] |= (uint8_t)(0x80 >> (eid->plen & 7));
	return xtr_trie_any_within(t, &half, eid->plen + 1u);
}

static bool is_free(const struct ms_table *t, const struct xtr_eid *eid, bool itself)
{
	if (itself)
		return !ms_has_more_specific(&t->configured, eid) &&
		       !ms_has_more_specific(&t->registered, eid);
	return !xtr_trie_any_within(&t->configured, &eid->ip, eid->plen) &&
	       !xtr_trie_any_within(&t->registered, &eid->ip, eid->plen);
}

bool ms_free_prefix(const struct ms_table *t, const struct xtr_eid *eid, unsigned base,
    bool base_known, struct xtr_eid *out)
{
	unsigned bits = xtr_ip_bits(&eid->ip), lo = base, hi = bits + 1;

	/* if a prefix is free, then so are those inside it: halve the range */
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		*out = *eid;
		out->plen = (uint8_t)mid;
		xtr_ip_mask(&out->ip, mid);
		if (is_free(t, out, base_known && mid == base))
			hi = mid;
		else
			lo = mid + 1;
	}
	if (lo > bits)
		return false;
	*out = *eid;
	out->plen = (uint8_t)lo;
	xtr_ip_mask(&out->ip, lo);
	return true;
}

struct xtr_eid xtr_ms_hole(const struct xtr_ms *ms, const struct xtr_eid *eid)
{
	const struct ms_table *t = ms_table_find(ms, eid->iid, eid->ip.af);
	struct xtr_eid out = *eid;

	if (!t) {
		/* nothing in this instance is an EID */
		out.plen = 0;
		xtr_ip_mask(&out.ip, 0);
		return out;
	}
	/* inside an EID prefix there is no such hole */
	if (xtr_trie_longest(&t->configured, &eid->ip, eid->plen) ||
	    !ms_free_prefix(t, eid, 0, false, &out))
		return *eid;
	return out;
}
