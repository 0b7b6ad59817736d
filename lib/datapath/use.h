/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISP entries in use, and what those count that have counters of their own. Worker lcores, from
 * the stage that acts on the entry: its cache line is there already.
 */
#ifndef XTR_DATAPATH_USE_H
#define XTR_DATAPATH_USE_H

#include "datapath/dp.h"

/* A packet has met the entry. Written only where it is not known yet: otherwise the line, which
 * other workers read, stays clean. A made-up packet (trace.h) is no use. */
static inline void xtr_use(const struct xtr_worker *w, struct xtr_fwd *fwd)
{
	if (unlikely(!__atomic_load_n(&fwd->used, __ATOMIC_RELAXED)) && !w->trace)
		__atomic_store_n(&fwd->used, 1, __ATOMIC_RELAXED);
}

/* The entry has decided about a packet of so many bytes, from the IP header on, the outer one where
 * there is one. Not of an own EID prefix, whose word1 is something else. */
static inline void xtr_use_count(struct xtr_worker *w, const struct xtr_fwd *fwd, uint32_t bytes)
{
	uint32_t index = fwd->word1 >> XTR_FWD_COUNT_SHIFT;

	if (unlikely(index != 0)) {
		w->entry[index].packets++;
		w->entry[index].bytes += bytes;
	}
}

#endif
