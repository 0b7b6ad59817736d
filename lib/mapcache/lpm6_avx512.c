/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 look-up with AVX-512 (F, BW, VL, CD), eight keys a vector. What lies in memory is fetched by
 * single loads: on the machines measured eight of them took two thirds of a gather's time.
 */
#include <immintrin.h>

#include "mapcache/lpm6_lookup.h"

#define VECTORS (BATCH / 8)
#define SURE    3u /* levels that most keys of a large table go through */

/* With all of a full batch's loops unrolled its slots stay in registers. clang does it unasked. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"

/* Stands for what a key has not: no value, no length, so that the search ends. */
static const struct xtr_lpm6_record none __attribute__((aligned(32)));

struct batch {
	__m512i high[VECTORS], low[VECTORS]; /* keys */
	__m512i slot[VECTORS];
};

/* Keys whose first record does not answer, side by side. */
struct open {
	uint64_t word[BATCH + 8], common[BATCH + 8], place[BATCH + 8];
	unsigned n;
};

static inline const char *address(__m128i x, bool second)
{
	return (const char *)(second ? _mm_extract_epi64(x, 1) : _mm_cvtsi128_si64(x));
}

static inline __m128i load2(__m128i at)
{
	__m128d first = _mm_load_sd((const double *)(const void *)address(at, false));

	return _mm_castpd_si128(
	    _mm_loadh_pd(first, (const double *)(const void *)address(at, true)));
}

/* The words at eight addresses. */
static inline __m512i load8(__m512i at)
{
	__m256i a = _mm256_set_m128i(
	    load2(_mm512_extracti32x4_epi32(at, 1)), load2(_mm512_castsi512_si128(at)));
	__m256i b = _mm256_set_m128i(
	    load2(_mm512_extracti32x4_epi32(at, 3)), load2(_mm512_extracti32x4_epi32(at, 2)));

	return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
}

static inline __m256i record_at(__m128i x, bool second)
{
	return _mm256_load_si256((const __m256i *)(const void *)address(x, second));
}

/* Two records in one register. */
static inline __m512i records_at(__m128i first, __m128i second, bool odd)
{
	return _mm512_inserti64x4(
	    _mm512_castsi256_si512(record_at(first, odd)), record_at(second, odd), 1);
}

static inline void load_keys(struct batch *b, unsigned v, const uint8_t (*keys)[16], unsigned n)
{
	static const uint8_t swap[16] = {7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8};
	const __m512i order =
	    _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)swap));
	const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
	const __m512i odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
	unsigned there = n - 8 * v < 8 ? (1u << (2 * (n - 8 * v))) - 1 : 0xffff;
	__m512i a = _mm512_maskz_loadu_epi64((__mmask8)there, keys + 8 * v);
	__m512i c = _mm512_maskz_loadu_epi64((__mmask8)(there >> 8), keys + 8 * v + 4);

	a = _mm512_shuffle_epi8(a, order);
	c = _mm512_shuffle_epi8(c, order);
	b->high[v] = _mm512_permutex2var_epi64(a, even, c);
	b->low[v] = _mm512_permutex2var_epi64(a, odd, c);
}

static inline __mmask8 nodes_in(__m512i slot)
{
	return _mm512_test_epi64_mask(slot, _mm512_set1_epi64(XTR_LPM6_NODE));
}

/* Goes one node down. As xtr_lpm6_down(); a rotation looks at the last 6 bits of its count. */
static inline __m512i down(__m512i slot, __m512i high, __m512i low)
{
	__mmask8 nodes = nodes_in(slot);
	__mmask8 second = _mm512_test_epi64_mask(slot, _mm512_set1_epi64(64));
	__m512i k = _mm512_rolv_epi64(_mm512_mask_mov_epi64(high, second, low), slot);
	__m512i right = _mm512_and_si512(_mm512_srli_epi64(slot, 8), _mm512_set1_epi64(63));
	__m512i offset = _mm512_slli_epi64(_mm512_srlv_epi64(k, right), 3);
	__m512i first = _mm512_add_epi64(
	    _mm512_srli_epi64(slot, 16), _mm512_set1_epi64(offsetof(struct xtr_lpm6_node, slot)));
	__m512i at = _mm512_mask_add_epi64(
	    _mm512_set1_epi64((int64_t)(uintptr_t)&none), nodes, first, offset);

	return _mm512_mask_mov_epi64(slot, nodes, load8(at));
}

static inline __m512i value_of(__m512i word)
{
	return _mm512_and_si512(_mm512_srli_epi64(word, 8), _mm512_set1_epi64(XTR_LPM_VALUE_MAX));
}

static inline __mmask8 longer(__m512i word, __m512i common)
{
	return _mm512_cmpgt_epu64_mask(_mm512_and_si512(word, _mm512_set1_epi64(0xff)), common);
}

/* What follows from how keys differ (high, low: exclusive or) from the records that they came to.
 */
static inline void judge(__m512i high, __m512i low, __m512i word, unsigned v, uint32_t *values,
    unsigned n, struct open *o)
{
	__m512i common = _mm512_lzcnt_epi64(high); /* of 0: 64 */
	unsigned there = n - 8 * v < 8 ? (1u << (n - 8 * v)) - 1 : 0xff;
	__mmask8 open;

	common = _mm512_mask_add_epi64(
	    common, _mm512_testn_epi64_mask(high, high), common, _mm512_lzcnt_epi64(low));
	_mm256_mask_storeu_epi32(
	    values + 8 * v, (__mmask8)there, _mm512_cvtepi64_epi32(value_of(word)));
	open = longer(word, common) & (__mmask8)there;
	if (likely(!open))
		return;
	_mm512_storeu_si512(o->word + o->n, _mm512_maskz_compress_epi64(open, word));
	_mm512_storeu_si512(o->common + o->n, _mm512_maskz_compress_epi64(open, common));
	_mm512_storeu_si512(
	    o->place + o->n, _mm512_maskz_compress_epi64(
				 open, _mm512_add_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7),
					   _mm512_set1_epi64(8 * v))));
	o->n += (unsigned)__builtin_popcount(open);
}

