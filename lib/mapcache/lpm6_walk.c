/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: prefixes in their order. See lpm6.h. */
#include "mapcache/lpm6_node.h"

/* In order of address, shorter first; len may be -1. */
static bool is_after(const struct xtr_lpm6_record *r, const struct xtr_lpm6_key *k, int len)
{
	if (r->bits.word[0] != k->word[0])
		return r->bits.word[0] > k->word[0];
	if (r->bits.word[1] != k->word[1])
		return r->bits.word[1] > k->word[1];
	return (int)xtr_lpm6_length(r->word) > len;
}

/* The first slot, in order of what they stand for, that holds a record after this. */
static struct xtr_lpm6_record *seek(uint64_t slot, const struct xtr_lpm6_key *k, int len)
{
	struct xtr_lpm6_record *r = xtr_lpm6_record_at(slot);
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);
	unsigned common, i = 0;

	if (!xtr_lpm6_is_node(slot))
		return r && is_after(r, k, len) ? r : NULL;
	common = xtr_lpm6_common(&n->bits, k);
	if (common >= n->at)
		i = xtr_lpm6_index(slot, k);
	else if (k->word[common / 64] > n->bits.word[common / 64])
		return NULL;
	for (r = NULL; !r && i < 1u << n->n_bits; i++)
		r = seek(n->slot[i], k, len);
	return r;
}

/* The first prefix after this. It is in the chain of the first record found: all before that are
 * either not after this, or cover others that would have been found first. */
static struct xtr_lpm6_record *following(uint64_t root, const struct xtr_lpm6_key *k, int len)
{
	struct xtr_lpm6_record *r = seek(root, k, len), *above;

	while (r && (above = xtr_lpm6_above(r)) != NULL && is_after(above, k, len))
		r = above;
	return r;
}

/* As following(), NULL if it is not inside this. */
static struct xtr_lpm6_record *following_in(uint64_t root, const struct xtr_lpm6_key *k, int len,
    const struct xtr_lpm6_key *in, unsigned plen)
{
	struct xtr_lpm6_record *r = following(root, k, len);

	return r && xtr_lpm6_length(r->word) >= plen && xtr_lpm6_common(&r->bits, in) >= plen
		   ? r
		   : NULL;
}

int xtr_lpm6_walk(
    struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg)
{
	struct xtr_lpm6_key in = xtr_lpm6_first_bits(xtr_lpm6_key_of(ip), plen), k = in, b;
	const struct xtr_lpm6_record *r, *other;
	int len = (int)plen - 1, rc;

	for (;;) {
		struct xtr_ip prefix;

		/* afresh each time: fn may have changed anything */
		r = following_in(t->root[0], &k, len, &in, plen);
		other = following_in(t->root[1], &k, len, &in, plen);
		if (!r || (other && is_after(r, &other->bits, (int)xtr_lpm6_length(other->word))))
			r = other;
		if (!r)
			return 0;
		k = r->bits;
		len = (int)xtr_lpm6_length(r->word);
		b.word[0] = rte_cpu_to_be_64(k.word[0]);
		b.word[1] = rte_cpu_to_be_64(k.word[1]);
		prefix = xtr_ip6(&b);
		rc = fn(&prefix, (unsigned)len, xtr_lpm6_value(r->word), arg);
		if (rc)
			return rc;
	}
}
