/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bulk look-up in IPv4 tables of any form, in stages over the whole batch, so that the cache misses
 * of all its keys are under way together. Included once for each instruction set, by a file that
 * says how a cache line is searched (count_below) and may have a faster way for a batch that asks
 * one big table (LOOKUP_DIR).
 */
#ifndef XTR_MAPCACHE_LPM4_LOOKUP_H
#define XTR_MAPCACHE_LPM4_LOOKUP_H

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "mapcache/lpm4.h"

#define BATCH 64u

/* How many of the 8, 16 or 32 ends lie below the key: the last of them never does. */
static inline unsigned count_leaf(const uint32_t *end, uint32_t key);
static inline unsigned count_node(const uint32_t *end, uint32_t key);
static inline unsigned count_root(const uint32_t *end, uint32_t key);
/* How many of the ends of a line lie below the last byte of an address. */
static inline unsigned count_line(const struct xtr_lpm4_line *line, uint8_t byte);

static inline uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline const struct xtr_lpm4_dir *dir_of(uintptr_t word)
{
	return xtr_lpm4_at(word);
}

/* Once a batch: it may move. */
static inline const uint32_t *dir24_of(const struct xtr_lpm4_dir *d)
{
	return __atomic_load_n(&d->dir24, __ATOMIC_ACQUIRE);
}

static inline const void *group_at(const struct xtr_lpm4_dir *d, uint32_t slot, uint32_t key)
{
	const char *group = d->groups + (size_t)(slot & XTR_LPM4_INDEX) * 64;

	if (slot & XTR_LPM4_HOST)
		return &d->pairs[slot & (XTR_LPM4_PAIRS - 1)]
			    .value[(slot >> 23 & 255) == (key & 255)];
	return slot & XTR_LPM4_FULL ? group + (key & 255) * 4 : group;
}

/* What a slot of dir24 says of an address; 0: ask dir16. */
static inline uint32_t resolve(const struct xtr_lpm4_dir *d, uint32_t slot, uint32_t key)
{
	const struct xtr_lpm4_line *line;

	if (slot < XTR_LPM4_GROUP)
		return slot;
	if (slot & (XTR_LPM4_HOST | XTR_LPM4_FULL))
		return load(group_at(d, slot, key));
	line = group_at(d, slot, key);
	return load(&line->value[count_line(line, (uint8_t)key)]);
}

/*
 * The long prefixes say nothing. What dir16 says holds if that is so at the same time: no change
 * may begin between the two loads. One that is under way already stores once for a key.
 */
static inline uint32_t ask_dir16(const struct xtr_lpm4_dir *d, uint32_t key)
{
	uint32_t value, begun;

	do {
		begun = load(d->begun);
		value = resolve(d, load(&dir24_of(d)[key >> 8]), key);
		if (unlikely(value))
			return value;
		value = load(&d->dir16[key >> 16]);
	} while (unlikely(load(d->begun) != begun));
	return value;
}

static inline uint32_t lookup_slot(const struct xtr_lpm4_dir *d, uint32_t slot, uint32_t key)
{
	uint32_t value = resolve(d, slot, key);

	return likely(value) ? value : ask_dir16(d, key);
}

#ifndef LOOKUP_DIR
static inline void lookup_dir(
    const struct xtr_lpm4_dir *d, const uint32_t *keys, uint32_t *values, unsigned n)
{
	const uint32_t *dir24 = dir24_of(d);
	uint32_t key[BATCH], groups = 0;

	for (unsigned i = 0; i < n; i++) {
		key[i] = rte_be_to_cpu_32(keys[i]);
		rte_prefetch0(&dir24[key[i] >> 8]);
	}
	for (unsigned i = 0; i < n; i++) {
		values[i] = load(&dir24[key[i] >> 8]);
		if (values[i] >= XTR_LPM4_GROUP) {
			rte_prefetch0(group_at(d, values[i], key[i]));
			groups = 1;
		} else if (!values[i]) {
			rte_prefetch0(&d->dir16[key[i] >> 16]);
			groups = 1;
		}
	}
	for (unsigned i = 0; groups && i < n; i++)
		values[i] = lookup_slot(d, values[i], key[i]);
}
#define LOOKUP_DIR lookup_dir
#endif

static inline const char *below_root(const void *root, uint32_t key)
{
	return (const char *)root + sizeof(struct xtr_lpm4_root) + 64 * count_root(root, key);
}

static inline const char *below_node(const char *node, uint32_t key, uintptr_t word)
{
	const char *nodes = (const char *)xtr_lpm4_at(word) + sizeof(struct xtr_lpm4_root);
	size_t number = (size_t)(node - nodes) / 64;

	return (const char *)xtr_lpm4_leaves(word) +
	       64 * (number * XTR_LPM4_NODE + count_node((const void *)node, key));
}

static inline uint32_t ask_leaf(const char *at, uint32_t key)
{
	const struct xtr_lpm4_leaf *leaf = (const void *)at;

	return load(&leaf->value[count_leaf(leaf->end, key)]);
}

