/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors: words of several packets side by side, as many as the machine's registers take.
 * Compilers have operators for them; what they lack is here.
 *
 * Rows and columns: 16 bytes of each packet become four arrays, a word of each packet side by side,
 * and the other way round.
 */
#ifndef XTR_DATAPATH_FAST_VEC_H
#define XTR_DATAPATH_FAST_VEC_H

#include <stdint.h>
#include <string.h>
#include <rte_common.h>

#include "datapath/dp.h"

#if defined(__AVX512F__)
#define XTR_VEC_BYTES 64
#elif defined(__AVX2__)
#define XTR_VEC_BYTES 32
#else
#define XTR_VEC_BYTES 16
#endif
#define XTR_VEC_N (XTR_VEC_BYTES / 4u)

typedef uint32_t xtr_vec __attribute__((vector_size(XTR_VEC_BYTES), may_alias));

/* Of an array of words that begins a cache line, those from i on, which begin a vector. */
#define XTR_VEC(array, i)       (*(xtr_vec *)&(array)[i])
#define XTR_VEC_CONST(array, i) (*(const xtr_vec *)&(array)[i])
/* All ones where the comparison holds, else 0. */
#define XTR_IF(comparison) ((xtr_vec)(comparison))

static __rte_always_inline xtr_vec xtr_vec_of(uint32_t x)
{
	return (xtr_vec){0} + x;
}

static __rte_always_inline xtr_vec xtr_pick(xtr_vec where, xtr_vec then, xtr_vec otherwise)
{
	return (where & then) | (~where & otherwise);
}

/* Is one of the words not 0? */
static __rte_always_inline bool xtr_vec_any(xtr_vec x)
{
	uint64_t part[XTR_VEC_BYTES / 8], any = 0;

	memcpy(part, &x, sizeof(part));
	for (unsigned i = 0; i < RTE_DIM(part); i++)
		any |= part[i];
	return any;
}

/* Words of a and b in turn. */
static __rte_always_inline void xtr_zip(xtr_vec a, xtr_vec b, xtr_vec *low, xtr_vec *high)
{
#if XTR_VEC_BYTES == 64
	*low =
	    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	*high = __builtin_shufflevector(
	    a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif XTR_VEC_BYTES == 32
	*low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
	*high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
	*low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
	*high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

#ifdef __AVX512F__
#include <immintrin.h>

#define XTR_ROWS 16u

/* The same word of packets i, i + 4, i + 8 and i + 12 makes one register. */
static __rte_always_inline __m512i xtr_row4(uint8_t *const *p, int at)
{
	__m512i r =
	    _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(p[0] + at)));

	r = _mm512_mask_broadcast_i32x4(
	    r, 0x00f0, _mm_loadu_si128((const __m128i *)(const void *)(p[4] + at)));
	r = _mm512_mask_broadcast_i32x4(
	    r, 0x0f00, _mm_loadu_si128((const __m128i *)(const void *)(p[8] + at)));
	return _mm512_mask_broadcast_i32x4(
	    r, 0xf000, _mm_loadu_si128((const __m128i *)(const void *)(p[12] + at)));
}

static __rte_always_inline void xtr_row4_store(__m512i r, uint8_t *const *p, int at)
{
	_mm_storeu_si128((__m128i *)(void *)(p[0] + at), _mm512_castsi512_si128(r));
	_mm_storeu_si128((__m128i *)(void *)(p[4] + at), _mm512_extracti32x4_epi32(r, 1));
	_mm_storeu_si128((__m128i *)(void *)(p[8] + at), _mm512_extracti32x4_epi32(r, 2));
	_mm_storeu_si128((__m128i *)(void *)(p[12] + at), _mm512_extracti32x4_epi32(r, 3));
}

#define XTR_ROW_VEC                __m512i
#define XTR_LOW32(a, b)            _mm512_unpacklo_epi32(a, b)
#define XTR_HIGH32(a, b)           _mm512_unpackhi_epi32(a, b)
#define XTR_LOW64(a, b)            _mm512_unpacklo_epi64(a, b)
#define XTR_HIGH64(a, b)           _mm512_unpackhi_epi64(a, b)
#define XTR_ROW(p, i, at)          xtr_row4((p) + (i), at)
#define XTR_ROW_STORE(r, p, i, at) xtr_row4_store(r, (p) + (i), at)
#else
typedef uint32_t xtr_vec4 __attribute__((vector_size(16)));

static __rte_always_inline xtr_vec4 xtr_row(const uint8_t *p)
{
	xtr_vec4 r;

	memcpy(&r, p, sizeof(r));
	return r;
}

#define XTR_ROWS                   4u
#define XTR_ROW_VEC                xtr_vec4
#define XTR_LOW32(a, b)            __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define XTR_HIGH32(a, b)           __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define XTR_LOW64(a, b)            __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define XTR_HIGH64(a, b)           __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define XTR_ROW(p, i, at)          xtr_row((p)[i] + (at))
#define XTR_ROW_STORE(r, p, i, at) memcpy((p)[i] + (at), &(r), 16)
#endif

/* The 16 bytes at p[i] + at, for all i below n and some after, which must point to memory, too. */
static __rte_always_inline void xtr_rows_load(
    uint8_t *const *p, int at, unsigned n, uint32_t (*restrict word)[XTR_BURST])
{
	for (unsigned i = 0; i < n; i += XTR_ROWS) {
		XTR_ROW_VEC r0 = XTR_ROW(p + i, 0, at), r1 = XTR_ROW(p + i, 1, at);
		XTR_ROW_VEC r2 = XTR_ROW(p + i, 2, at), r3 = XTR_ROW(p + i, 3, at);
		XTR_ROW_VEC a = XTR_LOW32(r0, r1), b = XTR_HIGH32(r0, r1);
		XTR_ROW_VEC c = XTR_LOW32(r2, r3), d = XTR_HIGH32(r2, r3);
		XTR_ROW_VEC w[4] = {
		    XTR_LOW64(a, c), XTR_HIGH64(a, c), XTR_LOW64(b, d), XTR_HIGH64(b, d)};

		for (unsigned k = 0; k < 4; k++)
			memcpy(&word[k][i], &w[k], sizeof(w[k]));
	}
}

/* The other way round. */
static __rte_always_inline void xtr_rows_store(
    uint8_t *const *p, int at, unsigned n, const uint32_t (*restrict word)[XTR_BURST])
{
	for (unsigned i = 0; i < n; i += XTR_ROWS) {
		XTR_ROW_VEC w[4], a, b, c, d, r[4];

		for (unsigned k = 0; k < 4; k++)
			memcpy(&w[k], &word[k][i], sizeof(w[k]));
		a = XTR_LOW32(w[0], w[1]);
		b = XTR_HIGH32(w[0], w[1]);
		c = XTR_LOW32(w[2], w[3]);
		d = XTR_HIGH32(w[2], w[3]);
		r[0] = XTR_LOW64(a, c);
		r[1] = XTR_HIGH64(a, c);
		r[2] = XTR_LOW64(b, d);
		r[3] = XTR_HIGH64(b, d);
		for (unsigned k = 0; k < 4; k++)
			XTR_ROW_STORE(r[k], p + i, k, at);
	}
}

#endif
