/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decap: LISP decapsulation (RFC 9300 sections 4.2, 5.3). A UDP checksum that is not zero need not
 * be checked (5.3).
 */
#include "datapath/dp.h"
#include "datapath/ecn.h"
#include "datapath/ip4.h"

#include <rte_udp.h>
#include "wire/data.h"

void xtr_stage_decap(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list inner = {0};

	for (unsigned i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		const struct rte_ipv4_hdr *ip =
		    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, pkt->l2_len);
		unsigned hlen = (ip->version_ihl & 15) * 4u;
		const struct rte_udp_hdr *udp =
		    (const struct rte_udp_hdr *)((const char *)ip + hlen);
		unsigned udp_len = rte_be_to_cpu_16(udp->dgram_len),
			 rest = m->pkt_len - pkt->l2_len - hlen;

		if (unlikely(udp_len < sizeof(*udp) + XTR_DATA_HDR_LEN) ||
		    unlikely(udp_len > rest) ||
		    unlikely(m->data_len < pkt->l2_len + hlen + sizeof(*udp) + XTR_DATA_HDR_LEN)) {
			xtr_drop(w, m, XTR_DROP_DECAP_SHORT);
			continue;
		}
		/* What lies behind the UDP datagram is not part of it (RFC 768): the inner packet
		 * must not reach there. */
		if (unlikely(udp_len < rest) &&
		    rte_pktmbuf_trim(m, (uint16_t)(rest - udp_len)) < 0) {
			xtr_drop(w, m, XTR_DROP_DECAP_SHORT);
			continue;
		}
		pkt->outer_ttl = ip->time_to_live;
		pkt->outer_tos = ip->type_of_service;
		pkt->outer_src = ip->src_addr;
		rte_pktmbuf_adj(m, (uint16_t)(pkt->l2_len + hlen + sizeof(*udp)));
		xtr_list_add(&inner, m);
	}
	if (inner.n)
		xtr_stage_decap_inner(w, &inner);
}

/* Checks the LISP header and takes it off. Returns the drop reason, or XTR_DROP_N where all is
 * well. */
static enum xtr_drop take_header(struct xtr_worker *w, struct rte_mbuf *m)
{
	struct xtr_data_hdr h = xtr_data_read(rte_pktmbuf_mtod(m, const uint8_t *));
	struct xtr_pkt *pkt = xtr_pkt(m);
	uint32_t inst;

	if (unlikely(h.flags & XTR_DATA_KK))
		return XTR_DROP_DECAP_ENCRYPTED; /* RFC 8061: no key was agreed */
	/* N and V together are no reason to drop: the field is a nonce then (RFC 9300 section 5.3).
	 * With P both are ignored (RFC 9305 section 3). */
	if (unlikely(h.flags & XTR_DATA_P) && h.next != XTR_GPE_IPV4)
		return XTR_DROP_DECAP_PROTOCOL; /* RFC 9305 section 3 */
	inst = __atomic_load_n(&w->dp->inst_of_iid[h.instance_id], __ATOMIC_ACQUIRE);
	if (unlikely(!inst))
		return XTR_DROP_DECAP_INSTANCE;
	rte_pktmbuf_adj(m, XTR_DATA_HDR_LEN);
	pkt->inst = inst - 1;
	pkt->flags = XTR_PKT_DECAP;
	pkt->l2_len = 0;
	return XTR_DROP_N;
}

/* TTL, ECN and DSCP of the inner header (RFC 9300 section 5.3). */
static enum xtr_drop merge_header(
    struct xtr_worker *w, const struct xtr_pkt *pkt, struct rte_ipv4_hdr *ip)
{
	uint8_t inner = ip->type_of_service & 3, outer = pkt->outer_tos & 3;
	uint8_t ecn = xtr_ecn_decap(inner, outer);
	uint8_t dscp = w->dp->copy_dscp ? pkt->outer_tos & 0xfc : ip->type_of_service & 0xfc;

	if (unlikely(ecn == XTR_ECN_DROP))
		return XTR_DROP_DECAP_ECN;
	w->counters[XTR_CTR_ECN_UNUSED] += xtr_ecn_unused(inner, outer);
	if (unlikely((dscp | ecn) != ip->type_of_service)) {
		w->counters[XTR_CTR_ECN_MARKED] += ecn == 3 && inner != 3;
		xtr_ip4_set_tos(ip, dscp | ecn);
	}
	if (unlikely(pkt->outer_ttl < ip->time_to_live))
		xtr_ip4_set_ttl(ip, pkt->outer_ttl);
	return XTR_DROP_N;
}

void xtr_stage_decap_inner(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list out = {0};

	for (unsigned i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct rte_ipv4_hdr *ip;
		enum xtr_drop reason = take_header(w, m), ignored;

		if (likely(reason == XTR_DROP_N)) {
			ip = xtr_ip4_check(m, 0, &ignored);
			if (unlikely(!ip) || unlikely(xtr_ip4_martian_source(ip->src_addr)) ||
			    unlikely(xtr_ip4_martian_destination(ip->dst_addr)) ||
			    unlikely(*(const uint8_t *)&ip->dst_addr >= 224))
				reason = XTR_DROP_DECAP_INNER;
			else
				reason = merge_header(w, xtr_pkt(m), ip);
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
