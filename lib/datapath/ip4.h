/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small things that several stages do to IPv4 headers. Worker lcores, and the control lcore for its
 * own packets.
 */
#ifndef XTR_DATAPATH_IP4_H
#define XTR_DATAPATH_IP4_H

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include "datapath/dp.h"
#include "datapath/flow.h"
#include "datapath/mbuf.h"

/*
 * Checks the IPv4 header at `off` in the packet's first segment (RFC 1812 section 5.2.2): length,
 * version, checksum unless somebody has (`summed`), total length; cuts what stands behind the
 * packet (Ethernet padding). Returns the header, or NULL and the reason.
 */
static inline struct rte_ipv4_hdr *xtr_ip4_check_rest(
    struct rte_mbuf *m, unsigned off, bool summed, enum xtr_drop *reason)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, off);
	unsigned hlen, total;

	*reason = XTR_DROP_IP4_MALFORMED;
	if (unlikely(m->data_len < off + sizeof(*ip)) || unlikely(ip->version_ihl >> 4 != 4))
		return NULL;
	hlen = (ip->version_ihl & 15) * 4u;
	total = rte_be_to_cpu_16(ip->total_length);
	if (unlikely(hlen < sizeof(*ip)) || unlikely(m->data_len < off + hlen) ||
	    unlikely(total < hlen) || unlikely(m->pkt_len < off + total))
		return NULL;
	if (!summed && unlikely(rte_raw_cksum(ip, hlen) != 0xffff)) {
		*reason = XTR_DROP_IP4_CHECKSUM;
		return NULL;
	}
	xtr_mbuf_cut(m, off + total);
	return ip;
}

static inline struct rte_ipv4_hdr *xtr_ip4_check(
    struct rte_mbuf *m, unsigned off, enum xtr_drop *reason)
{
	return xtr_ip4_check_rest(m, off, false, reason);
}

/* No packet comes from here: multicast, broadcast, loopback, 0/8 (RFC 1812 section 5.3.7). Address
 * in network order. */
static inline bool xtr_ip4_martian_source(uint32_t src)
{
	uint8_t top = *(const uint8_t *)&src;

	return top == 0 || top == 127 || top >= 224;
}

/* No packet goes there: 0/8, loopback (RFC 1812 sections 4.2.3.1 and 5.3.7). Address in network
 * order. */
static inline bool xtr_ip4_martian_destination(uint32_t dst)
{
	uint8_t top = *(const uint8_t *)&dst;

	return top == 0 || top == 127;
}

/* The checksum field after a word of the header went from old to new (all as they stand in the
 * header, network order): RFC 1624 equation 3, which never makes 0xffff of a header that adds up.
 */
static inline uint16_t xtr_csum_update(uint16_t csum, uint16_t old, uint16_t new)
{
	uint32_t sum = (uint16_t)~csum + (uint32_t)(uint16_t)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void xtr_ip4_set_ttl(struct rte_ipv4_hdr *ip, uint8_t ttl)
{
	uint16_t old, new;

	memcpy(&old, &ip->time_to_live, 2); /* TTL and protocol are one word of the sum */
	ip->time_to_live = ttl;
	memcpy(&new, &ip->time_to_live, 2);
	ip->hdr_checksum = xtr_csum_update(ip->hdr_checksum, old, new);
}

static inline void xtr_ip4_set_tos(struct rte_ipv4_hdr *ip, uint8_t tos)
{
	uint16_t old, new;

	memcpy(&old, &ip->version_ihl, 2);
	ip->type_of_service = tos;
	memcpy(&new, &ip->version_ihl, 2);
	ip->hdr_checksum = xtr_csum_update(ip->hdr_checksum, old, new);
}

static __rte_always_inline uint32_t xtr_flow_hash(
    uint32_t src, uint32_t dst, uint8_t protocol, uint32_t ports)
{
	return xtr_flow_end(xtr_flow_word(xtr_flow_word(xtr_flow_word(protocol, src), dst), ports));
}

/* A flow's hash: addresses, protocol and ports; fragments by addresses and protocol alone, so that
 * all of a packet take one way. */
static inline uint32_t xtr_ip4_flow(
    const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, unsigned off)
{
	uint32_t ports = 0;
	unsigned hlen = (ip->version_ihl & 15) * 4u;

	if ((ip->next_proto_id == IPPROTO_TCP || ip->next_proto_id == IPPROTO_UDP ||
		ip->next_proto_id == IPPROTO_SCTP) &&
	    !(ip->fragment_offset & rte_cpu_to_be_16(0x3fff)) && m->data_len >= off + hlen + 4)
		memcpy(&ports, (const char *)ip + hlen, 4);
	return xtr_flow_hash(ip->src_addr, ip->dst_addr, ip->next_proto_id, ports);
}

#endif
