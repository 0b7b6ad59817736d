/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 look-up on any machine. */
#include "mapcache/lpm4_lookup.h"

/* Ends are in order: steps without a branch. */
static inline unsigned count_leaf(const uint32_t *end, uint32_t key)
{
	unsigned n = 0;

	n += (end[n + 3] < key) * 4u;
	n += (end[n + 1] < key) * 2u;
	n += (end[n] < key);
	return n;
}

static inline unsigned count_node(const uint32_t *end, uint32_t key)
{
	unsigned n = (end[7] < key) * 8u;

	return n + count_leaf(end + n, key);
}

static inline unsigned count_root(const uint32_t *end, uint32_t key)
{
	unsigned n = (end[15] < key) * 16u;

	return n + count_node(end + n, key);
}

static inline unsigned count_line(const struct xtr_lpm4_line *line, uint8_t byte)
{
	unsigned n = 0;

	for (unsigned i = 0; i < XTR_LPM4_LINE; i++)
		n += line->end[i] < byte;
	return n;
}

void xtr_lpm4_lookup_scalar(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_any(words, keys, values, n);
}

void xtr_lpm4_table_scalar(
    const uintptr_t *word, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup_table(word, keys, values, n);
}
