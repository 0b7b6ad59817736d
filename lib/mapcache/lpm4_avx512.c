/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 look-up with AVX-512 (F, BW, VL). */
#include <immintrin.h>

#include "mapcache/lpm4.h"

#define PAIRS_AT_ONCE 12 /* from so many keys of a batch on, gathering costs less */

static void lookup_dir512(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n);
#define LOOKUP_DIR lookup_dir512
static void lookup_one512(
    const struct xtr_lpm4_leaf *leaf, const uint32_t *keys, uint32_t *values, unsigned n);
#define LOOKUP_ONE lookup_one512
#include "mapcache/lpm4_lookup.h"

static inline unsigned count_leaf(const uint32_t *end, uint32_t key)
{
	__m256i e = _mm256_load_si256((const __m256i *)(const void *)end);

	return (unsigned)__builtin_popcount(
	    _mm256_cmpgt_epu32_mask(_mm256_set1_epi32((int)key), e));
}

static inline unsigned count_node(const uint32_t *end, uint32_t key)
{
	return (unsigned)__builtin_popcount(
	    _mm512_cmpgt_epu32_mask(_mm512_set1_epi32((int)key), _mm512_load_si512(end)));
}

static inline unsigned count_root(const uint32_t *end, uint32_t key)
{
	__m512i k = _mm512_set1_epi32((int)key);
	__mmask16 low = _mm512_cmpgt_epu32_mask(k, _mm512_load_si512(end));
	__mmask16 high = _mm512_cmpgt_epu32_mask(k, _mm512_load_si512(end + 16));

	return (unsigned)__builtin_popcount(_cvtmask32_u32(_mm512_kunpackw(high, low)));
}

static inline unsigned count_line(const struct xtr_lpm4_line *line, uint8_t byte)
{
	__m128i e = _mm_load_si128((const __m128i *)(const void *)line->end);

	return (unsigned)__builtin_popcount(_mm_cmpgt_epu8_mask(_mm_set1_epi8((char)byte), e));
}

/* What is known of a batch when dir24 has been asked; the masks have a bit a key. */
struct batch {
	/* host order; of dir24. The one after the last is nobody's, the others fill cache lines */
	uint32_t key[BATCH + 16] __attribute__((aligned(64)));
	uint32_t slot[BATCH + 16];
	uint64_t hosts, lines, fulls;
};

/* The keys from i on, in host order; all lanes but those of the mask are 0. */
static inline __m512i load_keys(const uint32_t *keys, unsigned i, __mmask16 lanes)
{
	static const uint8_t swap[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
	const __m512i order =
	    _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)swap));

	return _mm512_shuffle_epi8(_mm512_maskz_loadu_epi32(lanes, keys + i), order);
}

static inline __mmask16 lanes_of(unsigned n, unsigned i)
{
	return n >= i + 16 ? 0xffff : n > i ? (__mmask16)((1u << (n - i)) - 1) : 0;
}

static inline uint64_t join(const __mmask16 *m)
{
	return _cvtmask64_u64(
	    _mm512_kunpackd(_mm512_kunpackw(m[3], m[2]), _mm512_kunpackw(m[1], m[0])));
}

/*
 * The first key of a mask, and where its value is to go; nobody's, if there is none. With this the
 * first turn of a loop needs no branch, and a loop that seldom has a second one costs no wrong
 * guess, which would keep the next batch from being under way.
 */
static inline unsigned first_of(uint64_t *mask, uint32_t *values, uint32_t **to, uint32_t *nobody)
{
	unsigned i = (unsigned)_tzcnt_u64(*mask); /* 64: none */
	uintptr_t none = -(uintptr_t)(i / BATCH);

	__asm__("" : "+r"(none)); /* or the compiler makes a branch of it */
	*to = (uint32_t *)(((uintptr_t)(values + i) & ~none) | ((uintptr_t)nobody & none));
	*mask &= *mask - 1;
	return i;
}

