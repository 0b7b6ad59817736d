/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decap: LISP decapsulation (RFC 9300 sections 4.2, 5.3). A UDP checksum of zero is accepted, over
 * IPv6 too (RFC 6935); another need not be checked, and is not (5.3).
 */
#include "datapath/dp.h"
#include "datapath/ecn.h"
#include "datapath/ip.h"

#include "wire/data.h"

/* Takes the outer headers off. False: m ends too early. */
static bool take_outer(struct rte_mbuf *m)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	const uint8_t *ip = xtr_ip_of(m);
	unsigned at = pkt->l2_len + xtr_ip_udp_at(m, ip, pkt->l2_len); /* lookup.c saw it */
	const struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, at);
	unsigned udp_len = rte_be_to_cpu_16(udp->dgram_len);

	if (unlikely(udp_len < sizeof(*udp) + XTR_DATA_HDR_LEN) ||
	    unlikely(udp_len > m->pkt_len - at) ||
	    unlikely(m->data_len < at + sizeof(*udp) + XTR_DATA_HDR_LEN))
		return false;
	/* What lies behind the UDP datagram is not part of it (RFC 768): the inner packet must not
	 * reach there. */
	xtr_mbuf_cut(m, at + udp_len);
	pkt->outer_ttl = xtr_ip_hops(ip);
	pkt->outer_tos = xtr_ip_tos(ip);
	if (unlikely(xtr_ip_is6(ip))) {
		pkt->outer_af = 6;
		memcpy(pkt->outer_src, ((const struct rte_ipv6_hdr *)ip)->src_addr, 16);
	} else {
		pkt->outer_af = 4;
		memcpy(pkt->outer_src, &((const struct rte_ipv4_hdr *)ip)->src_addr, 4);
	}
	rte_pktmbuf_adj(m, (uint16_t)(at + sizeof(*udp)));
	return true;
}

void xtr_stage_decap(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list inner = {0};

	for (unsigned i = 0; i < in->n; i++) {
		if (likely(take_outer(in->m[i])))
			xtr_list_add(&inner, in->m[i]);
		else
			xtr_drop(w, in->m[i], XTR_DROP_DECAP_SHORT);
	}
	if (inner.n)
		xtr_stage_decap_inner(w, &inner);
}

/* What RFC 9305 section 3 says of the packet inside: the first byte that such a packet has, in
 * *version (0: the header leaves it open). False: nothing that is forwarded here. */
static bool next_protocol(const struct xtr_data_hdr *h, uint8_t *version)
{
	*version = 0;
	if (likely(!(h->flags & XTR_DATA_P)))
		return true;
	*version = h->next == XTR_GPE_IPV4 ? 4 : 6;
	return h->next == XTR_GPE_IPV4 || h->next == XTR_GPE_IPV6;
}

/* Checks the LISP header and takes it off. Returns the drop reason, or XTR_DROP_N where all is
 * well, with the IP version that is said to follow, or 0. */
static enum xtr_drop take_header(struct xtr_worker *w, struct rte_mbuf *m, uint8_t *version)
{
	struct xtr_data_hdr h = xtr_data_read(rte_pktmbuf_mtod(m, const uint8_t *));
	struct xtr_pkt *pkt = xtr_pkt(m);
	uint32_t inst;

	if (unlikely(h.flags & XTR_DATA_KK))
		return XTR_DROP_DECAP_ENCRYPTED; /* RFC 8061: no key was agreed */
	/* N and V together are no reason to drop: the field is a nonce then (RFC 9300 section 5.3).
	 * With P both are ignored (RFC 9305 section 3). */
	if (unlikely(!next_protocol(&h, version)))
		return XTR_DROP_DECAP_PROTOCOL;
	inst = __atomic_load_n(&w->dp->inst_of_iid[h.instance_id], __ATOMIC_ACQUIRE);
	if (unlikely(!inst))
		return XTR_DROP_DECAP_INSTANCE;
	rte_pktmbuf_adj(m, XTR_DATA_HDR_LEN);
	pkt->inst = inst - 1;
	pkt->flags = XTR_PKT_DECAP;
	pkt->l2_len = 0;
	if (unlikely(!xtr_mbuf_headers(m, 0)))
		return XTR_DROP_HEADERS_SPLIT;
	return XTR_DROP_N;
}