/* Tables of one form, the most common where there are many: a root and leaves. */
static inline __attribute__((always_inline)) void lookup_wide(
    const uintptr_t *word, const uint32_t *key, uint32_t *values, unsigned n)
{
	const char *at[BATCH];

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		at[i] = below_root((const char *)word[i] - XTR_LPM4_WIDE, key[i]);
		rte_prefetch0(at[i]);
	}
#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++)
		values[i] = ask_leaf(at[i], key[i]);
}

/* Tables of any form. */
static inline void lookup_forms(
    const uintptr_t *word, const uint32_t *key, uint32_t *values, unsigned n)
{
	const char *at[BATCH];

	for (unsigned i = 0; i < n; i++) {
		unsigned form = xtr_lpm4_tag(word[i]);

		at[i] = xtr_lpm4_at(word[i]);
		if (form == XTR_LPM4_BIG)
			at[i] = (const char *)&dir24_of(dir_of(word[i]))[key[i] >> 8];
		else if (form > XTR_LPM4_ONE)
			at[i] = below_root(at[i], key[i]);
		rte_prefetch0(at[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (xtr_lpm4_tag(word[i]) == XTR_LPM4_DEEP) {
			at[i] = below_node(at[i], key[i], word[i]);
			rte_prefetch0(at[i]);
		}
	for (unsigned i = 0; i < n; i++) {
		if (unlikely(!word[i]))
			values[i] = 0;
		else if (xtr_lpm4_tag(word[i]) == XTR_LPM4_BIG)
			values[i] = lookup_slot(dir_of(word[i]), load((const void *)at[i]), key[i]);
		else
			values[i] = ask_leaf(at[i], key[i]);
	}
}

/* Each key in its own table. */
static inline __attribute__((always_inline)) void lookup_mixed(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	uintptr_t word[BATCH], other = 0;
	uint32_t key[BATCH];

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		word[i] = __atomic_load_n(words[i], __ATOMIC_ACQUIRE);
		/* the root's two lines; the address is in the first for all tags */
		rte_prefetch0((const void *)word[i]);
		rte_prefetch0((const void *)(word[i] + 64));
	}
	for (unsigned i = 0; i < n; i++) {
		key[i] = rte_be_to_cpu_32(keys[i]);
		other |= word[i] ^ XTR_LPM4_WIDE;
	}
	if (other & XTR_LPM4_TAG)
		lookup_forms(word, key, values, n);
	else
		lookup_wide(word, key, values, n);
}

/* Up to BATCH keys in one table, if it has a form that there is a way of its own for. */
static inline bool lookup_same(
    const uintptr_t *at, const uint32_t *keys, uint32_t *values, unsigned n)
{
	uintptr_t word = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	if (xtr_lpm4_tag(word) == XTR_LPM4_BIG)
		LOOKUP_DIR(dir_of(word), keys, values, n);
#ifdef LOOKUP_ONE
	else if (xtr_lpm4_tag(word) == XTR_LPM4_ONE)
		LOOKUP_ONE(xtr_lpm4_leaves(word), keys, values, n);
#endif
	else
		return false;
	return true;
}

#define FEW 4u /* so many keys at most, such as those of one flow or two, are faster one by one */

static inline void lookup_few(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uintptr_t word = __atomic_load_n(words[i], __ATOMIC_ACQUIRE);
		uint32_t key = rte_be_to_cpu_32(keys[i]);
		unsigned form = xtr_lpm4_tag(word);
		const char *at = xtr_lpm4_at(word);

		if (form == XTR_LPM4_BIG) {
			values[i] =
			    lookup_slot(dir_of(word), load(&dir24_of(dir_of(word))[key >> 8]), key);
			continue;
		}
		if (form > XTR_LPM4_ONE)
			at = below_root(at, key);
		if (form == XTR_LPM4_DEEP)
			at = below_node(at, key, word);
		values[i] = likely(word) ? ask_leaf(at, key) : 0;
	}
}

static inline void lookup_any(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	if (n <= FEW) {
		lookup_few(words, keys, values, n);
		return;
	}
	for (unsigned done = 0, some; done < n; done += some) {
		const uintptr_t *const *w = words + done;
		uintptr_t differ = 0;

		some = n - done < BATCH ? n - done : BATCH;
		for (unsigned i = 1; i < some; i++)
			differ |= (uintptr_t)w[i] ^ (uintptr_t)w[0];
		if (differ || !lookup_same(w[0], keys + done, values + done, some))
			lookup_mixed(w, keys + done, values + done, some);
	}
}

static inline void lookup_table(
    const uintptr_t *word, const uint32_t *keys, uint32_t *values, unsigned n)
{
	for (unsigned done = 0, some; done < n; done += some) {
		const uintptr_t *words[BATCH];

		some = n - done < BATCH ? n - done : BATCH;
		if (lookup_same(word, keys + done, values + done, some))
			continue;
		for (unsigned i = 0; i < some; i++)
			words[i] = word;
		lookup_mixed(words, keys + done, values + done, some);
	}
}

#endif