/* A few of those. The highest bit is set if some value is 0; so it is below. */
static inline uint32_t ask_few_pairs(
    const struct xtr_lpm4_dir *d, const struct batch *b, uint32_t *values)
{
	uint32_t nobody, *to, below = 0;
	uint64_t hosts = b->hosts;

	do {
		unsigned i = first_of(&hosts, values, &to, &nobody);
		uint32_t slot = b->slot[i], value;

		value = load(&d->pairs[slot & (XTR_LPM4_PAIRS - 1)]
				  .value[(uint8_t)(slot >> 23) == (uint8_t)b->key[i]]);
		*to = value;
		below |= value - 1;
	} while (unlikely(hosts));
	return below;
}

/* The same for lines. */
static inline uint32_t ask_lines(
    const struct xtr_lpm4_dir *d, const struct batch *b, uint32_t *values)
{
	uint32_t nobody, *to, below = 0;
	uint64_t lines = b->lines;

	do {
		unsigned i = first_of(&lines, values, &to, &nobody);
		const struct xtr_lpm4_line *line = (const void *)(d->groups + (b->slot[i] << 6));
		uint32_t value = load(&line->value[count_line(line, (uint8_t)b->key[i])]);

		*to = value;
		below |= value - 1;
	} while (unlikely(lines));
	return below;
}

/* The same for full groups; most tables have few. */
static inline uint32_t ask_fulls(
    const struct xtr_lpm4_dir *d, const struct batch *b, uint32_t *values)
{
	uint32_t below = 0;

	for (uint64_t fulls = b->fulls; fulls; fulls &= fulls - 1) {
		unsigned i = (unsigned)_tzcnt_u64(fulls);

		values[i] = load(group_at(d, b->slot[i], b->key[i]));
		below |= values[i] - 1;
	}
	return below;
}

/* What is still 0 is dir16's to say. */
static inline void ask_dir16_too(
    const struct xtr_lpm4_dir *d, const struct batch *b, uint32_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!values[i])
			values[i] = ask_dir16(d, b->key[i]);
}

/* A batch in registers, 16 keys each. */
struct lanes {
	__m512i key[BATCH / 16], slot[BATCH / 16];
	__mmask16 used[BATCH / 16];
};

/* What dir24 says. */
static inline __attribute__((always_inline)) void ask_dir24(const struct xtr_lpm4_dir *d,
    struct lanes *l, struct batch *b, const uint32_t *keys, unsigned n, unsigned parts)
{
	const __m512i group = _mm512_set1_epi32((int)XTR_LPM4_GROUP),
		      full = _mm512_set1_epi32((int)(XTR_LPM4_GROUP | XTR_LPM4_FULL));
	const uint32_t *dir24 = dir24_of(d);
	__mmask16 hosts[BATCH / 16] = {0}, groups[BATCH / 16] = {0}, fulls[BATCH / 16] = {0};

#pragma GCC unroll 4
	for (unsigned k = 0; k < parts; k++) {
		l->used[k] = lanes_of(n, 16 * k);
		l->key[k] = load_keys(keys, 16 * k, l->used[k]);
		l->slot[k] = _mm512_mask_i32gather_epi32(
		    _mm512_setzero_si512(), l->used[k], _mm512_srli_epi32(l->key[k], 8), dir24, 4);
	}
#pragma GCC unroll 4
	for (unsigned k = 0; k < parts; k++) {
		_mm512_store_si512(b->key + 16 * k, l->key[k]);
		_mm512_store_si512(b->slot + 16 * k, l->slot[k]);
		hosts[k] = _mm512_cmplt_epi32_mask(l->slot[k], _mm512_setzero_si512());
		groups[k] = _mm512_cmpge_epu32_mask(l->slot[k], group);
		fulls[k] = _mm512_cmpge_epu32_mask(l->slot[k], full);
	}
	b->key[BATCH] = 0;
	b->slot[BATCH] = XTR_LPM4_HOST;
	b->hosts = join(hosts);
	b->fulls = join(fulls) & ~b->hosts;
	b->lines = join(groups) & ~join(fulls);
}

