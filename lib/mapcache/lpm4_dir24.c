/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/lpm4_dir24.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/huge.h"

#define BYTES (XTR_LPM4_SLOTS * sizeof(uint32_t))
#define PAGE  4096u

static int map_slots(void **map, uint32_t **slot)
{
	*map = mmap(NULL, BYTES + XTR_HUGE_PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (*map == MAP_FAILED)
		return -ENOMEM;
	*slot = xtr_huge_align(*map);
	return 0;
}

static void unmap_slots(void *map)
{
	munmap(map, BYTES + XTR_HUGE_PAGE);
}

int xtr_lpm4_dir24_init(struct xtr_lpm4_dir24 *d)
{
	memset(d, 0, sizeof(*d));
	if (map_slots(&d->map, &d->slot) < 0)
		return -ENOMEM;
	/* few slots of many pages at first, also where the system gives huge ones unasked */
	madvise(d->slot, BYTES, MADV_NOHUGEPAGE);
	return 0;
}

void xtr_lpm4_dir24_fini(struct xtr_lpm4_dir24 *d)
{
	if (d->slot)
		unmap_slots(d->map);
	d->slot = NULL;
}

/* A place that readers may still look at. */
struct left {
	struct xtr_rcu_head head;
	void *map;
};

static void free_left(struct xtr_rcu_head *head)
{
	struct left *l = (struct left *)head;

	unmap_slots(l->map);
	free(l);
}

static bool is_touched(const struct xtr_lpm4_dir24 *d, uint32_t page)
{
	return d->touched[page / 64] >> (page % 64) & 1;
}

void xtr_lpm4_dir24_to_huge(struct xtr_lpm4_dir24 *d, const uint32_t **slots, struct xtr_rcu *rcu)
{
	struct left *l = malloc(sizeof(*l));
	uint32_t *slot;
	void *map;

	if (!l)
		return;
	if (map_slots(&map, &slot) < 0) {
		free(l);
		return;
	}
	for (uint32_t at = 0; at < BYTES; at += XTR_HUGE_PAGE)
		xtr_huge_fresh((char *)slot + at);
	for (uint32_t i = 0; i < BYTES / PAGE; i++)
		if (is_touched(d, i))
			memcpy((char *)slot + (size_t)i * PAGE, (char *)d->slot + (size_t)i * PAGE,
			    PAGE);
	l->map = d->map;
	d->map = map;
	d->slot = slot;
	d->huge = true;
	__atomic_store_n(slots, slot, __ATOMIC_RELEASE);
	xtr_rcu_defer(rcu, &l->head, free_left);
}

size_t xtr_lpm4_dir24_memory(const struct xtr_lpm4_dir24 *d)
{
	const unsigned in_huge = XTR_HUGE_PAGE / PAGE / 64; /* words of `touched` */
	size_t bytes = 0;

	for (unsigned i = 0; i < BYTES / PAGE / 64; i += in_huge) {
		unsigned pages = 0;

		for (unsigned k = i; k < i + in_huge; k++)
			pages += (unsigned)__builtin_popcountll(d->touched[k]);
		bytes += !d->huge ? (size_t)pages * PAGE : pages ? XTR_HUGE_PAGE : 0;
	}
	return bytes;
}
