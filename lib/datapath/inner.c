/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inner: may what came out of a tunnel go on? If its destination is one of our EIDs (RFC 9301
 * section 9), or if we are a PETR for its sender: for its source EID, coming from this RLOC (RFC
 * 6832 section 6). An open relay would be a defect: we are a PETR for nobody by default.
 */
#include "datapath/dp.h"
#include "datapath/keys.h"
#include "datapath/source.h"

/* The reason to drop a packet whose destination is not ours, or XTR_DROP_N: we are its PETR. */
static enum xtr_drop as_petr(struct xtr_worker *w, struct rte_mbuf *m)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	const struct xtr_lpm *petr = w->dp->instances[pkt->inst].petr;
	struct xtr_keys source;
	uint32_t rule = 0;

	if (!petr)
		return XTR_DROP_DECAP_NOT_OURS;
	source.n = source.n4 = source.n6 = 0;
	xtr_keys_add(&source, petr, xtr_ip_of(m), XTR_KEY_SOURCE);
	xtr_keys_lookup(&source, &rule);
	if (!rule)
		return XTR_DROP_PETR_SOURCE;
	if (!xtr_rule_allows(w->dp, rule, pkt->outer_af, pkt->outer_src))
		return XTR_DROP_PETR_RLOC;
	pkt->flags |= XTR_PKT_TRUSTED;
	w->counters[XTR_CTR_PETR]++;
	return XTR_DROP_N;
}

unsigned xtr_stage_inner(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	uint32_t values[XTR_BURST];
	struct xtr_keys keys;
	unsigned kept = 0;

	if (!n)
		return 0;
	keys.n = keys.n4 = keys.n6 = 0;
	for (unsigned i = 0; i < n; i++)
		xtr_keys_add(&keys, w->dp->instances[xtr_pkt(m[i])->inst].database, xtr_ip_of(m[i]),
		    XTR_KEY_DESTINATION);
	xtr_keys_lookup(&keys, values);
	for (unsigned i = 0; i < n; i++) {
		enum xtr_drop reason = values[i] ? XTR_DROP_N : as_petr(w, m[i]);

		if (unlikely(reason != XTR_DROP_N))
			xtr_drop(w, m[i], reason);
		else
			m[kept++] = m[i];
	}
	return kept;
}
