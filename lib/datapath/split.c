/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * split: packets that are larger than their way allows, in parts that fit. An IPv4 packet that its
 * source lets be fragmented is split before it is encapsulated, so that its host and not the ETR
 * puts it together (RFC 9300 section 7.1); RFC 791 section 3.2 says how. What must neither be split
 * nor refused, an IPv6 packet of at most 1280 bytes (RFC 8200 section 5), is split after that
 * (RFC 2473 section 7.2): the ETR puts it together. All others are for the control lcore, which
 * tells their source.
 *
 * Parts are copies in buffers of the rx pool: of one segment each, since not every port sends
 * chains, with room in front for headers.
 */
#include <rte_ip_frag.h>
#include "datapath/dp.h"
#include "datapath/ip.h"
#include "datapath/split.h"

#define PARTS_MAX 128 /* of 64 kB, at an MTU of 576 */

/* Parts of equal size, as RFC 9300 section 7.1 has them. The size of each, header included: a
 * multiple of eight bytes after the header. 0: nothing fits. */
static uint16_t part_size(const struct rte_ipv4_hdr *ip, uint32_t fits)
{
	uint32_t hlen = (ip->version_ihl & 15) * 4u,
		 payload = rte_be_to_cpu_16(ip->total_length) - hlen, most, parts;

	if (fits < hlen + 8)
		return 0;
	most = (fits - hlen) & ~7u;
	parts = (payload + most - 1) / most;
	return (uint16_t)(hlen + (((payload + parts - 1) / parts + 7) & ~7u));
}

/* The first buffer of a part has its header, those behind it point into the packet: takes the bytes
 * over, or as many as there is room for. */
static void make_whole(struct rte_mbuf *part)
{
	uint32_t room = (uint32_t)part->buf_len - part->data_off;

	xtr_mbuf_gather(part, RTE_MIN(part->pkt_len, room));
}

static void set_checksum(struct rte_ipv4_hdr *ip)
{
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* Splits m, whose source allows it. Takes m. */
static void split(struct xtr_worker *w, struct rte_mbuf *m, uint32_t fits,
    void (*stage)(struct xtr_worker *w, struct xtr_list *in))
{
	struct rte_mempool *pool = w->dp->rx_pool;
	struct xtr_pkt pkt = *xtr_pkt(m);
	struct rte_mbuf *parts[PARTS_MAX];
	struct xtr_list out = {0};
	uint16_t size;
	int n = -EINVAL;

	rte_pktmbuf_adj(m, pkt.l2_len);
	pkt.l2_len = 0;
	size = part_size(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *), fits);
	if (likely(size))
		n = rte_ipv4_fragment_packet(m, parts, PARTS_MAX, size, pool, pool);
	if (unlikely(n < 0)) {
		xtr_drop(w, m, XTR_DROP_FRAGMENT);
		return;
	}
	w->counters[XTR_CTR_SPLIT]++;
	w->counters[XTR_CTR_PARTS] += (unsigned)n;
	for (int i = 0; i < n; i++) {
		make_whole(parts[i]);
		set_checksum(rte_pktmbuf_mtod(parts[i], struct rte_ipv4_hdr *));
		*xtr_pkt(parts[i]) = pkt;
		xtr_list_add(&out, parts[i]);
		if (out.n == XTR_BURST) {
			stage(w, &out);
			out.n = 0;
		}
	}
	rte_pktmbuf_free(m);
	if (out.n)
		stage(w, &out);
}

void xtr_split_or_tell(struct xtr_worker *w, struct rte_mbuf *m, uint32_t fits,
    void (*stage)(struct xtr_worker *w, struct xtr_list *in))
{
	const uint8_t *ip = xtr_ip_of(m);

	if (xtr_ip_is6(ip) || w->trace ||
	    ((const struct rte_ipv4_hdr *)ip)->fragment_offset &
		rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG))
		xtr_stage_punt(w, m, XTR_PUNT_TOO_BIG, fits);
	else
		split(w, m, fits, stage);
}

/* One that no other packet of these addresses has had for long (RFC 6864 section 4.3, RFC 8200
 * section 4.5): each worker counts its own, from where chance put it. */
static uint32_t identification(struct xtr_worker *w)
{
	return w->split_id++ * w->dp->n_workers + w->index;
}

void xtr_split_outer(struct xtr_worker *w, struct rte_mbuf *m, const struct xtr_tunnel *t)
{
	struct rte_mempool *pool = w->dp->rx_pool;
	uint32_t id = identification(w);
	struct rte_mbuf *parts[4];
	struct rte_ipv4_hdr *ip;
	uint16_t mtu = __atomic_load_n(&t->mtu, __ATOMIC_RELAXED);
	int n;

	ip = (struct rte_ipv4_hdr *)rte_pktmbuf_adj(m, t->ip_at);
	if (t->af == 4) {
		/* the template says DF, and no identification */
		ip->fragment_offset = 0;
		ip->packet_id = rte_cpu_to_be_16((uint16_t)id);
		n = rte_ipv4_fragment_packet(m, parts, RTE_DIM(parts), mtu, pool, pool);
	} else {
		n = rte_ipv6_fragment_packet(m, parts, RTE_DIM(parts), mtu, pool, pool);
	}
	if (unlikely(n < 0)) {
		xtr_drop(w, m, XTR_DROP_FRAGMENT);
		return;
	}
	w->counters[XTR_CTR_SPLIT_OUTER]++;
	w->counters[XTR_CTR_PARTS] += (unsigned)n;
	for (int i = 0; i < n; i++) {
		char *p = rte_pktmbuf_mtod(parts[i], char *);

		make_whole(parts[i]);
		if (t->af == 4)
			set_checksum((struct rte_ipv4_hdr *)p);
		else
			((struct rte_ipv6_fragment_ext *)(p + sizeof(struct rte_ipv6_hdr)))->id =
			    rte_cpu_to_be_32(id);
		*xtr_pkt(parts[i]) = *xtr_pkt(m);
		memcpy(rte_pktmbuf_prepend(parts[i], t->ip_at), t->tmpl, t->ip_at);
		xtr_stage_tx(w, t->port, parts[i]);
	}
	rte_pktmbuf_free(m);
}
