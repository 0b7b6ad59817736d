/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 look-up with AVX-512 (F, BW, VL). */
#include <immintrin.h>

#include "mapcache/lpm4.h"

static void lookup_dir512(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n);
#define LOOKUP_DIR lookup_dir512
#include "mapcache/lpm4_lookup.h"

static inline unsigned count_below(const uint32_t *end, uint32_t key)
{
	__m512i e = _mm512_load_si512(end);

	return (unsigned)__builtin_popcount(
	    _mm512_cmplt_epu32_mask(e, _mm512_set1_epi32((int)key)));
}

static inline unsigned count_line(const struct xtr_lpm4_line *line, uint8_t byte)
{
	__m128i e = _mm_load_si128((const __m128i *)(const void *)line->end);

	return (unsigned)__builtin_popcount(
	    _mm_mask_cmplt_epu8_mask(0xfff, e, _mm_set1_epi8((char)byte)));
}

/* Gathers slots for the lanes of a mask, by index. */
static inline __m512i gather(__mmask16 lanes, __m512i index, const uint32_t *table)
{
	return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), lanes, index, table, 4);
}

/* Keys whose slot in dir24 is no value, side by side. */
struct open {
	uint32_t key[BATCH + 16], slot[BATCH + 16];
	uint32_t offset[BATCH + 16]; /* bytes from the first group to what decides */
	uint32_t place[BATCH + 16];  /* in the batch */
	unsigned n;
};

static inline void add_open(struct open *o, __mmask16 lanes, __m512i key, __m512i slot, unsigned at)
{
	const __m512i order =
	    _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__mmask16 full = _mm512_test_epi32_mask(slot, _mm512_set1_epi32((int)XTR_LPM4_FULL));
	__m512i index = _mm512_and_si512(slot, _mm512_set1_epi32((int)XTR_LPM4_INDEX));
	__m512i offset = _mm512_slli_epi32(index, 6);
	__m512i last = _mm512_slli_epi32(_mm512_and_si512(key, _mm512_set1_epi32(255)), 2);

	offset = _mm512_mask_or_epi32(offset, full, offset, last);
	_mm512_storeu_si512(o->key + o->n, _mm512_maskz_compress_epi32(lanes, key));
	_mm512_storeu_si512(o->slot + o->n, _mm512_maskz_compress_epi32(lanes, slot));
	_mm512_storeu_si512(o->offset + o->n, _mm512_maskz_compress_epi32(lanes, offset));
	_mm512_storeu_si512(
	    o->place + o->n, _mm512_maskz_compress_epi32(
				 lanes, _mm512_add_epi32(order, _mm512_set1_epi32((int)at))));
	o->n += (unsigned)__builtin_popcount(lanes);
}

static void lookup_open(const struct xtr_lpm4_dir *d, struct open *o, uint32_t *values)
{
	for (unsigned i = 0; i < o->n; i++)
		rte_prefetch0(d->groups + o->offset[i]);
	for (unsigned i = 0; i < o->n; i++) {
		const char *group = d->groups + o->offset[i];
		const struct xtr_lpm4_line *line = (const void *)group;
		uint32_t value = 0;

		if (likely((o->slot[i] & (XTR_LPM4_GROUP | XTR_LPM4_FULL)) == XTR_LPM4_GROUP))
			value = load(&line->value[count_line(line, (uint8_t)o->key[i])]);
		else if (o->slot[i])
			value = load((const void *)group);
		values[o->place[i]] = likely(value) ? value : ask_dir16(d, o->key[i]);
	}
}

static void lookup_dir512(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n)
{
	static const uint8_t swap[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
	const __m512i order =
	    _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)swap));
	struct open o;

	o.n = 0;
	for (unsigned i = 0; i < n; i += 16) {
		__mmask16 lanes = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : 0xffff;
		__m512i key = _mm512_shuffle_epi8(_mm512_maskz_loadu_epi32(lanes, keys + i), order);
		__m512i slot = gather(lanes, _mm512_srli_epi32(key, 8), d->dir24);
		/* empty, or a group: as a signed number not above 0 */
		__mmask16 open = _mm512_mask_cmple_epi32_mask(lanes, slot, _mm512_setzero_si512());

		_mm512_mask_storeu_epi32(values + i, lanes, slot);
		if (open)
			add_open(&o, open, key, slot, i);
	}
	if (o.n)
		lookup_open(d, &o, values);
}

void xtr_lpm4_lookup_avx512(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_any(words, keys, values, n);
}
