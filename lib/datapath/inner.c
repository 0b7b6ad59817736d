/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inner: may what came out of a tunnel go on? If its destination is one of our EIDs (RFC 9301
 * section 9), or if we are a PETR for its sender: for its source EID, coming from this RLOC (RFC
 * 6832 section 6). An open relay would be a defect: we are a PETR for nobody by default.
 */
#include "datapath/dp.h"
#include "datapath/ip4.h"

static bool rloc_allowed(const struct xtr_dp *dp, uint32_t index, uint32_t rloc)
{
	while (index) {
		const struct xtr_petr_rule *rule = xtr_pool_at(&dp->petr_rule, index);

		for (unsigned i = 0; i < rule->n; i++)
			if ((rloc & rule->rloc[i].mask) == rule->rloc[i].ip)
				return true;
		index = rule->next;
	}
	return false;
}

/* The reason to drop a packet whose destination is not ours, or XTR_DROP_N: we are its PETR. */
static enum xtr_drop as_petr(struct xtr_worker *w, struct rte_mbuf *m)
{
	const struct xtr_lpm *petr = w->dp->instances[xtr_pkt(m)->inst].petr;
	uint32_t key = xtr_ip4_of(m)->src_addr, rule = 0;

	if (!petr)
		return XTR_DROP_DECAP_NOT_OURS;
	xtr_lpm_lookup4(&petr, &key, &rule, 1);
	if (!rule)
		return XTR_DROP_PETR_SOURCE;
	if (!rloc_allowed(w->dp, rule, xtr_pkt(m)->outer_src))
		return XTR_DROP_PETR_RLOC;
	w->counters[XTR_CTR_PETR]++;
	return XTR_DROP_N;
}

unsigned xtr_stage_inner(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t keys[XTR_BURST], values[XTR_BURST];
	unsigned kept = 0;

	if (!n)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		tables[i] = w->dp->instances[xtr_pkt(m[i])->inst].database;
		keys[i] = xtr_ip4_of(m[i])->dst_addr;
	}
	xtr_lpm_lookup4(tables, keys, values, n);
	for (unsigned i = 0; i < n; i++) {
		enum xtr_drop reason = values[i] ? XTR_DROP_N : as_petr(w, m[i]);

		if (unlikely(reason != XTR_DROP_N))
			xtr_drop(w, m[i], reason);
		else
			m[kept++] = m[i];
	}
	return kept;
}
