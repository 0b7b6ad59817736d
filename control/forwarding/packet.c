/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/packet.h"

#include "datapath/ip.h"

struct rte_mbuf *xtr_packet_make(struct xtr_dp *dp, const void *data, uint32_t len)
{
	struct rte_mbuf *head = NULL, *m;
	uint32_t done = 0;

	do {
		uint16_t part;

		m = rte_pktmbuf_alloc(dp->hold_pool);
		if (!m || (head && rte_pktmbuf_chain(head, m) < 0))
			goto fail;
		if (!head)
			head = m;
		part = (uint16_t)RTE_MIN(len - done, (uint32_t)rte_pktmbuf_tailroom(m));
		memcpy(rte_pktmbuf_mtod(m, char *), (const char *)data + done, part);
		m->data_len = part;
		if (m != head)
			head->pkt_len += part; /* rte_pktmbuf_chain() added the empty segment */
		else
			head->pkt_len = part;
		done += part;
	} while (done < len);
	memset(xtr_pkt(head), 0, sizeof(struct xtr_pkt));
	return head;
fail:
	dp->control_drops[XTR_DROP_HOLD_NO_MBUF]++;
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(head);
	return NULL;
}

static struct xtr_ip address(const uint8_t *ip, unsigned at4, unsigned at6)
{
	return xtr_ip_is6(ip) ? xtr_ip6(ip + at6) : xtr_ip4(ip + at4);
}

struct xtr_ip xtr_packet_source(struct rte_mbuf *m)
{
	return address(xtr_ip_of(m), offsetof(struct rte_ipv4_hdr, src_addr),
	    offsetof(struct rte_ipv6_hdr, src_addr));
}

struct xtr_ip xtr_packet_destination(struct rte_mbuf *m)
{
	return address(xtr_ip_of(m), offsetof(struct rte_ipv4_hdr, dst_addr),
	    offsetof(struct rte_ipv6_hdr, dst_addr));
}