/* The slots of those of whose 256 addresses one differs make room for their values. */
static inline __attribute__((always_inline)) void ask_pairs(
    const struct xtr_lpm4_dir *d, struct lanes *l, unsigned parts)
{
	const __m512i byte = _mm512_set1_epi32(255), one = _mm512_set1_epi32(1),
		      number = _mm512_set1_epi32((int)(XTR_LPM4_PAIRS - 1));
	__m512i at[BATCH / 16];

#pragma GCC unroll 4
	for (unsigned k = 0; k < parts; k++) {
		__m512i differ = _mm512_xor_si512(_mm512_srli_epi32(l->slot[k], 23), l->key[k]);

		at[k] = _mm512_slli_epi32(_mm512_and_si512(l->slot[k], number), 1);
		at[k] =
		    _mm512_mask_add_epi32(at[k], _mm512_testn_epi32_mask(differ, byte), at[k], one);
	}
#pragma GCC unroll 4
	for (unsigned k = 0; k < parts; k++)
		l->slot[k] = _mm512_mask_i32gather_epi32(l->slot[k],
		    _mm512_cmplt_epi32_mask(l->slot[k], _mm512_setzero_si512()), at[k], d->pairs,
		    4);
}

static inline __attribute__((always_inline)) uint32_t store(
    const struct lanes *l, uint32_t *values, unsigned n, unsigned parts)
{
	__mmask16 empty = 0;

#pragma GCC unroll 4
	for (unsigned k = 0; k < parts; k++) {
		empty |= _mm512_mask_testn_epi32_mask(l->used[k], l->slot[k], l->slot[k]);
		if (n == BATCH) /* with a mask it takes longer */
			_mm512_storeu_si512(values + 16 * k, l->slot[k]);
		else
			_mm512_mask_storeu_epi32(values + 16 * k, l->used[k], l->slot[k]);
	}
	return empty ? 1u << 31 : 0;
}

/* parts: a constant, so that all stays in registers; n is at most 16 times as much. */
static inline __attribute__((always_inline)) void lookup_parts(const struct xtr_lpm4_dir *d,
    const uint32_t *keys, uint32_t *values, unsigned n, unsigned parts)
{
	struct batch b;
	struct lanes l;
	uint32_t below;

	ask_dir24(d, &l, &b, keys, n, parts);
	if (__builtin_popcountll(b.hosts) > PAIRS_AT_ONCE) {
		ask_pairs(d, &l, parts);
		below = store(&l, values, n, parts);
	} else {
		below = store(&l, values, n, parts) | ask_few_pairs(d, &b, values);
	}
	below |= ask_lines(d, &b, values) | ask_fulls(d, &b, values);
	if (unlikely(below >> 31))
		ask_dir16_too(d, &b, values, n);
}

static void lookup_dir512(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n)
{
	if (n == BATCH)
		lookup_parts(d, keys, values, BATCH, BATCH / 16);
	else if (n > 32)
		lookup_parts(d, keys, values, n, BATCH / 16);
	else
		lookup_parts(d, keys, values, n, 2);
}

/* A table that is one leaf: each of its ends is compared with 16 keys at a time. */
static void lookup_one512(
    const struct xtr_lpm4_leaf *leaf, const uint32_t *keys, uint32_t *values, unsigned n)
{
	__m256i end = _mm256_load_si256((const __m256i *)(const void *)leaf->end);
	__m512i value =
	    _mm512_broadcast_i64x4(_mm256_load_si256((const __m256i *)(const void *)leaf->value));
	unsigned ends =
	    (unsigned)__builtin_popcount(_mm256_cmpneq_epu32_mask(end, _mm256_set1_epi32(-1)));
	const __m512i one = _mm512_set1_epi32(1);

	for (unsigned i = 0; i < n; i += 16) {
		__mmask16 lanes = lanes_of(n, i);
		__m512i key = load_keys(keys, i, lanes), below = _mm512_setzero_si512();

		for (unsigned k = 0; k < ends; k++)
			below = _mm512_mask_add_epi32(below,
			    _mm512_cmpgt_epu32_mask(key, _mm512_set1_epi32((int)leaf->end[k])),
			    below, one);
		_mm512_mask_storeu_epi32(values + i, lanes, _mm512_permutexvar_epi32(below, value));
	}
}

void xtr_lpm4_lookup_avx512(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_any(words, keys, values, n);
}

void xtr_lpm4_table_avx512(
    const uintptr_t *word, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_table(word, keys, values, n);
}
