/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * punt: to the control lcore, limited by reason and party (dp.h), so that one's flood starves no
 * other. And gate: kept here until packets that went the long way have returned (mapcache/fwd.h).
 */
#include "datapath/dp.h"

#include <string.h>

static const uint8_t counter_of[XTR_PUNT_N] = {
    [XTR_PUNT_LINUX] = XTR_CTR_PUNT_LINUX,
    [XTR_PUNT_TTL] = XTR_CTR_PUNT_TTL,
    [XTR_PUNT_MISS] = XTR_CTR_PUNT_MISS,
    [XTR_PUNT_NEIGH] = XTR_CTR_PUNT_NEIGH,
    [XTR_PUNT_TUNNEL] = XTR_CTR_PUNT_NEIGH,
    [XTR_PUNT_TOO_BIG] = XTR_CTR_PUNT_TOO_BIG,
    [XTR_PUNT_UNREACHABLE] = XTR_CTR_PUNT_UNREACHABLE,
    [XTR_PUNT_SOURCE] = XTR_CTR_PUNT_SOURCE,
    [XTR_PUNT_DOUBT] = XTR_CTR_PUNT_DOUBT,
};

/* Instances beyond the first few share buckets. */
static unsigned bucket_of(const struct xtr_pkt *pkt)
{
	uint32_t party = xtr_party(pkt);

	return party < XTR_DP_PORTS ? party : XTR_DP_PORTS + party % XTR_DP_PORTS;
}

/*
 * Where the control lcore falls behind, and the ring is more than half full, the rest is for those
 * who have punted little lately: the fuller the ring, the fuller a bucket has to be. Returns the
 * credit that is asked for.
 */
static uint64_t wanted_credit(const struct xtr_dp *dp)
{
	uint64_t used = rte_ring_count(dp->punt), half = XTR_RING_SIZE / 2;

	if (likely(used <= half))
		return dp->punt_cost;
	return RTE_MAX(dp->punt_cost, dp->punt_cap / half * (used - half));
}

/* Is there a token left for this reason and party? Refills the bucket, takes none. */
static bool may_punt(struct xtr_worker *w, const struct xtr_pkt *pkt, enum xtr_punt reason)
{
	unsigned b = bucket_of(pkt);
	uint64_t *credit = &w->bucket[reason][b].credit, *last = &w->bucket[reason][b].last;

	*credit += w->now - *last;
	*last = w->now;
	if (*credit > w->dp->punt_cap)
		*credit = w->dp->punt_cap;
	return *credit >= wanted_credit(w->dp);
}

/* What was held and looks again counted when it came. */
static bool waits_again(const struct xtr_pkt *pkt, enum xtr_punt reason)
{
	return (pkt->flags & XTR_PKT_RELEASED) &&
	       (reason == XTR_PUNT_MISS || reason == XTR_PUNT_NEIGH || reason == XTR_PUNT_TUNNEL ||
		   reason == XTR_PUNT_SOURCE);
}

void xtr_stage_punt(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_punt reason, uint32_t id)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	unsigned bucket = bucket_of(pkt); /* once in the ring, m is the control lcore's */
	bool free_of_charge = waits_again(pkt, reason);

	if (unlikely(w->trace != NULL)) {
		xtr_trace_add(w->trace, XTR_STEP_PUNT, reason, id);
		rte_pktmbuf_free(m);
		return;
	}
	if (unlikely(!free_of_charge && !may_punt(w, pkt, reason))) {
		xtr_drop(w, m, XTR_DROP_PUNT_LIMITED);
		return;
	}
	pkt->reason = (uint8_t)reason;
	pkt->flags &= (uint8_t)~XTR_PKT_RELEASED;
	pkt->id = id;
	if (unlikely(rte_ring_mp_enqueue(w->dp->punt, m) < 0)) {
		xtr_drop(w, m, XTR_DROP_PUNT_FULL);
		return;
	}
	if (!free_of_charge)
		w->bucket[reason][bucket].credit -= w->dp->punt_cost;
	w->counters[counter_of[reason]]++;
}

void xtr_stage_unreachable(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_drop reason)
{
	/* a blackhole says nothing; and beyond what may be said, the drop still has its own name */
	if (w->trace || reason == XTR_DROP_BLACKHOLE ||
	    !may_punt(w, xtr_pkt(m), XTR_PUNT_UNREACHABLE))
		xtr_drop(w, m, reason);
	else
		xtr_stage_punt(w, m, XTR_PUNT_UNREACHABLE, reason);
}

void xtr_stage_gate(struct xtr_worker *w, struct rte_mbuf *m)
{
	uint32_t arrival = xtr_pkt(m)->arrival;
	unsigned at = w->n_gate, low = 0, middle;

	if (unlikely(w->trace != NULL)) {
		xtr_trace_add(w->trace, XTR_STEP_GATE, 0, 0);
		rte_pktmbuf_free(m);
		return;
	}
	if (unlikely(at == XTR_GATE_MAX)) {
		xtr_drop(w, m, XTR_DROP_GATE_FULL);
		return;
	}
	w->counters[XTR_CTR_GATED]++;
	/* What the control lcore held and a second gate stops may be older than what waits here. */
	if (at && (int32_t)(arrival - xtr_pkt(w->gate[at - 1])->arrival) < 0) {
		while (low < at) {
			middle = (low + at) / 2;
			if ((int32_t)(arrival - xtr_pkt(w->gate[middle])->arrival) < 0)
				at = middle;
			else
				low = middle + 1;
		}
		memmove(
		    &w->gate[at + 1], &w->gate[at], (w->n_gate - at) * sizeof(struct rte_mbuf *));
	}
	w->gate[at] = m;
	w->n_gate++;
}

void xtr_stage_gate_open(struct xtr_worker *w)
{
	unsigned total = w->n_gate, kept;

	/* Those that meet another closed gate are kept again, in front of what is left to look at:
	 * never overtaking it. */
	w->n_gate = 0;
	for (unsigned done = 0; done < total; done += kept) {
		struct xtr_list l = {0};

		kept = RTE_MIN(total - done, (unsigned)XTR_BURST);
		for (unsigned i = 0; i < kept; i++)
			xtr_list_add(&l, w->gate[done + i]);
		xtr_stage_lookup(w, &l);
	}
}