/* Fetches the records that keys came to, and judges. */
static inline void verify(struct batch *b, unsigned v, uint32_t *values, unsigned n, struct open *o)
{
	__m512i slot = b->slot[v];
	__m512i at = _mm512_mask_srli_epi64(_mm512_set1_epi64((int64_t)(uintptr_t)&none),
	    _mm512_test_epi64_mask(slot, slot), slot, 16);
	__m128i a0 = _mm512_castsi512_si128(at), a2 = _mm512_extracti32x4_epi32(at, 1);
	__m128i a4 = _mm512_extracti32x4_epi32(at, 2), a6 = _mm512_extracti32x4_epi32(at, 3);
	__m512i r02 = records_at(a0, a2, false), r13 = records_at(a0, a2, true);
	__m512i r46 = records_at(a4, a6, false), r57 = records_at(a4, a6, true);
	/* high words and those with the lengths in turn: of 0 and 1, 2 and 3; 4 and 5, 6 and 7 */
	__m512i hw03 = _mm512_unpacklo_epi64(r02, r13), hw47 = _mm512_unpacklo_epi64(r46, r57);
	__m512i l03 = _mm512_unpackhi_epi64(r02, r13), l47 = _mm512_unpackhi_epi64(r46, r57);

	judge(_mm512_xor_si512(_mm512_shuffle_i64x2(hw03, hw47, 0x88), b->high[v]),
	    _mm512_xor_si512(_mm512_shuffle_i64x2(l03, l47, 0x88), b->low[v]),
	    _mm512_shuffle_i64x2(hw03, hw47, 0xdd), v, values, n, o);
}

/* Goes from record to parent. */
static void climb(const struct open *o, uint32_t *values)
{
	const char *words;

	if (!o->n)
		return;
	words = xtr_lpm6_records.base + offsetof(struct xtr_lpm6_record, word);
	for (unsigned i = 0; i < o->n; i += 8) {
		__mmask8 there = o->n - i < 8 ? (__mmask8)((1u << (o->n - i)) - 1) : 0xff;
		__m512i word = _mm512_loadu_si512(o->word + i);
		__m512i common = _mm512_loadu_si512(o->common + i);
		uint64_t value[8];

		/* the slab's index 0 is never given out: no length there either */
		for (__mmask8 open = there; open; open &= longer(word, common))
			word = _mm512_mask_i64gather_epi64(word, open,
			    _mm512_slli_epi64(_mm512_srli_epi64(word, 38), 5), words, 1);
		_mm512_storeu_si512(value, value_of(word));
		for (unsigned j = 0; j < 8 && i + j < o->n; j++)
			values[o->place[i + j]] = (uint32_t)value[j];
	}
}

static inline __attribute__((always_inline)) void look_up_vectors(const uint64_t *root,
    const uint8_t (*keys)[16], uint32_t *values, unsigned n, const unsigned vectors)
{
	unsigned open = 0;
	struct batch b;
	struct open o;

#pragma GCC unroll 8
	for (unsigned v = 0; v < vectors; v++) {
		load_keys(&b, v, keys, n);
		b.slot[v] = _mm512_loadu_si512(root + 8 * v);
	}
	/* a level a round; the first for all keys, if one of them has it */
	for (unsigned level = 0; level < SURE; level++) {
		__mmask8 nodes = 0;

#pragma GCC unroll 8
		for (unsigned v = 0; v < vectors; v++)
			nodes |= nodes_in(b.slot[v]);
		if (!nodes)
			break;
#pragma GCC unroll 8
		for (unsigned v = 0; v < vectors; v++)
			b.slot[v] = down(b.slot[v], b.high[v], b.low[v]);
	}
#pragma GCC unroll 8
	for (unsigned v = 0; v < vectors; v++)
		open |= (unsigned)(nodes_in(b.slot[v]) != 0) << v;
	while (open)
		for (unsigned todo = open; todo; todo &= todo - 1) {
			unsigned v = (unsigned)__builtin_ctz(todo);

			b.slot[v] = down(b.slot[v], b.high[v], b.low[v]);
			open ^= (unsigned)(nodes_in(b.slot[v]) == 0) << v;
		}
	o.n = 0;
#pragma GCC unroll 8
	for (unsigned v = 0; v < vectors; v++)
		verify(&b, v, values, n, &o);
	climb(&o, values);
}

static void look_up_record(
    const struct xtr_lpm6_record *r, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	const __m512i high = _mm512_set1_epi64((int64_t)r->bits.word[0]);
	const __m512i low = _mm512_set1_epi64((int64_t)r->bits.word[1]);
	const __m512i word = _mm512_set1_epi64((int64_t)xtr_lpm6_load(&r->word));
	struct batch b;
	struct open o;

	o.n = 0;
	for (unsigned v = 0; 8 * v < n; v++) {
		load_keys(&b, v, keys, n);
		judge(_mm512_xor_si512(high, b.high[v]), _mm512_xor_si512(low, b.low[v]), word, v,
		    values, n, &o);
	}
	climb(&o, values);
}

static void look_up(const uint64_t *root, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	if (likely(n == BATCH))
		look_up_vectors(root, keys, values, BATCH, VECTORS);
	else
		look_up_vectors(root, keys, values, n, (n + 7) / 8);
}

void xtr_lpm6_lookup_avx512(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	look_up_all(tables, at, keys, values, n);
}
