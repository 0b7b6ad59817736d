/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 look-up: what is the same in each way. A way's file includes this and defines
 * look_up(root, keys, values, n), which looks up to BATCH keys up, each in the trie with that slot
 * for a root, or none (0); it may read the roots up to the next multiple of 8. And
 * look_up_record(record, keys, values, n), the same where the trie is one record.
 */
#ifndef XTR_MAPCACHE_LPM6_LOOKUP_H
#define XTR_MAPCACHE_LPM6_LOOKUP_H

#include <rte_atomic.h>
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "mapcache/lpm6_recent.h"

#define BATCH 64u

static void look_up(const uint64_t *root, const uint8_t (*keys)[16], uint32_t *values, unsigned n);

static void look_up_record(
    const struct xtr_lpm6_record *r, const uint8_t (*keys)[16], uint32_t *values, unsigned n);

static inline const struct xtr_lpm6 *table_at(const void *p, size_t at)
{
	return (const void *)((const char *)p + at);
}

/* Keys without an answer are asked for once more where there are short prefixes. */
static void look_up_short(
    const uint64_t *root, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	uint8_t again[BATCH][16], place[BATCH];
	uint64_t short_root[BATCH] = {0};
	uint32_t found[BATCH];
	unsigned missing = 0;

	for (unsigned i = 0; i < n; i++) {
		memcpy(again[missing], keys[i], sizeof(again[0]));
		short_root[missing] = root[i];
		place[missing] = (uint8_t)i;
		missing += !values[i] && root[i];
	}
	if (!missing)
		return;
	look_up(short_root, (const uint8_t(*)[16])again, found, missing);
	for (unsigned i = 0; i < missing; i++)
		values[place[i]] = found[i];
}

static inline void fill(uint64_t *root, uint64_t slot, unsigned n)
{
	for (unsigned i = 0; i < n; i += 8)
		for (unsigned k = 0; k < 8; k++)
			root[i + k] = slot;
}

/* All keys in one trie. Those of small tables are often a single record, or none. */
static void look_up_trie(uint64_t slot, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	uint64_t root[BATCH];

	if (xtr_lpm6_is_node(slot)) {
		fill(root, slot, n);
		look_up(root, keys, values, n);
	} else if (slot) {
		look_up_record(xtr_lpm6_record_at(slot), keys, values, n);
	} else {
		memset(values, 0, n * sizeof(*values));
	}
}

static void look_up_batch(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	uint64_t root[BATCH], any = 0;
	uintptr_t other = 0;

	for (unsigned i = 1; i < n; i++)
		other |= (uintptr_t)tables[i] ^ (uintptr_t)tables[0];
	if (likely(!other)) {
		const struct xtr_lpm6 *t = table_at(tables[0], at);
		uint64_t slot = xtr_lpm6_load(&t->root[0]);

		if (slot)
			look_up_trie(slot, keys, values, n);
		any = xtr_lpm6_load(&t->root[1]);
		if (!slot)
			look_up_trie(any, keys, values, n);
		if (likely(!any) || !slot)
			return;
		fill(root, any, n);
	} else {
		memset(root, 0, sizeof(root));
		for (unsigned i = 0; i < n; i++)
			rte_prefetch0(table_at(tables[i], at));
		for (unsigned i = 0; i < n; i++)
			root[i] = xtr_lpm6_load(&table_at(tables[i], at)->root[0]);
		look_up(root, keys, values, n);
		for (unsigned i = 0; i < n; i++)
			any |= root[i] = xtr_lpm6_load(&table_at(tables[i], at)->root[1]);
		if (!any)
			return;
	}
	look_up_short(root, keys, values, n);
}

/* Looks the keys up again that changes since then may have led astray: one by one, which takes so
 * short a time that few changes fall into it. */
static __attribute__((noinline)) void look_up_again(const void *const *tables, size_t at,
    const uint8_t (*keys)[16], uint32_t *values, unsigned n, uint64_t since)
{
	uint8_t hit[BATCH], again;

	if (!xtr_lpm6_touched(since, keys, hit, n))
		return;
	for (unsigned i = 0; i < n; i++)
		for (again = hit[i]; again;) {
			since = xtr_lpm6_begun();
			look_up_batch(tables + i, at, keys + i, values + i, 1);
			rte_compiler_barrier();
			xtr_lpm6_touched(since, keys + i, &again, 1);
		}
}

static inline void look_up_all(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	for (unsigned done = 0, some; done < n; done += some) {
		uint64_t since = xtr_lpm6_begun();

		some = n - done < BATCH ? n - done : BATCH;
		look_up_batch(tables + done, at, keys + done, values + done, some);
		/* loads stay in this order: scalar ones acquire, vectors are of machines that keep
		 * it */
		rte_compiler_barrier();
		if (unlikely(xtr_lpm6_begun() != since))
			look_up_again(tables + done, at, keys + done, values + done, some, since);
	}
}

#endif
