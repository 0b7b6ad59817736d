/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * classify: what has just come from a port. Not for us, for Linux, or IP to look up.
 */
#include "datapath/dp.h"
#include "datapath/ip.h"
#include "datapath/vlan.h"

#include <rte_ether.h>

/* What is not IP is Linux's, but for tags: a port without VLANs has seen this one for the first
 * time, and the stage `vlan` is to look at it. */
static void take_other(
    struct xtr_worker *w, struct rte_mbuf *m, uint16_t type, struct xtr_list *tagged)
{
	const struct xtr_dp_port *p = &w->dp->ports[xtr_pkt(m)->port];

	if (likely(!xtr_vlan_is_tag(type)))
		xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
	else if (type == RTE_BE16(RTE_ETHER_TYPE_VLAN) && !p->vlans && !p->vlan)
		xtr_list_add(tagged, m);
	else
		xtr_drop(w, m, XTR_DROP_VLAN_STACKED);
}

/*
 * Has the device found the checksum of the IPv4 header good? Where it knows a tunnel, it speaks of
 * the header inside, whether good or bad: a router passes on what a tunnel of others carries. So
 * "bad" is looked at again, too, and a packet's fate does not depend on the device.
 */
static bool is_summed(const struct xtr_worker *w, struct rte_mbuf *m)
{
	return w->dp->ports[xtr_pkt(m)->port].offloads & XTR_OFFLOAD_CHECKSUM &&
	       (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
	       !(m->packet_type & RTE_PTYPE_TUNNEL_MASK);
}

/* IPv4: true where m is to be looked up. If not, it is taken care of. */
static bool take_ip4(struct xtr_worker *w, struct rte_mbuf *m, unsigned off)
{
	enum xtr_drop reason;
	const struct rte_ipv4_hdr *ip = xtr_ip4_check_rest(m, off, is_summed(w, m), &reason);

	if (unlikely(!ip)) {
		xtr_drop(w, m, reason);
	} else if (unlikely(xtr_ip4_martian_source(ip->src_addr))) {
		/* 0.0.0.0 speaks DHCP, to the broadcast address or to us */
		if (!ip->src_addr)
			xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
		else
			xtr_drop(w, m, XTR_DROP_IP_MARTIAN);
	} else if (unlikely(xtr_ip4_martian_destination(ip->dst_addr))) {
		xtr_drop(w, m, XTR_DROP_IP_MARTIAN_DST);
	} else if (unlikely(*(const uint8_t *)&ip->dst_addr >= 224)) {
		xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
	} else {
		return true;
	}
	return false;
}

/* What comes from or goes to an address that means something on its link only goes no further than
 * this machine (RFC 4291 section 2.5.6). */
static void take_link_local(struct xtr_worker *w, struct rte_mbuf *m, const uint8_t *dst)
{
	const struct xtr_lpm *routes = w->dp->instances[xtr_pkt(m)->inst].routes;
	const struct xtr_fwd *fwd;
	uint8_t key[1][16];
	uint32_t index = 0;

	memcpy(key[0], dst, 16);
	xtr_lpm_lookup6(&routes, key, &index, 1);
	fwd = xtr_pool_at(&w->dp->fwd, index);
	if (fwd->action == XTR_FWD_LOCAL && fwd->reason != XTR_LOCAL_ROUTE)
		xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
	else
		xtr_drop(w, m, XTR_DROP_IP6_LINK_LOCAL);
}

/* As take_ip4(). Neighbour discovery is to multicast addresses, or to this machine: Linux's. */
static bool take_ip6(struct xtr_worker *w, struct rte_mbuf *m, unsigned off)
{
	enum xtr_drop reason;
	const struct rte_ipv6_hdr *ip = xtr_ip6_check(m, off, &reason);

	if (unlikely(!ip)) {
		xtr_drop(w, m, reason);
	} else if (unlikely(xtr_ip6_martian_source(ip->src_addr))) {
		/* :: looks for others that have its address (RFC 4862 section 5.4.2) */
		if (xtr_ip6_multicast(ip->dst_addr) && !xtr_ip6_multicast(ip->src_addr) &&
		    !ip->src_addr[15])
			xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
		else
			xtr_drop(w, m, XTR_DROP_IP_MARTIAN);
	} else if (unlikely(xtr_ip6_martian_destination(ip->dst_addr))) {
		xtr_drop(w, m, XTR_DROP_IP_MARTIAN_DST);
	} else if (unlikely(xtr_ip6_multicast(ip->dst_addr))) {
		xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
	} else if (unlikely(xtr_ip6_link_local(ip->src_addr) || xtr_ip6_link_local(ip->dst_addr))) {
		take_link_local(w, m, ip->dst_addr);
	} else {
		return true;
	}
	return false;
}

void xtr_stage_classify(struct xtr_worker *w, unsigned port, struct rte_mbuf **pkts, unsigned n)
{
	const struct xtr_dp_port *p = &w->dp->ports[port];
	struct xtr_list ip = {0}, tagged;
	uint64_t bytes = 0;

	tagged.n = 0;
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		const struct rte_ether_hdr *eth;
		bool look_up = false;

		bytes += m->pkt_len;
		memset(pkt, 0, sizeof(*pkt));
		pkt->port = (uint8_t)port;
		pkt->worker = (uint8_t)w->index;
		pkt->arrival = xtr_arrival(w);
		pkt->l2_len = sizeof(*eth);
		pkt->flags = (p->site ? XTR_PKT_SITE : 0) | (p->proxy ? XTR_PKT_PROXY : 0);
		pkt->inst = p->inst;
		if (unlikely(m->pkt_len < sizeof(*eth))) {
			xtr_drop(w, m, XTR_DROP_ETHER_SHORT);
			continue;
		}
		if (unlikely(!xtr_mbuf_headers(m, sizeof(*eth)))) {
			xtr_drop(w, m, XTR_DROP_HEADERS_SPLIT);
			continue;
		}
		eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
		if (unlikely(rte_is_multicast_ether_addr(&eth->dst_addr))) {
			take_other(w, m, eth->ether_type, &tagged);
			continue;
		}
		if (unlikely(memcmp(eth->dst_addr.addr_bytes, p->mac, 6))) {
			xtr_drop(w, m, XTR_DROP_ETHER_NOT_OURS);
			continue;
		}
		if (likely(eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)))
			look_up = take_ip4(w, m, sizeof(*eth));
		else if (likely(eth->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6)))
			look_up = take_ip6(w, m, sizeof(*eth));
		else
			take_other(w, m, eth->ether_type, &tagged);
		if (likely(look_up))
			xtr_list_add(&ip, m);
	}
	for (unsigned i = 0; i < tagged.n; i++)
		bytes -= tagged.m[i]->pkt_len; /* will be counted when they come back */
	n -= tagged.n;
	w->counters[XTR_CTR_RX] += n;
	w->port_rx[port][0] += n;
	w->port_rx[port][1] += bytes;
	if (ip.n)
		xtr_stage_lookup(w, &ip);
	if (unlikely(tagged.n))
		xtr_stage_vlan(w, port, tagged.m, tagged.n);
}
