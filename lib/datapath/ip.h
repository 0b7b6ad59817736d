/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stages do to IPv4 and IPv6 headers alike; the version in the header's first bits says
 * which it is. Headers have been checked (xtr_ip4_check(), xtr_ip6_check()).
 */
#ifndef XTR_DATAPATH_IP_H
#define XTR_DATAPATH_IP_H

#include <rte_udp.h>
#include "datapath/ip4.h"
#include "datapath/ip6.h"

/* The IP header of a packet whose private area says where it starts. */
static inline uint8_t *xtr_ip_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, uint8_t *, xtr_pkt(m)->l2_len);
}

static inline bool xtr_ip_is6(const void *ip)
{
	return *(const uint8_t *)ip >> 4 == 6;
}

/* TTL or hop limit. */
static inline uint8_t xtr_ip_hops(const void *ip)
{
	return xtr_ip_is6(ip) ? ((const struct rte_ipv6_hdr *)ip)->hop_limits
			      : ((const struct rte_ipv4_hdr *)ip)->time_to_live;
}

static inline void xtr_ip_set_hops(void *ip, uint8_t hops)
{
	if (xtr_ip_is6(ip))
		((struct rte_ipv6_hdr *)ip)->hop_limits = hops;
	else
		xtr_ip4_set_ttl(ip, hops);
}

/* TOS or traffic class: DSCP and ECN (RFC 2474, RFC 3168). */
static inline uint8_t xtr_ip_tos(const void *ip)
{
	return xtr_ip_is6(ip) ? xtr_ip6_traffic_class(ip)
			      : ((const struct rte_ipv4_hdr *)ip)->type_of_service;
}

static inline void xtr_ip_set_tos(void *ip, uint8_t tos)
{
	if (xtr_ip_is6(ip))
		xtr_ip6_set_traffic_class(ip, tos);
	else
		xtr_ip4_set_tos(ip, tos);
}

/* The hash of the flow that the packet belongs to; its IP header stands at off. */
static inline uint32_t xtr_ip_flow(const struct rte_mbuf *m, const void *ip, unsigned off)
{
	return xtr_ip_is6(ip) ? xtr_ip6_flow(m, ip, off) : xtr_ip4_flow(m, ip, off);
}

/* How far behind the IP header at off a UDP header starts that is all there; 0: this is no UDP, a
 * fragment, or asks for more care than the stages take (struct xtr_ip6_upper). */
static inline unsigned xtr_ip_udp_at(const struct rte_mbuf *m, const void *ip, unsigned off)
{
	const struct rte_ipv4_hdr *ip4 = ip;
	unsigned at = (ip4->version_ihl & 15) * 4u;

	if (unlikely(xtr_ip_is6(ip))) {
		struct xtr_ip6_upper u = xtr_ip6_upper(m, ip, off);

		at = u.plain && u.proto == IPPROTO_UDP ? u.at : 0;
	} else if (ip4->next_proto_id != IPPROTO_UDP ||
		   ip4->fragment_offset & rte_cpu_to_be_16(0x3fff)) {
		return 0;
	}
	return m->data_len >= off + at + sizeof(struct rte_udp_hdr) ? at : 0;
}

#endif
