/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/lpm6_recent.h"

struct xtr_lpm6_recent xtr_lpm6_recent __attribute__((aligned(64)));

/* A store after all stores before it. */
static void store(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_RELEASE);
}

void xtr_lpm6_begin(const struct xtr_lpm6_key *k, unsigned plen)
{
	static const struct xtr_lpm6_key ones = {{~0ull, ~0ull}};
	struct xtr_lpm6_key bits = xtr_lpm6_first_bits(*k, plen);
	struct xtr_lpm6_key mask = xtr_lpm6_first_bits(ones, plen);
	uint64_t i = xtr_lpm6_recent.begun + 1;

	for (unsigned w = 0; w < 2; w++) {
		store(&xtr_lpm6_recent.change[i % XTR_LPM6_RECENT].bits[w],
		    rte_cpu_to_be_64(bits.word[w]));
		store(&xtr_lpm6_recent.change[i % XTR_LPM6_RECENT].mask[w],
		    rte_cpu_to_be_64(mask.word[w]));
	}
	store(&xtr_lpm6_recent.begun, i);
}

bool xtr_lpm6_touched(uint64_t since, const uint8_t (*keys)[16], uint8_t *hit, unsigned n)
{
	uint64_t now = xtr_lpm6_begun(), bits[2], mask[2], key[2];
	uint8_t any = 0;

	memset(hit, 0, n);
	for (uint64_t i = since + 1; i <= now && now - since < XTR_LPM6_RECENT; i++) {
		for (unsigned w = 0; w < 2; w++) {
			bits[w] =
			    xtr_lpm6_load(&xtr_lpm6_recent.change[i % XTR_LPM6_RECENT].bits[w]);
			mask[w] =
			    xtr_lpm6_load(&xtr_lpm6_recent.change[i % XTR_LPM6_RECENT].mask[w]);
		}
		for (unsigned j = 0; j < n; j++) {
			memcpy(key, keys[j], sizeof(key));
			hit[j] |=
			    !(((key[0] ^ bits[0]) & mask[0]) | ((key[1] ^ bits[1]) & mask[1]));
			any |= hit[j];
		}
	}
	/* if so many came since then what was read may be of a later one, or half of each */
	if (xtr_lpm6_begun() - since >= XTR_LPM6_RECENT) {
		memset(hit, 1, n);
		any = 1;
	}
	return any;
}
