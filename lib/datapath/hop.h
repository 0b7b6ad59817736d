/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choosing one of several next hops or tunnels. Worker lcores.
 */
#ifndef XTR_DATAPATH_HOP_H
#define XTR_DATAPATH_HOP_H

#include "datapath/dp.h"

#define XTR_SET_LOG2  7
#define XTR_SET_SLOTS (1u << XTR_SET_LOG2) /* so that weights are met within 1 % */

struct xtr_set {
	uint32_t hop[XTR_SET_SLOTS]; /* indexes of next hops or tunnels */
};

/* The index that a flow takes in the set of fwd (RFC 9300 section 12, RFC 2992). The high bits of
 * the hash are used: the low ones go into the source port. */
static inline uint32_t xtr_hop_pick(
    const struct xtr_dp *dp, const struct xtr_fwd *fwd, uint32_t hash)
{
	const struct xtr_set *set = xtr_pool_at(&dp->set, fwd->target);

	return set->hop[hash >> (32 - XTR_SET_LOG2)];
}
#endif
