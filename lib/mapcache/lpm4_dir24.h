/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a big IPv4 table's 2^24 slots. Addresses are reserved once; pages come as slots are
 * written, and where there are many, all is copied into huge pages and readers are sent there: to
 * make them of the pages in place would stop readers meanwhile. Control lcore only, but for
 * reading slots.
 */
#ifndef XTR_MAPCACHE_LPM4_DIR24_H
#define XTR_MAPCACHE_LPM4_DIR24_H

#include "mapcache/rcu.h"

#define XTR_LPM4_SLOTS (1u << 24)

struct xtr_lpm4_dir24 {
	uint32_t *slot;
	void *map;             /* slot is aligned in it */
	uint64_t touched[256]; /* a bit a page of 1,024 slots */
	bool huge;
};

/* 0 or -ENOMEM. All slots are 0. */
int xtr_lpm4_dir24_init(struct xtr_lpm4_dir24 *d);
void xtr_lpm4_dir24_fini(struct xtr_lpm4_dir24 *d);
/* *slots: where readers look; stored last. The old place goes after a grace period. Nothing happens
 * if memory is short. */
void xtr_lpm4_dir24_to_huge(struct xtr_lpm4_dir24 *d, const uint32_t **slots, struct xtr_rcu *rcu);
size_t xtr_lpm4_dir24_memory(const struct xtr_lpm4_dir24 *d);

static inline void xtr_lpm4_dir24_store(struct xtr_lpm4_dir24 *d, uint32_t at, uint32_t value)
{
	if (d->slot[at] == value)
		return;
	d->touched[at >> 16] |= 1ull << (at >> 10 & 63);
	__atomic_store_n(&d->slot[at], value, __ATOMIC_RELEASE);
}

#endif
