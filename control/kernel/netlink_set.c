/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of keys, for what has to be remembered of objects that the receiver keeps: see struct
 * xtr_nl.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "control/kernel/netlink_priv.h"

#define SET_MIN_SIZE 64

static_assert(sizeof(struct xtr_nl_key) == 28, "keys are compared and hashed as a whole");

static size_t hash(const struct xtr_nl_key *k)
{
	uint32_t w[7];
	uint64_t h = 0;

	memcpy(w, k, sizeof(w));
	for (unsigned i = 0; i < 7; i++) {
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return h;
}

/* The slot of k, or the free one where it belongs. */
static size_t find(const struct xtr_nl_set *s, const struct xtr_nl_key *k)
{
	size_t i = hash(k) & (s->size - 1);

	while (s->slot[i].used && memcmp(&s->slot[i], k, sizeof(*k)) != 0)
		i = (i + 1) & (s->size - 1);
	return i;
}

static int grow(struct xtr_nl_set *s)
{
	struct xtr_nl_set big = {.n = s->n, .size = s->size ? s->size * 2 : SET_MIN_SIZE};

	big.slot = calloc(big.size, sizeof(*big.slot));
	if (big.slot == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < s->size; i++)
		if (s->slot[i].used)
			big.slot[find(&big, &s->slot[i])] = s->slot[i];
	free(s->slot);
	*s = big;
	return 0;
}

int xtr_nl_set_add(struct xtr_nl_set *s, const struct xtr_nl_key *k)
{
	if ((s->n + 1) * 4 > s->size * 3 && grow(s) < 0)
		return -ENOMEM;

	size_t i = find(s, k);

	if (!s->slot[i].used) {
		s->slot[i] = *k;
		s->n++;
	}
	return 0;
}

bool xtr_nl_set_has(const struct xtr_nl_set *s, const struct xtr_nl_key *k)
{
	return s->n > 0 && s->slot[find(s, k)].used;
}

void xtr_nl_set_del(struct xtr_nl_set *s, const struct xtr_nl_key *k)
{
	if (s->n == 0)
		return;

	size_t mask = s->size - 1, hole = find(s, k);

	if (!s->slot[hole].used)
		return;
	s->n--;
	/* Move back what the hole would cut off from its place of choice. */
	for (size_t i = (hole + 1) & mask; s->slot[i].used; i = (i + 1) & mask) {
		size_t home = hash(&s->slot[i]) & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			s->slot[hole] = s->slot[i];
			hole = i;
		}
	}
	s->slot[hole] = (struct xtr_nl_key){0};
}

void xtr_nl_set_clear(struct xtr_nl_set *s)
{
	free(s->slot);
	*s = (struct xtr_nl_set){0};
}
