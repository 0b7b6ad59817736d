/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 look-up with AVX2. */
#include <immintrin.h>

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

void xtr_lpm4_lookup_avx2(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_any(words, keys, values, n);
}
