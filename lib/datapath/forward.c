/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forward: natively to a next hop. TTL or hop limit, Ethernet header, tx.
 */
#include "datapath/dp.h"
#include "datapath/ip.h"
#include "datapath/hop.h"
#include "datapath/split.h"

#include <rte_ether.h>

void xtr_stage_forward(struct xtr_worker *w, struct xtr_list *in)
{
	for (unsigned i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		uint8_t *ip = xtr_ip_of(m), left = xtr_ip_hops(ip);
		const struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);
		uint8_t hops = xtr_pkt_hops(pkt);
		uint32_t index = fwd->target;
		const struct xtr_adj *adj;
		struct rte_ether_hdr *eth;

		if (unlikely(left <= hops)) {
			xtr_stage_punt(w, m, XTR_PUNT_TTL, 0);
			continue;
		}
		if (fwd->set_log2)
			index = xtr_hop_pick(w->dp, fwd, xtr_ip_flow(m, ip, pkt->l2_len));
		adj = xtr_pool_at(&w->dp->adj, index);
		if (!xtr_hop_usable(w, m, &adj->state, &adj->gate, XTR_PUNT_NEIGH, index))
			continue;
		if (unlikely(m->pkt_len - pkt->l2_len > adj->mtu)) {
			xtr_split_or_tell(w, m, adj->mtu, xtr_stage_forward);
			continue;
		}
		xtr_ip_set_hops(ip, left - hops);
		if (pkt->l2_len)
			rte_pktmbuf_adj(m, pkt->l2_len);
		eth = (struct rte_ether_hdr *)rte_pktmbuf_prepend(m, sizeof(adj->eth));
		if (unlikely(!eth)) {
			xtr_drop(w, m, XTR_DROP_NO_HEADROOM);
			continue;
		}
		memcpy(eth, adj->eth, sizeof(adj->eth));
		eth->ether_type = rte_cpu_to_be_16(
		    unlikely(xtr_ip_is6(ip)) ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
		w->counters[XTR_CTR_NATIVE]++;
		xtr_stage_tx(w, adj->port, m);
	}
}
