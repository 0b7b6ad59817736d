/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 look-up on any machine. See lpm6.h. */
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "mapcache/lpm6_node.h"

#define BATCH 64u

/* Looks keys up, each in the trie whose root is given, which is not empty; 0 where it has none. */
static void lookup(const uint64_t *root, const struct xtr_lpm6_key *k, uint32_t *values, unsigned n)
{
	const uint64_t *down[BATCH]; /* the next slots */
	uint64_t slot[BATCH];
	uint8_t open[BATCH];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		slot[i] = root[i];
		if (xtr_lpm6_is_node(slot[i])) {
			down[i] = xtr_lpm6_down(slot[i], &k[i]);
			open[left++] = (uint8_t)i;
		}
		rte_prefetch0(xtr_lpm6_is_node(slot[i]) ? (const void *)down[i]
							: xtr_lpm6_record_at(slot[i]));
	}
	/* a level a round, for all keys that have not come to their end */
	while (left) {
		unsigned still = 0;

		for (unsigned j = 0; j < left; j++) {
			unsigned i = open[j];
			uint64_t s = xtr_lpm6_load(down[i]);
			const uint64_t *next = xtr_lpm6_down(s, &k[i]);

			slot[i] = s;
			down[i] = next;
			open[still] = (uint8_t)i;
			still += xtr_lpm6_is_node(s);
			rte_prefetch0(
			    xtr_lpm6_is_node(s) ? (const void *)next : xtr_lpm6_record_at(s));
		}
		left = still;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_lpm6_record *r = xtr_lpm6_record_at(slot[i]);

		values[i] = r ? xtr_lpm6_value(xtr_lpm6_climb(
				    xtr_lpm6_load(&r->word), xtr_lpm6_common(&r->bits, &k[i])))
			      : 0;
	}
}

static void lookup_batch(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	struct xtr_lpm6_key k[BATCH], again[BATCH];
	uint64_t root[BATCH], short_root[BATCH];
	uint32_t found[BATCH];
	uint8_t place[BATCH];
	unsigned missing = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct xtr_lpm6 *t = (const void *)((const char *)tables[i] + at);

		k[i] = xtr_lpm6_key_of(keys[i]);
		root[i] = xtr_lpm6_load(&t->root[0]);
		short_root[i] = xtr_lpm6_load(&t->root[1]);
	}
	lookup(root, k, values, n);
	for (unsigned i = 0; i < n; i++)
		if (!values[i] && short_root[i]) {
			root[missing] = short_root[i];
			again[missing] = k[i];
			place[missing++] = (uint8_t)i;
		}
	if (!missing)
		return;
	lookup(root, again, found, missing);
	for (unsigned i = 0; i < missing; i++)
		values[place[i]] = found[i];
}

void xtr_lpm6_lookup_scalar(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	for (unsigned done = 0, some; done < n; done += some) {
		some = n - done < BATCH ? n - done : BATCH;
		lookup_batch(tables + done, at, keys + done, values + done, some);
	}
}
