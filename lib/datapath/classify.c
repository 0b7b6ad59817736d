/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * classify: what has just come from a port. Not for us, for Linux, or IPv4 to look up.
 */
#include "datapath/dp.h"
#include "datapath/ip4.h"

#include <rte_ether.h>

static bool for_linux_by_mac(const struct rte_ether_addr *dst)
{
	return rte_is_multicast_ether_addr(dst);
}

void xtr_stage_classify(struct xtr_worker *w, unsigned port, struct rte_mbuf **pkts, unsigned n)
{
	const struct xtr_dp_port *p = &w->dp->ports[port];
	struct xtr_list ip = {0};
	uint64_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		struct rte_ether_hdr *eth;
		struct rte_ipv4_hdr *hdr;
		enum xtr_drop reason;

		bytes += m->pkt_len;
		memset(pkt, 0, sizeof(*pkt));
		pkt->port = (uint8_t)port;
		pkt->worker = (uint8_t)w->index;
		pkt->arrival = xtr_arrival(w);
		pkt->l2_len = sizeof(*eth);
		pkt->flags = (p->site ? XTR_PKT_SITE : 0) | (p->proxy ? XTR_PKT_PROXY : 0);
		pkt->inst = p->inst;
		if (unlikely(m->data_len < sizeof(*eth))) {
			xtr_drop(w, m, XTR_DROP_ETHER_SHORT);
			continue;
		}
		eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
		if (unlikely(for_linux_by_mac(&eth->dst_addr))) {
			xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
			continue;
		}
		if (unlikely(memcmp(eth->dst_addr.addr_bytes, p->mac, 6))) {
			xtr_drop(w, m, XTR_DROP_ETHER_NOT_OURS);
			continue;
		}
		if (unlikely(eth->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))) {
			xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
			continue;
		}
		hdr = xtr_ip4_check(m, sizeof(*eth), &reason);
		if (unlikely(!hdr)) {
			xtr_drop(w, m, reason);
			continue;
		}
		if (unlikely(xtr_ip4_martian_source(hdr->src_addr))) {
			/* 0.0.0.0 speaks DHCP, to the broadcast address or to us */
			if (!hdr->src_addr)
				xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
			else
				xtr_drop(w, m, XTR_DROP_IP_MARTIAN);
			continue;
		}
		if (unlikely(xtr_ip4_martian_destination(hdr->dst_addr))) {
			xtr_drop(w, m, XTR_DROP_IP_MARTIAN_DST);
			continue;
		}
		if (unlikely(*(const uint8_t *)&hdr->dst_addr >= 224)) {
			xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
			continue;
		}
		xtr_list_add(&ip, m);
	}
	w->counters[XTR_CTR_RX] += n;
	w->port_rx[port][0] += n;
	w->port_rx[port][1] += bytes;
	if (ip.n)
		xtr_stage_lookup(w, &ip);
}
