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

/* As workers count it: instances beyond the first few share a number. */
static unsigned party_of(const struct xtr_pkt *pkt)
{
	uint32_t party = xtr_party(pkt);

	return party < XTR_DP_PORTS ? party : XTR_DP_PORTS + party % XTR_DP_PORTS;
}

/* Is there a token left for this reason and party? Refills the bucket, takes none. */
static bool has_token(struct xtr_worker *w, enum xtr_punt reason, unsigned party)
{
	uint64_t *credit = &w->bucket[reason][party].credit, *last = &w->bucket[reason][party].last;

	*credit += w->now - *last;
	*last = w->now;
	if (*credit > w->dp->punt_cap)
		*credit = w->dp->punt_cap;
	return *credit >= w->dp->punt_cost;
}

/*
 * Where the control lcore falls behind, none may have more places in the ring than are free: so one
 * takes half of them at most, two a third each, and there is always one for who comes next. A
 * party's places are counted until the last one that it took is empty again.
 */
static bool has_place(struct xtr_worker *w, unsigned party)
{
	const struct rte_ring *r = w->dp->punt;
	uint32_t taken = __atomic_load_n(&r->cons.tail, __ATOMIC_RELAXED),
		 put = __atomic_load_n(&r->prod.head, __ATOMIC_RELAXED);

	if ((int32_t)(taken - w->punted[party].until) >= 0)
		w->punted[party].n = 0;
	return w->punted[party].n <= r->capacity - (put - taken);
}

static void take_place(struct xtr_worker *w, unsigned party)
{
	w->punted[party].n++;
	w->punted[party].until = __atomic_load_n(&w->dp->punt->prod.head, __ATOMIC_RELAXED);
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
	unsigned party = party_of(pkt); /* once in the ring, m is the control lcore's */
	bool free_of_charge = waits_again(pkt, reason);

	if (unlikely(w->trace != NULL)) {
		xtr_trace_add(w->trace, XTR_STEP_PUNT, reason, id);
		rte_pktmbuf_free(m);
		return;
	}
	if (unlikely(!free_of_charge && !has_token(w, reason, party))) {
		xtr_drop(w, m, XTR_DROP_PUNT_LIMITED);
		return;
	}
	if (unlikely(!has_place(w, party) && !free_of_charge)) {
		xtr_drop(w, m, XTR_DROP_PUNT_FULL);
		return;
	}
	pkt->reason = (uint8_t)reason;
	pkt->flags &= (uint8_t)~XTR_PKT_RELEASED;
	pkt->id = id;
	if (unlikely(rte_ring_mp_enqueue(w->dp->punt, m) < 0)) {
		xtr_drop(w, m, XTR_DROP_PUNT_FULL);
		return;
	}
	take_place(w, party);
	if (!free_of_charge)
		w->bucket[reason][party].credit -= w->dp->punt_cost;
	w->counters[counter_of[reason]]++;
}

void xtr_stage_unreachable(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_drop reason)
{
	unsigned party = party_of(xtr_pkt(m));

	/* a blackhole says nothing; and beyond what may be said, the drop still has its own name */
	if (w->trace || reason == XTR_DROP_BLACKHOLE ||
	    !has_token(w, XTR_PUNT_UNREACHABLE, party) || !has_place(w, party))
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
