/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small things that several stages do to IPv6 headers (RFC 8200). Worker lcores, and the control
 * lcore for its own packets.
 */
#ifndef XTR_DATAPATH_IP6_H
#define XTR_DATAPATH_IP6_H

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include "datapath/counters.h"
#include "datapath/flow.h"
#include "datapath/mbuf.h"

#define XTR_IP6_EXTENSIONS 8 /* headers between IPv6's and the upper layer's that are followed */

/*
 * Checks the IPv6 header at `off` in the packet's first segment: version, payload length; cuts what
 * stands behind the packet (Ethernet padding). No link here carries jumbograms (RFC 2675), whose
 * length stands in an option. Returns the header, or NULL and the reason.
 */
static inline struct rte_ipv6_hdr *xtr_ip6_check(
    struct rte_mbuf *m, unsigned off, enum xtr_drop *reason)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, off);
	unsigned total;

	*reason = XTR_DROP_IP6_MALFORMED;
	if (unlikely(m->data_len < off + sizeof(*ip)) || unlikely(*(const uint8_t *)ip >> 4 != 6))
		return NULL;
	if (unlikely(!ip->payload_len) && ip->proto == IPPROTO_HOPOPTS) {
		*reason = XTR_DROP_IP6_JUMBO;
		return NULL;
	}
	total = off + (unsigned)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	if (unlikely(m->pkt_len < total))
		return NULL;
	xtr_mbuf_cut(m, total);
	return ip;
}

/* ::, or ::1 */
static inline bool xtr_ip6_nowhere(const uint8_t *a)
{
	uint64_t high, low;

	memcpy(&high, a, 8);
	memcpy(&low, a + 8, 8);
	return !high && !(low & ~rte_cpu_to_be_64(1));
}

/* RFC 4291 section 2.7 */
static inline bool xtr_ip6_multicast(const uint8_t *a)
{
	return a[0] == 0xff;
}

/* fe80::/10, RFC 4291 section 2.5.6: no router forwards from or to these. */
static inline bool xtr_ip6_link_local(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* No packet comes from here: ::, loopback, multicast (RFC 4291 sections 2.5.2, 2.5.3, 2.7). */
static inline bool xtr_ip6_martian_source(const uint8_t *src)
{
	return xtr_ip6_multicast(src) || xtr_ip6_nowhere(src);
}

/* No packet goes there: ::, loopback. */
static inline bool xtr_ip6_martian_destination(const uint8_t *dst)
{
	return xtr_ip6_nowhere(dst);
}

static inline uint8_t xtr_ip6_traffic_class(const struct rte_ipv6_hdr *ip)
{
	return (uint8_t)(rte_be_to_cpu_32(ip->vtc_flow) >> RTE_IPV6_HDR_TC_SHIFT);
}

static inline void xtr_ip6_set_traffic_class(struct rte_ipv6_hdr *ip, uint8_t tc)
{
	ip->vtc_flow = (ip->vtc_flow & ~rte_cpu_to_be_32(RTE_IPV6_HDR_TC_MASK)) |
		       rte_cpu_to_be_32((uint32_t)tc << RTE_IPV6_HDR_TC_SHIFT);
}

/* Network order, 20 bits. */
static inline uint32_t xtr_ip6_label(const struct rte_ipv6_hdr *ip)
{
	return ip->vtc_flow & rte_cpu_to_be_32(RTE_IPV6_HDR_FL_MASK);
}

/* What stands behind the extension headers. */
struct xtr_ip6_upper {
	uint8_t proto; /* of what stands at `at`; IPPROTO_NONE: nobody knows */
	bool fragment; /* one of several: the upper layer's header may not be there */
	bool plain;    /* nothing on the way asks its destination for more than to be skipped */
	uint16_t at;   /* offset from the IPv6 header */
};

/*
 * Any lcore. Follows the extension headers (RFC 8200 section 4) as far as XTR_HEADERS bytes and
 * XTR_IP6_EXTENSIONS headers. A fragment is not looked into: what its Next Header says may differ
 * from one to the next. One that is all of its packet (RFC 6946) is none.
 */
struct xtr_ip6_upper xtr_ip6_upper(
    const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, unsigned off);

/* A flow's hash: addresses and flow label (RFC 6437, RFC 6438 section 3), which fragments have too;
 * without a label, addresses, protocol and ports, fragments by addresses alone. */
static inline uint32_t xtr_ip6_flow(
    const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, unsigned off)
{
	uint32_t hash = xtr_ip6_label(ip), word[XTR_FLOW_WORDS] = {0};

	if (!hash) {
		struct xtr_ip6_upper u = xtr_ip6_upper(m, ip, off);

		hash = u.fragment ? IPPROTO_FRAGMENT : u.proto;
		if ((u.proto == IPPROTO_TCP || u.proto == IPPROTO_UDP || u.proto == IPPROTO_SCTP) &&
		    u.at + 4u <= RTE_MIN((unsigned)m->data_len - off, XTR_HEADERS))
			memcpy(&word[8], (const char *)ip + u.at, 4);
	}
	memcpy(word, ip->src_addr, 32);
	for (unsigned i = 0; i < XTR_FLOW_WORDS; i++)
		hash += word[i] * xtr_flow_odd[i];
	return xtr_flow_end(hash);
}

#endif
