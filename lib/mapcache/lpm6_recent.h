/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6: which prefixes were changed lately, of all tables. A reader takes several steps. While it
 * takes them one change may happen, it finds what was before that or after; but of two it may see
 * half: a longer prefix comes, a shorter one changes, and who passed the first place before sees
 * only the second change. So after a batch a reader asks which prefixes were changed since it
 * began, and looks the keys that these cover up again. Mostly there are none.
 */
#ifndef XTR_MAPCACHE_LPM6_RECENT_H
#define XTR_MAPCACHE_LPM6_RECENT_H

#include "mapcache/lpm6_node.h"

#define XTR_LPM6_RECENT 32u

struct xtr_lpm6_recent {
	uint64_t begun; /* changes. control: rw, workers: ro, atomic, as what follows */
	/* of change i in [i % XTR_LPM6_RECENT]: the prefix, and ones where it has bits; as a key's
	 * words stand in memory */
	struct {
		uint64_t bits[2], mask[2];
	} change[XTR_LPM6_RECENT];
};

extern struct xtr_lpm6_recent xtr_lpm6_recent;

/* Control only, before a prefix is changed. lpm6_recent.c */
void xtr_lpm6_begin(const struct xtr_lpm6_key *k, unsigned plen);

/* Changes begun. A reader asks before its first step. */
static inline uint64_t xtr_lpm6_begun(void)
{
	return xtr_lpm6_load(&xtr_lpm6_recent.begun);
}

/* A reader, after its last step. Sets hit[i] for each key whose prefixes were changed since there
 * were so many changes, and clears the others. Returns whether there is one. */
bool xtr_lpm6_touched(uint64_t since, const uint8_t (*keys)[16], uint8_t *hit, unsigned n);

#endif
