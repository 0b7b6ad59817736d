/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choosing one of several next hops or tunnels, and whether it can be used now. Worker lcores.
 */
#ifndef XTR_DATAPATH_HOP_H
#define XTR_DATAPATH_HOP_H

#include "datapath/dp.h"
#include "mapcache/set.h"

/* The index that a flow takes in the set of fwd (RFC 9300 section 12, RFC 2992). The high bits of
 * the hash are used: the low ones go into the source port. */
static inline uint32_t xtr_hop_pick(
    const struct xtr_dp *dp, const struct xtr_fwd *fwd, uint32_t hash)
{
	const struct xtr_set *set = xtr_pool_at(&dp->set, fwd->target);

	return set->hop[hash >> (32 - XTR_SET_LOG2)];
}

/*
 * May m leave by the next hop or tunnel whose state and gate these are? If not, m is taken care of:
 * kept at the gate, punted for `reason` with the index, or dropped. State is written last and read
 * first: whoever sees READY sees the gate that came with it.
 */
static inline bool xtr_hop_usable(struct xtr_worker *w, struct rte_mbuf *m, const uint8_t *state,
    const uint32_t *gate, enum xtr_punt reason, uint32_t index)
{
	uint8_t now = __atomic_load_n(state, __ATOMIC_ACQUIRE);

	xtr_trace(w, reason == XTR_PUNT_TUNNEL ? XTR_STEP_TUNNEL : XTR_STEP_NEXTHOP, index);
	if (xtr_gate_closed(w, xtr_pkt(m), __atomic_load_n(gate, __ATOMIC_RELAXED)))
		xtr_stage_gate(w, m);
	else if (likely(now == XTR_HOP_READY))
		return true;
	else if (now == XTR_HOP_UNRESOLVED)
		xtr_stage_punt(w, m, reason, index);
	else
		xtr_drop(w, m, XTR_DROP_HOP_DOWN);
	return false;
}

#endif
