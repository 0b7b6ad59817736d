/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6: how workers walk the trie. See lpm6.h. */
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "mapcache/lpm6_node.h"

#define BATCH 64u

static void prefetch(uint32_t slot)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);

	rte_prefetch0(n);
	rte_prefetch0(n->slot);
}

/* A level a round, for all keys that have not come to their end. */
static void lookup_batch(
    const uint32_t *const *roots, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	uint32_t slot[BATCH];
	uint8_t open[BATCH];
	unsigned left = 0;
	struct xtr_lpm6_key k[BATCH];

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(roots[i]);
	for (unsigned i = 0; i < n; i++) {
		k[i] = xtr_lpm6_key_of(keys[i]);
		slot[i] = xtr_lpm6_load(roots[i]);
		values[i] = 0;
		if (slot[i] & XTR_LPM6_CHILD) {
			open[left++] = (uint8_t)i;
			prefetch(slot[i]);
		} else {
			values[i] = slot[i];
		}
	}
	while (left) {
		unsigned still = 0;

		for (unsigned j = 0; j < left; j++) {
			unsigned i = open[j];
			const struct xtr_lpm6_node *node = xtr_lpm6_node_at(slot[i]);
			uint32_t above = xtr_lpm6_load(&node->above), next;

			values[i] = above ? above : values[i];
			if (!xtr_lpm6_matches(node, &k[i]))
				continue;
			next = xtr_lpm6_load(&node->slot[xtr_lpm6_nibble(&k[i], node->at)]);
			if (next & XTR_LPM6_CHILD) {
				slot[i] = next;
				open[still++] = (uint8_t)i;
				prefetch(next);
			} else if (next) {
				values[i] = next;
			}
		}
		left = still;
	}
}

void xtr_lpm6_lookup(
    const uint32_t *const *roots, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	for (unsigned done = 0, some; done < n; done += some) {
		some = n - done < BATCH ? n - done : BATCH;
		lookup_batch(roots + done, keys + done, values + done, some);
	}
}