/* The inner header, if it is whole and of a packet that a router may forward; or NULL. */
static uint8_t *check_inner(struct rte_mbuf *m, uint8_t version)
{
	enum xtr_drop ignored;

	if (unlikely(!m->data_len) ||
	    unlikely(version && *rte_pktmbuf_mtod(m, const uint8_t *) >> 4 != version))
		return NULL;
	if (xtr_ip_is6(rte_pktmbuf_mtod(m, const void *))) {
		struct rte_ipv6_hdr *ip = xtr_ip6_check(m, 0, &ignored);

		if (unlikely(!ip) || unlikely(xtr_ip6_martian_source(ip->src_addr)) ||
		    unlikely(xtr_ip6_martian_destination(ip->dst_addr)) ||
		    unlikely(xtr_ip6_multicast(ip->dst_addr)) ||
		    unlikely(xtr_ip6_link_local(ip->src_addr)) ||
		    unlikely(xtr_ip6_link_local(ip->dst_addr)))
			return NULL;
		return (uint8_t *)ip;
	} else {
		struct rte_ipv4_hdr *ip = xtr_ip4_check(m, 0, &ignored);

		if (unlikely(!ip) || unlikely(xtr_ip4_martian_source(ip->src_addr)) ||
		    unlikely(xtr_ip4_martian_destination(ip->dst_addr)) ||
		    unlikely(*(const uint8_t *)&ip->dst_addr >= 224))
			return NULL;
		return (uint8_t *)ip;
	}
}

/* TTL, ECN and DSCP of the inner header (RFC 9300 section 5.3), whatever the two families. */
static enum xtr_drop merge_header(struct xtr_worker *w, const struct xtr_pkt *pkt, uint8_t *ip)
{
	uint8_t tos = xtr_ip_tos(ip), inner = tos & 3, outer = pkt->outer_tos & 3;
	uint8_t ecn = xtr_ecn_decap(inner, outer);
	uint8_t dscp = w->dp->copy_dscp ? pkt->outer_tos & 0xfc : tos & 0xfc;

	if (unlikely(ecn == XTR_ECN_DROP))
		return XTR_DROP_DECAP_ECN;
	w->counters[XTR_CTR_ECN_UNUSED] += xtr_ecn_unused(inner, outer);
	if (unlikely((dscp | ecn) != tos)) {
		w->counters[XTR_CTR_ECN_MARKED] += ecn == 3 && inner != 3;
		xtr_ip_set_tos(ip, dscp | ecn);
	}
	if (unlikely(pkt->outer_ttl < xtr_ip_hops(ip)))
		xtr_ip_set_hops(ip, pkt->outer_ttl);
	return XTR_DROP_N;
}

void xtr_stage_decap_inner(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list out = {0};

	for (unsigned i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->m[i];
		uint8_t version, *ip;
		enum xtr_drop reason = take_header(w, m, &version);

		if (likely(reason == XTR_DROP_N)) {
			ip = check_inner(m, version);
			reason =
			    likely(ip) ? merge_header(w, xtr_pkt(m), ip) : XTR_DROP_DECAP_INNER;
		}
		if (unlikely(reason != XTR_DROP_N)) {
			xtr_drop(w, m, reason);
			continue;
		}
		w->counters[XTR_CTR_DECAP]++;
		xtr_trace(w, XTR_STEP_DECAP, xtr_pkt(m)->inst);
		xtr_list_add(&out, m);
	}
	out.n = xtr_stage_inner(w, out.m, out.n);
	if (out.n)
		xtr_stage_lookup(w, &out);
}
