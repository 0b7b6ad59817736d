/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vlan: which interface a frame is from. A port's VLANs are those of its configuration; a tag
 * without an identifier has only a priority, and its frame is the port's own, as one without a tag
 * is (IEEE 802.1Q clause 9.6). From here on the frame has no tag. Its priority is not looked at,
 * and frames leave with priority 0.
 */
#include "datapath/vlan.h"
#include "datapath/mbuf.h"

#define NOT_HERE UINT16_MAX /* not an interface: the frame was dropped */

static void lose(struct xtr_worker *w, unsigned port, struct rte_mbuf *m, enum xtr_drop reason)
{
	w->counters[XTR_CTR_RX]++;
	w->port_rx[port][0]++;
	w->port_rx[port][1] += m->pkt_len;
	xtr_drop(w, m, reason);
}

static uint16_t type_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type;
}

/* Moves the addresses to where the tag stood. Returns what that said. */
static uint16_t strip(struct rte_mbuf *m)
{
	char *eth = rte_pktmbuf_mtod(m, char *);
	uint16_t tci;
	uint64_t a;
	uint32_t b;

	memcpy(&tci, eth + sizeof(struct rte_ether_hdr), 2);
	memcpy(&a, eth, 8);
	memcpy(&b, eth + 8, 4);
	eth = rte_pktmbuf_adj(m, XTR_VLAN_TAG);
	memcpy(eth, &a, 8);
	memcpy(eth + 8, &b, 4);
	return rte_be_to_cpu_16(tci);
}

/* The interface that m is from, with its tag off; or NOT_HERE. What is too short or in too many
 * pieces to have a tag goes on as the port's: classify knows what to do with it. */
static uint16_t interface_of(struct xtr_worker *w, unsigned port, struct rte_mbuf *m)
{
	const struct xtr_dp_port *p = &w->dp->ports[port];
	uint16_t id, found;

	if (unlikely(!xtr_mbuf_headers(m, sizeof(struct rte_ether_hdr))) ||
	    unlikely(m->data_len < sizeof(struct rte_ether_hdr)))
		return (uint16_t)port;
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		id = m->vlan_tci & XTR_VLAN_MASK;
		m->ol_flags &= ~(uint64_t)(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
	} else if (type_of(m) == RTE_BE16(RTE_ETHER_TYPE_VLAN)) {
		if (unlikely(m->data_len < sizeof(struct rte_ether_hdr) + XTR_VLAN_TAG)) {
			lose(w, port, m, XTR_DROP_ETHER_SHORT);
			return NOT_HERE;
		}
		id = strip(m) & XTR_VLAN_MASK;
	} else {
		return (uint16_t)port;
	}
	found = p->vlans ? p->vlans[id] : (uint16_t)port;
	if (unlikely(id && found == port)) {
		lose(w, port, m, XTR_DROP_VLAN_UNKNOWN);
		return NOT_HERE;
	}
	if (unlikely(xtr_vlan_is_tag(type_of(m)))) {
		lose(w, found, m, XTR_DROP_VLAN_STACKED);
		return NOT_HERE;
	}
	return found;
}

/* The frames of the first one's interface, to it, in their order; the others to the front, in
 * theirs. Returns how many those are. */
static unsigned receive_part(struct xtr_worker *w, struct rte_mbuf **m, uint8_t *from, unsigned n)
{
	struct rte_mbuf *part[XTR_BURST];
	unsigned n_part = 0, rest = 0;
	uint8_t now = from[0];

	for (unsigned i = 0; i < n; i++) {
		part[n_part] = m[i];
		m[rest] = m[i];
		from[rest] = from[i];
		n_part += from[i] == now;
		rest += from[i] != now;
	}
	xtr_receive(w, now, part, n_part);
	return rest;
}

void xtr_stage_vlan(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	struct rte_mbuf *left[XTR_BURST];
	uint8_t from[XTR_BURST], differ = 0;
	unsigned n_left = 0;

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	for (unsigned i = 0; i < n; i++) {
		uint16_t found = interface_of(w, port, m[i]);

		if (unlikely(found == NOT_HERE))
			continue;
		left[n_left] = m[i];
		from[n_left] = (uint8_t)found;
		differ |= from[n_left++] ^ from[0];
	}
	if (likely(n_left && !differ)) {
		xtr_receive(w, from[0], left, n_left);
		return;
	}
	while (n_left)
		n_left = receive_part(w, left, from, n_left);
}
