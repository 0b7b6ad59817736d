/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source: may what came out of a tunnel come from the RLOC that it came from? See source.h.
 */
#include "datapath/source.h"

#include "datapath/keys.h"

/* A route hides what the LISP view has of own EID prefixes around it. */
static enum xtr_source_rloc judge_routed(const struct xtr_worker *w, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	struct xtr_keys source;
	uint32_t own;

	source.n = source.n4 = source.n6 = 0;
	xtr_keys_add(&source, w->dp->instances[pkt->inst].database, xtr_ip_of(m), XTR_KEY_SOURCE);
	xtr_keys_lookup(&source, &own);
	if (!own)
		return XTR_SOURCE_STRANGER;
	return xtr_rule_allows(w->dp, w->dp->entry_rule[own], pkt->outer_af, pkt->outer_src)
		   ? XTR_SOURCE_VALID
		   : XTR_SOURCE_OWN;
}

/* Drops it, now and then by way of the control lcore: the mapping may be old, its EID may have
 * moved. */
static void doubt(struct xtr_worker *w, struct rte_mbuf *m)
{
	if (w->trace || w->now - w->doubted < w->dp->doubt_gap) {
		xtr_drop(w, m, XTR_DROP_SOURCE_RLOC);
		return;
	}
	w->doubted = w->now;
	xtr_stage_punt(w, m, XTR_PUNT_DOUBT, XTR_DROP_SOURCE_RLOC);
}

/* The packet may go on, or it is taken care of. */
static bool settle(struct xtr_worker *w, struct rte_mbuf *m, uint32_t entry)
{
	struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, entry);
	struct xtr_pkt *pkt = xtr_pkt(m);
	const struct xtr_instance *inst = &w->dp->instances[pkt->inst];
	bool strict = inst->source_check == XTR_CHECK_STRICT;
	enum xtr_source_rloc verdict;

	/* where packets are held for the source, none overtakes them */
	if (strict && xtr_gate_closed(w, pkt, __atomic_load_n(&fwd->gate, __ATOMIC_RELAXED))) {
		xtr_stage_gate(w, m);
		return false;
	}
	verdict = xtr_source_judge(w->dp, entry, pkt->outer_af, pkt->outer_src);
	if (unlikely(verdict == XTR_SOURCE_STRANGER) && xtr_source_by_route(fwd))
		verdict = judge_routed(w, m);
	xtr_trace_more(w, XTR_STEP_RLOC, entry, verdict);
	switch (verdict) {
	case XTR_SOURCE_VALID:
		break;
	case XTR_SOURCE_MISMATCH:
		doubt(w, m);
		return false;
	case XTR_SOURCE_OWN:
		xtr_drop(w, m, XTR_DROP_SOURCE_OWN);
		return false;
	case XTR_SOURCE_STRANGER:
		if (!w->dp->proxy_itrs ||
		    xtr_rule_allows(w->dp, w->dp->proxy_itrs, pkt->outer_af, pkt->outer_src))
			break;
		xtr_drop(w, m, XTR_DROP_SOURCE_PROXY);
		return false;
	case XTR_SOURCE_UNKNOWN:
		if (strict) {
			xtr_stage_punt(w, m, XTR_PUNT_SOURCE, 0);
			return false;
		}
		break;
	}
	xtr_source_use(w, inst, fwd);
	pkt->flags |= XTR_PKT_TRUSTED;
	return true;
}

unsigned xtr_stage_source(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	uint32_t values[XTR_BURST];
	uint8_t which[XTR_BURST];
	struct xtr_keys keys;
	unsigned kept = 0, next = 0;

	keys.n = keys.n4 = keys.n6 = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_pkt *pkt = xtr_pkt(m[i]);
		const struct xtr_instance *inst = &w->dp->instances[pkt->inst];

		if ((pkt->flags & (XTR_PKT_DECAP | XTR_PKT_TRUSTED)) != XTR_PKT_DECAP ||
		    inst->source_check == XTR_CHECK_OFF)
			continue;
		which[keys.n] = (uint8_t)i;
		xtr_keys_add(&keys, inst->lisp, xtr_ip_of(m[i]), XTR_KEY_SOURCE);
	}
	if (!keys.n)
		return n;
	xtr_keys_lookup(&keys, values);
	for (unsigned i = 0; i < n; i++) {
		bool checked = next < keys.n && which[next] == i;

		if (!checked || settle(w, m[i], values[next]))
			m[kept++] = m[i];
		next += checked;
	}
	return kept;
}
