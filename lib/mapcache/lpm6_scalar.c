/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 look-up on any machine. */
#include "mapcache/lpm6_lookup.h"

static inline uint32_t value_at(const struct xtr_lpm6_record *r, const struct xtr_lpm6_key *k)
{
	return r ? xtr_lpm6_value(
		       xtr_lpm6_climb(xtr_lpm6_load(&r->word), xtr_lpm6_common(&r->bits, k)))
		 : 0;
}

static void look_up_record(
    const struct xtr_lpm6_record *r, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xtr_lpm6_key k = xtr_lpm6_key_of(keys[i]);

		values[i] = value_at(r, &k);
	}
}

static void look_up(const uint64_t *root, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	const uint64_t *down[BATCH]; /* the next slots */
	struct xtr_lpm6_key k[BATCH];
	uint64_t slot[BATCH];
	uint8_t open[BATCH];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		k[i] = xtr_lpm6_key_of(keys[i]);
		slot[i] = root[i];
		down[i] = xtr_lpm6_down(slot[i], &k[i]);
		open[left] = (uint8_t)i;
		left += xtr_lpm6_is_node(slot[i]);
		rte_prefetch0(xtr_lpm6_is_node(slot[i]) ? (const void *)down[i]
							: xtr_lpm6_record_at(slot[i]));
	}
	/* a level a round, for all keys that have not come to their end */
	while (left) {
		unsigned still = 0;

		for (unsigned j = 0; j < left; j++) {
			unsigned i = open[j];
			uint64_t s = xtr_lpm6_load(down[i]);

			slot[i] = s;
			down[i] = xtr_lpm6_down(s, &k[i]);
			open[still] = (uint8_t)i;
			still += xtr_lpm6_is_node(s);
			rte_prefetch0(
			    xtr_lpm6_is_node(s) ? (const void *)down[i] : xtr_lpm6_record_at(s));
		}
		left = still;
	}
	for (unsigned i = 0; i < n; i++)
		values[i] = value_at(xtr_lpm6_record_at(slot[i]), &k[i]);
}

void xtr_lpm6_lookup_scalar(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	look_up_all(tables, at, keys, values, n);
}

static inline uint32_t descend(uint64_t slot, const struct xtr_lpm6_key *k)
{
	while (xtr_lpm6_is_node(slot))
		slot = xtr_lpm6_load(xtr_lpm6_down(slot, k));
	return value_at(xtr_lpm6_record_at(slot), k);
}

void xtr_lpm6_lookup_few(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	uint64_t since = xtr_lpm6_begun();

	for (unsigned i = 0; i < n; i++) {
		const struct xtr_lpm6 *t = table_at(tables[i], at);
		struct xtr_lpm6_key k = xtr_lpm6_key_of(keys[i]);

		values[i] = descend(xtr_lpm6_load(&t->root[0]), &k);
		if (!values[i])
			values[i] = descend(xtr_lpm6_load(&t->root[1]), &k);
	}
	rte_compiler_barrier();
	if (unlikely(xtr_lpm6_begun() != since))
		look_up_again(tables, at, keys, values, n, since);
}
