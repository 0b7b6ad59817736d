/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * encap: LISP encapsulation (RFC 9300 sections 5.1 to 5.3). The tunnel's template is copied in
 * front of the packet; what is left to fill is the length, TTL and TOS (from the inner header, 5.3;
 * ECN as RFC 6040 section 4.1, normal mode: copied), the source port (flow hash, 49152 to 65535),
 * an outer IPv6 header's flow label (RFC 6438), and the LISP header's second word, which belongs to
 * the source. The UDP checksum is zero (5.3, RFC 6935).
 */
#include "datapath/dp.h"
#include "datapath/ip.h"
#include "datapath/hop.h"
#include "datapath/split.h"
#include "datapath/use.h"

#include "wire/data.h"

/* udp_len: of the UDP datagram, bytes. */
static void fill_outer4(
    const struct xtr_tunnel *t, char *outer, uint8_t tos, uint8_t ttl, uint16_t udp_len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(outer + t->ip_at);
	uint16_t total = (uint16_t)(udp_len + sizeof(*ip));
	uint32_t sum;

	ip->type_of_service = tos;
	ip->total_length = rte_cpu_to_be_16(total);
	ip->time_to_live = ttl;
	/* the template's, and what was 0 in it */
	sum = (uint16_t)~rte_be_to_cpu_16(ip->hdr_checksum) + tos + total + ((uint32_t)ttl << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->hdr_checksum = rte_cpu_to_be_16((uint16_t)~sum);
}

static void fill_outer6(const struct xtr_tunnel *t, char *outer, uint8_t tos, uint8_t hop_limit,
    uint16_t udp_len, uint32_t hash)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(outer + t->ip_at);
	uint32_t label = hash & RTE_IPV6_HDR_FL_MASK;

	/* a label of zero would mean that the flow has none (RFC 6437 section 2) */
	ip->vtc_flow = rte_cpu_to_be_32(
	    6u << 28 | (uint32_t)tos << RTE_IPV6_HDR_TC_SHIFT | (label ? label : 1));
	ip->payload_len = rte_cpu_to_be_16(udp_len);
	ip->hop_limits = hop_limit;
}

static void fill_udp(char *udp_at, uint16_t udp_len, uint32_t hash, uint32_t word1)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)udp_at;

	udp->src_port = rte_cpu_to_be_16(0xc000 | (hash & 0x3fff));
	udp->dgram_len = rte_cpu_to_be_16(udp_len);
	xtr_data_put_word1((uint8_t *)(udp + 1), word1);
}

void xtr_stage_encap(struct xtr_worker *w, struct xtr_list *in)
{
	for (unsigned i = 0; i < in->n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		uint8_t *ip = xtr_ip_of(m), left = xtr_ip_hops(ip), tos = xtr_ip_tos(ip);
		struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);
		uint8_t hops = xtr_pkt_hops(pkt);
		uint32_t hash = xtr_ip_flow(m, ip, pkt->l2_len), index = fwd->target;
		uint32_t inner_len = m->pkt_len - pkt->l2_len, outer_len;
		const struct xtr_tunnel *t;
		uint16_t udp_len, mtu;
		bool too_big;
		char *outer;

		if (unlikely(left <= hops)) {
			xtr_stage_punt(w, m, XTR_PUNT_TTL, 0);
			continue;
		}
		xtr_use(w, fwd);
		if (fwd->set_log2)
			index = xtr_hop_pick(w->dp, fwd, hash);
		t = xtr_pool_at(&w->dp->tunnel, index);
		if (!xtr_hop_usable(w, m, &t->state, &t->gate, XTR_PUNT_TUNNEL, index))
			continue;
		outer_len = inner_len + t->len - t->ip_at;
		mtu = __atomic_load_n(&t->mtu, __ATOMIC_RELAXED);
		too_big = outer_len > mtu;
		if (unlikely(too_big) && !xtr_split_must_pass(ip, inner_len)) {
			/* RFC 9300 section 7.1: what fits is the tunnel's MTU less the headers in
			 * front */
			xtr_split_or_tell(w, m, mtu - (t->len - t->ip_at), xtr_stage_encap);
			continue;
		}
		/* an ITR is a router: one hop less, and the outer header carries what is left (RFC
		 * 9300 section 5.3) */
		left -= hops;
		xtr_ip_set_hops(ip, left);
		if (pkt->l2_len)
			rte_pktmbuf_adj(m, pkt->l2_len);
		outer = rte_pktmbuf_prepend(m, t->len);
		if (unlikely(!outer)) {
			xtr_drop(w, m, XTR_DROP_NO_HEADROOM);
			continue;
		}
		memcpy(outer, t->tmpl, t->len);
		udp_len = (uint16_t)(inner_len + sizeof(struct rte_udp_hdr) + XTR_DATA_HDR_LEN);
		if (likely(t->af == 4))
			fill_outer4(t, outer, tos, left, udp_len);
		else
			fill_outer6(t, outer, tos, left, udp_len, hash);
		fill_udp(outer + t->len - sizeof(struct rte_udp_hdr) - XTR_DATA_HDR_LEN, udp_len,
		    hash, pkt->word1);
		w->counters[XTR_CTR_ENCAP]++;
		w->rloc[index].packets++;
		w->rloc[index].bytes += outer_len;
		xtr_use_count(w, fwd, outer_len);
		if (unlikely(too_big) && !w->trace)
			xtr_split_outer(w, m, t);
		else
			xtr_stage_tx(w, t->port, m);
	}
}
