/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 look-up with AVX2. */
#include <immintrin.h>

#include "mapcache/lpm4.h"

static void lookup_dir256(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n);
#define LOOKUP_DIR lookup_dir256
#include "mapcache/lpm4_lookup.h"

/* AVX2 compares signed numbers only: both sides are shifted by half their range. A bit an end. */
static inline unsigned below8(const uint32_t *end, uint32_t key)
{
	__m256i e = _mm256_xor_si256(
	    _mm256_load_si256((const __m256i *)(const void *)end), _mm256_set1_epi32(INT32_MIN));
	__m256i k = _mm256_set1_epi32((int)(key ^ 0x80000000u));

	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(k, e)));
}

static inline unsigned count_leaf(const uint32_t *end, uint32_t key)
{
	return (unsigned)__builtin_popcount(below8(end, key));
}

static inline unsigned count_node(const uint32_t *end, uint32_t key)
{
	return (unsigned)__builtin_popcount(below8(end, key) | below8(end + 8, key) << 8);
}

static inline unsigned count_root(const uint32_t *end, uint32_t key)
{
	return (unsigned)__builtin_popcount(below8(end, key) | below8(end + 8, key) << 8 |
					    below8(end + 16, key) << 16 |
					    below8(end + 24, key) << 24);
}

static inline unsigned count_line(const struct xtr_lpm4_line *line, uint8_t byte)
{
	__m128i k = _mm_set1_epi8((char)byte);
	__m128i e = _mm_load_si128((const __m128i *)(const void *)line->end);
	unsigned not_below = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(e, k), e));

	return (unsigned)__builtin_popcount(~not_below & 0xffff);
}

#define PAIRS_AT_ONCE 12 /* from so many keys of a batch on, gathering costs less */

static inline unsigned signs(__m256i v)
{
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(v));
}

/* Hosts' slots make room for their values: those are the negative ones. */
static inline __m256i ask_pairs(const struct xtr_lpm4_dir *d, __m256i slot, __m256i key)
{
	const __m256i number = _mm256_set1_epi32((int)(XTR_LPM4_PAIRS - 1));
	__m256i differ = _mm256_and_si256(
	    _mm256_xor_si256(_mm256_srli_epi32(slot, 23), key), _mm256_set1_epi32(255));
	__m256i is = _mm256_cmpeq_epi32(differ, _mm256_setzero_si256());
	__m256i at = _mm256_slli_epi32(_mm256_and_si256(slot, number), 1);

	return _mm256_mask_i32gather_epi32(
	    slot, (const int *)(const void *)d->pairs, _mm256_sub_epi32(at, is), slot, 4);
}

/* n a multiple of 8. */
static inline __attribute__((always_inline)) void lookup_lanes(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n)
{
	static const uint8_t swap[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
	const __m256i order =
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)swap));
	const __m256i group = _mm256_set1_epi32((int)XTR_LPM4_GROUP - 1);
	const uint32_t *dir24 = dir24_of(d);
	__m256i key[BATCH / 8] = {0}, slot[BATCH / 8] = {0}; /* n may be less; the compiler asks */
	uint64_t hosts = 0, open = 0;

#pragma GCC unroll 8
	for (unsigned k = 0; k < n / 8; k++) {
		key[k] = _mm256_shuffle_epi8(
		    _mm256_loadu_si256((const __m256i *)(const void *)(keys + 8 * k)), order);
		slot[k] = _mm256_i32gather_epi32(
		    (const int *)(const void *)dir24, _mm256_srli_epi32(key[k], 8), 4);
		hosts |= (uint64_t)signs(slot[k]) << 8 * k;
	}
	if (__builtin_popcountll(hosts) > PAIRS_AT_ONCE) {
#pragma GCC unroll 8
		for (unsigned k = 0; k < n / 8; k++)
			slot[k] = ask_pairs(d, slot[k], key[k]);
	}
#pragma GCC unroll 8
	for (unsigned k = 0; k < n / 8; k++) {
		__m256i none = _mm256_cmpeq_epi32(slot[k], _mm256_setzero_si256());
		__m256i more = _mm256_or_si256(_mm256_cmpgt_epi32(slot[k], group), slot[k]);

		_mm256_storeu_si256((__m256i *)(void *)(values + 8 * k), slot[k]);
		open |= (uint64_t)signs(_mm256_or_si256(none, more)) << 8 * k;
	}
	for (; open; open &= open - 1) {
		unsigned i = (unsigned)_tzcnt_u64(open);

		values[i] = lookup_slot(d, values[i], rte_be_to_cpu_32(keys[i]));
	}
}

static void lookup_dir256(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n)
{
	unsigned whole = n & ~7u;

	if (n == BATCH)
		lookup_lanes(d, keys, values, BATCH);
	else
		lookup_lanes(d, keys, values, whole);
	for (unsigned i = n == BATCH ? n : whole; i < n; i++) {
		uint32_t key = rte_be_to_cpu_32(keys[i]);

		values[i] = lookup_slot(d, load(&dir24_of(d)[key >> 8]), key);
	}
}

void xtr_lpm4_lookup_avx2(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_any(words, keys, values, n);
}

void xtr_lpm4_table_avx2(const uintptr_t *word, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_table(word, keys, values, n);
}
